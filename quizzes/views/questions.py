"""Pages that ask a question of the bank field by field, a form for each kind. The text of the draft is the source."""

from dataclasses import dataclass
from typing import cast

from flask import Blueprint, current_app, flash, render_template, request

from courses import authoring, catalogue, draft_checks, drafts, publishing
from courses.access import CourseArchived, CourseContext
from courses.content.editing import EditRefused, former_keys, read_fields
from courses.content.model import CourseFolder, Finding
from courses.content.starter_files import proposed_key
from courses.content.text_diff import compared_lines
from courses.draft_checks import DraftCheck
from courses.editor import FormFindings, course_header
from courses.kinds import CourseKinds
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import _, choose
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page
from quizzes.content.question_editing import values_in, with_question
from quizzes.content.question_rows import QuestionFormValues
from quizzes.content.row_fields import TEXT
from quizzes.content.wording import KINDS
from quizzes.forms.quizzes import NewQuestionForm, QuestionEditForm
from quizzes.pages import banks as pages
from quizzes.pages.question_form import KindFormView, begun_sheet, submitted_form
from quizzes.pages.samples import samples_of
from quizzes.permissions import BankQuestionContext, QuestionAction
from quizzes.queries import banks as queries
from quizzes.services import banks as services
from quizzes.services.banks import EntryChanged, EntryText, checksum_of

bp = Blueprint("quizzes_questions", __name__)


@dataclass(frozen=True, slots=True)
class QuestionEditor:
    """A question before its form: where it stands, what is asked of it, and what its text was when the editor began."""

    subject: CourseContext
    sheet: KindFormView
    seen: QuestionEditForm
    key: str = ""
    """Of a question that is in the draft; '' for a new one."""
    quiz: str = ""
    """Of a new question: the key of the quiz that it is written for."""

    @property
    def kind(self) -> str:
        """Return the kind of the question."""
        return self.sheet.kind


def _kinds() -> CourseKinds:
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def _file_store() -> FileStore:
    return cast("FileStore", current_app.extensions["files"])


def _languages(course_id: int) -> tuple[str, ...]:
    session = current_session()
    return authoring.load_draft_outline(session, catalogue.get_course(session, course_id), _kinds()).tree.languages


def _act() -> str:
    """Return what the button says that was pressed: save, preview, or something with rows."""
    return request.form.get("do", "save")


@bp.route("/teaching/<slug>/questions/<key>/form", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, queries.get_taught_question, reads_first=True)
def question(subject: BankQuestionContext) -> Answer:
    """Ask a question of the draft field by field."""
    entry = services.get_entry(current_session(), subject.id, subject.path, subject.key)
    kind, languages = _kind_of(entry.text), _languages(subject.id)
    values = _form_values(entry.text, kind, languages)
    if values is None:
        flash(_("This question has parts that the form does not support, so it is shown as text."), "info")
        return see_page("quizzes_banks.question", slug=subject.slug, key=subject.key)
    seen = QuestionEditForm()
    if request.method != "POST":
        seen.seen.data = checksum_of(entry.text)
        editor = QuestionEditor(subject, KindFormView(kind, languages, values), seen, subject.key)
        return _page(editor, draft_check=_draft_check(subject.id))
    editor = QuestionEditor(subject, submitted_form(kind, languages, request.form, _act()), seen, subject.key)
    if not _is_ready(editor):
        return _page(editor), _status()
    return _save_form(editor, subject.path, entry.text)


def _form_values(text: str, kind: str, languages: tuple[str, ...]) -> QuestionFormValues | None:
    """Return what a question's form shows, None where it has parts that no form knows."""
    try:
        return values_in(text, kind, languages) if kind else None
    except EditRefused:
        return None


def _kind_of(text: str) -> str:
    """Return the kind that a question's text names, '' where it is none."""
    try:
        kind = str(read_fields(text).get("kind"))
    except EditRefused:
        return ""
    return kind if kind in KINDS else ""


