"""The version of a course that learners follow, and the newer one that they may move to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from courses.models import CourseVersion, PublicationNature
from enrolments.models import Completion, Enrolment, VersionOfferReply


@dataclass(frozen=True, slots=True)
class VersionOffer:
    """A newer version that a learner may move to; `declined` where they said that they stay with theirs."""

    version_id: int
    number: int
    note: str
    published_at: datetime
    declined: bool


@dataclass(frozen=True, slots=True)
class LearnerSummary:
    """A learner on their course page, besides their results."""

    completed_at: datetime | None = None
    offer: VersionOffer | None = None


def read_summary(row: Row[*tuple[Any, ...]]) -> LearnerSummary:
    """Return the summary that stands in the first columns of a row, as `STANDING` has them."""
    return LearnerSummary(row[0], None if row[1] is None else VersionOffer(row[1], row[2], row[3], row[4], row[5] is not None))


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
    return None if row is None else read_summary(row).offer


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
