"""Verbs of reviews: open one, settle it. What a credential says changes by a person's decision alone (spec/certificates E6 and E10)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.models import Credential, CredentialReview
from certificates.queries.reviews import list_in_force
from certificates.rules.credentials import ReplacementReason
from certificates.rules.reviews import ReviewCause, ReviewDecision
from enrolments.awards import AwardDoubt, DoubtOrigin
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


class CredentialReviewVerb(StrEnum):
    """The audit verbs of reviews."""

    OPENED = "credential_review.opened"
    SETTLED = "credential_review.settled"
    CALLED_REPLACED = "certificate.called_replaced"


class AlreadyDecided(Conflict):
    """Another person decided meanwhile."""

    code = "review_settled"
    message = N_("This has already been decided.")


class NotReplaceable(Conflict):
    """A review asks whether the certificate counts, not what it says: it stays, or is revoked."""

    code = "review_not_replaceable"
    message = N_("This certificate cannot be issued again here: leave it as it is, or revoke it.")


def open_review(session: Session, actor: Actor, row: Credential, cause: ReviewCause, text: str = "", *, now: datetime) -> None:
    """Let a person look at a credential; one review of a cause is open at a time, and its newest words count."""
    waiting = CredentialReview.credential_id == row.id, CredentialReview.cause == cause.value, CredentialReview.settled_at.is_(None)
    review = session.scalar(select(CredentialReview).where(*waiting))
    if review is None:
        review = CredentialReview(credential_id=row.id, cause=cause.value, opened_at=now)
    _open(session, actor, row, review, text, now=now)


def open_doubts(session: Session, actor: Actor, origin: DoubtOrigin, doubts: Sequence[AwardDoubt], now: datetime) -> None:
    """Let a person decide on the certificates of learners who no longer pass: they count until someone decides."""
    rows = list_in_force(session, [doubt.enrolment_id for doubt in doubts])
    cause = ReviewCause.REGRADED.value
    waiting = CredentialReview.credential_id.in_([row.id for row in rows.values()]), CredentialReview.settled_at.is_(None)
    waiting_reviews = session.scalars(select(CredentialReview).where(CredentialReview.cause == cause, *waiting))
    present = {review.credential_id: review for review in waiting_reviews}
    for doubt in doubts:
        row = rows.get(doubt.enrolment_id)
        if row is None:
            continue
        review = present.get(row.id) or CredentialReview(credential_id=row.id, cause=cause, opened_at=now)
        review.origin, review.percent_before, review.percent_after = origin.path, doubt.percent_before, doubt.percent_after
        _open(session, actor, row, review, origin.reason, now=now)


def withdraw_doubts(session: Session, actor: Actor, path: str, now: datetime) -> None:
    """Settle what waits because of a regrade that was undone."""
    waiting = CredentialReview.origin == path, CredentialReview.settled_at.is_(None)
    statement = select(CredentialReview, Credential).join(Credential, Credential.id == CredentialReview.credential_id).where(*waiting)
    for review, row in session.execute(statement.order_by(CredentialReview.id)):
        _settle(session, actor, row, review, ReviewDecision.UNDONE, "", now=now)


def _open(session: Session, actor: Actor, row: Credential, review: CredentialReview, text: str, *, now: datetime) -> None:
    review.words, cause = text, review.cause
    session.add(review)
    session.flush()  # the audit entry names it
    audit.record(session, actor, CredentialReviewVerb.OPENED, review, now=now, person=row.person_id, cause=cause, words=text)


def keep_credential(session: Session, actor: Actor, review: CredentialReview, note: str, *, now: datetime) -> None:
    """Decide that a credential stays as it is; raise AlreadyDecided."""
    if review.settled_at is not None:
        raise AlreadyDecided
    row = session.get_one(Credential, review.credential_id)
    _settle(session, actor, row, review, ReviewDecision.KEEP, note, now=now)


def settle_reviews(session: Session, actor: Actor, row: Credential, decision: ReviewDecision, note: str, *, now: datetime) -> None:
    """Settle what waits about a credential that was replaced or revoked, wherever that was done."""
    for review in session.scalars(
        select(CredentialReview).where(CredentialReview.credential_id == row.id, CredentialReview.settled_at.is_(None))
    ):
        _settle(session, actor, row, review, decision, note, now=now)


def call_replaced(session: Session, actor: Actor, row: Credential, *, now: datetime) -> None:
    """Let a credential that was revoked and issued again because of a name read as replaced; raise AlreadyDecided (spec/certificates M4).

    What is signed stays as it was, and the audit log keeps that it was revoked, when and why.
    """
    row = session.execute(select(Credential).where(Credential.id == row.id).with_for_update()).scalar_one()
    if row.revoked_at is None or row.replaced_by_id is None:
        raise AlreadyDecided
    facts = {"person": row.person_id, "revoked": row.revoked_at.isoformat(), "reason": row.revoked_reason, "by": row.revoked_by}
    row.replaced_at, row.replaced_by = row.revoked_at, row.revoked_by
    row.replaced_class, row.replaced_reason = ReplacementReason.NAME.value, row.revoked_reason
    row.revoked_at = row.revoked_by = None
    row.revoked_class, row.revoked_reason, row.revoked_by_administrator = "", "", False
    audit.record(session, actor, CredentialReviewVerb.CALLED_REPLACED, row, now=now, **facts)


def _settle(
    session: Session, actor: Actor, row: Credential, review: CredentialReview, decision: ReviewDecision, note: str, *, now: datetime
) -> None:
    review.settled_at, review.settled_by = now, actor.person_id
    review.decision, review.note = decision.value, note
    facts = {"person": row.person_id, "decision": decision.value, "note": note}
    audit.record(session, actor, CredentialReviewVerb.SETTLED, review, now=now, **facts)
