"""The blueprint of a quiz: the share of the marks of each objective, level and difficulty (spec/selection 1.1 to 1.3).

The share of a line is the sum of the marks of the questions that fit it, over the sum of all marks. Its least and its most over all
question sets are found exactly: questions that are alike are counted together, draws that share none are looked at one by one, and the
others by a flow of greatest profit. Where marks differ the ratio is found by repetition (Dinkelbach 1967, «On nonlinear fractional
programming»). Families and enemies narrow the question sets further: the bounds here are never narrower than the truth.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from quizzes.rules.profit_flow import most_profitable

WHOLE = Fraction(100)


@dataclass(frozen=True, slots=True)
class BlueprintWeight:
    """A share of the marks, in percent, for the questions of an objective, a level, a difficulty or several of these at once."""

    weight: Fraction
    objective: str = ""
    level: str = ""
    difficulty: str = ""
    tolerance: Fraction = Fraction(0)

    @property
    def kind(self) -> tuple[str, ...]:
        """Return which of the three it names: lines of a kind divide the marks among themselves."""
        return tuple(name for name in ("objective", "level", "difficulty") if getattr(self, name))

    def fits(self, item: "BlueprintItem") -> bool:
        """Return whether a question counts for it."""
        return all(getattr(self, name) == getattr(item, name) for name in self.kind)


@dataclass(frozen=True, slots=True)
class BlueprintItem:
    """A question as the blueprint sees it, with its mark in the draw in which it stands."""

    key: str
    mark: Fraction = Fraction(1)
    objective: str = ""
    level: str = ""
    difficulty: str = ""


@dataclass(frozen=True, slots=True)
class BlueprintDraw:
    """A draw of ``count`` questions; a fixed question is a draw of one from one."""

    count: int
    items: tuple[BlueprintItem, ...]


@dataclass(frozen=True, slots=True)
class ShareRange:
    """The least and the most percent that a line has over all question sets, with a question set that has each."""

    least: Fraction
    most: Fraction
    least_set: tuple[str, ...] = ()
    most_set: tuple[str, ...] = ()

    def breaks(self, line: BlueprintWeight) -> tuple[str, ...]:
        """Return a question set that is outside the line's tolerance; empty where there is none."""
        if self.least < line.weight - line.tolerance:
            return self.least_set
        return self.most_set if self.most > line.weight + line.tolerance else ()


@dataclass(frozen=True, slots=True)
class KindSum:
    """The lines of one kind and the sum of their weights, which is not 100 within their tolerances."""

    kind: tuple[str, ...]
    total: Fraction


def sums_off(lines: Iterable[BlueprintWeight]) -> tuple[KindSum, ...]:
    """Return the kinds of lines whose weights do not sum to 100 within their tolerances (spec/selection 1.3)."""
    kinds: defaultdict[tuple[str, ...], list[BlueprintWeight]] = defaultdict(list)
    for line in lines:
        kinds[line.kind].append(line)
    totals = {kind: (sum(line.weight for line in own), sum(line.tolerance for line in own)) for kind, own in kinds.items()}
    return tuple(KindSum(kind, Fraction(total)) for kind, (total, slack) in totals.items() if abs(total - WHOLE) > slack)


def share_range(draws: Sequence[BlueprintDraw], line: BlueprintWeight) -> ShareRange | None:
    """Return the least and the most share of a line over all question sets; None where the draws cannot be filled or give no marks."""
    least, most = _extreme(draws, line, -1), _extreme(draws, line, 1)
    return None if least is None or most is None else ShareRange(least[0], most[0], least[1], most[1])


@dataclass(slots=True)
class _Alike:
    """Questions that stand in the same draws with the same marks and fit the line alike."""

    fits: bool
    marks: Mapping[int, Fraction]
    keys: list[str] = field(default_factory=list)


def _alike(draws: Sequence[BlueprintDraw], line: BlueprintWeight) -> list[_Alike]:
    marks: defaultdict[str, dict[int, Fraction]] = defaultdict(dict)
    fitting: dict[str, bool] = {}
    for at, draw in enumerate(draws):
        for item in draw.items:
            marks[item.key][at] = item.mark
            fitting[item.key] = line.fits(item)
    by_marks: dict[tuple[bool, tuple[tuple[int, Fraction], ...]], _Alike] = {}
    for key, own in marks.items():
        by_marks.setdefault((fitting[key], tuple(own.items())), _Alike(fitting[key], own)).keys.append(key)
    return list(by_marks.values())


def _extreme(draws: Sequence[BlueprintDraw], line: BlueprintWeight, sign: int) -> tuple[Fraction, tuple[str, ...]] | None:
    """Return the greatest share (sign 1) or the least (sign -1), with a question set that has it."""
    classes = _alike(draws, line)
    common = lcm(*(mark.denominator for alike in classes for mark in alike.marks.values()), 1)
    marks = [{at: int(mark * common) for at, mark in alike.marks.items()} for alike in classes]
    ratio, best = Fraction(0), tuple[str, ...]()
    while True:
        weights = [sign * (alike.fits * ratio.denominator - ratio.numerator) for alike in classes]
        profits = [{at: weight * mark for at, mark in own.items()} for weight, own in zip(weights, marks, strict=True)]
        chosen = most_profitable([draw.count for draw in draws], [len(alike.keys) for alike in classes], profits)
        if chosen is None:
            return None
        taken, whole, fitting = _keys_and_marks(classes, chosen)
        if whole <= 0:
            return None
        new_ratio = fitting / whole
        if best and sign * (new_ratio - ratio) <= 0:
            return ratio * WHOLE, best
        ratio, best = new_ratio, taken


def _keys_and_marks(classes: Sequence[_Alike], chosen: Mapping[tuple[int, int], int]) -> tuple[tuple[str, ...], Fraction, Fraction]:
    """Return the keys that a flow takes, the sum of their marks, and that of those that fit."""
    used = [0] * len(classes)
    keys: list[tuple[int, str]] = []
    whole = fitting = Fraction(0)
    for (draw, at), count in sorted(chosen.items()):
        alike = classes[at]
        keys += [(draw, key) for key in alike.keys[used[at] : used[at] + count]]
        used[at] += count
        whole += alike.marks[draw] * count
        fitting += alike.marks[draw] * count * alike.fits
    return tuple(key for _draw, key in keys), whole, fitting


def counts_by_weight(weights: Sequence[Fraction], number: int) -> tuple[int, ...]:
    """Divide a number of questions by weights, the largest remainders first."""
    whole = sum(weights, Fraction(0))
    if not whole:
        return (0,) * len(weights)
    exact = [weight * number / whole for weight in weights]
    counts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda at: (counts[at] - exact[at], at))
    for at in order[: number - sum(counts)]:
        counts[at] += 1
    return tuple(counts)
