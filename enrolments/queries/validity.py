"""Last valid days of completions: one source for certificates, audiences and obligations (spec/compulsory 6.4, 8.1 and 8.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.rules import Outline
from enrolments.models import Completion, Enrolment
from kernel.durations import ValidityTerms, last_valid_day


@dataclass(frozen=True, slots=True)
class AchievedTake:
    """A completed take of a course: its number, the moment of the last submission, and its last valid day."""

    take: int
    achieved_at: datetime
    valid_until: date | None


def last_day_of(session: Session, enrolment: Enrolment, outline: Outline, achieved_at: datetime) -> date | None:
    """Return the last valid day of a take of a course that was completed by a moment; None where it never ends."""
    terms = outline.validity
    if terms is None:
        return None
    before = list_achieved(session, enrolment.person_id, enrolment.course_id)
    return last_day_after(terms, ZoneInfo(outline.zone), achieved_at, (earlier for earlier in before if earlier.take < enrolment.take))


def last_day_after(terms: ValidityTerms, zone: ZoneInfo, achieved_at: datetime, before: Iterable[AchievedTake]) -> date:
    """Return the last valid day of what was achieved by a moment, after earlier takes of the same course (spec/compulsory 8.2)."""
    held = max((earlier.valid_until for earlier in before if earlier.valid_until is not None), default=None)
    return last_valid_day(terms, achieved_at.astimezone(zone).date(), held)


def list_achieved(session: Session, person_id: int, course_id: int) -> list[AchievedTake]:
    """List the takes of a course that a person completed, in their order."""
    statement = (
        select(Enrolment.take, Completion)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == course_id)
        .order_by(Enrolment.take)
    )
    rows = session.execute(statement).all()
    return [AchievedTake(take, completion.achieved_at or completion.completed_at, completion.valid_until) for take, completion in rows]
