"""The dates of tasks that a learner sees: those by which a task may be submitted."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import uuid4

import pytest

from enrolments import learners
from kernel.permissions import Actor
from lms.instance import Instance
from simulators import tasks
from simulators.tasks import TaskWork
from tests.simulators.task_folders import BODY, folder
from tests.support.builders import publish
from tests.support.dates import moments_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def may_submit(instance: Instance, learner: Actor, at: At, moment: datetime) -> bool:
    """Say whether a task may be submitted at a moment."""
    at.moment = moment
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "tarea-1")
        return tasks.load_task_context(session, learner, subject, now=moment).ruling.allowed


@pytest.mark.parametrize("ends", [None, 5, 40])
def test_the_dates_are_those_by_which_a_task_may_be_submitted(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, ends: int | None
) -> None:
    at = At(monkeypatch, NOON)
    course, _version = publish(instance, folder(BODY + "opens: 2026-06-03\ncloses: 2026-06-20\n"), now=NOON)
    edition = None if ends is None else an_edition(instance, course, ends_at=NOON + timedelta(days=ends))
    learner = a_learner_of(instance, course, edition)

    found = moments_of(instance, learner, now=NOON)

    opens = found["simulator:prueba:tarea-1:opens"]
    closes = min(moment for key, moment in found.items() if key.endswith((":closes", ":ends")))
    assert ("simulator:prueba:tarea-1:closes" in found) is (ends != 5)
    assert not may_submit(instance, learner, at, opens - SECOND)
    assert may_submit(instance, learner, at, opens)
    assert may_submit(instance, learner, at, closes - SECOND)
    assert not may_submit(instance, learner, at, closes)


def test_the_pause_between_submissions_is_over_when_a_task_may_be_submitted_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = At(monkeypatch, NOON)
    course, _version = publish(instance, folder(BODY.replace("attempts: 2\n", "attempts: 3\npause: 24 h\n")), now=NOON)
    learner = a_learner_of(instance, course, None)
    assert moments_of(instance, learner, now=NOON) == {}
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, learner, "prueba", "tarea-1")
        work = TaskWork(tasks.load_task_context(session, learner, subject, now=NOON).start, {"linea": "1"})
        tasks.submit_task(session, learner, subject, work, {"linea": Fraction(1)}, number=uuid4(), now=NOON)

    found = moments_of(instance, learner, now=NOON + SECOND)

    assert list(found) == ["simulator:prueba:tarea-1:pause"]
    assert not may_submit(instance, learner, at, found["simulator:prueba:tarea-1:pause"] - SECOND)
    assert may_submit(instance, learner, at, found["simulator:prueba:tarea-1:pause"])
