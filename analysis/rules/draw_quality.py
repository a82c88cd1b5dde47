"""The look back on the draws of a sitting: whether its question sets were equally hard, by its own facilities (spec/selection 1.19).

What balancing promises goes by the facilities that were known before; this looks back. Floats: these figures inform people, and decide
nothing. Scores are in percent of the maximum.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import fmean, pstdev, variance

from analysis.rules.significance import t_quantile
from quizzes.rules.balanced_draw import PRIOR_WEIGHT, shrunk_facility

LEAST_SETS = 30
QUARTERS = 4
UNEQUAL = 2.0
"""Points of standard deviation of the expected score over which question sets were not equally hard."""
SURE = 0.975
_PLACES = 9


@dataclass(frozen=True, slots=True)
class GivenSet:
    """The question set of an attempt: its score, and the question versions with their marks."""

    score: float
    marks: tuple[tuple[int, float], ...]


class SetTally:
    """The question sets of a sitting, counted while its attempts stream by: each set is kept once, and a score of each attempt."""

    def __init__(self) -> None:
        self._scores: dict[tuple[tuple[int, float], ...], list[float]] = {}
        self._marks: dict[tuple[int, float], tuple[int, float]] = {}

    def add(self, score: float, marks: Iterable[tuple[int, float]]) -> None:
        """Count the question set of an attempt, whatever the order of its questions."""
        key = tuple(sorted(self._marks.setdefault(mark, mark) for mark in marks))
        self._scores.setdefault(key, []).append(score)

    def given_sets(self) -> Iterator[GivenSet]:
        """Yield the question set of each attempt."""
        return (GivenSet(score, marks) for marks, scores in self._scores.items() for score in scores)


@dataclass(frozen=True, slots=True)
class QuestionAnswers:
    """The answers of a sitting to a question version: how many, the sum of the shares of its mark, and what its authors expect."""

    count: int
    shares: Fraction
    prior: Fraction

    @property
    def facility(self) -> int:
        """Return its facility in this sitting, in percent, shrunk as in 1.9."""
        return shrunk_facility(self.count, self.shares, self.prior)

    @property
    def chance(self) -> float:
        """Return the variance that its facility has by the chance of so few answers."""
        share = self.facility / 100
        return 100**2 * self.count * share * (1 - share) / (self.count + PRIOR_WEIGHT) ** 2


@dataclass(frozen=True, slots=True)
class ScoreQuarter:
    """A quarter of the attempts by the expected score of their question sets: from where to where, and the mean of their scores.

    The interval is right 95 of 100 times; None where all scores are equal or there is one alone.
    """

    least: float
    most: float
    attempts: int
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DrawQuality:
    """The standard deviation of the expected scores of the question sets of a sitting, and the mean scores by quarter of them.

    ``chance`` is what the deviation would be on average, by the small number of answers alone, if all were equally hard.
    """

    attempts: int
    mean: float
    deviation: float
    chance: float
    low: float
    high: float
    quarters: tuple[ScoreQuarter, ...]

    @property
    def is_unequal(self) -> bool:
        """Return whether question sets were not equally hard."""
        return self.deviation > UNEQUAL


def draw_quality(sets: Iterable[GivenSet], answers: Mapping[int, QuestionAnswers]) -> DrawQuality | None:
    """Look back on the question sets of a sitting; None with too few, or where all had the same questions."""
    facilities = {version: question_answers.facility for version, question_answers in answers.items()}
    chances = {version: question_answers.chance for version, question_answers in answers.items()}
    scores: list[tuple[float, float]] = []
    kinds, by_chance = set[tuple[int, ...]](), 0.0
    for given_set in sets:
        marks = [(version, mark) for version, mark in sorted(given_set.marks) if version in facilities]
        whole = sum(mark for _version, mark in marks)
        if whole <= 0:
            continue
        expected = sum(mark * facilities[version] for version, mark in marks) / whole
        by_chance += sum(mark * mark * chances[version] for version, mark in marks) / whole**2
        scores.append((round(expected, _PLACES), given_set.score))
        kinds.add(tuple(version for version, _mark in marks))
    if len(scores) < LEAST_SETS or len(kinds) < 2:
        return None
    scores.sort()
    expected_scores = [expected for expected, _score in scores]
    return DrawQuality(
        attempts=len(scores),
        mean=fmean(expected_scores),
        deviation=pstdev(expected_scores),
        chance=sqrt(by_chance / len(scores)),
        low=expected_scores[len(scores) // 40],
        high=expected_scores[-1 - len(scores) // 40],
        quarters=_quarters(scores),
    )


def _quarters(scores: Sequence[tuple[float, float]]) -> tuple[ScoreQuarter, ...]:
    """Part attempts in the order of their expected scores; equal ones stay together, in the quarter of their middle."""
    often, passed, quarter_of = Counter(expected for expected, _score in scores), 0, dict[float, int]()
    for expected, count in sorted(often.items()):
        quarter_of[expected] = min(QUARTERS - 1, int((passed + (count - 1) / 2) * QUARTERS / len(scores)))
        passed += count
    parted = [[pair for pair in scores if quarter_of[pair[0]] == quarter] for quarter in range(QUARTERS)]
    return tuple(_quarter(pairs) for pairs in parted if pairs)


def _quarter(pairs: Sequence[tuple[float, float]]) -> ScoreQuarter:
    scores = [score for _expected, score in pairs]
    mean, spread = fmean(scores), variance(scores) if len(scores) > 1 else 0.0
    reach = t_quantile(SURE, len(scores) - 1) * sqrt(spread / len(scores)) if spread > 0 else None
    low, high = (None, None) if reach is None else (mean - reach, mean + reach)
    return ScoreQuarter(pairs[0][0], pairs[-1][0], len(pairs), mean=mean, low=low, high=high)
