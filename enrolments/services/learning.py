"""Verbs of taking part: enrol, visit, mark as done, record a result; each keeps progress and completion up in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast
from uuid import UUID

from sqlalchemy import Integer, String, bindparam, delete, func, insert, select, true, update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.kinds import CourseKinds
from courses.models import Course
from courses.rules import renames_to
from courses.versions import get_outline, list_outlines, list_versions_between
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import UNTIL, ActivityResult, Enrolment, GroupMember, LearnerGroup, TakeCause, VersionOfferReply
from enrolments.permissions import ActivityContext, LearnerContext
from enrolments.queries import learning as queries
from enrolments.queries import versions as version_queries
from enrolments.rules import Progress, is_held_back
from enrolments.services.editions import end_requests_of_learners
from enrolments.services.progress import LockedEnrolment, complete, exact_decimal, lock_enrolment, recompute_progress, update_progress
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of
from kernel.errors import N_, Conflict
from kernel.own_records import is_own, note_left_out
from kernel.permissions import SYSTEM, Actor


def enrol(session: Session, actor: Actor, context: LearnerContext, *, now: datetime) -> Enrolment:
    """Enrol the actor in the published version; a second time changes nothing, and a return finds everything as it was left."""
    assert actor.person_id is not None
    assert context.version_id is not None
    queries.lock_enrolment_turn(session, actor.person_id)
    existing = queries.find_enrolment(session, actor.person_id, context.course_id)
    if existing is not None and existing.left_at is None:
        return existing
    outline, returning = get_outline(session, context.version_id), [existing.id] if existing else []
    if existing is None:
        existing = Enrolment(
            person_id=actor.person_id,
            course_id=context.course_id,
            course_version_id=context.version_id,
            cause=TakeCause.SELF.value,
            enrolled_at=now,
            done=0,
            total=sum(activity.required for activity in outline.activities()),
        )
        session.add(existing)
    existing.left_at = None
    end_requests_of_learners(session, context.course_id, [actor.person_id], now=now)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.ENROLLED, existing, now=now, version=outline.number)
    recompute_progress(session, actor, returning, now=now)
    return existing


_AT, _KEY, _NOW = bindparam("at", type_=Integer), bindparam("key", type_=String), bindparam("now", type_=UtcDateTime)
_VISIT = compile_once(update(Enrolment).where(Enrolment.id == _AT).values(last_activity_key=_KEY, last_visited_at=_NOW))
_BEGIN = compile_once(update(Enrolment).where(Enrolment.id == _AT, Enrolment.begun_at.is_(None)).values(begun_at=_NOW))
_FIRST_VISIT = compile_once(_BEGIN.values(last_activity_key=_KEY, last_visited_at=_NOW))
_VIEW = compile_once(
    update(ActivityResult)
    .where(ActivityResult.enrolment_id == _AT, ActivityResult.activity_key == _KEY)
    .values(viewed_at=func.coalesce(ActivityResult.viewed_at, _NOW))
)
_FIRST_VIEW = compile_once(insert(ActivityResult).values(enrolment_id=_AT, activity_key=_KEY, viewed_at=_NOW, exhausted=False))


def record_visit(
    session: Session, enrolment_id: int, activity_key: str, *, now: datetime, actor: Actor = SYSTEM, has_begun: bool = True
) -> None:
    """Keep where a learner is, and when the activity was first seen; a note, of which only the first of a take leaves an audit entry."""
    connection, visit = connection_of(session), {"at": enrolment_id, "key": activity_key, "now": now}
    if not has_begun and connection.execute(_FIRST_VISIT, visit).rowcount:
        _record_begun(session, actor, enrolment_id, now=now)
    else:
        connection.execute(_VISIT, visit)
    if not connection.execute(_VIEW, visit).rowcount:
        connection.execute(_FIRST_VIEW, visit)


def begin_enrolment(session: Session, actor: Actor, context: LearnerContext, *, now: datetime) -> None:
    """Note that a learner has begun a take of a course, with an attempt; once, however often something is begun in it."""
    if context.enrolment_id is None or context.has_begun:
        return
    if connection_of(session).execute(_BEGIN, {"at": context.enrolment_id, "now": now}).rowcount:
        _record_begun(session, actor, context.enrolment_id, now=now)


def _record_begun(session: Session, actor: Actor, enrolment_id: int, *, now: datetime) -> None:
    audit.record(session, actor, EnrolmentVerb.BEGUN, session.get_one(Enrolment, enrolment_id), now=now)


@dataclass(frozen=True, slots=True)
class ActivityOutcome:
    """The effect of an event on one activity: completed or not, and the score in percent that counts."""

    completed: bool
    score: Fraction | None = None
    passed: bool | None = None
    exhausted: bool | None = False
    """No try is left; None: as it was."""
    achieved_at: datetime | None = None
    """When the work that completes the activity was submitted; None: now."""
    submitted_at: datetime | None = None
    """When the work was submitted that gives the score, or that waits to be graded; None: now."""


def mark_done(session: Session, actor: Actor, subject: ActivityContext, *, now: datetime) -> Progress:
    """Complete an activity by the learner's own word, where its rule is that."""
    if subject.activity.completion_rule not in ("marked", "viewed", "watched"):
        raise Conflict(N_("You can't mark this activity as done: it is completed when you do it."))
    return record_result(
        session, actor, cast("int", subject.context.enrolment_id), subject.activity.key, ActivityOutcome(completed=True), now=now
    )


