"""The pace of a group and people at risk (spec/compulsory 11.5 and 11.6)."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from compliance.rules.pace import GroupPace, PaceVerdict, RequiredPerson, group_pace, is_at_risk
from compliance.rules.working_days import WorkingDays

NONE_FREE = WorkingDays()
OPEN, LAST = date(2026, 11, 16), date(2026, 11, 27)
FRIDAY = date(2026, 11, 20)
FIVE = [RequiredPerson(OPEN, LAST, done) for done in (date(2026, 11, 17), date(2026, 11, 20), None, None, None)]


def test_the_pace_of_five_people_in_the_middle() -> None:
    """spec/compulsory 11.5."""
    pace = group_pace(FIVE, FRIDAY, NONE_FREE)

    assert pace == GroupPace(Fraction(1, 2), Fraction(2, 5), Fraction(3, 5), Fraction(2, 5), 4)
    assert (pace.points_behind, pace.verdict) == (10, PaceVerdict.BEHIND)


@pytest.mark.parametrize(
    ("done", "verdict"), [(0, PaceVerdict.AT_RISK), (2, PaceVerdict.BEHIND), (3, PaceVerdict.ON_TIME), (5, PaceVerdict.ON_TIME)]
)
def test_the_verdict_follows_the_points_behind(done: int, verdict: PaceVerdict) -> None:
    people = [RequiredPerson(OPEN, LAST, FRIDAY if number < done else None) for number in range(5)]
    pace = group_pace(people, FRIDAY, NONE_FREE)

    assert pace is not None
    assert pace.verdict is verdict


def test_fifteen_points_are_at_risk() -> None:
    people = [RequiredPerson(OPEN, LAST, FRIDAY if number < 7 else None) for number in range(20)]
    pace = group_pace(people, FRIDAY, NONE_FREE)

    assert pace is not None
    assert (pace.points_behind, pace.verdict) == (15, PaceVerdict.AT_RISK)


def test_below_five_people_there_is_no_pace() -> None:
    """spec/compulsory 11.6."""
    assert group_pace(FIVE[:4], FRIDAY, NONE_FREE) is None


def test_on_the_last_day_no_working_day_is_left() -> None:
    pace = group_pace(FIVE, LAST, NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.needed_daily, pace.foreseen) == (1, None, 2)


def test_on_a_free_day_the_last_five_working_days_count() -> None:
    pace = group_pace(FIVE, date(2026, 11, 22), NONE_FREE)

    assert pace is not None
    assert (pace.needed, pace.recent_daily) == (Fraction(1, 2), Fraction(2, 5))


def test_a_cycle_without_a_working_day_is_over_with_its_last_one() -> None:
    people = [replace(person, opened_on=date(2026, 11, 21), last_on=date(2026, 11, 22), done_on=None) for person in FIVE]
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
