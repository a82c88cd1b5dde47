"""The report of attempts as its page and its files show it: filters, columns, rows, and the download."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, TypeVar
from uuid import UUID

from flask import Response

from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, local
from kernel.tables import Cell, on_disk, type_of
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor
from questions.question_page import MISSING, decimal, figure, percentage
from quizzes.access import QuizContext
from quizzes.reports import AttemptOutcome, ReportFilter, ReportOrder, ReportRow, ReportSort, note_export
from quizzes.rules.states import AttemptState

LONGEST_SEARCH = 100
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
COLUMNS: Sequence[tuple[str, str]] = (
    (N_("Name"), N_("Given names and surnames.")),
    (N_("Email address"), N_("Email address used to sign in.")),
    (N_("Attempt"), N_("This person's attempt number, from 1.")),
    (N_("State"), N_("Submitted, in progress, time up, abandoned.")),
    (N_("Started"), N_("Date and time in ISO 8601, in the time zone of the person downloading.")),
    (N_("Finished"), N_("Same format; empty while the attempt is open.")),
    (N_("Minutes"), N_("From the start to the end.")),
    (N_("Points"), N_("Sum of the marks; empty while an answer awaits marking.")),
    (N_("Maximum"), N_("Sum of the maximum marks.")),
    (N_("Percent"), N_("Points as a percentage of the maximum, from 0 to 100; not rounded for passing.")),
    (N_("Passed"), N_("1 if passed, 0 if not; empty if there is no pass mark or it is not known yet.")),
    (N_("Form"), N_("Letter of the parallel form; empty where the questions were drawn.")),
)
"""Heading of each column of the download, and what it holds."""
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The request of a report's address; unknown values are left out."""

    wanted: ReportFilter
    order: ReportOrder

    def query(self, **changes: object) -> dict[str, str]:
        """Return the fields of an address that asks for the same, with some of them changed."""
        fields: dict[str, object] = {
            "q": self.wanted.words,
            "state": self.wanted.state,
            "outcome": self.wanted.outcome,
            "edition": self.wanted.edition,
            "group": self.wanted.group,
            "sort": self.order.by,
            "direction": "down" if self.order.descending else "",
        }
        return {name: str(value) for name, value in (fields | changes).items() if value}

    def sorted_by(self, order: str) -> dict[str, str]:
        """Return the fields that sort by a column, or turn its direction round."""
        turned = self.order.by == order and not self.order.descending
        return self.query(sort=order, direction="down" if turned else "")

    def direction(self, order: str) -> str:
        """Return what a heading says of its column: `ascending`, `descending`, or nothing."""
        if self.order.by != order:
            return ""
        return "descending" if self.order.descending else "ascending"


def report_query(arguments: Mapping[str, str], *, by_address: bool) -> ReportQuery:
    """Read the fields of an address; `by_address` for those who see the addresses of learners."""
    filters = ReportFilter(
        words=" ".join(arguments.get("q", "").split())[:LONGEST_SEARCH],
        by_address=by_address,
        state=chosen(AttemptState, arguments.get("state")),
        outcome=chosen(AttemptOutcome, arguments.get("outcome")),
        edition=as_uuid(arguments.get("edition", "")),
        group=as_uuid(arguments.get("group", "")),
    )
    order = ReportOrder(chosen(ReportSort, arguments.get("sort")) or ReportSort.NAME, arguments.get("direction") == "down")
    return ReportQuery(filters, order)


def chosen(names: type[Choice], text: str | None) -> Choice | None:
    """Return the member that a field names; None where it names none."""
    return next((name for name in names if name.value == text), None)


@dataclass(frozen=True, slots=True)
class ReportRowView:
    """One attempt as the page shows it."""

    uuid: UUID
    name: str
    email: str
    number: int
    state: str
    state_words: str
    started_at: datetime
    finished_at: datetime | None
    minutes: str
    points: str
    percent: str
    result: str
    form: str


def lines_of(rows: Iterable[ReportRow]) -> list[ReportRowView]:
    """Return what the page shows of attempts."""
    return [
        ReportRowView(
            row.uuid,
            row.name,
            row.email,
            row.number,
            row.state.value,
            _(STATES[row.state]) if row.state in STATES else row.state.value,
            row.started_at,
            row.finished_at,
            figure(row.minutes, 0),
            MISSING if row.raw is None else _("%(mark)s of %(maximum)s", mark=figure(row.raw), maximum=figure(row.maximum)),
            percentage(row.percent, 2),
            _(OUTCOMES[outcome]) if (outcome := _outcome(row)) else "",
            row.form,
        )
        for row in rows
    ]


def _outcome(row: ReportRow) -> AttemptOutcome | None:
    if row.state is AttemptState.FINISHED and row.raw is None:
        return AttemptOutcome.WAITING
    return None if row.passed is None else AttemptOutcome.PASSED if row.passed else AttemptOutcome.FAILED


def choices(labels: Mapping[Choice, str]) -> list[tuple[str, str]]:
    """Return what a list offers: value and words."""
    return [(name.value, _(text)) for name, text in labels.items()]


def headings() -> list[str]:
    """Return the first row of the download."""
    return [_(name) for name, _meaning in COLUMNS]


def download_rows(rows: Iterable[ReportRow]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the download as they come."""
    labels = {state: _(text) for state, text in STATES.items()}
    for row in rows:
        yield (
            row.name,
            row.email,
            row.number,
            labels.get(row.state, row.state.value),
            local(row.started_at).isoformat(timespec="seconds"),
            "" if row.finished_at is None else local(row.finished_at).isoformat(timespec="seconds"),
            decimal(row.minutes, 1),
            decimal(row.raw),
            decimal(row.maximum),
            decimal(row.percent),
            None if row.passed is None else int(row.passed),
            row.form,
        )


def download(subject: QuizContext, what: str, write: Callable[[BinaryIO], None]) -> Response:
    """Send a table as a file.

    `what` is the end of its name, "report.csv". That it was taken out is written down after the answer.
    """
    actor, now, file = current_actor(), clock.now(), on_disk(write)
    after_response.leave_record(lambda session: note_export(session, actor, subject.course_id, subject.key, what, now=now))
    return send_generated(file, type_of(what), f"{subject.key}-{what}")
