"""Writes enrolments and what learners do in them: enrol, visit, complete, follow a version, leave."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast

from sqlalchemy import Integer, String, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses.kinds import COURSE_KINDS
from courses.models import Course
from courses.rules import renames_to
from courses.versions import get_outline, list_outlines, list_versions_between
from enrolments import editions, learners, versions
from enrolments.access import ActivityContext, LearnerContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.editions import EnrolmentTarget, end_requests_of_learners, enrol_people, fill_places, leave, lock_edition
from enrolments.models import ActivityResult, Completion, Edition, EditionPlace, Enrolment, TakeCause, VersionOfferReply
from enrolments.progress import LockedEnrolment, complete, exact_decimal, lock_enrolment, recompute_progress, update_progress
from enrolments.rules import Progress, is_held_back
from enrolments.takes import (
    EnrolmentObstacle,
    LeavingObstacle,
    RenewalWindow,
    RequiredCourse,
    TakeNotAllowed,
    TakeRefusal,
    begin_take,
    find_obstacle,
)
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import HookList, UtcDateTime, connection_of
from kernel.errors import N_, Conflict
from kernel.permissions import SYSTEM, Actor, ActorChannel


def enrol(session: Session, actor: Actor, context: LearnerContext, *, now: datetime) -> Enrolment:
    """Enrol the actor in the published version; a second time changes nothing, and a return finds everything as it was left."""
    assert actor.person_id is not None
    assert context.version_id is not None
    learners.lock_enrolment_turn(session, actor.person_id)
    existing = learners.find_enrolment(session, actor.person_id, context.course_id)
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
    completion = learners.find_completion(session, enrolment_id)
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
        for publisher in COURSE_KINDS.of(session).publishers:
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
    offer = versions.find_offer(session, enrolment_id)
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
    """Record that learners of a course follow a newer version of it: what depends on its dates is looked at again."""
    course = session.get_one(Course, course_id)
    audit.record(session, actor, EnrolmentVerb.LEARNERS_MOVED, course, now=now, learners=count)


LeavingCheck = Callable[[Session, Enrolment, datetime], Sequence[LeavingObstacle]]
"""Tells what keeps the learner of an enrolment in its course now."""

LEAVING = HookList[LeavingCheck]("leaving")
"""Gives what keeps learners from leaving a course."""


class LeavingNotAllowed(Conflict):
    """Something asks the learner to take the course."""

    code = "cannot_leave"
    message = N_("You cannot leave this course: a compulsory training asks you to complete it.")


def list_obstacles(session: Session, enrolment: Enrolment, *, now: datetime) -> list[LeavingObstacle]:
    """List what keeps the learner of an enrolment in its course now; staff may take them out all the same."""
    checks = LEAVING.of(session)
    return [obstacle for check in checks for obstacle in check(session, enrolment, now)]


def leave_course(session: Session, actor: Actor, enrolment: Enrolment, *, now: datetime) -> None:
    """Let a learner leave a course; raise LeavingNotAllowed. What they did is kept, a second time changes nothing."""
    if list_obstacles(session, enrolment, now=now):
        raise LeavingNotAllowed
    leave(session, actor, enrolment, now=now)


def end_enrolments(session: Session, actor: Actor, person_id: int, *, now: datetime) -> None:
    """End all enrolments of a person, and give their places to those who wait; what they did stays."""
    mine = select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.left_at.is_(None)).order_by(Enrolment.id)
    for row in session.scalars(mine).all():
        editions.leave(session, actor, row, now=now)


def end_duplicate_enrolments(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """End what a closed account takes where the one that stays took the course too: nobody takes it twice.

    Who took it with either goes on taking it. The place of the one that ends is theirs where they have none, and its edition's dates keep
    nobody out who was in.
    """
    standing = aliased(Enrolment)
    both = select(Enrolment, standing).join(standing, standing.course_id == Enrolment.course_id)
    both = both.where(Enrolment.person_id == closed.id, standing.person_id == remaining.id, Enrolment.left_at.is_(None))
    both = both.where(standing.superseded_at.is_(None))
    for row, stands in session.execute(both.order_by(Enrolment.id)).all():
        inherits = stands.left_at is not None or _is_running(session, row, now)
        if stands.left_at is not None:
            stands.left_at = None
            editions.end_requests_of_learners(session, stands.course_id, [remaining.id], now=now)
            number = get_outline(session, stands.course_version_id).number
            audit.record(session, actor, EnrolmentVerb.ENROLLED, stands, now=now, version=number)
        editions.leave(session, actor, row, now=now, heir=stands if inherits else None)


def _is_running(session: Session, row: Enrolment, now: datetime) -> bool:
    """Return whether the edition in which a person is enrolled has begun and has not ended."""
    edition = session.scalar(select(Edition).join(EditionPlace).where(EditionPlace.enrolment_id == row.id))
    if edition is None:
        return False
    return (edition.starts_at is None or edition.starts_at <= now) and (edition.ends_at is None or now < edition.ends_at)


BY_JOB = Actor(via=ActorChannel.JOB)


_OBSTACLES = {
    TakeRefusal.NOT_PUBLISHED: EnrolmentObstacle.UNPUBLISHED,
    TakeRefusal.ARCHIVED: EnrolmentObstacle.ARCHIVED,
    TakeRefusal.WORK_OPEN: EnrolmentObstacle.WORK_OPEN,
}
Outcomes = Mapping[int, int | EnrolmentObstacle]
"""By person, the number of the enrolment in which they take the course, or the obstacle."""


def enrol_required(session: Session, required: RequiredCourse, people: Mapping[int, datetime], *, now: datetime) -> Outcomes:
    """Enrol some hundreds of people at most who have to take a course, each from the moment on at which their cycle opened.

    Who takes it goes on; who left it unfinished finds everything as it was; who has completed it begins a further take. Nobody is told:
    the obligation has notices of its own. Suspended accounts are passed over. A second time changes nothing.
    """
    able = select(Person.id).where(Person.id.in_(people), Person.suspended_at.is_(None)).order_by(Person.id)
    able_people = session.scalars(able.with_for_update(key_share=True)).all()
    completed, unfinished = _present_takes(session, required.course_id, people)
    outcomes: dict[int, int | EnrolmentObstacle] = {person: row.id for person, row in unfinished.items() if row.left_at is None}
    newcomers = [person for person in able_people if person not in outcomes]
    if not newcomers:
        return outcomes
    obstacle = find_obstacle(session, required, now=now)
    if obstacle is not None:
        return outcomes | dict.fromkeys(newcomers, obstacle)
    edition, free = _find_room(session, required, len(newcomers), now=now)
    for person in newcomers:
        if person in completed and free > 0:
            outcomes[person] = _begin_again(session, completed[person], edition, people[person], now=now)
            free -= isinstance(outcomes[person], int)
    entering = [person for person in newcomers if person not in completed][:free]
    outcomes |= _enter(session, required.course_id, edition, entering, now=now)
    return outcomes | {person: EnrolmentObstacle.EDITION_FULL for person in newcomers if person not in outcomes}


def _present_takes(session: Session, course_id: int, people: Collection[int]) -> tuple[Mapping[int, Enrolment], Mapping[int, Enrolment]]:
    """Return people's present takes of a course by person: those that are completed, and the others."""
    statement = (
        select(Enrolment, Completion.id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id, Enrolment.person_id.in_(people), Enrolment.superseded_at.is_(None))
    )
    takes: tuple[dict[int, Enrolment], dict[int, Enrolment]] = ({}, {})
    for enrolment, completion in session.execute(statement.execution_options(populate_existing=True)):
        takes[completion is None][enrolment.person_id] = enrolment
    return takes


