"""The decisions of a quiz at its pass mark, from the totals of its attempts: the value that its page shows (spec/selection 3.1 to 3.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from enrolments.rules import GradingMethod
from quizzes.rules.beta import incomplete_beta
from quizzes.rules.decision_quality import (
    APART,
    GOALS,
    LEAST_ATTEMPTS,
    LEAST_POSITIONS,
    BestOf,
    DecisionQuality,
    ObservedScores,
    TrueScores,
    alpha_interval,
    best_of,
    decision_quality,
    pass_chance,
    positions_needed,
    spread_of,
    true_scores,
)

COMMON = (1, 2, 3)
"""So many attempts are compared, whatever the quiz allows."""
MOST_COMPARED = 10
STEP = 5
"""Percent between the scores of the curve."""
LEVELS = (-20, -10, -5, 0, 5, 10)
"""Points from the pass mark of the true levels whose chance to pass is told."""
_NOTHING = Fraction(0)
_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """The settings of a quiz that decide: pass mark in percent (None: none), attempts (0: without limit), and which of them counts."""

    pass_mark: Fraction | None = None
    attempts: int = 0
    grading: GradingMethod = GradingMethod.HIGHEST

    @property
    def compared(self) -> tuple[int, ...]:
        """Return the numbers of attempts to compare: one, two, three, and what the quiz allows."""
        allowed = min(self.attempts or MOST_COMPARED, MOST_COMPARED)
        return tuple(sorted({*COMMON, allowed})) if self.counts_best else COMMON

    @property
    def counts_best(self) -> bool:
        """Return whether several attempts are allowed of which the best counts."""
        return self.grading is GradingMethod.HIGHEST and self.attempts != 1


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
        return TrueScores(float(self.length), self.length, self.needed, self.a, self.b, (rule.pass_mark or _NOTHING) / _HUNDRED)


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
