"""Pure rules of taking a course: results, completion, grade, what is open and comes next, and who may enrol."""

import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from courses.rules import ClosedReason, CourseTime, Outline, OutlineActivity, OutlineModule, sum_times, why_closed

NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,4})?")


def read_decimal(text: str) -> Decimal | None:
    """Return a number with at most four decimals, after a comma or a point; None where it is none."""
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class LearnerResult:
    """A learner's result of one activity; `score` in percent, unrounded."""

    viewed: bool = False
    completed: bool = False
    score: Fraction | None = None
    passed: bool | None = None
    exhausted: bool = False
    """No try is left."""
    overridden: bool = False
    """The team set it; what was earned stands elsewhere."""
    item_weight: "GradeItemWeight | None" = None
    """Of an item marked by hand, which no outline has: how it counts."""


def merit(result: LearnerResult) -> tuple[bool, bool, Fraction]:
    """Return by what the best result is known where several activities became one: set by the team, completed, the higher score."""
    return result.overridden, result.completed, Fraction(-1) if result.score is None else result.score


@dataclass(frozen=True, slots=True)
class GradeItemWeight:
    """The weight of a manual grade item in the course grade, and its category."""

    category: str
    weight: Fraction


PASS_TOLERANCE = Fraction(1, 1_000_000)
NO_RESULT = LearnerResult()
Results = Mapping[str, LearnerResult]


class GradingMethod(StrEnum):
    """The grading method of an activity with several attempts (spec/quiz-engine 5.8)."""

    HIGHEST = "highest"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class GradedCompletionRule(StrEnum):
    """The completion rule of an activity that gives marks (spec/quiz-engine 5.13)."""

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


def completes_by_override(rule: str, passed: bool | None, *, exhausted: bool) -> bool:
    """Return whether a result that the team sets completes an activity by its own rule.

    What only asks for being opened or tried, the learner still does; without a pass mark any result is enough.
    """
    match rule:
        case GradedCompletionRule.GRADED:
            return True
        case GradedCompletionRule.PASSED:
            return passed is not False
        case GradedCompletionRule.PASSED_OR_USED:
            return passed is not False or exhausted
    return False


def is_held_back(rule: str, passed: bool | None) -> bool:
    """Return whether an activity stays open whatever its learner earns: passing is asked for, and the team set a result that does not."""
    return rule == GradedCompletionRule.PASSED and passed is False


def grade_over(grading: GradingMethod, percents: Sequence[Fraction | None]) -> Fraction | None:
    """Return the percentage that several tries mean together, in their order; None where the one that counts is not graded yet."""
    graded = [percent for percent in percents if percent is not None]
    if not graded:
        return None
    match grading:
        case GradingMethod.HIGHEST:
            return max(graded)
        case GradingMethod.AVERAGE:
            return sum(graded, Fraction(0)) / len(graded)
        case GradingMethod.FIRST:
            return percents[0]
        case GradingMethod.LAST:  # pragma: no branch - the last case
            return percents[-1]


