"""Distributions and tests of significance at their bounds (spec/selection 3.12, 3.15)."""

from collections.abc import Sequence
from fractions import Fraction
from math import atanh, erfc, sqrt

import pytest

from analysis.rules.significance import (
    Scale,
    adjusted,
    chance_tail,
    incomplete_beta,
    is_surely_poor,
    means_tail,
    nodes_below,
    normal_square,
    poorer_tail,
    tail_of_t,
)
from tests.support.questions import f


def scale_of(values: Sequence[int]) -> Scale:
    return Scale(len(values), Fraction(sum(values)), Fraction(sum(value * value for value in values)))


def of_student(square: float, freedom: int) -> float:
    """Return how often a t of this square or one farther from 0 comes about."""
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square))


@pytest.mark.parametrize(
    ("values", "others"), [((1, 2), (2, 4)), ((1, 2, 6), (4, 8, 9)), ((1, 2, 6, 7), (4, 8, 9, 9)), ((1, 3) * 15, (2, 3) * 15)]
)
def test_two_means_of_groups_of_one_size_are_compared_as_student_says(values: Sequence[int], others: Sequence[int]) -> None:
    """spec/selection 3.12: in both directions, with the variance of samples and the degrees of freedom of one group."""
    one, other, freedom = scale_of(values), scale_of(others), len(values) - 1
    square = (one.mean - other.mean) ** 2 / ((one.variance + other.variance) / freedom)

    assert float(means_tail(one, other)) == pytest.approx(of_student(float(square), freedom), rel=0.05)


@pytest.mark.parametrize("freedom", [1, 2, 9])
def test_the_tail_of_t_is_nearly_that_of_student(freedom: int) -> None:
    """Wallace 1959: from one degree of freedom on; on one side."""
    assert float(tail_of_t(f("4"), freedom)) == pytest.approx(of_student(4.0, freedom) / 2, rel=0.05)
    assert float(tail_of_t(f("-4"), freedom)) == pytest.approx(1 - of_student(4.0, freedom) / 2, rel=0.05)


def test_without_a_degree_of_freedom_everything_is_chance() -> None:
    assert tail_of_t(f("100"), 0) == 1


def test_a_small_square_keeps_its_sign() -> None:
    assert normal_square(f("1/2"), 10) == -normal_square(f("-1/2"), 10) > 0


@pytest.mark.parametrize(("r", "count"), [("0.3", 30), ("0.1", 30), ("-0.2", 12)])
def test_a_correlation_is_poorer_by_chance_as_often_as_fisher_says(r: str, count: int) -> None:
    """Fisher 1921: artanh r is nearly normal with the variance 1/(n - 3)."""
    value = float(f(r))
    z = (atanh(0.2) - atanh(value)) * sqrt(count - 3)

    tail = poorer_tail(f(r) * abs(f(r)), count, f("0.2"))

    assert float(tail) == pytest.approx(erfc(z / sqrt(2)) / 2, abs=1e-10)


def test_no_adjusted_value_is_above_one() -> None:
    """spec/selection 3.12: "one of m" is m × the least, which may be more."""
    assert adjusted([f("3"), f("1/50")]) == (f("1"), f("1/25"))


def test_guessing_may_be_found_from_thirty_answers_on() -> None:
    assert chance_tail(9, 18, f("1/2"), f("-1/10"), 30) is not None


@pytest.mark.parametrize(("right", "guess"), [(0, "0"), (18, "1")])
def test_where_guessing_leaves_nothing_to_chance_it_is_not_found(right: int, guess: str) -> None:
    """spec/selection 3.15."""
    assert chance_tail(right, 18, f(guess), f("-1/10"), 100) is None


def test_what_comes_about_once_in_a_hundred_is_off_chance() -> None:
    """spec/selection 3.15: (iii) P > 0.01."""
    assert chance_tail(0, 1, f("0.99"), f("-1/10"), 100) is None
    assert chance_tail(0, 1, f("0.98"), f("-1/10"), 100) is not None


def test_without_correlation_sixty_nine_answers_are_surely_poor() -> None:
    """spec/selection 3.15: (ii) 1.644854/√66 < artanh 0.2."""
    assert is_surely_poor(f("0"), 69)


def test_every_node_lies_below_the_cut() -> None:
    assert all(0 < value < 0.5 for value, _weight in nodes_below(2.0, 3.0, 0.5, 64))
