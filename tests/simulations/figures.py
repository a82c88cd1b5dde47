"""A simulated figure beside the stated one, how far they may lie apart by chance, and the table of all."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from tests.loadtest.measures import aligned

DEVIATIONS = 4
"""So many standard errors apart a figure is out: of a hundred figures one in 150 runs with other seeds."""


@dataclass(frozen=True, slots=True)
class RunSize:
    """How much is simulated: draw tables and sets of each, classes of decisions, of guessing and of item analysis, and people.

    `largest` is the largest class of decisions.
    """

    name: str
    tables: int
    sets: int
    decisions: int
    largest: int
    guessing: int
    classes: int
    people: int


WHOLE = RunSize("whole", 8, 1500, 200, 2000, 5000, 200, 100_000)
SHORT = RunSize("short", 3, 300, 12, 400, 400, 20, 6000)
TINY = RunSize("tiny", 2, 20, 2, 48, 8, 1, 200)
SIZES = {size.name: size for size in (SHORT, WHOLE)}


@dataclass(frozen=True, slots=True)
class SimulatedFigure:
    """A figure: the rule that states it, what it is of, its stated and its found value, and how far apart they may be.

    Where `is_most`, the stated value is the greatest that holds, and only more than that is out.
    """

    rule: str
    what: str
    stated: float
    found: float
    tolerance: float
    is_most: bool = False

    @property
    def verdict(self) -> str:
        """Return whether the figure holds."""
        apart = self.found - self.stated
        return "holds" if (apart if self.is_most else abs(apart)) <= self.tolerance else "OUT"

    def recorded(self) -> dict[str, Any]:
        """Return what docs/figures keeps of it."""
        return {**asdict(self), "verdict": self.verdict}


def share_tolerance(stated: float, found: float, *counts: float) -> float:
    """Return how far apart two shares may be by chance that are of so many cases each; a share of nothing counts as of one case."""
    share = max((stated + found) / 2, 1 / max(counts))
    return DEVIATIONS * sqrt(share * (1 - share) * sum(1 / count for count in counts))


def mean_tolerance(values: Sequence[float], stated_count: int, least: float = 0.0) -> float:
    """Return how far apart two means may be, of these values and of so many others that are spread alike."""
    mean = sum(values) / len(values)
    variance = sum((one - mean) ** 2 for one in values) / max(1, len(values) - 1)
    return max(least, DEVIATIONS * sqrt(variance * (1 / len(values) + 1 / stated_count)))


def formatted(figures: Iterable[SimulatedFigure]) -> str:
    """Write the table."""
    lines = [("rule", "figure", "stated", "found", "tolerance", "verdict")]
    for one in figures:
        most = "at most " if one.is_most else ""
        lines.append((one.rule, one.what, f"{most}{one.stated:.4f}", f"{one.found:.4f}", f"{one.tolerance:.4f}", one.verdict))
    return "\n".join(aligned(lines))