class CompletionState(StrEnum):
    """The completion state of a part of the course."""

    LOCKED = "locked"
    TO_DO = "to_do"
    NOW = "now"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ModuleProgress:
    """The progress of a module: required activities done of those needed."""

    key: str
    done: int
    needed: int
    state: CompletionState
    closed: tuple[ClosedReason, str | datetime] | None = None
    shown_done: int = 0
    """What pages say is done: of the required activities or, in a module without any, of all that it has."""
    shown_total: int = 0
    """What pages say there is to do; 0 only in a module without activities."""

    @property
    def shown_fraction(self) -> Fraction:
        """Return the share done of what pages say there is to do."""
        return Fraction(min(self.shown_done, self.shown_total), self.shown_total) if self.shown_total else Fraction(0)

    @property
    def fraction(self) -> Fraction:
        """Return the share done."""
        return Fraction(min(self.done, self.needed), self.needed) if self.needed else Fraction(1)

    @property
    def completed(self) -> bool:
        """Return whether enough is done."""
        return self.done >= self.needed


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a course, and whether that is enough."""

    done: int
    total: int
    modules: tuple[ModuleProgress, ...]
    grade: Fraction | None
    completed: bool
    completed_keys: frozenset[str] = frozenset()
    """Of activities and modules."""

    @property
    def fraction(self) -> Fraction:
        """Return the share of required activities done."""
        return Fraction(self.done, self.total) if self.total else Fraction(0)

    @property
    def percent(self) -> int:
        """Return the share in whole percent, rounded down: 100 only when all is done."""
        return int(self.fraction * 100)

    def modules_of(self, outline: Outline) -> tuple[int, int]:
        """Count the numbered modules that ask for something: those that are completed, and all."""
        counted = [module for module in outline.numbered if module.required]
        return sum(self.module(module.key).completed for module in counted), len(counted)

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


def activities_to_do(module: OutlineModule) -> int:
    """Count what pages say there is to do in a module: the required activities that it needs or, without any, all that it has."""
    return _needed(module) or len(module.activities)


def _done_of_all(module: OutlineModule, results: Results) -> int:
    return sum(results.get(activity.key, NO_RESULT).completed for activity in module.activities)


def _needed(module: OutlineModule) -> int:
    return len(module.required) if module.needed is None else min(module.needed, len(module.required))


def course_grade(outline: Outline, results: Results) -> Fraction | None:
    """Return the course grade in percent: the weighted mean over the categories, each the weighted mean of its activities.

    What is marked by hand alone counts like an activity. What has no score yet counts nothing; a category leaves its lowest scores out
    as it says. None without any score. Without categories all form one.
    """
    scored: dict[str, list[tuple[Fraction, Fraction]]] = {}
    for score, counted in _scores(outline, results):
        if counted.weight > 0:
            scored.setdefault(counted.category if outline.categories else "", []).append((score, counted.weight))
    weights = {category.key: (category.weight, category.drop_lowest) for category in outline.categories} or {"": (Fraction(1), 0)}
    means = [
        (_weighted_mean(_without_lowest(scored[key], drop)), weight)
        for key, (weight, drop) in weights.items()
        if key in scored and weight > 0
    ]
    return _weighted_mean(means) if means else None


def _scores(outline: Outline, results: Results) -> Iterator[tuple[Fraction, GradeItemWeight]]:
    for activity in outline.activities():
        score = results.get(activity.key, NO_RESULT).score
        if score is not None:
            yield score, GradeItemWeight(activity.category, activity.weight)
    for result in results.values():
        if result.item_weight is not None and result.score is not None:
            yield result.score, result.item_weight


@dataclass(frozen=True, slots=True)
class GradePart:
    """A part of the course grade: its share of the whole in percent, and that of each thing in it; what weighs nothing has no share.

    `shares` are by key, of the whole, as they are when everything has a result and none is left out.
    """

    key: str
    weight: Fraction
    drop_lowest: int
    share: Fraction
    shares: Mapping[str, Fraction]


def grade_parts(outline: Outline, items: Mapping[str, GradeItemWeight]) -> list[GradePart]:
    """Return how a course grade is made of its activities and of the items marked by hand, in the order of the categories."""
    counted = {activity.key: GradeItemWeight(activity.category, activity.weight) for activity in outline.activities()} | dict(items)
    parts = [(part.key, part.weight, part.drop_lowest) for part in outline.categories] or [("", Fraction(1), 0)]
    inside = {
        key: {name: item.weight for name, item in counted.items() if item.weight > 0 and item.category == key} for key, *_rest in parts
    }
    if not outline.categories:
        inside[""] = {name: item.weight for name, item in counted.items() if item.weight > 0}
    whole = sum(weight for key, weight, _drop in parts if inside[key])
    grade = []
    for key, weight, drop in parts:
        share = Fraction(weight * 100, whole) if whole and inside[key] else Fraction(0)
        total = sum(inside[key].values())
        grade.append(GradePart(key, weight, drop, share, {name: share * own / total for name, own in inside[key].items()}))
    return grade


def _without_lowest(scores: list[tuple[Fraction, Fraction]], drop: int) -> list[tuple[Fraction, Fraction]]:
    return sorted(scores)[min(drop, len(scores) - 1) :]


def _weighted_mean(values: list[tuple[Fraction, Fraction]]) -> Fraction:
    return Fraction(sum(value * weight for value, weight in values), sum(weight for _value, weight in values))


def _completion_state(done: int, needed: int, closed: object, *, started: bool) -> CompletionState:
    if done >= needed and needed:
        return CompletionState.DONE
    if closed is not None:
        return CompletionState.LOCKED
    return CompletionState.NOW if started else CompletionState.TO_DO


def _module_progress(module: OutlineModule, results: Results, completed: frozenset[str], now: datetime) -> ModuleProgress:
    done, needed = _done(module, results), _needed(module)
    shown_done, shown_total = done if needed else _done_of_all(module, results), activities_to_do(module)
    closed = why_closed(module, None, completed, now)
    started = any(results.get(activity.key, NO_RESULT) != NO_RESULT for activity in module.activities)
    state = _completion_state(shown_done, shown_total, closed, started=started)
    return ModuleProgress(module.key, done, needed, state=state, closed=closed, shown_done=shown_done, shown_total=shown_total)


def required_modules(outline: Outline) -> tuple[str, ...]:
    """List the modules that the course's rule asks for, in the order of the course: those that it names, or all that require something."""
    named = outline.completion_modules
    return tuple(module.key for module in outline.modules if (module.key in named if named else module.required))


