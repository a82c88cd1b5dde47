"""Pure rules of progress and completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from courses.rules import Closed, Outline, OutlineActivity, OutlineModule, why_closed


@dataclass(frozen=True, slots=True)
class Result:
    """What a learner has to show for one activity; `score` in percent, unrounded."""

    viewed: bool = False
    completed: bool = False
    score: Fraction | None = None
    passed: bool | None = None
    exhausted: bool = False
    """No try is left."""


PASS_TOLERANCE = Fraction(1, 1_000_000)
NO_RESULT = Result()
Results = Mapping[str, Result]


class Grading(StrEnum):
    """Which of several tries at an activity make its grade (quiz engine 5.8)."""

    HIGHEST = "highest"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class CompletionRule(StrEnum):
    """What completes an activity that gives marks (quiz engine 5.13)."""

    PASSED = "passed"
    GRADED = "graded"
    PASSED_OR_USED = "passed_or_used"
    VIEWED = "viewed"
    ATTEMPTED = "attempted"


def has_passed(percent: Fraction | None, pass_mark: Fraction | None) -> bool | None:
    """Compare the unrounded percentage with the pass mark, with a tolerance of 1e-6; None where either is missing."""
    if percent is None or pass_mark is None:
        return None
    return percent >= pass_mark - PASS_TOLERANCE


def grade_over(grading: Grading, percents: Sequence[Fraction | None]) -> Fraction | None:
    """Return the percentage that several tries mean together, in their order; None where the one that counts is not graded yet."""
    graded = [percent for percent in percents if percent is not None]
    if not graded:
        return None
    match grading:
        case Grading.HIGHEST:
            return max(graded)
        case Grading.AVERAGE:
            return sum(graded, Fraction(0)) / len(graded)
        case Grading.FIRST:
            return percents[0]
        case Grading.LAST:  # pragma: no branch - the last case
            return percents[-1]


class Standing(StrEnum):
    """How far a part of the course is."""

    LOCKED = "locked"
    TO_DO = "to_do"
    NOW = "now"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ModuleProgress:
    """How far a module is: required activities done of those needed."""

    key: str
    done: int
    needed: int
    standing: Standing
    closed: tuple[Closed, str | datetime] | None = None

    @property
    def fraction(self) -> Fraction:
        """Return the share done."""
        return Fraction(min(self.done, self.needed), self.needed) if self.needed else Fraction(1)

    @property
    def completed(self) -> bool:
        """Say whether enough is done."""
        return self.done >= self.needed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a course is, and whether that is enough."""

    done: int
    total: int
    modules: tuple[ModuleProgress, ...]
    grade: Fraction | None
    completed: bool
    next_activity: str | None

    @property
    def fraction(self) -> Fraction:
        """Return the share of required activities done."""
        return Fraction(self.done, self.total) if self.total else Fraction(0)

    @property
    def percent(self) -> int:
        """Return the share in whole percent, rounded down: 100 only when all is done."""
        return int(self.fraction * 100)

    def module(self, key: str) -> ModuleProgress:
        """Return how far one module is."""
        return next(module for module in self.modules if module.key == key)


def completed_keys(outline: Outline, results: Results) -> frozenset[str]:
    """Return the keys of the activities and modules that are completed."""
    done = {key for key, result in results.items() if result.completed}
    modules = {module.key for module in outline.modules if _done(module, results) >= _needed(module)}
    return frozenset(done | modules)


def _done(module: OutlineModule, results: Results) -> int:
    return sum(results.get(activity.key, NO_RESULT).completed for activity in module.required)


def _needed(module: OutlineModule) -> int:
    return len(module.required) if module.needed is None else min(module.needed, len(module.required))


