"""Incidents of selections: read, asked about, answered, proposed and decided (spec/selection 6.11)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, exists, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit, clock, outbox
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.permissions import Actor
from quizzes.models import Attempt
from selections.access import PersonSignContext, SelectionContext, SelectionIncidentContext
from selections.audit_verbs import SelectionVerb
from selections.models import IncidentOutcome, Selection, SelectionIncident
from selections.rules.objections import midnight_after
from selections.rules.signs import PersonSign
from selections.selections import find_sign, get_selection, is_answering_over, lock_selection

MOST_INCIDENTS = 1_000


def get_ended_selection(session: Session, actor: Actor, selection: UUID) -> SelectionContext:
    """Return a selection whose sitting is over, before an actor; raise NotFound, as while somebody still answers."""
    context = get_selection(session, actor, selection)
    if not is_answering_over(session, session.get_one(Selection, context.id), now=clock.now()):
        raise NotFound
    return context


def get_sign(session: Session, actor: Actor, selection: UUID, attempt: UUID, kind: str) -> PersonSignContext:
    """Return a sign of a sitting that is over, before an actor; raise NotFound."""
    context = get_ended_selection(session, actor, selection)
    shown = require_found(find_sign(session, session.get_one(Selection, context.id), attempt, kind))
    return PersonSignContext(context, shown)


def get_incident(session: Session, actor: Actor, incident: UUID) -> SelectionIncidentContext:
    """Return an incident before an actor; raise NotFound."""
    statement = (
        select(SelectionIncident, Selection.uuid, Person, Attempt.number)
        .join(Selection, Selection.id == SelectionIncident.selection_id)
        .join(Person, Person.id == SelectionIncident.person_id)
        .join(Attempt, Attempt.id == SelectionIncident.attempt_id)
    )
    row, selection, person, number = require_found(session.execute(statement.where(SelectionIncident.uuid == incident)).one_or_none())
    return SelectionIncidentContext(get_selection(session, actor, selection), row, person, number)


def list_incidents(session: Session, selection_id: int) -> Sequence[Row[SelectionIncident, UUID]]:
    """List the incidents of a selection in their order, each with the attempt that shows the sign."""
    statement = (
        select(SelectionIncident, Attempt.uuid)
        .join(Attempt, Attempt.id == SelectionIncident.attempt_id)
        .where(SelectionIncident.selection_id == selection_id)
        .order_by(SelectionIncident.id)
        .limit(MOST_INCIDENTS)
    )
    return session.execute(statement).all()


def list_own_incidents(session: Session, person_id: int) -> Sequence[SelectionIncident]:
    """List what juries asked a person, the newest first."""
    statement = select(SelectionIncident).where(SelectionIncident.person_id == person_id)
    return session.scalars(statement.order_by(SelectionIncident.id.desc()).limit(MOST_INCIDENTS)).all()


DAYS_TO_ANSWER = 5
NOTIFY = "selections.notify_incident"


class IncidentOpen(Conflict):
    """A person who was asked about the same sign before."""

    message = N_("This person has been asked about it. Look at the list again.")


class NotHeard(Conflict):
    """An incident whose person has not answered and still may."""

    message = N_("The person has not answered yet and still may. Decide after the last day for the answer.")


class IncidentChanged(Conflict):
    """An incident that is not in the state that was looked at."""

    message = N_("The incident has changed in the meantime. Look at it again.")


class SamePerson(Conflict):
    """A member of the jury who proposed what they are to decide."""

    message = N_("You proposed this outcome. Another member of the jury has to decide.")


class AnswerClosed(Invalid):
    """An answer after its last day, or after the jury went on."""

    message = N_("The time to answer is over. What you wrote before stays.")


def last_moment(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the last day for an answer: 24:00 of the fifth day after today, by the course's clock."""
    return midnight_after(now.astimezone(zone).date() + timedelta(days=DAYS_TO_ANSWER), zone)


