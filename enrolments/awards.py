"""Reads awards for completed courses and which may be renewed, and writes doubts on them, through the package that makes awards."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment
from enrolments.takes import RenewalWindow
from kernel.db import Hook
from kernel.durations import read_duration, window_opens_on
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class LatestCertificate:
    """The latest award for a completed course: its number, its code as it is printed, and whether it is in force."""

    uuid: UUID
    code: str
    in_force: bool


AwardsOf = Callable[[Session, Sequence[int]], Mapping[int, LatestCertificate]]
"""How whoever awards something for a completed course tells what was awarded last, by enrolment."""

AWARDS = Hook[AwardsOf | None]("awards", default=None)
"""Gives the last awards of enrolments."""


def find_award(session: Session, enrolment_id: int) -> LatestCertificate | None:
    """Return the last award of an enrolment, also where it does not hold any more."""
    return _last_awards(session, [enrolment_id]).get(enrolment_id)


def list_awards(session: Session, enrolment_ids: Sequence[int]) -> Mapping[int, LatestCertificate]:
    """Return the awards of these enrolments that are in force, by enrolment."""
    return {enrolment_id: award for enrolment_id, award in _last_awards(session, enrolment_ids).items() if award.in_force}


def _last_awards(session: Session, enrolment_ids: Sequence[int]) -> Mapping[int, LatestCertificate]:
    """Return the last awards, by the application's `awards`."""
    awards = AWARDS.of(session)
    return awards(session, enrolment_ids) if awards is not None and enrolment_ids else {}


@dataclass(frozen=True, slots=True)
class AwardDoubt:
    """A learner who no longer passes an activity: the result before and after, in percent."""

    enrolment_id: int
    percent_before: Decimal | None
    percent_after: Decimal | None


@dataclass(frozen=True, slots=True)
class DoubtOrigin:
    """The act that raised doubts: the path of the page that tells of it, and the reason that was given there."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class AwardDoubts:
    """The means by which whoever makes awards lets a person decide on them, and takes back what nobody has decided yet."""

    open: Callable[[Session, Actor, DoubtOrigin, Sequence[AwardDoubt], datetime], None]
    withdraw: Callable[[Session, Actor, str, datetime], None]


AWARD_DOUBTS = Hook[AwardDoubts | None]("award_doubts", default=None)
"""Gives who decides on awards in doubt."""


def open_doubts(session: Session, actor: Actor, origin: DoubtOrigin, doubts: Sequence[AwardDoubt], *, now: datetime) -> None:
    """Let a person decide on the awards in force of these learners, by the application's `award_doubts`."""
    award_doubts = AWARD_DOUBTS.of(session)
    if award_doubts is not None and doubts:
        award_doubts.open(session, actor, origin, doubts, now)


def withdraw_doubts(session: Session, actor: Actor, path: str, *, now: datetime) -> None:
    """Take back what was opened by the page at a path and waits for a decision."""
    award_doubts = AWARD_DOUBTS.of(session)
    if award_doubts is not None:
        award_doubts.withdraw(session, actor, path, now)


@dataclass(frozen=True, slots=True)
class OwnRenewal:
    """A course whose certificate ends, and from when on its holder may take it again by themselves."""

    course_id: int
    slug: str
    titles: Mapping[str, str]
    valid_until: date
    opens_on: date
    opens_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether it may be taken again now; after the last valid day too."""
        return now >= self.opens_at

    def is_ended(self, now: datetime) -> bool:
        """Return whether the last valid day is over."""
        return now.astimezone(self.opens_at.tzinfo).date() > self.valid_until

    @property
    def window(self) -> RenewalWindow:
        """Return the window as the rules of takes read it."""
        return RenewalWindow(self.opens_at)


RuledCourses = Callable[[Session, int], Collection[int]]
"""How whoever asks people to take courses tells in which of them its own windows hold for a person."""

RULED_COURSES = Hook[RuledCourses | None]("ruled_courses", default=None)
"""Gives the courses in which an obligation rules."""


_ENDING = (
    select(Course.id, Course.slug, Course.title, Completion.valid_until, CourseVersion.certificate_renew, CourseVersion.zone)
    .join(Enrolment, Enrolment.course_id == Course.id)
    .join(Completion, Completion.enrolment_id == Enrolment.id)
    .join(CourseVersion, CourseVersion.id == Course.published_version_id)
    .where(
        Enrolment.superseded_at.is_(None),
        Completion.valid_until.is_not(None),
        CourseVersion.certificate_renew != "",
        CourseVersion.certificate != "none",
        Course.archived_at.is_(None),
    )
    .order_by(Completion.valid_until, Course.id)
    .limit(100)
)


def list_own_renewals(session: Session, person_id: int) -> list[OwnRenewal]:
    """List the certificates that a person may renew, now or later, the one that ends first before the others."""
    rows = session.execute(_ENDING.where(Enrolment.person_id == person_id)).all()
    ruled = _ruled(session, person_id) if rows else ()
    return [_renewal(*row) for row in rows if row[0] not in ruled]


def find_own_renewal(session: Session, person_id: int, course_id: int) -> OwnRenewal | None:
    """Return since when a person may renew the certificate of a course, None where they may not by themselves."""
    row = session.execute(_ENDING.where(Enrolment.person_id == person_id, Course.id == course_id)).one_or_none()
    return None if row is None or course_id in _ruled(session, person_id) else _renewal(*row)


def _ruled(session: Session, person_id: int) -> Collection[int]:
    """Return the courses in which an obligation rules, by the application's `ruled_courses`."""
    ruled = RULED_COURSES.of(session)
    return ruled(session, person_id) if ruled is not None else ()


def _renewal(course_id: int, slug: str, titles: Mapping[str, str], valid_until: date | None, window: str, zone: str) -> OwnRenewal:
    length = read_duration(window)
    assert length is not None  # publishing writes it
    assert valid_until is not None  # the statement asks so
    opens_on = window_opens_on(valid_until, length)
    return OwnRenewal(
        course_id, slug, titles, valid_until=valid_until, opens_on=opens_on, opens_at=datetime.combine(opens_on, time.min, ZoneInfo(zone))
    )