def unmark_done(session: Session, actor: Actor, subject: ActivityContext, *, now: datetime) -> None:
    """Take the learner's own mark back; a course once completed stays completed."""
    if subject.activity.completion_rule != "marked":
        raise Conflict(N_("You can't mark this activity as done: it is completed when you do it."))
    locked = lock_enrolment(session, cast("int", subject.context.enrolment_id))
    row = locked.result(subject.activity.key)
    if row.completed_at is None:
        return
    row.completed_at = row.achieved_at = None
    row.completed_version_id = None
    audit.record(session, actor, EnrolmentVerb.ACTIVITY_REOPENED, locked.enrolment, now=now, activity=row.activity_key)
    update_progress(session, actor, locked, now=now)


def revoke_completion(session: Session, actor: Actor, enrolment_id: int, activity_key: str, reason: str, *, now: datetime) -> bool:
    """Take the completion of an activity back by an administrator's decision, with the course's where it is then not complete.

    Say whether the course's went too. Scores, attempts and certificates stay as they are; doing the activity again completes it again.
    """
    locked = lock_enrolment(session, enrolment_id)
    row = locked.rows.get(activity_key)
    if row is None or row.completed_at is None:
        raise Conflict(N_("This activity is not completed."))
    facts = {"activity": activity_key, "reason": reason, "was": row.completed_at.isoformat()}
    audit.record(session, actor, EnrolmentVerb.ACTIVITY_TAKEN_BACK, locked.enrolment, now=now, **facts)
    row.completed_at = row.achieved_at = None
    row.completed_version_id = None
    if row.overridden_at is not None:
        row.own_completed = False  # nor does it come back with what was earned
    progress = update_progress(session, actor, locked, now=now)
    completion = queries.find_completion(session, enrolment_id)
    if completion is None or progress.completed:
        return False
    facts = {"activity": activity_key, "reason": reason, "was": completion.completed_at.isoformat(), "grade": str(completion.grade)}
    audit.record(session, actor, EnrolmentVerb.TAKEN_BACK, locked.enrolment, now=now, **facts)
    session.delete(completion)
    return True


def record_result(
    session: Session, actor: Actor, enrolment_id: int, activity_key: str, outcome: ActivityOutcome, *, now: datetime
) -> Progress:
    """Record what an event means for an activity, and keep progress and completion up in the same transaction.

    A completed activity stays completed, with the moment and version in which it first was.
    """
    return record_result_on_locked(session, actor, lock_enrolment(session, enrolment_id), activity_key, outcome, now=now)


def record_result_on_locked(
    session: Session, actor: Actor, locked: LockedEnrolment, activity_key: str, outcome: ActivityOutcome, *, now: datetime
) -> Progress:
    """Record an event as `record_result` does, for an enrolment that its caller locked before reading what the outcome follows from."""
    row = locked.result(activity_key)
    if row.id is None:
        session.add(row)
    row.viewed_at = row.viewed_at or now
    row.submitted_at = outcome.submitted_at or row.submitted_at or (None if outcome.score is None else now)
    if outcome.exhausted is not None:
        row.exhausted = outcome.exhausted
    if row.overridden_at is not None:
        _record_own(session, actor, locked, row, outcome, now=now)
    else:
        _record_score(row, outcome)
        if outcome.completed:
            complete(session, actor, locked, row, now=now, achieved_at=outcome.achieved_at)
    return update_progress(session, actor, locked, now=now)


