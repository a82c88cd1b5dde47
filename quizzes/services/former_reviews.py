"""Certificates on which someone decides after a regrade, as processes of 0.2.0 kept them: they move to the one review list."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrolments.awards import AwardDoubt, DoubtOrigin, open_doubts
from kernel.permissions import Actor
from quizzes.models import CertificateReview, Regrade
from quizzes.queries.regrading import get_regrade_path


def move_former_reviews(session: Session, actor: Actor, *, limit: int, now: datetime) -> int:
    """Move the oldest that wait for a decision, at most `limit`, and return how many there were."""
    waiting = select(CertificateReview).where(CertificateReview.settled_at.is_(None)).with_for_update()
    rows = session.scalars(waiting.order_by(CertificateReview.regrade_id, CertificateReview.id).limit(limit)).all()
    for regrade_id, reviews in groupby(rows, key=lambda row: row.regrade_id):
        _move(session, actor, session.get_one(Regrade, regrade_id), list(reviews), now=now)
    return len(rows)


def _move(session: Session, actor: Actor, regrade: Regrade, reviews: Sequence[CertificateReview], *, now: datetime) -> None:
    doubts = [AwardDoubt(row.enrolment_id, row.percent_before, row.percent_after) for row in reviews]
    open_doubts(session, actor, DoubtOrigin(get_regrade_path(session, regrade), regrade.reason), doubts, now=now)
    for row in reviews:
        row.settled_at = now
