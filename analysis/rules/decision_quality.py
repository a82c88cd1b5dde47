"""The quality of the decisions at a pass mark (spec/selection 3.1 to 3.9), from the totals of attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, exp, floor, lgamma, log, sqrt

from analysis.rules.significance import f_quantile, incomplete_beta, log_beta, nodes_below
from quizzes.rules.settings import DecisionRule

LEAST_ATTEMPTS = 30
LEAST_POSITIONS = 5
GOALS = (0.80, 0.85)
"""The consistencies for which the needed positions are told."""
MOST_POSITIONS = 400
IN_A_ROW = 10
"""So many lengths in a row must reach a goal: the rounding of the pass mark up to a whole number makes the consistency jump."""
MOST_LENGTH = 4000
"""Effective length beyond which nothing is modelled: such a test leaves no doubt that a model would describe."""
APART = Fraction(5, 100)
"""Difference of the shares of passes, modelled and observed, from which on the model does not fit."""
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class ObservedScores:
    """The scores of a set of attempts: mean, variance (of a sample), mean of x·(1 − x), and Cronbach's alpha, as shares."""

    attempts: int
    positions: int
    mean: Fraction
    variance: Fraction
    doubt: Fraction
    alpha: Fraction

    @property
    def error_variance(self) -> Fraction:
        """Return the square of the standard error of measurement."""
        return self.variance * (1 - self.alpha)

    def error_at(self, score: Fraction) -> float | None:
        """Return the standard error of measurement at a score: the scaled binomial (Keats 1957); None outside 0 to 1."""
        if not 0 <= score <= 1 or self.doubt <= 0 or self.error_variance < 0:
            return None
        return sqrt(self.error_variance * score * (1 - score) / self.doubt)


def spread_of(totals: Mapping[Fraction, int], maximum: Fraction, positions: int, alpha: Fraction | None) -> ObservedScores | None:
    """Describe the totals of the attempts, counted; None where they do not differ or there is no alpha (a share)."""
    count = sum(totals.values())
    if count < 2 or not maximum or alpha is None:
        return None
    whole = sum((often * total for total, often in totals.items()), _NOTHING) / maximum
    squares = sum((often * total * total for total, often in totals.items()), _NOTHING) / maximum**2
    variance = (squares - whole * whole / count) / (count - 1)
    return (
        ObservedScores(count, positions, whole / count, variance=variance, doubt=(whole - squares) / count, alpha=alpha)
        if variance
        else None
    )


def alpha_interval(alpha: float, attempts: int, positions: int) -> tuple[float, float]:
    """Return Feldt's interval of alpha at 95 % (Feldt, Woodruff and Salih 1987)."""
    over, under = attempts - 1, (attempts - 1) * (positions - 1)
    low, high = (1 - (1 - alpha) * f_quantile(share, over, under) for share in (0.975, 0.025))
    return low, high


@dataclass(frozen=True, slots=True)
class TrueScores:
    """The model of the true scores: a beta distribution, seen through a test of ``whole`` equal questions with a pass mark.

    ``length`` is the effective length before rounding, ``needed`` the right answers that pass.
    """

    length: float
    whole: int
    needed: int
    a: float
    b: float
    cut: Fraction


def true_scores(spread: ObservedScores, cut: Fraction) -> TrueScores | None:
    """Fit the model; None where the data do not carry one: alpha not above 0, no room for error, scores spread wider than it allows.

    Nor for a pass mark over the maximum, as marks by certainty may have.
    """
    mean, error = spread.mean, spread.error_variance
    if spread.alpha <= 0 or error <= 0 or spread.doubt <= 0 or not 0 <= cut <= 1:
        return None
    length = 1 + spread.doubt / error
    whole = floor(length + Fraction(1, 2))
    weight = mean * (1 - mean) / (spread.alpha * spread.variance) - 1
    if not 2 <= whole <= MOST_LENGTH or weight <= 0 or not 0 < mean < 1:
        return None
    return TrueScores(float(length), whole, ceil(whole * cut), a=float(mean * weight), b=float((1 - mean) * weight), cut=cut)


