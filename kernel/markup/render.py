"""Render lessons and fields with Python-Markdown made the dialect of spec/content-format 7, and count their words."""

from __future__ import annotations

import re
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

from kernel.markup import reading
from kernel.markup.model import ATTRIBUTE, TOO_DEEP, TOO_LARGE, TOO_LONG_BLOCK, TOO_SLOW, MarkupContext, RenderedText, SafeHtml
from kernel.markup.passes import finish
from kernel.markup.reading import QUIET, check_text
from kernel.markup.references import closing_lists
from kernel.markup.render_state import Dialect, RenderMode, RenderState, RenderTimeExceeded, words_in
from kernel.markup.sanitise import sanitise
from kernel.markup.source import Finder, mask, mask_code, normalise, strip_comments

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
    """Return the dialect for lessons and fields of several paragraphs."""
    dialect = Dialect(extensions=[*_extensions(), *extensions], output_format="html")
    dialect.preprocessors.deregister("html_block")
    processors = dialect.parser.blockprocessors
    processors.deregister("code")
    processors.register(reading.CalloutReader(dialect.parser, {"callouts": False}), "quote", 20)
    processors.register(reading.FigureReader(dialect.parser), "figure", 77)
    processors.register(reading.CaptionReader(dialect.parser), "caption", 76)
    processors.register(reading.TimeKeeper(dialect), "time", 200)
    dialect.treeprocessors.register(_AddressReader(dialect), "attr_list", 8)
    return _with_inlines(dialect)


def _build_inline() -> Dialect:
    """Return the dialect for fields within one paragraph: no blocks, the same inside the line."""
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
    patterns.register(reading.TermReader(reading.TERM, dialect), "term", 188)
    patterns.register(reading.CitationReader(reading.CITATION, dialect), "citation", 187)
    patterns.register(reading.ParameterReader(reading.PARAMETER, dialect), "parameter", 186)
    patterns.register(reading.GapReader(reading.GAP, dialect), "gap", 185)
    patterns.register(reading.ExpressionReader(reading.EXPRESSION, dialect), "expression", 184.5)
    patterns.register(reading.ForeignReader(reading.FOREIGN, dialect), "foreign", 184)
    patterns.register(reading.EmailReader(reading.EMAIL, dialect), "automail", 110)
    patterns.register(reading.HtmlReader(HTML_RE, dialect), "html", 90)
    patterns.deregister("entity")
    if "footnote" in patterns:
        vars(patterns["footnote"])["compiled_re"] = re.compile(reading.NOTE)
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


_TABLE_RULE = re.compile(
    r"^[ >]*+\|?[ ]*+:?-++:?[ ]*+(?:\|[ ]*+:?-++:?[ ]*+)++\|?[ ]*+$|^[ >]*+\|[ ]*+:?-++:?[ ]*+\|[ ]*+$",
)
_DROPPED = (
    re.compile(r"(?s)\$\$.*?\$\$"),
    re.compile(r"(?<![\\$])\$(?!\s)(?:\\.|[^\\$])+?(?<!\s)\$"),
    re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()\s]*\)"),
    re.compile(r"(?m)^\[\^[^\[\]]*\]:|\[\^[^\[\]]*\]"),
    re.compile(r"\[@[^\[\]\n]*\]"),
    re.compile(r"(?m)^[ >]*\[![^\]\n]*\]"),
    re.compile(r"\]\([^()\s]*\)"),
    re.compile(r"\{(?:#|lang=)[^{}\n]*\}"),
    re.compile(r"</?[a-zA-Z][^<>]*>"),
)
_PARAMETER = re.compile(r"\{\{[^{}\n]*\}\}")
_LABELLED = re.compile(r"\[\[[^\[\]|]*\\?\|")
_WORD = re.compile(r"[^\W_](?:[\w.,'’\-]*[^\W_])?")


def count_words(source: str) -> int:
    """Count the words that are read: code, comments, tables with their titles, formulas, marks and addresses do not count.

    A parameter counts as one word; a number counts as one word.
    """
    text = _without_tables(mask(normalise(source)))
    for pattern in _DROPPED:
        text = pattern.sub(" ", text)
    text = _LABELLED.sub(" ", _PARAMETER.sub(" parametro ", text))
    return len(_WORD.findall(text))


