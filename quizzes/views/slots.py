"""The page of a quiz's slots, which reads them from the draft and writes them to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import Field, HiddenField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from courses import authoring, catalogue, draft_checks, drafts, history, publishing
from courses.access import CourseAction, CourseArchived, PartContext
from courses.authoring import DraftOutline, FileChanged
from courses.content import merging
from courses.content.applying import with_values
from courses.content.editing import EditRefused, ListEntrySpan, list_entries
from courses.content.merging import MergeSide, ThreeWayMerge
from courses.content.model import ActivitySource, CourseFolder, Finding, ModuleSource
from courses.content.settings import FieldSpec, values_of
from courses.content.tree import TreeActivity, TreeModule
from courses.draft_checks import DraftCheck
from courses.editor import FormFindings, SettingsForm, course_header, course_kinds, list_course_keys, settings_form
from courses.models import Course
from courses.publishing import CheckedCourse
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, lazy_, shortened, site_day
from kernel.markup.model import SafeHtml
from kernel.web import after_response
from kernel.web.forms import Form, WholeField, area, clean_text, whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from questions import bank_page, question_bank
from questions.bank_page import QuestionPreview
from questions.content.question_fields import KINDS, list_kinds
from questions.question_bank import DraftQuestionRow, EntryText, QuestionFilter, index_banks
from quizzes.content import pools, quiz_fields
from quizzes.content.pools import WHOLE_COURSE, DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, TextSlot
from quizzes.content.quiz_fields import NAMES as SLOTS

MOST_DRAWN = 500


class NewSlotForm(Form):
    """A slot to be added to a quiz, with what it begins with; `seen` is the revision of the quiz's file that the page showed."""

    seen = HiddenField()
    sort = SelectField(
        lazy_("What to add"), choices=[SelectChoice(value=sort, label=lazy_(label)) for sort, label in SLOTS.items()], default="question"
    )
    question = SelectField(lazy_("Question from the bank"), choices=[], validate_choice=False)
    draw = WholeField(lazy_("How many to draw"), least=1, most=MOST_DRAWN, default="1")
    text = area(lazy_("Title or text"), most=2000)

    def offer(self, questions: Sequence[tuple[str, str]]) -> None:
        """Let these questions be chosen: key and title."""
        self.question.choices = [SelectChoice(value=key, label=title) for key, title in (("", _("Choose a question")), *questions)]

    @property
    def words(self) -> str:
        """Return the first words of the chosen sort of slot."""
        typed = clean_text(self.text.data or "", lines=self.sort.data == "text").replace("\r", "")
        return {"question": self.question.data or "", "draw": self.draw.data or "", "page": "new"}.get(self.sort.data, typed)

    def is_filled(self) -> bool:
        """Return whether the chosen sort of slot has all that it needs; missing input is reported beside its field."""
        if self.validate_on_submit() and not self.words:
            self.refuse({"question": self.question, "draw": self.draw}.get(self.sort.data, self.text), _("This cannot be empty."))
        return not self.faults