def course_grade(outline: Outline, results: Results) -> Fraction | None:
    """Return the course grade in percent: the weighted mean over the categories, each the weighted mean of its activities.

    What has no score yet counts nothing; a category leaves its lowest scores out as it says. None without any score.
    Without categories all activities form one.
    """
    scored: dict[str, list[tuple[Fraction, Fraction]]] = {}
    for activity in outline.activities():
        score = results.get(activity.key, NO_RESULT).score
        if score is not None and activity.weight > 0:
            scored.setdefault(activity.category if outline.categories else "", []).append((score, activity.weight))
    weights = {category.key: (category.weight, category.drop_lowest) for category in outline.categories} or {"": (Fraction(1), 0)}
    means = [
        (_weighted_mean(_without_lowest(scored[key], drop)), weight)
        for key, (weight, drop) in weights.items()
        if key in scored and weight > 0
    ]
    return _weighted_mean(means) if means else None


def _without_lowest(scores: list[tuple[Fraction, Fraction]], drop: int) -> list[tuple[Fraction, Fraction]]:
    return sorted(scores)[min(drop, len(scores) - 1) :]


def _weighted_mean(values: list[tuple[Fraction, Fraction]]) -> Fraction:
    total = sum((weight for _value, weight in values), Fraction(0))
    return sum((value * weight for value, weight in values), Fraction(0)) / total


def _standing(done: int, needed: int, closed: object, *, started: bool) -> Standing:
    if done >= needed and needed:
        return Standing.DONE
    if closed is not None:
        return Standing.LOCKED
    return Standing.NOW if started else Standing.TO_DO


def _module_progress(module: OutlineModule, results: Results, completed: frozenset[str], now: datetime) -> ModuleProgress:
    done, needed = _done(module, results), _needed(module)
    closed = why_closed(module, None, completed, now)
    started = any(results.get(activity.key, NO_RESULT) != NO_RESULT for activity in module.activities)
    return ModuleProgress(module.key, done, needed, _standing(done, needed, closed, started=started), closed)


def evaluate_completion(outline: Outline, results: Results, now: datetime) -> Progress:
    """Say how far a learner is and whether the course's rule is met.

    `done` and `total` count required activities; the rule asks the named modules (or all that require something) and,
    where one is set, the course grade in percent.
    """
    grade = course_grade(outline, results)
    completed = completed_keys(outline, results)
    modules = tuple(_module_progress(module, results, completed, now) for module in outline.modules)
    asked = outline.completion_modules or tuple(module.key for module in outline.modules if module.required)
    enough = outline.completion_grade is None or (grade is not None and grade >= outline.completion_grade)
    return Progress(
        done=sum(_done(module, results) for module in outline.modules),
        total=sum(len(module.required) for module in outline.modules),
        modules=modules,
        grade=grade,
        completed=bool(asked) and all(key in completed for key in asked) and enough,
        next_activity=next_step(outline, results, now),
    )


def next_step(outline: Outline, results: Results, now: datetime) -> str | None:
    """Return the first open required activity that is not completed and can still be tried, else the first optional one, else nothing."""
    completed = completed_keys(outline, results)
    open_ones = [
        activity
        for module in outline.modules
        for activity in module.activities
        if _can_be_done(results.get(activity.key, NO_RESULT)) and why_closed(module, activity, completed, now) is None
    ]
    required = (activity.key for activity in open_ones if activity.required)
    return next(required, next((activity.key for activity in open_ones), None))


def _can_be_done(result: Result) -> bool:
    return not result.completed and not result.exhausted


def activity_closed(outline: Outline, activity: OutlineActivity, results: Results, now: datetime) -> tuple[Closed, str | datetime] | None:
    """Return why an activity is not open to a learner with these results, or nothing."""
    module = outline.module_by_key[activity.module]
    return why_closed(module, activity, completed_keys(outline, results), now)


class Refusal(StrEnum):
    """Why somebody cannot enrol."""

    NOT_PUBLISHED = "not_published"
    BY_INVITATION = "by_invitation"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    ARCHIVED = "archived"


def may_enrol(way: str, opens: datetime | None, closes: datetime | None, *, archived: bool, now: datetime) -> Refusal | None:
    """Return why nobody can enrol themselves now, or nothing."""
    if archived:
        return Refusal.ARCHIVED
    if way != "open":
        return Refusal.BY_INVITATION
    if opens is not None and now < opens:
        return Refusal.NOT_YET
    if closes is not None and now >= closes:
        return Refusal.CLOSED
    return None
