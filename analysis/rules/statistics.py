"""The statistics of a quiz and of its positions (spec/quiz-engine 5.12), by Moodle's formulas.

Sums, variances and covariances are exact fractions, added up as whole multiples of their common denominator; square roots are cut
after ROOT_DIGITS decimals, the same on every machine. What is undefined is None. A question that was never answered has mark 0.
Marks are counted (`Tally`), not kept: the memory grows with the different marks and totals, not with the attempts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from math import isqrt, lcm
from typing import TypeAlias

Pairs: TypeAlias = Mapping[tuple[Fraction, Fraction], int]
"""How often each pair came: a mark, and the total of its attempt."""
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
class AttemptSetStatistics:
    """The statistics of a set of attempts; ``formulas`` is the version of the formulas, for caches."""

    quiz: QuizStatistics
    positions: tuple[PositionStatistics, ...]
    formulas: int = FORMULAS


@dataclass(frozen=True, slots=True)
class QuestionStatistics:
    """Of one question wherever it was drawn: with the total of the attempt instead of the rest; facility a share, the others in %."""

    attempts: int
    facility: Fraction | None
    deviation: Fraction | None
    discrimination: Fraction | None
    efficiency: Fraction | None


class CountedAttempts(StrEnum):
    """The attempts of a learner that count; the first for the quality of questions."""

    FIRST = "first"
    HIGHEST = "highest"
    LAST = "last"
    ALL = "all"


class CountedTakes(StrEnum):
    """The takes of a course whose attempts count, where people take it more than once."""

    PRESENT = "present"
    FIRST = "first"
    ALL = "all"


class MarkTally:
    """The marks of a set of attempts, counted by position with the totals of their attempts.

    ``filled`` counts by position what stands in a total for a question that was taken out of it: of no position's own marks.
    """

    def __init__(self, positions: int) -> None:
        self.totals: Counter[Fraction] = Counter()
        self.columns: tuple[Counter[tuple[Fraction, Fraction]], ...] = tuple(Counter() for _position in range(positions))
        self.filled: tuple[Counter[Fraction], ...] = tuple(Counter() for _position in range(positions))

    def add(self, marks: Sequence[Fraction]) -> Fraction:
        """Count one attempt, a mark for each position; return its total."""
        total = sum(marks, _NOTHING)
        self.put(total, [(mark, total) for mark in marks])
        return total

    def put(self, total: Fraction, pairs: Sequence[tuple[Fraction, Fraction] | Fraction]) -> None:
        """Count one attempt by its total, and for each position its mark with the total beside it, or what fills it."""
        self.totals[total] += 1
        for column, filled, pair in zip(self.columns, self.filled, pairs, strict=True):
            if isinstance(pair, tuple):
                column[pair] += 1
            else:
                filled[pair] += 1


def statistics_of(marks: Iterable[Sequence[Fraction]], maxima: Sequence[Fraction]) -> AttemptSetStatistics:
    """Compute everything from a matrix: one row per attempt, one column per position; ``maxima`` per position."""
    tally = MarkTally(len(maxima))
    for row in marks:
        tally.add(row)
    return statistics_from(tally, maxima)


def statistics_from(tally: MarkTally, maxima: Sequence[Fraction]) -> AttemptSetStatistics:
    """Compute everything from counted marks; where the questions of a position differ in their maximum, ``maxima`` has the mean.

    A position that is worth nothing does not count for the consistency.
    """
    columns = [_WholePairs.of(column) for column in tally.columns]
    sums = [column.sums() for column in columns]
    weights = _effective_weights([position_sums.covariance for position_sums in sums])
    whole = sum(maxima, _NOTHING)
    positions = [
        _position(column, position_sums, maximum, whole, weight)
        for column, position_sums, maximum, weight in zip(columns, sums, maxima, weights, strict=True)
    ]
    spreads = [
        _spread(column, position_sums, filled)
        for column, position_sums, filled, maximum in zip(tally.columns, sums, tally.filled, maxima, strict=True)
        if maximum
    ]
    return AttemptSetStatistics(_quiz(tally.totals, spreads), tuple(positions))


def _spread(column: Pairs, own: "_Sums", filled: Mapping[Fraction, int]) -> Fraction | None:
    """Return the variance of what a position gives to the totals."""
    return _Sums.of(Counter(column) + Counter({(mark, mark): count for mark, count in filled.items()})).variance if filled else own.variance


def question_statistics(pairs: Pairs, maximum: Fraction) -> QuestionStatistics:
    """Compute the statistics of a question drawn at random from its marks and the totals of the attempts that had it."""
    counted = _WholePairs.of(pairs)
    sums = counted.sums()
    return QuestionStatistics(
        sums.count,
        _share(sums.mean, maximum),
        _deviation_share(sums.variance, maximum),
        _correlation(sums.variance, sums.other_variance, sums.covariance),
        _efficiency(counted, sums.covariance),
    )


def rests_of(pairs: Pairs) -> Counter[tuple[Fraction, Fraction]]:
    """Count each mark with the rest of its attempt instead of the total."""
    rests: Counter[tuple[Fraction, Fraction]] = Counter()
    for (mark, total), count in pairs.items():
        rests[mark, total - mark] += count
    return rests


def mean(values: Sequence[Fraction]) -> Fraction | None:
    """Return the mean; None of nothing."""
    return sum(values, _NOTHING) / len(values) if values else None


def covariance(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction | None:
    """Return the covariance of a sample (divided by S − 1); None for fewer than two values."""
    return _Sums.of(Counter(zip(left, right, strict=True))).covariance


def square_root(value: Fraction) -> Fraction:
    """Return the square root of a number of at least 0, cut after ROOT_DIGITS decimals."""
    scale = 10**ROOT_DIGITS
    return Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Count, and the sums over pairs (x, y) of x, y, xx, yy and xy: what means and covariances are made of."""

    count: int
    own: Fraction
    other: Fraction
    own_squares: Fraction
    other_squares: Fraction
    products: Fraction

    @classmethod
    def of(cls, pairs: Pairs) -> "_Sums":
        return _WholePairs.of(pairs).sums()

    @property
    def mean(self) -> Fraction | None:
        return self.own / self.count if self.count else None

    @property
    def variance(self) -> Fraction | None:
        return self._sample(self.own_squares, self.own, self.own)

    @property
    def other_variance(self) -> Fraction | None:
        return self._sample(self.other_squares, self.other, self.other)

    @property
    def covariance(self) -> Fraction | None:
        return self._sample(self.products, self.own, self.other)

    def _sample(self, products: Fraction, left: Fraction, right: Fraction) -> Fraction | None:
        return None if self.count < 2 else (products - left * right / self.count) / (self.count - 1)


