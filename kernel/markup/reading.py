"""Readers of our dialect's own marks, and checks of the raw text for what Markdown silently reads otherwise than meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import HtmlInlineProcessor, InlineProcessor
from markdown.util import AtomicString
from pymdownx.quotes import QuotesProcessor

from kernel.markup import model
from kernel.markup.render_state import RenderMode
from kernel.markup.source import Finder

_NOTE_TEXT = re.compile(r"(?m)^[ ]{0,3}\[\^([^\]\n]*)\]:")
_NOTE_MARK = re.compile(r"\[\^([^\[\]\n]*)\](?!:)")
_DOLLAR_NUMBER = re.compile(r"(?<![\\$\w])\$[ ]?(?=\d)")
_FORMULA = re.compile(r"\$(?!\s)((?:\\.|[^\\$])+?)(?<!\s)\$")
_PROSE = re.compile(r"\s[^\W\d_]{3,}\s")
_MARKER = re.compile(r"[ ]{0,3}(?:[-*+]|\d{1,2}[.)])(?:[ ]+\S|[ ]{2,}$)")
"""An entry of a list; one of code alone is blank here."""
_RULE = re.compile(r"[ ]*+\|?[ ]*+:?-++:?[ ]*+(?:\|[ ]*+:?-++:?[ ]*+)*+\|?[ ]*+")
_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_BOUNDARY = re.compile(r"[ ]{0,3}(?:#{1,6}|\[!|(?:[-*_][ ]*){3,}$|\[\^[^\]]*\]:)")


def check_text(masked: str, mode: RenderMode, finder: Finder) -> list[model.MarkupFinding]:
    """Return C309, C313, C317 and C321 of a text whose code and comments are blank."""
    findings = [*_money(masked, finder), *_loose_formulas(masked, finder), *_notes(masked, mode, finder)]
    return findings if mode is RenderMode.INLINE else [*findings, *_missing_blank_lines(masked)]


def _problem(finding: model.MarkupFindingKind, line: int, **facts: str) -> model.MarkupFinding:
    return model.MarkupFinding(finding.code, finding.text, finding.fix, facts, line)


def _money(masked: str, finder: Finder) -> Iterator[model.MarkupFinding]:
    """Report a `$` before a number unless it opens a formula that looks like one (`$5-$6` and `$5 or $6` do not)."""
    skip = 0
    for dollar in _DOLLAR_NUMBER.finditer(masked):
        if dollar.start() < skip:
            continue
        line_end = masked.find("\n\n", dollar.start())
        formula = _FORMULA.match(masked, dollar.start(), line_end if line_end >= 0 else len(masked))
        if formula and not masked[formula.end() : formula.end() + 1].isdigit() and not _PROSE.search(formula[1]):
            skip = formula.end()
            continue
        yield _problem(model.MONEY, finder.line_at(dollar.start()), text=" ".join(masked[dollar.start() : dollar.start() + 20].split()))


def _loose_formulas(masked: str, finder: Finder) -> Iterator[model.MarkupFinding]:
    offset = 0
    for block in re.split(r"(\n[ >]*\n)", masked):
        if "$$" in block:
            text = "\n".join(_QUOTE.sub("", line) for line in block.strip().split("\n")).strip()
            if not (text.startswith("$$") and text.endswith("$$") and len(text) > 4 and text.count("$$") == 2):
                yield _problem(model.FORMULA_NOT_ALONE, finder.line_at(offset + block.find("$$")))
        offset += len(block)


def _notes(masked: str, mode: RenderMode, finder: Finder) -> Iterator[model.MarkupFinding]:
    texts: dict[str, int] = {}
    if mode is RenderMode.LESSON:
        for text in _NOTE_TEXT.finditer(masked):
            if text[1] in texts:
                yield _problem(model.NOTE_TWICE, finder.line_at(text.start()), name=text[1])
            texts[text[1]] = text.start()
    used: set[str] = set()
    for mark in _NOTE_MARK.finditer(masked):
        if mode is not RenderMode.LESSON:
            yield _problem(model.NOTE_IN_FIELD, finder.line_at(mark.start()), name=mark[1])
        elif mark[1] not in texts and mark[1] not in used:
            yield _problem(model.NOTE_MISSING, finder.line_at(mark.start()), name=mark[1])
        used.add(mark[1])
    for name, offset in texts.items():
        if name not in used:
            yield _problem(model.NOTE_UNUSED, finder.line_at(offset), name=name)


def _missing_blank_lines(masked: str) -> Iterator[model.MarkupFinding]:
    """Report a list or a table that begins straight after a line of running text."""
    in_text, in_list, depth = False, False, 0
    lines = masked.split("\n")
    for number, raw in enumerate(lines, start=1):
        line, level = _unquoted(raw)
        if level != depth or not line.strip() or _BOUNDARY.match(line):
            in_text, in_list, depth = False, False, level
        if not line.strip() or _BOUNDARY.match(line):
            continue
        starts_list = _MARKER.match(line) is not None
        starts_table = (
            "|" in line and number < len(lines) and "|" in lines[number] and _RULE.fullmatch(_unquoted(lines[number])[0]) is not None
        )
        if in_text and (starts_list or starts_table):
            yield _problem(model.NO_BLANK_LINE, number)
        in_list = in_list or starts_list
        in_text = not in_list and not starts_table


def _unquoted(line: str) -> tuple[str, int]:
    level = 0
    while quote := _QUOTE.match(line):
        line, level = line[quote.end() :], level + 1
    return line, level


if TYPE_CHECKING:
    from kernel.markup.render_state import Dialect

IMAGE = re.compile(
    r"!\[(?P<alt>(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*)\]"
    r"\([ ]*+(?P<path><[^<>\n]*>|[^\s()<>]*+)[ ]*+(?:\"[^\"\n]*\"[ ]*+)?\)[ ]*+(?P<braces>\{[^{}\n]*\})?",
    re.DOTALL,
)
_CAPTION = re.compile(r":[ ]+(\S.*)", re.DOTALL)
_ADDRESS = re.compile(r"\{[ ]*#([^{}\s]*)[ ]*\}$")
_CALLOUT = re.compile(r"[ ]{0,3}>[ ]?\[!([^\]\n]*)\][-+]?[ ]*(.*)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()>#+\-.!$|])")
CALLOUTS = ("DEFINITION", "EXAMPLE", "WARNING", "SUMMARY", "CHECK")


class TimeKeeper(BlockProcessor):
    """Takes no block: it looks at the clock before each one."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect.parser)
        self._dialect = dialect

    def test(self, _parent: Element, block: str) -> bool:
        self._dialect.work.reading = block
        self._dialect.work.check_time()
        return False

    def run(self, _parent: Element, _blocks: list[str]) -> bool | None:
        return False


