"""Stored HTML as blocks that a PDF prints: text in styled runs, lists, tables, pictures, and formulas in one line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html import unescape
from html.parser import HTMLParser

from kernel.pdf.pen import TextRun, TextStyle

_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_SPACED = frozenset("=+−-±×·÷<>≤≥≠≈≡→⇒⇔∈∉⊂⊆∪∩∧∨∝:")
_INVISIBLE = frozenset("\u2061\u2062\u2063\u2064")


@dataclass(slots=True)
class FormulaNode:
    """An element of MathML."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parts: list["FormulaNode"] = field(default_factory=list)


def formula_runs(root: FormulaNode) -> list[TextRun]:
    """Return a formula as runs of text in one line.

    It is written as one reads it aloud or types it: a fraction as a division, roots with their sign, powers raised.
    """
    return _merged(_runs(root, TextStyle.PLAIN))


def _runs(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    if node.tag in _LEAVES:
        return _leaf(node, style)
    parts = node.parts
    if node.tag == "mfrac" and len(parts) == 2:
        return [*_grouped(parts[0], style), TextRun("/", style), *_grouped(parts[1], style)]
    if node.tag == "msqrt":
        return [TextRun("√", style), *_grouped(FormulaNode("mrow", {}, parts=parts), style)]
    if node.tag == "mroot" and len(parts) == 2:
        return [*_runs(parts[1], TextStyle.SUP), TextRun("√", style), *_grouped(parts[0], style)]
    if node.tag in ("msup", "mover", "msub", "munder") and len(parts) == 2:
        return [*_runs(parts[0], style), *_script(parts[1], style, is_raised=node.tag in ("msup", "mover"))]
    if node.tag in ("msubsup", "munderover") and len(parts) == 3:
        lower, upper = _script(parts[1], style, is_raised=False), _script(parts[2], style, is_raised=True)
        return [*_runs(parts[0], style), *lower, *upper]
    if node.tag == "mtable":
        return _table(node, style)
    if node.tag == "mspace":
        return [TextRun(" ", style)]
    return [run for part in parts for run in _runs(part, style)]


def _leaf(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    text = "".join(sign for sign in node.text if sign not in _INVISIBLE)
    if node.tag == "mo" and text.strip() in _SPACED and style is TextStyle.PLAIN:
        return [TextRun(f" {text.strip()} ", style)]
    if node.tag == "mo" and text.strip() in (",", ";"):
        return [TextRun(f"{text.strip()} ", style)]
    return [TextRun(text if node.tag == "mtext" else text.strip(), style)]


def _script(node: FormulaNode, style: TextStyle, *, is_raised: bool) -> list[TextRun]:
    """Return raised or lowered text; inside of another script it is written with a sign and brackets."""
    if style is TextStyle.PLAIN:
        return _runs(node, TextStyle.SUP if is_raised else TextStyle.SUB)
    return [TextRun("^" if is_raised else "_", style), *_grouped(node, style)]


def _grouped(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    """Return a part in brackets unless it is a single sign, word or number."""
    runs = _runs(node, style)
    return runs if _is_single(node) else [TextRun("(", style), *runs, TextRun(")", style)]


def _is_single(node: FormulaNode) -> bool:
    if node.tag in _LEAVES:
        return True
    if node.tag in ("mrow", "mstyle", "mpadded"):
        return len(node.parts) == 1 and _is_single(node.parts[0])
    return node.tag in ("msup", "msub", "msubsup") and _is_single(node.parts[0])


def _table(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    runs: list[TextRun] = []
    for row in node.parts:
        runs += [TextRun("; ", style)] if runs else []
        for at, cell in enumerate(row.parts):
            runs += [TextRun(", ", style)] if at else []
            runs += _runs(cell, style)
    return runs


def _merged(runs: list[TextRun]) -> list[TextRun]:
    """Return runs with those of one style joined, and no more than one space in a row."""
    merged: list[TextRun] = []
    for run in runs:
        text = run.text.lstrip() if merged and merged[-1].text.endswith(" ") else run.text
        if text and merged and merged[-1].style is run.style:
            merged[-1] = TextRun(merged[-1].text + text, run.style)
        elif text:
            merged.append(TextRun(text, run.style))
    return merged


_BLOCKS = frozenset({"p", "div", "blockquote", "aside", "section", "details", "summary", "dl", "dt", "dd", "figure", "figcaption"})
_BLOCKS |= {"h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot"}
_STYLES = {
    "strong": TextStyle.STRONG,
    "b": TextStyle.STRONG,
    "dt": TextStyle.STRONG,
    "th": TextStyle.STRONG,
    "caption": TextStyle.STRONG,
    "summary": TextStyle.STRONG,
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), TextStyle.STRONG),
    "code": TextStyle.CODE,
    "kbd": TextStyle.CODE,
    "pre": TextStyle.CODE,
    "sub": TextStyle.SUB,
    "sup": TextStyle.SUP,
}
_VOID = frozenset({"br", "hr", "img", "col", "mspace", "none", "mprescripts"})
_SPACES = re.compile(r"\s+")


class BlockKind(StrEnum):
    """The kinds of blocks of a prose."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    """Of a list; its marker stands before it."""
    CODE = "code"
    TABLE = "table"
    PICTURE = "picture"
    DRAWING = "drawing"


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table."""

    runs: tuple[TextRun, ...]
    is_heading: bool = False
    columns: int = 1


@dataclass(frozen=True, slots=True)
class ProseBlock:
    """A block: text in runs, or a table, or a picture by its address, or a drawing as SVG."""

    kind: BlockKind
    runs: tuple[TextRun, ...] = ()
    level: int = 0
    """How many lists and quotations it stands in."""
    marker: str = ""
    rows: tuple[tuple[TableCell, ...], ...] = ()
    source: str = ""
    """Address of a picture, or the text of a drawing."""
    words: str = ""
    """What a picture or drawing shows."""


@dataclass(slots=True)
class _TableState:
    rows: list[list[TableCell]] = field(default_factory=list)
    is_heading: bool = False
    columns: int = 1


def read_prose(html: str) -> list[ProseBlock]:
    """Return the blocks of stored HTML in their order."""
    reader = _ProseReader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    return reader.blocks


def plain_prose(text: str) -> list[ProseBlock]:
    """Return a typed text as blocks, a paragraph for each of its lines."""
    return [ProseBlock(BlockKind.PARAGRAPH, (TextRun(line),)) for line in text.splitlines() if line.strip()]


def runs_of(blocks: Sequence[ProseBlock]) -> tuple[TextRun, ...]:
    """Return the text of blocks as one, a space between them; what a picture shows in brackets."""
    runs: list[TextRun] = []
    for block in blocks:
        runs += [TextRun(" ")] if runs else []
        runs += block.runs or ([TextRun(f"[{block.words}]")] if block.words else [])
    return tuple(runs)


def led_by(lead: Sequence[TextRun], blocks: Sequence[ProseBlock]) -> list[ProseBlock]:
    """Return blocks with words and a colon before them, on the line of the first where that is text."""
    runs = (*lead, TextRun(": "))
    if blocks and blocks[0].kind is BlockKind.PARAGRAPH:
        return [replace(blocks[0], runs=(*runs, *blocks[0].runs)), *blocks[1:]]
    return [ProseBlock(BlockKind.PARAGRAPH, runs), *blocks]


def followed_by(blocks: Sequence[ProseBlock], addition: str) -> list[ProseBlock]:
    """Return blocks with strong words after them, on the line of the last where that is text."""
    runs = (TextRun(addition, TextStyle.STRONG),)
    if blocks and blocks[-1].kind in (BlockKind.PARAGRAPH, BlockKind.ITEM):
        return [*blocks[:-1], replace(blocks[-1], runs=(*blocks[-1].runs, TextRun("  —  "), *runs))]
    return [*blocks, ProseBlock(BlockKind.PARAGRAPH, runs)]


class _ProseReader(HTMLParser):
    """Reads HTML from its beginning to its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[ProseBlock] = []
        self._runs: list[TextRun] = []
        self._styles: list[tuple[str, TextStyle]] = []
        self._lists: list[int | None] = []
        self._quotes = 0
        self._marker: str | None = None
        self._tables: list[_TableState] = []
        self._formula: list[FormulaNode] = []
        self._drawing: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        facts = {name: value or "" for name, value in attrs}
        if self._depth or tag == "svg":
            self._drawing.append(self.get_starttag_text() or "")
            self._depth += not (self.get_starttag_text() or "").endswith("/>")
            return
        if self._formula or tag == "math":
            self._begin_formula(tag, facts)
            return
        if tag in _BLOCKS:
            self.end_block()
        if tag in _STYLES:
            self._styles.append((tag, _STYLES[tag]))
        self._begin(tag, facts)

    def _begin(self, tag: str, facts: dict[str, str]) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(int(facts.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self.end_block()
        elif tag == "br":
            self._runs.append(TextRun("\n"))
        elif tag == "img":
            self._picture(facts)
        elif tag == "table":
            self._tables.append(_TableState())
        elif self._tables:
            self._begin_cell(tag, facts)

    def _begin_cell(self, tag: str, facts: dict[str, str]) -> None:
        table = self._tables[-1]
        if tag == "tr":
            table.rows.append([])
        elif tag in ("td", "th"):
            self._runs = []
            table.is_heading, table.columns = tag == "th", int(facts.get("colspan") or 1)

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._depth:
            self._drawing.append(f"</{tag}>")
            self._depth -= 1
            if not self._depth:
                self._end_drawing()
            return
        if self._formula:
            self._end_formula(tag)
            return
        if tag == "pre":
            self.end_block(BlockKind.CODE)
        if tag in ("td", "th") and self._tables and self._tables[-1].rows:
            table = self._tables[-1]
            table.rows[-1].append(TableCell(_trimmed(self._runs), table.is_heading, table.columns))
            self._runs = []
        elif tag == "caption":
            self.blocks.append(ProseBlock(BlockKind.PARAGRAPH, _trimmed(self._runs), self._level))
            self._runs = []
        elif tag in _BLOCKS:
            self.end_block()
        self._end(tag)
        if self._styles and self._styles[-1][0] == tag:
            self._styles.pop()

    def _end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = None
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "table" and self._tables:
            rows = tuple(tuple(row) for row in self._tables.pop().rows if row)
            if rows:
                self.blocks.append(ProseBlock(BlockKind.TABLE, level=self._level, rows=rows))

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._depth:
            self._drawing.append(data.replace("&", "&amp;").replace("<", "&lt;"))
        elif self._formula:
            self._formula[-1].text += data
        elif any(tag == "pre" for tag, _style in self._styles):
            self._runs.append(TextRun(data, TextStyle.CODE))
        elif data:
            self._runs.append(TextRun(_SPACES.sub(" ", data), self._style))

    @property
    def _style(self) -> TextStyle:
        return self._styles[-1][1] if self._styles else TextStyle.PLAIN

    @property
    def _level(self) -> int:
        return len(self._lists) + self._quotes

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "•"
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}."

    def end_block(self, kind: BlockKind = BlockKind.PARAGRAPH) -> None:
        """End the text that is being read; in a cell of a table a new line begins instead."""
        if self._tables:
            self._runs += [TextRun("\n")] if _trimmed(self._runs) else []
            return
        runs = tuple(self._runs) if kind is BlockKind.CODE else _trimmed(self._runs)
        if runs and kind is BlockKind.PARAGRAPH and self._marker is not None:
            kind = BlockKind.ITEM
        if runs:
            self.blocks.append(ProseBlock(kind, runs, self._level, self._marker or ""))
            self._marker = "" if self._marker is not None else None
        self._runs = []

    def _picture(self, facts: dict[str, str]) -> None:
        alternative = facts.get("alt", "")
        if self._tables:
            self._runs.append(TextRun(f"[{alternative}]", self._style))
            return
        self.end_block()
        self.blocks.append(ProseBlock(BlockKind.PICTURE, level=self._level, source=facts.get("src", ""), words=alternative))

    def _end_drawing(self) -> None:
        text, self._drawing = "".join(self._drawing), []
        label = re.search(r'aria-label="([^"]*)"', text)
        self.end_block()
        self.blocks.append(ProseBlock(BlockKind.DRAWING, level=self._level, source=text, words=unescape(label[1]) if label else ""))

    def _begin_formula(self, tag: str, facts: dict[str, str]) -> None:
        node = FormulaNode(tag, facts)
        if self._formula:
            self._formula[-1].parts.append(node)
        if tag not in _VOID or not self._formula:
            self._formula.append(node)

    def _end_formula(self, tag: str) -> None:
        if tag in _VOID:
            return
        node = self._formula.pop()
        if not self._formula:
            runs = formula_runs(node)
            self._runs += [run if run.style is not TextStyle.PLAIN else replace(run, style=self._style) for run in runs]


def _trimmed(runs: list[TextRun]) -> tuple[TextRun, ...]:
    """Return runs without the spaces and line breaks around them."""
    trimmed = [run for run in runs if run.text]
    while trimmed and not trimmed[0].text.strip():
        trimmed.pop(0)
    while trimmed and not trimmed[-1].text.strip():
        trimmed.pop()
    if trimmed:
        trimmed[0] = replace(trimmed[0], text=trimmed[0].text.lstrip())
        trimmed[-1] = replace(trimmed[-1], text=trimmed[-1].text.rstrip())
    return tuple(trimmed)