@dataclass(frozen=True, slots=True)
class SlotRowView:
    """A slot in the list: `candidates` is how many questions a draw may take, None where it is none or cannot be counted.

    `question` is the question of the bank that it asks; None where it asks none, or one that is not there.
    """

    sort: str
    form: SettingsForm
    question: DraftQuestionRow | None
    candidates: int | None
    messages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the name of its sort of slot, or the kind of its question."""
        if self.question is not None:
            return _(KINDS[self.question.kind])
        return _(quiz_fields.NAMES[self.sort]) if self.sort else _("Not known")

    @property
    def title(self) -> str:
        """Return the beginning of what is asked."""
        return choose(self.question.title) if self.question is not None else ""

    def fields(self, *, folded: bool) -> list[Field]:
        """Return the fields that stand in the row, or those that are folded."""
        return [field for spec in self._specs(folded=folded) for field in self.form.rows(spec)[0]]

    @property
    def is_open(self) -> bool:
        """Return whether something is wrong with the folded fields."""
        return any(field.errors for field in self.fields(folded=True))

    @property
    def summary(self) -> list[str]:
        """Return the summary of the folded fields, where they hold anything."""
        specs = [spec for spec in self._specs(folded=True) if spec.name != self.sort and self.form.says(spec)]
        return [f"{field.label.text}: {_value_of(field)}" for spec in specs for field in self.form.rows(spec)[0] if field.data]

    def _specs(self, *, folded: bool) -> list[FieldSpec]:
        shown = quiz_fields.ALWAYS_SHOWN.get(self.sort, frozenset())
        return [spec for spec in quiz_fields.SLOT_FIELDS.get(self.sort, ()) if (spec.name not in shown) is folded]


def _value_of(field: Field) -> str:
    """Return the value of a field as its reader sees it."""
    if not isinstance(field, SelectField | SelectMultipleField):
        return shortened(" ".join(str(field.data).split()), 80)
    chosen = field.data if isinstance(field.data, list) else [field.data]
    return ", ".join(str(choice[1]) for choice in field.iter_choices() if choice[0] in chosen)


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
        fields = quiz_fields.shown_fields(text)
        sort = quiz_fields.slot_kind(fields)
        question = fields.get("question")
        row = rows.get(question) if isinstance(question, str) else None
        messages = [
            form_findings.line(finding)
            for finding in verdict.findings
            if finding.file == path and entry.first <= finding.line <= entry.last
        ]
        lines.append(SlotRowView(sort, form, row, candidates=counts[number], messages=tuple(messages)))
    return lines


def find_quiz(folder: CourseFolder | None, key: str) -> tuple[ModuleSource, ActivitySource, QuizSource] | None:
    """Return a quiz of a folder with its module; None where the folder cannot be read or has none such."""
    for module in folder.modules if folder is not None else ():
        for activity in module.activities:
            if activity.key == key and isinstance(activity.settings, QuizSource):
                return module, activity, activity.settings
    return None


def _counts(verdict: DraftCheck, key: str, number: int) -> list[int | None]:
    """Return how many questions each draw finds, by the place of its slot."""
    located = find_quiz(verdict.folder, key)
    if verdict.folder is None or located is None or len(located[2].slots) != number:
        return [None] * number
    folder, (module, _activity, quiz) = verdict.folder, located
    return [len(pools.candidates(folder, module.key, quiz, slot)) if isinstance(slot, DrawSlot) else None for slot in quiz.slots]


def attach_findings(findings: Sequence[Finding], text: str, forms: Sequence[SettingsForm], form_findings: FormFindings) -> list[str]:
    """Attach each finding to the field of the slot that it names; return those that belong to none."""
    entries = list_entries(text, quiz_fields.SLOTS)
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


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """A slot as learners see it: a question, of a draw one of its `candidates`, or a text below its title."""

    title: str = ""
    text: SafeHtml | str = ""
    shown: QuestionPreview | None = None
    drawn: int = 0
    candidates: int = 0


def preview_parts(folder: CourseFolder, key: str) -> list[PreviewPart]:
    """Return a quiz of the draft as learners see it, in its order; nothing where the quiz cannot be read."""
    located = find_quiz(folder, key)
    if located is None:
        return []
    module, activity, quiz = located
    renderer, made, number = course_kinds().renderer(folder), list[PreviewPart](), 1
    for slot in quiz.slots:
        if isinstance(slot, SectionSlot | TextSlot):
            title = choose(dict(slot.title)) if isinstance(slot, SectionSlot) else ""
            made.append(PreviewPart(title, choose(renderer.markdown(slot.text, activity.path))))
        if isinstance(slot, PageBreak):
            made.append(PreviewPart(_("New page")))
        if isinstance(slot, FixedSlot):
            made.append(PreviewPart(shown=_preview_question(folder, slot.question, number)))
            number += 1
        if isinstance(slot, DrawSlot):
            pool = pools.candidates(folder, module.key, quiz, slot)
            shown = _preview_question(folder, pool[0].key, number) if pool else None
            made.append(PreviewPart(shown=shown, drawn=slot.count, candidates=len(pool)))
            number += slot.count
    return made


def _preview_question(folder: CourseFolder, key: str, number: int) -> QuestionPreview | None:
    located = bank_page.find_question(folder, key)
    return bank_page.preview(folder, course_kinds(), *located, seed=1, parts=None, position=number) if located is not None else None


bp = Blueprint("quizzes_slots", __name__)

OFFERED = 200
"""Questions that the list to choose from holds; a search narrows it."""


@dataclass(frozen=True, slots=True)
class SlotEditor:
    """A quiz's file before its editor."""

    course: Course
    draft_outline: DraftOutline
    module: TreeModule
    activity: TreeActivity
    revision: int
    copies: dict[str, str] = field(default_factory=dict)
    """Copies of questions that the form's button asks for, by the path of their bank."""

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return self.activity.path

    @property
    def text(self) -> str:
        """Return the file."""
        return self.draft_outline.texts[self.path]

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of the course."""
        return self.draft_outline.tree.languages


def load_slot_editor(subject: PartContext) -> SlotEditor:
    """Return the quiz that the address names; raise NotFound."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, course, course_kinds())
    activity = draft_outline.tree.find_activity(subject.key)
    if activity is None or activity[1].kind != "quiz":
        raise NotFound
    rows = drafts.list_draft_contents(session, course.id, [activity[1].path])
    return SlotEditor(course, draft_outline, *activity, rows[0].revision)


