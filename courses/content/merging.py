"""Merges changes that two people made to one text, one file or one folder."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        """Return whether both changed it, and differently."""
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
    """Return whether a line of the base follows the one before it in both sides too."""
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


Checksums = Mapping[str, str]


class FileMergeState(StrEnum):
    """The merge state of a file that differs between the draft and the folder."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    """The folder did it, the draft had it as in the base."""
    KEPT = "kept"
    """The draft was edited since the base and the folder did nothing to it."""
    MERGED = "merged"
    """Both changed the text, in different lines."""
    CONFLICT = "conflict"


class ConflictResolution(StrEnum):
    """The side that is taken in a conflict."""

    DRAFT = "draft"
    FOLDER = "folder"
    BOTH = "both"
    """The draft's lines, then the folder's."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The effect of an import on one file.

    `merge` is set where both sides changed a text; contents are None where a side has no such file.
    """

    path: str
    fate: FileMergeState
    draft: bytes | None = None
    folder: bytes | None = None
    merge: ThreeWayMerge | None = None

    @property
    def questions(self) -> int:
        """Return how many conflicts need a decision: those of the text, or one for the whole file."""
        if self.fate is not FileMergeState.CONFLICT:
            return 0
        return len(self.merge.conflicts) if self.merge is not None else 1

    def settled(self, choices: Sequence[ConflictResolution]) -> bytes | None:
        """Return the file after the import, None where it goes; a conflict needs its choices, one for each question."""
        if self.fate is FileMergeState.KEPT:
            return self.draft
        if self.fate in (FileMergeState.ADDED, FileMergeState.CHANGED, FileMergeState.REMOVED):
            return self.folder
        if self.merge is None:
            return self.draft if choices[0] is ConflictResolution.DRAFT else self.folder
        answers = {index: _chosen(region, choices[index]) for index, region in enumerate(self.merge.conflicts)}
        return (self.merge.resolved(answers) or "").encode()


def _chosen(region: MergeRegion, choice: ConflictResolution) -> str:
    mine, theirs = "".join(region.mine), "".join(region.theirs)
    if choice is ConflictResolution.DRAFT:
        return mine
    return theirs if choice is ConflictResolution.FOLDER else _with_end(mine) + theirs


def _with_end(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def file_merge_states(base: Checksums, draft: Checksums, folder: Checksums) -> dict[str, FileMergeState]:
    """Return the state of each file that differs between draft and folder; CONFLICT is where texts may still go together."""
    states: dict[str, FileMergeState] = {}
    for path in sorted(draft.keys() | folder.keys()):
        before, here, there = base.get(path), draft.get(path), folder.get(path)
        if here != there:
            states[path] = _fate(before, here, there)
    return states


def _fate(before: str | None, here: str | None, there: str | None) -> FileMergeState:
    if there == before:
        return FileMergeState.KEPT
    if here != before:
        return FileMergeState.CONFLICT
    if there is None:
        return FileMergeState.REMOVED
    return FileMergeState.ADDED if here is None else FileMergeState.CHANGED


def both_changed(path: str, base: bytes | None, draft: bytes | None, folder: bytes | None) -> FilePlan:
    """Try to merge a file that draft and folder changed differently."""
    texts = [_text(content) for content in (base or b"", draft, folder)]
    before, mine, theirs = texts
    if before is None or mine is None or theirs is None:
        return FilePlan(path, FileMergeState.CONFLICT, draft, folder)
    if "\r\n" in theirs and "\r\n" not in before:  # saved again by an editor of Windows: not every line was changed
        theirs = theirs.replace("\r\n", "\n")
    merged = merge(before, mine, theirs)
    return FilePlan(path, FileMergeState.CONFLICT if merged.conflicts else FileMergeState.MERGED, draft, folder, merged)


def _text(content: bytes | None) -> str | None:
    if content is None or b"\x00" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def lines_changed(before: bytes | None, after: bytes | None) -> tuple[int, int] | None:
    """Return how many lines a text gained and lost, None for what is no text."""
    old, new = _text(before or b""), _text(after or b"")
    if old is None or new is None:
        return None
    regions = merge(old, old, new).regions
    return sum(len(region.theirs) for region in regions if region.base != region.theirs), sum(
        len(region.base) for region in regions if region.base != region.theirs
    )


def likely_base(steps: Iterable[tuple[int, str, str | None]], folder: Checksums, last_import: int | None) -> int | None:
    """Return the revision that a folder was made from: the one from which it differs in the fewest files; None without a history.

    A step is a revision with the path of a file that it wrote and its checksum, None where it removed the file. Of several revisions the
    last import is taken, else the oldest: then what was edited since is a change of the draft and never lost unseen.
    """
    differing = set(folder)
    distances: dict[int, int] = {}
    for revision, path, sha256 in sorted(steps, key=lambda step: step[0]):
        if folder.get(path) == sha256:
            differing.discard(path)
        else:
            differing.add(path)
        distances[revision] = len(differing)
    if not distances:
        return None
    least = min(distances.values())
    nearest = [revision for revision, distance in distances.items() if distance == least]
    return last_import if last_import in nearest else nearest[0]


SHOWN, LEFT = 6, 3
"""Lines that both left are shown whole up to so many; of more, so many at each end."""


def regions(merge: ThreeWayMerge) -> list[dict[str, object]]:
    """Return the pieces of a merge to show: what both left is cut to the lines beside a change."""
    shown: list[dict[str, object]] = []
    conflicts = 0
    for region in merge.regions:
        kind = region.agreement.value
        if kind == "common":
            lines = region.mine
            shown.append({"kind": kind, "lines": lines if len(lines) <= SHOWN else (*lines[:LEFT], "…\n", *lines[-LEFT:])})
            continue
        shown.append(
            {"kind": kind, "mine": region.lines_of(MergeSide.MINE), "theirs": region.lines_of(MergeSide.THEIRS), "number": conflicts}
        )
        conflicts += region.is_conflict
    return shown


def chosen(merge: ThreeWayMerge, answers: Mapping[str, str]) -> str | None:
    """Return the text that a page's answers give (`conflict-0`: mine, theirs or both), None where one is missing."""
    texts: dict[int, str] = {}
    for number, region in enumerate(merge.conflicts):
        sides = {"mine": region.mine, "theirs": region.theirs, "both": (*region.theirs, *region.mine)}
        side = answers.get(f"conflict-{number}", "")
        if side in sides:
            texts[number] = "".join(sides[side])
    return merge.resolved(texts)