@dataclass(frozen=True, slots=True)
class _WholePairs:
    """Pairs as whole multiples of 1/``scale``, each with how often it came: integers add up as exactly as fractions, and far faster."""

    scale: int
    rows: Sequence[tuple[int, int, int]]

    @classmethod
    def of(cls, pairs: Pairs) -> "_WholePairs":
        scale = lcm(*{value.denominator for pair in pairs for value in pair})
        return cls(scale, [(_multiple(x, scale), _multiple(y, scale), often) for (x, y), often in pairs.items()])

    def sums(self) -> _Sums:
        count = own = other = own_squares = other_squares = products = 0
        for x, y, often in self.rows:
            count += often
            own += often * x
            other += often * y
            own_squares += often * x * x
            other_squares += often * y * y
            products += often * x * y
        once, twice = self.scale, self.scale**2
        return _Sums(
            count,
            Fraction(own, once),
            Fraction(other, once),
            own_squares=Fraction(own_squares, twice),
            other_squares=Fraction(other_squares, twice),
            products=Fraction(products, twice),
        )

    def rests(self) -> "_WholePairs":
        """Put the rest of its attempt beside each mark, instead of the total."""
        return _WholePairs(self.scale, [(mark, total - mark, often) for mark, total, often in self.rows])

    def by_rank(self) -> "_WholePairs":
        """Pair the smallest mark with the smallest total, and so on."""
        paired: list[tuple[int, int, int]] = []
        waiting = sorted(((right, often) for _left, right, often in self.rows), reverse=True)
        for left, often in sorted((left, often) for left, _right, often in self.rows):
            unpaired = often
            while unpaired:
                right, there = waiting.pop()
                taken = min(unpaired, there)
                paired.append((left, right, taken))
                unpaired -= taken
                if there > taken:
                    waiting.append((right, there - taken))
        return _WholePairs(self.scale, paired)


