"""Pages of a course's bank of questions: find, edit as text, try, compare. The text of the draft is the source."""

from flask import Blueprint, Response, flash, request

from courses import catalogue, draft_checks, drafts, publishing
from courses.access import CourseArchived, CourseContext
from courses.content.differences import compared_lines
from courses.content.editing import EditRefused, tidy
from courses.content.model import Finding
from courses.draft_checks import DraftCheck
from courses.editor import course_header, course_kinds
from courses.publishing import CheckedCourse
from kernel import clock
from kernel.errors import DomainError, NotFound, require_found
from kernel.i18n import _, choose, ngettext, site_day
from kernel.web import after_response
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from kernel.web.table import requested_page
from questions import bank_page, question_bank
from questions.access import BankQuestionContext, QuestionAction
from questions.answer_fields import form_parts
from questions.bank_page import QuestionFieldsForm, QuestionTextForm, SourceFindingView
from questions.content.question_fields import DIFFICULTIES, KINDS, STATES
from questions.question_bank import EntryChanged, EntryText, QuestionFilter, checksum_of, index_banks, render_question
from questions.rules.definitions import QuestionDefinition

bp = Blueprint("questions_banks", __name__)

ROWS = 50
MOST_SEED = 10**9


def _words(error: DomainError) -> str:
    return _(error.text, **error.facts)


def _choices(course_id: int) -> list[tuple[str, str]]:
    """Return the banks of a draft to choose from: path, and title with how many questions."""
    rows = question_bank.list_banks(current_session(), course_id)
    return [(row.path, f"{choose(row.title) or row.key} ({row.questions})") for row in rows]


# --- The list ----------------------------------------------------------------------------------------------------------------------------


def _filter_from_address() -> QuestionFilter:
    fields = {name: request.args.get(name, "").strip()[:130] for name in ("text", "bank", "kind", "state", "difficulty", "tag")}
    return QuestionFilter(**fields)


@bp.get("/teaching/<slug>/questions")
@requires(QuestionAction.VIEW_BANK, catalogue.get_taught_course)
def questions(subject: CourseContext) -> Answer:
    """List and search the questions of a course's draft."""
    return _list(subject, QuestionFieldsForm(formdata=None))


def _list(subject: CourseContext, form: QuestionFieldsForm, chosen: list[str] | None = None) -> Response:
    session, filters, paging = current_session(), _filter_from_address(), requested_page(ROWS)
    up_to_date = question_bank.is_up_to_date(session, subject.id)
    if not up_to_date:
        after_response.run_after_response(lambda writing: index_banks(writing, subject.id))
    rows = question_bank.search_questions(session, subject.id, filters, offset=paging.offset, limit=ROWS + 1)
    attempts = question_bank.count_attempts_of_questions(session, subject.id, [row.key for row in rows])
    banks = question_bank.list_banks(session, subject.id)
    form.offer([(row.path, choose(row.title) or row.key) for row in banks])
    return page(
        "quizzes/bank/questions.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        up_to_date=up_to_date,
        page=paging.of(rows),
        attempts=attempts,
        found=question_bank.count_questions(session, subject.id, filters),
        total=sum(row.questions for row in banks),
        wanted=filters,
        asked={name: value for name in ("text", "bank", "kind", "state", "difficulty", "tag") if (value := getattr(filters, name))},
        banks=[(row.key, choose(row.title) or row.key) for row in banks],
        kinds=KINDS,
        states=STATES,
        difficulties=DIFFICULTIES,
        tags=question_bank.list_tags(session, subject.id),
        form=form,
        chosen=chosen or [],
    )


@bp.post("/teaching/<slug>/questions")
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course)
def change(subject: CourseContext) -> Answer:
    """Change fields of the chosen questions, or move them to another bank."""
    form, chosen = QuestionFieldsForm(), request.form.getlist("question")[:ROWS]
    form.offer([(row.path, choose(row.title) or row.key) for row in question_bank.list_banks(current_session(), subject.id)])
    changes = form.changes()
    if not chosen:
        form.form_errors.append(_("Choose at least one question."))
    if changes is None or not chosen:
        return _list(subject, form, chosen), 422
    try:
        count = question_bank.change_questions(current_session(), current_actor(), subject.id, chosen, changes, now=clock.now())
    except (EditRefused, question_bank.CannotMove) as refused:
        form.form_errors.append(_words(refused))
        return _list(subject, form, chosen)
    flash(ngettext("%(count)s question was changed.", "%(count)s questions were changed.", count), "ok")
    return see_page("questions_banks.questions", slug=subject.slug, **request.args.to_dict())


# --- One question ------------------------------------------------------------------------------------------------------------------------


