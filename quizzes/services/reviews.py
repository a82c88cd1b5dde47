"""Decisions about certificates after a regrade (spec/quiz-engine 5.11.5): what was decided and why stays in the record."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.models import CertificateReview


class ReviewVerb(StrEnum):
    """The audit verbs of certificate decisions."""

    SETTLED = "certificate.review_settled"


def decide_review(session: Session, actor: Actor, row: CertificateReview, note: str, *, now: datetime) -> None:
    """Note what an administrator decided; raise Conflict where it was decided before. Revoking is an act of its own, on its own page."""
    if row.settled_at is not None:
        raise Conflict(N_("This has already been decided."))
    row.settled_at, row.settled_by, row.note = now, actor.person_id, note
    audit.record(session, actor, ReviewVerb.SETTLED, row, now=now, code=row.code, note=note)
