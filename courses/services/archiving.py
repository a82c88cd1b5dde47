"""Archiving of a course: learners keep reading it; nobody enrols, nothing is answered, written or published. It can be restored."""

from datetime import datetime

from sqlalchemy.orm import Session

from courses.audit_verbs import CourseVerb
from courses.models import Course
from courses.services import publication_plans
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


def archive(session: Session, actor: Actor, course: Course, reason: str, *, now: datetime) -> bool:
    """Put a locked course away and call off what waits to be published; say whether that changed anything.

    Raise Conflict where it was never published.
    """
    if course.published_version_id is None:
        raise Conflict(N_("This course was never published, so there is nothing to archive. You can delete it."))
    if course.archived_at is not None:
        return False
    course.archived_at = now
    publication_plans.cancel_open_plan(session, actor, course, now=now)
    audit.record(session, actor, CourseVerb.ARCHIVED, course, now=now, reason=reason)
    return True


def unarchive(session: Session, actor: Actor, course: Course, reason: str, *, now: datetime) -> bool:
    """Bring a locked course back that was put away; say whether that changed anything."""
    if course.archived_at is None:
        return False
    course.archived_at = None
    audit.record(session, actor, CourseVerb.BROUGHT_BACK, course, now=now, reason=reason)
    return True
