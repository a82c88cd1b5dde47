"""Waivers and recognitions: proposed, decided, revoked or withdrawn, one or a list, with their notices (spec/compulsory 4.10 and 4.11)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, insert, not_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.uploads import UploadedList, discard_pending_upload, store_pending_upload
from compliance.audit_verbs import ComplianceVerb
from compliance.evidence import EvidenceFile, note_evidence, request_removal
from compliance.models import PendingRecognitionList, Recognition, RecognitionList, Waiver
from compliance.notices import WAIVER_NOTICE
from compliance.rules.claims import (
    APPROVED_ONCE,
    OPEN_STATES,
    ClaimedDays,
    ClaimState,
    WaiverKind,
    achievement_fault,
    last_waived_day,
    waiver_fault,
)
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, OwnRecord, SignInNeeded
from kernel.i18n import _, format_date, in_every_language
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor
from organisations import tree
from organisations.access import TrainingScope
from organisations.models import Employment, Membership
from organisations.rules.units import INSTITUTION_ZONE, zone_of
from organisations.tree import PRESENT


def stands_in(person_id: InstrumentedAttribute[int], scope: TrainingScope, *, decides: bool = False) -> ColumnElement[bool] | None:
    """Return the condition that a person of the statement is one for whom a scope has an officer or auditor; None: everybody is."""
    if scope.everywhere:
        return None
    places = scope.officer if decides else scope.officer | scope.auditor
    member = exists().where(Membership.person_id == person_id, PRESENT)
    here = exists().where(Membership.person_id == person_id, PRESENT, Membership.organisation_id.in_(places))
    worked = exists().where(Employment.person_id == person_id, Employment.retracted_at.is_(None), Employment.institution_id.in_(places))
    return or_(here, and_(not_(member), worked))


OWN_CLAIMS = "/learning/waivers"


def decision_message(row: Waiver | Recognition) -> Iterator[tuple[Message, list[int]]]:
    """Return the notice of a decision for whom it is about, and that for who asked for them, each with who gets it."""
    heads, to_person = (_WAIVER, _waiver_words(row)) if isinstance(row, Waiver) else (_RECOGNITION, _recognition_words(row))
    subject = in_every_language(heads[ClaimState(row.state)])
    key = f"{row.__tablename__}:{row.uuid}:{row.state}"
    yield Message(WAIVER_NOTICE, key, subject, in_every_language(to_person), OWN_CLAIMS), [row.person_id]
    if row.proposed_by is not None and row.proposed_by != row.person_id:
        to_proposer = in_every_language(_ASKED[ClaimState(row.state)])
        yield Message(WAIVER_NOTICE, f"{key}:asked", subject, to_proposer, page_of(row)), [row.proposed_by]


def page_of(row: Waiver | Recognition) -> str:
    """Return the address of the page of a waiver or recognition."""
    return f"/training/{'waivers' if isinstance(row, Waiver) else 'recognitions'}/{row.uuid}"


_WAIVER: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("A waiver was approved"),
    ClaimState.REFUSED: lambda: _("A waiver was not approved"),
    ClaimState.REVOKED: lambda: _("A waiver was revoked"),
}
_RECOGNITION: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("A recognition was approved"),
    ClaimState.REFUSED: lambda: _("A recognition was not approved"),
    ClaimState.REVOKED: lambda: _("A recognition was revoked"),
}
_ASKED: dict[ClaimState, Callable[[], str]] = {
    ClaimState.APPROVED: lambda: _("You proposed it for someone. It has been approved."),
    ClaimState.REFUSED: lambda: _("You proposed it for someone. It was not approved: read why."),
    ClaimState.REVOKED: lambda: _("You proposed it for someone. It no longer counts: read why."),
}


def _waiver_words(row: Waiver) -> Callable[[], str]:
    def words() -> str:
        if row.state == ClaimState.APPROVED.value:
            return _(
                "You are excused from %(first)s to %(last)s.",
                first=format_date(row.first_on),
                last=format_date(last_waived_day(row.first_on, row.last_on)),
            )
        if row.state == ClaimState.REVOKED.value:
            return _("From today it no longer counts. Read why, and by when you have to complete your training.")
        return _("Read why. You can ask again with other evidence.")

    return words


def _recognition_words(row: Recognition) -> Callable[[], str]:
    def words() -> str:
        if row.state == ClaimState.APPROVED.value:
            return _("It counts as completed on %(day)s.", day=format_date(row.achieved_on))
        if row.state == ClaimState.REVOKED.value:
            return _("From today it no longer counts. Read why, and by when you have to complete your training.")
        return _("Read why. You can ask again with other evidence.")

    return words


def ask_again_message(row: Waiver) -> Message:
    """Return the notice that a waiver without an end stops counting soon (spec/compulsory 4.10)."""
    last = last_waived_day(row.first_on, None)
    subject = in_every_language(lambda: _("A waiver without an end stops counting soon"))
    text = in_every_language(
        lambda: _("It counts until %(last)s. If the reason goes on, ask for another one from the day after.", last=format_date(last))
    )
    return Message(WAIVER_NOTICE, f"waiver:{row.uuid}:again", subject, text, OWN_CLAIMS)


def list_messages(made: RecognitionList, rows: Sequence[Recognition]) -> Iterator[tuple[Message, list[int]]]:
    """Return the notices to the people of a list of recognitions, by what was decided."""
    for state, some in groupby(sorted(rows, key=lambda row: row.state), key=lambda row: ClaimState(row.state)):
        if state in _RECOGNITION:
            subject, key = in_every_language(_RECOGNITION[state]), f"recognition_list:{made.uuid}:{state.value}"
            text = in_every_language(lambda: _("See it among your waivers and recognitions."))
            yield Message(WAIVER_NOTICE, key, subject, text, OWN_CLAIMS), sorted({row.person_id for row in some})


def zone_of_person(session: Session, person_id: int) -> ZoneInfo:
    """Return the time zone of a person's main place."""
    main_unit = tree.find_place(session, person_id)
    places = {unit.id: unit for unit in tree.list_tree(session)} if main_unit is not None else {}
    return ZoneInfo(INSTITUTION_ZONE if main_unit is None else zone_of(places, main_unit.organisation_id))


