"""Permissions to see, try and review tasks. The tool itself is open to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from courses.access import EDITORS, ENROLLED, TEAM, edits
from courses.models import StaffRole
from enrolments.access import ActivityContext, hiding_all, is_staff
from kernel.permissions import Actor, Permission, Verdict, allow_if


class SimulatorAction(StrEnum):
    """Acts on tasks and submissions."""

    VIEW_TASK = "simulator:view_task"
    ANSWER = "simulator:answer"
    REVIEW = "simulator:review"


@dataclass(frozen=True)
class SubmissionContext:
    """A person before a submission: whose it is, and what the person is in its course."""

    id: int
    uuid: UUID
    person_id: int
    course_id: int
    staff_role: StaffRole | None


def _view_task(actor: Actor, subject: ActivityContext) -> Verdict:
    return allow_if(is_staff(actor, subject.context) or subject.context.is_learner)


def _answer(actor: Actor, subject: ActivityContext) -> Verdict:
    """Allow learners to work on tasks, and editors of the course to try them. Dates and limits are checked by the service."""
    return allow_if(subject.context.is_learner or edits(actor, subject.context.staff_role))


def _review(actor: Actor, subject: SubmissionContext) -> Verdict:
    """Allow learners to see what they submitted; the course team and administrators see everybody's."""
    staff = actor.is_administrator or subject.staff_role is not None
    return allow_if(staff or subject.person_id == actor.person_id, Verdict.HIDE)


def sees_numbers(actor: Actor, subject: SubmissionContext) -> bool:
    """Return whether right numbers are shown at any moment: to those who edit the course."""
    return edits(actor, subject.staff_role)


PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        SimulatorAction.VIEW_TASK: Permission(_view_task, {"published": ENROLLED | TEAM}),
        SimulatorAction.ANSWER: Permission(_answer, {"open": ENROLLED | EDITORS}),
        SimulatorAction.REVIEW: Permission(_review, {"of_another_learner": TEAM.hidden}),
    }
)
