"""Reads courses by their address, for the catalogue and for their team, with their institution and with those for whom they are visible."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, and_, bindparam, case, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from accounts.models import RoleGrant
from courses.access import AuthoringContext, CourseContext, CourseListContext, ListEntryContext, PartContext, RevisionContext
from courses.content.course_file import read_course
from courses.content.layout import COURSE, unknown_institution
from courses.content.mapping_cursor import ReadingSession
from courses.content.model import CourseFolder, Finding, LocalisedText, Visibility
from courses.content.scalars import nearest_of
from courses.models import Course, CourseStaff, CourseVersion, StaffRole, VersionViewer
from kernel.db import HookList, connection_of
from kernel.errors import SignInNeeded, require_found
from kernel.i18n import choose
from kernel.outbox import Job
from kernel.paths import CONTENT
from kernel.permissions import Actor, SiteRole
from organisations.audiences import list_audiences
from organisations.employment import is_staff, known_audiences, known_unit_codes, own_audience_keys, own_unit_codes
from organisations.institutions import Institution, get_institution_scope, list_institutions, list_institutions_of
from organisations.models import Audience
from organisations.profile import list_signatories_on
from organisations.rules.units import in_order, institution_of
from organisations.tree import list_tree


@dataclass(frozen=True, slots=True)
class CourseLink:
    """A page of a package above that a course's page names: its title, the language of that, and its address."""

    title: str
    language: str
    url: str


COURSE_LINKS = HookList[Callable[[Session, Actor, int], Sequence[CourseLink]]]("course_links")
"""Find the communities that name a course, as a reader may see them, by the course's number."""


def list_course_links(session: Session, actor: Actor, course_id: int) -> list[CourseLink]:
    """List the pages of packages above that name a course, as a reader may see them."""
    return [link for find in COURSE_LINKS.of(session) for link in find(session, actor, course_id)]


UNIT, AUDIENCE = "unit", "audience"
MOST_NAMED = 100


def viewers_of(course: CourseFolder) -> list[tuple[str, str]]:
    """Return the units and audiences that a course is for, each by its kind and its code or key."""
    units = course.staff_of if course.visibility is Visibility.STAFF else ()
    audiences = course.audiences if course.visibility is Visibility.AUDIENCE else ()
    return [*((UNIT, code) for code in units), *((AUDIENCE, key) for key in audiences)]


def unknown_viewers(session: Session, course: CourseFolder) -> list[tuple[str, str]]:
    """Return the units and audiences that a course is for and that do not exist; no statement where it names none."""
    named = viewers_of(course)
    if not named:
        return []
    codes, keys = ([key for kind, key in named if kind == viewer_kind] for viewer_kind in (UNIT, AUDIENCE))
    known = {UNIT: known_unit_codes(session, codes) if codes else set(), AUDIENCE: known_audiences(session, keys) if keys else set()}
    return [(kind, key) for kind, key in named if key not in known[kind]]


