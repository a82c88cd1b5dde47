"""Graded tasks: a scenario to begin from, variables that differ by learner, goals to reach and numbers to give.

Texts are by language, as Markdown in a folder and as cleaned HTML once published. Numbers of authors are exact fractions; the model
computes in double precision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from enrolments.rules import GradedCompletionRule, GradingMethod
from simulators.rules.reference import REFERENCE
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
