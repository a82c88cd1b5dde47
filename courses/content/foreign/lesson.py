"""One lesson of another tool, written in this format: its words all stay, in their order."""

import re
from dataclasses import dataclass, field

from courses.content.foreign.blocks import TITLES, Block, Box, blocks, references
from courses.content.foreign.front import Front, read_front
from courses.content.foreign.inline import Inline
from courses.content.foreign.model import Notebook, Surroundings
from kernel.markup.addresses import is_address, slug

DEEPEST = 4
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(.*)$", re.DOTALL)
_ADDRESS = re.compile(r"[ ]*\{:?[ ]*#([\w.-]+)[^{}]*\}[ ]*$")
_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*$|[ ]{0,3}:?-{2,}:?[ ]*\|")


@dataclass(frozen=True, slots=True)
class ForeignLesson:
    """A lesson as it will be: the title is empty where the text names none."""

    title: str
    front: Front
    body: str


def convert(text: str, language: str, notebook: Notebook, around: Surroundings) -> ForeignLesson:
    """Return a lesson in this format; what was not understood stands in the notebook."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(4).split("\n")
    front = read_front(lines, notebook)
    referred = references(lines, front.first_line)
    found = list(blocks(lines, front.first_line, notebook))
    title, found = _title(front, found)
    headings = frozenset(slug(_plain(block.lines[0])) for block in found if block.kind == "heading")
    writer = _Writer(language, Inline(notebook, around, headings, referred), notebook)
    return ForeignLesson(title, front, writer.written(found))


def _title(front: Front, found: list[Block]) -> tuple[str, list[Block]]:
    """Take the title out of the text where it begins with one; the front matter's counts before it."""
    first = next((at for at, block in enumerate(found) if block.kind not in ("blank", "comment")), None)
    if first is None or found[first].kind != "heading" or found[first].level != 1:
        return front.title, found
    words = _plain(found[first].lines[0])
    if front.title and slug(front.title) != slug(words):
        return front.title, found
    return words, [*found[:first], *found[first + 1 :]]


def _plain(heading: str) -> str:
    """Return a heading as plain words."""
    bare = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", _ADDRESS.sub("", heading))
    return " ".join(re.sub(r"[*`]|\{[^{}]*\}|<[^<>]*>", "", bare).split())


@dataclass(slots=True)
class _Writer:
    """Writes blocks one after the other; `quotes` says for each open box whether its lines are quoted."""

    language: str
    inline: Inline
    notebook: Notebook
    out: list[str] = field(default_factory=list)
    quotes: list[bool] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    """For each list that is open, the column at which its text begins in the source."""

    def written(self, found: list[Block]) -> str:
        at = 0
        while at < len(found):
            block = found[at]
            if block.kind == "open":
                at = self._open(found, at)
                continue
            getattr(self, f"_{block.kind}")(block)
            at += 1
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() if not line.endswith("  ") else line for line in self.out)).strip("\n")
        return f"{text}\n" if text else ""

    def _put(self, *lines: str) -> None:
        prefix = "> " * sum(self.quotes)
        self.out.extend(f"{prefix}{line}" if line else prefix.rstrip() for line in lines)

    def _gap(self) -> None:
        if self.out and self.out[-1].strip("> "):
            self._put("")

    def _open(self, found: list[Block], at: int) -> int:
        """Write the first line of a box; a heading that begins it is its title."""
        block, after = found[at], at + 1
        title = block.title
        first = next((place for place in range(after, len(found)) if found[place].kind != "blank"), len(found))
        if block.box is not Box.OPEN and not title and first < len(found) and found[first].kind == "heading":
            title, after = _plain(found[first].lines[0]), first + 1
        self.items.clear()
        self._gap()
        if not any(self.quotes):
            self.out.append("")
        self.quotes.append(block.box is not Box.OPEN)
        if block.box in (Box.OPEN, Box.QUOTE) or sum(self.quotes) > 1:
            if title:
                self._put(f"**{title}**", "")
        else:
            names = TITLES.get(self.language, TITLES["en"])
            title = title or names.get(block.name, names[""] if block.box is Box.CHECK else "")
            self._put(f"[!{block.box.value}] {title}".rstrip())
        return after

    def _close(self, _block: Block) -> None:
        while self.out and not self.out[-1].strip("> ") and self.out[-1]:
            self.out.pop()
        self.quotes.pop()
        self.items.clear()
        self._put("")

    def _blank(self, _block: Block) -> None:
        self._gap()

    def _comment(self, block: Block) -> None:
        if any(self.quotes):
            return
        self._put(*block.lines)

    def _code(self, block: Block) -> None:
        self.items = [column for column in self.items if column <= block.level]
        if not self.items:
            self._gap()
        longest = max((len(run) for line in block.lines for run in re.findall(r"`{3,}", line)), default=2)
        marks, indent = "`" * (longest + 1), "    " * len(self.items)
        self._put(*(f"{indent}{line}" for line in (f"{marks}{block.name}", *block.lines, marks)))
        if not self.items:
            self._put("")

    def _heading(self, block: Block) -> None:
        self.items.clear()
        self._gap()
        address = _ADDRESS.search(block.lines[0])
        words = self.inline.words(_ADDRESS.sub("", block.lines[0]), block.line)
        if any(self.quotes):
            self._put(f"**{words.replace('**', '')}**", "")
        else:
            while self.levels and self.levels[-1] >= block.level:
                self.levels.pop()
            self.levels.append(block.level)
            marks = "#" * min(1 + len(self.levels), DEEPEST)
            named = f" {{#{slug(address[1])}}}" if address and is_address(slug(address[1])) else ""
            self._put(f"{marks} {words}{named}", "")
        self._figures()

    def _words(self, block: Block) -> None:
        words = self.inline.words("\n".join(block.lines), block.line).split("\n")
        for line in words:
            self._line(line)
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
