"""The gain of a group between an initial and a final test (spec/selection 7.3, spec/compulsory 15.2 to 15.4)."""

import csv

import pytest

from analysis.rules.gain import PairedScores, crossed_gain, normalised_change, share_of_room
from analysis.rules.significance import t_quantile
from tests.support.golden_bank import VECTORS

VECTOR = dict(list(csv.reader((VECTORS / "gain.csv").read_text(encoding="utf-8").splitlines()))[1:])
BEFORE = [40, 50, 30, 60, 20, 70, 55, 45, 35, 65, 50, 80]
AFTER = [70, 75, 60, 80, 55, 85, 75, 60, 65, 90, 40, 80]


def people(name: str) -> list[PairedScores]:
    """Return the people of a row of the vector."""
    return [PairedScores(*(float(one) for one in pair.split("/"))) for pair in VECTOR[name].split()]


def test_the_gain_with_crossed_forms_is_that_of_the_vector() -> None:
    """spec/selection 7.3, v: gain.csv."""
    found = crossed_gain(people("A then B (first/second)"), people("B then A"))

    assert found is not None
    gain = found.gain
    figures = (gain.value, gain.error, gain.degrees, gain.low, gain.high, found.forms)
    named = ("gain", "se", "df (Welch)", "low95", "high95", "difference of forms (B harder than A: positive)")
    assert figures == pytest.approx([float(VECTOR[name]) for name in named], abs=1e-6)


def test_the_gain_of_crossed_forms_needs_two_people_in_each_half_and_some_difference() -> None:
    """spec/selection 12: what the data cannot show is not told."""
    two = [PairedScores(40, 60), PairedScores(50, 60)]

    assert crossed_gain(two, two[:1]) is None
    assert crossed_gain([PairedScores(40, 60)] * 3, [PairedScores(50, 70)] * 3) is None
    assert crossed_gain(two, [PairedScores(40, 60)] * 2) is not None


@pytest.mark.parametrize(("degrees", "expected"), [(9, 2.262157), (29, 2.045230), (99, 1.984217)])
def test_quantiles_of_t(degrees: int, expected: float) -> None:
    """spec/compulsory 15.2."""
    assert t_quantile(0.975, degrees) == pytest.approx(expected, abs=1e-6)


def test_the_share_of_what_was_left_to_gain_is_that_of_the_vector() -> None:
    """spec/compulsory 15.3."""
    found = share_of_room([PairedScores(*pair) for pair in zip(BEFORE, AFTER, strict=True)])

    assert found is not None
    assert (found.first, found.second) == pytest.approx((50, 69.583333), abs=1e-6)
    difference, share = found.difference, found.share
    assert (difference.value, difference.low, difference.high) == pytest.approx((19.583333, 11.182732, 27.983935), abs=1e-6)
    assert (share.value, share.error, share.low, share.high) == pytest.approx((0.391667, 0.061648, 0.255981, 0.527352), abs=1e-6)
    assert found.change == pytest.approx(0.379922, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [((40, 70), 0.5), ((80, 60), -0.25), ((100, 100), None), ((0, 0), None), ((50, 50), 0), ((0, 100), 1), ((100, 90), -0.1)],
)
def test_the_change_of_one_person(pair: tuple[float, float], expected: float | None) -> None:
    """spec/compulsory 15.2 and 15.3."""
    found = normalised_change(PairedScores(*pair))

    assert found == (None if expected is None else pytest.approx(expected))


def test_a_share_is_not_told_without_spread_or_room() -> None:
    """spec/compulsory 15.3 and 15.4: ten times (50, 75); a first test that leaves less than ten points."""
    assert share_of_room([PairedScores(50, 75)] * 10) is None
    assert share_of_room([PairedScores(91, 95), PairedScores(92, 99), PairedScores(90.5, 97)]) is None
    assert share_of_room([PairedScores(50, 75)]) is None
    assert share_of_room([PairedScores(89, 95), PairedScores(88, 99)]) is not None
