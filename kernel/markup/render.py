"""Render the Markdown dialect: lessons, fields of several paragraphs, fields of one line (spec/content-format 7)."""

from __future__ import annotations

import re
from contextlib import suppress
from html import escape

from kernel.markup.dialect import dialect_for
from kernel.markup.findings import TOO_DEEP, TOO_LARGE, TOO_LONG_BLOCK, TOO_SLOW
from kernel.markup.inlines import QUIET
from kernel.markup.lint import check_text
from kernel.markup.measure import count_words
from kernel.markup.model import MarkupContext, RenderedText, SafeHtml
from kernel.markup.references import closing_lists
from kernel.markup.render_state import RenderMode, RenderState, RenderTimeExceeded
from kernel.markup.renderer_strings import words_in
from kernel.markup.sanitise import sanitise
from kernel.markup.source import Finder, mask, mask_code, normalise, strip_comments

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
    """Answer whether a line has nothing that the dialect or a check of the raw text reads: most options of questions."""
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
