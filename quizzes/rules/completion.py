"""When a quiz is complete as an activity (spec/quiz-engine 5.13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from enrolments.rules import GradedCompletionRule, has_passed
from quizzes.rules.settings import QuizCompletion


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that ended: when, its percentage (None: abandoned or not yet graded) and when that was known."""

    ended_at: datetime
    percent: Fraction | None = None
    graded_at: datetime | None = None
    preview: bool = False


@dataclass(frozen=True, slots=True)
class QuizRecord:
    """A learner's record of a quiz: first view, and the attempts in the order in which they ended."""

    viewed_at: datetime | None = None
    attempts: tuple[EndedAttempt, ...] = ()


def completed_at(completion: QuizCompletion, record: QuizRecord, *, pass_mark: Fraction | None, allowed: int) -> datetime | None:
    """Return the time of the event that satisfied the rule; None while it is not satisfied.

    ``allowed`` is the person's effective number of attempts, 0 for no limit: then they are never used up.
    """
    attempts = [attempt for attempt in record.attempts if not attempt.preview]
    match completion.rule:
        case GradedCompletionRule.VIEWED:
            return record.viewed_at
        case GradedCompletionRule.ATTEMPTED:
            return _ended(attempts, completion.attempts)
        case GradedCompletionRule.GRADED:
            return _first_graded(attempts, None)
        case GradedCompletionRule.PASSED:
            return _first_graded(attempts, pass_mark)
        case GradedCompletionRule.PASSED_OR_USED:  # pragma: no branch - the last case
            moments = (_first_graded(attempts, pass_mark), _ended(attempts, allowed))
            return min((moment for moment in moments if moment is not None), default=None)


def _ended(attempts: Sequence[EndedAttempt], count: int) -> datetime | None:
    return attempts[count - 1].ended_at if 0 < count <= len(attempts) else None


def _first_graded(attempts: Sequence[EndedAttempt], pass_mark: Fraction | None) -> datetime | None:
    """Return when the first grade came that passes; any grade does where there is no pass mark."""
    moments = (
        attempt.graded_at or attempt.ended_at
        for attempt in attempts
        if attempt.percent is not None and has_passed(attempt.percent, pass_mark) is not False
    )
    return min(moments, default=None)
