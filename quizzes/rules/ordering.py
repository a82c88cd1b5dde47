"""The named rules of an ordering (spec/quiz-engine 5.7), as Moodle's question type computes them; each item gets its own share.

Positions are numbers: ``places[i]`` is the right place of the item that the learner put in place i.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from quizzes.rules.definitions import OrderingRule


def ordering_shares(rule: OrderingRule, places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Return the share in [0, 1] of each item in the learner's order; None for an item that the rule leaves out.

    ``places`` is a permutation of 0 … n−1.
    """
    return _ORDERING_RULES[rule](places)


def share_of_ordering(rule: OrderingRule, places: Sequence[int]) -> Fraction:
    """Return the mean of the shares that count; with fewer than two items there is nothing to order and it is 0."""
    counted = [share for share in ordering_shares(rule, places) if share is not None]
    return sum(counted, Fraction(0)) / len(counted) if len(places) > 1 else Fraction(0)


def _all_in_order(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple([Fraction(list(places) == sorted(places))] * len(places))


def _absolute_position(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(Fraction(position == at) for at, position in enumerate(places))


def _relative_to_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point for the right successor; the item that comes last in the right order has none."""
    last = len(places) - 1
    return tuple(None if position == last else Fraction(_next(places, at) == position + 1) for at, position in enumerate(places))


def _relative_to_next_and_last(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(Fraction(_next(places, at) == position + 1) for at, position in enumerate(places))


def _one_previous_and_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(
        Fraction((_previous(places, at) == position - 1) + (_next(places, at) == position + 1), 2) for at, position in enumerate(places)
    )


def _all_previous_and_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    others = len(places) - 1
    return tuple(Fraction(_on_right_side(places, at), others) if others else None for at in range(len(places)))


def _longest_ordered(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point to each item of the longest subset in the right order (the first such, at least two items)."""
    best: list[list[int]] = []
    for at, position in enumerate(places):
        before = [chain for chain in best if places[chain[-1]] < position]
        best.append([*max(before, key=len, default=[]), at])
    return _points(places, max(best, key=len, default=[]))


def _longest_contiguous(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point to each item of the longest run of items that stand side by side as they should (at least two)."""
    best: list[int] = []
    run: list[int] = []
    for at, position in enumerate(places):
        run = [*run, at] if run and places[run[-1]] == position - 1 else [at]
        best = run if len(run) > len(best) else best
    return _points(places, best)


def _relative_to_correct(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    others = len(places) - 1
    return tuple(Fraction(others - abs(at - position), others) if others else None for at, position in enumerate(places))


def _points(places: Sequence[int], chosen: list[int]) -> tuple[Fraction | None, ...]:
    counted = frozenset(chosen) if len(chosen) > 1 else frozenset()
    return tuple(Fraction(at in counted) for at in range(len(places)))


def _next(places: Sequence[int], at: int) -> int:
    """Return the right place of the following item; after the last one the place that follows all."""
    return places[at + 1] if at + 1 < len(places) else len(places)


def _previous(places: Sequence[int], at: int) -> int:
    return places[at - 1] if at else -1


def _on_right_side(places: Sequence[int], at: int) -> int:
    """Count the items that stand on the side of this one where they should."""
    return sum((other < at) == (places[other] < places[at]) for other in range(len(places)) if other != at)


_ORDERING_RULES: Mapping[OrderingRule, Callable[[Sequence[int]], tuple[Fraction | None, ...]]] = {
    OrderingRule.ALL_OR_NOTHING: _all_in_order,
    OrderingRule.ABSOLUTE_POSITION: _absolute_position,
    OrderingRule.RELATIVE_TO_NEXT: _relative_to_next,
    OrderingRule.RELATIVE_TO_NEXT_AND_LAST: _relative_to_next_and_last,
    OrderingRule.ONE_PREVIOUS_AND_NEXT: _one_previous_and_next,
    OrderingRule.ALL_PREVIOUS_AND_NEXT: _all_previous_and_next,
    OrderingRule.LONGEST_ORDERED: _longest_ordered,
    OrderingRule.LONGEST_CONTIGUOUS: _longest_contiguous,
    OrderingRule.RELATIVE_TO_CORRECT: _relative_to_correct,
}