def activities_to_pass(outline: Outline) -> list[OutlineActivity]:
    """List the activities, in order, without passing which no one completes a course."""
    required = [outline.module_by_key[key] for key in required_modules(outline)]
    whole = [module for module in required if _needed(module) == len(module.required)]
    return [activity for module in whole for activity in module.required if activity.completion_rule == GradedCompletionRule.PASSED]


def asks_to_pass(outline: Outline) -> bool:
    """Return whether no one completes a course without passing: it asks for a grade, or for an activity that is completed by passing it."""
    return outline.completion_grade is not None or bool(activities_to_pass(outline))


def has_final_assessment(outline: Outline) -> bool:
    """Return whether nobody completes a course without passing its final assessment.

    That is a quiz which its author marks as final, or one in an unnumbered module after the last numbered one.
    """
    last = max((position for position, module in enumerate(outline.modules) if module.number is not None), default=len(outline.modules))
    after = {module.key for module in outline.modules[last + 1 :]}
    return any(activity.kind == "quiz" and (activity.is_final or activity.module in after) for activity in activities_to_pass(outline))


def evaluate_completion(outline: Outline, results: Results, now: datetime) -> Progress:
    """Return how far a learner is and whether the course's rule is met.

    `done` and `total` count required activities; the rule asks the named modules (or all that require something) and,
    where one is set, the course grade in percent, compared as `has_passed` compares.
    """
    grade = course_grade(outline, results)
    completed = completed_keys(outline, results)
    modules = tuple(_module_progress(module, results, completed, now) for module in outline.modules)
    required = required_modules(outline)
    enough = outline.completion_grade is None or has_passed(grade, outline.completion_grade) is True
    return Progress(
        done=sum(module.done for module in modules),
        total=sum(len(module.required) for module in outline.modules),
        modules=modules,
        grade=grade,
        completed=bool(required) and all(key in completed for key in required) and enough,
        completed_keys=completed,
    )


def find_next_activity(outline: Outline, results: Results, now: datetime, *, waiting: Container[str] = ()) -> str | None:
    """Return the first open required activity that is left to do, else the first optional one, else nothing.

    Left is what is not completed, can still be tried and is not among those `waiting` to be graded.
    """
    completed, optional = completed_keys(outline, results), None
    for module in outline.modules:
        for activity in module.activities:
            if optional is not None and not activity.required:
                continue
            is_left = activity.key not in waiting and _can_be_done(results.get(activity.key, NO_RESULT))
            if not is_left or why_closed(module, activity, completed, now) is not None:
                continue
            if activity.required:
                return activity.key
            optional = activity.key
    return optional


def where_to_continue(outline: Outline, results: Results, now: datetime, *, waiting: Container[str] = ()) -> str | None:
    """Return the activity with which a learner goes on: the first that is left to do.

    Who has done nothing required yet begins with the initial test, where there is one: it says something only before.
    """
    test = _initial_test(outline, results)
    is_open = test is not None and why_closed(outline.module_by_key[test.module], test, completed_keys(outline, results), now) is None
    if test is not None and is_open and test.key not in waiting:
        return test.key
    return find_next_activity(outline, results, now, waiting=waiting)


def time_left(outline: Outline, results: Results, waiting: Collection[str] = ()) -> CourseTime:
    """Return the time of what a learner can still do: it is not completed, not used up and not among those `waiting` to be graded."""
    return sum_times(outline.activities(), {key for key, result in results.items() if not _can_be_done(result)}.union(waiting))


