"""Services that waivers and recognitions share: a second person decides, who proposed withdraws (spec/compulsory 4.10 and 4.11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from compliance.audit_verbs import ComplianceVerb
from compliance.models import Recognition, Waiver
from compliance.rules.claims import ClaimState
from compliance.services.claim_notices import decision_message
from compliance.services.evidence import request_removal
from kernel import audit
from kernel.errors import N_, Conflict, OwnRecord
from kernel.own_records import is_own
from kernel.permissions import Actor

Claim = Waiver | Recognition


class ClaimIsDecided(Conflict):
    """Somebody else decided on a waiver or recognition meanwhile, or it was withdrawn."""

    code = "claim_decided"
    message = N_("Someone else has already decided on this, or it was withdrawn. See below how it stands.")


class ClaimProposerDecides(Conflict):
    """Whoever proposed a waiver or recognition may not decide on it."""

    code = "claim_proposer_decides"
    message = N_("You proposed this yourself: another person has to decide.")


@dataclass(frozen=True, slots=True)
class ClaimVerbs:
    """The audit verbs of waivers, or of recognitions."""

    approved: ComplianceVerb
    refused: ComplianceVerb
    revoked: ComplianceVerb
    withdrawn: ComplianceVerb


VERBS: Mapping[type[Claim], ClaimVerbs] = {
    Waiver: ClaimVerbs(
        ComplianceVerb.WAIVER_APPROVED, ComplianceVerb.WAIVER_REFUSED, ComplianceVerb.WAIVER_REVOKED, ComplianceVerb.WAIVER_WITHDRAWN
    ),
    Recognition: ClaimVerbs(
        ComplianceVerb.RECOGNITION_APPROVED,
        ComplianceVerb.RECOGNITION_REFUSED,
        ComplianceVerb.RECOGNITION_REVOKED,
        ComplianceVerb.RECOGNITION_WITHDRAWN,
    ),
}


def lock_person(session: Session, person_id: int) -> Person:
    """Return a person; two requests about one person wait for each other."""
    return session.get_one(Person, person_id, with_for_update=True)


def decide(session: Session, actor: Actor, claim: Claim, answer: str, *, approves: bool, now: datetime) -> bool:
    """Approve or refuse, with words for whom it is about; return whether anything changed: a second click changes nothing.

    Raise OwnRecord for whom it is about, ClaimProposerDecides for who proposed it, ClaimIsDecided where it does not wait any more.
    """
    row, state = _lock(session, claim), ClaimState.APPROVED if approves else ClaimState.REFUSED
    _require_second(actor, row)
    if row.state == state.value and row.decided_by == actor.person_id:
        return False
    _require(row, ClaimState.PROPOSED)
    row.state, row.decided_at, row.decided_by, row.decision = state.value, now, actor.person_id, answer
    verbs = VERBS[type(row)]
    _record(session, actor, verbs.approved if approves else verbs.refused, row, now=now)
    return True


def revoke(session: Session, actor: Actor, claim: Claim, reason: str, *, now: datetime) -> bool:
    """End what was approved from today on; return whether anything changed. Raise as `decide` does."""
    row = _lock(session, claim)
    _require_second(actor, row)
    if row.state == ClaimState.REVOKED.value and row.revoked_by == actor.person_id:
        return False
    _require(row, ClaimState.APPROVED)
    row.state, row.revoked_at, row.revoked_by, row.revocation = ClaimState.REVOKED.value, now, actor.person_id, reason
    _record(session, actor, VERBS[type(row)].revoked, row, now=now)
    return True


def withdraw(session: Session, actor: Actor, claim: Claim, *, now: datetime) -> bool:
    """Take back what was proposed and is not decided, evidence included; return whether anything changed."""
    row = _lock(session, claim)
    if row.state == ClaimState.WITHDRAWN.value:
        return False
    _require(row, ClaimState.PROPOSED)
    request_removal(session, [row.evidence] if row.evidence else [], now=now)
    row.state, row.evidence, row.evidence_name = ClaimState.WITHDRAWN.value, None, ""
    _record(session, actor, VERBS[type(row)].withdrawn, row, now=now, notifies=False)
    return True


def _lock(session: Session, claim: Claim) -> Claim:
    row = session.get_one(type(claim), claim.id, with_for_update=True, populate_existing=True)
    assert isinstance(row, Waiver | Recognition)
    return row


def _require_second(actor: Actor, row: Claim) -> None:
    if actor.person_id is None or is_own(actor, row.person_id):
        raise OwnRecord
    if row.proposed_by == actor.person_id:
        raise ClaimProposerDecides


def _require(row: Claim, state: ClaimState) -> None:
    if row.state != state.value:
        raise ClaimIsDecided


def _record(session: Session, actor: Actor, verb: ComplianceVerb, row: Claim, *, now: datetime, notifies: bool = True) -> None:
    """Write an audit entry with nothing of it but its number, and notify whom it is about and who proposed it."""
    audit.record(session, actor, verb, row, now=now)
    if notifies:
        for message, people in decision_message(row):
            notices.notify(session, message, people, now=now)
