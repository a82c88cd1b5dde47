"""Variables drawn for each learner, marks of a task, when it may be submitted, and what several submissions mean.

spec/content-format 10, 9; spec/quiz-engine 5.7.
"""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from enrolments.rules import GradedCompletionRule, GradingMethod, has_passed
from kernel.codes import round_half_up
from simulators.rules.budget import REFERENCE
from simulators.rules.tasks import (
    NONE,
    GoalItem,
    NumberItem,
    PastSubmission,
    SubmissionRefusalReason,
    Task,
    TaskDates,
    TaskPolicy,
    TaskTolerance,
    TaskToleranceKind,
    TaskVariableSpec,
    allowed_inputs,
    draw,
    grade,
    is_between,
    is_completed,
    is_within,
    may_submit,
    over_attempts,
    pause_ends,
    seed_of,
    start_inputs,
    stored_values,
)

RANGE = TaskVariableSpec("pagos", Fraction(10), Fraction(14), Fraction(1))
CHOICE = TaskVariableSpec("tasa", values=(Fraction(1, 100), Fraction(2, 100)))


def test_same_learner_gets_the_same_and_others_other_numbers() -> None:
    first = draw((RANGE, CHOICE), seed_of(1, "tarea", 7))

    assert first == draw((CHOICE, RANGE), seed_of(1, "tarea", 7)), "whatever stands beside it"
    assert len({str(draw((RANGE, CHOICE), seed_of(1, "tarea", person))) for person in range(60)}) == 10


def test_drawing_can_be_repeated_by_anybody() -> None:
    """As the module says: SHA-256 over seed, name and block."""
    word = int.from_bytes(hashlib.sha256(b"1/tarea/7/pagos/0").digest()[:8], "big")

    assert draw((RANGE,), "1/tarea/7")["pagos"] == 10 + word % 5


def test_every_value_of_a_range_is_drawn_about_as_often() -> None:
    counts = Counter(draw((RANGE,), str(seed))["pagos"] for seed in range(2000))

    assert set(counts) == {10, 11, 12, 13, 14}
    assert min(counts.values()) > 330


def test_steps_do_not_pass_the_end_and_decimals_round_half_up() -> None:
    uneven = TaskVariableSpec("x", Fraction(0), Fraction(1), Fraction(3, 10))
    rounded = TaskVariableSpec("y", values=(Fraction("2.345"),), decimals=2)

    assert {draw((uneven,), str(seed))["x"] for seed in range(200)} == {Fraction(step * 3, 10) for step in range(4)}
    assert draw((rounded,), "1")["y"] == Fraction("2.35")
    assert round_half_up(Fraction(-5, 2), 0) == -3
    assert stored_values({"x": Fraction(1, 3)}) == {"x": "1/3"}


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


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def past(*percents: int | None) -> list[PastSubmission]:
    return [
        PastSubmission(number, NOW - (len(percents) - number + 1) * HOUR, None if percent is None else Fraction(percent))
        for number, percent in enumerate(percents, 1)
    ]


def reasons(policy: TaskPolicy, window: TaskDates, *percents: int) -> list[SubmissionRefusalReason]:
    return [refusal.reason for refusal in may_submit(policy, window, past(*percents), now=NOW).refusals]


def test_nothing_refuses_an_open_task() -> None:
    ruling = may_submit(TaskPolicy(), TaskDates(NOW - HOUR, NOW + HOUR), past(10, 20), now=NOW)

    assert (ruling.allowed, ruling.left, ruling.is_over, ruling.is_hidden) == (True, None, False, False)


def test_dates_refuse_before_and_after() -> None:
    assert reasons(TaskPolicy(), TaskDates(opens_at=NOW + HOUR)) == [SubmissionRefusalReason.NOT_OPEN_YET]
    assert reasons(TaskPolicy(), TaskDates(opens_at=NOW)) == []
    assert reasons(TaskPolicy(), TaskDates(closes_at=NOW)) == [SubmissionRefusalReason.CLOSED]
    assert reasons(TaskPolicy(), TaskDates(prerequisites_met=False)) == [SubmissionRefusalReason.PREREQUISITES]
    assert may_submit(TaskPolicy(), TaskDates(opens_at=NOW + HOUR), [], now=NOW).is_hidden
    assert may_submit(TaskPolicy(), TaskDates(closes_at=NOW), [], now=NOW).is_over


def test_attempts_run_out() -> None:
    assert reasons(TaskPolicy(attempts=2), TaskDates(), 10) == []
    assert reasons(TaskPolicy(attempts=2), TaskDates(), 10, 20) == [SubmissionRefusalReason.NO_ATTEMPTS_LEFT]
    assert may_submit(TaskPolicy(attempts=2), TaskDates(), past(10), now=NOW).left == 1


def test_pause_counts_from_the_last_submission() -> None:
    policy = TaskPolicy(pause_first=5400, pause_later=1800)

    assert reasons(policy, TaskDates(), 10) == [SubmissionRefusalReason.PAUSE]
    assert pause_ends(policy, past(10)) == NOW + HOUR / 2
    assert reasons(policy, TaskDates(), 10, 20) == []
    assert pause_ends(policy, []) is None


@pytest.mark.parametrize(
    ("grading", "expected"), [(GradingMethod.HIGHEST, 80), (GradingMethod.AVERAGE, 60), (GradingMethod.FIRST, 40), (GradingMethod.LAST, 60)]
)
def test_grade_over_attempts(grading: GradingMethod, expected: int) -> None:
    assert over_attempts(grading, past(40, 80, 60)) == expected
    assert over_attempts(grading, past(None)) is None


@pytest.mark.parametrize(
    ("rule", "percents", "done"),
    [
        (GradedCompletionRule.PASSED, (60,), False),
        (GradedCompletionRule.PASSED, (60, 70), True),
        (GradedCompletionRule.GRADED, (10,), True),
        (GradedCompletionRule.GRADED, (), False),
        (GradedCompletionRule.PASSED_OR_USED, (10,), False),
        (GradedCompletionRule.PASSED_OR_USED, (10, 10), True),
        (GradedCompletionRule.PASSED_OR_USED, (90,), True),
        (GradedCompletionRule.ATTEMPTED, (10,), False),
        (GradedCompletionRule.ATTEMPTED, (10, 10), True),
        (GradedCompletionRule.VIEWED, (10,), True),
    ],
)
def test_what_completes_a_task(rule: GradedCompletionRule, percents: tuple[int, ...], done: bool) -> None:
    policy = TaskPolicy(attempts=2, completion=rule, completion_attempts=2)

    assert is_completed(policy, past(*percents)) is done


@pytest.mark.parametrize(
    ("grading", "done"),
    [(GradingMethod.HIGHEST, True), (GradingMethod.AVERAGE, False), (GradingMethod.FIRST, False), (GradingMethod.LAST, True)],
)
def test_a_task_is_passed_by_the_grade_over_its_submissions(grading: GradingMethod, done: bool) -> None:
    """spec/quiz-engine 5.8 and 5.13; once passed it stays so."""
    policy = TaskPolicy(grading=grading)

    assert is_completed(policy, past(50, 80, 70)) is done
    assert is_completed(policy, past(75, 10)) is True
