"""Decisions that need two of a jury: asked for, agreed to by one, made by another, or declined (spec/selection 4.16)."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select, update
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, SecondFactor
from accounts.people import AccountVerb, list_administrators
from kernel import audit, outbox
from kernel.audit import AuditEntry
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.permissions import Actor
from quizzes import marking, overrides
from quizzes.access import QuizContext
from quizzes.attempts import lock_attempt
from quizzes.jury import AttemptAct, BegunQuiz, PendingAct, PendingActFilter
from quizzes.marking import ManualMarkValues
from quizzes.marks import lock_marked_item
from quizzes.models import Accommodation, Attempt, QuizOverride
from quizzes.overrides import NotInForce, OverrideTarget
from selections import selections
from selections.access import NAMINGS, JuryContext, JuryDecisionContext, JuryMemberContext
from selections.audit_verbs import SelectionVerb
from selections.models import JuryDecision, JuryMatter, MemberRole, Selection, SelectionMember
from selections.rules.objections import SHORTEST_REASON, words_in
from selections.selections import get_selection, has_acta, is_participant, list_of_enrolment, lock_selection, takes_part

MOST_DECISIONS = 200
DECIDERS = 2
BY_REFERENCE = (JuryMatter.EXCEPTION, JuryMatter.ACCOMMODATION)
"""Matters of which a jury reads a reference and no cause; nothing of them stands in an acta (spec/selection 4.7)."""
LEAST_WORDS = {JuryMatter.EXCEPTION: 5, JuryMatter.ACCOMMODATION: 5, JuryMatter.MERGE: 0}
"""Characters that a reason has at least, where fewer than usual are enough."""
NOTIFY_DECISION, NOTIFY_NAMING, NOTIFY_MOVED = "selections.notify_decision", "selections.notify_naming", "selections.notify_moved"
NOTIFY_ASKER = "selections.notify_asker"
ADDRESS = re.compile(r"\S+@\S+")
DECIDED, DECLINED = "decided", "declined"


class DecisionPending(Conflict):
    """The same act on the same person or answer, which waits for its decision."""

    message = N_("The jury has been asked about this already and has not decided yet.")


class DecisionChanged(Conflict):
    """A decision that was made or declined meanwhile."""

    message = N_("Someone else has decided on this in the meantime.")


class SecondPersonNeeded(Conflict):
    """A decision by whoever agreed to it first, or by two of whom too few are of the jury."""

    message = N_("Two people decide, and you are the first of them, or a member of the jury has to be one of them.")


class NoJury(Conflict):
    """An act on an attempt that no selection counts."""

    message = N_("The results of this quiz decide about people, and no selection has this attempt: make one, and name its jury.")


class TooLittleReason(Invalid):
    """A reason that says nothing that others can judge."""

    message = N_("Write a reason that others can judge, of at least %(min)s characters.")


class TooLittleReference(TooLittleReason):
    """A reference that names no file."""

    message = N_("Write the reference of the file, of at least %(min)s characters.")


@dataclass(frozen=True, slots=True)
class JuryRequest:
    """An act that two of a jury are asked about: on whom, on which attempt and question, and its values."""

    matter: JuryMatter
    reason: str
    person_id: int
    attempt: int | None = None
    item: int | None = None
    act_values: Mapping[str, Any] = field(default_factory=dict)


def list_able(session: Session, selection_id: int) -> set[int]:
    """Return the members of a jury who may act: with a second factor, not suspended, and never a participant."""
    statement = (
        select(SelectionMember.person_id)
        .join(Selection, Selection.id == SelectionMember.selection_id)
        .join(Person, Person.id == SelectionMember.person_id)
        .where(SelectionMember.selection_id == selection_id, SelectionMember.role == MemberRole.JURY.value)
        .where(SelectionMember.ended_at.is_(None), Person.suspended_at.is_(None), ~takes_part(SelectionMember.person_id))
        .where(exists().where(SecondFactor.person_id == SelectionMember.person_id))
    )
    return set(session.scalars(statement))


def get_jury(session: Session, actor: Actor, selection: UUID) -> JuryContext:
    """Return a jury before an actor; raise NotFound."""
    context = get_selection(session, actor, selection)
    return JuryContext(context, len(list_able(session, context.id)))


def get_member_of_jury(session: Session, actor: Actor, selection: UUID, member: UUID) -> JuryMemberContext:
    """Return a member of a jury, or a reader, before an actor; raise NotFound."""
    jury = get_jury(session, actor, selection)
    of_selection = (SelectionMember.selection_id == jury.selection.id, SelectionMember.ended_at.is_(None))
    row = require_found(session.scalar(select(SelectionMember).where(SelectionMember.uuid == member, *of_selection)))
    return JuryMemberContext(jury.selection, jury.able, row)


def get_decision(session: Session, actor: Actor, decision: UUID) -> JuryDecisionContext:
    """Return a decision of a jury before an actor; raise NotFound."""
    statement = select(JuryDecision, Selection.uuid, Person).join(Selection, Selection.id == JuryDecision.selection_id)
    statement = statement.join(Person, Person.id == JuryDecision.person_id).where(JuryDecision.uuid == decision)
    row, selection, person = require_found(session.execute(statement.execution_options(populate_existing=True)).one_or_none())
    context = get_selection(session, actor, selection)
    return JuryDecisionContext(context, len(_able_for(session, row)), row, person)


def _able_for(session: Session, row: JuryDecision) -> set[int]:
    """Return the members of the jury who may act on a decision: nobody on what they themselves are."""
    able = list_able(session, row.selection_id)
    return able - {row.person_id} if row.matter == JuryMatter.ENDING.value else able


def list_decisions(session: Session, selection_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the decisions of a jury, those that wait first, then the newest: each with `person`, `requester`, `first` and `closer`."""
    person, requester, first, closer = (aliased(Person, name=name) for name in ("person", "requester", "first", "closer"))
    statement = (
        select(JuryDecision, person, requester, first, closer)
        .join(person, person.id == JuryDecision.person_id)
        .join(requester, requester.id == JuryDecision.requested_by)
        .outerjoin(first, first.id == JuryDecision.agreed_by)
        .outerjoin(closer, closer.id == JuryDecision.closed_by)
        .where(JuryDecision.selection_id == selection_id)
        .order_by(JuryDecision.closed_at.is_not(None), JuryDecision.id.desc())
        .limit(MOST_DECISIONS)
    )
    return session.execute(statement).all()


