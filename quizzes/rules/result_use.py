"""The use of a quiz's results outside the course: terms for objections, criteria for ties, and the pass mark that judges set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

from quizzes.rules.blueprint import BlueprintWeight

DAY = 86_400
LONGEST_TERM, LONGEST_DECISION = 60, 180
"""In days."""


@dataclass(frozen=True, slots=True)
class ObjectionRules:
    """The days of the calendar in which learners may object, and those after them in which every objection is decided."""

    term: int = 5
    decide: int = 10


@dataclass(frozen=True, slots=True)
class TieRules:
    """The objectives whose subtotals decide between equal results, in order; then, where `draw` is a text, a public draw."""

    objectives: tuple[str, ...] = ()
    draw: str = ""
    """The text announced before the sitting that goes into the seed of the draw; '' where nothing is drawn."""
    of: Mapping[str, str] = field(default_factory=dict)
    """The objective of each question, by its key; only of the objectives above. Made at publication."""
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The text of each of the objectives by language. Made at publication."""


@dataclass(frozen=True, slots=True)
class ResultUse:
    """The use of a quiz's results outside its course, and whom learners ask about it: plain words by language."""

    use: Mapping[str, str]
    contact: Mapping[str, str]
    norm: Mapping[str, str] = field(default_factory=dict)
    """The norm that sets the pass mark, as it is cited; empty where there is none."""
    record: str = ""
    """The uuid of the signed record that chose the pass mark; '' where there is none. Both are frozen with the version."""
    objections: ObjectionRules | None = None
    """The time to object to questions; None in versions that are older than objections."""
    ties: TieRules | None = None
    """What decides between equal results; None where they share a rank."""
    blueprint: tuple[BlueprintWeight, ...] = ()
    """The shares of marks that every question set has; empty in versions that are older than this field."""
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The text of each objective of the blueprint by language, by its key. Made at publication; empty in older versions."""


LEAST_JUDGES = 3
ADVISED_JUDGES = 5
STEP = 5
RATINGS = tuple(range(0, 101, STEP))
"""What a judge may say of a question, in percent."""
FAR = 2
"""So many standard errors a pass mark may lie from the cut without a reason."""


T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Quantiles of Student's t that leave 2.5 % beyond, with 1 to 30 degrees of freedom; with more, the last one is a little wide."""


@dataclass(frozen=True, slots=True)
class PassBasis:
    """The basis of a quiz's pass mark: the citation of a norm by language, or the record of its judges where there is none."""

    norm: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_judges(self) -> bool:
        """Return whether judges set it."""
        return not self.norm


@dataclass(frozen=True, slots=True)
class JudgedCut:
    """The cut of a panel in percent, the variance of its error, each judge's mean, and the cut without each of them."""

    cut: Fraction
    error_variance: Fraction
    means: tuple[Fraction, ...]
    without: tuple[Fraction, ...]

    @property
    def error(self) -> float:
        """Return the standard error of the cut."""
        return sqrt(self.error_variance)

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """Return between which percents 95 of 100 such panels would find their cut, by Student's t with judges - 1 degrees of freedom."""
        return self.within(T[min(len(self.means) - 1, len(T)) - 1])

    def within(self, errors: float) -> tuple[Fraction, Fraction]:
        """Return the percents that are so many standard errors below and above the cut, none beyond 0 or 100."""
        reach = Fraction(errors * self.error).limit_denominator(10**9)
        return max(Fraction(0), self.cut - reach), min(Fraction(100), self.cut + reach)

    def needs_reason(self, pass_mark: Fraction) -> bool:
        """Return whether a pass mark is so far from the cut that whoever chooses it has to say why; compared exactly."""
        return (pass_mark - self.cut) ** 2 > FAR**2 * self.error_variance


def cut_of(ratings: Sequence[Sequence[int]]) -> JudgedCut:
    """Return the cut of all judges together, from the ratings of each of them; at least LEAST_JUDGES, all of the same questions."""
    if len(ratings) < LEAST_JUDGES or not ratings[0] or len({len(sheet) for sheet in ratings}) > 1:
        raise ValueError("a cut needs ratings of the same questions by three judges")
    means = tuple(Fraction(sum(sheet), len(sheet)) for sheet in ratings)
    number, total = len(means), sum(means, Fraction(0))
    cut = total / number
    variance = sum(((mean - cut) ** 2 for mean in means), Fraction(0)) / (number - 1)
    without = tuple((total - mean) / (number - 1) for mean in means)
    return JudgedCut(cut, variance / number, means, without)
