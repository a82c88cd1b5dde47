"""Verbs of time: overrides, incidents and accommodations, each with its reason, each undoable, in the audit log (spec/quiz-engine 5.10).

What is in force is never edited: a change ends it and adds another, so that everything that ever held can be read and put back.
What follows for open attempts holds at their next request; when they are due is noted by the job that these verbs cause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, false, insert, or_, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.models import Enrolment, GroupMember, LearnerGroup
from kernel import audit, outbox
from kernel.errors import N_, Conflict, OwnRecord
from kernel.own_records import is_own, note_left_out, of_others
from kernel.permissions import Actor
from quizzes.models import Accommodation, AnswerFile, Attempt, AttemptItem, Incident, IncidentAttempt, QuizOverride
from quizzes.permissions import QuizContext
from quizzes.rules.attempts import OPEN_STATES

PORTION = 500
"""Attempts that are given time in one statement."""
_IN_PROGRESS = or_(*(Attempt.state == state.value for state in sorted(OPEN_STATES)))


class OverrideVerb(StrEnum):
    """The audit verbs of overrides, incidents and accommodations."""

    OVERRIDDEN = "override.set"
    OVERRIDE_ENDED = "override.ended"
    TIME_GIVEN = "incident.given"
    TIME_APPLIED = "incident.applied"
    APPLIED = "override.applied"
    TIME_TAKEN_BACK = "incident.taken_back"
    ACCOMMODATED = "accommodation.set"
    ACCOMMODATION_ENDED = "accommodation.ended"


class NotInForce(Conflict):
    """A setting that someone else has ended or changed meanwhile."""

    code = "not_in_force"
    message = N_("Someone changed this in the meantime. Check what is in force now.")


class GroupDeleted(Conflict):
    """The group for which something held was deleted since."""

    code = "group_gone"
    message = N_("This can't be restored because its group was deleted.")


@dataclass(frozen=True, slots=True)
class OverrideTarget:
    """For whom an override holds: everybody, a group, or a person."""

    group: LearnerGroup | None = None
    person: Person | None = None

    @property
    def columns(self) -> dict[str, object]:
        """Return the columns of an override that say so."""
        scope = "group" if self.group else "person" if self.person else "everyone"
        return {
            "scope": scope,
            "group_id": self.group.id if self.group else None,
            "person_id": self.person.id if self.person else None,
        }


@dataclass(frozen=True, slots=True)
class OverrideValues:
    """The values of an override; None: as in the quiz (dates: where `sets_…` is not true), 0 and empty: no limit, no password."""

    sets_opens: bool = False
    opens_at: datetime | None = None
    sets_closes: bool = False
    closes_at: datetime | None = None
    limit_seconds: int | None = None
    attempts: int | None = None
    password: str | None = None
    networks: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Say whether everything is as in the quiz."""
        return self == OverrideValues()


def values_of_override(row: QuizOverride) -> OverrideValues:
    """Return what a stored override says."""
    return OverrideValues(**{name: getattr(row, name) for name in OverrideValues.__dataclass_fields__})


def set_override(
    session: Session,
    actor: Actor,
    quiz: QuizContext,
    whom: OverrideTarget,
    values: OverrideValues,
    reason: str,
    *,
    seen: QuizOverride | None = None,
    now: datetime,
) -> QuizOverride:
    """Set an override at a quiz; the one in force before ends, and must be what was `seen`: else raise NotInForce."""
    assert actor.person_id is not None
    before = session.scalars(_in_force(quiz, whom).with_for_update()).one_or_none()
    if (before and before.id) != (seen and seen.id):
        raise NotInForce
    if before is not None:
        before.ended_at, before.ended_by = now, actor.person_id
        session.flush()  # one at a time is in force
    row = QuizOverride(
        course_id=quiz.course_id,
        activity_key=quiz.key,
        reason=reason,
        created_at=now,
        created_by=actor.person_id,
        **whom.columns,
        **asdict(values),
    )
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(
        session, actor, OverrideVerb.OVERRIDDEN, row, now=now, **_audit_facts(row), reason=reason, before=before.id if before else None
    )
    _leave_out(session, actor, row, now=now)
    outbox.enqueue(session, "quizzes.tell_override", {"override": row.id}, now=now)
    return row


def _leave_out(session: Session, actor: Actor, row: QuizOverride, *, now: datetime) -> None:
    if concerns_person(session, row, actor.person_id):
        note_left_out(session, actor, row, now=now, activity=row.activity_key, scope=row.scope)


