"""Notify learners that something which they have done is different in a new version of their course."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.models import Activity, Course, CourseVersion
from enrolments.models import ActivityResult, Enrolment
from kernel.i18n import _, choose, in_every_language

PORTION = 200
MOST_NAMED = 5


def list_announced_versions(session: Session, course_id: int, *, since: datetime) -> list[int]:
    """List the versions published since a moment whose changes are to be notified, by their numbers."""
    statement = select(CourseVersion.id).where(
        CourseVersion.course_id == course_id, CourseVersion.tells.is_not(None), CourseVersion.published_at >= since
    )
    return list(session.scalars(statement.order_by(CourseVersion.number)))


def notify_change_batch(session: Session, version_id: int, after: int, *, now: datetime) -> int | None:
    """Notify the next people, by numbers after one, who did what a version changed; return the last of them, None at the end."""
    version = session.get_one(CourseVersion, version_id)
    did = exists().where(
        ActivityResult.enrolment_id == Enrolment.id,
        ActivityResult.activity_key.in_(version.tells or ()),
        ActivityResult.completed_at <= version.published_at,
    )
    statement = (
        select(Person.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.course_id == version.course_id, Enrolment.left_at.is_(None), Person.suspended_at.is_(None), Person.id > after, did)
        .order_by(Person.id)
        .limit(PORTION)
    )
    people = list(session.scalars(statement))
    if people:
        notices.notify(session, _message(session, version), people, now=now)
    return people[-1] if len(people) == PORTION else None


def _message(session: Session, version: CourseVersion) -> Message:
    course = session.get_one(Course, version.course_id)
    listed = select(Activity).where(Activity.version_id == version.id, Activity.key.in_(version.tells or ()))
    activities = list(session.scalars(listed.order_by(Activity.module_id, Activity.position).limit(MOST_NAMED)))

    def words() -> str:
        titles = ", ".join(choose(activity.title) for activity in activities)
        sentence = _(
            "Version %(number)s of the course changes activities you have already done: %(titles)s.", number=version.number, titles=titles
        )
        return f"{sentence} {version.note}".strip()

    def subject() -> str:
        return _("Changes in %(course)s", course=choose(course.title))

    return Message(
        NoticeKind.CHANGED, f"version-{version.id}-changes", in_every_language(subject), in_every_language(words), f"/courses/{course.slug}"
    )
