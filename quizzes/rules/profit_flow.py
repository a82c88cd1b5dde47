"""The most profitable filling of draws from classes of questions that are alike: a transport problem in whole numbers.

Draws that share no class are filled by themselves, the best first; the others by successive paths of greatest profit (Ahuja, Magnanti and
Orlin 1993, «Network flows», 9.7), which are exact for whole numbers.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

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