def _record_score(row: ActivityResult, outcome: ActivityOutcome) -> None:
    if outcome.score is not None:
        row.score = exact_decimal(outcome.score)
        row.passed = outcome.passed


def _record_own(
    session: Session, actor: Actor, locked: LockedEnrolment, row: ActivityResult, outcome: ActivityOutcome, *, now: datetime
) -> None:
    """Keep what is earned beside what the team has set, which goes on counting."""
    if outcome.score is not None:
        row.own_score = exact_decimal(outcome.score)
        row.own_passed = outcome.passed
    if outcome.completed:
        row.own_completed = True
        activity = get_outline(session, locked.enrolment.course_version_id).by_key.get(row.activity_key)
        if activity is None or not is_held_back(activity.completion_rule, row.passed):
            complete(session, actor, locked, row, now=now, achieved_at=outcome.achieved_at)


def follow_version(session: Session, actor: Actor, enrolment_id: int, version_id: int, *, now: datetime) -> None:
    """Let a learner follow another version of their course; results stay, because they hang on activity keys.

    What was recorded under a key that the version has renamed moves to the new key, in every package that records something:
    first there and then here, which is the order in which submitting a quiz locks its rows. Raise Conflict where someone else
    let them follow another version until it was their turn here.
    """
    followed = session.execute(select(Enrolment.course_version_id).where(Enrolment.id == enrolment_id)).scalar_one()
    if followed == version_id:
        return
    renames = _renames(session, followed, version_id)
    if renames:
        for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
            publisher.rename(session, enrolment_id, renames, now)
    locked = lock_enrolment(session, enrolment_id)
    if locked.enrolment.course_version_id != followed:
        raise Conflict(N_("There is a newer version now. Check the course page again."))
    locked.rename(session, renames)
    locked.enrolment.course_version_id = version_id
    audit.record(session, actor, EnrolmentVerb.MOVED, locked.enrolment, now=now, version=version_id)
    update_progress(session, actor, locked, now=now)


def _renames(session: Session, followed: int, target: int) -> dict[str, str]:
    between = list_outlines(session, list_versions_between(session, followed, target))
    return renames_to(between[target], list(between.values()))


class VersionNotOffered(Conflict):
    """The version that a learner answers about is not offered to them."""

    code = "nothing_offered"
    message = N_("There is a newer version now. Check the course page again.")


def answer_offer(session: Session, actor: Actor, context: LearnerContext, version_id: int, *, moves: bool, now: datetime) -> None:
    """Keep what a learner says of a newer version, and let them follow it where they want to; raise VersionNotOffered.

    Who said that they stay may move later. The same answer a second time changes nothing.
    """
    enrolment_id = cast("int", context.enrolment_id)
    lock_enrolment(session, enrolment_id)
    reply = session.get(VersionOfferReply, (enrolment_id, version_id))
    if reply is not None and reply.moves >= moves:
        return
    offer = version_queries.find_offer(session, enrolment_id)
    if offer is None or offer.version_id != version_id:
        raise VersionNotOffered
    if reply is None:
        session.add(VersionOfferReply(enrolment_id=enrolment_id, version_id=version_id, moves=moves, answered_at=now))
    else:
        reply.moves, reply.answered_at = moves, now
    enrolment = session.get_one(Enrolment, enrolment_id)
    audit.record(session, actor, EnrolmentVerb.ANSWERED, enrolment, now=now, version=offer.number, moves=moves)
    if moves:
        follow_version(session, actor, enrolment_id, version_id, now=now)
        record_version_moves(session, actor, context.course_id, 1, now=now)


def record_version_moves(session: Session, actor: Actor, course_id: int, count: int, *, now: datetime) -> None:
    """Say that learners of a course follow a newer version of it: what depends on its dates is looked at again."""
    course = session.get_one(Course, course_id)
    audit.record(session, actor, EnrolmentVerb.LEARNERS_MOVED, course, now=now, learners=count)


class GroupInUse(Conflict):
    """Something that was set for a group holds now."""

    code = "group_in_use"
    message = N_("A quiz override or an announcement that is being sent still uses this group. End it first.")


