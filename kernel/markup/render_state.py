"""Keep what one rendering has gathered so far: the only mutable object, one for each text."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum

from markdown import Markdown

from kernel.markup.addresses import Addresses
from kernel.markup.findings import MarkupFindingKind
from kernel.markup.html import icon
from kernel.markup.model import Citation, Figure, Heading, MarkupContext, MarkupFinding, SafeHtml
from kernel.markup.renderer_strings import RendererStrings
from kernel.markup.source import Finder

TIME_LIMIT = 1.0
"""Seconds of the processor that a text may take (spec/security 4.1); a busy machine refuses nothing."""


class RenderMode(StrEnum):
    """The mode of rendering: a lesson has everything, fields have less (spec/content-format 1, Types)."""

    LESSON = "lesson"
    FIELD = "field"
    INLINE = "inline"


class RenderTimeExceeded(Exception):
    """The time of a rendering is over."""


_STASHED = re.compile("\x02[^\x03]*\x03|\n")
"""What the library puts in the place of what it has read already, and ends of lines."""


@dataclass(slots=True)
class RenderState:
    """The state of one rendering."""

    context: MarkupContext
    words: RendererStrings
    mode: RenderMode
    finder: Finder
    deadline: float = field(default_factory=lambda: time.thread_time() + TIME_LIMIT)
    problems: list[MarkupFinding] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    closing: list[Heading] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    """The numbers of what is cited, by key, in the order of first appearance."""
    media: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    icons: list[str] = field(default_factory=list)
    addresses: Addresses = field(default_factory=Addresses)
    original_headings: tuple[Heading, ...] | None = None
    original_figures: tuple[Figure, ...] | None = None
    tables: int = 0
    table_numbers: dict[str, int] = field(default_factory=dict)
    formulas: int = 0
    checks: int = 0
    callouts: int = 0
    reading: str = ""
    """What is being read: tells the line of a text that is given up."""
    _held: list[SafeHtml] = field(default_factory=list)
    _nonce: str = field(default_factory=lambda: f"zq{secrets.token_hex(8)}q")

    def report(self, finding: MarkupFindingKind, snippet: str = "", **facts: str) -> None:
        """Note a finding, with the line on which `snippet` stands in the raw text."""
        self.report_at(self.finder.line(snippet), finding, **facts)

    def report_at(self, line: int, finding: MarkupFindingKind, **facts: str) -> None:
        """Note a finding of a line of the raw text, from 1 on; 0 where none is known."""
        self.problems.append(MarkupFinding(finding.code, finding.text, finding.fix, facts, line))

    def hold(self, html: SafeHtml) -> str:
        """Keep HTML that is safe already and answer the word that stands for it until the text has been sanitised.

        Nobody can write that word: it holds 64 random bits of this rendering. What is held may hold such words itself.
        """
        self._held.append(SafeHtml(self.release(html)))
        return f"{self._nonce}{len(self._held) - 1}z"

    def release(self, html: str) -> str:
        """Put what was held where its words stand."""
        first, *others = html.split(self._nonce)
        return first + "".join(self._held[int(number)] + after for number, _end, after in (part.partition("z") for part in others))

    def forget(self, text: str) -> str:
        """Take the words for held HTML out of a text."""
        first, *others = text.split(self._nonce)
        return first + "".join(part.partition("z")[2] for part in others)

    def icon(self, name: str, *, turning: bool = False) -> SafeHtml:
        """Answer an icon and note that the page has to carry its symbol."""
        if name not in self.icons:
            self.icons.append(name)
        return icon(name, turning=turning)

    @property
    def place(self) -> str:
        """Return the longest piece, of 200 characters at most, that what is being read has in common with the raw text."""
        return max(_STASHED.split(self.reading), key=len)[:200]

    def check_time(self) -> None:
        """Raise RenderTimeExceeded once the time is over."""
        if time.thread_time() > self.deadline:
            raise RenderTimeExceeded

    def prefixed(self, address: str) -> str:
        """Answer an id of this page."""
        return f"{self.context.id_prefix}{address}"


class Dialect(Markdown):
    """Markdown with our processors; `work` is the state of the present rendering."""

    work: RenderState