def concerns_person(session: Session, row: QuizOverride, person_id: int | None) -> bool:
    """Return whether a person is among the learners of an override for a group or for everyone."""
    mine = select(Enrolment.id).where(Enrolment.course_id == row.course_id, Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
    if row.scope == "group":
        mine = mine.join(GroupMember, GroupMember.enrolment_id == Enrolment.id).where(GroupMember.group_id == row.group_id)
    return row.scope != "person" and session.scalar(mine) is not None


def apply_to_authors(session: Session, actor: Actor, row: QuizOverride, *, now: datetime) -> None:
    """Let an override, and its end, hold for those who set and ended it too; raise OwnRecord where only the actor did."""
    waits = (row.set_applied_by is None, row.ended_at is not None and row.end_applied_by is None)
    theirs = (waits[0] and not is_own(actor, row.created_by), waits[1] and not is_own(actor, row.ended_by))
    if any(waits) and not any(theirs):
        raise OwnRecord
    row.set_applied_by = actor.person_id if theirs[0] else row.set_applied_by
    row.end_applied_by = actor.person_id if theirs[1] else row.end_applied_by
    if any(theirs):
        audit.record(session, actor, OverrideVerb.APPLIED, row, now=now, **_audit_facts(row))


def _audit_facts(row: QuizOverride) -> dict[str, object]:
    """Return what the audit log says of an override: everything but the password itself."""
    values: Mapping[str, object] = asdict(values_of_override(row))
    facts = {name: value for name, value in values.items() if value is not None and name != "password"}
    if row.password is not None:
        facts["asks_for_password"] = bool(row.password)
    return {"activity": row.activity_key, "scope": row.scope, "person": row.person_id, "group": row.group_id, **facts}


def describe_target(session: Session, row: QuizOverride) -> OverrideTarget:
    """Return for whom a stored override holds."""
    group = None if row.group_id is None else session.get_one(LearnerGroup, row.group_id)
    return OverrideTarget(group, None if row.person_id is None else session.get_one(Person, row.person_id))


def end_override(session: Session, actor: Actor, row: QuizOverride, *, now: datetime) -> None:
    """End an override: from now on the rest holds without it. A second time changes nothing."""
    if row.ended_at is not None:
        return
    row.ended_at, row.ended_by = now, actor.person_id
    audit.record(session, actor, OverrideVerb.OVERRIDE_ENDED, row, now=now, **_audit_facts(row))
    _leave_out(session, actor, row, now=now)


def end_personal_overrides(session: Session, actor: Actor, enrolment_id: int, now: datetime) -> None:
    """End what was set for the learner of an enrolment alone: their next take of the course begins without it (spec/compulsory 6.2)."""
    owner = select(Enrolment.id).where(
        Enrolment.id == enrolment_id, Enrolment.person_id == QuizOverride.person_id, Enrolment.course_id == QuizOverride.course_id
    )
    mine = select(QuizOverride).where(QuizOverride.scope == "person", QuizOverride.ended_at.is_(None), owner.exists())
    for row in session.scalars(mine.order_by(QuizOverride.id).with_for_update()).all():
        end_override(session, actor, row, now=now)


def restore_override(session: Session, actor: Actor, row: QuizOverride, quiz: QuizContext, *, now: datetime) -> None:
    """Put an ended override back in force, in the place of the present one; one that is in force stays. Raise GroupDeleted."""
    if row.ended_at is not None:
        whom = describe_target(session, row)
        if whom.group is not None and whom.group.former_name is not None:
            raise GroupDeleted
        set_override(session, actor, quiz, whom, values_of_override(row), row.reason, seen=find_in_force(session, quiz, whom), now=now)


def find_in_force(session: Session, quiz: QuizContext, whom: OverrideTarget) -> QuizOverride | None:
    """Return the override in force for a target at a quiz."""
    return session.scalars(_in_force(quiz, whom)).one_or_none()


def _in_force(quiz: QuizContext, whom: OverrideTarget) -> Select[QuizOverride]:
    of_quiz = select(QuizOverride).where(QuizOverride.course_id == quiz.course_id, QuizOverride.activity_key == quiz.key)
    return of_quiz.where(QuizOverride.ended_at.is_(None)).filter_by(**whom.columns)


def copy_overrides(session: Session, actor: Actor, course_id: int, renames: Mapping[str, str], *, now: datetime) -> None:
    """Copy what is in force under a quiz's old key to its new one, for those for whom nothing was ever set under the new one.

    The old one stays for learners who follow a version from before. Of several quizzes that became one what was set last is copied.
    """
    rows = session.scalars(
        select(QuizOverride)
        .where(QuizOverride.course_id == course_id, QuizOverride.activity_key.in_([*renames, *renames.values()]))
        .order_by(QuizOverride.id.desc())
    ).all()
    known = {(row.activity_key, row.scope, row.group_id, row.person_id) for row in rows}
    for row in rows:
        key = renames.get(row.activity_key)
        if row.ended_at is None and key is not None and (key, row.scope, row.group_id, row.person_id) not in known:
            known.add((key, row.scope, row.group_id, row.person_id))
            whom = {"scope": row.scope, "group_id": row.group_id, "person_id": row.person_id}
            whom["set_applied_by"] = row.set_applied_by
            made = {"course_id": course_id, "activity_key": key, "created_at": now, "created_by": row.created_by}
            fresh = QuizOverride(reason=row.reason, **made, **whom, **asdict(values_of_override(row)))
            session.add(fresh)
            session.flush()  # the audit entry names it
            audit.record(session, actor, OverrideVerb.OVERRIDDEN, fresh, now=now, **_audit_facts(fresh), reason=row.reason, before=row.id)


def add_incident_time(
    session: Session, actor: Actor, quiz: QuizContext, minutes: int, reason: str, token: UUID, *, now: datetime
) -> Incident:
    """Give minutes to every attempt that is open now and has an end, previews aside; the same form a second time gives nothing more.

    Their end moves, whatever it follows from: limit, close date or override (spec/quiz-engine 5.10.4).
    """
    assert actor.person_id is not None
    known = session.scalar(select(Incident).where(Incident.uuid == token))
    if known is not None:
        return known
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
    open_now = select(Attempt.id).where(
        Attempt.course_id == quiz.course_id, Attempt.activity_key == quiz.key, _IN_PROGRESS, ~Attempt.preview
    )
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
    """Say whether an incident left out the actor."""
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


@dataclass(frozen=True, slots=True)
class AccommodationProfile:
    """A person's accommodation in every quiz: limit × factor plus breaks, and extra attempts (spec/quiz-engine 5.10.3)."""

    factor: Decimal
    extra_attempts: int
    break_seconds: int


def grant_accommodation(
    session: Session, actor: Actor, person: Person, profile: AccommodationProfile, reason: str, *, now: datetime
) -> Accommodation:
    """Let a profile hold for a person; the one before ends. The audit log does not say why."""
    assert actor.person_id is not None
    end_accommodation(session, actor, person, now=now)
    row = Accommodation(person_id=person.id, reason=reason, created_at=now, created_by=actor.person_id, **asdict(profile))
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, OverrideVerb.ACCOMMODATED, row, now=now, person=person.id, **asdict(profile))
    return row