def list_offered_viewers(session: Session, institution_id: int | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """List what a course of an institution may be for, by names: the codes of its open units, and the keys of its audiences."""
    if institution_id is None:
        return [], []
    tree = {unit.id: unit for unit in list_tree(session)}
    ordered = (standing.place for standing in in_order(tree.values()))
    own = (unit for unit in ordered if unit.code and not unit.closed and institution_of(tree, unit.id) == institution_id)
    units = [(unit.code, f"{unit.name} ({unit.code})") for unit in own]
    titled = [(audience.key, choose(audience.title)) for audience in list_audiences(session, [institution_id])]
    counts = Counter(title for _key, title in titled)
    return units, [(key, title if counts[title] == 1 else f"{title} ({key})") for key, title in titled]


def list_courses_of_audience(session: Session, audience: Audience) -> list[str]:
    """List the courses whose published version is for the people of an audience, by their address."""
    named = and_(VersionViewer.version_id == Course.published_version_id, VersionViewer.kind == AUDIENCE, VersionViewer.key == audience.key)
    statement = select(Course.title).where(exists().where(named)).order_by(Course.slug).limit(MOST_NAMED)
    return [choose(title) for title in session.scalars(statement)]


def _names(kind: str, keys: Select[Any]) -> ColumnElement[bool]:
    return exists().where(VersionViewer.version_id == CourseVersion.id, VersionViewer.kind == kind, VersionViewer.key.in_(keys))


def _belongs(person_id: BindParameter[int]) -> ColumnElement[bool]:
    narrowed = exists().where(VersionViewer.version_id == CourseVersion.id, VersionViewer.kind == UNIT)
    staff = or_(_names(UNIT, own_unit_codes(person_id)), and_(not_(narrowed), is_staff(person_id)))
    return case(
        (CourseVersion.visibility == Visibility.STAFF.value, staff),
        (CourseVersion.visibility == Visibility.AUDIENCE.value, _names(AUDIENCE, own_audience_keys(person_id))),
        else_=false(),
    )


BELONGS = _belongs(bindparam("person_id"))
"""Says in SQL that `:person_id` belongs to those whom a version of the statement is for; of public courses nothing is looked up."""


def find_named_institution(institutions: Sequence[Institution], key: str) -> Institution | None:
    """Return the institution with a key, the first one where there is no key; nothing where there is none."""
    return next((institution for institution in institutions if (institution.key == key if key else institution.is_first)), None)


def unknown_institutions(session: Session, folder: CourseFolder) -> list[Finding]:
    """Tell of the institution that a course names and that the site does not have; no statement where it names none."""
    if not folder.institution:
        return []
    institutions = list_institutions(session)
    if find_named_institution(institutions, folder.institution) is not None:
        return []
    keys = tuple(institution.key for institution in institutions if institution.key)
    return [unknown_institution(folder.institution, nearest_of(folder.institution, keys) if keys else "")]


def open_institutions(session: Session, actor: Actor, course: Course) -> list[Institution]:
    """List the institutions that the actor may let a course belong to (spec/certificates 11, `course.set_institution`).

    To its own always. To another one whoever administers both, or belongs to both and edits the course; to a course that was never
    published the first one is open to all.
    """
    institutions = list_institutions(session)
    if actor.person_id is None or actor.is_administrator:
        return institutions
    theirs = get_institution_scope(session, actor).own | list_institutions_of(session, actor.person_id)
    own = (
        institution.id
        for institution in institutions
        if institution.id == course.institution_id or (course.institution_id is None and institution.is_first)
    )
    present = next(own, None)
    is_new = course.published_version_id is None
    moves = is_new or present in theirs
    return [
        institution
        for institution in institutions
        if institution.id == present or (institution.is_first and is_new) or (moves and institution.id in theirs)
    ]


def is_unsigned(session: Session, course: Course, certificate: str, day: date, *, by_environment: bool) -> bool:
    """Return whether the certificates of a course, issued on a day, would carry no signature (spec/certificates I3).

    `certificate` is the template that its text names; `by_environment`: the first institution's signatories are set there.
    """
    if certificate == "none" or (course.institution_id is None and by_environment):
        return False
    return not list_signatories_on(session, day, course.institution_id)


_CATALOGUE = (
    select(Course.slug, CourseVersion.id.label("version_id"), CourseVersion.enrolment, CourseVersion.opens_at, CourseVersion.closes_at)
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


def list_catalogue(session: Session, actor: Actor = _STRANGER, *, offset: int = 0, limit: int = 24) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the published versions of the courses that an actor finds, with their addresses, oldest first."""
    bounds = {"offset": offset, "limit": limit, "person_id": actor.person_id}
    return connection_of(session).execute(_catalogue_of(is_anonymous=actor.is_anonymous), bounds).all()


def find_course(session: Session, slug: str) -> Course | None:
    """Return the course with this address."""
    return session.scalar(select(Course).where(Course.slug == slug))


def get_taught_course(session: Session, actor: Actor, slug: str) -> CourseContext:
    """Return a course with what the actor is in it; raise NotFound, or SignInNeeded whether or not there is such a course."""
    if actor.is_anonymous:
        raise SignInNeeded
    role = CourseStaff.person_id == actor.person_id
    row = require_found(
        session.execute(
            select(Course.id, Course.slug, CourseStaff.role)
            .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & role)
            .where(Course.slug == slug)
        ).one_or_none()
    )
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
    """Return whether there is any course at all."""
    return bool(session.scalar(select(exists().where(Course.id.is_not(None)))))


PUBLISH = "lms.publish_shipped"
"""The kind of the jobs that publish them."""
_UNDATED = date(2000, 1, 1)
"""Reading a title asks for a day, and no rule of it looks at it."""


@cache
def shipped_courses(content: Path) -> dict[str, LocalisedText]:
    """Return the titles of the courses in a folder of course folders, by the folder's name, which is the course's key."""
    files = {path.parent.name: path.read_bytes() for path in sorted(content.glob(f"*/{COURSE}"))}
    return {key: read_course(ReadingSession({COURSE: text}, _UNDATED)).title for key, text in files.items()}


def has_own_course(session: Session) -> bool:
    """Return whether there is a course that did not come with the program, or one that did and has a team now."""
    has_team = exists().where(CourseStaff.course_id == Course.id)
    return bool(session.scalar(select(exists().where(or_(Course.slug.not_in(shipped_courses(CONTENT)), has_team)))))


def job_key(key: str) -> str:
    """Return the key that keeps a course that comes with the program from being published by two jobs."""
    return f"{PUBLISH}:{key}"


def list_shipped_in_preparation(session: Session, *, listed: int) -> list[LocalisedText]:
    """List the titles of the courses that jobs are about to publish; one whose job failed is no longer promised to anybody.

    A site that has as many courses already, which are `found`, is not asked.
    """
    jobs = {job_key(key): title for key, title in shipped_courses(CONTENT).items()}
    if listed >= len(jobs):
        return []
    waits = (Job.unique_key.in_(jobs), Job.done_at.is_(None), Job.failed_at.is_(None), Job.last_error == "")
    return [jobs[key] for key in session.scalars(select(Job.unique_key).where(*waits).order_by(Job.id)) if key is not None]
