"""The statistics of a quiz and of its positions (5.12), by Moodle's formulas.

Sums, variances and covariances are exact fractions; square roots are cut after ROOT_DIGITS decimals, the same on every
machine. What is undefined is None. A question that was never answered has mark 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import isqrt

ROOT_DIGITS = 30
FORMULAS = 1
_NOTHING = Fraction(0)
_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class QuizStatistics:
    """Attempts counted, and of their totals: mean, median, standard deviation, shape; consistency and its errors in %."""

    attempts: int
    mean: Fraction | None = None
    median: Fraction | None = None
    deviation: Fraction | None = None
    skewness: Fraction | None = None
    kurtosis: Fraction | None = None
    consistency: Fraction | None = None
    error_ratio: Fraction | None = None
    standard_error: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PositionStatistics:
    """Of one position: facility as a share, the others in %; ``effective_weight`` None where the covariance is negative."""

    facility: Fraction | None
    deviation: Fraction | None
    intended_weight: Fraction | None
    effective_weight: Fraction | None
    discrimination: Fraction | None
    efficiency: Fraction | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of a set of attempts; ``formulas`` is the version of the formulas, for caches."""

    quiz: QuizStatistics
    positions: tuple[PositionStatistics, ...]
    formulas: int = FORMULAS


class Which(StrEnum):
    """Which attempts of a learner count; the first for the quality of questions."""

    FIRST = "first"
    HIGHEST = "highest"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class AttemptMarks:
    """An attempt's marks by position, and what decides whether it counts."""

    person: int
    number: int
    marks: tuple[Fraction, ...]
    finished: bool = True
    preview: bool = False


def chosen_attempts(attempts: Iterable[AttemptMarks], which: Which = Which.FIRST) -> tuple[AttemptMarks, ...]:
    """Return the attempts that count: finished, no previews, one per learner except with ``all``; by person and number."""
    counted = sorted(
        (one for one in attempts if one.finished and not one.preview),
        key=lambda one: (one.person, one.number),
    )
    if which is Which.ALL:
        return tuple(counted)
    chosen: dict[int, AttemptMarks] = {}
    for one in counted:
        held = chosen.get(one.person)
        if held is None or which is Which.LAST or (which is Which.HIGHEST and sum(one.marks) > sum(held.marks)):
            chosen[one.person] = one
    return tuple(chosen.values())


def statistics_of(marks: Sequence[Sequence[Fraction]], maxima: Sequence[Fraction]) -> Statistics:
    """Compute everything from a matrix: one row per attempt, one column per position; ``maxima`` per position."""
    totals = [sum(row, _NOTHING) for row in marks]
    columns = [[row[at] for row in marks] for at in range(len(maxima))]
    weights = _effective_weights([covariance(column, totals) for column in columns])
    whole = sum(maxima, _NOTHING)
    positions = [
        _position(column, totals, maximum, whole, weight) for column, maximum, weight in zip(columns, maxima, weights, strict=True)
    ]
    return Statistics(_quiz(columns, totals), tuple(positions))


def discrimination_with_total(marks: Sequence[Fraction], totals: Sequence[Fraction]) -> tuple[Fraction | None, Fraction | None]:
    """Return discrimination index and efficiency of a question drawn at random: with the total instead of the rest."""
    return _correlation(marks, totals), _efficiency(marks, totals)


def mean(values: Sequence[Fraction]) -> Fraction | None:
    """Return the mean; None of nothing."""
    return sum(values, _NOTHING) / len(values) if values else None


def covariance(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction | None:
    """Return the covariance of a sample (divided by S − 1); None for fewer than two values."""
    if len(left) < 2:
        return None
    left_mean, right_mean = sum(left, _NOTHING) / len(left), sum(right, _NOTHING) / len(right)
    products = ((one - left_mean) * (other - right_mean) for one, other in zip(left, right, strict=True))
    return sum(products, _NOTHING) / (len(left) - 1)


def square_root(value: Fraction) -> Fraction:
    """Return the square root of a number of at least 0, cut after ROOT_DIGITS decimals."""
    scale = 10**ROOT_DIGITS
    return Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale)