@dataclass(frozen=True, slots=True)
class DecisionQuality:
    """Shares of people: with the same decision on another question set (and by chance alone), passed or failed by error.

    ``sure`` is how likely somebody at the pass mark truly reaches it.
    """

    passing: float
    consistency: float
    chance: float
    false_pass: float
    false_fail: float
    sure: float

    @property
    def accuracy(self) -> float:
        """Return the share of decisions that are those of the true scores."""
        return 1 - self.false_pass - self.false_fail

    @property
    def kappa(self) -> float | None:
        """Return the consistency beyond chance; None where everybody passes or nobody."""
        return (self.consistency - self.chance) / (1 - self.chance) if self.chance < 1 else None


def decision_quality(model: TrueScores) -> DecisionQuality:
    """Return how consistent and how accurate the decisions at the pass mark are."""
    table = _Logarithms.of(model, model.whole)
    shares = table.shares(model.whole)
    above = surety_by_score(model)
    passing = sum(shares[model.needed :])
    return DecisionQuality(
        passing=passing,
        consistency=table.consistency(model.whole, model.needed),
        chance=passing**2 + (1 - passing) ** 2,
        false_pass=sum((share * (1 - sure) for share, sure in zip(shares[model.needed :], above[model.needed :], strict=True)), 0.0),
        false_fail=sum((share * sure for share, sure in zip(shares[: model.needed], above[: model.needed], strict=True)), 0.0),
        sure=above[model.needed],
    )


def surety_by_score(model: TrueScores) -> list[float]:
    """Return for each number of right answers from 0 how likely the true score reaches the pass mark: 1 − I_cut(a + x, b + n − x)."""
    cut, whole = float(model.cut), model.whole
    if not 0 < cut < 1:
        return [float(cut <= 0)] * (whole + 1)
    sure = [1 - incomplete_beta(model.a + whole, model.b, cut)]
    for right in range(whole - 1, -1, -1):
        a, b = model.a + right, model.b + whole - right
        sure.append(sure[-1] - exp(a * log(cut) + (b - 1) * log(1 - cut) - log(a) - log_beta(a, b)))
    return [max(0.0, chance) for chance in reversed(sure)]


@dataclass(frozen=True, slots=True)
class BestOf:
    """Decisions where the best of so many attempts counts; ``below`` is the share of people truly below the pass mark."""

    attempts: int
    false_pass: float
    false_fail: float
    below: float

    @property
    def passes_below(self) -> float:
        """Return the share of those truly below the pass mark who pass all the same."""
        return self.false_pass / self.below if self.below > 0 else 0.0


def best_of(model: TrueScores, counts: Sequence[int]) -> tuple[BestOf, ...]:
    """Return the errors where the best of each number of attempts on parallel question sets counts, nothing learned between them."""
    cut, whole, needed = float(model.cut), model.whole, model.needed
    below = incomplete_beta(model.a, model.b, cut)
    if not 0 < cut < 1:
        return tuple(BestOf(attempts, 0.0, 0.0, below) for attempts in counts)
    steps = max(64, ceil(6 * sqrt(whole + model.a + model.b)))

    def failing(score: float) -> float:
        return 1 - incomplete_beta(needed, whole - needed + 1, score)

    lower = [(failing(score), weight) for score, weight in nodes_below(model.a, model.b, cut, steps)]
    upper = [(failing(1 - rest), weight) for rest, weight in nodes_below(model.b, model.a, 1 - cut, steps)]
    return tuple(
        BestOf(
            attempts,
            sum((weight * (1 - fails**attempts) for fails, weight in lower), 0.0),
            sum((weight * fails**attempts for fails, weight in upper), 0.0),
            below,
        )
        for attempts in counts
    )


def pass_chance(model: TrueScores, level: float, attempts: int) -> float:
    """Return how likely somebody with a true level (a share) passes where the best of so many attempts counts: 1 − (1 − P)^k."""
    if model.needed <= 0:
        return 1.0
    return 1 - (1 - incomplete_beta(model.needed, model.whole - model.needed + 1, level)) ** attempts


def positions_needed(model: TrueScores, positions: int, goal: float) -> int | None:
    """Return how many positions of the same kind a consistency needs with the same people; None: more than MOST_POSITIONS."""
    most = min(MOST_POSITIONS + IN_A_ROW, floor(MOST_LENGTH * positions / model.length))
    table, reached = _Logarithms.of(model, floor(model.length * most / positions + 0.5)), 0
    for tried in range(positions, most):
        whole = floor(model.length * tried / positions + 0.5)
        reached = reached + 1 if table.consistency(whole, ceil(whole * model.cut)) >= goal else 0
        if reached == IN_A_ROW:
            return tried - IN_A_ROW + 1
    return None


