"""Attempts before those who answer in them and hand them in: as long as they take the course (spec/security 1.4)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.queries import attempts
from quizzes.queries.attempts import AttemptRow, LoadedAttempt
from quizzes.rules.attempts import OPEN_STATES, AttemptState

AWAITS_GRADING = and_(Attempt.state == AttemptState.FINISHED.value, Attempt.raw.is_(None), ~Attempt.preview)
"""Attempts of learners that are submitted and wait for a person to mark them."""
_IS_OPEN = and_(Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview)


class LeftCourse(Conflict):
    """Refusal to continue an attempt after being taken out of the course; saved answers wait for the learner's return."""

    code = "left_course"
    message = N_(
        "You are no longer enrolled in this course, so this attempt accepts no answers and can't be "
        "submitted. What was saved before is kept."
    )


def get_answerable_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in; raise NotFound, SignInNeeded or LeftCourse."""
    return _require_not_left(actor, attempts.get_attempt(session, actor, attempt))


def lock_answerable_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in, locked."""
    return _require_not_left(actor, attempts.lock_attempt(session, actor, attempt))


def _require_not_left(actor: Actor, loaded: LoadedAttempt) -> LoadedAttempt:
    """Return the attempt; raise LeftCourse for an open one of the actor who left. All others are as for everyone."""
    if loaded.has_left and loaded.state in OPEN_STATES and loaded.person_id == actor.person_id:
        raise LeftCourse
    return loaded


def find_answering(session: Session, enrolment_id: int, keys: Collection[str]) -> set[str]:
    """Return the keys of those quizzes of which the learner of an enrolment has an attempt open; previews count nowhere."""
    statement = select(Attempt.activity_key).where(Attempt.enrolment_id == enrolment_id, _IS_OPEN)
    return set(session.scalars(statement.where(Attempt.activity_key.in_(keys))))


def is_answering(session: Session, enrolment_id: int) -> bool:
    """Return whether the learner of an enrolment has an attempt at any quiz of the course open."""
    return session.scalar(select(Attempt.id).where(Attempt.enrolment_id == enrolment_id, _IS_OPEN).limit(1)) is not None


def find_ungraded(session: Session, enrolments: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the keys of quizzes with a submitted attempt that waits to be graded, by enrolment."""
    statement = select(Attempt.enrolment_id, Attempt.activity_key).where(Attempt.enrolment_id.in_(enrolments), AWAITS_GRADING).distinct()
    keys_by_enrolment: defaultdict[int, set[str]] = defaultdict(set)
    for enrolment_id, key in session.execute(statement):
        keys_by_enrolment[cast("int", enrolment_id)].add(key)
    return {enrolment_id: frozenset(keys) for enrolment_id, keys in keys_by_enrolment.items()}


def list_due(session: Session, *, now: datetime, after: int, limit: int) -> list[int]:
    """List open attempts whose time, as computed last, has passed, in the order of their ids, beginning after one."""
    statement = (
        select(Attempt.id)
        .where(Attempt.state.in_((AttemptState.IN_PROGRESS.value, AttemptState.OVERDUE.value)), Attempt.due_at < now, Attempt.id > after)
        .order_by(Attempt.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def has_open(history: Sequence[AttemptRow]) -> bool:
    """Return whether one of a learner's attempts is open; previews do not count."""
    return any(row.state in OPEN_STATES and not row.preview for row in history)


def takes_objections(loaded: LoadedAttempt) -> bool:
    """Return whether a learner may object to the questions of an attempt (spec/selection 5.2)."""
    use = loaded.snapshot.selection
    return use is not None and use.objections is not None and not loaded.row.preview
