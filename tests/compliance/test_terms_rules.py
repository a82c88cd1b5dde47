"""Faults of the terms of an obligation, each at its field (spec/compulsory 18)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from compliance.rules.reminders import STEPS
from compliance.rules.terms import (
    DAY,
    AllRequirement,
    AnyRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ObligationTerms,
    RelativeDeadline,
    TermsFault,
    TermsFaultKind,
    YearDay,
    find_faults,
    first_full_deadline,
    may_expire,
    shortest_days,
)
from kernel.durations import Duration
from tests.support.training_cases import A, V

START = A.starts
YEARLY = replace(V, starts=START, deadline=A.deadline)
TO_31_DECEMBER = replace(YEARLY, basis=YearDay(12, 31), minimum=Duration(months=6))


def relative(days: int = 0, months: int = 0) -> RelativeDeadline:
    return RelativeDeadline(Duration(days, months), DeadlineAnchor.JOIN)


def requirement(kind: type[AnyRequirement] | type[AllRequirement], *courses: str) -> AnyRequirement | AllRequirement:
    return kind(tuple(map(CourseRequirement, courses)))


@pytest.mark.parametrize(
    ("terms", "field", "kind"),
    [
        (replace(A, ends=date(2025, 12, 31)), "ends", TermsFaultKind.ENDS_BEFORE_START),
        (replace(A, deadline=date(2025, 12, 31)), "deadline_on", TermsFaultKind.DEADLINE_BEFORE_START),
        (replace(A, deadline=date(2026, 1, 14)), "deadline_on", TermsFaultKind.DEADLINE_TOO_NEAR),
        (replace(A, ends=date(2026, 12, 14)), "deadline_on", TermsFaultKind.DEADLINE_AFTER_END),
        (replace(A, deadline=relative()), "deadline_number", TermsFaultKind.NO_TIME),
        (replace(YEARLY, validity=Duration()), "validity", TermsFaultKind.NO_VALIDITY),
        (replace(YEARLY, validity=Duration(months=2)), "window", TermsFaultKind.WINDOW_TOO_LONG),
        (replace(YEARLY, validity=Duration(days=60)), "window", TermsFaultKind.WINDOW_TOO_LONG),
        (replace(TO_31_DECEMBER, minimum=Duration()), "minimum", TermsFaultKind.MINIMUM_TOO_SHORT),
        (replace(A, grace=-1), "grace", TermsFaultKind.OUT_OF_BOUNDS),
        (replace(A, grace=366), "grace", TermsFaultKind.OUT_OF_BOUNDS),
        (replace(A, notice=-1), "notice", TermsFaultKind.OUT_OF_BOUNDS),
        (replace(A, gap=366), "gap", TermsFaultKind.OUT_OF_BOUNDS),
        (replace(A, transition=-1), "transition", TermsFaultKind.OUT_OF_BOUNDS),
        (replace(A, counts_from=date(2099, 1, 1)), "counts_from", TermsFaultKind.COUNTS_TOO_LATE),
        (replace(A, counts_from=A.deadline + DAY), "counts_from", TermsFaultKind.COUNTS_TOO_LATE),
        (replace(A, deadline=relative(days=30), counts_from=START + 31 * DAY), "counts_from", TermsFaultKind.COUNTS_TOO_LATE),
        (replace(A, requirement=requirement(AnyRequirement, "a")), "courses", TermsFaultKind.TOO_FEW_COURSES),
        (replace(A, requirement=requirement(AllRequirement)), "courses", TermsFaultKind.TOO_FEW_COURSES),
    ],
)
def test_a_fault_stands_at_its_field(terms: ObligationTerms, field: str, kind: TermsFaultKind) -> None:
    """spec/compulsory 18."""
    assert [(fault.field.value, fault.kind) for fault in find_faults(terms, STEPS)] == [(field, kind)]


@pytest.mark.parametrize(
    "terms",
    [
        A,
        YEARLY,
        TO_31_DECEMBER,
        replace(A, deadline=date(2026, 1, 15)),
        replace(A, deadline=START, notice=0),
        replace(A, ends=A.deadline),
        replace(A, deadline=relative(days=1)),
        replace(A, counts_from=A.deadline),
        replace(A, deadline=relative(days=30), counts_from=START + 30 * DAY),
        replace(A, effective_on=A.deadline + DAY, counts_from=A.deadline + DAY),
        replace(A, deadline=relative(months=1)),
        replace(A, grace=365, notice=0, gap=0),
        replace(YEARLY, validity=Duration(months=3)),
        replace(A, requirement=requirement(AnyRequirement, "a", "b")),
    ],
)
def test_the_first_terms_that_make_sense_have_no_fault(terms: ObligationTerms) -> None:
    """spec/compulsory 18: the limits from their other side."""
    assert find_faults(terms, STEPS) == []


@pytest.mark.parametrize(
    ("steps", "is_sound"),
    [
        ((), True),
        ((30, 7, 1), True),
        ((90, 60, 30, 14, 7, 1), True),
        ((90, 60, 30, 14, 7, 3, 1), False),
        ((7, 7), False),
        ((0,), False),
        ((366,), False),
    ],
)
def test_reminders_have_six_steps_at_most(steps: Sequence[int], is_sound: bool) -> None:
    """spec/compulsory 10.1."""
    assert (find_faults(A, steps) == []) is is_sound


def test_the_first_day_that_leaves_the_notice_is_told() -> None:
    """spec/compulsory 4.4 and 18: the day of the beginning is the first of the fifteen."""
    assert find_faults(replace(A, deadline=date(2026, 1, 3)), STEPS) == [
        TermsFault(find_faults(replace(A, deadline=date(2026, 1, 3)), STEPS)[0].field, TermsFaultKind.DEADLINE_TOO_NEAR, date(2026, 1, 15))
    ]
    assert first_full_deadline(START, 0) == START


@pytest.mark.parametrize(
    ("duration", "days"), [(Duration(days=60), 60), (Duration(months=1), 28), (Duration(months=2), 59), (Duration(months=12), 365)]
)
def test_months_are_as_long_as_the_shortest_that_they_can_be(duration: Duration, days: int) -> None:
    assert shortest_days(duration) == days


@pytest.mark.parametrize(
    ("terms", "expires"),
    [
        (A, True),
        (replace(A, requirement=requirement(AllRequirement, "a", "b")), False),
        (replace(YEARLY, requirement=requirement(AllRequirement, "a", "b")), True),
    ],
)
def test_several_courses_without_a_validity_never_expire(terms: ObligationTerms, expires: bool) -> None:
    """spec/compulsory 8.1: the certificate of one course may have a last day; several have none together."""
    assert may_expire(terms) is expires
