"""When a quiz is complete as an activity (spec/quiz-engine 5.13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from enrolments.rules import GradedCompletionRule, GradingMethod, grade_over, has_passed
from quizzes.rules.settings import QuizCompletion


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that ended: when, its percentage (None: abandoned or not yet graded) and when that was known.

    An abandoned one counts for the attempts that were used, and for no grade.
    """

    ended_at: datetime
    percent: Fraction | None = None
    graded_at: datetime | None = None
    preview: bool = False
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class QuizRecord:
    """A learner's record of a quiz: first view, and the attempts in the order in which they ended."""

    viewed_at: datetime | None = None
    attempts: tuple[EndedAttempt, ...] = ()


def completed_at(
    completion: QuizCompletion, record: QuizRecord, *, pass_mark: Fraction | None, grading: GradingMethod, allowed: int
) -> datetime | None:
    """Return the time of the event that satisfied the rule; None while it is not satisfied.

    ``allowed`` is the person's effective number of attempts, 0 for no limit: then they are never used up. A quiz is passed by the grade
    over all attempts of that moment, not by one of them alone, and stays passed whatever comes after.
    """
    attempts = [attempt for attempt in record.attempts if not attempt.preview]
    match completion.rule:
        case GradedCompletionRule.VIEWED:
            return record.viewed_at
        case GradedCompletionRule.ATTEMPTED:
            return _ended(attempts, completion.attempts)
        case GradedCompletionRule.GRADED:
            return _first_passing(attempts, None, grading)
        case GradedCompletionRule.PASSED:
            return _first_passing(attempts, pass_mark, grading)
        case GradedCompletionRule.PASSED_OR_USED:  # pragma: no branch - the last case
            moments = (_first_passing(attempts, pass_mark, grading), _ended(attempts, allowed))
            return min((moment for moment in moments if moment is not None), default=None)


def _ended(attempts: Sequence[EndedAttempt], count: int) -> datetime | None:
    return attempts[count - 1].ended_at if 0 < count <= len(attempts) else None


def _first_passing(attempts: Sequence[EndedAttempt], pass_mark: Fraction | None, grading: GradingMethod) -> datetime | None:
    """Return when the grade over the attempts passed for the first time; any grade does where there is no pass mark."""
    graded = [attempt for attempt in attempts if not attempt.abandoned]
    for moment in sorted(_graded_at(attempt) for attempt in graded if attempt.percent is not None):
        by_then = [attempt.percent if _graded_at(attempt) <= moment else None for attempt in graded if attempt.ended_at <= moment]
        score = grade_over(grading, by_then)
        if score is not None and has_passed(score, pass_mark) is not False:
            return moment
    return None


def _graded_at(attempt: EndedAttempt) -> datetime:
    return attempt.graded_at or attempt.ended_at
