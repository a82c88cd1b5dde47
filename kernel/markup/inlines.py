"""Read what stands inside a line: terms, parameters, citations, gaps, e-mail addresses, HTML.

The processors leave marks in the tree (elements named x-…); the passes over the finished tree turn them into HTML, because
Markdown does not visit its elements in the order of reading. No author can write such an element: HTML is stashed as text.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown.inlinepatterns import HtmlInlineProcessor, InlineProcessor
from markdown.util import AtomicString

from kernel.markup.findings import LANGUAGE_CODE, RAW_HTML, TAG_REFUSED, UNKNOWN_PARAMETER
from kernel.markup.html import names
from kernel.markup.model import Parameter, SafeHtml, gap_marker
from kernel.markup.numbers import format_number, format_parameter

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

AUTHORS_TAGS = names("abbr b br cite code del dfn em i ins kbd mark q s strong sub sup var")
"""What raw HTML may leave in a text; it is told all the same (spec/content-format C310)."""
REFUSED_TAGS = names("applet audio base embed frame frameset iframe link meta object portal script style video")
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
            self.work.report(UNKNOWN_PARAMETER, match[0], name=written)
            unknown = Element("code")
            unknown.text = AtomicString(match[0])
            return unknown, match.start(), match.end()
        if name[1] not in self.work.parameters:
            self.work.parameters.append(name[1])
        return _format_parameter(parameter, name[2], self.work.context.language), match.start(), match.end()


def _format_parameter(parameter: Parameter, part: str | None, language: str) -> str:
    if part == "year":
        return parameter.year
    if part == "number":
        return format_number(parameter.value, language, parameter.decimals)
    return format_parameter(parameter, language)


class GapReader(_InlinePattern):
    """`{name}` of a question's text, where the context names it."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[str | None, int | None, int | None]:  # type: ignore[override]  # what Markdown really allows
        if match[1] not in self.work.context.gaps:
            return None, None, None
        return self.work.hold(SafeHtml(gap_marker(match[1]))), match.start(), match.end()


class ExpressionReader(_InlinePattern):
    """`{= expression =}` of a calculated option: kept as it is written, for code that puts a number there when showing the text."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[str, int, int]:  # type: ignore[override]  # what Markdown really allows
        return self.work.hold(SafeHtml(escape(match[1], quote=False))), match.start(), match.end()


class ForeignReader(_InlinePattern):
    """`[words]{lang=es}`: words in another language than their text's."""

    def handleMatch(self, match: re.Match[str], _data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # what Markdown really allows
        span = Element("span")
        span.text = match[1]
        if _LANGUAGE_CODE.fullmatch(match[2]):
            span.set("lang", match[2])
        else:
            self.work.report(LANGUAGE_CODE, match[0], text=self.work.forget(match[2]))
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
            self._dialect.work.report(TAG_REFUSED, raw, tag=name)
        else:
            self._dialect.work.report(RAW_HTML, raw, tag=name, instead=_INSTEAD.get(name, "Markdown"))


def text_of(element: Element) -> str:
    """Answer the plain text of an element of the tree."""
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
