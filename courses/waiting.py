"""Work that waits for a course's team: what every package says of it, and what the drafts do.

Each package adds its sources to the hook `WAITING`. A source is handed the courses
in whose teams somebody is, names what they may act on, and asks the database once for all of them, or not at all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from accounts.rules import NoticeKind
from courses.access import edits
from courses.models import Course, CourseStaff, CourseVersion, DraftFile, PendingFolder, PlannedPublication, PlanState, StaffRole
from kernel.db import HookList
from kernel.errors import N_
from kernel.i18n import _, ngettext
from kernel.permissions import Actor

MOST_COURSES = 200
MOST_UPLOADS = 20
FORGOTTEN = timedelta(days=7)
"""After which changes that nobody publishes are worth a notification."""
LEFT_BEHIND = timedelta(hours=2)
"""After which somebody who uploaded something has gone elsewhere."""


@dataclass(frozen=True, slots=True)
class TeamCourse:
    """A course that is not archived, and what somebody is in its team."""

    id: int
    slug: str
    title: Mapping[str, str]
    version_id: int | None
    """The published one."""
    role: StaffRole


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """Work of one sort that waits: what and how many, since when, and the page on which it is done."""

    course: TeamCourse | None
    """None: it belongs to no course yet."""
    words: Callable[[], str]
    """What waits and how much of it, in the language of whoever reads now."""
    path: str
    since: datetime
    """When the oldest of it began to wait; of a date to come, when it came near."""
    latest: datetime
    """Since when the newest of it is worth a notification; it may be to come."""
    is_dated: bool = False
    """The words name a date to come, beside which `since` means nothing to a reader."""


WaitingSource = Callable[[Session, Actor, Sequence[TeamCourse], datetime], Iterator[WaitingItem]]
"""Names what waits in these courses for the actor."""

WAITING = HookList[WaitingSource]("waiting")
"""Gives the sources of work that waits for course teams."""
WAITING_NOTICE = NoticeKind(
    "waiting",
    label=N_("Work in my courses"),
    hint=N_("Something new is waiting for you in a course you teach. Sent once a day at most."),
    icon="list-checks",
    group=N_("Teaching"),
    concerns=lambda actor: actor.is_staff_anywhere or actor.is_administrator,
)
APPROVAL_NOTICE = NoticeKind(
    "approval",
    label=N_("Approvals"),
    hint=N_("Someone asks you to approve something of a course, or answers your request."),
    icon="shield-check",
    group=N_("Teaching"),
    concerns=lambda actor: actor.is_staff_anywhere or actor.is_training_officer or actor.is_administrator,
)


def list_taught(session: Session, person_id: int) -> list[TeamCourse]:
    """List the courses in whose teams a person is, without those that are archived."""
    statement = (
        select(Course.id, Course.slug, Course.title, Course.published_version_id, CourseStaff.role)
        .join(CourseStaff, CourseStaff.course_id == Course.id)
        .where(CourseStaff.person_id == person_id, Course.archived_at.is_(None))
        .order_by(Course.id)
        .limit(MOST_COURSES)
    )
    return [TeamCourse(row.id, row.slug, row.title, row.published_version_id, StaffRole(row.role)) for row in session.execute(statement)]


def list_waiting(session: Session, actor: Actor, *, now: datetime) -> list[WaitingItem]:
    """List what waits for the actor in the courses of their teams, the longest waiting first and dates to come after it."""
    if actor.person_id is None:
        return []
    courses = list_taught(session, actor.person_id)
    sources = WAITING.of(session)
    items = [item for source in sources for item in source(session, actor, courses, now)]
    return sorted(items, key=lambda item: (item.is_dated, item.since, item.path))


def edited(actor: Actor, courses: Sequence[TeamCourse]) -> dict[int, TeamCourse]:
    """Return by their ids those of these courses that the actor may edit."""
    return {course.id: course for course in courses if edits(actor, course.role)}


def waiting_publications(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the drafts that have changed since their course was published, and publications that others ask to approve.

    A course has one of these at most. Who may approve it was notified at once; of changes nobody is while somebody works on them.
    """
    mine = edited(actor, courses)
    if not mine:
        return
    plan, file = PlannedPublication, DraftFile
    statement = (
        select(Course.id, func.count(file.id), func.min(file.changed_at), func.max(file.changed_at), plan.asked_at)
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .outerjoin(file, (file.course_id == Course.id) & (file.changed_at > CourseVersion.published_at))
        .outerjoin(plan, (plan.course_id == Course.id) & (plan.state == PlanState.WAITING.value) & (plan.asked_by != actor.person_id))
        .where(Course.id.in_(mine), or_(file.id.is_not(None), plan.id.is_not(None)))
        .group_by(Course.id, plan.asked_at)
    )
    for course_id, count, since, latest, asked_at in session.execute(statement):
        course = mine[course_id]
        path = f"/teaching/{course.slug}/publishing"
        if asked_at:
            yield WaitingItem(course, _approval, path, asked_at, asked_at + FORGOTTEN)
        if count:
            yield WaitingItem(course, partial(_changes, count), path, since, latest + FORGOTTEN)


def _approval() -> str:
    return _("A publication to approve")


def _changes(count: int) -> str:
    return ngettext("%(count)s changed file to publish", "%(count)s changed files to publish", count)


def waiting_folders(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the folders that the actor uploaded and has not confirmed: for a course or to become one."""
    mine = edited(actor, courses)
    theirs = or_(PendingFolder.course_id.is_(None), PendingFolder.course_id.in_(mine))
    for row in list_unconfirmed(session, actor, PendingFolder, now, theirs):
        course = mine.get(row.course_id)
        yield unconfirmed_item(course, row, f"/teaching/{course.slug if course else 'new-course'}/folder/{row.uuid}")


def list_unconfirmed(
    session: Session, actor: Actor, table: Any, now: datetime, *conditions: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """List what the actor uploaded and has not confirmed, of a table of `accounts.models.PendingUpload` with a course."""
    statement = select(table.course_id, table.uuid, table.name, table.created_at)
    mine = statement.where(table.person_id == actor.person_id, table.expires_at > now, *conditions)
    return session.execute(mine.order_by(table.id).limit(MOST_UPLOADS)).all()


def unconfirmed_item(course: TeamCourse | None, row: Row[*tuple[Any, ...]], path: str) -> WaitingItem:
    """Return an upload that waits for its confirmation on a page."""
    return WaitingItem(course, partial(_upload, row.name), path, row.created_at, row.created_at + LEFT_BEHIND)


def _upload(name: str) -> str:
    return _("“%(name)s” was uploaded and not confirmed yet", name=name)
