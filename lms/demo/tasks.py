"""A simulator task of an invented learner: a draft that waits, or a submission."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from enrolments.access import ActivityContext
from kernel.permissions import Actor
from lms.demo.people import DemoLearner, DemoOutcome
from lms.demo.timeline import DemoTimeline
from questions.rules.numbers import convention_for, write_number
from simulators import tasks
from simulators.rules.budget import compute
from simulators.rules.scenario import Inputs
from simulators.tasks import TaskContext, TaskWork

GOAL_INPUTS: Mapping[str, float] = {
    "reserva.g_gasto": 0.04,
    "despliegue.pasos.1": 0.25,
    "despliegue.pasos.2": 0.65,
    "despliegue.pasos.3": 0.9,
    "despliegue.pasos.4": 0.95,
    "vejez.tramos.1.factor_linea": 0.88,
}
"""What somebody who reaches the goals of the sample courses' tasks changes; others leave the scenario as it begins."""
DECIMALS = 4


def seeded_uuid(*purpose: object) -> UUID:
    """Return a number for one purpose, the same at every filling."""
    return uuid5(NAMESPACE_URL, ":".join(["aulario-demo", *map(str, purpose)]))


def submits_task(learner: DemoLearner, chance: Random) -> bool:
    """Draw whether a learner submits a task; the others leave a draft."""
    return learner.fate is DemoOutcome.FINISHED or chance.random() < 0.4


def save_draft(stage: DemoTimeline, actor: Actor, subject: ActivityContext, *, now: datetime) -> None:
    """Change the scenario of a task, answer nothing yet, and go away."""
    task = tasks.load_task_context(stage.session, actor, subject, now=now)
    if not task.ruling.is_hidden:
        tasks.save_work(stage.session, actor, subject, TaskWork(_changed_inputs(task, all_goals=False), {}), now=now)


def submit(stage: DemoTimeline, learner: DemoLearner, actor: Actor, subject: ActivityContext, chance: Random, *, now: datetime) -> None:
    """Answer a task's questions, as well as the learner can, and submit it; those who finish the course pass."""
    task = tasks.load_task_context(stage.session, actor, subject, now=now)
    if not task.ruling.allowed:
        return
    sure, expected = learner.fate is DemoOutcome.FINISHED, compute(task.start)
    answers, typed = {}, {}
    for ask in task.published.task.asks:
        value = expected.get(ask.output)
        right = round(Fraction(value or 0), DECIMALS)
        answers[ask.key] = right if sure or chance.random() < learner.ability else right * 10
        typed[ask.key] = write_number(answers[ask.key], convention_for(learner.identity.language), DECIMALS, keep_zeros=False)
    work = TaskWork(_changed_inputs(task, all_goals=sure or chance.random() < learner.ability), typed)
    number = seeded_uuid(learner.seed, subject.activity.key, now.isoformat())
    tasks.submit_task(stage.session, actor, subject, work, answers, number=number, now=now + timedelta(seconds=1))


def _changed_inputs(task: TaskContext, *, all_goals: bool) -> Inputs:
    """Return a scenario with the changes that reach a task's goals, or with the first of them alone."""
    editable = task.published.task.editable or frozenset()
    changed = [path for path in GOAL_INPUTS if path in editable]
    return {**task.start, **{path: GOAL_INPUTS[path] for path in (changed if all_goals else changed[:1])}}