def list_deciders(session: Session, row: JuryDecision) -> list[int]:
    """List who may be one of the two on a decision and did not ask for it: whom it is told to."""
    able = _able_for(session, row)
    if row.matter in NAMINGS and len(able) < DECIDERS:
        able |= set(list_administrators(session)) - {row.person_id}
    return sorted(able - {row.requested_by})


def list_people(session: Session, row: JuryDecision) -> dict[str, str]:
    """Return the names of who asked for a decision, who agreed first and who closed it; empty for who did not yet."""
    parts = {"requested": row.requested_by, "agreed": row.agreed_by, "closed": row.closed_by}
    names = {person.id: person.full_name for person in session.scalars(select(Person).where(Person.id.in_(parts.values())))}
    return {part: names.get(person or 0, "") for part, person in parts.items()}


def request_decision(
    session: Session, actor: Actor, selection_id: int, request: JuryRequest, *, as_member: bool, now: datetime
) -> JuryDecision:
    """Ask two of a jury about an act; whoever asks as one of those who decide has agreed. Raise DecisionPending or TooLittleReason."""
    least = LEAST_WORDS.get(request.matter, SHORTEST_REASON)
    if words_in(request.reason) < least:
        raise TooLittleReference(min=least) if request.matter in BY_REFERENCE else TooLittleReason(min=least)
    lock_selection(session, selection_id)
    same = {"person_id": request.person_id, "attempt_id": request.attempt, "item_id": request.item}
    waits = select(JuryDecision.id).where(JuryDecision.selection_id == selection_id, JuryDecision.closed_at.is_(None))
    if session.scalar(waits.filter_by(matter=request.matter.value, **same).limit(1)) is not None:
        raise DecisionPending
    row = JuryDecision(
        selection_id=selection_id,
        matter=request.matter.value,
        reason=request.reason,
        act_values=json.dumps(dict(request.act_values), ensure_ascii=False, sort_keys=True),
        requested_at=now,
        requested_by=actor.person_id,
        agreed_by=actor.person_id if as_member else None,
        **same,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.DECISION_REQUESTED, row, now=now, **_facts(row))
    outbox.enqueue(session, NOTIFY_DECISION, {"decision": row.id}, now=now)
    return row


def _facts(row: JuryDecision) -> dict[str, object]:
    return {"selection": row.selection_id, "matter": row.matter, "person": row.person_id, "reason": row.reason, "attempt": row.attempt_id}


