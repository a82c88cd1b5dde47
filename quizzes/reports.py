"""Read the attempts at a quiz as a report, and record its exports."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from accounts.rules import viewer_role
from courses import catalogue
from enrolments.gradebook import within
from kernel import audit
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.rules.states import AttemptState

BATCH = 1000


class AttemptOutcome(StrEnum):
    """The outcome of an attempt."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"
    """Handed in, and something waits for a grader."""


class ReportSort(StrEnum):
    """The sort key of a report."""

    NAME = "name"
    STARTED = "started"
    FINISHED = "finished"
    GRADE = "grade"


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """The filter of a report: words of the name or address, a state, an outcome, an edition or group; nothing each: all."""

    words: str = ""
    by_address: bool = field(default=False, compare=False)
    """The words may be of addresses too: only for those who see them."""
    state: AttemptState | None = None
    outcome: AttemptOutcome | None = None
    edition: UUID | None = None
    group: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """The sort order of a report."""

    by: ReportSort = ReportSort.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One attempt of a report."""

    uuid: UUID
    name: str
    email: str
    number: int
    state: AttemptState
    started_at: datetime
    finished_at: datetime | None
    raw: Fraction | None
    maximum: Fraction
    percent: Fraction | None
    passed: bool | None
    form: str
    """Letter of its parallel form; '' where its questions were drawn."""

    @property
    def minutes(self) -> Fraction | None:
        """Return how long it took."""
        return None if self.finished_at is None else Fraction(round((self.finished_at - self.started_at).total_seconds()), 60)

    @property
    def outcome(self) -> AttemptOutcome | None:
        """Return how it came out; None where it is open or has no pass mark."""
        if self.state is AttemptState.FINISHED and self.raw is None:
            return AttemptOutcome.WAITING
        return None if self.passed is None else AttemptOutcome.PASSED if self.passed else AttemptOutcome.FAILED


_WAITING = (Attempt.state == AttemptState.FINISHED.value) & Attempt.raw.is_(None)
_OUTCOMES: dict[AttemptOutcome, ColumnElement[bool]] = {
    AttemptOutcome.PASSED: Attempt.passed.is_(True),
    AttemptOutcome.FAILED: Attempt.passed.is_(False),
    AttemptOutcome.WAITING: _WAITING,
}
_ORDERS: dict[ReportSort, tuple[ColumnElement[Any], ...]] = {
    ReportSort.NAME: by_name(),
    ReportSort.STARTED: (Attempt.started_at.expression,),
    ReportSort.FINISHED: (func.coalesce(Attempt.finished_at, Attempt.started_at),),
    ReportSort.GRADE: (func.coalesce(Attempt.percent, -1),),
}


def _conditions(course_id: int, activity_key: str, filters: ReportFilter) -> list[ColumnElement[bool]]:
    conditions = [
        *(Attempt.course_id == course_id, Attempt.activity_key == activity_key, ~Attempt.preview),
        *name_matches(filters.words, with_address=filters.by_address),
        *within(Attempt.enrolment_id, filters.edition, filters.group),
    ]
    if filters.state is not None:
        conditions.append(Attempt.state == filters.state.value)
    if filters.outcome is not None:
        conditions.append(_OUTCOMES[filters.outcome])
    return conditions


_COLUMNS = (
    Attempt.uuid,
    Person.given_names,
    Person.first_surname,
    Person.second_surname,
    Person.email,
    Attempt.number,
    Attempt.state,
    Attempt.started_at,
    Attempt.finished_at,
    Attempt.raw,
    Attempt.maximum,
    Attempt.percent,
    Attempt.passed,
    Attempt.form,
)


def _rows() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).join(Person, Person.id == Attempt.person_id)


def _report(course_id: int, activity_key: str, filters: ReportFilter, order: ReportOrder) -> Select[*tuple[Any, ...]]:
    columns = [column.desc() if order.descending else column.asc() for column in _ORDERS[order.by]]
    return _rows().where(*_conditions(course_id, activity_key, filters)).order_by(*columns, Attempt.id)


def _row(row: Row[*tuple[Any, ...]]) -> ReportRow:
    return ReportRow(
        row.uuid,
        full_name(row.given_names, row.first_surname, row.second_surname),
        row.email,
        number=row.number,
        state=AttemptState(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        raw=None if row.raw is None else Fraction(row.raw),
        maximum=Fraction(row.maximum),
        percent=None if row.percent is None else Fraction(row.percent),
        passed=row.passed,
        form=row.form,
    )


def list_report(
    session: Session, course_id: int, activity_key: str, filters: ReportFilter, order: ReportOrder, *, offset: int, limit: int
) -> list[ReportRow]:
    """List some of a quiz's attempts, previews left out."""
    statement = _report(course_id, activity_key, filters, order).offset(offset).limit(limit)
    return [_row(row) for row in session.execute(statement)]


def list_marked(session: Session, ids: Select[int], *, offset: int, limit: int) -> list[ReportRow]:
    """List some of the attempts with such ids, the highest result first."""
    statement = _rows().where(Attempt.id.in_(ids)).order_by(Attempt.percent.desc(), *by_name(), Attempt.id)
    return [_row(row) for row in session.execute(statement.offset(offset).limit(limit))]


def stream_report(session: Session, course_id: int, activity_key: str, filters: ReportFilter, order: ReportOrder) -> Iterator[ReportRow]:
    """Yield every attempt of a report from one statement, some at a time: memory does not grow with their number."""
    statement = _report(course_id, activity_key, filters, order)
    for row in session.execute(statement, execution_options={"yield_per": BATCH}):
        yield _row(row)


def count_report(session: Session, course_id: int, activity_key: str, filters: ReportFilter) -> Row[int, int, int, int, int]:
    """Count the `attempts` and `people` that a report shows, and its attempts that are `finished`, `passed` and `waiting` for a grader."""
    statement = (
        select(
            func.count().label("attempts"),
            func.count(func.distinct(Attempt.person_id)).label("people"),
            func.count().filter(Attempt.state == AttemptState.FINISHED.value).label("finished"),
            func.count().filter(Attempt.passed.is_(True)).label("passed"),
            func.count().filter(_WAITING).label("waiting"),
        )
        .select_from(Attempt)
        .join(Person, Person.id == Attempt.person_id)
        .where(*_conditions(course_id, activity_key, filters))
    )
    return session.execute(statement).one()


class ReportVerb(audit.Verb):
    """The audit verbs of reports."""

    EXPORTED = "quiz.exported"


def note_export(session: Session, actor: Actor, course_id: int, activity_key: str, what: str, *, now: datetime) -> None:
    """Record the export of a table: `what` names it and its format."""
    course = catalogue.get_course(session, course_id)
    audit.record(session, actor, ReportVerb.EXPORTED, course, now=now, activity=activity_key, what=what, role=viewer_role(actor))
