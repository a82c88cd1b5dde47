"""What was measured beside its bar, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from lms.loadtest.measures import aligned


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` against `bar` and `goal`, none where it could not be measured; `numbers` says what it was made of."""

    number: str
    """Of spec/performance 2."""
    what: str
    value: float | None
    bar: float
    goal: float
    numbers: str = ""

    @property
    def verdict(self) -> str:
        """Say whether bar and goal are met."""
        if self.number == "-":
            return ""
        if self.value is None:
            return "not measured"
        if self.value <= self.goal:
            return "goal met"
        return "met" if self.value <= self.bar else "NOT MET"


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