def _save_form(editor: QuestionEditor, path: str, before: str) -> Answer:
    """Write the form into the question's text; what someone else saved meanwhile is shown beside it."""
    subject, seen = editor.subject, editor.seen
    try:
        text = _text(editor, before)
    except EditRefused as refused:
        seen.form_errors.append(_(refused.text))
        return _page(editor), 422
    if seen.seen.data != checksum_of(before) and text != before:
        seen.seen.data = checksum_of(before)
        return _page(editor, both=(before, text)), 409
    return _preview_or_save(editor, EntryText(path, editor.key, text, checksum_of(before)), subject)


def _text(editor: QuestionEditor, before: str) -> str:
    """Return the text of the question as the form has it; options that were published keep their keys."""
    names = [editor.key, *former_keys(read_fields(before))]
    published = queries.published_keys(current_session(), editor.subject.id, names) if editor.key else {}
    return with_question(before, editor.kind, editor.sheet.languages, editor.sheet.said, published)


def _status() -> int:
    """Return what a page that is shown again answers: rows were changed, or something is wrong."""
    return 422 if _act() in ("save", "preview") else 200


def _is_ready(editor: QuestionEditor) -> bool:
    """Say whether what was sent is to be looked at: no button changed rows, and nothing keeps it from being written as text."""
    if _status() == 200:
        return False
    editor.sheet.check_names()
    if editor.sheet.has_other_kinds:
        editor.seen.form_errors.append(_("A gap now has a different kind of answer, with its fields below. Check them and save."))
    return not editor.sheet.faults and not editor.sheet.has_other_kinds


@bp.route("/teaching/<slug>/new-question/form", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course, reads_first=True)
def new_question(subject: CourseContext) -> Answer:
    """Begin a question of a kind, field by field."""
    kind = request.values.get("kind", "single")
    if kind not in KINDS:
        raise NotFound
    languages, session = _languages(subject.id), current_session()
    begun = NewQuestionForm()
    begun.offer([(row.path, f"{choose(row.title) or row.key} ({row.questions})") for row in queries.list_banks(session, subject.id)])
    quiz, bank = _quiz(subject, request.values.get("quiz", ""))
    if request.method != "POST":
        begun.kind.data, begun.bank.data = kind, request.args.get("bank", "") or bank or begun.bank.data
        return _page(QuestionEditor(subject, begun_sheet(kind, languages), begun, quiz=quiz))
    editor = QuestionEditor(subject, submitted_form(kind, languages, request.form, _act()), begun, quiz=quiz)
    if not _is_ready(editor) or not begun.validate_on_post():
        return _page(editor), _status()
    values = editor.sheet.said
    submitted_text = next((submitted_text for language in languages if (submitted_text := values.text(TEXT, language))), "")
    key = begun.key.data or proposed_key(submitted_text or _("Question"), queries.list_keys(session, subject.id))
    try:
        text = _text(editor, f"key: {key}\nkind: {kind}\n")
    except EditRefused as refused:
        begun.form_errors.append(_(refused.text))
        return _page(editor), 422
    return _preview_or_save(editor, EntryText(begun.bank.data, "", text), subject)


def _quiz(subject: CourseContext, key: str) -> tuple[str, str]:
    """Return the key of the quiz that a question is written for, and the bank of its module; '' where there is none such."""
    if not key:
        return "", ""
    session = current_session()
    draft_outline = authoring.load_draft_outline(session, catalogue.get_course(session, subject.id), _kinds())
    located = draft_outline.tree.find_activity(key)
    if located is None or located[1].kind != "quiz":
        raise NotFound
    paths = [row.path for row in queries.list_banks(session, subject.id) if row.path.startswith(f"{located[0].folder}/")]
    return key, next(iter(paths), "")


