"""Who may do what with tasks and submissions: every role against every act."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from courses.models import StaffRole
from courses.rules import ClosedReason, Outline, OutlineActivity
from enrolments.access import ActivityContext, LearnerContext
from kernel.permissions import Actor, SiteRole, Verdict
from simulators.access import PERMISSIONS, SimulatorAction, SubmissionContext, sees_numbers

NOBODY = Actor()
ANA = Actor(person_id=1)
ADMINISTRATOR = Actor(person_id=9, roles=frozenset({SiteRole.ADMINISTRATOR}))


def context(*, enrolled: bool = False, role: StaffRole | None = None, closed: bool = False) -> ActivityContext:
    place = LearnerContext(
        1, "prueba", 1, "public", "open", None, None, False, role, 5 if enrolled else None, None, datetime(2026, 6, 1, tzinfo=UTC)
    )
    activity = object.__new__(OutlineActivity)
    return ActivityContext(place, object.__new__(Outline), activity, (ClosedReason.REQUIRES, "leccion") if closed else None)


@pytest.mark.parametrize(
    ("actor", "subject", "view", "answer"),
    [
        (NOBODY, context(), False, False),
        (ANA, context(), False, False),
        (ANA, context(enrolled=True), True, True),
        (ANA, context(enrolled=True, closed=True), True, True),
        (ANA, context(role=StaffRole.EDITOR), True, True),
        (ANA, context(role=StaffRole.GRADER), True, False),
        (ADMINISTRATOR, context(), True, True),
    ],
)
def test_who_sees_and_who_works_on_a_task(actor: Actor, subject: ActivityContext, view: bool, answer: bool) -> None:
    assert (PERMISSIONS[SimulatorAction.VIEW_TASK](actor, subject) is Verdict.ALLOW) is view
    assert (PERMISSIONS[SimulatorAction.ANSWER](actor, subject) is Verdict.ALLOW) is answer


@pytest.mark.parametrize(
    ("actor", "role", "verdict", "numbers"),
    [
        (NOBODY, None, Verdict.HIDE, False),
        (Actor(person_id=2), None, Verdict.HIDE, False),
        (ANA, None, Verdict.ALLOW, False),
        (Actor(person_id=2), StaffRole.GRADER, Verdict.ALLOW, False),
        (Actor(person_id=2), StaffRole.EDITOR, Verdict.ALLOW, True),
        (ADMINISTRATOR, None, Verdict.ALLOW, True),
    ],
)
def test_who_reviews_a_submission_and_sees_right_numbers(actor: Actor, role: StaffRole | None, verdict: Verdict, numbers: bool) -> None:
    subject = SubmissionContext(1, uuid4(), 1, 1, role)

    assert PERMISSIONS[SimulatorAction.REVIEW](actor, subject) is verdict
    assert sees_numbers(actor, subject) is numbers
