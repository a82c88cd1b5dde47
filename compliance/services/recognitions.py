"""Services of recognitions: learning elsewhere is to count as a course done on a day, of one person or of many (spec/compulsory 4.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from accounts import uploads
from compliance.audit_verbs import ComplianceVerb
from compliance.models import PendingRecognitionList, Recognition, RecognitionList
from compliance.queries.claim_lists import stands_in
from compliance.queries.claims import day_of_person, list_repeated
from compliance.rules.claims import ClaimState, achievement_fault
from compliance.services.claims import ClaimProposerDecides, lock_person
from compliance.services.evidence import EvidenceFile, note_evidence
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, SignInNeeded
from kernel.own_records import note_left_out
from kernel.permissions import Actor
from organisations.access import TrainingScope


class RecognitionRepeats(Conflict):
    """The same course is recognised, or asked to be, for the same person and day."""

    code = "recognition_repeats"
    message = N_("This course has already been recognised for that day, or someone has asked for it.")


class RecognitionDayRefused(Invalid):
    """Nothing can have been achieved on a day."""

    code = "recognition_day"
    message = N_("The day cannot be in the future or before 1950.")


@dataclass(frozen=True, slots=True)
class RecognitionValues:
    """Learning elsewhere that is to count: the course as which it counts, the day, who attested it, its proof."""

    course_id: int
    achieved_on: date
    issuer: str
    document: str = ""
    evidence: EvidenceFile | None = None


def propose_recognition(session: Session, actor: Actor, person_id: int, values: RecognitionValues, *, now: datetime) -> Recognition:
    """Ask that learning of a person be recognised; the same once more by the same person is the one that waits already.

    Raise RecognitionDayRefused, or RecognitionRepeats where the course is recognised for that day or somebody else asked for it.
    """
    if actor.person_id is None:
        raise SignInNeeded
    if achievement_fault(values.achieved_on, day_of_person(session, person_id, now)) is not None:
        raise RecognitionDayRefused
    lock_person(session, person_id)
    known = session.scalar(
        select(Recognition).where(
            Recognition.person_id == person_id,
            Recognition.course_id == values.course_id,
            Recognition.achieved_on == values.achieved_on,
            Recognition.state.in_((ClaimState.PROPOSED, ClaimState.APPROVED)),
        )
    )
    if known is not None and known.state == ClaimState.PROPOSED.value and known.proposed_by == actor.person_id:
        return known
    if known is not None:
        raise RecognitionRepeats
    if values.evidence is not None:
        note_evidence(session, values.evidence, now=now)
    row = Recognition(**_columns(actor, person_id, values, now))
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, ComplianceVerb.RECOGNITION_PROPOSED, row, now=now)
    return row


def _columns(actor: Actor, person_id: int, values: RecognitionValues, now: datetime) -> dict[str, object]:
    return {
        "person_id": person_id,
        "course_id": values.course_id,
        "achieved_on": values.achieved_on,
        "issuer": values.issuer,
        "document": values.document,
        "evidence": values.evidence and values.evidence.sha256,
        "evidence_name": values.evidence.name if values.evidence else "",
        "state": ClaimState.PROPOSED.value,
        "proposed_at": now,
        "proposed_by": actor.person_id,
    }


@dataclass(frozen=True, slots=True)
class UploadedRecognitionList:
    """A list of recognitions as it was sent in."""

    name: str
    content: bytes


def receive_list(session: Session, actor: Actor, sent: UploadedRecognitionList, total: int, *, now: datetime) -> PendingRecognitionList:
    """Keep a list until it is confirmed; an earlier unconfirmed one of the same person is forgotten."""
    if actor.person_id is None:
        raise SignInNeeded
    row = PendingRecognitionList(person_id=actor.person_id, name=sent.name, content=sent.content, total=total)
    uploads.store_pending_upload(session, row, PendingRecognitionList.list_id.is_(None), now=now)
    audit.record(session, actor, ComplianceVerb.RECOGNITIONS_RECEIVED, row, now=now, lines=total, size=len(sent.content))
    return row


def discard_list(session: Session, actor: Actor, pending: PendingRecognitionList, *, now: datetime) -> None:
    """Delete a list that was not confirmed."""
    if pending.list_id is None:
        audit.record(session, actor, ComplianceVerb.RECOGNITIONS_DISCARDED, pending, now=now)
        session.delete(session.get_one(PendingRecognitionList, pending.id))


def propose_list(
    session: Session, actor: Actor, pending: PendingRecognitionList, lines: Sequence[tuple[int, RecognitionValues]], *, now: datetime
) -> RecognitionList:
    """Propose the recognitions of a list, by person, in one go; a second time returns what the first made.

    What was recognised or asked for since the preview is left out.
    """
    locked = session.get_one(PendingRecognitionList, pending.id, with_for_update=True, populate_existing=True)
    if locked.list_id is not None:
        return session.get_one(RecognitionList, locked.list_id)
    known = list_repeated(session, sorted({person for person, _values in lines}), sorted({values.course_id for _person, values in lines}))
    new = [(person, line) for person, line in lines if (person, line.course_id, line.achieved_on) not in known]
    made = RecognitionList(name=locked.name, total=len(new), proposed_at=now, proposed_by=actor.person_id)
    session.add(made)
    session.flush()
    if new:
        session.execute(insert(Recognition), [{**_columns(actor, person, line, now), "list_id": made.id} for person, line in new])
    locked.list_id = made.id
    audit.record(session, actor, ComplianceVerb.RECOGNITIONS_PROPOSED, made, now=now, people=len(new))
    return made


def decide_list(
    session: Session, actor: Actor, made: RecognitionList, answer: str, scope: TrainingScope, *, approves: bool, now: datetime
) -> int:
    """Approve or refuse every recognition of a list that waits, of people in a scope; return of how many: a second click decides on none.

    The actor's own is left out, and waits for somebody else. Raise ClaimProposerDecides for who sent the list in.
    """
    row = session.get_one(RecognitionList, made.id, with_for_update=True)
    if actor.person_id is None or row.proposed_by == actor.person_id:
        raise ClaimProposerDecides
    inside = stands_in(Recognition.person_id, scope, decides=True)
    waits = [Recognition.list_id == row.id, Recognition.state == ClaimState.PROPOSED.value, *([] if inside is None else [inside])]
    own = session.scalar(select(Recognition.id).where(*waits, Recognition.person_id == actor.person_id).limit(1))
    state = ClaimState.APPROVED if approves else ClaimState.REFUSED
    decided = update(Recognition).where(*waits, Recognition.person_id != actor.person_id)
    values = {"state": state.value, "decided_at": now, "decided_by": actor.person_id, "decision": answer}
    count = len(session.scalars(decided.values(**values).returning(Recognition.id)).all())
    if own is not None:
        note_left_out(session, actor, row, now=now)
    if count:
        audit.record(session, actor, ComplianceVerb.RECOGNITIONS_DECIDED, row, now=now, people=count, approved=approves)
    return count