def _preview_or_save(editor: QuestionEditor, change: EntryText, subject: CourseContext) -> Answer:
    """Preview or save; what cannot be saved is shown again as it was typed, each fault beside its field."""
    seen = catalogue.get_course(current_session(), subject.id).draft_revision
    body = services.with_entry(services.body_of(current_session(), subject.id, change.path), change)
    contents = drafts.draft_files(current_session(), _file_store(), subject.id)
    checked = publishing.check({**contents, change.path: body.encode()}, _kinds(), today=clock.now().date())
    entry = services.written_entry(body, change)
    own = [finding for finding in checked.findings if pages.concerns(finding, change.path, entry)]
    if _act() == "preview":
        return _page(editor, findings=own, folder=checked.folder, shown=entry.key)
    refusing = [finding for finding in checked.findings if finding.refuses_import]
    if refusing:
        _attach_findings(editor, own, refusing)
        return _page(editor), 422
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    is_as_checked = course.draft_revision == seen
    try:
        services.save_entry(writing, current_actor(), subject.id, change, now=clock.now())
    except EntryChanged:
        return _page(editor, both=(services.get_entry(writing, subject.id, change.path, change.key).text, change.text)), 409
    except CourseArchived as refused:
        editor.seen.form_errors.append(_(refused.text))
        return _page(editor), 409
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, _kinds(), now=clock.now())
    if editor.quiz:
        flash(_("The question is saved in the bank. Add it to the quiz below."), "ok")
        return see_page("quizzes_slots.slots", slug=subject.slug, key=editor.quiz, question=entry.key, _anchor="add")
    flash(_("The question is saved in the draft."), "ok")
    return see_page("quizzes_questions.question", slug=subject.slug, key=entry.key)


def _attach_findings(editor: QuestionEditor, own: list[Finding], refusing: list[Finding]) -> None:
    """Attach each finding to the field that it names; the others go above the form."""
    form_findings = FormFindings(_kinds())
    for finding in refusing:
        field = editor.sheet.field_of(finding) if finding in own else None
        if field is not None:
            editor.sheet.form.refuse(field, form_findings.beside_field(finding))
        else:
            editor.seen.form_errors.append(form_findings.message(finding))


def _draft_check(course_id: int) -> DraftCheck:
    """Return what the checks say of the draft as it stands."""
    session = current_session()
    course = catalogue.get_course(session, course_id)
    return draft_checks.cached_draft_check(session, _file_store(), course, _kinds(), now=clock.now())


def _page(
    editor: QuestionEditor,
    *,
    draft_check: DraftCheck | None = None,
    findings: list[Finding] | None = None,
    folder: CourseFolder | None = None,
    shown: str = "",
    both: tuple[str, str] | None = None,
) -> str:
    """Show the form: `draft_check` is that of the draft, else findings and `folder` are of a text that is only checked."""
    session, sheet = current_session(), editor.sheet
    course = catalogue.get_course(session, editor.subject.id)
    if draft_check is not None and isinstance(editor.subject, BankQuestionContext):
        entry = services.get_entry(session, course.id, editor.subject.path, editor.key)
        findings, folder = (
            [finding for finding in draft_check.findings if pages.concerns(finding, editor.subject.path, entry)],
            draft_check.folder,
        )
    located = pages.find_question(folder, shown) if folder is not None and shown else None
    form_findings = FormFindings(_kinds())
    placed = [(finding, sheet.field_of(finding)) for finding in findings or []]
    return render_template(
        "quizzes/bank/form.html",
        course=course_header(course),
        key=editor.key,
        quiz=editor.quiz,
        kind=editor.kind,
        kind_words=_(KINDS[editor.kind]),
        kinds=[(value, _(label)) for value, label in KINDS.items()],
        sheet=sheet,
        seen=editor.seen,
        told=[
            (finding.severity.value, form_findings.beside_field(finding) if field else form_findings.line(finding), field)
            for finding, field in placed
        ],
        checked=bool(shown),
        shown=pages.preview(folder, _kinds(), *located, seed=1, parts=None) if located and folder else None,
        samples=samples_of(folder, shown or editor.key),
        both=compared_lines(*both) if both else (),
    )