@bp.route("/teaching/<slug>/parts/<key>/questions", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def slots(subject: PartContext) -> Answer:
    """Choose which questions a quiz gives: fixed and drawn, in sections and pages, and what each counts."""
    sheet = load_slot_editor(subject)
    new = NewSlotForm()
    try:
        forms = _forms(sheet, sheet.text)
        if request.method != "POST":
            return _page(sheet, forms, new)
        return _changed(subject, sheet, forms, new)
    except EditRefused as refused:
        new.form_errors.append(_(refused.text))
        page = _page(sheet, [], new)
        return page if request.method != "POST" else (page, 422)


def _forms(sheet: SlotEditor, text: str, *, sent: bool = True) -> list[SettingsForm]:
    """Return a form for each slot, filled with what was sent, or with what the text says."""
    choices = _choices(sheet)
    filled = not sent or request.method != "POST"
    made = []
    for number, slot in enumerate(quiz_fields.slot_texts(text)):
        fields = quiz_fields.shown_fields(slot)
        specs = quiz_fields.SLOT_FIELDS.get(quiz_fields.slot_kind(fields), ())
        values = values_of(fields, specs, sheet.languages)
        form = settings_form(specs, sheet.languages, values, choices)(None if filled else request.form, prefix=f"slot-{number}-")
        if filled:
            form.fill(values)
        made.append(form)
    return made


def _choices(sheet: SlotEditor) -> Mapping[str, list[tuple[str, str]]]:
    """Return the choices of a draw."""
    session = current_session()
    banks = [(row.key, choose(row.title) or row.key) for row in question_bank.list_banks(session, sheet.course.id)]
    known = {key for key, _title in banks}
    modules = [
        (module.key, choose(dict(module.title)) or module.key) for module in sheet.draft_outline.tree.modules if module.key not in known
    ]
    return {
        "from": [(WHOLE_COURSE, _("All banks of the course")), *banks, *modules],
        "tags": [(tag, tag) for tag in question_bank.list_tags(session, sheet.course.id)],
        "kinds": [(value, _(label)) for value, label in KINDS.items()],
        "objective": list_course_keys(sheet.draft_outline)["objective"],
        "": [],
    }


def _changed(subject: PartContext, sheet: SlotEditor, forms: list[SettingsForm], new: NewSlotForm) -> Answer:
    """Write what was typed, then do what the button says, and check the whole before it is kept."""
    if new.seen.data != str(sheet.revision):
        return _together(subject, sheet, new)
    text = _edited_file(sheet, sheet.text, forms, new)
    act, _blank, kind = _act().partition(" ")
    if act == "ask" and text == sheet.text:
        return see_page("questions.new_question", slug=subject.slug, kind=kind, quiz=subject.key)
    return (_page(sheet, forms, new), 422) if text is None else _checked(subject, sheet, forms, new, text)


def _act() -> str:
    """Return the act of the pressed button; before a merge of two changes, the button that led to it."""
    return request.form.get("act") or request.form.get("do", "save")


def _edited_file(sheet: SlotEditor, base: str, forms: list[SettingsForm], new: NewSlotForm) -> str | None:
    """Return a quiz's file with the input, and with what the button asked for; None where a field has a fault."""
    act, _blank, number = _act().partition(" ")
    index = whole_number(number, otherwise=-1)
    if act in ("up", "down", "remove", "copy") and not 0 <= index < len(forms):
        raise NotFound
    for form in forms:
        form.validate_on_submit()
    if any(form.faults for form in forms):
        return None
    text = _submitted_file(sheet, base, forms)
    if act == "add" and not new.is_filled():
        return None
    if act == "copy":
        return _with_copy(sheet, text, index)
    return _done(text, act, index, new)


def _with_copy(sheet: SlotEditor, text: str, index: int) -> str:
    """Return a quiz's file with a slot twice; of its question the bank gets a copy, which can be changed by itself."""
    question = quiz_fields.shown_fields(quiz_fields.slot_texts(text)[index]).get("question")
    session, course_id = current_session(), sheet.course.id
    row = next(iter(question_bank.find_questions(session, course_id, [str(question)])), None) if question else None
    key = ""
    if row is not None:
        key, sheet.copies[row.path] = question_bank.copy_entry(session, course_id, row)
    return quiz_fields.with_slot_copied(text, index, key)


def _checked(subject: PartContext, sheet: SlotEditor, forms: list[SettingsForm], new: NewSlotForm, text: str) -> Answer:
    text = authoring.in_form(sheet.draft_outline, sheet.path, text, course_kinds(), today=site_day(clock.now()))
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    banks = {
        path: question_bank.with_entry(contents[path].decode(), EntryText(path, "", copied)).encode()
        for path, copied in sheet.copies.items()
    }
    checked = publishing.check({**contents, **banks, sheet.path: text.encode()}, course_kinds(), today=site_day(clock.now()))
    refusing = [finding for finding in checked.findings if finding.refuses_import and finding.file == sheet.path]
    if refusing:
        form_findings = FormFindings(course_kinds())
        rest = attach_findings(refusing, text, forms, form_findings)
        new.form_errors += rest or ([] if any(form.faults for form in forms) else [form_findings.message(refusing[0])])
        return _page(sheet, forms, new), 422
    return _saved(subject, sheet, text, checked, new)


def _submitted_file(sheet: SlotEditor, text: str, forms: list[SettingsForm]) -> str:
    slots = []
    for slot, form in zip(quiz_fields.slot_texts(text), forms, strict=True):
        sort = quiz_fields.slot_kind(quiz_fields.shown_fields(slot))
        specs = quiz_fields.SLOT_FIELDS.get(sort, ())
        slots.append(with_values(slot, "", specs, sheet.languages, form.values(), quiz_fields.ORDER[sort]) if specs else slot)
    return quiz_fields.with_slots(text, slots)


def _done(text: str, act: str, index: int, new: NewSlotForm) -> str:
    if act in ("up", "down"):
        return quiz_fields.with_slot_moved(text, index, -1 if act == "up" else 1)
    if act == "remove":
        return quiz_fields.without_slot(text, index)
    if act == "add":
        return quiz_fields.with_new_slot(text, new.sort.data, new.words)
    return text


def _saved(subject: PartContext, sheet: SlotEditor, text: str, checked: CheckedCourse, new: NewSlotForm) -> Answer:
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    is_as_checked = course.draft_revision == sheet.draft_outline.revision
    try:
        _write(writing, course, sheet, text)
    except FileChanged:
        return _together(subject, load_slot_editor(subject), new)
    except CourseArchived as refused:
        new.form_errors.append(_(refused.text))
        return _page(load_slot_editor(subject), _forms(sheet, text, sent=False), new, text=text), 409
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, course_kinds(), now=clock.now())
    act, _blank, kind = _act().partition(" ")
    if act == "ask":
        return see_page("questions.new_question", slug=subject.slug, kind=kind, quiz=subject.key)
    flash(_("There was nothing to change.") if text == sheet.text else _("Saved in the draft."), "ok")
    undo = course.draft_revision if text != sheet.text else None
    return see_page("quizzes_slots.slots", slug=subject.slug, key=subject.key, undo=undo)