def day_of_person(session: Session, person_id: int, now: datetime) -> date:
    """Return the day that it is where a person works."""
    return now.astimezone(zone_of_person(session, person_id)).date()


def days_of(waiver: Waiver) -> ClaimedDays:
    """Return the days of a waiver as the pure rules read them."""
    return ClaimedDays(waiver.first_on, waiver.last_on, waiver.revoked_at)


def list_overlapping(session: Session, person_id: int, obligation_id: int | None, days: ClaimedDays) -> list[Waiver]:
    """Return the waivers of a person that wait or count on one of these days for the same obligation, by their first day."""
    states = {state.value for state in OPEN_STATES | APPROVED_ONCE}
    statement = select(Waiver).where(Waiver.person_id == person_id, Waiver.state.in_(states))
    if obligation_id is not None:
        statement = statement.where(or_(Waiver.obligation_id.is_(None), Waiver.obligation_id == obligation_id))
    zone = zone_of_person(session, person_id)
    rows = session.scalars(statement.order_by(Waiver.first_on, Waiver.id))
    return [row for row in rows if days_of(row).overlaps(days, zone)]


def list_repeated(session: Session, people: Sequence[int], courses: Sequence[int]) -> set[tuple[int, int, date]]:
    """Return the person, course and day of each recognition of these that waits or counts."""
    statement = select(Recognition.person_id, Recognition.course_id, Recognition.achieved_on).where(
        Recognition.person_id.in_(people), Recognition.course_id.in_(courses), Recognition.state.in_(OPEN_STATES)
    )
    return {(row[0], row[1], row[2]) for row in session.execute(statement)}


def list_entries(session: Session, people: Sequence[int]) -> dict[int, date]:
    """Return the first day of entry on record of each of some people."""
    statement = (
        select(Employment.person_id, Employment.entered_on)
        .where(Employment.person_id.in_(people), Employment.retracted_at.is_(None), Employment.entered_on.is_not(None))
        .order_by(Employment.entered_on.desc())
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[1] is not None}


def list_decided(session: Session, list_id: int, after: int, limit: int) -> list[Recognition]:
    """Return a portion of the recognitions of a list that somebody decided on, by their number."""
    statement = select(Recognition).where(Recognition.list_id == list_id, Recognition.decided_at.is_not(None), Recognition.id > after)
    return list(session.scalars(statement.order_by(Recognition.id).limit(limit)))


