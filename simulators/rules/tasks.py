"""Graded tasks: the scenario they begin from, variables drawn for each learner, goals and numbers with their marks, attempts allowed.

Texts are by language, as Markdown in a folder and as cleaned HTML once published. Numbers of authors are exact fractions; the model
computes in double precision.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import count

from enrolments.rules import GradedCompletionRule, GradingMethod, grade_over, has_passed
from kernel.codes import round_half_up
from simulators.rules.budget import REFERENCE, Outputs, compute
from simulators.rules.scenario import SPECS, Inputs

Texts = Mapping[str, str]
NONE = "none"
"""As value of an input: it is taken away."""
AMOUNTS = ("factor_linea", "monto")


class TaskToleranceKind(StrEnum):
    """The kind of a tolerance around the right number: an amount, a share of it, a factor."""

    NOMINAL = "nominal"
    RELATIVE = "relative"
    GEOMETRIC = "geometric"


@dataclass(frozen=True, slots=True)
class TaskTolerance:
    """Both ends are included."""

    kind: TaskToleranceKind = TaskToleranceKind.NOMINAL
    amount: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class TaskVariableSpec:
    """A number drawn for each learner: from `low` to `high` in steps, or one of `values`; rounded to `decimals` where given."""

    name: str
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    step: Fraction = Fraction(1)
    values: tuple[Fraction, ...] = ()
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class GoalItem:
    """A goal, met when the output of the submitted inputs is within the limits; either may be absent, not both."""

    key: str
    text: Texts
    output: str
    low: Fraction | None
    high: Fraction | None
    mark: Fraction


@dataclass(frozen=True, slots=True)
class NumberItem:
    """A number to give: the output of the scenario that the task begins from."""

    key: str
    text: Texts
    output: str
    tolerance: TaskTolerance
    unit: Texts
    mark: Fraction
    explanation: Texts


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """The attempts allowed at a task and those that count; pauses in seconds, 0 attempts: no limit, no pass mark: None."""

    attempts: int = 0
    pause_first: int = 0
    pause_later: int = 0
    grading: GradingMethod = GradingMethod.HIGHEST
    pass_mark: Fraction | None = Fraction(70)
    completion: GradedCompletionRule = GradedCompletionRule.PASSED
    completion_attempts: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A task; `start` has numbers, NONE, or names of variables in braces, `editable` None means every input."""

    text: Texts
    start: Mapping[str, str]
    variables: tuple[TaskVariableSpec, ...]
    editable: frozenset[str] | None
    goals: tuple[GoalItem, ...]
    asks: tuple[NumberItem, ...]
    policy: TaskPolicy = TaskPolicy()

    @property
    def items(self) -> tuple[GoalItem | NumberItem, ...]:
        """Return goals and numbers in the order of the page."""
        return (*self.goals, *self.asks)

    @property
    def maximum(self) -> Fraction:
        """Return the marks at stake."""
        return sum((item.mark for item in self.items), Fraction(0))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the outputs that its items look at."""
        return tuple(dict.fromkeys(item.output for item in self.items))


def variable_named(value: str) -> str:
    """Return the variable that a value of `start` names, '' where it is a number."""
    return value[1:-1] if value.startswith("{") and value.endswith("}") else ""


def start_inputs(start: Mapping[str, str], drawn: Mapping[str, Fraction]) -> dict[str, float]:
    """Return the inputs that a learner begins with: the worked example with the task's values over it.

    An amount given in one of its two forms takes the example's other form away. What makes no scenario is not refused here.
    """
    inputs: dict[str, float] = dict(REFERENCE)
    for name in start:
        base, _dot, last = name.rpartition(".")
        if last in AMOUNTS:
            inputs.pop(f"{base}.{AMOUNTS[1 - AMOUNTS.index(last)]}", None)
    for name, value in start.items():
        variable = variable_named(value)
        if value == NONE:
            inputs.pop(name, None)
        else:
            inputs[name] = float(drawn[variable] if variable else Fraction(value))
    return inputs


def allowed_inputs(given: Inputs, start: Inputs, editable: frozenset[str] | None) -> dict[str, float]:
    """Return the submitted inputs, with every locked one as the task began: other values of the form do not count."""
    if editable is None:
        return dict(given)
    chosen = {name: given if name in editable else start for name in SPECS}
    return {name: source[name] for name, source in chosen.items() if name in source}


_WORDS = 2**64


def seed_of(course_id: int, activity_key: str, person_id: int) -> str:
    """Return the seed of a learner in a task: the same at every visit and in every attempt."""
    return f"{course_id}/{activity_key}/{person_id}"


def draw(variables: Sequence[TaskVariableSpec], seed: str) -> dict[str, Fraction]:
    """Return a value for each variable."""
    return {variable.name: _value(variable, seed) for variable in variables}


def _value(variable: TaskVariableSpec, seed: str) -> Fraction:
    stream = _stream(f"{seed}/{variable.name}")
    if variable.values:
        value = variable.values[_below(stream, len(variable.values))]
    else:
        value = variable.low + variable.step * _below(stream, (variable.high - variable.low) // variable.step + 1)
    return value if variable.decimals is None else round_half_up(value, variable.decimals)


def _below(stream: Iterator[int], limit: int) -> int:
    end = _WORDS - _WORDS % limit
    return next(word for word in stream if word < end) % limit


def _stream(name: str) -> Iterator[int]:
    for block in count():  # pragma: no branch - without end
        digest = hashlib.sha256(f"{name}/{block}".encode()).digest()
        for at in range(0, len(digest), 8):  # pragma: no branch - nobody reads so far
            yield int.from_bytes(digest[at : at + 8], "big")


def stored_values(drawn: Mapping[str, Fraction]) -> dict[str, str]:
    """Write drawn values for keeping."""
    return {name: str(value) for name, value in drawn.items()}


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
    return TaskItemMark(goal.key, value, None, met=met, mark=goal.mark if met else Fraction(0), maximum=goal.mark)


def is_between(value: Fraction, low: Fraction | None, high: Fraction | None) -> bool:
    """Return whether a value is within the limits, both included, up to the precision of doubles."""
    near = PRECISION * max(Fraction(1), abs(value))
    return (low is None or value >= low - near) and (high is None or value <= high + near)


def _mark_ask(ask: NumberItem, outputs: Outputs, answer: Fraction | None) -> TaskItemMark:
    computed = outputs.get(ask.output)
    expected = None if computed is None else Fraction(computed)
    right = answer is not None and expected is not None and is_within(answer, expected, ask.tolerance)
    return TaskItemMark(ask.key, answer, expected, met=right, mark=ask.mark if right else Fraction(0), maximum=ask.mark)


def is_within(value: Fraction, expected: Fraction, tolerance: TaskTolerance) -> bool:
    """Return whether a number lies within the tolerance of the right one (spec/quiz-engine 5.7, numerical)."""
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


class SubmissionRefusalReason(StrEnum):
    """The reason why a task cannot be submitted now."""

    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    NO_ATTEMPTS_LEFT = "no_attempts_left"
    PAUSE = "pause"
    PREREQUISITES = "prerequisites"


@dataclass(frozen=True, slots=True)
class SubmissionRefusal:
    """One reason, and until when it holds where that is known."""

    reason: SubmissionRefusalReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastSubmission:
    """An earlier submission of the same person, as the rules need it; previews of staff are not among them."""

    number: int
    submitted_at: datetime
    percent: Fraction | None


@dataclass(frozen=True, slots=True)
class TaskDates:
    """Dates of a task, and whether what it requires is done."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    prerequisites_met: bool = True


