"""The page of a quiz's slots: each slot with its form, what a draw finds, and its findings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from courses.content.editing import ListEntrySpan, list_entries
from courses.content.model import Finding
from courses.draft_checks import DraftCheck
from courses.editor import FormFindings, SettingsForm
from kernel.i18n import _, choose
from quizzes.content import pools, slot_fields
from quizzes.content.model import DrawSlot, QuizSource
from quizzes.queries.banks import DraftQuestionRow


@dataclass(frozen=True, slots=True)
class SlotRowView:
    """A slot in the list: `found` is how many questions a draw may take, None where it is none or cannot be counted."""

    sort: str
    name: str
    form: SettingsForm
    question: str
    title: str
    found: int | None
    told: tuple[str, ...]


def slot_lines(
    texts: Sequence[str],
    forms: Sequence[SettingsForm],
    rows: Mapping[str, DraftQuestionRow],
    verdict: DraftCheck,
    key: str,
    entries: Sequence[ListEntrySpan],
    form_findings: FormFindings,
) -> list[SlotRowView]:
    """Return the slots of a quiz as the page lists them."""
    counts = _counts(verdict, key, len(texts))
    path = next((activity.path for activity in verdict.folder.activities() if activity.key == key), "") if verdict.folder else ""
    lines = []
    for number, (text, form, entry) in enumerate(zip(texts, forms, entries, strict=True)):
        fields = slot_fields.shown_fields(text)
        sort = slot_fields.slot_kind(fields)
        question = fields.get("question")
        row = rows.get(question) if isinstance(question, str) else None
        messages = [
            form_findings.line(finding)
            for finding in verdict.findings
            if finding.file == path and entry.first <= finding.line <= entry.last
        ]
        name = _(slot_fields.NAMES[sort]) if sort else _("Not known")
        title = choose(row.title) if row else ""
        lines.append(SlotRowView(sort, name, form, row.key if row else "", title, counts[number], tuple(messages)))
    return lines


def _counts(verdict: DraftCheck, key: str, number: int) -> list[int | None]:
    """Return how many questions each draw finds, by the place of its slot."""
    nothing: list[int | None] = [None] * number
    if verdict.folder is None:
        return nothing
    activities = ((module, candidate) for module in verdict.folder.modules for candidate in module.activities if candidate.key == key)
    module, activity = next(activities, (None, None))
    if module is None or activity is None or not isinstance(activity.settings, QuizSource) or len(activity.settings.slots) != number:
        return nothing
    folder, quiz = verdict.folder, activity.settings
    return [len(pools.candidates(folder, module.key, quiz, slot)) if isinstance(slot, DrawSlot) else None for slot in quiz.slots]


def attach_findings(findings: Sequence[Finding], text: str, forms: Sequence[SettingsForm], form_findings: FormFindings) -> list[str]:
    """Attach each finding to the field of the slot that it names; return those that belong to none."""
    entries = list_entries(text, slot_fields.SLOTS)
    rest = []
    for finding in findings:
        index = next((number for number, entry in enumerate(entries) if entry.first <= finding.line <= entry.last), len(forms))
        name = finding.field.rpartition("].")[2].partition(".")[0].partition("[")[0]
        form = forms[index] if index < len(forms) else None
        field = (
            next((form_field for form_field in form if form_field.short_name == name or form_field.short_name.startswith(f"{name}_")), None)
            if form
            else None
        )
        if form is not None and field is not None:
            form.refuse(field, form_findings.beside_field(finding))
        else:
            rest.append(form_findings.message(finding))
    return rest


def offered(rows: Sequence[DraftQuestionRow], fixed: Collection[str]) -> list[tuple[str, str]]:
    """Return the questions that may be added, with their titles; those that are in the quiz already are left out."""
    return [(row.key, f"{choose(row.title) or row.key} ({row.key})") for row in rows if row.key not in fixed]
