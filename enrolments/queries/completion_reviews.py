"""Reading superseded takes on whose completion an administrator decides (spec/compulsory 6.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from courses.models import Course
from enrolments.models import CompletionReview, Enrolment
from enrolments.take_permissions import CompletionReviewContext
from kernel.errors import NotFound
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class CompletionReviewRow:
    """A take that would have been completed, in the list of those that wait for a decision."""

    uuid: UUID
    person: UUID
    name: str
    course: Mapping[str, str]
    slug: str
    take: int
    grade: Fraction | None
    achieved_at: datetime
    superseded_at: datetime | None
    noticed_at: datetime


def count_open_completion_reviews(session: Session) -> int:
    """Count the takes that wait for a decision."""
    return session.scalar(select(func.count()).select_from(CompletionReview).where(CompletionReview.settled_at.is_(None))) or 0


def list_open_completion_reviews(session: Session, *, offset: int, limit: int) -> list[CompletionReviewRow]:
    """List the takes that wait for a decision, the oldest first."""
    statement = (
        select(CompletionReview, Enrolment.take, Enrolment.superseded_at, Course.title, Course.slug, Person)
        .join(Enrolment, Enrolment.id == CompletionReview.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(CompletionReview.settled_at.is_(None))
        .order_by(CompletionReview.id)
        .offset(offset)
        .limit(limit)
    )
    return [
        CompletionReviewRow(
            review.uuid,
            person.uuid,
            full_name(person.given_names, person.first_surname, person.second_surname),
            title,
            slug,
            take,
            None if review.grade is None else Fraction(review.grade),
            review.achieved_at,
            superseded_at,
            review.noticed_at,
        )
        for review, take, superseded_at, title, slug, person in session.execute(statement)
    ]


def lock_completion_review(session: Session, _actor: Actor, review: UUID) -> CompletionReviewContext:
    """Return a take to decide on, its review locked; raise NotFound."""
    row = session.scalar(select(CompletionReview).where(CompletionReview.uuid == review).with_for_update())
    if row is None:
        raise NotFound
    return CompletionReviewContext(row, session.get_one(Enrolment, row.enrolment_id).person_id)
