"""Read incidents, give time to all open attempts, and take it back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, false, func, insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit, outbox
from kernel.errors import N_, Conflict, OwnRecord, require_found
from kernel.own_records import note_left_out, of_others
from kernel.permissions import Actor
from quizzes.access import IncidentContext, QuizContext
from quizzes.models import Attempt, Incident, IncidentAttempt
from quizzes.overrides import _IN_PROGRESS, AffectedAttempts, OverrideVerb, list_open_attempts
from quizzes.teaching import get_taught_quiz


def list_incidents(session: Session, quiz: QuizContext, *, limit: int) -> Sequence[Row[Incident, int, Person]]:
    """List the incidents of a quiz with how many `attempts` each gave time to and who gave it, the newest first."""
    as_said = (IncidentAttempt.incident_id == Incident.id) & (IncidentAttempt.applied == Incident.undone_at.is_(None))
    attempts = select(func.count()).where(as_said).correlate(Incident).scalar_subquery()
    statement = (
        select(Incident, attempts.label("attempts"), Person)
        .join(Person, Person.id == Incident.created_by)
        .where(Incident.course_id == quiz.course_id, Incident.activity_key == quiz.key)
        .order_by(Incident.id.desc())
        .limit(limit)
    )
    return session.execute(statement).all()


def list_left_out(session: Session, incidents: Sequence[int]) -> dict[int, list[Person]]:
    """Return by incident the people whose attempts do not have yet what it gave or took back; each is left out by an act of their own."""
    statement = (
        select(Incident.id, Person)
        .join(IncidentAttempt, IncidentAttempt.incident_id == Incident.id)
        .join(Attempt, Attempt.id == IncidentAttempt.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(Incident.id.in_(incidents), IncidentAttempt.applied != Incident.undone_at.is_(None))
        .order_by(Incident.id, Person.id)
        .limit(200)
    )
    people: dict[int, list[Person]] = {}
    for incident_id, person in session.execute(statement):
        people.setdefault(incident_id, []).append(person)
    return people


def get_incident(session: Session, actor: Actor, slug: str, key: str, incident: UUID) -> IncidentContext:
    """Return an incident of a quiz; raise NotFound."""
    quiz = get_taught_quiz(session, actor, slug, key)
    statement = select(Incident).where(Incident.course_id == quiz.course_id, Incident.activity_key == quiz.key, Incident.uuid == incident)
    row = require_found(session.scalar(statement))
    return IncidentContext(quiz, row)


PORTION = 500
"""Attempts that are given time in one statement."""


class NothingEnds(Conflict):
    """Every open attempt is without an end that could move."""

    message = N_("The open attempts have no time limit and no closing date: there is no end to move.")


def _list_endless(session: Session, quiz: QuizContext) -> list[int]:
    """List the open attempts of a quiz that nothing ends; raise NothingEnds where that is all of them."""
    endless, after, ends = list[int](), 0, 0
    while True:
        rows = list_open_attempts(session, AffectedAttempts(quiz.course_id, quiz.key), after=after, limit=PORTION)
        endless += [attempt.id for attempt, _person, end in rows if end is None]
        ends += sum(end is not None for _attempt, _person, end in rows)
        if len(rows) < PORTION:
            break
        after = rows[-1][0].id
    if endless and not ends:
        raise NothingEnds
    return endless


def add_incident_time(
    session: Session, actor: Actor, quiz: QuizContext, minutes: int, reason: str, token: UUID, *, now: datetime
) -> Incident:
    """Give minutes to every attempt that is open now and has an end, previews aside; the same form a second time gives nothing more.

    Their end moves, whatever it follows from: limit, close date or override (spec/quiz-engine 5.10.4). Raise NothingEnds where none has
    one.
    """
    assert actor.person_id is not None
    known = session.scalar(select(Incident).where(Incident.uuid == token))
    if known is not None:
        return known
    endless = _list_endless(session, quiz)
    incident = Incident(
        uuid=token,
        course_id=quiz.course_id,
        activity_key=quiz.key,
        seconds=minutes * 60,
        reason=reason,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(incident)
    session.flush()  # its attempts point to it
    scope = (Attempt.course_id == quiz.course_id, Attempt.activity_key == quiz.key, Attempt.id.not_in(endless))
    open_now = select(Attempt.id).where(*scope, _IN_PROGRESS, ~Attempt.preview)
    taken = insert(IncidentAttempt).from_select(
        ["attempt_id", "incident_id", "applied"],
        open_now.with_for_update().add_columns(bindparam("incident", incident.id), false().label("applied")),
    )
    session.execute(taken)
    _apply(session, actor, incident, now=now)
    audit.record(session, actor, OverrideVerb.TIME_GIVEN, incident, now=now, activity=quiz.key, minutes=minutes, reason=reason)
    outbox.enqueue(session, "quizzes.tell_incident", {"incident": incident.id}, now=now)
    return incident


def undo_incident(session: Session, actor: Actor, incident: Incident, *, now: datetime) -> None:
    """Undo an incident: the attempts it gave time to have it no more. A second time changes nothing."""
    if incident.undone_at is not None:
        return
    incident.undone_at, incident.undone_by = now, actor.person_id
    _apply(session, actor, incident, now=now)
    audit.record(session, actor, OverrideVerb.TIME_TAKEN_BACK, incident, now=now, activity=incident.activity_key)


def apply_incident_to_left_out(session: Session, actor: Actor, incident: Incident, *, now: datetime) -> None:
    """Give the time to those whom an incident left out, or take it back from them; raise OwnRecord where that is the actor alone."""
    waiting = _waiting(incident)
    if session.scalar(waiting) is None:
        return
    if session.scalar(waiting.where(of_others(actor, Attempt.person_id))) is None:
        raise OwnRecord
    _apply(session, actor, incident, now=now)
    audit.record(session, actor, OverrideVerb.TIME_APPLIED, incident, now=now, activity=incident.activity_key)
    outbox.enqueue(session, "quizzes.tell_incident", {"incident": incident.id}, now=now)


def is_left_out_of_incident(session: Session, actor: Actor, incident: Incident) -> bool:
    """Return whether an incident left out the actor."""
    return session.scalar(_waiting(incident).where(Attempt.person_id == actor.person_id).limit(1)) is not None


def _waiting(incident: Incident) -> Select[int]:
    """Select the attempts that do not have yet what an incident gave, or took back."""
    of_incident = select(IncidentAttempt.attempt_id).join(Attempt, Attempt.id == IncidentAttempt.attempt_id)
    given = incident.undone_at is None
    return of_incident.where(IncidentAttempt.incident_id == incident.id, IncidentAttempt.applied.is_(not given))


def _apply(session: Session, actor: Actor, incident: Incident, *, now: datetime) -> None:
    """Let the time of those attempts be as the incident says, the actor's own left out."""
    given, theirs = incident.undone_at is None, of_others(actor, Attempt.person_id)
    seconds = incident.seconds if given else -incident.seconds
    those = list(session.scalars(_waiting(incident).where(theirs)))
    for start in range(0, len(those), PORTION):
        portion = those[start : start + PORTION]
        added = update(Attempt).where(Attempt.id.in_(portion)).values(extra_seconds=Attempt.extra_seconds + seconds)
        session.execute(added.execution_options(synchronize_session=False))
        mine = (IncidentAttempt.incident_id == incident.id, IncidentAttempt.attempt_id.in_(portion))
        session.execute(update(IncidentAttempt).where(*mine).values(applied=given).execution_options(synchronize_session=False))
    if session.scalar(_waiting(incident)) is not None:
        note_left_out(session, actor, incident, now=now, activity=incident.activity_key)
