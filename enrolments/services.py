"""Verbs of taking part: enrol, visit, mark as done, record a result; each keeps progress and completion up in its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import cast
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course
from courses.publication import CourseKinds
from courses.queries import get_outline
from enrolments import queries
from enrolments.models import ActivityResult, Completion, Enrolment, GroupMember, LearnerGroup
from enrolments.permissions import ActivitySeat, Seat
from enrolments.rules import Progress, evaluate_completion
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor


class EnrolmentVerb(StrEnum):
    """What the audit log says of taking part."""

    ENROLLED = "enrolment.started"
    ACTIVITY_COMPLETED = "activity.completed"
    ACTIVITY_REOPENED = "activity.reopened"
    COMPLETED = "enrolment.completed"
    MOVED = "enrolment.moved"
    LEARNERS_MOVED = "course.learners_moved"
    GROUP_MADE = "group.made"
    GROUP_RENAMED = "group.renamed"
    GROUP_CHANGED = "group.changed"


def enrol(session: Session, actor: Actor, seat: Seat, *, now: datetime) -> Enrolment:
    """Enrol the actor in the published version; a second time changes nothing, and a return finds everything as it was left."""
    assert actor.person_id is not None
    assert seat.version_id is not None
    queries.take_turn(session, actor.person_id)
    existing = queries.find_enrolment(session, actor.person_id, seat.course_id)
    if existing is not None and existing.left_at is None:
        return existing
    outline = get_outline(session, seat.version_id)
    if existing is None:
        existing = Enrolment(
            person_id=actor.person_id,
            course_id=seat.course_id,
            course_version_id=seat.version_id,
            enrolled_at=now,
            done=0,
            total=sum(activity.required for activity in outline.activities()),
        )
        session.add(existing)
    existing.left_at = None
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.ENROLLED, existing, now=now, version=outline.number)
    return existing


def note_visit(session: Session, enrolment_id: int, activity_key: str, *, now: datetime) -> None:
    """Keep where a learner is, and when the activity was first seen; a note, so it leaves no audit entry."""
    session.execute(update(Enrolment).where(Enrolment.id == enrolment_id).values(last_activity_key=activity_key, last_visited_at=now))
    known = session.scalar(
        update(ActivityResult)
        .where(ActivityResult.enrolment_id == enrolment_id, ActivityResult.activity_key == activity_key)
        .values(viewed_at=func.coalesce(ActivityResult.viewed_at, now))
        .returning(ActivityResult.id)
    )
    if known is None:
        session.execute(insert(ActivityResult).values(enrolment_id=enrolment_id, activity_key=activity_key, viewed_at=now))


@dataclass(frozen=True, slots=True)
class Achievement:
    """What an event means for one activity: completed or not, and the score in percent that counts."""

    completed: bool
    score: Fraction | None = None
    passed: bool | None = None
    exhausted: bool | None = False
    """No try is left; None: as it was."""


def mark_done(session: Session, actor: Actor, subject: ActivitySeat, *, now: datetime) -> Progress:
    """Complete an activity by the learner's own word, where its rule is that."""
    if subject.activity.completion_rule not in ("marked", "viewed", "watched"):
        raise Conflict(N_("This activity is completed by doing it, not by marking it."))
    return record_result(session, actor, cast("int", subject.seat.enrolment_id), subject.activity.key, Achievement(completed=True), now=now)


def unmark_done(session: Session, actor: Actor, subject: ActivitySeat, *, now: datetime) -> None:
    """Take the learner's own mark back; a course once completed stays completed."""
    if subject.activity.completion_rule != "marked":
        raise Conflict(N_("This activity is completed by doing it, not by marking it."))
    learning = _lock(session, cast("int", subject.seat.enrolment_id))
    row = learning.result(subject.activity.key)
    if row.completed_at is None:
        return
    row.completed_at = None
    row.completed_version_id = None
    audit.record(session, actor, EnrolmentVerb.ACTIVITY_REOPENED, learning.enrolment, now=now, activity=row.activity_key)
    _keep_up(session, actor, learning, now=now)


def record_result(
    session: Session, actor: Actor, enrolment_id: int, activity_key: str, achievement: Achievement, *, now: datetime
) -> Progress:
    """Record what an event means for an activity, and keep progress and completion up in the same transaction.

    A completed activity stays completed, with the moment and version in which it first was.
    """
    return _record_result(session, actor, _lock(session, enrolment_id), activity_key, achievement, now=now)


def record_results(session: Session, actor: Actor, activity_key: str, achievements: Mapping[int, Achievement], *, now: datetime) -> None:
    """Record the same for many learners, by enrolment, with a fixed number of statements for reading them."""
    for learning in _lock_many(session, sorted(achievements)):
        _record_result(session, actor, learning, activity_key, achievements[learning.enrolment.id], now=now)


def _record_result(
    session: Session, actor: Actor, learning: "_Learning", activity_key: str, achievement: Achievement, *, now: datetime
) -> Progress:
    row = learning.result(activity_key)
    if row.id is None:
        session.add(row)
    row.viewed_at = row.viewed_at or now
    if achievement.score is not None:
        row.score = _decimal(achievement.score)
        row.passed = achievement.passed
    if achievement.exhausted is not None:
        row.exhausted = achievement.exhausted
    if achievement.completed and row.completed_at is None:
        row.completed_at = now
        row.completed_version_id = learning.enrolment.course_version_id
        audit.record(session, actor, EnrolmentVerb.ACTIVITY_COMPLETED, learning.enrolment, now=now, activity=activity_key)
    return _keep_up(session, actor, learning, now=now)


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0000001"))


