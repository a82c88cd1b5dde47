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

    def allows(self, candidate: Exclusive) -> bool:
        return (
            candidate.question not in self.questions
            and candidate.family not in self.families
            and not self.excluded[candidate.question]
            and self.questions.isdisjoint(candidate.enemies)
        )

    def add(self, candidate: Exclusive) -> None:
        self.questions.add(candidate.question)
        self.excluded.update(candidate.enemies)
        if candidate.family:
            self.families.add(candidate.family)

    def remove(self, candidate: Exclusive) -> None:
        self.questions.discard(candidate.question)
        self.excluded.subtract(candidate.enemies)
        self.families.discard(candidate.family)


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
            candidate = self.wanted[slot][at]
            if not self.taken.allows(candidate):
                continue
            self.steps += 1
            if self.steps > STEPS:
                return False
            self.taken.add(candidate)
            self.chosen.append(at)
            if self.fill():
                return True
            self.chosen.pop()
            self.taken.remove(candidate)
        return False


def fill_apart(candidates: Sequence[Sequence[Kept]], entries: Sequence[int]) -> list[Kept] | int:
    """Return a question for each slot, none of which may not stand beside another; else the first slot that remained empty."""
    search = _Search(candidates, entries)
    if not search.fill():
        return search.deepest
    return [own[at] for own, at in zip(candidates, search.chosen, strict=True)]


def may_not_meet(question: Exclusive, other: Exclusive) -> bool:
    """Return whether two questions exclude each other."""
    return (
        (question.family != "" and question.family == other.family)
        or other.question in question.enemies
        or question.question in other.enemies
    )
