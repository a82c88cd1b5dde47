"""Leaving a course of one's own accord, unless something keeps its learner in it (spec/compulsory 4.9)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from enrolments.services.editions import leave
from enrolments.take_rules import LeavingObstacle
from kernel.errors import N_, Conflict
from kernel.permissions import Actor

LeavingCheck = Callable[[Session, Enrolment, datetime], Sequence[LeavingObstacle]]
"""Tells what keeps the learner of an enrolment in its course now."""


class LeavingNotAllowed(Conflict):
    """Something asks the learner to take the course."""

    code = "cannot_leave"
    message = N_("You cannot leave this course: a compulsory training asks you to complete it.")


def list_obstacles(session: Session, enrolment: Enrolment, *, now: datetime) -> list[LeavingObstacle]:
    """List what keeps the learner of an enrolment in its course now; staff may take them out all the same."""
    checks = cast("tuple[LeavingCheck, ...]", session.info["leaving"])
    return [obstacle for check in checks for obstacle in check(session, enrolment, now)]


def leave_course(session: Session, actor: Actor, enrolment: Enrolment, *, now: datetime) -> None:
    """Let a learner leave a course; raise LeavingNotAllowed. What they did is kept, a second time changes nothing."""
    if list_obstacles(session, enrolment, now=now):
        raise LeavingNotAllowed
    leave(session, actor, enrolment, now=now)
