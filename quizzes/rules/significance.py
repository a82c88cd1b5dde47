"""Tests of significance in exact arithmetic: squares of z with the sign of the difference, so that no root is drawn.

A finding compares such a square with the square of a quantile of the normal distribution, one side. The approximation needs
LEAST attempts (the usual rule of the central limit theorem; below that nothing is said). Source: any textbook of statistics;
the t of a correlation is r·√((n − 2)/(1 − r²)), that of a share (p̂ − p)·√(n/(p(1 − p))).
"""

from dataclasses import dataclass
from fractions import Fraction

LEAST = 30
FIVE_PERCENT = Fraction("2.7055")
ONE_PERCENT = Fraction("5.4119")
ONE_PER_MILLE = Fraction("9.5495")
"""Squares of 1.6449, 2.3263 and 3.0902: the quantiles of the normal distribution that one side leaves 5 %, 1 % and 0.1 % beyond."""
_NOTHING = Fraction(0)
_ENDLESS = Fraction(10**6)
"""Instead of the square of a test whose variance is 0 while there is a difference."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many values there are, their sum and the sum of their squares."""

    count: int
    whole: Fraction
    squares: Fraction

    @property
    def mean(self) -> Fraction:
        """Return their mean; 0 of nothing."""
        return self.whole / self.count if self.count else _NOTHING

    @property
    def variance(self) -> Fraction:
        """Return the mean of their squared distances from the mean."""
        return self.squares / self.count - self.mean**2 if self.count else _NOTHING


def correlation_square(scale: Scale, other: Scale, products: Fraction) -> Fraction:
    """Return the signed square of the t of a correlation, from the sum of products; 0 where one of them does not vary."""
    if scale.count < 3 or not scale.variance or not other.variance:
        return _NOTHING
    both = products / scale.count - scale.mean * other.mean
    square = both * both / (scale.variance * other.variance)
    return _signed(square * (scale.count - 2), 1 - square, both)


def group_square(count: int, rests: Fraction, scale: Scale) -> Fraction:
    """Compare a group (its size, the sum of its rests) with all: positive where the group is the better one."""
    return correlation_square(Scale(scale.count, Fraction(count), Fraction(count)), scale, rests)


def knows(beside: Fraction, among_all: Fraction) -> bool:
    """Say whether those who gave an answer know more than others who were wrong, from its squares beside these and among all.

    A wrong answer falls among all as knowing rises: one that does not fall and is better than the other wrong ones, or surely
    better than these, is given by who knows.
    """
    return beside > ONE_PER_MILLE or (beside > FIVE_PERCENT and among_all >= 0) or among_all > ONE_PERCENT


def share_square(count: int | Fraction, whole: int, expected: Fraction) -> Fraction:
    """Compare a share of a whole with the one expected: positive where it is larger."""
    if not whole or not 0 < expected < 1:
        return _NOTHING
    difference = Fraction(count) / whole - expected
    return _signed(difference * difference * whole, expected * (1 - expected), difference)


def means_square(one: Scale, other: Scale) -> Fraction:
    """Compare two means, each with its own variance: positive where the first is larger."""
    if not one.count or not other.count:
        return _NOTHING
    difference = one.mean - other.mean
    return _signed(difference * difference, one.variance / one.count + other.variance / other.count, difference)


def so_few(count: int, whole: int, expected: Fraction) -> bool:
    """Say whether a count is so small that chance gives it in fewer than 5 % of classes: exact binomial, normal for many."""
    if whole * expected >= 10:
        return share_square(count, whole, expected) < -FIVE_PERCENT
    term = (1 - expected) ** whole
    tail = term
    for at in range(count):
        term = term * (whole - at) / (at + 1) * expected / (1 - expected)
        tail += term
    return tail < Fraction(5, 100)


def _signed(numerator: Fraction, denominator: Fraction, sign: Fraction) -> Fraction:
    square = numerator / denominator if denominator > 0 else _ENDLESS if numerator else _NOTHING
    return -square if sign < 0 else square
