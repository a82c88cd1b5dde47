"""Three-way merge of texts, line by line: what two people made of the same text, put together where they did not touch the same lines.

The lines that a text shares with the common base come from difflib (decision 15). Between two stretches that all three share there is a
region which one changed, both changed alike, or both changed differently: only the last is a conflict.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_LINES = 5_000
"""Of a text between its first and last change.

What is longer is compared as one piece, because looking for its best pairs could take minutes.
"""

Lines = tuple[str, ...]
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class RegionState(StrEnum):
    """The merge state of a region of text."""

    COMMON = "common"
    """Both have the same, changed or not."""
    MINE = "mine"
    THEIRS = "theirs"
    CONFLICT = "conflict"


class MergeSide(StrEnum):
    """The side whose lines are taken in a conflict."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class MergeRegion:
    """A stretch of lines as it was and as each side has it now, each with its line end; a side that removed it has none."""

    agreement: RegionState
    base: Lines
    mine: Lines
    theirs: Lines

    @property
    def is_conflict(self) -> bool:
        """Say whether both changed it, and differently."""
        return self.agreement is RegionState.CONFLICT

    def lines_of(self, side: MergeSide) -> Lines:
        """Return the lines of a side where there is a conflict, else those that the merge has."""
        if self.is_conflict:
            return self.mine if side is MergeSide.MINE else self.theirs
        return self.theirs if self.agreement is RegionState.THEIRS else self.mine


@dataclass(frozen=True, slots=True)
class ThreeWayMerge:
    """Three texts as regions in order: together they hold every line of each."""

    regions: tuple[MergeRegion, ...]

    @property
    def conflicts(self) -> tuple[MergeRegion, ...]:
        """Return the regions that need a decision."""
        return tuple(region for region in self.regions if region.is_conflict)

    @property
    def text(self) -> str | None:
        """Return the merged text, None where there are conflicts."""
        return None if self.conflicts else self.preferring(MergeSide.MINE)

    def preferring(self, side: MergeSide) -> str:
        """Return the merged text with one side's lines in every conflict."""
        return "".join(line for region in self.regions for line in region.lines_of(side))

    def resolved(self, answers: Mapping[int, str]) -> str | None:
        """Return the merged text with a text for each conflict, counted from 0; None where one has no answer."""
        pieces: list[str] = []
        conflicts = 0
        for region in self.regions:
            if not region.is_conflict:
                pieces.extend(region.lines_of(MergeSide.MINE))
                continue
            if conflicts not in answers:
                return None
            pieces.append(answers[conflicts])
            conflicts += 1
        return "".join(pieces)


def lines_of(text: str) -> Lines:
    """Split a text after its line feeds alone, so that joining the lines gives the text again."""
    return tuple(_LINE.findall(text))


def merge(base: str, mine: str, theirs: str) -> ThreeWayMerge:
    """Put together what two sides made of a text. Without a common base ('') everything that differs is one conflict."""
    return ThreeWayMerge(tuple(_regions(lines_of(base), lines_of(mine), lines_of(theirs))))


@dataclass(frozen=True, slots=True)
class _Shared:
    """A stretch that all three have: where it begins in each, and its length."""

    base: int
    mine: int
    theirs: int
    size: int


def _regions(base: Lines, mine: Lines, theirs: Lines) -> Iterator[MergeRegion]:
    at = _Shared(0, 0, 0, 0)
    for shared in _shared(base, mine, theirs):
        between = base[at.base : shared.base], mine[at.mine : shared.mine], theirs[at.theirs : shared.theirs]
        if any(between):
            yield MergeRegion(_agreement(*between), *between)
        if shared.size:
            lines = base[shared.base : shared.base + shared.size]
            yield MergeRegion(RegionState.COMMON, lines, lines, lines)
        at = _Shared(shared.base + shared.size, shared.mine + shared.size, shared.theirs + shared.size, 0)


def _agreement(base: Lines, mine: Lines, theirs: Lines) -> RegionState:
    if mine == theirs:
        return RegionState.COMMON
    if mine == base:
        return RegionState.THEIRS
    return RegionState.MINE if theirs == base else RegionState.CONFLICT


def _shared(base: Lines, mine: Lines, theirs: Lines) -> Iterator[_Shared]:
    """Find the stretches that all three have in the same order; the last, empty one stands at the ends."""
    place_in_mine, place_in_theirs = _places(base, mine), _places(base, theirs)
    start = None
    for line in range(len(base) + 1):
        if start is not None and not _goes_on(place_in_mine, place_in_theirs, line):
            yield _Shared(start, place_in_mine[start], place_in_theirs[start], line - start)
            start = None
        if start is None and line in place_in_mine and line in place_in_theirs:
            start = line
    yield _Shared(len(base), len(mine), len(theirs), 0)


def _goes_on(place_in_mine: Mapping[int, int], place_in_theirs: Mapping[int, int], line: int) -> bool:
    """Say whether a line of the base follows the one before it in both sides too."""
    return all(line in places and places[line] == places[line - 1] + 1 for places in (place_in_mine, place_in_theirs))


def _places(base: Lines, side: Lines) -> dict[int, int]:
    """Return where a side has lines of the base, by their number: in the same order, and none twice."""
    head = _alike(base, side)
    tail = _alike(base[head:][::-1], side[head:][::-1])
    places = {line: line for line in range(head)}
    places.update({len(base) - back: len(side) - back for back in range(1, tail + 1)})
    left, right = base[head : len(base) - tail], side[head : len(side) - tail]
    if max(len(left), len(right)) <= MOST_LINES:
        for block in SequenceMatcher(None, left, right).get_matching_blocks():
            places.update({head + block.a + step: head + block.b + step for step in range(block.size)})
    return places


def _alike(lines: Sequence[str], other: Sequence[str]) -> int:
    """Count the lines with which both begin."""
    return next((at for at, pair in enumerate(zip(lines, other, strict=False)) if pair[0] != pair[1]), min(len(lines), len(other)))
