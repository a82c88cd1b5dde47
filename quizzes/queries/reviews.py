"""Reading what administrators have to decide: certificates of those who do not pass any more (spec/quiz-engine 5.11.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from courses.models import Course
from enrolments.models import Enrolment
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import CertificateReview, Regrade


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A certificate whose holder no longer passes a quiz after a regrade."""

    id: int
    enrolment_id: int
    name: str
    course: Mapping[str, str]
    slug: str
    activity_key: str
    regrade: UUID
    reason: str
    code: str
    percent_before: Fraction | None
    percent_after: Fraction | None
    opened_at: datetime


def count_open(session: Session) -> int:
    """Count what waits for a decision."""
    return session.scalar(select(func.count()).select_from(CertificateReview).where(CertificateReview.settled_at.is_(None))) or 0


def list_open(session: Session, *, offset: int, limit: int) -> list[OpenReview]:
    """List what waits for a decision, the oldest first."""
    statement = (
        select(CertificateReview, Regrade, Course.title, Course.slug, Person.given_names, Person.first_surname, Person.second_surname)
        .join(Regrade, Regrade.id == CertificateReview.regrade_id)
        .join(Course, Course.id == Regrade.course_id)
        .join(Enrolment, Enrolment.id == CertificateReview.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(CertificateReview.settled_at.is_(None))
        .order_by(CertificateReview.id)
        .offset(offset)
        .limit(limit)
    )
    return [
        OpenReview(
            id=review.id,
            enrolment_id=review.enrolment_id,
            name=full_name(given_names, first_surname, second_surname),
            course=title,
            slug=slug,
            activity_key=regrade.activity_key,
            regrade=regrade.uuid,
            reason=regrade.reason,
            code=review.code,
            percent_before=None if review.percent_before is None else Fraction(review.percent_before),
            percent_after=None if review.percent_after is None else Fraction(review.percent_after),
            opened_at=review.opened_at,
        )
        for review, regrade, title, slug, given_names, first_surname, second_surname in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """Something to decide before an administrator, and whose certificate it is about."""

    row: CertificateReview
    person_id: int


def lock_review(session: Session, _actor: Actor, review: int) -> ReviewContext:
    """Return something to decide, its row locked; raise NotFound."""
    row = session.scalar(select(CertificateReview).where(CertificateReview.id == review).with_for_update())
    if row is None:
        raise NotFound
    return ReviewContext(row, session.get_one(Enrolment, row.enrolment_id).person_id)