def _find_deciding(session: Session, quiz: BegunQuiz) -> Selection | None:
    """Return the selection that counts what a person does in a quiz: of several one with an acta, else the newest."""
    mine = list_of_enrolment(session, quiz.enrolment_id, quiz.key)
    return next((selection for selection in mine if has_acta(session, selection.id)), next(iter(mine), None))


def has_jury(session: Session, quiz: BegunQuiz) -> bool:
    """Return whether a selection counts what a person does in a quiz."""
    return _find_deciding(session, quiz) is not None


def ask_jury(session: Session, actor: Actor, act: AttemptAct, now: datetime) -> None:
    """Ask two of the jury that decides on an attempt about an act on it; raise NoJury, DecisionPending or TooLittleReason."""
    selection, matter = _find_deciding(session, act.quiz), JuryMatter(act.act.value)
    if selection is None:
        raise NoJury
    request = JuryRequest(matter, act.reason, act.quiz.person_id, attempt=act.attempt_id, item=act.item_id, act_values=act.values)
    request_decision(session, actor, selection.id, request, as_member=actor.person_id in list_able(session, selection.id), now=now)


def list_pending_acts(session: Session, chosen: PendingActFilter) -> list[PendingAct]:
    """List the acts on attempts that wait for two of a jury, the oldest first."""
    person, requester = aliased(Person), aliased(Person)
    given = {"attempt_id": chosen.attempt_id, "item_id": chosen.item_id, "person_id": chosen.person_id}
    of_quiz = {"course_id": chosen.course_id, "activity_key": chosen.key}
    rows = session.execute(
        select(person, requester, JuryDecision.requested_at)
        .select_from(JuryDecision)
        .join(Selection, Selection.id == JuryDecision.selection_id)
        .join(person, person.id == JuryDecision.person_id)
        .join(requester, requester.id == JuryDecision.requested_by)
        .where(JuryDecision.closed_at.is_(None), JuryDecision.matter == chosen.act.value)
        .where(*(getattr(JuryDecision, name) == value for name, value in given.items() if value is not None))
        .where(*(getattr(Selection, name) == value for name, value in of_quiz.items() if value is not None))
        .order_by(JuryDecision.id)
        .limit(MOST_DECISIONS)
    )
    return [PendingAct(subject.full_name, asker.full_name, asked_at) for subject, asker, asked_at in rows]


def list_takes_of(session: Session, row: JuryDecision) -> list[tuple[JuryDecision, Attempt]]:
    """List the decisions about the takes that one merge brought together, with the attempt of each, as they were asked for."""
    same = (JuryDecision.selection_id == row.selection_id, JuryDecision.matter == row.matter, JuryDecision.requested_at == row.requested_at)
    statement = select(JuryDecision, Attempt).join(Attempt, Attempt.id == JuryDecision.attempt_id).where(*same)
    statement = statement.where(JuryDecision.person_id == row.person_id)
    return [(decision, attempt) for decision, attempt in session.execute(statement.order_by(JuryDecision.id))]


def find_merge_reason(session: Session, row: JuryDecision) -> str:
    """Return why an administrator merged the accounts of a person, as the log has it, without addresses."""
    merged = (AuditEntry.verb == AccountVerb.MERGED.value, AuditEntry.subject_id == row.person_id, AuditEntry.at == row.requested_at)
    facts = session.scalar(select(AuditEntry.facts).where(*merged))
    return "" if facts is None else ADDRESS.sub("…", str(json.loads(facts).get("reason", "")))


def list_shared(session: Session, closed_id: int, remaining_id: int) -> list[Selection]:
    """List the selections in which two accounts both sat: where they are merged, the jury decides which take counts."""
    both = select(Selection).where(takes_part(closed_id), takes_part(remaining_id)).order_by(Selection.id)
    return [
        selection
        for selection in session.scalars(both).all()
        if all(selections.find_last_attempt(session, selection, person_id) for person_id in (closed_id, remaining_id))
    ]


def name_shared(session: Session, closed_id: int, remaining_id: int) -> list[str]:
    """List the editions and groups of the selections in which two accounts both sat."""
    return [selections.get_row(session, selection.id).people for selection in list_shared(session, closed_id, remaining_id)]


def request_naming(session: Session, actor: Actor, jury: JuryContext, email: str, role: MemberRole, reason: str, *, now: datetime) -> None:
    """Ask to name a person for a selection after its first acta; raise what naming raises."""
    person = selections.find_nameable(session, session.get_one(Selection, jury.selection.id), email)
    request = JuryRequest(JuryMatter.NAMING, reason, person.id, act_values={"role": role.value})
    request_decision(session, actor, jury.selection.id, request, as_member=True, now=now)


