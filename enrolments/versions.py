"""Reads the versions that learners follow or are offered, writes notifications of changes, and renumbers attempts under renamed keys."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses.models import Activity, Course, CourseVersion, PublicationNature
from enrolments.models import ActivityResult, Completion, Enrolment, VersionOfferReply
from enrolments.muting import source_of
from enrolments.notices import CHANGED_NOTICE
from kernel.i18n import _, choose, in_every_language


@dataclass(frozen=True, slots=True)
class VersionOffer:
    """A newer version that a learner may move to; `declined` where they said that they stay with theirs."""

    version_id: int
    number: int
    note: str
    published_at: datetime
    declined: bool


def read_offer(row: Row[*tuple[Any, ...]]) -> VersionOffer | None:
    """Return the offer that stands in the columns of a row, as `STANDING` has them."""
    return None if row.id is None else VersionOffer(row.id, row.number, row.note, row.published_at, row.declined is not None)


_NEWER = (CourseVersion.course_id == Enrolment.course_id) & (CourseVersion.id > Enrolment.course_version_id)
STANDING = (
    select(
        Completion.completed_at,
        *(CourseVersion.id, CourseVersion.number, CourseVersion.note, CourseVersion.published_at),
        VersionOfferReply.enrolment_id.label("declined"),
    )
    .select_from(Enrolment)
    .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    .outerjoin(CourseVersion, _NEWER & CourseVersion.asks & Completion.id.is_(None) & Enrolment.left_at.is_(None))
    .outerjoin(VersionOfferReply, (VersionOfferReply.enrolment_id == Enrolment.id) & (VersionOfferReply.version_id == CourseVersion.id))
    .where(Enrolment.id == bindparam("enrolment_id"))
    .order_by(CourseVersion.number.desc())
    .limit(1)
)
"""When a learner completed the course, else the newest version that asks and that they do not follow yet."""


def find_offer(session: Session, enrolment_id: int) -> VersionOffer | None:
    """Return the newest version that asks and that a learner who has not completed the course does not follow yet."""
    row = session.execute(STANDING, {"enrolment_id": enrolment_id}).one_or_none()
    return None if row is None else read_offer(row)


def list_followed_versions(session: Session) -> set[int]:
    """Return the versions that learners follow."""
    return set(session.scalars(select(Enrolment.course_version_id).where(Enrolment.left_at.is_(None)).distinct()))


def find_newest_correction(session: Session, course_id: int) -> int | None:
    """Return the newest version of a course that was published as a correction."""
    statement = select(CourseVersion.id).where(
        CourseVersion.course_id == course_id, CourseVersion.nature == PublicationNature.CORRECTION.value
    )
    return session.scalar(statement.order_by(CourseVersion.number.desc()).limit(1))


def list_behind(session: Session, course_id: int, version_id: int, *, among: Sequence[int] | None = None) -> list[int]:
    """List the present takes of a course that follow a version from before another one: of some, or of all; ended ones too."""
    behind = (Enrolment.course_id == course_id, Enrolment.course_version_id < version_id, Enrolment.superseded_at.is_(None))
    statement = select(Enrolment.id).where(*behind)
    if among is not None:
        statement = statement.where(Enrolment.id.in_(among))
    return list(session.scalars(statement.order_by(Enrolment.id)))


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
        CHANGED_NOTICE,
        key=f"version-{version.id}-changes",
        subject=in_every_language(subject),
        words=in_every_language(words),
        path=f"/courses/{course.slug}",
        source=source_of(course.id),
    )


class NumberedAttempt(Protocol):
    """An attempt, or a submitted task."""

    activity_key: str
    number: int


def renumber_attempts(session: Session, tries: Sequence[NumberedAttempt], renames: Mapping[str, str]) -> None:
    """Move a person's tries, in the order of their start, to the present keys; those that meet there are renumbered in that order."""
    numbers = [attempt.number for attempt in tries]
    keys = {key: renames.get(key, key) for key in {attempt.activity_key for attempt in tries}}
    met = {key for key, count in Counter(keys.values()).items() if count > 1}
    if any(key != present and present in keys for key, present in keys.items()):
        for offset, attempt in enumerate(tries, start=1):
            attempt.number = max(numbers) + len(tries) + offset
        session.flush()  # a number is given once under each key, also on the way
    last = Counter[str]()
    for attempt, number in zip(tries, numbers, strict=True):
        attempt.activity_key = keys[attempt.activity_key]
        last[attempt.activity_key] += 1
        attempt.number = last[attempt.activity_key] if attempt.activity_key in met else number
