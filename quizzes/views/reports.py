"""Pages of a quiz for its course team: its tools, and the report of attempts with its files."""

from flask import Blueprint, Response, url_for

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.access import edits
from courses.models import Course
from enrolments.course_context import activity_header
from enrolments.editions import class_options
from kernel.db import HookList
from kernel.i18n import _
from kernel.web.request import allows, current_actor, current_session, page, requires
from kernel.web.table import ListQuery, requested_page
from quizzes import reports, snapshots, teaching
from quizzes.access import QuizAction, QuizContext
from quizzes.quiz_page import StaffToolLink, tools_in_order
from quizzes.report_page import OUTCOMES, REPORT, download
from quizzes.reports import ReportFilter, ReportOrder, ReportSort

manage_bp = Blueprint("quizzes_manage", __name__)


QUIZ_TOOLS = HookList[StaffToolLink]("quiz_tools")
"""Gives the links on the page of a quiz."""


@manage_bp.get("/courses/<slug>/quizzes/<key>/manage")
@requires(QuizAction.MANAGE, teaching.get_taught_quiz)
def manage(subject: QuizContext) -> Response:
    """Show how a quiz stands and what can be done with it."""
    session = current_session()
    selects = snapshots.get_snapshot_of_activity(session, subject.activity_id).selection is not None
    tools = [
        {"url": url_for(tool.endpoint, slug=subject.slug, key=subject.key), "icon": tool.icon, "title": _(tool.title), "text": _(tool.text)}
        for tool in tools_in_order(QUIZ_TOOLS.of(session))
        if (selects or not tool.selecting) and allows(tool.action, subject)
    ]
    return page(
        "quizzes/manage.html",
        **activity_header(subject.outline, subject.key),
        counts=teaching.count_attempts(session, subject),
        tools=tools,
        may_delete=allows(QuizAction.REGRADE, subject),
    )


reports_bp = Blueprint("quizzes_reports", __name__)

ROWS = 50


@reports_bp.get("/courses/<slug>/quizzes/<key>/report")
@requires(QuizAction.REPORT, teaching.get_taught_quiz)
def attempts(subject: QuizContext) -> Response:
    """Show one page of the attempts at a quiz."""
    session, query, paging = current_session(), REPORT.query(), requested_page(ROWS)
    filters, order = _filter(subject, query), _order(query)
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, subject.course_id)
    rows = reports.list_report(session, subject.course_id, subject.key, filters, order, offset=paging.offset, limit=paging.size + 1)
    return page(
        "quizzes/report.html",
        **activity_header(subject.outline, subject.key),
        query=query,
        table=REPORT,
        counts=reports.count_report(session, subject.course_id, subject.key, filters),
        page=paging.of(rows),
        outcomes=OUTCOMES,
        options=class_options(session, subject.course_id),
        shows_email=edits(current_actor(), subject.staff_role),
        may_export=allows(QuizAction.EXPORT_REPORT, subject),
    )


def _filter(subject: QuizContext, query: ListQuery) -> ReportFilter:
    """Return the filter of a report; words are of addresses too for those who see the addresses of learners."""
    fields = dict(query.filters)
    return ReportFilter(fields.pop("q"), by_address=edits(current_actor(), subject.staff_role), **fields)


def _order(query: ListQuery) -> ReportOrder:
    return ReportOrder(ReportSort(query.sort), query.descends)


@reports_bp.get("/courses/<slug>/quizzes/<key>/report.csv")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_csv(subject: QuizContext) -> Response:
    """Send every attempt of the report as CSV, in its order."""
    return _file(subject, "report.csv")


@reports_bp.get("/courses/<slug>/quizzes/<key>/report.xlsx")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_xlsx(subject: QuizContext) -> Response:
    """Send every attempt of the report as a workbook, with a sheet that says what the columns hold."""
    return _file(subject, "report.xlsx")


@reports_bp.get("/courses/<slug>/quizzes/<key>/report.ods")
@requires(QuizAction.EXPORT_REPORT, teaching.get_taught_quiz)
def attempts_ods(subject: QuizContext) -> Response:
    """Send the same as an OpenDocument spreadsheet."""
    return _file(subject, "report.ods")


def _file(subject: QuizContext, what: str) -> Response:
    query = REPORT.query()
    rows = reports.stream_report(current_session(), subject.course_id, subject.key, _filter(subject, query), _order(query))
    return download(subject, what, REPORT.sheets(rows))