def _without_tables(text: str) -> str:
    """Take out tables and the title in the next paragraph."""
    blocks: list[str] = []
    after_table = False
    for block in re.split(r"\n[ >]*\n", text):
        lines = block.strip("\n").split("\n")
        is_table = len(lines) > 1 and "|" in lines[0] and _TABLE_RULE.match(lines[1]) is not None
        is_title = after_table and lines[0].lstrip(" >").startswith(": ")
        if not is_table and not is_title:
            blocks.append(block)
        after_table = is_table
    return "\n\n".join(blocks)


MAXIMUM = 100_000
"""Bytes of a text (spec/content-format 1.6)."""
MAXIMUM_BLOCK = 20_000
"""Characters between two blank lines outside fenced code: what Markdown reads at once, sometimes in quadratic time."""
MAXIMUM_FENCES = 2000
"""Fences of code: they are found before anything can look at the clock."""
MAXIMUM_CROSSINGS = 4_000_000
"""Bars times backticks of one line: a row of a table compares each with each, before anything can look at the clock."""
MAXIMUM_OPTIONS = 8
"""Signs of equality behind a fence of code: each may double the time in which the library reads the line."""
TRIES = 2
MAXIMUM_DEPTH = 12
"""Quotations and lists inside each other."""
_DEEP = re.compile(
    r"(?m)^(?![ ]{0,3}(?:(?:-[ ]{0,2})+|(?:\*[ ]{0,2})+)[ ]*$)"
    rf"(?:[ ]*+(?:>|(?:[-*+]|\d{{1,9}}[.)])(?=[ ]))){{{MAXIMUM_DEPTH}}}"
    rf"|^[ ]{{{4 * MAXIMUM_DEPTH},}}\S"
)
"""Marks of quotations and lists one after the other on a line that is no rule, or so far indented."""
_REFERS = re.compile(r"[\[{<]")
"""A sign that begins whatever asks the context or has an id: links, terms, citations, parameters, gaps, media, embeds, addresses."""
MAXIMUM_KEPT = 2000
"""Characters of a field that is kept."""
KEPT_FIELDS = 2000
_fields: dict[tuple[str, RenderMode, str], RenderedText] = {}
"""Fields without findings that refer to nothing of their course, by all they were made from."""


def render_lesson(source: str, context: MarkupContext, original: RenderedText | None = None) -> RenderedText:
    """Render the body of a lesson (front matter cut off), with its lists of notes, terms and sources.

    `original` is the rendering of the first language's file: a translation takes its headings' and figures' addresses by
    position, or keeps its own where their number differs (spec/content-format 4.3, C704). Never raises on a text: what cannot be
    rendered within the limits is refused with C105 and empty HTML.
    """
    return _render(normalise(source), context, RenderMode.LESSON, original)


def render_markdown(source: str, context: MarkupContext) -> RenderedText:
    """Render a field of type `markdown`: paragraphs, lists, tables, figures; no headings, callouts, footnotes, citations, embeds."""
    return _render_field(normalise(source), context, RenderMode.FIELD)


def render_inline(source: str, context: MarkupContext) -> RenderedText:
    """Render a field of type `inline`: phrasing content without a paragraph around it."""
    text = " ".join(normalise(source).split())
    if _is_quiet(text):
        return RenderedText(SafeHtml(escape(text, quote=False)))
    return _render_field(text, context, RenderMode.INLINE)


def _render_field(text: str, context: MarkupContext, mode: RenderMode) -> RenderedText:
    """Render a field; one that refers to nothing of the course is rendered once, although publishing checks it first."""
    if len(text) > MAXIMUM_KEPT or _REFERS.search(text):
        return _render(text, context, mode)
    made_from = text, mode, context.language
    rendered = _fields.get(made_from)
    if rendered is None:
        rendered = _render(text, context, mode)
        if not rendered.problems:
            if len(_fields) >= KEPT_FIELDS:
                _fields.clear()  # at once, because other threads read it
            _fields[made_from] = rendered
    return rendered


