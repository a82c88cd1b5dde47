"""The answers of the best, the middle and the last third of a class to a question (spec/selection 2.7)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.analysis import Group, ItemResponses, ResponseClass, groups_of

Thirds = tuple[int, int, int]
"""Counts of the best, the middle and the last third."""


@dataclass(frozen=True, slots=True)
class AnswerThirds:
    """The number of attempts in each third, and of those that gave each class of answers, in the order of the classes."""

    sizes: Thirds
    counts: tuple[Thirds, ...]


def answer_thirds(responses: Sequence[ItemResponses], classes: Sequence[ResponseClass]) -> AnswerThirds:
    """Count each class of answers by third of the attempts, ordered by their result in the rest.

    Attempts with equal rests stand in one third, the one in which their middle falls.
    """
    places = _places(responses)
    sizes = [0, 0, 0]
    counted: dict[Group, list[int]] = {}
    for response in responses:
        third = places[response.rest]
        sizes[third] += response.count
        for group in groups_of(response.marking):
            counted.setdefault(group, [0, 0, 0])[third] += response.count
    counts = [
        counted.get((response_class.part, response_class.matched, response_class.state, response_class.credit), [0, 0, 0])
        for response_class in classes
    ]
    return AnswerThirds(_thirds(sizes), tuple(_thirds(count) for count in counts))


def _thirds(counts: Sequence[int]) -> Thirds:
    best, middle, last = counts
    return best, middle, last


def _places(responses: Sequence[ItemResponses]) -> Mapping[Fraction, int]:
    """Return the third of each rest: 0 the best, 2 the last."""
    by_rest: Counter[Fraction] = Counter()
    for response in responses:
        by_rest[response.rest] += response.count
    whole, before, places = by_rest.total(), 0, {}
    for rest in sorted(by_rest, reverse=True):
        places[rest] = min(2, 3 * (2 * before + by_rest[rest]) // (2 * whole))
        before += by_rest[rest]
    return places
