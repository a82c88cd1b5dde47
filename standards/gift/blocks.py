"""A GIFT file as the blocks between blank lines, each with the lines it came from, its tags and its identifier."""

import re
from dataclasses import dataclass, field

from kernel.errors import N_
from standards._tags import remark_left_category
from standards.gift.grammar import unescape
from standards.model import TransferRemarkCollector

_MARK = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])+)\]")
_CATEGORY = "$CATEGORY:"


@dataclass(slots=True)
class GiftBlock:
    """The lines of one question, and for each the line of the file on which it stood."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    identifier: str = ""
    category: str = ""

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(self.lines)

    @property
    def line(self) -> int:
        """Return the line of the file on which it begins."""
        return self.numbers[0]

    def line_at(self, inside: int) -> int:
        """Return the line of the file for a line of the text, from 1."""
        return self.numbers[min(max(inside, 1), len(self.numbers)) - 1]


def blocks(text: str, remarks: TransferRemarkCollector) -> list[GiftBlock]:
    """Split a file into questions; comments and categories are reported."""
    complete, block, comments, category = [], GiftBlock(), 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if bare.startswith("//"):
            comments += not _note_marks(block, bare)
        elif bare.upper().startswith(_CATEGORY):
            category = bare[len(_CATEGORY) :].strip()
            remark_left_category(category, remarks, number)
        elif bare:
            block.category = category
            block.lines.append(line)
            block.numbers.append(number)
        elif block.lines:
            complete.append(block)
            block = GiftBlock()
    if comments:
        remarks.note(N_("%(count)s comment lines are left out."), count=comments)
    return [*complete, block] if block.lines else complete


def _note_marks(block: GiftBlock, comment: str) -> bool:
    """Take `[id:…]` and `[tag:…]` out of a comment; say whether there were any."""
    marks = _MARK.findall(comment)
    for kind, value in marks:
        if kind == "id":
            block.identifier = unescape(value)
        else:
            block.tags.append(unescape(value))
    return bool(marks)
