"""Reviews of credentials: what waits for a decision, opened, decided or settled, and credentials that print another name."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from certificates.access import HolderContext, ReviewListContext
from certificates.models import Credential, CredentialReview
from certificates.rules.credentials import ReplacementReason, ReviewCause, ReviewDecision
from courses.catalogue import get_taught_course
from courses.waiting import TeamCourse, WaitingItem, edited
from enrolments.awards import AwardDoubt, DoubtOrigin
from enrolments.models import Enrolment
from kernel import audit
from kernel.db import count_rows
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import ngettext
from kernel.permissions import Actor
from organisations.institutions import get_institution_scope

MOST_OF_A_PERSON = 100
_OPEN = CredentialReview.settled_at.is_(None)
_IN_FORCE = Credential.revoked_at.is_(None) & Credential.replaced_at.is_(None) & Credential.replaced_by_id.is_(None)


def get_review_list(session: Session, actor: Actor, slug: str = "") -> ReviewListContext:
    """Return the list of a course, or of the institutions which the actor administers; raise NotFound, or SignInNeeded."""
    if slug:
        return ReviewListContext(get_taught_course(session, actor, slug))
    return ReviewListContext(None, get_institution_scope(session, actor))


def get_holder(session: Session, _actor: Actor, person: UUID) -> HolderContext:
    """Return a person whose certificates may be corrected; raise NotFound."""
    row = require_found(session.scalar(select(Person).where(Person.uuid == person)))
    return HolderContext(row)


def list_open_reviews(
    session: Session, context: ReviewListContext, *, offset: int, limit: int
) -> Sequence[Row[CredentialReview, Credential, Person, int, int]]:
    """List what waits for a decision with what is known today: the holder, and how much is done of how much; the oldest first."""
    statement = (
        select(CredentialReview, Credential, Person, Enrolment.done, Enrolment.total)
        .join(Credential, Credential.id == CredentialReview.credential_id)
        .join(Person, Person.id == Credential.person_id)
        .join(Enrolment, Enrolment.id == Credential.enrolment_id)
        .where(_OPEN, *_of_course(context))
        .order_by(CredentialReview.id)
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def _of_course(context: ReviewListContext) -> tuple[ColumnElement[bool], ...]:
    if context.course is not None:
        return (Credential.course_id == context.course.id,)
    return () if context.scope.everywhere else (Credential.institution_key.in_(context.scope.keys),)


def count_open_credential_reviews(session: Session) -> int:
    """Count what waits for a decision on the whole site."""
    return count_rows(session, CredentialReview, _OPEN)


def list_with_another_name(session: Session, person: Person) -> list[Credential]:
    """List the credentials in force of a person that print another name than the present one."""
    statement = select(Credential).where(Credential.person_id == person.id, Credential.person_name != person.full_name, _IN_FORCE)
    return list(session.scalars(statement.order_by(Credential.id).limit(MOST_OF_A_PERSON)))


def list_revoked_for_name(session: Session, context: ReviewListContext) -> Sequence[Row[Credential, str]]:
    """List what was revoked with the other name that what was issued instead prints, the oldest first (spec/certificates M4)."""
    again = aliased(Credential)
    statement = (
        select(Credential, again.person_name.label("new_name"))
        .join(again, again.id == Credential.replaced_by_id)
        .where(Credential.revoked_at.is_not(None), Credential.person_name != again.person_name, *_of_course(context))
        .order_by(Credential.id)
        .limit(MOST_OF_A_PERSON)
    )
    return session.execute(statement).all()


def find_in_force(session: Session, enrolment_id: int) -> Credential | None:
    """Return the credential of an enrolment that was neither revoked nor replaced."""
    return session.scalar(select(Credential).where(Credential.enrolment_id == enrolment_id, _IN_FORCE))


def list_in_force(session: Session, enrolment_ids: Sequence[int]) -> dict[int, Credential]:
    """Return the credentials of enrolments that were neither revoked nor replaced, by enrolment."""
    statement = select(Credential).where(Credential.enrolment_id.in_(enrolment_ids), _IN_FORCE).order_by(Credential.id)
    return {row.enrolment_id: row for row in session.scalars(statement)}


def find_open_request(session: Session, row: Credential) -> CredentialReview | None:
    """Return the correction of a credential that its holder asked for and on which nobody has decided."""
    cause = CredentialReview.cause == ReviewCause.CORRECTION_REQUESTED.value
    return session.scalar(select(CredentialReview).where(CredentialReview.credential_id == row.id, cause, _OPEN))


def waiting_reviews(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the courses with certificates on which the team has to decide; nobody decides on their own."""
    mine = edited(actor, courses)
    if not mine:
        return
    review = CredentialReview
    statement = (
        select(Credential.course_id, func.count(review.id), func.min(review.opened_at), func.max(review.opened_at))
        .join(review, review.credential_id == Credential.id)
        .where(_OPEN, Credential.course_id.in_(mine), Credential.person_id != actor.person_id)
        .group_by(Credential.course_id)
    )
    for course_id, count, since, latest in session.execute(statement):
        path = f"/teaching/{mine[course_id].slug}/certificates/reviews"
        yield WaitingItem(mine[course_id], partial(_reviews, count), path, since, latest)


def _reviews(count: int) -> str:
    return ngettext("%(count)s certificate to decide on", "%(count)s certificates to decide on", count)


class CredentialReviewVerb(
    audit.Verb,
    facts={
        "certificate.called_replaced by": audit.Fact(table="person"),
        "words": N_("Words"),
    },
    former={"certificate.review_settled": N_("Settled a certificate review")},
):
    """The audit verbs of reviews."""

    OPENED = "credential_review.opened", N_("Asked for a decision about a certificate")
    SETTLED = "credential_review.settled", N_("Decided about a certificate")
    CALLED_REPLACED = "certificate.called_replaced", N_("Let a revoked certificate read as replaced")


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
