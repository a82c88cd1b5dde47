"""Pages of marks from a file: the sheet to fill in, the upload, what it would change person by person, and the confirmation."""

from functools import partial
from uuid import UUID

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from accounts.uploads import UploadedList, get_pending_upload
from enrolments import mark_files
from enrolments.access import LearnerContext, LearningAction, MarkFileContext
from enrolments.course_context import course_name
from enrolments.editions import class_options
from enrolments.grade_items import MaximumChanged, list_items
from enrolments.gradebook import record_report_export
from enrolments.mark_files import ListedMarks, MarksCheck, TooManyMarks, check_marks, heading_of, read_marks
from enrolments.models import PendingMarkFile
from enrolments.views.gradebook import filter_of, get_published
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _
from kernel.left_out import ReadList
from kernel.permissions import Actor
from kernel.tables import Sheet
from kernel.web import after_response
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, reading_file, requires, see_page
from kernel.web.table import requested_page, send_sheets
from kernel.web.uploads import UploadForm, send_faults

bp = Blueprint("enrolments_mark_files", __name__)

LARGEST = 5_000_000
"""Bytes of a file."""
ROWS = 100
"""Changes on one page of the review."""
MOST_FAULTS = 200
BEFORE = (N_("Name"), N_("Email address"), N_("Edition"))


def _reader(context: LearnerContext) -> partial[ReadList[ListedMarks]]:
    session = current_session()
    items, retired = list_items(session, context.course_id), list_items(session, context.course_id, retired=True)
    return partial(read_marks, items=items, retired=retired)


@bp.route("/teaching/<slug>/gradebook/mark-files", methods=["GET", "POST"])
@requires(LearningAction.LOAD_MARKS, get_published, reads_first=True, body_limit=LARGEST)
def upload(context: LearnerContext) -> Answer:
    """Offer the sheet to fill in, and take it; the next page shows what would come of it."""
    form, items = UploadForm(), list_items(current_session(), context.course_id)
    if form.validate_on_submit():
        read = form.read(_reader(context))
        if read is not None:
            sent = UploadedList(form.file_name, form.content, read.total)
            row = mark_files.receive_marks(begin_writing(), current_actor(), context.course_id, sent, now=clock.now())
            return see_page("enrolments_mark_files.preview", slug=context.slug, pending=row.uuid)
    return page(
        "enrolments/marks_upload.html",
        course=course_name(context),
        form=form,
        items=items,
        largest=LARGEST,
        options=class_options(current_session(), context.course_id),
        filters=filter_of(request.args, by_address=True),
    )


def _send_sheet(context: LearnerContext, kind: str) -> Response:
    session, actor, now = current_session(), current_actor(), clock.now()
    items = list_items(session, context.course_id)
    rows = mark_files.list_marked(session, context.course_id, items, filter_of(request.args, by_address=True), now=now)
    headings = [*(_(name) for name in BEFORE), *map(heading_of, items), _(mark_files.SEEN)]
    sheet: Sheet = (_("Grades"), headings, rows)
    answer = send_sheets(f"{context.slug}-marks.{kind}", [sheet])
    after_response.leave_record(lambda session: record_report_export(session, actor, context.course_id, f"marks.{kind}", now=now))
    return answer


@bp.get("/teaching/<slug>/gradebook/marks.csv")
@requires(LearningAction.EXPORT, get_published)
def sheet_csv(context: LearnerContext) -> Response:
    """Send the learners that the address asks for with their present marks by hand, to be filled in."""
    return _send_sheet(context, "csv")


@bp.get("/teaching/<slug>/gradebook/marks.xlsx")
@requires(LearningAction.EXPORT, get_published)
def sheet_workbook(context: LearnerContext) -> Response:
    """Send the same as a workbook."""
    return _send_sheet(context, "xlsx")


def _get_file(session: Session, actor: Actor, slug: str, pending: UUID) -> MarkFileContext:
    context = get_published(session, actor, slug)
    of_course = PendingMarkFile.course_id == context.course_id
    return MarkFileContext(context, get_pending_upload(session, PendingMarkFile, actor.person_id, pending, of_course))


def _check(subject: MarkFileContext) -> tuple[MarksCheck, ReadList[ListedMarks]]:
    """Return the effect that a file would have now, and the file as it was read."""
    reader = _reader(subject.context)
    with reading_file():
        read = reader(subject.pending.content)
    session, course_id = current_session(), subject.context.course_id
    checked = check_marks(session, current_actor(), course_id, list_items(session, course_id), read.entries)
    checked.faults = sorted((*read.faults, *checked.faults), key=lambda fault: fault.line)
    return checked, read


def _review(subject: MarkFileContext, checked: MarksCheck, read: ReadList[ListedMarks]) -> Response:
    requested = requested_page(ROWS)
    return page(
        "enrolments/marks_preview.html",
        course=course_name(subject.context),
        pending=subject.pending,
        checked=checked,
        rows=read,
        page=requested.of(checked.changes[requested.offset :][: ROWS + 1]),
        faults=checked.faults[:MOST_FAULTS],
        people=len({change.enrolment_id for change in checked.changes}),
        too_many=len(checked.changes) > mark_files.MOST_CHANGES,
        most=mark_files.MOST_CHANGES,
    )


@bp.get("/teaching/<slug>/gradebook/mark-files/<uuid:pending>")
@requires(LearningAction.LOAD_MARKS, _get_file)
def preview(subject: MarkFileContext) -> Answer:
    """Show which marks a file changes, person by person, and what of it does nothing and why; once confirmed, what came of it."""
    return _review(subject, *_check(subject))


@bp.get("/teaching/<slug>/gradebook/mark-files/<uuid:pending>/errors.csv")
@requires(LearningAction.LOAD_MARKS, _get_file)
def faults(subject: MarkFileContext) -> Response:
    """Send what of a file does nothing, each line with its cause."""
    return send_faults(_check(subject)[0].faults, subject.pending.content)


@bp.post("/teaching/<slug>/gradebook/mark-files/<uuid:pending>/confirmation")
@requires(LearningAction.LOAD_MARKS, _get_file, reads_first=True)
def confirm(subject: MarkFileContext) -> Answer:
    """Write down the marks that a file changes, if they are the ones that the review showed."""
    checked, read = _check(subject)
    if subject.pending.confirmed_at is None and request.form.get("shown") != checked.digest:
        flash(_("Something changed since this review was shown, so nothing was saved. Check it again."), "warn")
        return _review(subject, checked, read), 409
    try:
        result = mark_files.confirm_marks(begin_writing(), current_actor(), subject.pending, checked.changes, now=clock.now())
    except (MaximumChanged, TooManyMarks) as refused:
        flash(_(refused.text, **refused.facts), "warn")
        return _review(subject, *_check(subject)), 409
    if result.conflicts:
        flash(_("Something changed since this review was shown, so nothing was saved. Check it again."), "warn")
        return _review(subject, *_check(subject)), 409
    return see_page("enrolments_mark_files.preview", slug=subject.context.slug, pending=subject.pending.uuid)


@bp.post("/teaching/<slug>/gradebook/mark-files/<uuid:pending>/discarding")
@requires(LearningAction.LOAD_MARKS, _get_file)
def discard(subject: MarkFileContext) -> Answer:
    """Delete a file of marks."""
    mark_files.discard_marks(current_session(), current_actor(), subject.pending, now=clock.now())
    flash(_("The file has been discarded. No mark was changed."), "ok")
    return see_page("enrolments_mark_files.upload", slug=subject.context.slug)
