"""What was measured beside its bar, as a table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from tests.loadtest.measures import aligned


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` against `bar` and `goal`, none where it could not be measured; `numbers` says what it was made of.

    `bar` is the most that the figure may be, or the least where a higher goal says so.
    """

    number: str
    """Of spec/performance 2, or of the bars of a package's own specification."""
    what: str
    value: float | None
    bar: float
    goal: float
    numbers: str = ""
    binds: bool = True
    """Whether the bar holds on this database, and for this figure; others are told."""

    @property
    def verdict(self) -> str:
        """Return whether bar and goal are met."""
        if self.number == "-":
            return ""
        if self.value is None:
            return "not measured"
        sign = -1 if self.goal > self.bar else 1
        if sign * self.value <= sign * self.goal:
            return "goal met"
        if sign * self.value <= sign * self.bar:
            return "met"
        return "NOT MET" if self.binds else "told"

    def recorded(self) -> dict[str, Any]:
        """Return what docs/figures keeps of it."""
        return {**asdict(self), "verdict": self.verdict}


BIND_ON_SQLITE = frozenset({"P1", "P3", "P9", "P10", "P25"})
"""The bars that a database whose server shares the cores is only measured by (spec/performance, after the table)."""


def told_where_no_bar_binds(rows: Sequence[Row], database: str) -> list[Row]:
    """Return the rows, of which those whose bar does not hold on this database are told and judge nothing."""
    binds = database == "sqlite"
    return [replace(row, binds=row.binds and (binds or row.number not in BIND_ON_SQLITE)) for row in rows]


def ratio(
    number: str, what: str, pairs: Sequence[tuple[float, float]], bar: float, goal: float, unit: str = "ms", scale: float = 1000
) -> Row:
    """Make a row of pairs (product, floor): the median of the rounds' ratios, and both medians."""
    value = median(one / other for one, other in pairs)
    ours, floor = (median(pair[side] for pair in pairs) * scale for side in (0, 1))
    return Row(number, what, value, bar, goal, f"{ours:.2f} {unit} against {floor:.2f} {unit}")


def formatted(rows: Sequence[Row], database: str) -> str:
    """Write the table."""
    lines = [("#", "what", "measured", "bar", "goal", "", "of")]
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.2f}"
        lines.append((row.number, row.what, value, f"{row.bar:g}", f"{row.goal:g}", row.verdict, row.numbers))
    return "\n".join([f"On {database}:", *aligned(lines)])
