"""Tests of significance: squares of t or z in exact arithmetic, with the sign of the difference, and how seldom chance gives as much.

The distributions of t need LEAST attempts (the usual rule of the central limit theorem; below that nothing is said). Source: any
textbook of statistics; the t of a correlation is r·√((n − 2)/(1 − r²)), that of two means Welch's, shares are binomial.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

from quizzes.rules.tails import (
    PRECISION,
    artanh,
    as_decimal,
    binomial_at_least,
    binomial_at_most,
    normal_square,
    normal_tail,
    rounded,
)

LEAST = 30
FIVE_PERCENT = Fraction("2.7055")
ONE_PERCENT = Fraction("5.4119")
ONE_PER_MILLE = Fraction("9.5495")
"""Squares of 1.6449, 2.3263 and 3.0902: the quantiles of the normal distribution that one side leaves 5 %, 1 % and 0.1 % beyond."""
_NOTHING = Fraction(0)
_NEARLY_ALL = Decimal("0.999")
"""Correlation that stands for all beyond it, whose Fisher's z would be endless."""
_ENDLESS = Fraction(10**6)
"""Instead of the square of a test whose variance is 0 while there is a difference."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A set of values: their number, their sum and the sum of their squares."""

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


def squared_correlation(scale: Scale, other: Scale, products: Fraction) -> Fraction:
    """Return r² with the sign of r, from the sum of products; 0 where one of them does not vary."""
    if not scale.count or not scale.variance or not other.variance:
        return _NOTHING
    both = products / scale.count - scale.mean * other.mean
    return _signed(both * both, scale.variance * other.variance, both)


def fishers_z(square: Fraction) -> Decimal:
    """Return the inverse hyperbolic tangent of a correlation from its signed square, in the precision of the context."""
    r = min(as_decimal(abs(square)).sqrt(), _NEARLY_ALL)
    return artanh(r) if square >= 0 else -artanh(r)


def poorer_tail(square: Fraction, count: int, bound: Fraction) -> Fraction:
    """Return how often a correlation that is ``bound`` shows as little as this one, of its signed square, in so many pairs.

    Fisher 1921: artanh r is nearly normal with the variance 1/(n − 3).
    """
    with localcontext() as context:
        context.prec = PRECISION
        distance = artanh(as_decimal(bound)) - fishers_z(square)
        z = rounded(distance * distance * (count - 3))
        return normal_tail(z if distance >= 0 else -z)


def correlation_square(scale: Scale, other: Scale, products: Fraction) -> Fraction:
    """Return the signed square of the t of a correlation, from the sum of products; 0 where one of them does not vary."""
    square = squared_correlation(scale, other, products)
    return _signed(abs(square) * (scale.count - 2), 1 - abs(square), square) if scale.count > 2 else _NOTHING


def tail_of_t(square: Fraction, freedom: int) -> Fraction:
    """Return how often a t with so many degrees of freedom exceeds the one of this signed square; 1 without any."""
    return normal_tail(normal_square(square, freedom)) if freedom > 0 else Fraction(1)


def group_square(count: int, rests: Fraction, scale: Scale) -> Fraction:
    """Compare a group (its size, the sum of its rests) with all: positive where the group is the better one."""
    return correlation_square(Scale(scale.count, Fraction(count), Fraction(count)), scale, rests)


def knows(beside: Fraction, among_all: Fraction) -> bool:
    """Say whether those who gave an answer know more than others who were wrong, from its squares beside these and among all.

    A wrong answer falls among all as knowing rises: one that does not fall and is better than the other wrong ones, or surely
    better than these, is given by who knows.
    """
    return beside > ONE_PER_MILLE or (beside > FIVE_PERCENT and among_all >= 0) or among_all > ONE_PERCENT


def means_square(scale: Scale, other: Scale) -> Fraction:
    """Compare two means, each with its own variance: positive where the first is larger."""
    if not scale.count or not other.count:
        return _NOTHING
    difference = scale.mean - other.mean
    return _signed(difference * difference, scale.variance / scale.count + other.variance / other.count, difference)


def means_tail(scale: Scale, other: Scale) -> Fraction:
    """Return how often two equal means differ as much as these in one of the two directions.

    Welch's t; of its degrees of freedom there are at least those of the smaller group.
    """
    freedom = min(scale.count, other.count) - 1
    if freedom < 1:
        return Fraction(1)
    return min(Fraction(1), 2 * tail_of_t(abs(means_square(scale, other)) * freedom / (freedom + 1), freedom))


def more_tail(count: int | Fraction, whole: int, expected: Fraction) -> Fraction:
    """Return how often chance gives at least such a share of a whole where one is expected: exact binomial.

    A sum of parts of marks counts the whole ones that it surely holds.
    """
    return binomial_at_least(floor(count), whole, expected)


def fewer_tail(count: int | Fraction, whole: int, expected: Fraction) -> Fraction:
    """Return how often chance gives at most such a share of a whole where one is expected: exact binomial."""
    return binomial_at_most(max(ceil(count), 0), whole, expected)


def _signed(numerator: Fraction, denominator: Fraction, sign: Fraction) -> Fraction:
    square = numerator / denominator if denominator > 0 else _ENDLESS if numerator else _NOTHING
    return -square if sign < 0 else square