def _initial_test(outline: Outline, results: Results) -> OutlineActivity | None:
    """Return the initial test, unless it is done or something required has been begun."""
    test = outline.initial_test
    if test is None or not _can_be_done(results.get(test.key, NO_RESULT)):
        return None
    return None if any(activity.required and activity.key in results for activity in outline.activities()) else test


def _can_be_done(result: LearnerResult) -> bool:
    return not result.completed and not result.exhausted


def not_begun(starts_at: datetime | None, now: datetime) -> tuple[ClosedReason, datetime] | None:
    """Return that nothing is open before the learner's edition begins, and when that is."""
    return (ClosedReason.LATER, starts_at) if starts_at is not None and now < starts_at else None


def activity_closed(
    outline: Outline, activity: OutlineActivity, results: Results, now: datetime
) -> tuple[ClosedReason, str | datetime] | None:
    """Return why an activity is not open to a learner with these results, or nothing."""
    module = outline.module_by_key[activity.module]
    return why_closed(module, activity, completed_keys(outline, results), now)


def closed_activities(outline: Outline, results: Results, now: datetime) -> dict[str, tuple[ClosedReason, str | datetime] | None]:
    """Return why each activity is not open to a learner with these results, or nothing, by key."""
    completed = completed_keys(outline, results)
    return {activity.key: why_closed(module, activity, completed, now) for module in outline.modules for activity in module.activities}


class EnrolmentRefusal(StrEnum):
    """The reason why a person cannot enrol."""

    NOT_PUBLISHED = "not_published"
    BY_INVITATION = "by_invitation"
    BY_EDITION = "by_edition"
    """One enrols in one of the course's editions."""
    NOT_YET = "not_yet"
    CLOSED = "closed"
    ARCHIVED = "archived"
    ENDED = "ended"


def may_enrol(
    enrolment_mode: str, opens: datetime | None, closes: datetime | None, *, archived: bool, now: datetime
) -> EnrolmentRefusal | None:
    """Return why nobody can enrol themselves now, or nothing."""
    if archived:
        return EnrolmentRefusal.ARCHIVED
    if enrolment_mode != "open":
        return EnrolmentRefusal.BY_INVITATION
    if opens is not None and now < opens:
        return EnrolmentRefusal.NOT_YET
    if closes is not None and now >= closes:
        return EnrolmentRefusal.CLOSED
    return None


@dataclass(frozen=True, slots=True)
class EditionDates:
    """When people may enrol in an edition, and when it is given."""

    enrols_from: datetime | None = None
    enrols_until: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    closed_at: datetime | None = None


def may_join(dates: EditionDates, *, archived: bool, now: datetime) -> EnrolmentRefusal | None:
    """Return why nobody can enrol in an edition now, or nothing; that it is full is another matter: people wait."""
    if archived:
        return EnrolmentRefusal.ARCHIVED
    if dates.ends_at is not None and now >= dates.ends_at:
        return EnrolmentRefusal.ENDED
    if dates.closed_at is not None or (dates.enrols_until is not None and now >= dates.enrols_until):
        return EnrolmentRefusal.CLOSED
    if dates.enrols_from is not None and now < dates.enrols_from:
        return EnrolmentRefusal.NOT_YET
    return None


@dataclass(frozen=True, slots=True)
class CourseHistory:
    """A person's history in a course, to compare two accounts of one person."""

    completed_at: datetime | None
    grade: Decimal | None
    active: bool
    """They take the course and have not left it."""
    done: int
    total: int
    enrolled_at: datetime


def is_better(history: CourseHistory, other: CourseHistory) -> bool:
    """Return whether the first of two histories of one person in a course is the one that counts.

    A completed one before one that is not; of two completed ones the better grade, then the earlier; of two open ones the one that goes
    on, then the greater share done, then the earlier.
    """
    return _worth(history) > _worth(other)


def _worth(history: CourseHistory) -> tuple[bool, Decimal, bool, Fraction, float]:
    completed = history.completed_at is not None
    since = history.completed_at or history.enrolled_at
    share = Fraction(history.done, history.total or 1)
    grade = history.grade if completed and history.grade is not None else Decimal(-1)
    return completed, grade, completed or history.active, Fraction() if completed else share, -since.timestamp()


CODE_LENGTH = 8
"""Signs of an edition's code: 40 random bits, and few tries at them."""
