"""The pass mark that judges set by Angoff's method: each judges how many of 100 people who just deserve to pass answer a question rightly.

spec/selection 3.10 and 3.11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

LEAST_JUDGES = 3
ADVISED_JUDGES = 5
STEP = 5
RATINGS = tuple(range(0, 101, STEP))
"""What a judge may say of a question, in percent."""
FAR = 2
"""So many standard errors a pass mark may lie from the cut without a reason."""


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

    def needs_reason(self, pass_mark: Fraction) -> bool:
        """Return whether a pass mark is so far from the cut that whoever chooses it has to say why; compared exactly."""
        return (pass_mark - self.cut) ** 2 > FAR**2 * self.error_variance


def cut_of(ratings: Sequence[Sequence[int]]) -> JudgedCut:
    """Return what judges say together, from the ratings of each of them; at least LEAST_JUDGES, all of the same questions."""
    if len(ratings) < LEAST_JUDGES or not ratings[0] or len({len(sheet) for sheet in ratings}) > 1:
        raise ValueError("a cut needs ratings of the same questions by three judges")
    means = tuple(Fraction(sum(sheet), len(sheet)) for sheet in ratings)
    number, total = len(means), sum(means, Fraction(0))
    cut = total / number
    variance = sum(((mean - cut) ** 2 for mean in means), Fraction(0)) / (number - 1)
    without = tuple((total - mean) / (number - 1) for mean in means)
    return JudgedCut(cut, variance / number, means, without)