class GroupNameConflict(Conflict):
    """Two groups of a course would have one name."""

    code = "group_name_taken"
    message = N_("The course already has a group with this name.")


def make_group(session: Session, actor: Actor, course_id: int, name: str, *, now: datetime) -> LearnerGroup:
    """Add an empty group to a course; raise GroupNameConflict."""
    if queries.group_name_is_taken(session, course_id, name):
        raise GroupNameConflict
    group = LearnerGroup(course_id=course_id, name=name, created_at=now)
    session.add(group)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.GROUP_MADE, group, now=now, name=name)
    return group


def rename_group(session: Session, actor: Actor, group: LearnerGroup, name: str, *, now: datetime) -> None:
    """Give a group another name; raise GroupNameConflict."""
    if name.casefold() != group.name.casefold() and queries.group_name_is_taken(session, group.course_id, name):
        raise GroupNameConflict
    audit.record(session, actor, EnrolmentVerb.GROUP_RENAMED, group, now=now, before=group.name, after=name)
    session.get_one(LearnerGroup, group.id).name = name


def delete_group(session: Session, actor: Actor, group: LearnerGroup, *, now: datetime) -> None:
    """Delete a group, its learners stay in the course; raise GroupInUse where anything that was set for it holds.

    What held for it once still names it: then its row stays under its former name, without members and out of every list.
    """
    if _is_named(session, group, in_force=True):
        raise GroupInUse
    row, members = session.get_one(LearnerGroup, group.id), GroupMember.group_id == group.id
    count = session.scalar(select(func.count()).select_from(GroupMember).where(members))
    audit.record(session, actor, EnrolmentVerb.GROUP_DELETED, row, now=now, course=row.course_id, name=row.name, learners=count)
    session.execute(delete(GroupMember).where(members))
    if _is_named(session, group):
        row.former_name, row.name = row.name, str(row.uuid)
    else:
        session.delete(row)


def _is_named(session: Session, group: LearnerGroup, *, in_force: bool = False) -> bool:
    """Say whether a row of any table but its members' names a group, or one that holds; who owns such tables stands on floors above."""
    own = {LearnerGroup.__tablename__, GroupMember.__tablename__}
    keys = (key for table in LearnerGroup.metadata.tables.values() if table.name not in own for key in table.foreign_keys)
    named = [key.parent for key in keys if key.column.table.name == LearnerGroup.__tablename__]
    holds = {column: column.table.c[column.info[UNTIL]].is_(None) if in_force and UNTIL in column.info else true() for column in named}
    return any(session.scalar(select(column).where(column == group.id, held).limit(1)) is not None for column, held in holds.items())


def add_to_group(session: Session, actor: Actor, group: LearnerGroup, people: Sequence[UUID], *, now: datetime) -> int:
    """Put learners of the group's course into it, and return how many were not in it before; others are passed over.

    The actor's own record is left out (`kernel.own_records`).
    """
    within = select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id)
    statement = (
        select(Enrolment.id, Enrolment.person_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Person.uuid.in_(people), Enrolment.course_id == group.course_id, Enrolment.left_at.is_(None), Enrolment.id.not_in(within))
        .order_by(Enrolment.id)
    )
    chosen = session.execute(statement).all()
    fresh = [row for row in chosen if not is_own(actor, row.person_id)]
    if len(fresh) < len(chosen):
        note_left_out(session, actor, group, now=now)
    if fresh:
        session.execute(insert(GroupMember), [{"group_id": group.id, "enrolment_id": row.id, "added_at": now} for row in fresh])
        audit.record(session, actor, EnrolmentVerb.GROUP_CHANGED, group, now=now, added=[row.person_id for row in fresh])
    return len(fresh)


def take_out_of_group(session: Session, actor: Actor, group: LearnerGroup, person: UUID, *, now: datetime) -> None:
    """Take a learner out of a group; a second time changes nothing."""
    enrolment = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id).where(Person.uuid == person)
    gone = delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.enrolment_id.in_(enrolment))
    enrolment_id = session.scalar(gone.returning(GroupMember.enrolment_id))
    if enrolment_id is not None:
        person_id = session.get_one(Enrolment, enrolment_id).person_id
        audit.record(session, actor, EnrolmentVerb.GROUP_CHANGED, group, now=now, removed=[person_id])