@bp.route("/teaching/<slug>/new-question", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, catalogue.get_taught_course, reads_first=True)
def new_question(subject: CourseContext) -> Answer:
    """Write a new question into a bank of the draft, beginning with the skeleton of its kind."""
    form = QuestionTextForm()
    form.bank.choices = _choices(subject.id)
    if request.method != "POST":
        form.text.data = bank_page.start_text(request.args.get("kind", ""))
        form.bank.data = request.args.get("bank", "")
        return _editor(subject, form)
    if not form.validate_on_submit() or form.bank.data not in {path for path, _title in form.bank.choices}:
        if not form.faults:
            form.refuse(form.bank, _("Choose one of the list."))
        return _editor(subject, form)
    return _handle_change(subject, form, EntryText(form.bank.data, "", tidy(form.text.data or "")))


@bp.route("/teaching/<slug>/questions/<key>", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, question_bank.get_taught_question, reads_first=True)
def question(subject: BankQuestionContext) -> Answer:
    """Show a question of the draft with all there is to say of it, and change its text."""
    form = QuestionTextForm()
    if request.method != "POST":
        entry = question_bank.get_entry(current_session(), subject.id, subject.path, subject.key)
        form.text.data, form.seen.data = entry.text, checksum_of(entry.text)
        return _editor(subject, form, findings=_entry_findings(subject, subject.key, subject.path))
    if not form.validate_on_submit():
        return _editor(subject, form)
    return _handle_change(subject, form, EntryText(subject.path, subject.key, tidy(form.text.data or ""), form.seen.data or ""))


def _handle_change(subject: CourseContext, form: QuestionTextForm, change: EntryText) -> Answer:
    """Preview, delete or save a text that was sent; what cannot be saved is shown again as it was typed, with what is wrong with it."""
    action = request.form.get("do", "save")
    if action == "delete" and change.key:
        return _delete(subject, form, change)
    findings = bank_page.troubles(change.text)
    if findings:
        return _editor(subject, form, findings=findings), 422
    seen = catalogue.get_course(current_session(), subject.id).draft_revision
    try:
        body = question_bank.with_entry(question_bank.body_of(current_session(), subject.id, change.path), change)
    except EntryChanged:
        return _conflict(subject, form, change)
    except EditRefused as refused:
        return _editor(subject, form, findings=[SourceFindingView(0, _words(refused), "", "", "error")]), 422
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    checked = publishing.check({**contents, change.path: body.encode()}, course_kinds(), today=site_day(clock.now()))
    findings = bank_page.finding_views(checked.findings, change.path, question_bank.written_entry(body, change))
    if action == "preview":
        return _editor(subject, form, findings=findings, checked=True, shown=_preview_of(checked, body, change))
    if any(finding.refuses_import for finding in checked.findings):
        rest = [finding for finding in checked.findings if finding.refuses_import]
        findings = findings if any(entry.severity == "error" for entry in findings) else [*_elsewhere(rest), *findings]
        return _editor(subject, form, findings=findings), 422
    return _save(subject, form, change, checked, question_bank.written_entry(body, change).key, seen=seen)


def _save(subject: CourseContext, form: QuestionTextForm, change: EntryText, checked: CheckedCourse, key: str, *, seen: int) -> Answer:
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    is_as_checked = course.draft_revision == seen
    try:
        question_bank.save_entry(writing, current_actor(), subject.id, change, now=clock.now())
    except EntryChanged:
        return _conflict(subject, form, change)
    except CourseArchived as refused:
        return _editor(subject, form, findings=[SourceFindingView(0, _words(refused), "", "", "error")]), 409
    if is_as_checked:
        draft_checks.cache_draft_check(writing, course, checked, course_kinds(), now=clock.now())
    return see_page("questions_banks.question", slug=subject.slug, key=key, flash=_("The question is saved in the draft."))


def _delete(subject: CourseContext, form: QuestionTextForm, change: EntryText) -> Answer:
    writing = begin_writing()
    try:
        question_bank.delete_entry(writing, current_actor(), subject.id, change, now=clock.now())
    except EntryChanged:
        return _conflict(subject, form, change)
    flash(_("The question was removed from the draft. Published versions and their answers are kept."), "ok")
    return see_page("questions_banks.questions", slug=subject.slug)


def _conflict(subject: CourseContext, form: QuestionTextForm, change: EntryText) -> Answer:
    """Show both texts: that of the draft now, and what was typed, which waits in the form to be saved on top of it."""
    try:
        theirs = question_bank.get_entry(current_session(), subject.id, change.path, change.key).text
    except NotFound:
        theirs = ""
    form.seen.data = checksum_of(theirs)
    return _editor(subject, form, theirs=theirs), 409


