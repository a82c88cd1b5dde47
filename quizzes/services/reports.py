"""What staff take out of a quiz leaves an entry in the audit log (spec/security 8.1)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses.queries import catalogue as course_catalogue
from kernel import audit
from kernel.permissions import Actor


class ReportVerb(StrEnum):
    """What is done with reports."""

    EXPORTED = "quiz.exported"


def note_export(session: Session, actor: Actor, course_id: int, activity_key: str, what: str, *, now: datetime) -> None:
    """Write down that somebody took a table out: `what` names it and its format."""
    course = course_catalogue.get_course(session, course_id)
    audit.record(session, actor, ReportVerb.EXPORTED, course, now=now, activity=activity_key, what=what)