def ask(session: Session, actor: Actor, context: SelectionContext, shown: PersonSign, question: str, *, now: datetime) -> SelectionIncident:
    """Ask a person about a sign; they are notified of it. Raise IncidentOpen."""
    assert actor.person_id is not None
    selection = lock_selection(session, context.id)
    known = SelectionIncident.attempt_id == shown.sign.attempt_id
    mine = (SelectionIncident.selection_id == selection.id, known, SelectionIncident.kind == shown.sign.kind.value)
    if session.scalar(select(exists().where(*mine))):
        raise IncidentOpen
    row = SelectionIncident(
        selection_id=selection.id,
        person_id=shown.person_id,
        attempt_id=shown.sign.attempt_id,
        kind=shown.sign.kind.value,
        seen=json.dumps(asdict(shown.sign)),
        question=question,
        asked_at=now,
        asked_by=actor.person_id,
        answer_by=last_moment(now, ZoneInfo(context.outline.zone)),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.INCIDENT_OPENED, row, now=now, selection=selection.id, kind=row.kind)
    outbox.enqueue(session, NOTIFY, {"incident": row.id, "event": "asked"}, now=now)
    return row


def is_heard(row: SelectionIncident, now: datetime) -> bool:
    """Return whether the person has answered, or has let the time to answer go by."""
    return row.answered_at is not None or now >= row.answer_by


def answer(session: Session, actor: Actor, incident_id: int, text: str, *, now: datetime) -> None:
    """Keep the person's answer, which they may change until the last day or until an outcome is proposed; raise AnswerClosed."""
    row = _lock(session, incident_id)
    if now >= row.answer_by or row.proposed_at is not None:
        raise AnswerClosed
    row.answer, row.answered_at = text, now
    audit.record(session, actor, SelectionVerb.INCIDENT_ANSWERED, row, now=now)


def propose(session: Session, actor: Actor, incident_id: int, outcome: IncidentOutcome, ground: str, *, now: datetime) -> None:
    """Propose what becomes of an incident; raise NotHeard or IncidentChanged. A later proposal stands instead of one not yet decided."""
    row = _lock(session, incident_id)
    if row.decided_at is not None:
        raise IncidentChanged
    if not is_heard(row, now):
        raise NotHeard
    row.outcome, row.ground, row.proposed_at, row.proposed_by = outcome.value, ground, now, actor.person_id
    audit.record(session, actor, SelectionVerb.INCIDENT_PROPOSED, row, now=now, outcome=row.outcome)


def decide(session: Session, actor: Actor, incident_id: int, proposed_at: str, *, now: datetime) -> None:
    """Decide as another member proposed, by the moment of the proposal that was looked at; raise SamePerson or IncidentChanged."""
    row = _lock(session, incident_id)
    if row.decided_at is not None or row.proposed_at is None or row.proposed_at.isoformat() != proposed_at:
        raise IncidentChanged
    if row.proposed_by == actor.person_id:
        raise SamePerson
    row.decided_at, row.decided_by = now, actor.person_id
    audit.record(session, actor, SelectionVerb.INCIDENT_DECIDED, row, now=now, outcome=row.outcome)
    outbox.enqueue(session, NOTIFY, {"incident": row.id, "event": "decided"}, now=now)


def _lock(session: Session, incident_id: int) -> SelectionIncident:
    lock_selection(session, session.scalars(select(SelectionIncident.selection_id).where(SelectionIncident.id == incident_id)).one())
    return session.scalars(
        select(SelectionIncident).where(SelectionIncident.id == incident_id).execution_options(populate_existing=True)
    ).one()


def list_decided(session: Session, selection: Selection) -> Sequence[Row[int, str]]:
    """List the people about whom a jury decided, each with the flag, in the order of the questions; those of no consequence left out."""
    statement = select(SelectionIncident.person_id, SelectionIncident.outcome).where(
        SelectionIncident.selection_id == selection.id,
        SelectionIncident.decided_at.is_not(None),
        SelectionIncident.outcome != IncidentOutcome.NOTHING.value,
    )
    return session.execute(statement.order_by(SelectionIncident.id)).all()


def erase_answers(session: Session, person_id: int) -> None:
    """Empty what a person wrote to juries."""
    session.execute(update(SelectionIncident).where(SelectionIncident.person_id == person_id).values(answer=""))
