"""Who may look at a course and take part in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from courses.models import StaffRole
from courses.permissions import edits
from courses.rules import Closed, Outline, OutlineActivity
from enrolments.models import LearnerGroup
from enrolments.rules import Refusal, may_enrol
from kernel.permissions import Actor, Predicate, Verdict, allow_if, signed_in


class LearningAction(StrEnum):
    """Acts of those who learn."""

    SEE_OWN_COURSES = "learning:view"
    VIEW_COURSE = "course:view"
    ENROL = "course:enrol_self"
    VIEW_LESSON = "lesson:view"
    MARK_DONE = "lesson:mark_complete"
    DOWNLOAD = "lesson:file_download"
    MANAGE_GROUPS = "group:manage"


@dataclass(frozen=True, slots=True)
class Seat:
    """A person before a course: the course's facts, and what the person is in it."""

    course_id: int
    slug: str
    version_id: int | None
    """The version followed: the enrolment's, else the published one."""
    visibility: str
    way: str
    opens_at: datetime | None
    closes_at: datetime | None
    archived: bool
    staff_role: StaffRole | None
    enrolment_id: int | None
    last_activity_key: str | None
    now: datetime

    @property
    def is_listed(self) -> bool:
        """Say whether everybody finds the course in the catalogue."""
        return self.version_id is not None and self.visibility == "public" and not self.archived

    @property
    def is_learner(self) -> bool:
        """Say whether the person is enrolled."""
        return self.enrolment_id is not None

    @property
    def refusal(self) -> Refusal | None:
        """Return why nobody can enrol now."""
        if self.version_id is None:
            return Refusal.NOT_PUBLISHED
        return may_enrol(self.way, self.opens_at, self.closes_at, archived=self.archived, now=self.now)


@dataclass(frozen=True, slots=True)
class ActivitySeat:
    """A person before one activity of a course."""

    seat: Seat
    outline: Outline
    activity: OutlineActivity
    closed: tuple[Closed, str | datetime] | None
    """Why it is not open to a learner; staff see it all the same."""

    @property
    def opens_later(self) -> bool:
        """Say whether its moment has not come."""
        return self.closed is not None and self.closed[0] is Closed.LATER


@dataclass(frozen=True, slots=True)
class FileSeat:
    """A person before a file of a course."""

    seat: Seat
    sha256: str
    name: str
    media_type: str
    is_picture: bool
    users: tuple[ActivitySeat, ...]
    """The activities that show or offer it, none where it belongs to the whole course."""


@dataclass(frozen=True, slots=True)
class GroupSeat:
    """A person before a group of a course."""

    seat: Seat
    group: LearnerGroup


def is_staff(actor: Actor, seat: Seat) -> bool:
    """Say whether somebody teaches, edits or grades this course, or administers the site."""
    return actor.is_administrator or seat.staff_role is not None


def takes_part(actor: Actor, seat: Seat) -> bool:
    """Say whether somebody learns or works in this course."""
    return seat.is_learner or is_staff(actor, seat)


def _view_course(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, Seat)
    if subject.version_id is None:
        return allow_if(edits(actor, subject.staff_role), Verdict.HIDE)
    return allow_if(subject.is_listed or takes_part(actor, subject))


def _enrol(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, Seat)
    if subject.version_id is None:
        return Verdict.HIDE
    return allow_if(not actor.is_anonymous and subject.refusal is None)


def view_activity(actor: Actor, subject: object) -> Verdict:
    """Decide on a lesson or recording.

    Previews of listed courses are for everybody, the rest for those who take part. What waits for something else is for staff,
    and what opens later exists only for those who edit the course.
    """
    assert isinstance(subject, ActivitySeat)
    if edits(actor, subject.seat.staff_role):
        return Verdict.ALLOW
    if subject.opens_later:
        return Verdict.HIDE
    if is_staff(actor, subject.seat):
        return Verdict.ALLOW
    previewed = subject.activity.preview and subject.seat.is_listed
    return allow_if(subject.closed is None and (previewed or subject.seat.is_learner))


def _learn(_actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, ActivitySeat)
    if subject.opens_later:
        return Verdict.HIDE
    return allow_if(subject.seat.is_learner and subject.closed is None)


def _download(actor: Actor, subject: object) -> Verdict:
    """Decide on a file: it obeys the activities that use it, not its address."""
    assert isinstance(subject, FileSeat)
    if subject.is_picture and subject.seat.is_listed:
        return Verdict.ALLOW
    if not subject.users:
        return allow_if(takes_part(actor, subject.seat))
    verdicts = {view_activity(actor, user) for user in subject.users}
    return next(verdict for verdict in (Verdict.ALLOW, Verdict.FORBID, Verdict.HIDE) if verdict in verdicts)


def _manage_groups(actor: Actor, subject: object) -> Verdict:
    """Those who edit the course; to others there is no such page."""
    assert isinstance(subject, Seat | GroupSeat)
    seat = subject.seat if isinstance(subject, GroupSeat) else subject
    return allow_if(edits(actor, seat.staff_role), Verdict.HIDE)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    LearningAction.SEE_OWN_COURSES: signed_in,
    LearningAction.VIEW_COURSE: _view_course,
    LearningAction.ENROL: _enrol,
    LearningAction.VIEW_LESSON: view_activity,
    LearningAction.MARK_DONE: _learn,
    LearningAction.DOWNLOAD: _download,
    LearningAction.MANAGE_GROUPS: _manage_groups,
}
