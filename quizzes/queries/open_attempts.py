"""Attempts before those who answer in them and hand them in: as long as they take the course (spec/security 1.4)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.queries import attempts
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules.attempts import OPEN_STATES, AttemptState

WAITS = and_(Attempt.state == AttemptState.FINISHED.value, Attempt.raw.is_(None), ~Attempt.preview)
"""Attempts of learners that are submitted and wait for a person to mark them."""


class LeftCourse(Conflict):
    """Refusal to continue an attempt after being taken out of the course; saved answers wait for the learner's return."""

    code = "left_course"
    message = N_(
        "You are no longer enrolled in this course, so this attempt accepts no answers and can't be "
        "submitted. What was saved before is kept."
    )


def get_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in; raise NotFound, SignInNeeded or LeftCourse."""
    return _require_not_left(actor, attempts.get_attempt(session, actor, attempt))


def lock_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in, locked."""
    return _require_not_left(actor, attempts.lock_attempt(session, actor, attempt))


def _require_not_left(actor: Actor, loaded: LoadedAttempt) -> LoadedAttempt:
    """Return the attempt; raise LeftCourse for an open one of the actor who left. All others are as for everyone."""
    if loaded.has_left and loaded.state in OPEN_STATES and loaded.person_id == actor.person_id:
        raise LeftCourse
    return loaded


def find_answering(session: Session, enrolment_id: int, keys: Collection[str]) -> set[str]:
    """Return the keys of those quizzes of which the learner of an enrolment has an attempt open; previews count nowhere."""
    learner = (Enrolment.person_id == Attempt.person_id) & (Enrolment.course_id == Attempt.course_id)
    going_on = Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview
    statement = select(Attempt.activity_key).join(Enrolment, learner).where(Enrolment.id == enrolment_id, *going_on)
    return set(session.scalars(statement.where(Attempt.activity_key.in_(keys))))


def find_ungraded(session: Session, enrolments: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the keys of quizzes with a submitted attempt that waits to be graded, by enrolment."""
    statement = select(Attempt.enrolment_id, Attempt.activity_key).where(Attempt.enrolment_id.in_(enrolments), WAITS).distinct()
    found: defaultdict[int, set[str]] = defaultdict(set)
    for enrolment_id, key in session.execute(statement):
        found[cast("int", enrolment_id)].add(key)
    return {enrolment_id: frozenset(keys) for enrolment_id, keys in found.items()}