class FigureReader(BlockProcessor):
    """A paragraph that is one image: figure, recording or question."""

    def test(self, _parent: Element, block: str) -> bool:
        return block.startswith("![") and IMAGE.fullmatch(block.strip()) is not None

    def run(self, parent: Element, blocks: list[str]) -> bool | None:
        image = IMAGE.fullmatch(blocks.pop(0).strip())
        if image is None:
            return False
        alternative = _ESCAPED.sub(r"\1", " ".join(image["alt"].split()))
        braces = image["braces"] or ""
        address = _ADDRESS.fullmatch(braces)
        SubElement(
            parent,
            "x-figure",
            {"alt": alternative, "path": image["path"].strip("<>"), "address": address[1] if address else "", "raw": image[0]}
            | ({"dropped": braces} if braces and not address else {}),
        )
        return True


class CaptionReader(BlockProcessor):
    """`: Caption. | Credit` after a figure, `: Title.` after a table."""

    def test(self, _parent: Element, block: str) -> bool:
        return block.startswith(": ")

    def run(self, parent: Element, blocks: list[str]) -> bool | None:
        block = blocks.pop(0).strip()
        caption = _CAPTION.fullmatch(block)
        previous = parent[-1] if len(parent) else None
        if caption is None or previous is None or previous.tag not in ("x-figure", "table"):
            SubElement(parent, "p", {"x-loose": "yes"}).text = block
            return True
        text, credit = caption[1], ""
        if previous.tag == "x-figure" and " | " in text:
            text, _, credit = text.rpartition(" | ")
        mark = SubElement(parent, "x-caption")
        if address := _ADDRESS.search(text):
            mark.set("address", address[1])
            text = text[: address.start()].rstrip()
        SubElement(mark, "x-words").text = text
        SubElement(mark, "x-credit").text = credit or None
        return True


