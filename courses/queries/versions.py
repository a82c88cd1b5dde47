"""Reading the history of what was published."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course, CourseVersion
from courses.permissions import VersionContext
from courses.queries import history
from courses.queries.catalogue import get_taught_course
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.permissions import Actor

MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One line of a course's history; `by` is empty where the command line published it."""

    id: int
    number: int
    digest: str
    nature: str
    asks: bool
    note: str
    published_at: datetime
    by: str


def list_versions(session: Session, course_id: int, *, offset: int = 0, limit: int = MOST_VERSIONS) -> list[PublishedVersion]:
    """List what was published, the newest first."""
    statement = (
        select(CourseVersion, Person)
        .outerjoin(Person, Person.id == CourseVersion.published_by)
        .where(CourseVersion.course_id == course_id)
        .order_by(CourseVersion.number.desc())
        .offset(offset)
        .limit(limit)
    )
    return [_line(version, person) for version, person in session.execute(statement)]


def _line(row: CourseVersion, person: Person | None) -> PublishedVersion:
    by = person.full_name if person else ""
    return PublishedVersion(row.id, row.number, row.digest, row.nature, row.asks, row.note, row.published_at, by)


def describe_version(session: Session, version: CourseVersion) -> PublishedVersion:
    """Return one version as a line of the history."""
    return _line(version, session.get(Person, version.published_by) if version.published_by else None)


def get_taught_version(session: Session, actor: Actor, slug: str, number: int) -> VersionContext:
    """Return a version with what the actor is in its course; raise NotFound, or SignInNeeded whether or not there is such a course."""
    course = get_taught_course(session, actor, slug)
    return VersionContext(course, get_version(session, course.id, number))


def get_version_by_id(session: Session, version_id: int) -> CourseVersion:
    """Return a version that is known to exist."""
    return session.get_one(CourseVersion, version_id)


def find_published_version(session: Session, course_id: int) -> int | None:
    """Return the version of a course that is published, if one is."""
    return session.scalar(select(Course.published_version_id).where(Course.id == course_id))


def latest_version(session: Session, course_id: int) -> CourseVersion | None:
    """Return the newest version of a course."""
    return session.scalar(select(CourseVersion).where(CourseVersion.course_id == course_id).order_by(CourseVersion.number.desc()).limit(1))


def get_version(session: Session, course_id: int, number: int) -> CourseVersion:
    """Return a version of a course by its number; raise NotFound."""
    version = session.scalar(select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.number == number))
    if version is None:
        raise NotFound
    return version


def find_version_before(session: Session, version: CourseVersion) -> CourseVersion | None:
    """Return the version that was published before another one."""
    statement = select(CourseVersion).where(CourseVersion.course_id == version.course_id, CourseVersion.number < version.number)
    return session.scalar(statement.order_by(CourseVersion.number.desc()).limit(1))


def version_files(session: Session, files: FileStore, version: CourseVersion) -> dict[str, bytes]:
    """Return the folder that a version was made from: contents by path; nothing where it was published before revisions were kept."""
    if version.draft_revision is None:
        return {}
    return history.read_all_at(session, files, version.course_id, version.draft_revision)


def list_versions_between(session: Session, version_id: int, other: int) -> list[int]:
    """List the ids of a course's versions from one to another, both included, whichever was first."""
    course = select(CourseVersion.course_id).where(CourseVersion.id == version_id).scalar_subquery()
    statement = select(CourseVersion.id).where(
        CourseVersion.course_id == course, CourseVersion.id.between(min(version_id, other), max(version_id, other))
    )
    return list(session.scalars(statement.order_by(CourseVersion.number)))
