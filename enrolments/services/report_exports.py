"""Exports of a course's marks by the team, which leave an entry in the audit log (spec/security 8.1)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses.models import Course
from kernel import audit
from kernel.permissions import Actor
from organisations.models import Organisation


class FollowingVerb(StrEnum):
    """The audit verbs of learners' marks."""

    EXPORTED = "gradebook.exported"
    UNIT_EXPORTED = "unit.exported"


def record_report_export(session: Session, actor: Actor, course_id: int, what: str, *, now: datetime) -> None:
    """Record the export of a gradebook: `what` names its format."""
    audit.record(session, actor, FollowingVerb.EXPORTED, session.get_one(Course, course_id), now=now, what=what)


def record_unit_export(session: Session, actor: Actor, organisation_id: int, course: str, *, now: datetime) -> None:
    """Record the export of the course progress of a unit's people."""
    audit.record(session, actor, FollowingVerb.UNIT_EXPORTED, session.get_one(Organisation, organisation_id), now=now, course=course)