@dataclass(frozen=True, slots=True)
class _Logarithms:
    """The logarithms of the gamma functions that tests of up to so many questions need, each computed once."""

    a: tuple[float, ...]
    b: tuple[float, ...]
    both: tuple[float, ...]
    factorial: tuple[float, ...]

    @classmethod
    def of(cls, model: TrueScores, whole: int) -> "_Logarithms":
        def row(start: float) -> tuple[float, ...]:
            return tuple(lgamma(start + at) for at in range(2 * whole + 2))

        return cls(row(model.a), row(model.b), row(model.a + model.b), row(1))

    def shares(self, whole: int) -> list[float]:
        """Return how likely each number of right answers is: the beta-binomial distribution."""
        fixed = self.factorial[whole] - self.both[whole] + self.both[0] - self.a[0] - self.b[0]
        return [
            exp(fixed - self.factorial[right] - self.factorial[whole - right] + self.a[right] + self.b[whole - right])
            for right in range(whole + 1)
        ]

    def consistency(self, whole: int, needed: int) -> float:
        """Return how likely two tests of one person lead to the same decision.

        The chance to pass the second after ``right`` answers in the first grows with each one more by
        B(a + right + needed, b + 2·whole − right − needed) ÷ ((a + right)·B(a + right, b + whole − right)·B(needed, whole − needed + 1)):
        I_x(a, b) = I_x(a + 1, b − 1) + x^a·(1 − x)^(b − 1) ÷ (a·B(a, b)), integrated.
        """
        if needed <= 0:
            return 1.0
        fixed = self.both[whole] - self.both[2 * whole] + self.factorial[whole]
        fixed -= self.factorial[needed - 1] + self.factorial[whole - needed]
        steps = [
            exp(fixed + self.a[right + needed] + self.b[2 * whole - right - needed] - self.a[right + 1] - self.b[whole - right])
            for right in range(whole)
        ]
        again = list(accumulate(steps, initial=self._tail_after_none(whole, needed)))
        shares = self.shares(whole)
        passed_twice = sum(share * chance for share, chance in zip(shares[needed:], again[needed:], strict=True))
        return passed_twice + sum(share * (1 - chance) for share, chance in zip(shares[:needed], again[:needed], strict=True))

    def _tail_after_none(self, whole: int, needed: int) -> float:
        """Return how likely somebody who had nothing right in the first test passes the second."""
        fixed = self.factorial[whole] + self.both[whole] - self.both[2 * whole] - self.a[0] - self.b[whole]
        return sum(
            exp(fixed - self.factorial[right] - self.factorial[whole - right] + self.a[right] + self.b[2 * whole - right])
            for right in range(needed, whole + 1)
        )


STEP = 5
"""Percent between the scores of the curve."""
LEVELS = (-20, -10, -5, 0, 5, 10)
"""Points from the pass mark of the true levels whose chance to pass is told."""
_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class PositionsNeeded:
    """A consistency, and the positions that reach it (None: too many to tell)."""

    goal: float
    positions: int | None


@dataclass(frozen=True, slots=True)
class SuretyStep:
    """A score in percent, and how likely somebody with it truly reaches the pass mark."""

    score: int
    sure: float


@dataclass(frozen=True, slots=True)
class PassChance:
    """A true level in percent, `apart` points from the pass mark, and how likely it passes, by the numbers of attempts compared."""

    apart: int
    level: float
    by_attempts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """The figures of the model of the true scores, where the data carry one.

    ``fits`` unless its share of passes is APART or more from the observed one.
    """

    length: int
    needed: int
    a: float
    b: float
    fits: bool
    quality: DecisionQuality
    repeated: tuple[BestOf, ...]
    lengths: tuple[PositionsNeeded, ...]
    curve: tuple[SuretyStep, ...]
    chances: tuple[PassChance, ...]

    def true_scores(self, rule: DecisionRule) -> TrueScores:
        """Return the model that the figures are of."""
        return TrueScores(float(self.length), self.length, self.needed, a=self.a, b=self.b, cut=(rule.pass_mark or _NOTHING) / _HUNDRED)


