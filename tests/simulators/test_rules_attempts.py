"""When a task may be handed in, and what several submissions mean (spec/content-format 9, as in quizzes)."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from enrolments.rules import GradedCompletionRule, GradingMethod
from simulators.rules.tasks import (
    PastSubmission,
    SubmissionRefusalReason,
    TaskDates,
    TaskPolicy,
    is_completed,
    may_submit,
    over_attempts,
    pause_ends,
)

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
