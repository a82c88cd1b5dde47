"""The differences between an acta and the results as they are now, line by line (spec/selection 4.10)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selections.rules.ranking import RankedPerson, two_decimals

_SHOWN = ("outcome", "percent", "shown", "rank")
"""The figures of a line that decide about its person; error, bands and attempts follow from them and from others'."""
DECIDED = ("objections", "incidents")
BY_HAND = "by_hand"
"""What was done by hand on the attempts of a line; it explains a difference and is none."""


@dataclass(frozen=True, slots=True)
class LineDifference:
    """A person whose line would differ: figures before and after; `before` is empty for who was not in it, `after` for who would not be."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def of_result(self) -> bool:
        """Return whether the unrounded result differs."""
        return self._has_both and self.before.get("percent") != self.after.get("percent")

    @property
    def of_outcome(self) -> bool:
        """Return whether the outcome differs."""
        return self._has_both and self.before.get("outcome") != self.after.get("outcome")

    @property
    def of_rank(self) -> bool:
        """Return whether the rank differs."""
        return self._has_both and self.before.get("rank") != self.after.get("rank")

    @property
    def of_others(self) -> bool:
        """Return whether what a jury decided differs, or whether the person would come or go."""
        return not self._has_both or any(self.before.get(name) != self.after.get(name) for name in DECIDED)

    @property
    def _has_both(self) -> bool:
        return bool(self.before) and bool(self.after)

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return self.of_result or self.of_outcome or self.of_rank or self.of_others


@dataclass(frozen=True, slots=True)
class DifferenceCounts:
    """The numbers of people who would have another result, another outcome, another rank, or something else."""

    results: int = 0
    outcomes: int = 0
    ranks: int = 0
    others: int = 0

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.results or self.outcomes or self.ranks or self.others)


def line_figures(person: RankedPerson, decided: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a person's line that are compared, as the text of a line has them."""
    figures: dict[str, Any] = {"outcome": person.outcome.value, **{name: list(decided.get(name, ())) for name in DECIDED}}
    figures |= {BY_HAND: decided[BY_HAND]} if BY_HAND in decided else {}
    if person.percent is not None:
        figures |= {"percent": str(person.percent), "shown": two_decimals(person.percent), "rank": person.rank}
    return figures


def frozen_figures(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a line as it was frozen that are compared."""
    return {name: fields[name] for name in (*_SHOWN, *DECIDED, BY_HAND) if name in fields}


def compare_lines(before: Mapping[int, Mapping[str, Any]], after: Mapping[int, Mapping[str, Any]]) -> dict[int, LineDifference]:
    """Return the differences of two lists of figures, each by the number of the take; in the order of the first, then of who is new."""
    pairs = {key: LineDifference(figures, after.get(key, {})) for key, figures in before.items()}
    pairs |= {key: LineDifference({}, figures) for key, figures in after.items() if key not in before}
    return {key: difference for key, difference in pairs.items() if difference}


def count_differences(differences: Iterable[LineDifference]) -> DifferenceCounts:
    """Count how many lines differ in what."""
    lines = list(differences)
    return DifferenceCounts(
        results=sum(line.of_result for line in lines),
        outcomes=sum(line.of_outcome for line in lines),
        ranks=sum(line.of_rank for line in lines),
        others=sum(line.of_others for line in lines),
    )


def weightiest(differences: Sequence[LineDifference], most: int) -> list[LineDifference]:
    """Return some of the differences: other outcomes first, then other results, then ranks alone; each kind in its order."""
    return sorted(differences, key=lambda difference: (not difference.of_outcome, not difference.of_result, not difference.of_others))[
        :most
    ]
