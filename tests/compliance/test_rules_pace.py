"""The pace of a group and people at risk (spec/compulsory 11.5 and 11.6)."""

from collections import Counter
from datetime import date
from fractions import Fraction

import pytest

from compliance.rules.reminders import GroupPace, PaceVerdict, RequiredGroup, group_pace, is_at_risk, last_days_left, trajectory
from compliance.rules.terms import WorkingDays

NONE_FREE = WorkingDays()
OPEN, LAST = date(2026, 11, 16), date(2026, 11, 27)
FRIDAY = date(2026, 11, 20)


def a_group(*done: date | None, opened: date = OPEN, last: date = LAST) -> RequiredGroup:
    """Return people of one cycle, each with the day on which they were done."""
    return RequiredGroup({(opened, last): len(done)}, Counter(on for on in done if on is not None))


FIVE = a_group(date(2026, 11, 17), date(2026, 11, 20), None, None, None)


def test_the_pace_of_five_people_in_the_middle() -> None:
    """spec/compulsory 11.5."""
    pace = group_pace(FIVE, FRIDAY, NONE_FREE)

    assert pace == GroupPace(Fraction(1, 2), Fraction(2, 5), Fraction(3, 5), Fraction(2, 5), 4, LAST)
    assert (pace.points_behind, pace.verdict) == (10, PaceVerdict.BEHIND)


@pytest.mark.parametrize(
    ("done", "verdict"), [(0, PaceVerdict.AT_RISK), (2, PaceVerdict.BEHIND), (3, PaceVerdict.ON_TIME), (5, PaceVerdict.ON_TIME)]
)
def test_the_verdict_follows_the_points_behind(done: int, verdict: PaceVerdict) -> None:
    pace = group_pace(a_group(*(FRIDAY if number < done else None for number in range(5))), FRIDAY, NONE_FREE)

    assert pace is not None
    assert pace.verdict is verdict


def test_fifteen_points_are_at_risk() -> None:
    pace = group_pace(a_group(*(FRIDAY if number < 7 else None for number in range(20))), FRIDAY, NONE_FREE)

    assert pace is not None
    assert (pace.points_behind, pace.verdict) == (15, PaceVerdict.AT_RISK)


def test_below_five_people_there_is_no_pace() -> None:
    """spec/compulsory 11.6."""
    assert group_pace(a_group(FRIDAY, None, None, None), FRIDAY, NONE_FREE) is None
    assert not trajectory(a_group(FRIDAY, None, None, None), FRIDAY, NONE_FREE)


def test_on_the_last_day_no_working_day_is_left() -> None:
    pace = group_pace(FIVE, LAST, NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.needed_daily, pace.foreseen) == (1, None, 2)


def test_on_a_free_day_the_last_five_working_days_count() -> None:
    pace = group_pace(FIVE, date(2026, 11, 22), NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.recent_daily) == (Fraction(1, 2), Fraction(2, 5))


def test_a_cycle_without_a_working_day_is_over_with_its_last_one() -> None:
    people = a_group(*[None] * 5, opened=date(2026, 11, 21), last=date(2026, 11, 22))
    before, after = group_pace(people, date(2026, 11, 21), NONE_FREE), group_pace(people, date(2026, 11, 22), NONE_FREE)

    assert before is not None
    assert after is not None
    assert (before.needed, after.needed) == (0, 1)


@pytest.mark.parametrize(
    ("today", "has_started", "minutes_left", "expected"),
    [
        (date(2026, 11, 16), False, 60, True),
        (date(2026, 11, 13), False, 60, False),
        (date(2026, 11, 16), True, 450, False),
        (date(2026, 11, 16), True, 451, True),
        (date(2026, 11, 28), True, 1, True),
    ],
)
def test_a_person_at_risk(today: date, has_started: bool, minutes_left: int, expected: bool) -> None:
    """spec/compulsory 11.6."""
    assert is_at_risk(today, LAST, has_started=has_started, minutes_left=minutes_left, working=NONE_FREE) is expected


def test_free_days_are_no_working_days() -> None:
    working = WorkingDays({date(2026, 11, 3), date(2026, 11, 2)})

    assert working.count(date(2026, 11, 1), date(2026, 11, 8)) == 3
    assert working.on_or_after(date(2026, 11, 1)) == date(2026, 11, 4)
    assert working.before(date(2026, 11, 4)) == date(2026, 10, 30)
    assert working.count(date(2026, 11, 8), date(2026, 11, 1)) == 0


def test_without_a_deadline_nothing_is_needed() -> None:
    pace = group_pace(RequiredGroup({(OPEN, None): 4, (OPEN, LAST): 4}, {FRIDAY: 2}), FRIDAY, NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.done) == (Fraction(1, 4), Fraction(1, 4))


def test_a_trajectory_goes_from_the_first_opening_to_the_last_day() -> None:
    """spec/compulsory 11.3."""
    points = {point.on: point for point in trajectory(FIVE, FRIDAY, NONE_FREE)}

    assert (min(points), max(points), len(points)) == (OPEN, LAST, 12)
    assert (points[OPEN].needed, points[OPEN].done) == (Fraction(1, 10), 0)
    assert (points[FRIDAY].needed, points[FRIDAY].done) == (Fraction(1, 2), Fraction(2, 5))
    assert (points[LAST].needed, points[LAST].done) == (1, None)


def test_a_long_trajectory_has_few_points_and_ends_today_and_on_the_last_day() -> None:
    group = a_group(*[None] * 6, opened=date(2020, 1, 1), last=date(2027, 3, 1))

    points = [point.on for point in trajectory(group, FRIDAY, NONE_FREE)]

    assert len(points) <= 62
    assert (points[0], points[-1], FRIDAY in points) == (date(2025, 11, 19), date(2027, 3, 1), True)


def test_without_a_deadline_there_is_no_trajectory() -> None:
    assert not trajectory(RequiredGroup({(OPEN, None): 9}, {}), FRIDAY, NONE_FREE)


def test_the_days_compared_in_a_query_are_those_of_the_rule() -> None:
    """spec/compulsory 11.6: the last day on which so many working days are left."""
    days = last_days_left(FRIDAY, 10, WorkingDays({date(2026, 11, 23)}))

    assert days[:4] == [date(2026, 11, 19), date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)]
    for left, day in enumerate(days):
        assert WorkingDays({date(2026, 11, 23)}).count(FRIDAY, day) == left
