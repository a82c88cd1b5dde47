"""Queries of starting an attempt, once no other request of the learner starts one or begins a further take."""

from dataclasses import asdict

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.models import Enrolment
from quizzes.models import Attempt
from quizzes.queries.attempts import HISTORY_COLUMNS, IN_HISTORY, AttemptRow, row_of
from quizzes.queries.effective_settings import PersonQuizKey

_TAKE_WITH_HISTORY = (
    select(Enrolment.superseded_at, *HISTORY_COLUMNS)
    .select_from(Person)
    .outerjoin(Enrolment, Enrolment.id == bindparam("enrolment_id"))
    .outerjoin(Attempt, and_(*IN_HISTORY))
    .where(Person.id == bindparam("person_id"))
    .order_by(Attempt.number)
)


def find_history(session: Session, key: PersonQuizKey) -> list[AttemptRow] | None:
    """Return a learner's attempts at a quiz in their take of its course, as `list_attempts` does; None where the take is superseded.

    It is read after the lock of the learner: a take that began meanwhile is seen (spec/compulsory 6.2).
    """
    rows = session.execute(_TAKE_WITH_HISTORY, asdict(key)).all()
    if any(row.superseded_at is not None for row in rows):
        return None
    return [row_of(row) for row in rows if row.uuid is not None]


def list_seeds(session: Session, person_id: int, course_id: int, activity_key: str) -> list[int]:
    """Return the seeds, as stored, of a person's attempts at a quiz in all their takes of its course, the first one first."""
    mine = (Attempt.person_id == person_id, Attempt.course_id == course_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    return list(session.scalars(select(Attempt.seed).where(*mine).order_by(Attempt.id)))
