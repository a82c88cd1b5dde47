"""The paragraphs of a rendered lesson: addresses for them, and their plain text by section.

A rendered lesson never changes, so the number of a paragraph in it is an address that stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from kernel.markup.model import SafeHtml, names
from kernel.markup.plain import without_formulas

PARAGRAPH_PREFIX = "p-"
"""Of the addresses made here: those of the renderer begin with `ID_PREFIX`."""
_BLOCK = re.compile(r'<(p|li|figure|table|details|pre)((?: [a-z-]+="[^"]*")*)>')
_BLOCKS = names("p li figure table details pre dt dd h2 h3 h4")
_HEADINGS = names("h2 h3")
_INSETS = names("aside details")
"""What stands within them belongs to the section around it."""
_UNREAD = names("svg math section")
"""Drawings, formulas, questions within the lesson, and the lists of terms and sources at its end."""
_MARK = "-mark-"
"""In the id of a footnote's number, which is no part of the word before it."""
_CELLS = names("td th caption summary li p")
"""Words of two of them are never one word, wherever they stand."""
_VOID = names("br hr img col wbr")
_TAG = re.compile(r'<(/?)([A-Za-z][\w:-]*)(?:\s+[\w:-]+(?:="[^"]*")?)*\s*(/?)>')


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A block of text, and the id by which the page can be opened there."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what follows until the next one; what comes before the first has no heading."""

    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]


def anchored(html: SafeHtml) -> SafeHtml:
    """Return a rendered lesson with an id on each paragraph, entry of a list, figure, table and fold that has none."""
    number = 0

    def numbered(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return match[0] if ' id="' in match[2] else f'<{match[1]} id="{PARAGRAPH_PREFIX}{number}"{match[2]}>'

    return SafeHtml(_BLOCK.sub(numbered, html))


def blocks_of(html: SafeHtml) -> tuple[SafeHtml, ...]:
    """Return the outermost elements of rendered HTML, one after the other."""
    blocks: list[SafeHtml] = []
    depth = start = 0
    for tag in _TAG.finditer(html):
        if not tag[3] and tag[2] not in _VOID:
            depth += -1 if tag[1] else 1
        if not depth:
            blocks.append(SafeHtml(html[start : tag.end()].strip()))
            start = tag.end()
    return tuple(blocks)


def sections_of(html: SafeHtml) -> tuple[Section, ...]:
    """Return the text of a rendered lesson by sections; sections without any text are left out."""
    reader = _PassageParser()
    reader.feed(without_formulas(anchored(html)))
    reader.close()
    reader.end_line()
    made = (Section(part.id, part.title, tuple(part.paragraphs)) for part in reader.sections)
    return tuple(section for section in made if section.title or section.paragraphs)


def plain_text(html: str) -> str:
    """Return the text of a small piece of rendered HTML as one line, headings among it."""
    reader = _PassageParser()
    reader.feed(without_formulas(html))
    reader.close()
    reader.end_line()
    texts = ((part.title, *(paragraph.text for paragraph in part.paragraphs)) for part in reader.sections)
    return " ".join(text for part in texts for text in part if text)


@dataclass
class _HtmlPart:
    id: str = ""
    title: str = ""
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    id: str


class _PassageParser(HTMLParser):
    """Reads HTML of our own making: well formed, but never trusted to be."""

    def __init__(self) -> None:
        super().__init__()
        self.sections = [_HtmlPart()]
        self._open: list[_Open] = []
        self._unread: list[str] = []
        self._line: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or something that is not read."""
        if tag in _VOID:
            if not self._unread:
                self._line.append(" ")
            return
        attributes = dict(attrs)
        if self._unread or tag in _UNREAD or attributes.get("class") == "pop" or (tag == "sup" and _MARK in (attributes.get("id") or "")):
            self._unread.append(tag)
            return
        if tag in _BLOCKS and not self._is_in("table"):
            self.end_line()
        elif tag in _CELLS:
            self._line.append(" ")
        self._open.append(_Open(tag, attributes.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        waiting = self._unread or [opened.tag for opened in self._open]
        if tag not in waiting:
            return
        index = len(waiting) - 1 - waiting[::-1].index(tag)
        if self._unread:
            del self._unread[index:]
            return
        if tag == "table" or (tag in _BLOCKS and not self._is_in("table")):
            self.end_line()
        elif tag in _CELLS:
            self._line.append(" ")
        del self._open[index:]

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._unread:
            self._line.append(data)

    def end_line(self) -> None:
        """Keep what was read since the last block as a paragraph, or as the title of a section."""
        text = " ".join("".join(self._line).split())
        self._line.clear()
        if not text:
            return
        blocks = [opened for opened in self._open if opened.tag in _BLOCKS]
        if blocks and blocks[-1].tag in _HEADINGS and not any(opened.tag in _INSETS for opened in self._open):
            self.sections.append(_HtmlPart(blocks[-1].id, text))
            return
        self.sections[-1].paragraphs.append(Paragraph(self._place(blocks), text))

    def _is_in(self, tag: str) -> bool:
        return any(opened.tag == tag for opened in self._open)

    def _place(self, blocks: list[_Open]) -> str:
        """Return where a block can be opened: a fold as a whole, else the nearest block that has an id."""
        fold = next((block.id for block in blocks if block.tag in ("details", "table") and block.id), "")
        return fold or next((block.id for block in reversed(blocks) if block.id), self.sections[-1].id)
