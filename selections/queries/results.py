"""The people of a selection with their attempts, as an acta freezes them (spec/selection 4.2 and 4.3)."""

from collections import defaultdict
from fractions import Fraction

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, Person, full_name
from enrolments.models import Enrolment
from quizzes.models import Attempt, AttemptItem, MarkEvent
from quizzes.rules.grades import AttemptGrade, read_exactly
from quizzes.rules.states import AttemptState
from selections.models import Selection, SelectionActaEntry
from selections.queries.selections import people_of
from selections.rules.ranking import Participant

_BASIS = (
    select(func.max(MarkEvent.id))
    .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
    .where(AttemptItem.attempt_id == Attempt.id)
    .correlate(Attempt)
    .scalar_subquery()
)


_ENDED = (AttemptState.SUBMITTED.value, AttemptState.FINISHED.value, AttemptState.ABANDONED.value)


def list_participants(session: Session, selection: Selection, amended: int | None = None) -> list[Participant]:
    """List everybody of a selection with their ended attempts, by name; in one statement, so that it is of one moment.

    With the number of an acta that is `amended`: the people of that acta, whoever left the course or took it again since, and of the
    others now in the selection those who have sat. An account that was merged counts as the one that stays.
    """
    of_attempt = (Attempt.number, Attempt.state, Attempt.raw, Attempt.maximum, Attempt.percent, _BASIS.label("basis"))
    theirs = (
        (Attempt.enrolment_id == Enrolment.id)
        & (Attempt.activity_key == selection.activity_key)
        & ~Attempt.preview
        & Attempt.state.in_(_ENDED)
    )
    statement = (
        select(
            *(Enrolment.id.label("enrolment_id"), Person.id, Person.given_names, Person.first_surname, Person.second_surname),
            *(Person.name_key, *of_attempt),
        )
        .outerjoin(AccountMerge, AccountMerge.closed_id == Enrolment.person_id)
        .join(Person, Person.id == func.coalesce(AccountMerge.kept_id, Enrolment.person_id))
        .outerjoin(Attempt, theirs)
        .where(people_of(selection) if amended is None else _of_amended(selection, amended))
        .order_by(Person.name_key, Person.id, Enrolment.id, Attempt.number)
    )
    by_enrolment = defaultdict[int, list[Row[tuple[object, ...]]]](list)
    for row in session.execute(statement):
        by_enrolment[row.enrolment_id].append(row)
    return [_participant(rows) for rows in by_enrolment.values()]


def _of_amended(selection: Selection, acta_id: int) -> ColumnElement[bool]:
    """Return a condition on `enrolment` and `attempt`: the takes of an acta's lines, and those of others now in it who have sat."""
    lines = select(SelectionActaEntry.enrolment_id).where(SelectionActaEntry.acta_id == acta_id)
    people = select(SelectionActaEntry.person_id).where(SelectionActaEntry.acta_id == acta_id)
    came = and_(people_of(selection), Enrolment.person_id.not_in(people), Attempt.id.is_not(None))
    return or_(Enrolment.id.in_(lines), came)


def _participant(rows: list[Row[tuple[object, ...]]]) -> Participant:
    first, sat = rows[0], [row for row in rows if row.number is not None]
    return Participant(
        id=first.id,
        name=full_name(first.given_names, first.first_surname, first.second_surname),
        order=f"{first.name_key} {first.id} {first.enrolment_id}",
        attempts=tuple(AttemptGrade(row.number, _percent(row), abandoned=row.state == AttemptState.ABANDONED.value) for row in sat),
        is_waiting=any(row.state != AttemptState.ABANDONED.value and row.raw is None for row in sat),
        basis=max((row.basis or 0 for row in sat), default=0),
        enrolment_id=first.enrolment_id,
    )


def _percent(row: Row[tuple[object, ...]]) -> Fraction | None:
    """Return a result without rounding: marks of thirds and sixths are kept with seven decimals and read as what they were."""
    if row.percent is None or row.raw is None:
        return None
    raw, maximum = (read_exactly("", Fraction(value)) for value in (row.raw, row.maximum))
    return None if raw is None or not maximum else raw / maximum * 100
