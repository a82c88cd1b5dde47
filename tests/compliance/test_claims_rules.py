"""The days of waivers and recognitions (spec/compulsory 4.10, 4.11 and 18)."""

from datetime import UTC, date, datetime

import pytest

from compliance.rules.claims import ClaimedDays, DayFault, achievement_fault, asks_again_on, last_waived_day, waiver_fault
from tests.support.training_cases import QUITO

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), None),
        (date(2026, 11, 1), date(2026, 10, 31), DayFault.BACKWARDS),
        (date(2026, 11, 1), date(2028, 10, 31), None),
        (date(2026, 11, 1), date(2028, 11, 1), DayFault.TOO_LONG),
        (date(2024, 2, 29), date(2026, 2, 27), None),
        (date(2024, 2, 29), date(2026, 2, 28), DayFault.TOO_LONG),
        (date(2026, 11, 1), None, None),
        (date(1949, 12, 31), date(1950, 1, 1), DayFault.TOO_EARLY),
    ],
)
def test_a_waiver_has_at_most_24_months(first: date, last: date | None, fault: DayFault | None) -> None:
    """spec/compulsory 4.10 and 18: last before first, over 24 months."""
    assert waiver_fault(first, last) is fault


def test_a_waiver_without_end_counts_24_months_and_is_asked_again_before() -> None:
    """spec/compulsory 4.10."""
    assert last_waived_day(date(2026, 11, 1), None) == date(2028, 10, 31)
    assert asks_again_on(date(2026, 11, 1)) == date(2028, 10, 1)
    assert last_waived_day(date(2026, 11, 1), date(2026, 12, 1)) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (date(2026, 11, 23), None),
        (date(2026, 11, 24), DayFault.AHEAD),
        (date(1950, 1, 1), None),
        (date(1949, 12, 31), DayFault.TOO_EARLY),
    ],
)
def test_nothing_is_achieved_tomorrow_or_before_1950(day: date, fault: DayFault | None) -> None:
    """spec/compulsory 18."""
    assert achievement_fault(day, TODAY) is fault


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        (ClaimedDays(date(2026, 1, 1), date(2026, 1, 31)), ClaimedDays(date(2026, 1, 31), date(2026, 2, 5)), True),
        (ClaimedDays(date(2026, 1, 1), date(2026, 1, 31)), ClaimedDays(date(2026, 2, 1), date(2026, 2, 5)), False),
        (ClaimedDays(date(2026, 1, 1), None), ClaimedDays(date(2027, 12, 31), None), True),
        (ClaimedDays(date(2026, 1, 1), None), ClaimedDays(date(2028, 1, 1), None), False),
        (
            ClaimedDays(date(2026, 1, 1), date(2026, 12, 31), datetime(2026, 6, 2, 4, 59, tzinfo=UTC)),
            ClaimedDays(date(2026, 6, 1), date(2026, 6, 5)),
            False,
        ),
        (
            ClaimedDays(date(2026, 1, 1), date(2026, 12, 31), datetime(2026, 6, 2, 5, 0, tzinfo=UTC)),
            ClaimedDays(date(2026, 6, 1), date(2026, 6, 5)),
            True,
        ),
    ],
)
def test_days_overlap(one: ClaimedDays, other: ClaimedDays, *, overlaps: bool) -> None:
    """spec/compulsory 18; a revoked waiver counts until the day before its revocation, where the person works."""
    assert one.overlaps(other, QUITO) is other.overlaps(one, QUITO) is overlaps
