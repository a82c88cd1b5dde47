"""Rules of task submissions: when one is allowed, and the combined result of several (as in quizzes)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from enrolments.rules import GradedCompletionRule, GradingMethod, grade_over, has_passed
from simulators.rules.tasks import TaskPolicy


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
        """Say whether nothing refuses."""
        return not self.refusals

    @property
    def is_over(self) -> bool:
        """Say whether it will never be possible again."""
        return any(
            refusal.reason in (SubmissionRefusalReason.CLOSED, SubmissionRefusalReason.NO_ATTEMPTS_LEFT) for refusal in self.refusals
        )

    @property
    def is_hidden(self) -> bool:
        """Say whether the task is not to be seen yet."""
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
    """Say whether no attempt is left."""
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