@dataclass
class _Learning:
    """A locked enrolment with its results as they stand in this transaction."""

    enrolment: Enrolment
    is_completed: bool
    rows: dict[str, ActivityResult]

    def result(self, key: str) -> ActivityResult:
        """Return the result of an activity, a new one where there is none."""
        return self.rows.setdefault(key, ActivityResult(enrolment_id=self.enrolment.id, activity_key=key))

    def rename(self, renames: Mapping[str, str]) -> None:
        """Move the results to the present keys of their activities, and the place to go on with them."""
        last = self.enrolment.last_activity_key or ""
        self.enrolment.last_activity_key = renames.get(last, last) or None
        for old, new in renames.items():
            if old in self.rows and new not in self.rows:
                self.rows[new] = self.rows.pop(old)
                self.rows[new].activity_key = new


def _lock(session: Session, enrolment_id: int) -> _Learning:
    return _lock_many(session, [enrolment_id])[0]


def _lock_many(session: Session, enrolment_ids: Sequence[int]) -> list[_Learning]:
    """Lock enrolments in the order of their ids, and read their results."""
    statement = select(Enrolment, Completion.id).outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    statement = statement.where(Enrolment.id.in_(enrolment_ids)).order_by(Enrolment.id)
    with session.no_autoflush:  # what the caller has changed is written together with what follows
        found = session.execute(statement.with_for_update(of=Enrolment)).all()
        results = session.scalars(select(ActivityResult).where(ActivityResult.enrolment_id.in_(enrolment_ids)))
        rows: dict[int, dict[str, ActivityResult]] = {enrolment.id: {} for enrolment, _completion in found}
        for row in results:
            rows[row.enrolment_id][row.activity_key] = row
        return [_Learning(enrolment, completion is not None, rows[enrolment.id]) for enrolment, completion in found]


def _keep_up(session: Session, actor: Actor, learning: _Learning, *, now: datetime) -> Progress:
    enrolment = learning.enrolment
    outline = get_outline(session, enrolment.course_version_id)
    progress = evaluate_completion(outline, {key: queries.result_of(row) for key, row in learning.rows.items()}, now)
    enrolment.done, enrolment.total = progress.done, progress.total
    if progress.completed and not learning.is_completed:
        grade = None if progress.grade is None else _decimal(progress.grade)
        session.add(Completion(enrolment_id=enrolment.id, course_version_id=outline.version_id, completed_at=now, grade=grade))
        audit.record(session, actor, EnrolmentVerb.COMPLETED, enrolment, now=now, version=outline.number)
    return progress


def follow_version(session: Session, actor: Actor, enrolment_id: int, version_id: int, *, now: datetime) -> None:
    """Let a learner follow another version of their course; results stay, because they hang on activity keys.

    What was recorded under a key that the version has renamed moves to the new key, in every package that records something:
    first there and then here, which is the order in which handing in a quiz locks its rows.
    """
    followed = session.execute(select(Enrolment.course_version_id).where(Enrolment.id == enrolment_id)).scalar_one()
    if followed == version_id:
        return
    renames = get_outline(session, version_id).renames
    if renames:
        for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
            publisher.rename(session, enrolment_id, renames)
    learning = _lock(session, enrolment_id)
    learning.rename(renames)
    learning.enrolment.course_version_id = version_id
    audit.record(session, actor, EnrolmentVerb.MOVED, learning.enrolment, now=now, version=version_id)
    _keep_up(session, actor, learning, now=now)


def note_moves(session: Session, actor: Actor, course_id: int, count: int, *, now: datetime) -> None:
    """Say that learners of a course follow a newer version of it: what depends on its dates is looked at again."""
    course = session.get_one(Course, course_id)
    audit.record(session, actor, EnrolmentVerb.LEARNERS_MOVED, course, now=now, learners=count)


class GroupNameTaken(Conflict):
    """Two groups of a course would have one name."""

    code = "group_name_taken"
    message = N_("The course has a group of this name already.")


def make_group(session: Session, actor: Actor, course_id: int, name: str, *, now: datetime) -> LearnerGroup:
    """Add an empty group to a course; raise GroupNameTaken."""
    if queries.group_name_is_taken(session, course_id, name):
        raise GroupNameTaken
    group = LearnerGroup(course_id=course_id, name=name, created_at=now)
    session.add(group)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.GROUP_MADE, group, now=now, name=name)
    return group


def rename_group(session: Session, actor: Actor, group: LearnerGroup, name: str, *, now: datetime) -> None:
    """Give a group another name; raise GroupNameTaken."""
    if name.casefold() != group.name.casefold() and queries.group_name_is_taken(session, group.course_id, name):
        raise GroupNameTaken
    audit.record(session, actor, EnrolmentVerb.GROUP_RENAMED, group, now=now, before=group.name, after=name)
    session.get_one(LearnerGroup, group.id).name = name


def add_to_group(session: Session, actor: Actor, group: LearnerGroup, people: Sequence[UUID], *, now: datetime) -> int:
    """Put learners of the group's course into it, and return how many were not in it before; others are passed over."""
    within = select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id)
    statement = (
        select(Enrolment.id, Enrolment.person_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Person.uuid.in_(people), Enrolment.course_id == group.course_id, Enrolment.left_at.is_(None), Enrolment.id.not_in(within))
        .order_by(Enrolment.id)
    )
    fresh = session.execute(statement).all()
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
