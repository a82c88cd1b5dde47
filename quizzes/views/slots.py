"""Pages of a quiz's places for questions: fixed ones, draws, sections, page breaks and texts. The text of the draft is the source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, current_app, flash, render_template, request

from courses import authoring, catalogue, draft_checks, drafts, history, publishing
from courses.access import CourseAction, CourseArchived, PartContext
from courses.authoring import DraftOutline, FileChanged
from courses.content import merge_choices, merging
from courses.content.applying import with_values
from courses.content.editing import EditRefused, list_entries
from courses.content.merging import MergeSide, ThreeWayMerge
from courses.content.settings import values_of
from courses.content.tree import TreeActivity, TreeModule
from courses.editor import FormFindings, SettingsForm, course_header, settings_form
from courses.kinds import CourseKinds
from courses.models import Course
from courses.publishing import CheckedCourse
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import _, choose
from kernel.web import after_response
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page
from quizzes.content import slot_fields
from quizzes.content.slots import WHOLE_COURSE
from quizzes.content.wording import KINDS
from quizzes.forms.quizzes import NewSlotForm
from quizzes.pages import slots as pages
from quizzes.queries import banks as queries
from quizzes.queries.banks import QuestionFilter
from quizzes.services.drafts import index_banks

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


def course_kinds() -> CourseKinds:
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def file_store() -> FileStore:
    return cast("FileStore", current_app.extensions["files"])


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
    for number, slot in enumerate(slot_fields.slot_texts(text)):
        fields = slot_fields.shown_fields(slot)
        specs = slot_fields.SLOT_FIELDS.get(slot_fields.slot_kind(fields), ())
        values = values_of(fields, specs, sheet.languages)
        form = settings_form(specs, sheet.languages, values, choices)(None if filled else request.form, prefix=f"slot-{number}-")
        if filled:
            form.fill(values)
        made.append(form)
    return made


def _choices(sheet: SlotEditor) -> Mapping[str, list[tuple[str, str]]]:
    """Return what a draw may choose from."""
    session = current_session()
    banks = [(row.key, choose(row.title) or row.key) for row in queries.list_banks(session, sheet.course.id)]
    known = {key for key, _title in banks}
    modules = [
        (module.key, choose(dict(module.title)) or module.key) for module in sheet.draft_outline.tree.modules if module.key not in known
    ]
    return {
        "from": [(WHOLE_COURSE, _("All banks of the course")), *banks, *modules],
        "tags": [(tag, tag) for tag in queries.list_tags(session, sheet.course.id)],
        "kinds": [(value, _(label)) for value, label in KINDS.items()],
        "": [],
    }


def _changed(subject: PartContext, sheet: SlotEditor, forms: list[SettingsForm], new: NewSlotForm) -> Answer:
    """Write what was typed, then do what the button says, and check the whole before it is kept."""
    if new.seen.data != str(sheet.revision):
        return _together(subject, sheet, new)
    text = _edited_file(sheet, sheet.text, forms, new)
    return (_page(sheet, forms, new), 422) if text is None else _checked(subject, sheet, forms, new, text)


def _edited_file(sheet: SlotEditor, base: str, forms: list[SettingsForm], new: NewSlotForm) -> str | None:
    """Return a quiz's file with the input, and with what the button asked for; None where a field has a fault."""
    act, _blank, number = (request.form.get("act") or request.form.get("do", "save")).partition(" ")
    index = whole_number(number, otherwise=-1)
    if act in ("up", "down", "remove") and not 0 <= index < len(forms):
        raise NotFound
    for form in forms:
        form.validate_on_post()
    if any(form.faults for form in forms):
        return None
    text = _submitted_file(sheet, base, forms)
    if act == "add" and not new.is_filled():
        return None
    return _done(text, act, index, new)