def _write(writing: Session, course: Course, sheet: SlotEditor, text: str) -> None:
    """Write the quiz, with copies of questions in the same change; raise FileChanged."""
    if not sheet.copies:
        authoring.save_text(writing, current_actor(), course, sheet.path, text, base_revision=sheet.revision, now=clock.now())
        return
    if course.draft_revision != sheet.draft_outline.revision:  # the key of a copy may be taken
        raise FileChanged
    quiz = {sheet.path: drafts.text_content(text)}
    for path, copied in sheet.copies.items():
        question_bank.add_to_bank(writing, current_actor(), course.id, path, [copied], beside=quiz, now=clock.now())


def _together(subject: PartContext, sheet: SlotEditor, new: NewSlotForm) -> Answer:
    """Merge the input with what someone else saved meanwhile, as chosen; else show both, and the input in the form."""
    before = _base(sheet, whole_number(new.seen.data or "", otherwise=0))
    base = sheet.text if before is None else before
    forms = _forms(sheet, base)
    mine = _edited_file(sheet, base, forms, new)
    if mine is None:
        return _page(sheet, forms, new, text=base), 422
    if sheet.text == before:  # it has another place, and says the same
        new.seen.data = str(sheet.revision)
        return _checked(subject, sheet, forms, new, mine)
    merge, action, shown = merging.merge(base, mine, sheet.text), request.form.get("do"), request.form.get("theirs")
    text = sheet.text if mine == base else None
    if text is None and shown == str(sheet.revision):
        text = (
            merging.chosen(merge, request.form)
            if action == "merge"
            else merge.preferring(MergeSide.MINE)
            if action == "overwrite"
            else None
        )
        if text is None and action == "merge":
            new.form_errors.append(_("For each difference, choose which text to keep."))
    if text is None:
        return _page(sheet, forms, new, text=base, merge=merge), 422 if new.form_errors else 409
    new.seen.data = str(sheet.revision)
    return _checked(subject, sheet, _forms(sheet, sheet.text, sent=False), new, text)


