"""One lesson of another tool, written in this format: its words all stay, in their order."""

import re
from dataclasses import dataclass, field

from courses.content.foreign.blocks import BOXES, TITLES, CalloutKind, ForeignBlock, blocks, references
from courses.content.foreign.front import BOXES_AFTER, BOXES_BEFORE, ForeignFrontMatter, read_front
from courses.content.foreign.inline import InlineWriter
from courses.content.foreign.model import ForeignRemarkCollector, LinkTargets
from kernel.markup.source import is_address, slug

DEEPEST = 4
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(.*)$", re.DOTALL)
_ADDRESS = re.compile(r"[ ]*\{:?[ ]*#([\w.-]+)[^{}]*\}[ ]*$")
_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*$|[ ]{0,3}:?-{2,}:?[ ]*\|")


@dataclass(frozen=True, slots=True)
class ForeignLesson:
    """A lesson as it will be: the title is empty where the text names none. `lines` are those of its author, one for each of the body's."""

    title: str
    front: ForeignFrontMatter
    body: str
    lines: tuple[int, ...] = ()


def convert(text: str, language: str, collector: ForeignRemarkCollector, around: LinkTargets) -> ForeignLesson:
    """Return a lesson in this format; what was not understood is added to `collector`."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(4).split("\n")
    front = read_front(lines, collector)
    referred = references(lines, front.first_line, collector)
    parts = list(blocks(lines, front.first_line, collector))
    title, parts = _title(front, parts)
    parts = [*_boxes(front, BOXES_BEFORE), *parts, *_boxes(front, BOXES_AFTER)]
    headings = frozenset(slug(_plain(block.lines[0])) for block in parts if block.kind == "heading")
    writer = _LessonWriter(language, InlineWriter(collector, around, headings, referred), collector)
    body, places = writer.render(parts)
    return ForeignLesson(title, front, body, places)


def _boxes(front: ForeignFrontMatter, names: tuple[str, ...]) -> list[ForeignBlock]:
    """Return the lists of the front matter as the boxes that they are in lessons that fence them."""
    boxes: list[ForeignBlock] = []
    for name in names:
        items = front.boxes.get(name, ())
        if items:
            items_of_box = [ForeignBlock("words", line, [f"- {' '.join(text.split())}"]) for line, text in items]
            first, last = items[0][0], items[-1][0]
            boxes += [
                ForeignBlock("open", first, box=BOXES[name], name=name),
                ForeignBlock("blank", first),
                *items_of_box,
                ForeignBlock("close", last, name=name),
            ]
    return boxes


def _title(front: ForeignFrontMatter, parts: list[ForeignBlock]) -> tuple[str, list[ForeignBlock]]:
    """Take the title out of the text where it begins with one; the front matter's counts before it."""
    first = next((at for at, block in enumerate(parts) if block.kind not in ("blank", "comment")), None)
    if first is None or parts[first].kind != "heading" or parts[first].level != 1:
        return front.title, parts
    heading = _plain(parts[first].lines[0])
    if front.title and slug(front.title) != slug(heading):
        return front.title, parts
    return heading, [*parts[:first], *parts[first + 1 :]]


def _plain(heading: str) -> str:
    """Return a heading as plain words."""
    bare = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", _ADDRESS.sub("", heading))
    return " ".join(re.sub(r"[*`]|\{[^{}]*\}|<[^<>]*>", "", bare).split())


