"""The cut of judges by Angoff's method (spec/selection 3.10 and 3.11)."""

from fractions import Fraction

import pytest

from analysis.rules.significance import t_quantile
from quizzes.rules.result_use import JudgedCut, PassBasis, T, cut_of
from tests.support.golden_bank import rows

ROWS = {row["what"]: row["value"] for row in rows("angoff.csv")}
RATINGS = [[int(one) for one in judge.split("/")] for judge in ROWS["ratings, one judge a group"].split()]


def test_the_golden_cut_with_its_error_and_without_each_judge() -> None:
    """spec/selection 3.10: angoff.csv, the mean exactly and the rest to its digits."""
    found = cut_of(RATINGS)

    assert found.means == tuple(Fraction(one) for one in ROWS["judge means"].split())
    assert found.cut == Fraction(ROWS["cut (percent)"])
    assert f"{float(found.cut):.6f}" == ROWS["cut decimal"]
    assert f"{found.error:.6f}" == ROWS["se over judges (= jackknife)"]
    assert [f"{float(one):.4f}" for one in found.without] == ROWS["cut without judge 1..5"].split()


def test_the_error_is_that_of_the_jackknife() -> None:
    """spec/selection 3.10: the second way to the same figure, exactly."""
    found, number = cut_of(RATINGS), len(RATINGS)

    mean = sum(found.without, Fraction(0)) / number
    jackknife = sum(((one - mean) ** 2 for one in found.without), Fraction(0)) * (number - 1) / number

    assert jackknife == found.error_variance


@pytest.mark.parametrize(
    ("mark", "needed"),
    [(Fraction(70), False), (Fraction(74), False), (Fraction(7400001, 100000), True), (Fraction(66), False), (Fraction(65), True)],
)
def test_only_a_mark_more_than_two_errors_away_needs_a_reason(mark: Fraction, needed: bool) -> None:
    """spec/selection 3.11: cut 70 with an error of 2; exactly two errors need none."""
    found = JudgedCut(Fraction(70), Fraction(4), (), ())

    assert found.needs_reason(mark) is needed


def test_the_quantiles_are_those_of_student() -> None:
    """spec/selection 3.10: by the incomplete beta, which statistics use."""
    assert [f"{t_quantile(0.975, degrees):.3f}" for degrees in range(1, len(T) + 1)] == [f"{value:.3f}" for value in T]


def test_other_panels_of_three_may_say_more_than_two_errors_away() -> None:
    """spec/selection 3.10: cut 66.5, error 0.5; with 2 degrees of freedom 4.303 errors."""
    judged = JudgedCut(Fraction(133, 2), Fraction(1, 4), (Fraction(66),) * 3, (Fraction(66),) * 3)

    assert [f"{float(end):.2f}" for end in judged.interval] == ["64.35", "68.65"]
    assert judged.within(2) == (Fraction(131, 2), Fraction(135, 2))
    assert judged.within(1000) == (0, 100)


def test_an_error_that_is_no_fraction_reaches_to_its_digits() -> None:
    """spec/selection 3.10: cut 50, error √2."""
    low, high = JudgedCut(Fraction(50), Fraction(2), (), ()).within(2)

    assert (float(low), float(high)) == pytest.approx((50 - 8**0.5, 50 + 8**0.5), abs=1e-9)


def test_judges_who_agree_leave_no_room() -> None:
    """spec/selection 3.11: without any error every other mark needs its reason."""
    found = cut_of([[60, 80]] * 3)

    assert (found.cut, found.error) == (70, 0)
    assert not found.needs_reason(Fraction(70))
    assert found.needs_reason(Fraction(71))


@pytest.mark.parametrize("ratings", [[], [[50], [50]], [[], [], []], [[50], [50], [50, 60]]])
def test_too_few_judges_or_other_questions_are_no_record(ratings: list[list[int]]) -> None:
    """spec/selection 3.10: three judges at least, all of the same questions."""
    with pytest.raises(ValueError, match="three judges"):
        cut_of(ratings)


def test_a_pass_mark_without_a_norm_is_of_judges() -> None:
    """spec/selection 0.2: a pass mark with its norm or the record of its judges."""
    assert PassBasis().by_judges
    assert not PassBasis({"es": "Art. 7"}).by_judges
