"""Two texts held against each other: runs of words, lines, and paragraphs that stay, go and come. Pure."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_STEPS = 4_000_000
"""Words of the one text times words of the other; beyond it a paragraph is shown whole, as gone and come."""
ALIKE = 0.3
"""The share of words from which on two paragraphs are one that was reworded."""
CONTEXT = 1
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of words in a difference: 'same', 'gone' or 'new'."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class DiffParagraph:
    """A paragraph in a difference: 'same', 'gone', 'new', 'changed' (with pieces of each kind), or 'skipped' for `count` equal ones."""

    kind: str
    pieces: tuple[DiffPiece, ...] = ()
    count: int = 0


def compared(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return two texts as runs of words that stay, go and come."""
    old, new = before.split(), after.split()
    if len(old) * len(new) > MOST_STEPS:
        return (DiffPiece("gone", before), DiffPiece("new", after))
    pieces: list[DiffPiece] = []
    for kind, start, end, begin, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(DiffPiece("same", " ".join(old[start:end])))
            continue
        if end > start:
            pieces.append(DiffPiece("gone", " ".join(old[start:end])))
        if stop > begin:
            pieces.append(DiffPiece("new", " ".join(new[begin:stop])))
    return tuple(pieces)


def compared_lines(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return two texts of several lines as lines that stay, go and come."""
    kinds = {"  ": "same", "- ": "gone", "+ ": "new"}
    compared = difflib.ndiff(before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n"))
    return tuple(DiffPiece(kinds[line[:2]], line[2:]) for line in compared if line[:2] in kinds)


def compared_text(before: str, after: str) -> tuple[DiffParagraph, ...]:
    """Return two texts paragraph by paragraph; of equal ones only the neighbours of what differs, the others are counted."""
    old, new = _paragraphs(before), _paragraphs(after)
    blocks: list[DiffParagraph] = []
    for kind, start, end, begin, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            blocks += [DiffParagraph("same", (DiffPiece("same", paragraph),)) for paragraph in old[start:end]]
        else:
            blocks += _replaced(old[start:end], new[begin:stop])
    return tuple(_without_the_distant(blocks))


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip("\n") for paragraph in _PARAGRAPHS.split(text) if paragraph.strip()]


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffParagraph]:
    """Pair reworded paragraphs in their order; what has no partner has gone or come."""
    waiting = list(new)
    for paragraph in old:
        index = next((index for index, other in enumerate(waiting) if _are_alike(paragraph, other)), None)
        if index is None:
            yield DiffParagraph("gone", (DiffPiece("gone", paragraph),))
            continue
        yield from (DiffParagraph("new", (DiffPiece("new", other),)) for other in waiting[:index])
        yield DiffParagraph("changed", compared(paragraph, waiting[index]))
        waiting = waiting[index + 1 :]
    yield from (DiffParagraph("new", (DiffPiece("new", other),)) for other in waiting)


def _are_alike(paragraph: str, other: str) -> bool:
    own_words, others = paragraph.split(), other.split()
    if len(own_words) * len(others) > MOST_STEPS:
        return False
    matcher = difflib.SequenceMatcher(None, own_words, others, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _without_the_distant(blocks: Sequence[DiffParagraph]) -> Iterator[DiffParagraph]:
    changed = [index for index, block in enumerate(blocks) if block.kind != "same"]
    near = {index + step for index in changed for step in range(-CONTEXT, CONTEXT + 1)}
    skipped = 0
    for index, block in enumerate(blocks):
        if block.kind == "same" and index not in near:
            skipped += 1
            continue
        if skipped:
            yield DiffParagraph("skipped", count=skipped)
            skipped = 0
        yield block
    if skipped:
        yield DiffParagraph("skipped", count=skipped)


def changed_lines(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return the lines that go and come with two lines around them; 'skipped' stands for those between."""
    kinds = {" ": "same", "-": "gone", "+": "new", "@": "skipped"}
    compared = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return tuple(DiffPiece(kinds[line[:1]], "" if line.startswith("@") else line[1:]) for line in list(compared)[2:])
