"""Attempts before those who answer in them and hand them in: as long as they take the course (security 1.4)."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.queries import sittings
from quizzes.queries.sittings import Sitting
from quizzes.rules.attempts import OPEN_STATES


class LeftCourse(Conflict):
    """Whoever was taken out of a course goes on with nothing of it; what was saved waits for them to come back."""

    code = "left_course"
    message = N_("You do not take this course any more: this attempt takes no answers and is not handed in. What was saved before is kept.")


def get_attempt(session: Session, actor: Actor, attempt: UUID) -> Sitting:
    """Return an attempt to answer in; raise NotFound, SignInNeeded or LeftCourse."""
    return _going_on(actor, sittings.get_attempt(session, actor, attempt))


def lock_attempt(session: Session, actor: Actor, attempt: UUID) -> Sitting:
    """Return the same, the attempt locked."""
    return _going_on(actor, sittings.lock_attempt(session, actor, attempt))


def _going_on(actor: Actor, sitting: Sitting) -> Sitting:
    """Return an attempt; of one that has ended what comes of it is told as to everybody, and what is another's is none to a stranger."""
    if sitting.has_left and sitting.state in OPEN_STATES and sitting.person_id == actor.person_id:
        raise LeftCourse
    return sitting
