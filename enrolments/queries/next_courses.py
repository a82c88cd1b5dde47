"""Reading which courses come next for somebody who completed one."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from courses.catalogue import found_by
from courses.models import Course, CourseVersion
from courses.rules import Outline
from enrolments.models import Enrolment
from kernel.permissions import Actor

MOST_COURSES = 3


@dataclass(frozen=True, slots=True)
class NextCourse:
    """A course that somebody may take next."""

    slug: str
    title: Mapping[str, str]


def visible_next_courses(session: Session, actor: Actor, completed: Outline) -> list[NextCourse]:
    """List the courses on the same topic that an actor finds and has never taken, the newest first; none where a course names no topic."""
    if not completed.topic:
        return []
    taken = exists().where(Enrolment.course_id == Course.id, Enrolment.person_id == actor.person_id)
    statement = (
        select(Course.slug, Course.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CourseVersion.topic == completed.topic, Course.archived_at.is_(None), found_by(is_anonymous=actor.is_anonymous), ~taken)
        .order_by(Course.id.desc())
        .limit(MOST_COURSES)
    )
    return [NextCourse(*row) for row in session.execute(statement, {"person_id": actor.person_id})]
