"""Assemble Python-Markdown into the dialect of spec/content-format 7."""

from __future__ import annotations

import re
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from xml.etree.ElementTree import Element

from markdown.extensions import Extension
from markdown.extensions.attr_list import AttrListExtension, AttrListTreeprocessor
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import HTML_RE
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.arithmatex import ArithmatexExtension
from pymdownx.betterem import BetterEmExtension
from pymdownx.quotes import QuotesExtension
from pymdownx.superfences import SuperFencesCodeExtension

from kernel.markup import blocks, inlines
from kernel.markup.findings import ATTRIBUTE
from kernel.markup.inlines import QUIET
from kernel.markup.passes import finish
from kernel.markup.render_state import Dialect, RenderMode

_NAME = r"[.#][^\s{}=.#]++"
_PAIR = r"[A-Za-z][\w:-]*=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"']++)"
_BRACES = rf"\{{:?[ ]*+((?:{_NAME}|{_PAIR})(?:[ ]*+{_NAME}|[ ]++{_PAIR})*)[ ]*\}}"
_ADDRESS_ONLY = re.compile(r"\s*#(\S+)\s*")


class _Watched:
    """A pattern that looks at the clock before each search (Python-Markdown is quadratic on some texts)."""

    def __init__(self, pattern: re.Pattern[str], dialect: Dialect) -> None:
        self._pattern = pattern
        self._dialect = dialect

    def finditer(self, text: str, start: int = 0) -> Iterator[re.Match[str]]:
        self._dialect.work.reading = text
        for match in self._pattern.finditer(text, start):
            self._dialect.work.check_time()
            yield match


class _AddressReader(AttrListTreeprocessor):
    """Takes `{#address}` and drops other attributes with a word; braces that hold plain words stay text."""

    HEADER_RE = re.compile(rf"(?<![ ])[ ]++{_BRACES}[ ]*$")  # type: ignore[misc]  # the stubs call it final
    BLOCK_RE = re.compile(rf"\n[ ]*{_BRACES}[ ]*$")  # type: ignore[misc]  # the stubs call it final
    INLINE_RE = re.compile(rf"^{_BRACES}")  # type: ignore[misc]  # the stubs call it final

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._dialect = dialect

    def assign_attrs(self, elem: Element, attrs_string: str, *, strict: bool = False) -> str:
        address = _ADDRESS_ONLY.fullmatch(attrs_string)
        if address:
            elem.set("x-address", address[1])
        else:
            self._dialect.work.report(ATTRIBUTE, "{" + attrs_string + "}", text=attrs_string)
        return ""


class _QuietTexts(Treeprocessor):
    """Takes texts that no pattern can match out of the search, four of five: thirty patterns would look through each."""

    def run(self, root: Element) -> None:
        for node in root.iter():
            if node.text and QUIET.fullmatch(node.text):
                node.text = AtomicString(node.text)


class _Passes(Treeprocessor):
    """Hands the finished tree over, after all processors of the library."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._dialect = dialect

    def run(self, root: Element) -> None:
        finish(root, self._dialect.work)


def _code_block(source: str, _language: str, _class: str, _options: object, md: Dialect, **_kwargs: object) -> str:
    label = escape(md.work.words.code)
    return f'<pre class="scroll mono" tabindex="0" role="group" aria-label="{label}"><code>{escape(source)}</code></pre>'


def _extensions() -> list[Extension]:
    return [
        AttrListExtension(),
        TableExtension(use_align_attribute=True),
        SaneListExtension(),
        BetterEmExtension(),
        QuotesExtension(callouts=False),
        ArithmatexExtension(generic=True, preview=False, inline_syntax=["dollar"], block_syntax=["dollar"]),
        SuperFencesCodeExtension(custom_fences=[{"name": "*", "class": "", "format": _code_block}]),
    ]


def _build_blocks(*extensions: Extension) -> Dialect:
    """Answer the dialect for lessons and fields of several paragraphs."""
    dialect = Dialect(extensions=[*_extensions(), *extensions], output_format="html")
    dialect.preprocessors.deregister("html_block")
    processors = dialect.parser.blockprocessors
    processors.deregister("code")
    processors.register(blocks.CalloutReader(dialect.parser, {"callouts": False}), "quote", 20)
    processors.register(blocks.FigureReader(dialect.parser), "figure", 77)
    processors.register(blocks.CaptionReader(dialect.parser), "caption", 76)
    processors.register(blocks.TimeKeeper(dialect), "time", 200)
    dialect.treeprocessors.register(_AddressReader(dialect), "attr_list", 8)
    return _with_inlines(dialect)


def _build_inline() -> Dialect:
    """Answer the dialect for fields within one paragraph: no blocks, the same inside the line."""
    dialect = Dialect(
        extensions=[BetterEmExtension(), ArithmatexExtension(generic=True, preview=False, inline_syntax=["dollar"], block_syntax=[])],
        output_format="html",
    )
    dialect.preprocessors.deregister("html_block")
    for name in ("empty", "indent", "code", "hashheader", "setextheader", "hr", "olist", "ulist", "quote", "reference"):
        dialect.parser.blockprocessors.deregister(name)
    return _with_inlines(dialect)


def _with_inlines(dialect: Dialect) -> Dialect:
    dialect.ESCAPED_CHARS = list(string.punctuation)
    patterns = dialect.inlinePatterns
    patterns.register(inlines.TermReader(inlines.TERM, dialect), "term", 188)
    patterns.register(inlines.CitationReader(inlines.CITATION, dialect), "citation", 187)
    patterns.register(inlines.ParameterReader(inlines.PARAMETER, dialect), "parameter", 186)
    patterns.register(inlines.GapReader(inlines.GAP, dialect), "gap", 185)
    patterns.register(inlines.ExpressionReader(inlines.EXPRESSION, dialect), "expression", 184.5)
    patterns.register(inlines.ForeignReader(inlines.FOREIGN, dialect), "foreign", 184)
    patterns.register(inlines.EmailReader(inlines.EMAIL, dialect), "automail", 110)
    patterns.register(inlines.HtmlReader(HTML_RE, dialect), "html", 90)
    patterns.deregister("entity")
    if "footnote" in patterns:
        vars(patterns["footnote"])["compiled_re"] = re.compile(inlines.NOTE)
    dialect.treeprocessors.register(_QuietTexts(dialect), "quiet", 21)  # just before the library's "inline"
    dialect.treeprocessors.register(_Passes(dialect), "passes", -10)
    for pattern in patterns:
        vars(pattern)["compiled_re"] = _Watched(pattern.compiled_re, dialect)
    return dialect


_kept = threading.local()


@contextmanager
def dialect_for(mode: RenderMode) -> Iterator[Dialect]:
    """Lend a dialect of this thread, without anything of the text before.

    One that is interrupted stands in the middle of a list or a quotation, and `reset` does not lead it out: it is not lent again.
    """
    dialect: Dialect = _kept.__dict__.pop(mode.value, None) or _build(mode)
    dialect.reset()
    yield dialect
    setattr(_kept, mode.value, dialect)


def _build(mode: RenderMode) -> Dialect:
    if mode is RenderMode.INLINE:
        return _build_inline()
    return _build_blocks(FootnoteExtension()) if mode is RenderMode.LESSON else _build_blocks()
