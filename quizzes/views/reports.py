"""The report of a quiz's attempts for its course's staff: a page that filters and sorts, and the same as CSV, XLSX and ODS."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from flask import Blueprint, Response, render_template, request

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.access import edits
from courses.models import Course
from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.i18n import _
from kernel.tables import Cell, Sheet, on_disk, type_of, write_csv, write_ods, write_xlsx
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.paging import Page, requested_page
from kernel.web.request import allows, current_actor, current_session, requires
from quizzes.pages.introduction import activity_header
from quizzes.pages.reports import COLUMNS, OUTCOMES, STATES, ReportQuery, choices, download_rows, headings, lines_of, report_query
from quizzes.permissions import QuizAction, QuizContext
from quizzes.queries import reports, teaching
from quizzes.services.reports import note_export

bp = Blueprint("quizzes_reports", __name__)

ROWS = 50


@bp.get("/courses/<slug>/quizzes/<key>/report")
@requires(QuizAction.REPORT, teaching.get_taught_quiz)
def attempts(subject: QuizContext) -> str:
    """Show one page of the attempts at a quiz."""
    session, query, page = current_session(), _query_from_address(subject), requested_page(ROWS)
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, subject.course_id)
    rows = reports.list_report(session, subject.course_id, subject.key, query.wanted, query.order, offset=page.offset, limit=page.size + 1)
    return render_template(
        "quizzes/report.html",
        **activity_header(subject.outline, subject.key),
        asked=query,
        counts=reports.count_report(session, subject.course_id, subject.key, query.wanted),
        page=Page(lines_of(rows[:ROWS]), page.number, len(rows) > ROWS),
        states=choices(STATES),
        outcomes=choices(OUTCOMES),
        editions=[line.edition for line in list_editions(session, subject.course_id)],
        groups=list_groups(session, subject.course_id),
        shows_email=edits(current_actor(), subject.staff_role),
        may_export=allows(QuizAction.EXPORT_REPORT, subject),
    )


def _query_from_address(subject: QuizContext) -> ReportQuery:
    return report_query(request.args, by_address=edits(current_actor(), subject.staff_role))


def download(subject: QuizContext, what: str, write: Callable[[BinaryIO], None]) -> Response:
    """Send a table as a file.

    `what` is the end of its name, "report.csv". That it was taken out is written down after the answer.
    """
    actor, now, file = current_actor(), clock.now(), on_disk(write)
    after_response.leave_record(lambda session: note_export(session, actor, subject.course_id, subject.key, what, now=now))
    return send_generated(file, type_of(what), f"{subject.key}-{what}")


@bp.get("/courses/<slug>/quizzes/<key>/report.csv")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_csv(subject: QuizContext) -> Response:
    """Send every attempt of the report as CSV, in its order."""
    query = _query_from_address(subject)
    return download(subject, "report.csv", lambda file: write_csv(file, headings(), _rows(subject, query)))


@bp.get("/courses/<slug>/quizzes/<key>/report.xlsx")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_xlsx(subject: QuizContext) -> Response:
    """Send every attempt of the report as a workbook, with a sheet that says what the columns hold."""
    sheets = _sheets(subject, _query_from_address(subject))
    return download(subject, "report.xlsx", lambda file: write_xlsx(file, sheets))


@bp.get("/courses/<slug>/quizzes/<key>/report.ods")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_ods(subject: QuizContext) -> Response:
    """Send the same as an OpenDocument spreadsheet."""
    sheets = _sheets(subject, _query_from_address(subject))
    return download(subject, "report.ods", lambda file: write_ods(file, sheets))


def _sheets(subject: QuizContext, query: ReportQuery) -> list[Sheet]:
    dictionary = (_("Columns"), [_("Column"), _("Meaning")], [[_(name), _(meaning)] for name, meaning in COLUMNS])
    return [(_("Attempts"), headings(), _rows(subject, query)), dictionary]


def _rows(subject: QuizContext, query: ReportQuery) -> Iterator[Sequence[Cell]]:
    stream = reports.stream_report(current_session(), subject.course_id, subject.key, query.wanted, query.order)
    return download_rows(stream)
