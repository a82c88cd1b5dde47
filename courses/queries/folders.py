"""Queries on uploaded folders that await import."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import PendingFolder
from courses.permissions import FolderUploadContext, NewCourseUpload
from courses.queries import catalogue
from kernel.errors import NotFound
from kernel.permissions import Actor


def get_taught_folder(session: Session, actor: Actor, slug: str, upload: UUID) -> FolderUploadContext:
    """Return a folder that waits for a course, before the person who sent it; to everybody else it is not there."""
    course = catalogue.get_taught_course(session, actor, slug)
    _check(session, actor, upload, course.id)
    return FolderUploadContext(course.id, course.slug, course.staff_role, upload)


def get_workshop_folder(session: Session, actor: Actor, upload: UUID) -> NewCourseUpload:
    """Return a folder that waits to become a course, before the person who sent it; to everybody else it is not there."""
    workshop = catalogue.get_workshop(session, actor)
    _check(session, actor, upload, None)
    return NewCourseUpload(workshop.makes_courses, upload)


def _check(session: Session, actor: Actor, upload: UUID, course_id: int | None) -> None:
    statement = select(PendingFolder.id).where(
        PendingFolder.uuid == upload,
        PendingFolder.course_id.is_not_distinct_from(course_id),
        PendingFolder.person_id == actor.person_id,
    )
    if session.scalar(statement) is None:
        raise NotFound


@dataclass(frozen=True, slots=True)
class WaitingFolder:
    """An uploaded folder that awaits import, without its content."""

    uuid: UUID
    name: str
    created_at: datetime
    expires_at: datetime


def list_waiting(session: Session, actor: Actor, course_id: int | None) -> list[WaitingFolder]:
    """List the folders that a person sent in for a course, or for new ones, the newest first: a few are kept."""
    rows = session.execute(
        select(PendingFolder.uuid, PendingFolder.name, PendingFolder.created_at, PendingFolder.expires_at)
        .where(PendingFolder.course_id.is_not_distinct_from(course_id), PendingFolder.person_id == actor.person_id)
        .order_by(PendingFolder.created_at.desc(), PendingFolder.id.desc())
    )
    return [WaitingFolder(*row) for row in rows]


def get_pending(session: Session, upload: UUID) -> PendingFolder:
    """Return a waiting folder with its content; raise NotFound."""
    row = session.scalar(select(PendingFolder).where(PendingFolder.uuid == upload))
    if row is None:
        raise NotFound
    return row