@dataclass(frozen=True, slots=True)
class SubmitRuling:
    """The ruling whether a task may be submitted now; `left` None: without limit."""

    refusals: tuple[SubmissionRefusal, ...]
    left: int | None

    @property
    def allowed(self) -> bool:
        """Return whether nothing refuses."""
        return not self.refusals

    @property
    def is_over(self) -> bool:
        """Return whether it will never be possible again."""
        return any(
            refusal.reason in (SubmissionRefusalReason.CLOSED, SubmissionRefusalReason.NO_ATTEMPTS_LEFT) for refusal in self.refusals
        )

    @property
    def is_hidden(self) -> bool:
        """Return whether the task is not to be seen yet."""
        return any(
            refusal.reason in (SubmissionRefusalReason.NOT_OPEN_YET, SubmissionRefusalReason.PREREQUISITES) for refusal in self.refusals
        )


def may_submit(policy: TaskPolicy, window: TaskDates, history: Sequence[PastSubmission], *, now: datetime) -> SubmitRuling:
    """Decide on handing in, with every reason why not."""
    left = max(0, policy.attempts - len(history)) if policy.attempts else None
    return SubmitRuling(tuple(_refusals(policy, window, history, now)), left)


def _refusals(policy: TaskPolicy, window: TaskDates, history: Sequence[PastSubmission], now: datetime) -> Iterator[SubmissionRefusal]:
    if window.opens_at is not None and now < window.opens_at:
        yield SubmissionRefusal(SubmissionRefusalReason.NOT_OPEN_YET, window.opens_at)
    if window.closes_at is not None and now >= window.closes_at:
        yield SubmissionRefusal(SubmissionRefusalReason.CLOSED)
    if is_used_up(policy, history):
        yield SubmissionRefusal(SubmissionRefusalReason.NO_ATTEMPTS_LEFT)
    pause = pause_ends(policy, history)
    if pause is not None and now < pause:
        yield SubmissionRefusal(SubmissionRefusalReason.PAUSE, pause)
    if not window.prerequisites_met:
        yield SubmissionRefusal(SubmissionRefusalReason.PREREQUISITES)


