"""The people of a selection with their attempts, as an acta freezes them (spec/selection 4.2 and 4.3)."""

from collections import defaultdict
from fractions import Fraction

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from enrolments.models import Enrolment
from quizzes.models import Attempt, AttemptItem, MarkEvent
from quizzes.rules.attempts import AttemptState
from quizzes.rules.grades import AttemptGrade, read_exactly
from selections.models import Selection
from selections.queries.selections import people_of
from selections.rules.ranking import Participant

_BASIS = (
    select(func.max(MarkEvent.id))
    .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
    .where(AttemptItem.attempt_id == Attempt.id)
    .correlate(Attempt)
    .scalar_subquery()
)


def list_participants(session: Session, selection: Selection) -> list[Participant]:
    """List everybody of a selection with their ended attempts, by name; in one statement, so that it is of one moment."""
    of_attempt = (Attempt.number, Attempt.state, Attempt.raw, Attempt.maximum, Attempt.percent, _BASIS.label("basis"))
    statement = (
        select(Person.id, Person.given_names, Person.first_surname, Person.second_surname, Person.name_key, *of_attempt)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .outerjoin(
            Attempt,
            (Attempt.enrolment_id == Enrolment.id)
            & (Attempt.activity_key == selection.activity_key)
            & ~Attempt.preview
            & Attempt.state.in_((AttemptState.SUBMITTED.value, AttemptState.FINISHED.value, AttemptState.ABANDONED.value)),
        )
        .where(people_of(selection))
        .order_by(Person.name_key, Person.id, Attempt.number)
    )
    found = defaultdict[int, list[Row[tuple[object, ...]]]](list)
    for row in session.execute(statement):
        found[row.id].append(row)
    return [_participant(rows) for rows in found.values()]


def _participant(rows: list[Row[tuple[object, ...]]]) -> Participant:
    first, sat = rows[0], [row for row in rows if row.number is not None]
    return Participant(
        id=first.id,
        name=full_name(first.given_names, first.first_surname, first.second_surname),
        order=f"{first.name_key} {first.id}",
        attempts=tuple(AttemptGrade(row.number, _percent(row), abandoned=row.state == AttemptState.ABANDONED.value) for row in sat),
        is_waiting=any(row.state != AttemptState.ABANDONED.value and row.raw is None for row in sat),
        basis=max((row.basis or 0 for row in sat), default=0),
    )


def _percent(row: Row[tuple[object, ...]]) -> Fraction | None:
    """Return a result without rounding: marks of thirds and sixths are kept with seven decimals and read as what they were."""
    if row.percent is None or row.raw is None:
        return None
    raw, maximum = (read_exactly("", Fraction(value)) for value in (row.raw, row.maximum))
    return None if raw is None or not maximum else raw / maximum * 100