def request_ending(session: Session, actor: Actor, jury: JuryMemberContext, reason: str, *, now: datetime) -> None:
    """Ask to end what a person is in a selection after its first acta; who ends what they are themselves is none of the two."""
    row = jury.member
    request = JuryRequest(JuryMatter.ENDING, reason, row.person_id, act_values={"member": row.id})
    request_decision(session, actor, jury.selection.id, request, as_member=row.person_id != actor.person_id, now=now)


def agree(session: Session, actor: Actor, subject: JuryDecisionContext, *, now: datetime) -> bool:
    """Agree to an act, and carry it out where another has agreed; return whether it was. Raise DecisionChanged or SecondPersonNeeded.

    What the act itself refuses is raised as it is, and the decision waits.
    """
    lock_selection(session, subject.selection.id)
    row = session.get_one(JuryDecision, subject.decision.id, populate_existing=True)
    able = _able_for(session, row)
    if row.closed_at is not None:
        raise DecisionChanged
    names = row.matter in NAMINGS
    if not _may_still_act(session, row, able, names=names):
        row.agreed_by = actor.person_id
        audit.record(session, actor, SelectionVerb.DECISION_AGREED, row, now=now, **_facts(row))
        return False
    pair = {row.agreed_by, actor.person_id}
    if len(pair) < DECIDERS or len(pair & able) < (min(DECIDERS, len(able)) if names else DECIDERS):
        raise SecondPersonNeeded
    row.closed_at, row.closed_by, row.outcome = now, actor.person_id, DECIDED
    session.flush()
    audit.record(session, actor, SelectionVerb.DECISION_MADE, row, now=now, approved_by=row.agreed_by, **_facts(row))
    ACTS[JuryMatter(row.matter)](session, actor, row, json.loads(row.act_values), now)
    _forget_cause(row)
    _notify_asker(session, row, now=now)
    return True


def _notify_asker(session: Session, row: JuryDecision, *, now: datetime) -> None:
    """Have whoever asked and was none of the two notified of what became of it."""
    if row.requested_by not in (row.agreed_by, row.closed_by):
        outbox.enqueue(session, NOTIFY_ASKER, {"decision": row.id}, now=now)


def _forget_cause(row: JuryDecision) -> None:
    """Keep nothing here of why something is set for a person, once it is decided: that stands where it is set."""
    if row.matter in BY_REFERENCE:
        values = json.loads(row.act_values)
        values.pop("cause", None)
        values.get("values", {}).pop("password", None)
        row.act_values = json.dumps(values, ensure_ascii=False, sort_keys=True)


def _may_still_act(session: Session, row: JuryDecision, able: set[int], *, names: bool) -> bool:
    """Return whether somebody agreed to an act first who may act on it now."""
    if row.agreed_by is None or row.agreed_by in able:
        return row.agreed_by is not None
    selection = session.get_one(Selection, row.selection_id)
    return names and row.agreed_by in list_administrators(session) and not is_participant(session, selection, row.agreed_by)


def decline(session: Session, actor: Actor, subject: JuryDecisionContext, *, now: datetime) -> None:
    """Decline an act; it stays on record. Raise DecisionChanged."""
    lock_selection(session, subject.selection.id)
    row = session.get_one(JuryDecision, subject.decision.id, populate_existing=True)
    if row.closed_at is not None:
        raise DecisionChanged
    if row.matter == JuryMatter.MERGE.value:
        raise SecondPersonNeeded  # declining one would count the other
    row.closed_at, row.closed_by, row.outcome = now, actor.person_id, DECLINED
    _forget_cause(row)
    audit.record(session, actor, SelectionVerb.DECISION_DECLINED, row, now=now, **_facts(row))
    if row.requested_by != actor.person_id:
        outbox.enqueue(session, NOTIFY_ASKER, {"decision": row.id}, now=now)


