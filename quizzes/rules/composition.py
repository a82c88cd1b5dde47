"""The positions of a quiz: those that its layouts have in common, and the one of each attempt item (spec/quiz-engine 5.12).

A fixed question is one position, a draw of n questions is n. Layouts whose positions are alike may be analysed together, whatever
versions their questions are of: a correction of a question leaves the positions as they are.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.layout import Entry, SlotEntry


@dataclass(frozen=True, slots=True)
class Position:
    """A place for a question: its number from 1, the key of its question ("": drawn), and which of how many draws it is."""

    number: int
    question: str
    draw: int = 1
    draws: int = 1


@dataclass(frozen=True, slots=True)
class Composition:
    """The positions of an attempt layout; ``name`` is the same for all layouts that may be analysed together."""

    name: str
    positions: tuple[Position, ...]
    pools: tuple[frozenset[int], ...]
    """For each position the question versions that may stand there."""

    @property
    def is_drawn(self) -> bool:
        """Return whether attempts may have other questions than each other."""
        return any(len(pool) > 1 for pool in self.pools)


def composition_of(entries: Iterable[Entry]) -> Composition:
    """Return the positions of a published quiz; descriptions are none."""
    positions: list[Position] = []
    pools: list[frozenset[int]] = []
    described: list[str] = []
    for slot in entries:
        if not isinstance(slot, SlotEntry) or not slot.pool[0].numbered:
            continue
        fixed = slot.pool[0].question if len(slot.pool) == 1 else ""
        for draw in range(1, slot.count + 1):
            positions.append(Position(len(positions) + 1, fixed, draw, slot.count))
            pools.append(frozenset(candidate.version for candidate in slot.pool))
        described.append(f"{fixed}:{slot.count}:{_mark_of(slot)}")
    name = hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]
    return Composition(name, tuple(positions), tuple(pools))


def _mark_of(slot: SlotEntry) -> Fraction | str:
    marks = {candidate.mark for candidate in slot.pool}
    return slot.mark if slot.mark is not None else marks.pop() if len(marks) == 1 else "own"


def seats_of(pools: Sequence[frozenset[int]], versions: Sequence[int]) -> tuple[int | None, ...]:
    """Find a position for each question of an attempt, in the order of the positions; None for one that fits nowhere.

    Where pools overlap, questions move over to make room, so that all find a position that can.
    """
    taken: dict[int, int] = {}
    for item in range(len(versions)):
        _assign_position(item, versions, pools, taken, set())
    seats = {item: position for position, item in taken.items()}
    return tuple(seats.get(item) for item in range(len(versions)))


def _assign_position(item: int, versions: Sequence[int], pools: Sequence[frozenset[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Give an item a free position, or one whose item finds another (the augmenting paths of Kuhn 1955)."""
    fitting = [position for position, pool in enumerate(pools) if versions[item] in pool and position not in tried]
    for position in fitting:
        if position not in taken:
            taken[position] = item
            return True
    for position in fitting:
        tried.add(position)
        if _assign_position(taken[position], versions, pools, taken, tried):
            taken[position] = item
            return True
    return False


def newest_with(compositions: Mapping[int, Composition], counts: Mapping[int, int]) -> str:
    """Return the name of the newest composition that has attempts, of quiz versions by id, oldest first; "" without any."""
    return next((compositions[version].name for version in reversed([*compositions]) if counts.get(version)), "")
