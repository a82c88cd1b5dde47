"""Marks of a task: the server recomputes everything from inputs; what a page or script showed decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from enrolments.rules import has_passed
from simulators.rules.outputs import Outputs, compute
from simulators.rules.scenario import Inputs
from simulators.rules.tasks import GoalItem, NumberItem, Task, TaskTolerance, TaskToleranceKind

PRECISION = Fraction(1, 10**9)
"""Share within which doubles count as equal to a limit (the specification's agreement between server and browser)."""


@dataclass(frozen=True, slots=True)
class TaskItemMark:
    """One goal or number: the value that was reached or given (None: none), the right one of a number, and the marks."""

    key: str
    value: Fraction | None
    expected: Fraction | None
    met: bool
    mark: Fraction
    maximum: Fraction


@dataclass(frozen=True, slots=True)
class TaskGrade:
    """Marks of a submission; `percent` None where nothing carries marks, `passed` None without a pass mark."""

    items: tuple[TaskItemMark, ...]
    raw: Fraction
    maximum: Fraction
    percent: Fraction | None
    passed: bool | None


def grade(task: Task, start: Inputs, handed_in: Inputs, answers: Mapping[str, Fraction]) -> TaskGrade:
    """Mark a submission: goals by the submitted inputs, numbers by those that the task began with."""
    reached = compute(handed_in) if task.goals else {}
    at_start = compute(start) if task.asks else {}
    items = (*(_mark_goal(goal, reached) for goal in task.goals), *(_mark_ask(ask, at_start, answers.get(ask.key)) for ask in task.asks))
    raw = sum((item.mark for item in items), Fraction(0))
    percent = raw / task.maximum * 100 if task.maximum else None
    return TaskGrade(items, raw, task.maximum, percent, has_passed(percent, task.policy.pass_mark))


def _mark_goal(goal: GoalItem, outputs: Outputs) -> TaskItemMark:
    reached = outputs.get(goal.output)
    value = None if reached is None else Fraction(reached)
    met = value is not None and is_between(value, goal.low, goal.high)
    return TaskItemMark(goal.key, value, None, met, goal.mark if met else Fraction(0), goal.mark)


def is_between(value: Fraction, low: Fraction | None, high: Fraction | None) -> bool:
    """Say whether a value is within the limits, both included, up to the precision of doubles."""
    near = PRECISION * max(Fraction(1), abs(value))
    return (low is None or value >= low - near) and (high is None or value <= high + near)


def _mark_ask(ask: NumberItem, outputs: Outputs, answer: Fraction | None) -> TaskItemMark:
    computed = outputs.get(ask.output)
    expected = None if computed is None else Fraction(computed)
    right = answer is not None and expected is not None and is_within(answer, expected, ask.tolerance)
    return TaskItemMark(ask.key, answer, expected, right, ask.mark if right else Fraction(0), ask.mark)


def is_within(value: Fraction, expected: Fraction, tolerance: TaskTolerance) -> bool:
    """Say whether a number lies within the tolerance of the right one (spec/quiz-engine 5.7, numerical)."""
    amount = tolerance.amount
    near = PRECISION * PRECISION * max(Fraction(1), abs(expected)) + Fraction(1, 10**12) * abs(expected)
    if tolerance.kind is TaskToleranceKind.NOMINAL:
        return abs(value - expected) <= amount + near
    if tolerance.kind is TaskToleranceKind.RELATIVE:
        return abs(value - expected) <= abs(expected) * amount + near
    low, high = sorted((expected / (1 + amount), expected * (1 + amount)))
    return low - near <= value <= high + near


def outputs_lacking(task: Task, outputs: Outputs) -> Sequence[str]:
    """Return the numbers that a task asks for and that the outputs of the model at its start lack."""
    return [ask.output for ask in task.asks if outputs.get(ask.output) is None]
