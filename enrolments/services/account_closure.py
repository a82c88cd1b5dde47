"""The courses of a person when an account of theirs is closed for good: it is deleted, or merged with another."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from courses.versions import get_outline
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import Edition, EditionPlace, Enrolment
from enrolments.services import editions
from kernel import audit
from kernel.permissions import Actor


def end_enrolments(session: Session, actor: Actor, person_id: int, *, now: datetime) -> None:
    """End all enrolments of a person, and give their places to those who wait; what they did stays."""
    mine = select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.left_at.is_(None)).order_by(Enrolment.id)
    for row in session.scalars(mine).all():
        editions.leave(session, actor, row, now=now)


def end_duplicate_enrolments(session: Session, actor: Actor, closed: int, remaining: int, *, now: datetime) -> None:
    """End what a closed account takes where the one that stays took the course too: nobody takes it twice.

    Who took it with either goes on taking it. The place of the one that ends is theirs where they have none, and its edition's dates keep
    nobody out who was in.
    """
    standing = aliased(Enrolment)
    both = select(Enrolment, standing).join(standing, standing.course_id == Enrolment.course_id)
    both = both.where(Enrolment.person_id == closed, standing.person_id == remaining, Enrolment.left_at.is_(None))
    both = both.where(standing.superseded_at.is_(None))
    for row, stands in session.execute(both.order_by(Enrolment.id)).all():
        inherits = stands.left_at is not None or _is_running(session, row, now)
        if stands.left_at is not None:
            stands.left_at = None
            editions.end_requests_of_learners(session, stands.course_id, [remaining], now=now)
            number = get_outline(session, stands.course_version_id).number
            audit.record(session, actor, EnrolmentVerb.ENROLLED, stands, now=now, version=number)
        editions.leave(session, actor, row, now=now, heir=stands if inherits else None)


def _is_running(session: Session, row: Enrolment, now: datetime) -> bool:
    """Return whether the edition in which a person is enrolled has begun and has not ended."""
    edition = session.scalar(select(Edition).join(EditionPlace).where(EditionPlace.enrolment_id == row.id))
    if edition is None:
        return False
    return (edition.starts_at is None or edition.starts_at <= now) and (edition.ends_at is None or now < edition.ends_at)