def _multiple(value: Fraction, scale: int) -> int:
    return value.numerator * (scale // value.denominator)


def _quiz(totals: Mapping[Fraction, int], variances: Sequence[Fraction | None]) -> QuizStatistics:
    sums = _Sums.of({(total, total): count for total, count in totals.items()})
    variance = sums.variance
    deviation = None if variance is None else square_root(variance)
    consistency = _consistency(variances, variance)
    error_ratio = None if consistency is None else _HUNDRED * square_root(1 - consistency / 100)
    return QuizStatistics(
        attempts=sums.count,
        mean=sums.mean,
        median=_median(totals, sums.count),
        deviation=deviation,
        skewness=_skewness(totals, sums),
        kurtosis=_kurtosis(totals, sums),
        consistency=consistency,
        error_ratio=error_ratio,
        standard_error=None if error_ratio is None or deviation is None else error_ratio * deviation / 100,
    )


def _position(pairs: _WholePairs, sums: _Sums, maximum: Fraction, whole: Fraction, weight: Fraction | None) -> PositionStatistics:
    rests = pairs.rests()
    with_rest = rests.sums()
    return PositionStatistics(
        facility=_share(sums.mean, maximum),
        deviation=_deviation_share(sums.variance, maximum),
        intended_weight=_HUNDRED * maximum / whole if whole else None,
        effective_weight=weight,
        discrimination=_correlation(with_rest.variance, with_rest.other_variance, with_rest.covariance),
        efficiency=_efficiency(rests, with_rest.covariance),
    )


def _share(value: Fraction | None, maximum: Fraction) -> Fraction | None:
    return None if value is None or not maximum else value / maximum


def _deviation_share(variance: Fraction | None, maximum: Fraction) -> Fraction | None:
    return None if variance is None or not maximum else _HUNDRED * square_root(variance) / maximum


def _effective_weights(covariances: Sequence[Fraction | None]) -> list[Fraction | None]:
    """Share 100 out by the roots of the covariances with the total; a negative one has no weight and counts for none."""
    roots = [None if value is None or value < 0 else square_root(value) for value in covariances]
    whole = sum((root for root in roots if root is not None), _NOTHING)
    return [None if root is None or not whole else _HUNDRED * root / whole for root in roots]


def _correlation(own: Fraction | None, other: Fraction | None, both: Fraction | None) -> Fraction | None:
    if not own or not other or both is None:
        return None
    return _HUNDRED * both / square_root(own * other)


def _efficiency(pairs: _WholePairs, both: Fraction | None) -> Fraction | None:
    """Compare the covariance with the largest that these marks could have: both sorted and paired by rank."""
    largest = pairs.by_rank().sums().covariance
    return None if both is None or not largest else _HUNDRED * both / largest


def _consistency(variances: Sequence[Fraction | None], variance: Fraction | None) -> Fraction | None:
    """Return Cronbach's alpha in %; below 0 where the positions contradict one another."""
    positions = len(variances)
    if positions < 2 or not variance:
        return None
    own = sum((position_variance or _NOTHING for position_variance in variances), _NOTHING)
    return _HUNDRED * positions / (positions - 1) * (1 - own / variance)


def _median(values: Mapping[Fraction, int], count: int) -> Fraction | None:
    if not count:
        return None
    return (_at_rank(values, (count - 1) // 2) + _at_rank(values, count // 2)) / 2


def _at_rank(values: Mapping[Fraction, int], rank: int) -> Fraction:
    """Return the value in a place of the sorted values, counted from 0."""
    ordered = sorted(values)
    return next(value for value, seen in zip(ordered, accumulate(values[value] for value in ordered), strict=True) if seen > rank)


def _moment(values: Mapping[Fraction, int], sums: _Sums, power: int) -> Fraction:
    average = sums.own / sums.count
    return sum((count * (value - average) ** power for value, count in values.items()), _NOTHING) / sums.count


def _skewness(totals: Mapping[Fraction, int], sums: _Sums) -> Fraction | None:
    count, variance = sums.count, sums.variance
    if count < 3 or not variance:
        return None
    third = count**2 * _moment(totals, sums, 3) / ((count - 1) * (count - 2))
    return third / (variance * square_root(variance))


def _kurtosis(totals: Mapping[Fraction, int], sums: _Sums) -> Fraction | None:
    count, variance = sums.count, sums.variance
    if count < 4 or not variance:
        return None
    spread = (count + 1) * _moment(totals, sums, 4) - 3 * (count - 1) * _moment(totals, sums, 2) ** 2
    fourth = count**2 * spread / ((count - 1) * (count - 2) * (count - 3))
    return fourth / variance**2
