"""The drawing of a trajectory: its labels."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from compliance.rules.reminders import GroupPace, TrajectoryPoint
from compliance.views.report import DayLabel, trajectory_view
from kernel.i18n import reading

FIRST, LAST = date(2026, 10, 6), date(2027, 1, 25)
CHARACTER = 7.5
"""Units of the drawing that a character of a label is wide."""
PACE = GroupPace(Fraction(1, 2), Fraction(1, 2), Fraction(1), Fraction(1), 20, LAST)


def extent(label: DayLabel) -> tuple[float, float]:
    width = len(label.words) * CHARACTER
    left = label.x - width * {"start": 0, "middle": 0.5, "end": 1}[label.anchor]
    return left, left + width


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("passed", range(1, 111, 3))
def test_days_below_the_drawing_do_not_touch(passed: int, language: str) -> None:
    today = FIRST + timedelta(days=passed)
    points = [TrajectoryPoint(FIRST, Fraction(0), Fraction(0)), TrajectoryPoint(today, Fraction(1, 2), Fraction(1, 2))]
    with reading(language):
        view = trajectory_view([*points, TrajectoryPoint(LAST, Fraction(1), None)], PACE, today, 20)

    assert view is not None
    extents = [extent(label) for label in view.labels]
    assert len(extents) >= 3
    assert all(before[1] < after[0] for before, after in pairwise(extents))
