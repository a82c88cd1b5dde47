"""Filling the slots of a layout with questions that may not meet: variants of one family, and enemies (spec/selection 1.7 and 1.8).

Each slot takes the question that it wants most among those that may still stand; where a later slot then finds none, the last choice
is changed, and so on. The search is given up after STEPS choices, which the check of the quiz notices before anybody starts it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

STEPS = 50_000


class Exclusive(Protocol):
    """A question that may stand beside some and not beside others."""

    @property
    def question(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def enemies(self) -> frozenset[str]: ...


Kept = TypeVar("Kept", bound=Exclusive)


@dataclass(slots=True)
class _Selected:
    """The questions and families that are taken, and how many of them exclude each question."""

    questions: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    excluded: Counter[str] = field(default_factory=Counter)

    def allows(self, one: Exclusive) -> bool:
        return (
            one.question not in self.questions
            and one.family not in self.families
            and not self.excluded[one.question]
            and self.questions.isdisjoint(one.enemies)
        )

    def add(self, one: Exclusive) -> None:
        self.questions.add(one.question)
        self.excluded.update(one.enemies)
        if one.family:
            self.families.add(one.family)

    def remove(self, one: Exclusive) -> None:
        self.questions.discard(one.question)
        self.excluded.subtract(one.enemies)
        self.families.discard(one.family)


@dataclass(slots=True)
class _Search:
    """The search: of each slot what it wants, the best first, and of which entry it is; slots of an entry stand together."""

    wanted: Sequence[Sequence[Exclusive]]
    entries: Sequence[int]
    taken: _Selected = field(default_factory=_Selected)
    chosen: list[int] = field(default_factory=list)
    steps: int = 0
    deepest: int = 0

    def fill(self) -> bool:
        """Fill the slots from the next one on."""
        slot = len(self.chosen)
        self.deepest = max(self.deepest, slot)
        if slot == len(self.wanted):
            return True
        follows = slot > 0 and self.entries[slot] == self.entries[slot - 1]
        for at in range(self.chosen[-1] + 1 if follows else 0, len(self.wanted[slot])):
            one = self.wanted[slot][at]
            if not self.taken.allows(one):
                continue
            self.steps += 1
            if self.steps > STEPS:
                return False
            self.taken.add(one)
            self.chosen.append(at)
            if self.fill():
                return True
            self.chosen.pop()
            self.taken.remove(one)
        return False


def fill_apart(wanted: Sequence[Sequence[Kept]], entries: Sequence[int]) -> list[Kept] | int:
    """Return a question for each slot, none of which may not stand beside another; else the first slot that remained empty."""
    search = _Search(wanted, entries)
    if not search.fill():
        return search.deepest
    return [own[at] for own, at in zip(wanted, search.chosen, strict=True)]


def may_not_meet(one: Exclusive, other: Exclusive) -> bool:
    """Return whether two questions exclude each other."""
    return (one.family != "" and one.family == other.family) or other.question in one.enemies or one.question in other.enemies
