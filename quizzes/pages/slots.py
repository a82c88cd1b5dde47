"""The page of a quiz's slots: each slot with its form, what a draw finds, and its findings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from courses.content.editing import ListEntrySpan, list_entries
from courses.content.model import Finding
from courses.forms import SettingsForm
from courses.pages.form_findings import FormFindings
from courses.services.draft_checks import DraftCheck
from kernel.i18n import _, choose
from quizzes.content import pools, slot_fields
from quizzes.content.model import DrawSlot, QuizSource
from quizzes.queries.banks import QuestionRow


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
    rows: Mapping[str, QuestionRow],
    verdict: DraftCheck,
    key: str,
    entries: Sequence[ListEntrySpan],
    words: FormFindings,
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
        told = [words.line(one) for one in verdict.findings if one.file == path and entry.first <= one.line <= entry.last]
        name = _(slot_fields.NAMES[sort]) if sort else _("Not known")
        title = choose(row.title) if row else ""
        lines.append(SlotRowView(sort, name, form, row.key if row else "", title, counts[number], tuple(told)))
    return lines


def _counts(verdict: DraftCheck, key: str, number: int) -> list[int | None]:
    """Return how many questions each draw finds, by the place of its slot."""
    nothing: list[int | None] = [None] * number
    if verdict.folder is None:
        return nothing
    found = ((module, one) for module in verdict.folder.modules for one in module.activities if one.key == key)
    module, activity = next(found, (None, None))
    if module is None or activity is None or not isinstance(activity.settings, QuizSource) or len(activity.settings.slots) != number:
        return nothing
    folder, quiz = verdict.folder, activity.settings
    return [len(pools.candidates(folder, module.key, quiz, slot)) if isinstance(slot, DrawSlot) else None for slot in quiz.slots]


def attach_findings(findings: Sequence[Finding], text: str, forms: Sequence[SettingsForm], words: FormFindings) -> list[str]:
    """Attach each finding to the field of the slot that it names; return those that belong to none."""
    entries = list_entries(text, slot_fields.SLOTS)
    rest = []
    for finding in findings:
        place = next((number for number, entry in enumerate(entries) if entry.first <= finding.line <= entry.last), len(forms))
        name = finding.field.rpartition("].")[2].partition(".")[0].partition("[")[0]
        form = forms[place] if place < len(forms) else None
        field = next((one for one in form if one.short_name == name or one.short_name.startswith(f"{name}_")), None) if form else None
        if form is not None and field is not None:
            form.refuse(field, words.beside_field(finding))
        else:
            rest.append(words.message(finding))
    return rest


def offered(rows: Sequence[QuestionRow], fixed: Collection[str]) -> list[tuple[str, str]]:
    """Return the questions that may be added, with their titles; those that are in the quiz already are left out."""
    return [(row.key, f"{choose(row.title) or row.key} ({row.key})") for row in rows if row.key not in fixed]
