"""The blueprint of a quiz (spec/selection 1.1), and the most profitable filling of its draws."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import lcm

Profits = Sequence[Mapping[int, int]]
"""For each class the profit of one of its questions in each draw that may take it."""
Chosen = dict[tuple[int, int], int]
"""By draw and class, how many."""


def most_profitable(counts: Sequence[int], sizes: Sequence[int], profits: Profits) -> Chosen | None:
    """Return how many questions each draw takes of each class so that the sum of profits is greatest; None where it cannot be filled."""
    chosen: Chosen = {}
    for draws, classes in _parts(len(counts), profits):
        taken = _alone(draws[0], counts, sizes, profits, classes) if len(draws) == 1 else _flow(draws, classes, counts, sizes, profits)
        if taken is None:
            return None
        chosen.update(taken)
    return chosen


def _parts(number: int, profits: Profits) -> Iterator[tuple[list[int], list[int]]]:
    """Yield draws that share classes, each group with its classes."""
    group = list(range(number))
    for own in profits:
        groups = {group[draw] for draw in own}
        group = [min(groups) if each in groups else each for each in group]
    for name in sorted(set(group)):
        yield (
            [draw for draw in range(number) if group[draw] == name],
            [at for at, own in enumerate(profits) if any(group[draw] == name for draw in own)],
        )


def _alone(draw: int, counts: Sequence[int], sizes: Sequence[int], profits: Profits, classes: Sequence[int]) -> Chosen | None:
    left, chosen = counts[draw], Chosen()
    for at in sorted(classes, key=lambda class_index: (-profits[class_index][draw], class_index)):
        chosen[draw, at] = min(left, sizes[at])
        left -= chosen[draw, at]
    return None if left else {pair: count for pair, count in chosen.items() if count}


def _flow(draws: Sequence[int], classes: Sequence[int], counts: Sequence[int], sizes: Sequence[int], profits: Profits) -> Chosen | None:
    chosen: Chosen = {}
    left, room = {draw: counts[draw] for draw in draws}, {at: sizes[at] for at in classes}
    while any(left.values()):
        path = _best_path(left, room, chosen, classes, profits)
        if path is None:
            return None
        _send(path, left, room, chosen)
    return {pair: count for pair, count in chosen.items() if count}


def _best_path(
    left: Mapping[int, int], room: Mapping[int, int], chosen: Chosen, classes: Sequence[int], profits: Profits
) -> list[tuple[int, int]] | None:
    """Return the steps (draw, class) of the path of greatest profit from a draw that wants more to a class that has room.

    Between two steps the class before gives back one that the next draw had taken of it.
    """
    best: dict[int, int] = {draw: 0 for draw, count in left.items() if count}
    reached: dict[int, tuple[int, int]] = {}
    came: dict[int, int] = {}
    waiting = deque(best)
    while waiting:
        draw = waiting.popleft()
        for at in classes:
            if draw not in profits[at] or (at in reached and best[draw] + profits[at][draw] <= reached[at][0]):
                continue
            reached[at] = best[draw] + profits[at][draw], draw
            for other in profits[at]:
                back = reached[at][0] - profits[at][other]
                if chosen.get((other, at)) and (other not in best or back > best[other]):
                    best[other], came[other] = back, at
                    waiting.append(other)
    ends = [(profit, -at) for at, (profit, _draw) in reached.items() if room[at]]
    if not ends:
        return None
    steps, at = [], -max(ends)[1]
    while True:
        draw = reached[at][1]
        steps.append((draw, at))
        if draw not in came:
            return steps[::-1]
        at = came[draw]


def _send(path: Sequence[tuple[int, int]], left: dict[int, int], room: dict[int, int], chosen: Chosen) -> None:
    """Send as many along a path as it takes."""
    first, last = path[0][0], path[-1][1]
    returned = [(after[0], before[1]) for before, after in pairwise(path)]
    amount = min([left[first], room[last], *(chosen[pair] for pair in returned)])
    for pair in path:
        chosen[pair] = chosen.get(pair, 0) + amount
    for pair in returned:
        chosen[pair] -= amount
    left[first] -= amount
    room[last] -= amount


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


def sums_off(lines: Iterable[BlueprintWeight]) -> dict[tuple[str, ...], Fraction]:
    """Return the sums by kind of the lines whose weights do not sum to 100 within their tolerances (spec/selection 1.3)."""
    kinds: defaultdict[tuple[str, ...], list[BlueprintWeight]] = defaultdict(list)
    for line in lines:
        kinds[line.kind].append(line)
    totals = {kind: (sum(line.weight for line in own), sum(line.tolerance for line in own)) for kind, own in kinds.items()}
    return {kind: Fraction(total) for kind, (total, slack) in totals.items() if abs(total - WHOLE) > slack}


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