def _base(sheet: SlotEditor, revision: int) -> str | None:
    """Return the file as it was at a revision, wherever it was then; None where it was not there."""
    session, course_id = current_session(), sheet.course.id
    path = history.find_path_at(session, course_id, sheet.path, sheet.activity.key, revision)
    return history.find_text_at(session, course_id, path, revision)


def _page(
    sheet: SlotEditor, forms: list[SettingsForm], new: NewSlotForm, *, text: str | None = None, merge: ThreeWayMerge | None = None
) -> Response:
    """Draw the page; the forms are those of `text`, the draft's where it is not given."""
    shown = sheet.text if text is None else text
    session = current_session()
    if not question_bank.is_up_to_date(session, sheet.course.id):
        after_response.run_after_response(lambda writing: index_banks(writing, sheet.course.id))
    draft_check = draft_checks.cached_draft_check(session, file_store(), sheet.course, course_kinds(), now=clock.now())
    texts, form_findings = quiz_fields.slot_texts(shown) if forms else [], FormFindings(course_kinds())
    fixed = [key for slot in texts if isinstance(key := quiz_fields.shown_fields(slot).get("question"), str)]
    rows = {row.key: row for row in question_bank.find_questions(session, sheet.course.id, fixed)}
    filters = QuestionFilter(text=request.values.get("find", "").strip()[:130])
    matches = question_bank.search_questions(session, sheet.course.id, filters, offset=0, limit=OFFERED + 1)
    named = question_bank.find_questions(session, sheet.course.id, [request.args.get("question", "")])
    new.offer(offered([*named, *(row for row in matches[:OFFERED] if row not in named)], set(fixed)))
    if named and request.method != "POST":
        new.question.data = named[0].key
    new.seen.data = new.seen.data or str(sheet.revision)
    return page(
        "quizzes/slots.html",
        course=course_header(sheet.course),
        key=sheet.activity.key,
        title=choose(dict(sheet.activity.title)) or sheet.activity.key,
        path=sheet.path,
        slots=slot_lines(
            texts, forms, rows, draft_check, sheet.activity.key, list_entries(shown, quiz_fields.SLOTS) if texts else (), form_findings
        ),
        new=new,
        faults=[fault for form in forms for fault in form.faults],
        find=filters.text,
        is_cut=len(matches) > OFFERED,
        regions=merging.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
        act=_act() if merge is not None else "",
        kinds=list_kinds(),
        preview=preview_parts(draft_check.folder, sheet.activity.key) if request.args.get("preview") and draft_check.folder else None,
        undo=sheet.draft_outline.revision - 1 if request.args.get("undo") == str(sheet.draft_outline.revision) else None,
        theirs=sheet.revision,
    )
