"""Which courses a person has still to take in the present cycle (spec/compulsory 4.9, pure)."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from compliance.rules.record import AchievedCourse, RecordedSpan, TrainingRecord
from compliance.rules.states import courses_to_take, training_case
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, Requirement, certain_courses
from tests.support.training_cases import LONG_AGO, QUITO, A, V

COURSE_A, COURSE_B, COURSE_C = CourseRequirement("a"), CourseRequirement("b"), CourseRequirement("c")
STAY = RecordedSpan(date(2024, 1, 10), None, LONG_AGO)


def done(course: str, moment: str) -> AchievedCourse:
    at = datetime.fromisoformat(moment).replace(tzinfo=QUITO)
    return AchievedCourse(course, at, 1, at)


def to_take(requirement: Requirement, at: str, *completions: AchievedCourse, stays: tuple[RecordedSpan, ...] = (STAY,)) -> list[str]:
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)
    record = TrainingRecord(QUITO, stays=stays, completions=completions)
    return courses_to_take(training_case([replace(V, requirement=requirement)], record, moment), moment)


@pytest.mark.parametrize(
    ("requirement", "courses"),
    [
        (COURSE_A, ["a"]),
        (AnyRequirement((COURSE_A, COURSE_B)), []),
        (AllRequirement((COURSE_A, COURSE_B)), ["a", "b"]),
        (AllRequirement((COURSE_A, AnyRequirement((COURSE_B, COURSE_C)))), ["a"]),
    ],
)
def test_of_several_of_which_any_one_will_do_nobody_is_told_which(requirement: Requirement, courses: list[str]) -> None:
    """spec/compulsory 4.9: of `any`, nothing until chosen."""
    assert list(certain_courses(requirement)) == courses
    assert to_take(requirement, "2024-03-01T12:00") == courses


def test_what_is_done_is_not_taken_until_its_window_opens() -> None:
    """spec/compulsory 4.9 and 8.3: of all of several, only what is not done, or due again."""
    both = AllRequirement((COURSE_A, COURSE_B))
    first, second = done("a", "2024-02-29T10:00"), done("b", "2024-10-01T10:00")

    assert to_take(both, "2024-03-01T12:00", first) == ["b"]
    assert to_take(both, "2024-12-29T12:00", first, second) == []
    assert to_take(both, "2024-12-30T12:00", first, second) == ["a"]
    assert to_take(both, "2025-09-01T12:00", first, second) == ["a", "b"]


def test_who_is_outside_or_before_the_beginning_takes_nothing() -> None:
    assert to_take(COURSE_A, "2024-03-01T12:00", stays=()) == []
    assert to_take(COURSE_A, "2022-03-01T12:00") == []


def test_what_never_ends_is_taken_once() -> None:
    moment = datetime(2026, 6, 1, 12, tzinfo=QUITO)
    record = TrainingRecord(QUITO, stays=(STAY,), completions=(done("a", "2026-03-01T10:00"),))
    assert courses_to_take(training_case([replace(A, requirement=COURSE_A)], record, moment), moment) == []
