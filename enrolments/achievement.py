"""The moment by which a learner had done what completes a course, whenever it was marked (spec/compulsory 7.2a)."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from courses.rules import Outline
from enrolments.rules import LearnerResult, Results, evaluate_completion


@dataclass(frozen=True, slots=True)
class SubmissionMoments:
    """The moments at which the work for an activity was submitted: what completed it, and what gives its score; none: it always counts."""

    achieved_at: datetime | None
    submitted_at: datetime | None


def achieved_by(outline: Outline, results: Results, moments: Mapping[str, SubmissionMoments], *, now: datetime) -> datetime:
    """Return when the last work that completes a course was submitted: the earliest moment whose work alone completes it."""
    times = sorted(
        {
            time
            for moments_of_activity in moments.values()
            for time in (moments_of_activity.achieved_at, moments_of_activity.submitted_at)
            if time is not None and time <= now
        }
    )

    def is_enough(time: datetime) -> bool:
        by_then = {key: _by(time, result, moments.get(key)) for key, result in results.items()}
        return evaluate_completion(outline, by_then, now).completed

    index = bisect_left(times, True, key=is_enough)
    return times[index] if index < len(times) else now


def _by(time: datetime, result: LearnerResult, moments: SubmissionMoments | None) -> LearnerResult:
    """Return what a result was by the work submitted until a moment."""
    if moments is None:
        return result
    if moments.submitted_at is not None and moments.submitted_at > time:
        result = replace(result, score=None, passed=None)
    return replace(result, completed=False) if moments.achieved_at is not None and moments.achieved_at > time else result
