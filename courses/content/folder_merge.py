"""Merge of a folder into a draft: which files it changes, which were edited here meanwhile, and where both did (decision 16).

Everything follows from three states of the files, each as checksums by path: the base that the folder was made from, the draft, the folder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from courses.content.merging import MergeRegion, ThreeWayMerge, merge

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
    """Return what becomes of each file that differs between draft and folder; CONFLICT is where texts may still go together."""
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


@dataclass(frozen=True, slots=True)
class FileStep:
    """A line of a draft's history: a revision wrote a file, or removed it (no checksum)."""

    revision: int
    path: str
    sha256: str | None


def likely_base(steps: Iterable[FileStep], folder: Checksums, last_import: int | None) -> int | None:
    """Return the revision that a folder was made from: the one from which it differs in the fewest files; None without a history.

    Of several the last import is taken, else the oldest: then what was edited since is a change of the draft and never lost unseen.
    """
    differing = set(folder)
    distances: dict[int, int] = {}
    for step in sorted(steps, key=lambda step: step.revision):
        if folder.get(step.path) == step.sha256:
            differing.discard(step.path)
        else:
            differing.add(step.path)
        distances[step.revision] = len(differing)
    if not distances:
        return None
    least = min(distances.values())
    nearest = [revision for revision, distance in distances.items() if distance == least]
    return last_import if last_import in nearest else nearest[0]