def _checked(subject: PartContext, sheet: SlotEditor, forms: list[SettingsForm], new: NewSlotForm, text: str) -> Answer:
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    checked = publishing.check({**contents, sheet.path: text.encode()}, course_kinds(), today=clock.now().date())
    refusing = [finding for finding in checked.findings if finding.refuses_import and finding.file == sheet.path]
    if refusing:
        form_findings = FormFindings(course_kinds())
        rest = pages.attach_findings(refusing, text, forms, form_findings)
        new.form_errors += rest or ([] if any(form.faults for form in forms) else [form_findings.message(refusing[0])])
        return _page(sheet, forms, new), 422
    return _saved(subject, sheet, text, checked, new)


def _submitted_file(sheet: SlotEditor, text: str, forms: list[SettingsForm]) -> str:
    slots = []
    for slot, form in zip(slot_fields.slot_texts(text), forms, strict=True):
        sort = slot_fields.slot_kind(slot_fields.shown_fields(slot))
        specs = slot_fields.SLOT_FIELDS.get(sort, ())
        slots.append(with_values(slot, "", specs, sheet.languages, form.values(), slot_fields.ORDER[sort]) if specs else slot)
    return slot_fields.with_slots(text, slots)


def _done(text: str, act: str, index: int, new: NewSlotForm) -> str:
    if act in ("up", "down"):
        return slot_fields.with_slot_moved(text, index, -1 if act == "up" else 1)
    if act == "remove":
        return slot_fields.without_slot(text, index)
    if act == "add":
        return slot_fields.with_new_slot(text, new.sort.data, new.words)
    return text


def _saved(subject: PartContext, sheet: SlotEditor, text: str, checked: CheckedCourse, new: NewSlotForm) -> Answer:
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    is_as_checked = course.draft_revision == sheet.draft_outline.revision
    try:
        authoring.save_text(writing, current_actor(), course, sheet.path, text, base_revision=sheet.revision, now=clock.now())
    except FileChanged:
        return _together(subject, load_slot_editor(subject), new)
    except CourseArchived as refused:
        new.form_errors.append(_(refused.text))
        return _page(load_slot_editor(subject), _forms(sheet, text, sent=False), new, text=text), 409
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, course_kinds(), now=clock.now())
    flash(_("There was nothing to change.") if text == sheet.text else _("Saved in the draft."), "ok")
    return see_page("quizzes_slots.slots", slug=subject.slug, key=subject.key)


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
            merge_choices.chosen(merge, request.form)
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
) -> str:
    """Draw the page; the forms are those of `text`, the draft's where it is not given."""
    shown = sheet.text if text is None else text
    session = current_session()
    if not queries.is_up_to_date(session, sheet.course.id):
        after_response.run_after_response(lambda writing: index_banks(writing, sheet.course.id))
    draft_check = draft_checks.cached_draft_check(session, file_store(), sheet.course, course_kinds(), now=clock.now())
    texts, form_findings = slot_fields.slot_texts(shown) if forms else [], FormFindings(course_kinds())
    fixed = [key for slot in texts if isinstance(key := slot_fields.shown_fields(slot).get("question"), str)]
    rows = {row.key: row for row in queries.find_questions(session, sheet.course.id, fixed)}
    filters = QuestionFilter(text=request.values.get("find", "").strip()[:130])
    matches = queries.search_questions(session, sheet.course.id, filters, offset=0, limit=OFFERED + 1)
    named = queries.find_questions(session, sheet.course.id, [request.args.get("question", "")])
    new.offer(pages.offered([*named, *(row for row in matches[:OFFERED] if row not in named)], set(fixed)))
    if named and request.method != "POST":
        new.question.data = named[0].key
    new.seen.data = new.seen.data or str(sheet.revision)
    return render_template(
        "quizzes/slots.html",
        course=course_header(sheet.course),
        key=sheet.activity.key,
        title=choose(dict(sheet.activity.title)) or sheet.activity.key,
        path=sheet.path,
        slots=pages.slot_lines(
            texts, forms, rows, draft_check, sheet.activity.key, list_entries(shown, slot_fields.SLOTS) if texts else (), form_findings
        ),
        new=new,
        faults=[fault for form in forms for fault in form.faults],
        find=filters.text,
        is_cut=len(matches) > OFFERED,
        regions=merge_choices.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
        act=(request.form.get("act") or request.form.get("do", "save")) if merge is not None else "",
        theirs=sheet.revision,
    )
