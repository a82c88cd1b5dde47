"""Marks of a task: everything is recomputed from inputs (spec/content-format 10; spec/quiz-engine 5.7, numerical)."""

from fractions import Fraction

import pytest

from enrolments.rules import has_passed
from simulators.rules.budget import REFERENCE
from simulators.rules.tasks import (
    NONE,
    GoalItem,
    NumberItem,
    Task,
    TaskPolicy,
    TaskTolerance,
    TaskToleranceKind,
    allowed_inputs,
    grade,
    is_between,
    is_within,
    start_inputs,
)

NOMINAL = TaskTolerance(TaskToleranceKind.NOMINAL, Fraction(1, 100))
GOAL = GoalItem("costo", {}, "vejez.pct_pib", None, Fraction("1.2"), Fraction(3))
ASK = NumberItem("linea", {}, "macro.linea_meta", NOMINAL, {}, Fraction(1), {})


def task(*items: GoalItem | NumberItem, pass_mark: int | None = 70) -> Task:
    goals = tuple(item for item in items if isinstance(item, GoalItem))
    asks = tuple(item for item in items if isinstance(item, NumberItem))
    policy = TaskPolicy(pass_mark=None if pass_mark is None else Fraction(pass_mark))
    return Task({}, {}, (), None, goals, asks, policy)


def test_goal_is_met_by_what_was_handed_in_and_number_by_the_start() -> None:
    dear = {**REFERENCE, "vejez.meses": 24.0, "macro.inflacion": 0.2}
    right = {"linea": Fraction("99.54")}

    assert grade(task(GOAL, ASK), REFERENCE, REFERENCE, right).raw == 4
    assert grade(task(GOAL, ASK), REFERENCE, dear, right).raw == 1, "the line asked for is that of the start"
    assert grade(task(GOAL, ASK), REFERENCE, REFERENCE, {}).raw == 3
    assert grade(task(GOAL, ASK), REFERENCE, REFERENCE, {"linea": Fraction(100)}).raw == 3


def test_percentage_is_exact_and_decides_the_pass() -> None:
    found = grade(task(GOAL, ASK, pass_mark=75), REFERENCE, REFERENCE, {})

    assert (found.percent, found.passed) == (75, True)
    assert grade(task(GOAL, ASK, pass_mark=76), REFERENCE, REFERENCE, {}).passed is False
    assert grade(task(GOAL, ASK, pass_mark=None), REFERENCE, REFERENCE, {}).passed is None
    assert has_passed(None, Fraction(70)) is None


def test_output_without_a_value_meets_no_goal() -> None:
    lasts = GoalItem("dura", {}, "reserva.anio_de_agotamiento", Fraction(5), None, Fraction(1))

    assert grade(task(lasts), REFERENCE, REFERENCE, {}).raw == 1
    assert grade(task(lasts), REFERENCE, {**REFERENCE, "reserva.g_gasto": 0.0}, {}).raw == 0


@pytest.mark.parametrize(
    ("value", "met"), [("1.2", True), ("1.2000000000000002", True), ("1.2001", False), ("0.5", True), ("0.4999", False)]
)
def test_limits_are_included_and_last_bits_do_not_decide(value: str, met: bool) -> None:
    assert is_between(Fraction(value), Fraction("0.5"), Fraction("1.2")) is met


@pytest.mark.parametrize(
    ("tolerance", "value", "right"),
    [
        (NOMINAL, "99.55", True),
        (NOMINAL, "99.56", False),
        (TaskTolerance(), "99.54", False),
        (TaskTolerance(), "99.545", True),
        (TaskTolerance(TaskToleranceKind.RELATIVE, Fraction("0.01")), "100.5", True),
        (TaskTolerance(TaskToleranceKind.RELATIVE, Fraction("0.01")), "100.6", False),
        (TaskTolerance(TaskToleranceKind.GEOMETRIC, Fraction(1)), "199.09", True),
        (TaskTolerance(TaskToleranceKind.GEOMETRIC, Fraction(1)), "49.7", False),
    ],
)
def test_tolerance_is_that_of_numerical_questions(tolerance: TaskTolerance, value: str, right: bool) -> None:
    assert is_within(Fraction(value), Fraction("99.545"), tolerance) is right


def test_start_puts_numbers_variables_and_absences_over_the_example() -> None:
    start = {
        "vejez.meses": "{pagos}",
        "vejez.tramos.1.monto": "80",
        "ninez_focalizada.tramos.3.poblacion": NONE,
        "ninez_focalizada.tramos.3.factor_linea": NONE,
    }
    inputs = start_inputs(start, {"pagos": Fraction(27, 2)})

    assert inputs["vejez.meses"] == 13.5
    assert inputs["vejez.tramos.1.monto"] == 80
    assert "vejez.tramos.1.factor_linea" not in inputs, "one amount takes the place of the other"
    assert "ninez_focalizada.tramos.3.poblacion" not in inputs
    assert "vejez.tramos.1.monto" not in REFERENCE


def test_locked_inputs_are_as_the_task_began_whatever_was_sent() -> None:
    given = {**REFERENCE, "vejez.captacion": 0.5, "macro.pib_base": 1e15, "macro.gasto_publico_pct_pib": 30.0}
    kept = allowed_inputs(given, REFERENCE, frozenset({"vejez.captacion"}))

    assert kept == {**REFERENCE, "vejez.captacion": 0.5}
    assert allowed_inputs(given, REFERENCE, None) == given
