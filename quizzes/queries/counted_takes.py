"""The takes of a course that count in the statistics of its quizzes (spec/compulsory 6.7)."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from quizzes.models import Attempt
from quizzes.rules.statistics import CountedTakes


def in_takes(takes: CountedTakes) -> list[ColumnElement[bool]]:
    """Select the attempts of the takes that count; where all do, nothing is asked."""
    others = {CountedTakes.PRESENT: Enrolment.superseded_at.is_not(None), CountedTakes.FIRST: Enrolment.take > 1}
    return [] if takes is CountedTakes.ALL else [~exists().where(Enrolment.id == Attempt.enrolment_id, others[takes])]


def is_taken_again(session: Session, course_id: int) -> bool:
    """Return whether anyone has taken a course more than once."""
    return session.scalar(select(Enrolment.id).where(Enrolment.course_id == course_id, Enrolment.take > 1).limit(1)) is not None
