"""The initial and the final test of one learner side by side, each as the band that it can tell (spec/selection 7.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from kernel.i18n import _, choose
from quizzes.pages.gain import share
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules.decision_analysis import DecisionAnalysis

LEAST_ITEMS = 4
"""The questions of an objective in each test from which on it is compared."""


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """A result in percent with the band that the test can tell; no band where its precision is not known."""

    score: float
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """Write the result."""
        return share(self.score)

    @property
    def band(self) -> str:
        """Write the band."""
        if self.low is None or self.high is None:
            return "–"
        return _("%(low)s to %(high)s", low=share(self.low), high=share(self.high))


@dataclass(frozen=True, slots=True)
class ComparedBands:
    """Two bands of one learner: of the whole tests, or of an objective; what can be said of both."""

    title: str
    initial: ScoreBand
    final: ScoreBand

    @property
    def conclusion(self) -> str:
        """Say what the two bands tell, without a gain as a number."""
        bands = [(band.low, band.high) for band in (self.initial, self.final)]
        if any(None in band for band in bands):
            return _("How precise these results are is not known yet: too few people have taken the tests.")
        (first_low, first_high), (second_low, second_high) = bands
        assert first_low is not None
        assert first_high is not None
        assert second_low is not None
        assert second_high is not None
        if first_low <= second_high and second_low <= first_high:
            return _("The bands overlap: one test cannot tell how much you learned.")
        if second_low > first_high:
            return _("The bands do not overlap: you know more than at the beginning.")
        return _("The bands do not overlap: this time you knew less than at the beginning.")


def whole_band(loaded: LoadedAttempt, precision: DecisionAnalysis | None) -> ScoreBand:
    """Return the result of an attempt with its conditional standard error of measurement (3.3)."""
    score = float(loaded.row.percent or 0)
    return _band(score, None if precision is None else precision.error_at(score))


def _band(score: float, error: float | None) -> ScoreBand:
    return ScoreBand(score, None, None) if error is None else ScoreBand(score, max(0.0, score - error), min(100.0, score + error))


@dataclass(frozen=True, slots=True)
class ObjectiveMarks:
    """The marks of the questions of an objective in one attempt: how many there are, what they got, and their maximum."""

    items: int
    mark: Fraction
    maximum: Fraction

    def band(self) -> ScoreBand:
        """Return the result with the standard error of so many equal questions (Lord 1955), which needs no class."""
        score = float(self.mark / self.maximum * 100)
        inside = min(100.0, max(0.0, score))
        return _band(score, sqrt(inside * (100 - inside) / (self.items - 1)))


def objective_bands(
    titles: Mapping[str, Mapping[str, str]], initial: Mapping[str, ObjectiveMarks], final: Mapping[str, ObjectiveMarks]
) -> Sequence[ComparedBands]:
    """Return the objectives that have enough questions in both tests, in the order of their titles."""
    bands = [
        ComparedBands(choose(titles[key]), marks.band(), final[key].band())
        for key, marks in initial.items()
        if key in final and key in titles and min(marks.items, final[key].items) >= LEAST_ITEMS and marks.maximum and final[key].maximum
    ]
    return sorted(bands, key=lambda line: line.title)