class CalloutReader(QuotesProcessor):  # type: ignore[misc]  # the library has no types
    """`> [!KIND] Title`; other quotations are the library's."""

    def run(self, parent: Element, blocks: list[str]) -> None:
        quotation = self.RE.search(blocks[0])
        start = quotation.start() + (1 if blocks[0].startswith("\n", quotation.start()) else 0)
        first, _, rest = blocks[0][start:].partition("\n")
        callout = _CALLOUT.fullmatch(first.rstrip())
        if callout is None:
            super().run(parent, blocks)
            return
        if before := blocks.pop(0)[:start].strip("\n"):
            self.parser.parseBlocks(parent, [before])
        mark = SubElement(parent, "x-callout", {"kind": callout[1].strip(), "raw": first.strip(" >")})
        SubElement(mark, "x-title").text = callout[2].strip() or None
        self.parser.state.set("blockquote")
        self.parser.parseChunk(mark, "\n".join(self.clean(line) for line in rest.split("\n")))
        self.parser.state.reset()


if TYPE_CHECKING:
    from kernel.markup.render_state import Dialect, RenderState

TERM = r"(?<!\\)\[\[([^\[\]|\\]+?)(?:\\?\|([^\[\]]+?))?\]\]"
CITATION = r"(?<!\\)([ \u00a0]?)\[(@[^\[\]\n]*)\]"
PARAMETER = r"(?<!\\)\{\{([^{}\n]*)\}\}"
GAP = r"(?<!\\)\{([a-z][a-z0-9_]*)\}"
EXPRESSION = r"(?<!\\)(\{=[^{}\n]*=\})"
FOREIGN = r"(?<![\\!\]])\[([^\[\]\n]+)\]\{lang=([^{}\s]*)\}"
NOTE = r"\[\^([^\[\]]*)\]"
EMAIL = r"<([^<>\s!@:]+@[^@<>\s]+)>"
QUIET = re.compile(r"[^\\`*_{}\[\]<>&$~|@!—\n\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]*")
"""A text without any sign that a pattern of the dialect needs."""

_PARAMETER_NAME = re.compile(r"([a-z][a-z0-9_]*)(?:\.(year|number))?")
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
STASHED = re.compile("\x02[^\x02\x03]*\x03")
"""What stands for HTML in the tree, until the text is written out."""

AUTHORS_TAGS = model.names("abbr b br cite code del dfn em i ins kbd mark q s strong sub sup var")
"""What raw HTML may leave in a text; it is told all the same (spec/content-format C310)."""
REFUSED_TAGS = model.names("applet audio base embed frame frameset iframe link meta object portal script style video")
_INSTEAD = {
    "a": "[text](https://…)",
    "b": "**text**",
    "strong": "**text**",
    "i": "*text*",
    "em": "*text*",
    "img": "![alternative](media/file.svg)",
    "code": "`text`",
    "pre": "```",
    "br": "a new paragraph",
    "p": "a new paragraph",
    "table": "| a table | with bars |",
    "details": "> [!CHECK] Question?",
    "blockquote": "> text",
    "ul": "- text",
    "ol": "1. text",
    "li": "- text",
    "sub": "$x_1$",
    "sup": "$x^2$",
    "h1": "## Heading",
    "h2": "## Heading",
    "h3": "### Heading",
    "h4": "#### Heading",
}


class _InlinePattern(InlineProcessor):
    """An inline pattern that knows the rendering it takes part in."""

    def __init__(self, pattern: str, dialect: Dialect) -> None:
        super().__init__(pattern, dialect)
        self._dialect = dialect

    @property
    def work(self) -> RenderState:
        return self._dialect.work


class TermReader(_InlinePattern):
    """`[[form]]`, `[[key|words]]`."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # what Markdown really allows
        mark = Element("x-term", {"form": match[1], "raw": match[0]})
        mark.text = match[2] or match[1]
        return mark, match.start(), match.end()


class CitationReader(_InlinePattern):
    """`[@key, place; @key]`, with the space before it, which must not break."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # what Markdown really allows
        mark = Element("x-cite", {"raw": match[0].strip(), "space": "yes" if match[1] else ""})
        mark.text = AtomicString(match[2])
        return mark, match.start(), match.end()