def _entry_findings(subject: CourseContext, key: str, path: str) -> list[SourceFindingView]:
    course = catalogue.get_course(current_session(), subject.id)
    draft_check = draft_checks.cached_draft_check(current_session(), file_store(), course, course_kinds(), now=clock.now())
    entry = question_bank.get_entry(current_session(), subject.id, path, key)
    return bank_page.finding_views(draft_check.findings, path, entry)


def _elsewhere(findings: list[Finding]) -> list[SourceFindingView]:
    """Return findings that refuse a text from outside it: another place of the draft, which it contradicts."""
    return [
        SourceFindingView(0, f"{finding.file}:{finding.line}: {finding.message}", finding.fix, finding.code, "error")
        for finding in findings[:5]
    ]


def _preview_of(checked: CheckedCourse, body: str, change: EntryText) -> bank_page.QuestionPreview | None:
    located = bank_page.find_question(checked.folder, question_bank.written_entry(body, change).key) if checked.folder is not None else None
    if checked.folder is None or located is None:
        return None
    return bank_page.preview(checked.folder, course_kinds(), *located, seed=1, parts=None)


def _editor(
    subject: CourseContext,
    form: QuestionTextForm,
    *,
    findings: list[SourceFindingView] | None = None,
    checked: bool = False,
    shown: bank_page.QuestionPreview | None = None,
    theirs: str | None = None,
) -> Response:
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    present = subject if isinstance(subject, BankQuestionContext) else None
    row = next(iter(question_bank.find_questions(session, subject.id, [present.key])), None) if present else None
    key = present.key if present else ""
    return page(
        "quizzes/bank/question.html",
        course=course_header(course),
        key=key,
        line=row,
        form=form,
        told=findings or [],
        checked=checked,
        shown=shown,
        theirs=theirs,
        both=compared_lines(theirs, form.text.data or "") if theirs is not None else (),
        uses=question_bank.list_uses(session, course, key) if key else [],
        attempts=question_bank.count_attempts_of_questions(session, subject.id, [key]).get(key, 0) if key else 0,
        versions=question_bank.list_versions(session, subject.id, key) if key else [],
        path=present.path if present else "",
        kinds=KINDS,
        states=STATES,
        difficulties=DIFFICULTIES,
    )


# --- As a learner, and compared ----------------------------------------------------------------------------------------------------------


def _drafted(subject: BankQuestionContext) -> tuple[DraftCheck, QuestionDefinition, str]:
    course = catalogue.get_course(current_session(), subject.id)
    draft_check = draft_checks.cached_draft_check(current_session(), file_store(), course, course_kinds(), now=clock.now())
    located = require_found(bank_page.find_question(draft_check.folder, subject.key) if draft_check.folder is not None else None)
    return draft_check, *located


@bp.route("/teaching/<slug>/questions/<key>/preview", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, question_bank.get_taught_question, reads_first=True)
def preview(subject: BankQuestionContext) -> Answer:
    """Let an editor answer a question as its learner would, and see its feedback. Nothing is recorded."""
    draft_check, drafted, path = _drafted(subject)
    seed = whole_number(request.values.get("seed", "1"), otherwise=1) % MOST_SEED
    parts = form_parts(request.form.to_dict(flat=False), 1) if request.method == "POST" else None
    assert draft_check.folder is not None
    return page(
        "quizzes/bank/preview.html",
        course=course_header(catalogue.get_course(current_session(), subject.id)),
        key=subject.key,
        seed=seed,
        following=(seed + 1) % MOST_SEED,
        reserved=bank_page.reserved_for(draft_check.folder, drafted),
        shown=bank_page.preview(draft_check.folder, course_kinds(), drafted, path, seed=seed, parts=parts),
    )


@bp.get("/teaching/<slug>/questions/<key>/versions")
@requires(QuestionAction.VIEW_BANK, question_bank.get_taught_question)
def versions(subject: BankQuestionContext) -> Answer:
    """Compare two published wordings of a question, or one with the draft."""
    session = current_session()
    rows = question_bank.list_versions(session, subject.id, subject.key)
    numbers = {row.number: row.id for row in rows}
    newest = max(numbers, default=0)
    old, new = whole_number(request.args.get("old", str(newest))), whole_number(request.args.get("new", "0"))
    if rows and (old not in numbers or (new and new not in numbers)):
        raise NotFound
    lines = None
    if rows:
        published = question_bank.get_questions(session, [numbers[number] for number in {old, new} if number])
        after = published[numbers[new]] if new else _rendered_draft(subject)
        lines = bank_page.change_lines(published[numbers[old]], after)
    return page(
        "quizzes/bank/versions.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        key=subject.key,
        versions=rows,
        old=old,
        new=new,
        lines=lines,
    )


def _rendered_draft(subject: BankQuestionContext) -> QuestionDefinition:
    draft_check, drafted, path = _drafted(subject)
    assert draft_check.folder is not None
    return render_question(drafted, course_kinds().renderer(draft_check.folder), path)