def end_accommodation(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """End a person's profile, if there is one."""
    in_force = select(Accommodation).where(Accommodation.person_id == person.id, Accommodation.ended_at.is_(None)).with_for_update()
    row = session.scalars(in_force).one_or_none()
    if row is None:
        return
    row.ended_at, row.ended_by = now, actor.person_id
    session.flush()  # one at a time is in force
    audit.record(session, actor, OverrideVerb.ACCOMMODATION_ENDED, row, now=now, person=person.id)


def restore_accommodation(session: Session, actor: Actor, person: Person, row: Accommodation, *, now: datetime) -> None:
    """Put a profile that has ended back in force, in the place of the one that holds now."""
    if row.ended_at is not None:
        profile = AccommodationProfile(row.factor, row.extra_attempts, row.break_seconds)
        grant_accommodation(session, actor, person, profile, row.reason, now=now)


def record_due_dates(session: Session, ends: Sequence[tuple[int, datetime | None]]) -> None:
    """Note for open attempts when they are due now."""
    due = update(Attempt).where(Attempt.id == bindparam("attempt"), _IN_PROGRESS).values(due_at=bindparam("end"))
    session.connection().execute(due, [{"attempt": attempt_id, "end": end} for attempt_id, end in ends])


def transfer_overrides(session: Session, course_id: int, giver: int, taker: int) -> None:
    """Transfer a person's attempts in a course, and their overrides, to another person."""
    for table in (Attempt, QuizOverride):
        session.execute(update(table).where(table.course_id == course_id, table.person_id == giver).values(person_id=taker))


def transfer_accommodation(session: Session, giver: int, taker: int) -> None:
    """Transfer a person's accommodation to another who has none of their own in force."""
    mine = select(Accommodation.id).where(Accommodation.person_id == taker, Accommodation.ended_at.is_(None))
    if session.scalar(mine) is None:
        session.execute(
            update(Accommodation).where(Accommodation.person_id == giver, Accommodation.ended_at.is_(None)).values(person_id=taker)
        )


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of a person's profile, which speaks of their health, nor why something was set for them; what was set stays.

    Their files keep an ending for a name: names of files say whose they are.
    """
    session.execute(delete(Accommodation).where(Accommodation.person_id == person.id))
    session.execute(update(QuizOverride).where(QuizOverride.person_id == person.id).values(reason=""))
    mine = select(AnswerFile).join(AttemptItem, AttemptItem.id == AnswerFile.item_id).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    for file in session.scalars(mine.where(Attempt.person_id == person.id)).all():
        file.name = f"{file.uuid}{PurePosixPath(file.name).suffix}"
