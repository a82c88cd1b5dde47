"""Finding courses: the catalogue, a course by its address, a course as its staff sees it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import RoleGrant
from courses.content.model import Visibility
from courses.models import (
    Course,
    CourseStaff,
    CourseVersion,
    StaffRole,
)
from courses.permissions import AuthoringContext, CourseContext, CourseListContext, ListEntryContext, PartContext, RevisionContext
from courses.queries.visibility import BELONGS
from kernel.db import connection_of
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor, SiteRole


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A course that can be found."""

    course_id: int
    slug: str
    version_id: int
    enrolment: str
    opens_at: datetime | None
    closes_at: datetime | None


_CATALOGUE = (
    select(
        Course.id,
        Course.slug,
        CourseVersion.id.label("version_id"),
        CourseVersion.enrolment,
        CourseVersion.opens_at,
        CourseVersion.closes_at,
    )
    .join(CourseVersion, CourseVersion.id == Course.published_version_id)
    .where(Course.archived_at.is_(None))
    .order_by(Course.id)
)
_STRANGER = Actor()


def found_by(*, is_anonymous: bool) -> ColumnElement[bool]:
    """Return the SQL condition that a stranger, or who signed in, finds a version's course, the counterpart of `courses.rules.is_found`.

    A statement with it is executed with the actor's `person_id`.
    """
    public = CourseVersion.visibility == Visibility.PUBLIC.value
    return public if is_anonymous else or_(public, BELONGS)


@cache
def _catalogue_of(*, is_anonymous: bool) -> Select[*tuple[Any, ...]]:
    """Return the catalogue of strangers or of those who signed in: put together once, as every visitor asks for it."""
    return _CATALOGUE.where(found_by(is_anonymous=is_anonymous)).offset(bindparam("offset")).limit(bindparam("limit"))


@cache
def _count_of(*, is_anonymous: bool) -> Select[int]:
    return select(func.count()).select_from(_CATALOGUE.where(found_by(is_anonymous=is_anonymous)).order_by(None).subquery())


def list_catalogue(session: Session, actor: Actor = _STRANGER, *, offset: int = 0, limit: int = 24) -> list[CatalogueEntry]:
    """List the courses that an actor finds, oldest first."""
    bounds = {"offset": offset, "limit": limit, "person_id": actor.person_id}
    rows = connection_of(session).execute(_catalogue_of(is_anonymous=actor.is_anonymous), bounds)
    return [CatalogueEntry(*row) for row in rows]


def find_course(session: Session, slug: str) -> Course | None:
    """Return the course with this address."""
    return session.scalar(select(Course).where(Course.slug == slug))


def get_taught_course(session: Session, actor: Actor, slug: str) -> CourseContext:
    """Return a course with what the actor is in it; raise NotFound, or SignInNeeded whether or not there is such a course."""
    if actor.is_anonymous:
        raise SignInNeeded
    role = CourseStaff.person_id == actor.person_id
    row = session.execute(
        select(Course.id, Course.slug, CourseStaff.role)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & role)
        .where(Course.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotFound
    return CourseContext(row.id, row.slug, StaffRole(row.role) if row.role else None)


def get_taught_part(session: Session, actor: Actor, slug: str, key: str) -> PartContext:
    """Return a course with a key that may be one of its working copy's; whether it is, its text says. Raise as `get_taught_course` does."""
    course = get_taught_course(session, actor, slug)
    return PartContext(course.id, course.slug, course.staff_role, key)


def get_taught_listing(session: Session, actor: Actor, slug: str, listing: str) -> CourseListContext:
    """Return a course with the name of one of its lists; whether there is such a list, the page says. Raise as `get_taught_course` does."""
    course = get_taught_course(session, actor, slug)
    return CourseListContext(course.id, course.slug, course.staff_role, listing)


def get_taught_entry(session: Session, actor: Actor, slug: str, listing: str, key: str) -> ListEntryContext:
    """Return a course with a key that may be one of a list's. Raise as `get_taught_course` does."""
    course = get_taught_course(session, actor, slug)
    return ListEntryContext(course.id, course.slug, course.staff_role, listing, key)


def get_taught_revision(session: Session, actor: Actor, slug: str, revision: int) -> RevisionContext:
    """Return a course with the number of a change that may be one of its working copy's. Raise as `get_taught_course` does."""
    course = get_taught_course(session, actor, slug)
    return RevisionContext(course.id, course.slug, course.staff_role, revision)


def get_workshop(session: Session, actor: Actor, known: Collection[str] = ()) -> AuthoringContext:
    """Return whether the actor may make courses; raise SignInNeeded. Known roles in course teams may save the statement."""
    if actor.is_anonymous:
        raise SignInNeeded
    making = (StaffRole.OWNER.value, StaffRole.EDITOR.value)
    if not set(making).isdisjoint(known):
        return AuthoringContext(True)
    makes = CourseStaff.role.in_(making)
    own = exists().where(CourseStaff.person_id == actor.person_id, makes)
    granted = exists().where(RoleGrant.person_id == actor.person_id, RoleGrant.role == SiteRole.INSTRUCTOR.value)
    return AuthoringContext(bool(session.scalar(select(or_(own, granted)))))


def get_course(session: Session, course_id: int) -> Course:
    """Return a course that is known to exist."""
    return session.get_one(Course, course_id)


def lock_course(session: Session, course_id: int) -> Course:
    """Return a course; nobody else changes or publishes it until this transaction ends."""
    return session.execute(
        select(Course).where(Course.id == course_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


def count_catalogue(session: Session, actor: Actor = _STRANGER) -> int:
    """Return how many courses an actor finds."""
    counted = _count_of(is_anonymous=actor.is_anonymous)
    return connection_of(session).scalar(counted, {"person_id": actor.person_id}) or 0


def any_course(session: Session) -> bool:
    """Say whether there is any course at all."""
    return bool(session.scalar(select(exists().where(Course.id.is_not(None)))))