@dataclass(frozen=True, slots=True)
class DecisionAnalysis:
    """Reliability of the scores with its interval at 95 %, standard errors in percent of the maximum, and the decisions.

    ``doubt`` is the mean of x·(1 − x) over the scores; ``passed`` and ``near`` count attempts: at or over the pass mark, and within one
    error of it.
    """

    rule: DecisionRule
    attempts: int
    positions: int
    alpha: float
    alpha_low: float
    alpha_high: float
    error: float
    doubt: float
    error_at_mark: float | None
    passed: int
    near: int
    model: DecisionModel | None

    def error_at(self, percent: float) -> float | None:
        """Return the standard error of measurement at a score, both in percent (3.3); None where it is undefined."""
        share = percent / 100
        if not 0 <= share <= 1 or self.doubt <= 0:
            return None
        return self.error * sqrt(share * (1 - share) / self.doubt)


def decisions_of(
    totals: Mapping[Fraction, int], maximum: Fraction, positions: int, consistency: Fraction | None, rule: DecisionRule
) -> DecisionAnalysis | None:
    """Analyse counted totals; ``consistency`` is alpha in percent. None below the least numbers, or where all scores are equal."""
    spread = spread_of(totals, maximum, positions, None if consistency is None else consistency / 100)
    if spread is None or spread.attempts < LEAST_ATTEMPTS or positions < LEAST_POSITIONS or spread.alpha > 1:
        return None
    alpha, cut = float(spread.alpha), None if rule.pass_mark is None else rule.pass_mark / _HUNDRED
    low, high = alpha_interval(alpha, spread.attempts, positions)
    at_mark = None if cut is None else spread.error_at(cut)
    passed = 0 if cut is None else sum(often for total, often in totals.items() if total >= cut * maximum)
    model = None if cut is None else true_scores(spread, cut)
    return DecisionAnalysis(
        rule=rule,
        attempts=spread.attempts,
        positions=positions,
        alpha=alpha,
        alpha_low=low,
        alpha_high=high,
        error=float(spread.error_variance) ** 0.5 * 100,
        doubt=float(spread.doubt),
        error_at_mark=None if at_mark is None else at_mark * 100,
        passed=passed,
        near=_near(totals, maximum, cut, at_mark),
        model=None if model is None else _figures(model, spread, rule, passed),
    )


def _near(totals: Mapping[Fraction, int], maximum: Fraction, cut: Fraction | None, error: float | None) -> int:
    """Count the attempts within one error of the pass mark: the test cannot tell on which side they are (3.8a)."""
    if cut is None or error is None:
        return 0
    return sum(often for total, often in totals.items() if abs(total / maximum - cut) <= error)


def _figures(model: TrueScores, spread: ObservedScores, rule: DecisionRule, passed: int) -> DecisionModel:
    quality = decision_quality(model)
    return DecisionModel(
        length=model.whole,
        needed=model.needed,
        a=model.a,
        b=model.b,
        fits=abs(quality.passing - passed / spread.attempts) <= APART,
        quality=quality,
        repeated=best_of(model, rule.compared),
        lengths=tuple(PositionsNeeded(goal, positions_needed(model, spread.positions, goal)) for goal in GOALS),
        curve=tuple(SuretyStep(score, _surety(model, score)) for score in range(0, 101, STEP)),
        chances=_chances(model, rule),
    )


def _chances(model: TrueScores, rule: DecisionRule) -> tuple[PassChance, ...]:
    """Return how likely people pass whose true level lies around the pass mark (3.8)."""
    levels = {apart: float(model.cut) * 100 + apart for apart in LEVELS}
    return tuple(
        PassChance(apart, level, tuple(pass_chance(model, level / 100, attempts) for attempts in rule.compared))
        for apart, level in levels.items()
        if 0 <= level <= 100
    )


def _surety(model: TrueScores, score: int) -> float:
    """Return how likely somebody with a score truly reaches the pass mark: 1 − I_cut(a + n·x, b + n − n·x)."""
    right = model.whole * score / 100
    return 1 - incomplete_beta(model.a + right, model.b + model.whole - right, float(model.cut))
