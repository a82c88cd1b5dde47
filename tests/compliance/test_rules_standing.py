"""Requirements of several courses, last valid days and windows (spec/compulsory 5.3 and 8)."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from compliance.rules.record import AchievedCourse, CourseStart, TrainingRecord, last_valid_day, window_opens
from compliance.rules.states import TrainingState
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, Requirement, YearDay, courses_of
from kernel.durations import Duration, RenewalBasis, add_duration
from tests.support.training_cases import QUITO, A, training_record, training_status

a, b, c = (CourseRequirement(course) for course in "abc")


def done_on(course: str, day: str, version: int | None = 1) -> AchievedCourse:
    moment = datetime.fromisoformat(day).replace(hour=10, tzinfo=QUITO)
    return AchievedCourse(course, moment, version, moment)


@pytest.mark.parametrize(
    ("requirement", "done", "first", "until"),
    [
        (AnyRequirement((a, b)), [("a", "2026-03-01")], "2026-03-01", "2027-03-01"),
        (AnyRequirement((a, b)), [("a", "2026-03-01"), ("b", "2026-05-01")], "2026-03-01", "2027-05-01"),
        (AllRequirement((a, b)), [("a", "2026-03-01")], None, None),
        (AllRequirement((a, b)), [("a", "2026-03-01"), ("b", "2026-05-01")], "2026-05-01", "2027-03-01"),
        (AnyRequirement((AllRequirement((a, b)), c)), [("a", "2026-03-01"), ("c", "2026-04-01")], "2026-04-01", "2027-04-01"),
        (AllRequirement((a, AnyRequirement((b, c)))), [("a", "2026-03-01"), ("c", "2026-04-01")], "2026-04-01", "2027-03-01"),
    ],
)
def test_a_requirement_of_several_courses(
    requirement: Requirement, done: list[tuple[str, str]], first: str | None, until: str | None
) -> None:
    """spec/compulsory 5.3."""
    terms = replace(A, requirement=requirement, validity=Duration(months=12), basis=RenewalBasis.COMPLETION)
    record = replace(training_record("in 2026-01-10..", QUITO), completions=[done_on(*each) for each in done])
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    status = training_status([terms], record, at, at)

    assert status.state == (TrainingState.DONE if first else TrainingState.IN_PROGRESS)
    assert (status.first_at and status.first_at.date().isoformat()) == first
    assert (status.last_on and status.last_on.isoformat()) == (until or A.deadline.isoformat())  # type: ignore[union-attr]  # a fixed day


def test_the_courses_of_a_requirement_stand_in_their_order() -> None:
    assert list(courses_of(AllRequirement((b, AnyRequirement((c, a)))))) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"), ("2026-01-31", 1, "2026-02-28"), ("2025-12-31", 2, "2026-02-28")],
)
def test_months_clamp_to_the_end_of_a_month(day: str, months: int, until: str) -> None:
    """spec/compulsory 4.2 and 8.1."""
    assert add_duration(date.fromisoformat(day), Duration(months=months)).isoformat() == until


def test_the_last_day_of_february_of_each_year() -> None:
    assert YearDay(2, 29).on_or_after(date(2026, 3, 1)) == date(2027, 2, 28)
    assert YearDay(2, 29).on_or_after(date(2027, 3, 1)) == date(2028, 2, 29)


def test_doing_it_again_never_shortens_what_holds() -> None:
    """spec/compulsory 8.2."""
    terms = replace(A, validity=Duration(months=12), basis=YearDay(6, 30))

    assert last_valid_day(terms, date(2026, 3, 1), date(2027, 12, 31)) == date(2027, 12, 31)
    assert last_valid_day(terms, date(2026, 3, 1), None) == date(2026, 6, 30)


def test_the_window_opens_so_many_days_before_the_last_valid_one() -> None:
    """spec/compulsory 8.3."""
    assert window_opens(replace(A, validity=Duration(months=12)), date(2025, 2, 28)) == date(2024, 12, 30)


def test_other_courses_do_not_count() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)
    record = replace(
        training_record("in 2026-01-10..", QUITO),
        completions=[done_on("another", "2026-03-01")],
        starts=[CourseStart("another", at)],
    )

    assert training_status([A], record, at, at).state is TrainingState.NOT_STARTED


def test_without_terms_nothing_is_required() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=QUITO)

    assert training_status([], TrainingRecord(QUITO), at, at).state is TrainingState.NOT_REQUIRED
