"""The report of attempts as its page and its files show it: filters, columns, and the download."""

from collections.abc import Iterable, Mapping
from functools import partial

from flask import Response

from kernel import clock
from kernel.errors import N_
from kernel.i18n import _
from kernel.tables import Sheet
from kernel.web import after_response
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor
from kernel.web.table import Column, Filter, Table, member_of, read_words, send_sheets
from questions.question_page import MISSING, decimal, figure, percentage
from quizzes.access import QuizContext
from quizzes.reports import AttemptOutcome, ReportRow, ReportSort, note_export
from quizzes.rules.states import AttemptState

STATES: Mapping[AttemptState, str] = {
    AttemptState.FINISHED: N_("Submitted"),
    AttemptState.IN_PROGRESS: N_("In progress"),
    AttemptState.OVERDUE: N_("Time up, not submitted"),
    AttemptState.ABANDONED: N_("Abandoned"),
}
OUTCOMES: Mapping[AttemptOutcome, str] = {
    AttemptOutcome.PASSED: N_("Passed"),
    AttemptOutcome.FAILED: N_("Not passed"),
    AttemptOutcome.WAITING: N_("Awaiting marking"),
}


def _points(row: ReportRow) -> str:
    return MISSING if row.raw is None else _("%(mark)s of %(maximum)s", mark=figure(row.raw), maximum=figure(row.maximum))


REPORT: Table[ReportRow] = Table(
    N_("Attempts"),
    (
        Column(N_("Name"), lambda row: row.name, N_("Given names and surnames."), name=ReportSort.NAME, sorts=True),
        Column(N_("Email address"), lambda row: row.email, N_("Email address used to sign in.")),
        Column(N_("Attempt"), lambda row: row.number, N_("This person's attempt number, from 1."), kind="number", name="number"),
        Column(
            N_("State"),
            lambda row: _(STATES.get(row.state, row.state.value)),
            N_("Submitted, in progress, time up, abandoned."),
            kind="state",
            name="state",
        ),
        Column(
            N_("Started"),
            lambda row: row.started_at,
            N_("Date and time in ISO 8601, in the time zone of the person downloading."),
            kind="moment",
            name=ReportSort.STARTED,
            sorts=True,
        ),
        Column(
            N_("Finished"),
            lambda row: row.finished_at,
            N_("Same format; empty while the attempt is open."),
            kind="moment",
            name=ReportSort.FINISHED,
            sorts=True,
        ),
        Column(
            N_("Minutes"),
            lambda row: decimal(row.minutes, 1),
            N_("From the start to the end."),
            kind="number",
            name="minutes",
            shown=lambda row: figure(row.minutes, 0),
        ),
        Column(
            N_("Points"),
            lambda row: decimal(row.raw),
            N_("Sum of the marks; empty while an answer awaits marking."),
            kind="number",
            name="points",
            shown=_points,
        ),
        Column(N_("Maximum"), lambda row: decimal(row.maximum), N_("Sum of the maximum marks.")),
        Column(
            N_("Percent"),
            lambda row: decimal(row.percent),
            N_("Points as a percentage of the maximum, from 0 to 100; not rounded for passing."),
        ),
        Column(N_("Passed"), lambda row: row.passed, N_("1 if passed, 0 if not; empty if there is no pass mark or it is not known yet.")),
        Column(N_("Form"), lambda row: row.form, N_("Letter of the parallel form; empty where the questions were drawn.")),
        Column(N_("Result"), kind="number", name=ReportSort.GRADE, sorts=True, shown=lambda row: percentage(row.percent, 2)),
    ),
    filters={
        "q": Filter(N_("Name"), read_words),
        "edition": Filter(N_("Edition"), as_uuid),
        "group": Filter(N_("Group"), as_uuid),
        "state": Filter(N_("State"), partial(member_of, AttemptState), STATES),
        "outcome": Filter(N_("Result"), partial(member_of, AttemptOutcome), OUTCOMES),
    },
)


def download(subject: QuizContext, what: str, sheets: Iterable[Sheet]) -> Response:
    """Send sheets as a file.

    `what` is the end of its name, "report.csv". That it was taken out is written down after the answer.
    """
    actor, now, answer = current_actor(), clock.now(), send_sheets(f"{subject.key}-{what}", sheets)
    after_response.leave_record(lambda session: note_export(session, actor, subject.course_id, subject.key, what, now=now))
    return answer