@dataclass(slots=True)
class _LessonWriter:
    """Writes blocks one after the other; `quotes` says for each open box whether its lines are quoted."""

    language: str
    inline: InlineWriter
    collector: ForeignRemarkCollector
    out: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """For each line that is written, the line of the source."""
    code: set[int] = field(default_factory=set)
    """Places in `out` that stay as they are."""
    line: int = 1
    """Of the source, for what is written next."""
    around: list[list[bool]] = field(default_factory=list)
    """The boxes around a CHECK: it stands outside them, because only there it folds."""
    boxes: list[CalloutKind] = field(default_factory=list)
    quotes: list[bool] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    """For each list that is open, the column at which its text begins in the source."""

    def render(self, parts: list[ForeignBlock]) -> tuple[str, tuple[int, ...]]:
        """Return the text, and for each of its lines that of the source."""
        at = 0
        while at < len(parts):
            block = parts[at]
            self.line = block.line
            if block.kind == "open":
                at = self._open(parts, at)
                continue
            getattr(self, f"_{block.kind}")(block)
            at += 1
        lines: list[tuple[str, int]] = []
        for number, (line, source_line) in enumerate(zip(self.out, self.places, strict=True)):
            bare = line if line.endswith("  ") and line.strip() else line.rstrip()
            if bare or number in self.code or (lines and lines[-1][0]):
                lines.append((bare, source_line))
        while lines and not lines[-1][0]:
            lines.pop()
        return "".join(f"{line}\n" for line, _place in lines), tuple(source_line for _line, source_line in lines)

    def _put(self, *lines: str, step: int = 0) -> None:
        """Write lines: all of the present line of the source, or with a `step` of 1 each of the next."""
        prefix = "> " * sum(self.quotes)
        for number, line in enumerate(lines):
            self.out.append(f"{prefix}{line}" if line else prefix.rstrip())
            self.places.append(self.line + number * step)

    def _pop_empty(self) -> None:
        """Take back the empty lines of a box that ends."""
        while self.out and not self.out[-1].strip("> ") and self.out[-1] and len(self.out) - 1 not in self.code:
            self.out.pop()
            self.places.pop()

    def _gap(self) -> None:
        if self.out and self.out[-1].strip("> "):
            self._put("")

    def _open(self, parts: list[ForeignBlock], at: int) -> int:
        """Write the first line of a box; a heading that begins it is its title."""
        block, after = parts[at], at + 1
        title = block.title
        first = next((index for index in range(after, len(parts)) if parts[index].kind != "blank"), len(parts))
        if block.box is not CalloutKind.OPEN and not title and first < len(parts) and parts[first].kind == "heading":
            title, after = _plain(parts[first].lines[0]), first + 1
        self.items.clear()
        self._gap()
        if block.box is CalloutKind.CHECK and any(self.quotes) and CalloutKind.CHECK not in self.boxes:
            self._pop_empty()
            self.around.append(self.quotes)
            self.quotes = []
        if not any(self.quotes):
            self._put("")
        self.quotes.append(block.box is not CalloutKind.OPEN)
        self.boxes.append(block.box)
        if block.box in (CalloutKind.OPEN, CalloutKind.QUOTE) or sum(self.quotes) > 1:
            if title:
                self._put(f"**{title}**", "")
        else:
            names = TITLES.get(self.language, TITLES["en"])
            title = title or names.get(block.name, names[""] if block.box is CalloutKind.CHECK else "")
            self._put(f"[!{block.box.value}] {title}".rstrip())
        return after

    def _close(self, _block: ForeignBlock) -> None:
        self._pop_empty()
        self.quotes.pop()
        self.boxes.pop()
        self.items.clear()
        self._put("")
        if not self.quotes and self.around:
            self.quotes = self.around.pop()

    def _blank(self, _block: ForeignBlock) -> None:
        self._gap()

    def _comment(self, block: ForeignBlock) -> None:
        if any(self.quotes):
            return
        self._put(*block.lines, step=1)

    def _code(self, block: ForeignBlock) -> None:
        self.items = [column for column in self.items if column <= block.level]
        if not self.items:
            self._gap()
        longest = max((len(run) for line in block.lines for run in re.findall(r"`{3,}", line)), default=2)
        marks, indent = "`" * (longest + 1), "    " * len(self.items)
        first = len(self.out)
        self._put(*(f"{indent}{line}" for line in (f"{marks}{block.name}", *block.lines, marks)), step=1)
        self.code.update(range(first, len(self.out)))
        if not self.items:
            self._put("")

    def _heading(self, block: ForeignBlock) -> None:
        self.items.clear()
        self._gap()
        address = _ADDRESS.search(block.lines[0])
        text = self.inline.words(_ADDRESS.sub("", block.lines[0]), block.line)
        if any(self.quotes):
            self._put(f"**{text.replace('**', '')}**", "")
        else:
            while self.levels and self.levels[-1] >= block.level:
                self.levels.pop()
            self.levels.append(block.level)
            marks = "#" * min(1 + len(self.levels), DEEPEST)
            named = f" {{#{slug(address[1])}}}" if address and is_address(slug(address[1])) else ""
            self._put(f"{marks} {text}{named}", "")
        self._figures()

    def _words(self, block: ForeignBlock) -> None:
        for line in self.inline.words("\n".join(block.lines), block.line).split("\n"):
            self._line(line)
            self.line = min(self.line + 1, block.line + len(block.lines) - 1)
        self._figures()

    def _figures(self) -> None:
        for figure in self.inline.figures:
            self._gap()
            self._put(*figure.split("\n"), "")
        self.inline.figures.clear()

    def _line(self, line: str) -> None:
        item = _ITEM.match(line)
        before = self.out[-1].strip() if self.out else ""
        after_blank = not before.strip("> ")
        if item is None:
            self._continued(line, before, after_blank=after_blank)
            return
        column = len(item[1])
        self.items = [text for text in self.items if text <= column]
        if not self.items and not after_blank and not _ITEM.match(before.lstrip("> ")) and not self._in_list:
            self._put("")
        marker = item[2] if item[2] in "-*+" else f"{item[2][:-1]}."
        self._put(f"{'    ' * len(self.items)}{marker} {item[4].strip() if not item[4].endswith('  ') else item[4].lstrip()}")
        self.items.append(column + len(item[2]) + min(len(item[3]), 4))

    @property
    def _in_list(self) -> bool:
        """Say whether the line before belongs to a list item."""
        before = next((line for line in reversed(self.out) if line.strip("> ")), "")
        return bool(_ITEM.match(before.lstrip("> "))) or before.lstrip("> ") != before.lstrip(">").removeprefix(" ")

    def _continued(self, line: str, before: str, *, after_blank: bool) -> None:
        indent = len(line) - len(line.lstrip())
        if after_blank:
            self.items = [text for text in self.items if text <= indent + 1] if indent else []
        if _ROW.match(line) and not after_blank and not _ROW.match(before.lstrip("> ")) and "|" not in before:
            self._put("")
        self._put(f"{'    ' * len(self.items)}{line.lstrip()}" if self.items else line.lstrip() if indent < 4 else line)