def _is_quiet(text: str) -> bool:
    """Return whether a line has nothing that the dialect or a check of the raw text reads: most options of questions."""
    if len(text) >= 1000 or QUIET.fullmatch(text) is None:
        return False
    return " %" not in text and "USD" not in text and _DEEP.search(text) is None


def _begin(text: str, context: MarkupContext, mode: RenderMode, original: RenderedText | None = None) -> RenderState:
    masked = mask(text)
    work = RenderState(context=context, words=words_in(context.language), mode=mode, finder=Finder(masked))
    if original is not None:
        work.original_headings, work.original_figures = original.headings, original.figures
    _refuse(text, masked, work)
    if not work.problems:
        work.problems += check_text(masked, mode, work.finder)
    return work


def _refuse(text: str, masked: str, work: RenderState) -> None:
    """Report what exceeds the limits before anything parses the text."""
    size = len(text.encode())
    if size > MAXIMUM:
        work.report(TOO_LARGE, "", size=str(-(-size // 1000)), limit=str(MAXIMUM // 1000))
        return
    for block in re.split(r"\n[ \t]*\n", masked):
        if len(block.strip()) > MAXIMUM_BLOCK:
            work.report(TOO_LONG_BLOCK, block.strip()[:200], limit=str(MAXIMUM_BLOCK))
            return
    if text.count("```") + text.count("~~~") > MAXIMUM_FENCES:
        work.report(TOO_SLOW)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        is_fence = line.lstrip(" \t>").startswith(("```", "~~~"))
        if line.count("|") * line.count("`") > MAXIMUM_CROSSINGS or (is_fence and line.count("=") > MAXIMUM_OPTIONS):
            work.report_at(number, TOO_SLOW)
    if (deep := _deep(text, masked)) is not None:
        work.report_at(deep, TOO_DEEP)


def _deep(text: str, masked: str) -> int | None:
    """Return the first line that is nested too deep; a line is not indented by the code with which it begins."""
    spans = [(match.start(), match.end()) for match in _DEEP.finditer(masked)]
    code = mask_code(text) if spans else ""
    return next((masked.count("\n", 0, start) + 1 for start, end in spans if code[start:end] == text[start:end]), None)


def _render(text: str, context: MarkupContext, mode: RenderMode, original: RenderedText | None = None) -> RenderedText:
    """Render a text; one that took too long is tried once more, because a machine that stood still is slow only once."""
    for _try in range(TRIES):
        work = _begin(text, context, mode, original)
        if any(problem.code == TOO_LARGE.code for problem in work.problems):
            return _result(SafeHtml(), text, work)
        with suppress(RenderTimeExceeded):
            return _converted(text, work)
    work.report(TOO_SLOW, work.place)
    return _result(SafeHtml(), text, work)


def _converted(text: str, work: RenderState) -> RenderedText:
    try:
        with dialect_for(work.mode) as dialect:
            dialect.work = work
            html = dialect.convert(strip_comments(text))
    except RecursionError:
        work.report(TOO_DEEP, work.place)
        return _result(SafeHtml(), text, work)
    if work.mode is RenderMode.INLINE:
        html = html.removeprefix("<p>").removesuffix("</p>")
    clean = work.release(sanitise(html, work.context.id_prefix))
    closing = closing_lists(work) if work.mode is RenderMode.LESSON else SafeHtml()
    return _result(SafeHtml(clean.strip() + closing), text, work)


def _result(html: SafeHtml, text: str, work: RenderState) -> RenderedText:
    return RenderedText(
        html=html,
        headings=tuple(work.headings),
        closing=tuple(work.closing),
        terms=tuple(work.terms),
        citations=tuple(work.citations),
        parameters=tuple(work.parameters),
        figures=tuple(work.figures),
        formulas=work.formulas,
        checks=work.checks,
        words=count_words(text) if work.mode is RenderMode.LESSON else 0,
        media=tuple(work.media),
        questions=tuple(work.questions),
        recordings=tuple(work.recordings),
        icons=tuple(sorted(work.icons)),
        problems=tuple(sorted(work.problems, key=lambda problem: (problem.line, problem.code))),
    )
