"""Reading files that wait to be brought in."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.permissions import TaughtCourse
from courses.queries import catalogue as course_catalogue
from kernel.errors import NotFound
from kernel.permissions import Actor
from standards.models import PendingImport


@dataclass(frozen=True, slots=True)
class TaughtImport(TaughtCourse):
    """A file that somebody of a course's staff sent in."""

    upload: UUID


def get_taught_import(session: Session, actor: Actor, slug: str, upload: UUID) -> TaughtImport:
    """Return a waiting file before the person who sent it; to everybody else it is not there."""
    course = course_catalogue.get_taught_course(session, actor, slug)
    statement = select(PendingImport.id).where(
        PendingImport.uuid == upload, PendingImport.course_id == course.id, PendingImport.person_id == actor.person_id
    )
    if session.scalar(statement) is None:
        raise NotFound
    return TaughtImport(course.id, course.slug, course.staff_role, upload)


def get_upload(session: Session, upload: UUID) -> PendingImport:
    """Return a waiting file with its content; raise NotFound."""
    row = session.scalar(select(PendingImport).where(PendingImport.uuid == upload))
    if row is None:
        raise NotFound
    return row
