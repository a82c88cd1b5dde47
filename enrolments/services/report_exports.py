"""What the team takes out of a course's marks leaves an entry in the audit log (spec/security 8.1)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses.models import Course
from kernel import audit
from kernel.permissions import Actor
from organisations.models import Organisation


class FollowingVerb(StrEnum):
    """What is done with the marks of those who take a course."""

    EXPORTED = "gradebook.exported"
    UNIT_EXPORTED = "unit.exported"


def record_report_export(session: Session, actor: Actor, course_id: int, what: str, *, now: datetime) -> None:
    """Write down that somebody took the gradebook out: `what` names its format."""
    audit.record(session, actor, FollowingVerb.EXPORTED, session.get_one(Course, course_id), now=now, what=what)


def record_unit_export(session: Session, actor: Actor, organisation_id: int, course: str, *, now: datetime) -> None:
    """Write down that somebody took out how the people of a place get on in a course."""
    audit.record(session, actor, FollowingVerb.UNIT_EXPORTED, session.get_one(Organisation, organisation_id), now=now, course=course)
