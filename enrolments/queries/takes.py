"""Reading the takes of a course: which there are, and completions in any of them (spec/compulsory 6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from enrolments.models import Completion, Enrolment

_Other, _Completed = aliased(Enrolment), aliased(Completion)


def completed_in_any_take() -> ColumnElement[datetime | None]:
    """Return when the person of an `enrolment` completed the course: in this take, else last in one before.

    The statement joins the `completion` of the enrolment.
    """
    earlier = (
        select(func.max(_Completed.completed_at))
        .join(_Other, _Other.id == _Completed.enrolment_id)
        .where(_Other.person_id == Enrolment.person_id, _Other.course_id == Enrolment.course_id)
        .correlate(Enrolment)
    )
    return func.coalesce(Completion.completed_at, case((Enrolment.take > 1, earlier.scalar_subquery())))


@dataclass(frozen=True, slots=True)
class TakeRow:
    """One take of a course by a person."""

    enrolment_id: int
    version_id: int
    take: int
    since: datetime
    ended_at: datetime | None
    is_present: bool
    done: int
    total: int
    completed_at: datetime | None


def list_takes(session: Session, person_id: int, course_id: int) -> list[TakeRow]:
    """List a person's takes of a course, the newest first."""
    statement = (
        select(
            Enrolment.id,
            Enrolment.course_version_id,
            Enrolment.take,
            Enrolment.enrolled_at,
            Enrolment.left_at,
            Enrolment.superseded_at.is_(None),
            Enrolment.done,
            Enrolment.total,
            Completion.completed_at,
        )
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == course_id)
        .order_by(Enrolment.take.desc())
    )
    return [TakeRow(*row) for row in session.execute(statement)]