def _quiz(columns: Sequence[Sequence[Fraction]], totals: Sequence[Fraction]) -> QuizStatistics:
    count = len(totals)
    variance = covariance(totals, totals)
    deviation = None if variance is None else square_root(variance)
    consistency = _consistency(columns, variance)
    error_ratio = None if consistency is None else _HUNDRED * square_root(1 - consistency / 100)
    return QuizStatistics(
        attempts=count,
        mean=mean(totals),
        median=_median(totals),
        deviation=deviation,
        skewness=_skewness(totals, variance),
        kurtosis=_kurtosis(totals, variance),
        consistency=consistency,
        error_ratio=error_ratio,
        standard_error=None if error_ratio is None or deviation is None else error_ratio * deviation / 100,
    )


def _position(
    column: Sequence[Fraction], totals: Sequence[Fraction], maximum: Fraction, whole: Fraction, weight: Fraction | None
) -> PositionStatistics:
    rest = [total - mark for total, mark in zip(totals, column, strict=True)]
    variance = covariance(column, column)
    average = mean(column)
    return PositionStatistics(
        facility=None if average is None or not maximum else average / maximum,
        deviation=None if variance is None or not maximum else _HUNDRED * square_root(variance) / maximum,
        intended_weight=_HUNDRED * maximum / whole if whole else None,
        effective_weight=weight,
        discrimination=_correlation(column, rest),
        efficiency=_efficiency(column, rest),
    )


def _effective_weights(covariances: Sequence[Fraction | None]) -> list[Fraction | None]:
    """Share 100 out by the roots of the covariances with the total; a negative one has no weight and counts for none."""
    roots = [None if value is None or value < 0 else square_root(value) for value in covariances]
    whole = sum((root for root in roots if root is not None), _NOTHING)
    return [None if root is None or not whole else _HUNDRED * root / whole for root in roots]


def _correlation(marks: Sequence[Fraction], others: Sequence[Fraction]) -> Fraction | None:
    own, other, both = covariance(marks, marks), covariance(others, others), covariance(marks, others)
    if not own or not other or both is None:
        return None
    return _HUNDRED * both / square_root(own * other)


def _efficiency(marks: Sequence[Fraction], others: Sequence[Fraction]) -> Fraction | None:
    """Compare the covariance with the largest that these marks could have: both sorted and paired by rank."""
    both, largest = covariance(marks, others), covariance(sorted(marks), sorted(others))
    return None if both is None or not largest else _HUNDRED * both / largest


def _consistency(columns: Sequence[Sequence[Fraction]], variance: Fraction | None) -> Fraction | None:
    """Return Cronbach's alpha in %; below 0 where the positions contradict one another."""
    positions = len(columns)
    if positions < 2 or not variance:
        return None
    own = sum((covariance(column, column) or _NOTHING for column in columns), _NOTHING)
    return _HUNDRED * positions / (positions - 1) * (1 - own / variance)


def _median(values: Sequence[Fraction]) -> Fraction | None:
    ordered, half = sorted(values), len(values) // 2
    return mean(ordered[half : half + 1] if len(ordered) % 2 else ordered[half - 1 : half + 1]) if ordered else None


def _moment(values: Sequence[Fraction], power: int) -> Fraction:
    average = sum(values, _NOTHING) / len(values)
    return sum(((value - average) ** power for value in values), _NOTHING) / len(values)


def _skewness(totals: Sequence[Fraction], variance: Fraction | None) -> Fraction | None:
    count = len(totals)
    if count < 3 or not variance:
        return None
    third = count**2 * _moment(totals, 3) / ((count - 1) * (count - 2))
    return third / (variance * square_root(variance))


def _kurtosis(totals: Sequence[Fraction], variance: Fraction | None) -> Fraction | None:
    count = len(totals)
    if count < 4 or not variance:
        return None
    spread = (count + 1) * _moment(totals, 4) - 3 * (count - 1) * _moment(totals, 2) ** 2
    fourth = count**2 * spread / ((count - 1) * (count - 2) * (count - 3))
    return fourth / variance**2