def _find_room(session: Session, required: RequiredCourse, most: int, *, now: datetime) -> tuple[int | None, int]:
    """Return the edition, if it is one of the course, and how many fit in; its free places go first to those who wait for them."""
    edition = None if required.edition_id is None else session.get_one(Edition, required.edition_id)
    if edition is None or edition.course_id != required.course_id:
        return None, most
    lock_edition(session, edition.id)
    fill_places(session, BY_JOB, edition.id, now=now)
    row = lock_edition(session, edition.id)
    return edition.id, most if row.edition.capacity is None else max(row.edition.capacity - row.taken, 0)


def _begin_again(
    session: Session, before: Enrolment, edition_id: int | None, opens_at: datetime, *, now: datetime
) -> int | EnrolmentObstacle:
    try:
        take = begin_take(session, BY_JOB, before, TakeCause.OBLIGATION, window=RenewalWindow(opens_at), now=now)
    except TakeNotAllowed as refused:
        return _OBSTACLES[TakeRefusal(str(refused.facts["reason"]))]
    if edition_id is not None:
        session.add(EditionPlace(enrolment_id=take.id, edition_id=edition_id))
        session.flush()
    return take.id


def _enter(session: Session, course_id: int, edition_id: int | None, people: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Enrol people who do not take a course now, and return their enrolments."""
    version_id = session.get_one(Course, course_id).published_version_id
    assert version_id is not None  # else there was an obstacle
    enrol_people(session, BY_JOB, EnrolmentTarget(course_id, edition_id, version_id, TakeCause.OBLIGATION), people, now=now)
    mine = select(Enrolment.person_id, Enrolment.id).where(Enrolment.course_id == course_id, Enrolment.superseded_at.is_(None))
    return dict(session.execute(mine.where(Enrolment.person_id.in_(people))).all())