def separate_merged(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Ask the jury of each selection in which both of two merged accounts sat whose attempts count; until then the person waits."""
    for selection in list_shared(session, closed.id, remaining.id):
        for person in (closed, remaining):
            attempt = selections.find_last_attempt(session, selection, person.id)
            request = JuryRequest(JuryMatter.MERGE, "", remaining.id, attempt=attempt)
            request_decision(session, actor, selection.id, request, as_member=False, now=now)


Act = Callable[[Session, Actor, JuryDecision, Mapping[str, Any], datetime], None]


def _name(session: Session, actor: Actor, row: JuryDecision, values: Mapping[str, Any], now: datetime) -> None:
    person = session.get_one(Person, row.person_id)
    selections.name_member(session, actor, row.selection_id, person.email, MemberRole(values["role"]), by_jury=True, now=now)
    outbox.enqueue(session, NOTIFY_NAMING, {"decision": row.id}, now=now)


def _end(session: Session, actor: Actor, row: JuryDecision, values: Mapping[str, Any], now: datetime) -> None:
    selections.end_member(session, actor, row.selection_id, values["member"], by_jury=True, now=now)
    outbox.enqueue(session, NOTIFY_NAMING, {"decision": row.id}, now=now)


def _mark(session: Session, actor: Actor, row: JuryDecision, values: Mapping[str, Any], now: datetime) -> None:
    subject = lock_marked_item(session, actor, session.get_one(Attempt, row.attempt_id).uuid, values["position"])
    given = ManualMarkValues(Fraction(values["points"]), values["seen"], values["comment"], values["levels"], row.reason)
    marking.mark_by_hand(session, actor, subject, given, agreed_by=row.agreed_by, asked_by=row.requested_by, now=now)
    outbox.enqueue(session, NOTIFY_MOVED, {"decision": row.id}, now=now)


def _reopen(session: Session, actor: Actor, row: JuryDecision, _values: Mapping[str, Any], now: datetime) -> None:
    loaded = lock_attempt(session, actor, session.get_one(Attempt, row.attempt_id).uuid)
    marking.reopen_attempt(session, actor, loaded, row.reason, agreed_by=row.agreed_by, now=now)
    outbox.enqueue(session, NOTIFY_MOVED, {"decision": row.id}, now=now)


def _override(session: Session, actor: Actor, row: JuryDecision, values: Mapping[str, Any], now: datetime) -> None:
    if "ends" in values:
        _end_override(session, actor, row, values["ends"], now)
        return
    of = get_selection(session, actor, session.get_one(Selection, row.selection_id).uuid)
    quiz = QuizContext(of.course_id, of.slug, of.key, activity_id=of.activity_id, outline=of.outline, staff_role=of.staff_role)
    whom, given = OverrideTarget(person=session.get_one(Person, row.person_id)), overrides.read_act_values(values["values"])
    seen = None if values["seen"] is None else session.get_one(QuizOverride, values["seen"])
    overrides.set_override(
        session, actor, quiz, whom, given, values["cause"], seen=seen, agreed_by=row.agreed_by, asked_by=row.requested_by, now=now
    )


def _end_override(session: Session, actor: Actor, row: JuryDecision, override_id: int, now: datetime) -> None:
    override = session.get_one(QuizOverride, override_id, with_for_update=True)
    if override.ended_at is not None:
        raise NotInForce
    overrides.end_override(session, actor, override, agreed_by=row.agreed_by, asked_by=row.requested_by, now=now)


def _accommodate(session: Session, actor: Actor, row: JuryDecision, values: Mapping[str, Any], now: datetime) -> None:
    person, people = session.get_one(Person, row.person_id), {"agreed_by": row.agreed_by, "asked_by": row.requested_by}
    if "ends" in values:
        if session.get_one(Accommodation, values["ends"]).ended_at is not None:
            raise NotInForce
        overrides.end_accommodation(session, actor, person, **people, now=now)
        return
    overrides.grant_accommodation(session, actor, person, overrides.read_profile(values["values"]), values["cause"], **people, now=now)


def _count_take(session: Session, actor: Actor, row: JuryDecision, _values: Mapping[str, Any], now: datetime) -> None:
    """Decline the other takes of a person: what was decided on is the one that counts."""
    same = (JuryDecision.selection_id == row.selection_id, JuryDecision.person_id == row.person_id, JuryDecision.matter == row.matter)
    others = update(JuryDecision).where(*same, JuryDecision.closed_at.is_(None), JuryDecision.id != row.id)
    session.execute(others.values(closed_at=now, closed_by=actor.person_id, outcome=DECLINED))
    outbox.enqueue(session, NOTIFY_MOVED, {"decision": row.id}, now=now)


ACTS: Mapping[JuryMatter, Act] = {
    JuryMatter.MERGE: _count_take,
    JuryMatter.EXCEPTION: _override,
    JuryMatter.ACCOMMODATION: _accommodate,
    JuryMatter.NAMING: _name,
    JuryMatter.ENDING: _end,
    JuryMatter.MARK: _mark,
    JuryMatter.REOPENING: _reopen,
}
"""What is done for each matter once two have agreed."""