class ParameterReader(_InlinePattern):
    """`{{ name }}`, `{{ name.year }}`, `{{ name.number }}`."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element | str, int, int]:  # type: ignore[override]  # what Markdown really allows
        written = match[1].strip(" ")
        name = _PARAMETER_NAME.fullmatch(written)
        parameter = self.work.context.parameter(name[1]) if name else None
        if name is None or parameter is None:
            self.work.report(model.UNKNOWN_PARAMETER, match[0], name=written)
            unknown = Element("code")
            unknown.text = AtomicString(match[0])
            return unknown, match.start(), match.end()
        if name[1] not in self.work.parameters:
            self.work.parameters.append(name[1])
        return _format_parameter(parameter, name[2], self.work.context.language), match.start(), match.end()


def _format_parameter(parameter: model.Parameter, part: str | None, language: str) -> str:
    if part == "year":
        return parameter.year
    if part == "number":
        return model.format_number(parameter.value, language, parameter.decimals)
    return model.format_parameter(parameter, language)


class GapReader(_InlinePattern):
    """`{name}` of a question's text, where the context names it."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[str | None, int | None, int | None]:  # type: ignore[override]  # what Markdown really allows
        if match[1] not in self.work.context.gaps:
            return None, None, None
        return self.work.hold(model.SafeHtml(model.gap_marker(match[1]))), match.start(), match.end()


class ExpressionReader(_InlinePattern):
    """`{= expression =}` of a calculated option: kept as it is written, for code that puts a number there when showing the text."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[str, int, int]:  # type: ignore[override]  # what Markdown really allows
        return self.work.hold(model.SafeHtml(escape(match[1], quote=False))), match.start(), match.end()


class ForeignReader(_InlinePattern):
    """`[words]{lang=es}`: words in another language than their text's."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # what Markdown really allows
        span = Element("span")
        span.text = match[1]
        if _LANGUAGE_CODE.fullmatch(match[2]):
            span.set("lang", match[2])
        else:
            self.work.report(model.LANGUAGE_CODE, match[0], text=self.work.forget(match[2]))
        return span, match.start(), match.end()


class EmailReader(_InlinePattern):
    """`<name@example.org>`."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # what Markdown really allows
        link = Element("a", {"href": f"mailto:{match[1]}"})
        link.text = AtomicString(match[1])
        return link, match.start(), match.end()


class HtmlReader(HtmlInlineProcessor):
    """Raw HTML in the text: reported, and removed unless it is one of the few tags that mean something inside a line."""

    def __init__(self, pattern: str, dialect: Dialect) -> None:
        super().__init__(pattern, dialect)
        self._dialect = dialect

    def handleMatch(self, match: re.Match[str], data: str) -> tuple[Element | str, int, int]:  # type: ignore[override]  # what Markdown really allows
        tag = _TAG.match(match[1])
        name = tag[1].lower() if tag else "!"
        if not match[1].startswith("</"):
            self._report(name, match[1])
        if name in AUTHORS_TAGS or name in ("script", "style"):
            return self._dialect.htmlStash.store(self._words(match[1])), match.start(), match.end()
        dropped = Element("x-dropped")
        return dropped, match.start(), match.end()

    def _words(self, raw: str) -> str:
        """Return a tag with the words of what was read in it before: no mark stands in an attribute."""
        return self._dialect.work.forget(self.backslash_unescape(InlineProcessor.unescape(self, raw)))

    def _report(self, name: str, raw: str) -> None:
        if name in REFUSED_TAGS:
            self._dialect.work.report(model.TAG_REFUSED, raw, tag=name)
        else:
            self._dialect.work.report(model.RAW_HTML, raw, tag=name, instead=_INSTEAD.get(name, "Markdown"))


def text_of(element: Element) -> str:
    """Return the plain text of an element of the tree."""
    return "".join(element.itertext())


def replace_children(element: Element, text: str) -> None:
    """Leave an element nothing but a text, which Markdown is not to read again."""
    for child in list(element):
        element.remove(child)
    element.text = AtomicString(text)


def append_text(element: Element, text: str) -> None:
    """Add a text at the end of an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def sub_element(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add a child with a text."""
    child = SubElement(parent, tag, attributes)
    child.text = text or None
    return child
