"""Services of waivers: somebody asks that a person be excused from compulsory training for a time (spec/compulsory 4.10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Waiver
from compliance.queries.claims import list_overlapping
from compliance.rules.claims import ClaimedDays, ClaimState, WaiverKind, waiver_fault
from compliance.services.claims import lock_person
from compliance.services.evidence import EvidenceFile, note_evidence
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, SignInNeeded
from kernel.permissions import Actor


class WaiverOverlaps(Conflict):
    """Another waiver of the person has some of the same days."""

    code = "waiver_overlaps"
    message = N_("There is another waiver for some of these days. Compare the two below.")

    def __init__(self, others: Sequence[Waiver]) -> None:
        super().__init__()
        self.others = tuple(others)


class WaiverDaysRefused(Invalid):
    """The days of a waiver are none that it may have."""

    code = "waiver_days"
    message = N_("A waiver cannot have these days.")


@dataclass(frozen=True, slots=True)
class WaiverValues:
    """The content of a waiver: reason, days, proof; no obligation means every one, no last day an open end."""

    kind: WaiverKind
    first_on: date
    last_on: date | None
    obligation_id: int | None = None
    words: str = ""
    document: str = ""
    evidence: EvidenceFile | None = None


def propose_waiver(session: Session, actor: Actor, person_id: int, values: WaiverValues, *, now: datetime) -> Waiver:
    """Ask for a waiver of a person; the same once more is the one that waits already.

    Raise WaiverDaysRefused, or WaiverOverlaps where another one waits or counts on some of its days.
    """
    if actor.person_id is None:
        raise SignInNeeded
    if waiver_fault(values.first_on, values.last_on) is not None:
        raise WaiverDaysRefused
    lock_person(session, person_id)
    row = Waiver(
        person_id=person_id,
        obligation_id=values.obligation_id,
        kind=values.kind.value,
        words=values.words,
        document=values.document,
        evidence=values.evidence and values.evidence.sha256,
        evidence_name=values.evidence.name if values.evidence else "",
        first_on=values.first_on,
        last_on=values.last_on,
        state=ClaimState.PROPOSED.value,
        proposed_at=now,
        proposed_by=actor.person_id,
    )
    others = list_overlapping(session, person_id, values.obligation_id, ClaimedDays(values.first_on, values.last_on))
    same = next((other for other in others if other.state == row.state and _content(other) == _content(row)), None)
    if same is not None:
        return same
    if others:
        raise WaiverOverlaps(others)
    if values.evidence is not None:
        note_evidence(session, values.evidence, now=now)
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, ComplianceVerb.WAIVER_PROPOSED, row, now=now)
    return row


def _content(row: Waiver) -> tuple[object, ...]:
    return row.obligation_id, row.kind, row.words, row.document, row.evidence, row.first_on, row.last_on, row.proposed_by