Claim = Waiver | Recognition


class ClaimIsDecided(Conflict):
    """Somebody else decided on a waiver or recognition meanwhile, or it was withdrawn."""

    code = "claim_decided"
    message = N_("Someone else has already decided on this, or it was withdrawn.")


class ClaimProposerDecides(Conflict):
    """Whoever proposed a waiver or recognition may not decide on it."""

    message = N_("You proposed this yourself: another person has to decide.")


VERBS: Mapping[tuple[type[Claim], ClaimState], ComplianceVerb] = {
    (Waiver, ClaimState.APPROVED): ComplianceVerb.WAIVER_APPROVED,
    (Waiver, ClaimState.REFUSED): ComplianceVerb.WAIVER_REFUSED,
    (Waiver, ClaimState.REVOKED): ComplianceVerb.WAIVER_REVOKED,
    (Waiver, ClaimState.WITHDRAWN): ComplianceVerb.WAIVER_WITHDRAWN,
    (Recognition, ClaimState.APPROVED): ComplianceVerb.RECOGNITION_APPROVED,
    (Recognition, ClaimState.REFUSED): ComplianceVerb.RECOGNITION_REFUSED,
    (Recognition, ClaimState.REVOKED): ComplianceVerb.RECOGNITION_REVOKED,
    (Recognition, ClaimState.WITHDRAWN): ComplianceVerb.RECOGNITION_WITHDRAWN,
}
"""The verb of the audit log with which a waiver or recognition comes into a state."""


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
    _record(session, actor, row, now=now)
    return True


def revoke(session: Session, actor: Actor, claim: Claim, reason: str, *, now: datetime) -> bool:
    """End what was approved from today on; return whether anything changed. Raise as `decide` does."""
    row = _lock(session, claim)
    _require_second(actor, row)
    if row.state == ClaimState.REVOKED.value and row.revoked_by == actor.person_id:
        return False
    _require(row, ClaimState.APPROVED)
    row.state, row.revoked_at, row.revoked_by, row.revocation = ClaimState.REVOKED.value, now, actor.person_id, reason
    _record(session, actor, row, now=now)
    return True


def withdraw(session: Session, actor: Actor, claim: Claim, *, now: datetime) -> bool:
    """Take back what was proposed and is not decided, evidence included; return whether anything changed."""
    row = _lock(session, claim)
    if row.state == ClaimState.WITHDRAWN.value:
        return False
    _require(row, ClaimState.PROPOSED)
    request_removal(session, [row.evidence] if row.evidence else [], now=now)
    row.state, row.evidence, row.evidence_name = ClaimState.WITHDRAWN.value, None, ""
    audit.record(session, actor, VERBS[type(row), ClaimState.WITHDRAWN], row, now=now)
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


def _record(session: Session, actor: Actor, row: Claim, *, now: datetime) -> None:
    """Write an audit entry with nothing of it but its number, and notify whom it is about and who proposed it."""
    audit.record(session, actor, VERBS[type(row), ClaimState(row.state)], row, now=now)
    for message, people in decision_message(row):
        notices.notify(session, message, people, now=now)


class WaiverOverlaps(Conflict):
    """Another waiver of the person has some of the same days."""

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


class RecognitionRepeats(Conflict):
    """The same course is recognised, or asked to be, for the same person and day."""

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


def receive_list(session: Session, actor: Actor, sent: UploadedList, *, now: datetime) -> PendingRecognitionList:
    """Keep a list until it is confirmed; of earlier ones of the same person the newest stay."""
    row = PendingRecognitionList(name=sent.name, content=sent.content, total=sent.total)
    earlier, size = PendingRecognitionList.list_id.is_(None), len(sent.content)
    return store_pending_upload(session, actor, ComplianceVerb.RECOGNITIONS_RECEIVED, row, earlier, now=now, lines=row.total, size=size)


def discard_list(session: Session, actor: Actor, pending: PendingRecognitionList, *, now: datetime) -> None:
    """Delete a list that was not confirmed."""
    if pending.list_id is None:
        discard_pending_upload(session, actor, ComplianceVerb.RECOGNITIONS_DISCARDED, pending, now=now)


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
