"""Measurements: how long each step waited, and how much was done in a second. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FIGURES = (
    ("requests", "requests/s, deadline's worst minute", 200.0),
    ("requests", "requests/s, the same with all seven modules", 452.0),
    ("commits", "commits/s, deadline's worst minute", 146.0),
    ("commits", "commits/s, the same with all seven modules", 335.0),
    ("sign-in", "sign-ins/s, exam at nine", 60.0),
    ("start", "starts/s, exam at nine", 50.0),
    ("save", "saves/s, exam at nine", 200.0),
    ("submit", "submissions/s, at the bell", 300.0),
)
"""Rates for which the product is planned."""
COMMITS = {"sign-in": 2, "lesson": 1, "done": 1, "start": 1, "save": 1, "submit": 1}
"""Commits that a step costs, reckoned and not counted: the notes of a first visit and of a sign-in among them (spec/performance P8)."""


def percentile(times: Sequence[float], part: float) -> float:
    """Return the time that a part of all stays within, nearest rank; 0.0 of none."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


@dataclass
class Measures:
    """Waiting times in seconds by step, each with its moment, and what went wrong."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    moments: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    asked_to_wait: int = 0
    """How often somebody who was not in yet was told that too many come at once."""

    def note(self, step: str, at: float, waited: float) -> None:
        """Record a response: when it arrived, in seconds from the beginning, and how long the client waited for it."""
        self.waits[step].append(waited)
        self.moments[step].append(at)

    @property
    def answered(self) -> int:
        """Count the answers."""
        return sum(map(len, self.waits.values()))

    def rates(self, window: float) -> dict[str, float]:
        """Return what was done in a second, by the names of `FIGURES`, in the busiest window of so many seconds."""
        rates = {step: busiest(moments, window) / window for step, moments in self.moments.items()}
        rates["requests"] = busiest([moment for moments in self.moments.values() for moment in moments], window) / window
        writes = [moment for step, moments in self.moments.items() for moment in moments * COMMITS.get(step, 0)]
        rates["commits"] = busiest(writes, window) / window
        return {name: rates.get(name, 0.0) for name, _words, _figure in FIGURES}


def busiest(moments: Sequence[float], window: float) -> int:
    """Return the greatest number of moments within any window of so many seconds."""
    ordered, most, first = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def table(measures: Measures) -> list[str]:
    """Write a line for each step, slowest first by its p95."""
    rows = [("step", "answers", "p50", "p95", "p99", "longest")]
    for step, waits in sorted(measures.waits.items(), key=lambda pair: -percentile(pair[1], 0.95)):
        p50, p95, p99 = (f"{percentile(waits, part) * 1000:.0f} ms" for part in (0.5, 0.95, 0.99))
        rows.append((step, str(len(waits)), p50, p95, p99, f"{max(waits):.2f} s"))
    return aligned(rows)


def shares(rates: Mapping[str, float]) -> list[str]:
    """Write each rate beside the figure for which the product is planned."""
    rows = [("reached", "planned", "share", "of")]
    for name, title, figure in FIGURES:
        rows.append((f"{rates[name]:.1f}", f"{figure:.0f}", f"{rates[name] / figure:.0%}", title))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows of words in columns of equal width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
