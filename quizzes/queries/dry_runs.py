"""Reading the results of a dry run (spec/quiz-engine 5.11.3): in figures, by page, and as a stream."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from quizzes.models import Attempt, RegradeDryRunRow


class DryRunFilter(StrEnum):
    """The lines of a dry run that a page shows."""

    CHANGED = "changed"
    FLIPS = "flips"
    CERTIFICATES = "certificates"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class DryRunCounts:
    """The results of a dry run, in figures; `gained` and `lost` are learners whose result passes now and no longer does."""

    attempts: int
    changed: int
    raised: int
    lowered: int
    gained: int
    lost: int
    certificates: int
    late: int


_GAINED = RegradeDryRunRow.result_after.is_(True) & RegradeDryRunRow.result_before.is_not(True)
_LOST = RegradeDryRunRow.result_before.is_(True) & RegradeDryRunRow.result_after.is_not(True)
_AWARDED = _LOST & (RegradeDryRunRow.award != "")


def count_lines(session: Session, regrade_id: int) -> DryRunCounts:
    """Return the results of a dry run in figures, in one statement."""
    people = RegradeDryRunRow.enrolment_id.distinct()
    row = session.execute(
        select(
            func.count(),
            func.count().filter(RegradeDryRunRow.changed),
            func.count().filter(RegradeDryRunRow.changed, RegradeDryRunRow.percent_after > RegradeDryRunRow.percent_before),
            func.count().filter(RegradeDryRunRow.changed, RegradeDryRunRow.percent_after < RegradeDryRunRow.percent_before),
            func.count(people).filter(_GAINED),
            func.count(people).filter(_LOST),
            func.count(people).filter(_AWARDED),
            func.count().filter(RegradeDryRunRow.late),
        ).where(RegradeDryRunRow.regrade_id == regrade_id)
    ).one()
    return DryRunCounts(*row)


@dataclass(frozen=True, slots=True)
class RegradeChangeRow:
    """One attempt of a dry run; percentages and outcomes before and after, and those of the learner's result."""

    attempt: UUID
    name: str
    number: int
    percent_before: Fraction | None
    percent_after: Fraction | None
    raw_before: Fraction | None
    raw_after: Fraction | None
    maximum_before: Fraction
    maximum_after: Fraction
    result_before: bool | None
    result_after: bool | None
    award: str
    changed: bool
    late: bool

    @property
    def gains(self) -> bool:
        """Say whether the learner passes now and did not before."""
        return bool(self.result_after) and not self.result_before

    @property
    def loses(self) -> bool:
        """Say whether the learner passed before and does not any more."""
        return bool(self.result_before) and not self.result_after


def _lines(regrade_id: int, show: DryRunFilter) -> Select[*tuple[Any, ...]]:
    conditions = {
        DryRunFilter.CHANGED: RegradeDryRunRow.changed,
        DryRunFilter.FLIPS: _GAINED | _LOST,
        DryRunFilter.CERTIFICATES: _AWARDED,
        DryRunFilter.ALL: RegradeDryRunRow.regrade_id == regrade_id,
    }
    return (
        select(RegradeDryRunRow, Attempt.uuid, Attempt.number, Person.given_names, Person.first_surname, Person.second_surname)
        .join(Attempt, Attempt.id == RegradeDryRunRow.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(RegradeDryRunRow.regrade_id == regrade_id, conditions[show])
        .order_by(func.lower(Person.first_surname), func.lower(Person.second_surname), func.lower(Person.given_names), Attempt.id)
    )


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _change_row(row: Row[*tuple[Any, ...]]) -> RegradeChangeRow:
    line: RegradeDryRunRow = row[0]
    return RegradeChangeRow(
        attempt=row.uuid,
        name=full_name(row.given_names, row.first_surname, row.second_surname),
        number=row.number,
        percent_before=_fraction(line.percent_before),
        percent_after=_fraction(line.percent_after),
        raw_before=_fraction(line.raw_before),
        raw_after=_fraction(line.raw_after),
        maximum_before=Fraction(line.maximum_before),
        maximum_after=Fraction(line.maximum_after),
        result_before=line.result_before,
        result_after=line.result_after,
        award=line.award,
        changed=line.changed,
        late=line.late,
    )


def list_lines(session: Session, regrade_id: int, show: DryRunFilter, *, offset: int, limit: int) -> list[RegradeChangeRow]:
    """List some lines of a dry run, by learner."""
    return [_change_row(row) for row in session.execute(_lines(regrade_id, show).offset(offset).limit(limit))]


def stream_lines(session: Session, regrade_id: int, show: DryRunFilter) -> Iterator[RegradeChangeRow]:
    """Yield every line of a dry run, a thousand in memory at a time."""
    for row in session.execute(_lines(regrade_id, show).execution_options(yield_per=1000)):
        yield _change_row(row)


def list_quiz_versions(session: Session, regrade_id: int) -> list[int]:
    """List the quiz versions of the attempts that a regrade looked at."""
    statement = (
        select(Attempt.quiz_version_id)
        .join(RegradeDryRunRow, RegradeDryRunRow.attempt_id == Attempt.id)
        .where(RegradeDryRunRow.regrade_id == regrade_id)
        .distinct()
        .order_by(Attempt.quiz_version_id)
    )
    return list(session.scalars(statement))