def is_used_up(policy: TaskPolicy, history: Sequence[PastSubmission]) -> bool:
    """Return whether no attempt is left."""
    return 0 < policy.attempts <= len(history)


def pause_ends(policy: TaskPolicy, history: Sequence[PastSubmission]) -> datetime | None:
    """Return until when the pause after the last submission lasts; None where there is none."""
    seconds = policy.pause_first if len(history) == 1 else policy.pause_later
    if not history or not seconds:
        return None
    return max(submission.submitted_at for submission in history) + timedelta(seconds=seconds)


def over_attempts(grading: GradingMethod, history: Sequence[PastSubmission]) -> Fraction | None:
    """Return the percentage that counts; None without a graded submission."""
    return grade_over(grading, [submission.percent for submission in sorted(history, key=lambda submission: submission.number)])


def is_completed(policy: TaskPolicy, history: Sequence[PastSubmission]) -> bool:
    """Return whether submissions complete the task; a view alone is recorded elsewhere.

    It is passed where the grade over the submissions of some moment passes, whatever came after.
    """
    graded = [submission.percent for submission in history if submission.percent is not None]
    past = sorted(history, key=lambda submission: submission.number)
    scores = [over_attempts(policy.grading, past[: count + 1]) for count in range(len(past))]
    passed = any(score is not None and has_passed(score, policy.pass_mark) is not False for score in scores)
    match policy.completion:
        case GradedCompletionRule.PASSED:
            return passed
        case GradedCompletionRule.GRADED:
            return bool(graded)
        case GradedCompletionRule.PASSED_OR_USED:
            return passed or is_used_up(policy, history)
        case GradedCompletionRule.ATTEMPTED:
            return len(history) >= policy.completion_attempts > 0
        case GradedCompletionRule.VIEWED:  # pragma: no branch - the last case
            return bool(history)
