"""The texts of readers' posts: cleaned as they come in, and rendered in a small part of Markdown, in time linear to their length."""

import re
import unicodedata
from html import escape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.blockprocessors import BlockQuoteProcessor
from markdown.extensions.sane_lists import SaneOListProcessor, SaneUListProcessor
from markdown.extensions.tables import TableProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor, UnescapeTreeprocessor

from kernel.errors import N_, Invalid
from kernel.i18n import shortened
from kernel.markup.model import SafeHtml
from kernel.markup.passages import plain_text
from kernel.markup.sanitise import POST_ADDRESS, sanitise_post
from kernel.markup.source import fences_of, printable

LONGEST_POST = 20_000
"""Characters of a post, cleaned."""
MAXIMUM_MARKS = 4
"""Combining marks in a row."""
MAXIMUM_QUOTES, MAXIMUM_LISTS = 3, 6
"""How deep quotations and lists stand in each other; what is deeper is text."""
MAXIMUM_COLUMNS, MAXIMUM_ROWS = 10, 50


class PostTooComplex(Invalid):
    """A post that has more than can be shown."""

    message = N_("A post has at most %(limit)s characters.")


def clean_post(text: str) -> str:
    """Return a text as it is stored: composed, without control signs and directions, with few marks on a letter."""
    few = _with_few_marks(printable(text.replace("\r\n", "\n").replace("\r", "\n")))
    return _with_few_marks(unicodedata.normalize("NFC", few)).rstrip()


def clean_title(text: str) -> str:
    """Return a title as it is stored, on one line; nothing where it has neither a letter nor a number nor a symbol."""
    title = clean_post(" ".join(clean_post(text).split()))
    return title if any(unicodedata.category(sign)[0] in "LNS" for sign in title) else ""


_MAY_BE_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{MAXIMUM_MARKS + 1},}}")
"""Signs among which too many marks may stand: none comes before U+0300."""


def _with_few_marks(text: str) -> str:
    return _MAY_BE_MARKS.sub(lambda signs: _first_marks(signs[0]), text)


def _first_marks(signs: str) -> str:
    few: list[str] = []
    marks = 0
    for sign in signs:
        marks = marks + 1 if unicodedata.category(sign)[0] == "M" else 0
        if marks <= MAXIMUM_MARKS:
            few.append(sign)
    return "".join(few)


def render_post(source: str) -> SafeHtml:
    """Render a post: paragraphs, lists, quotations, code, emphasis, links and tables; all else is text as it was typed.

    Raise PostTooComplex where it is too long, or has too large a table.
    """
    text = clean_post(source)
    if len(text) > LONGEST_POST:
        raise PostTooComplex(limit=LONGEST_POST)
    return sanitise_post(_dialect().convert(text))


def summary_of(html: str, length: int) -> str:
    """Return the beginning of a rendered post as plain text on one line."""
    return shortened(plain_text(html), length)


def _dialect() -> Markdown:
    """Return a reader of its own for each text, so that none is left in the middle of another."""
    dialect = Markdown(output_format="html")
    dialect.preprocessors.deregister("html_block")
    dialect.preprocessors.register(_Fences(dialect), "fences", 25)
    parser, inlines = dialect.parser, dialect.inlinePatterns
    for name in ("code", "hashheader", "setextheader", "hr", "reference"):
        parser.blockprocessors.deregister(name)
    parser.blockprocessors.register(_Tables(parser, {"use_align_attribute": True}), "table", 75)
    parser.blockprocessors.register(_Numbered(parser), "olist", 40)
    parser.blockprocessors.register(_Bulleted(parser), "ulist", 30)
    parser.blockprocessors.register(_Quotes(parser), "quote", 20)
    for name in ("reference", "image_link", "image_reference", "short_reference", "short_image_ref", "automail", "html", "entity"):
        inlines.deregister(name)
    inlines.register(_Links(_LINK, dialect), "link", 160)
    inlines.register(_Addresses(_POINTED, dialect), "autolink", 120)
    inlines.register(_Addresses(_BARE, dialect), "bare", 115)
    dialect.treeprocessors.register(_Finish(dialect), "finish", -10)
    return dialect


class _Fences(Preprocessor):
    """Takes code between fences out of the text before anything else reads it."""

    def run(self, lines: list[str]) -> list[str]:
        """Replace each block by a mark that stands as deep in quotations and lists."""
        read: list[str] = []
        last = 0
        for start, end in fences_of(lines):
            fence = lines[start]
            prefix = fence[: len(fence) - len(fence.lstrip(" >"))]
            quotes, indent = prefix.count(">"), len(prefix) - len(prefix.rstrip(" "))
            marks = re.compile(rf"(?:[ ]{{0,3}}>[ ]?){{0,{quotes}}}[ ]{{0,{max(indent - bool(quotes), 0)}}}")
            code = "\n".join(marks.sub("", line, count=1) for line in lines[start + 1 : end])
            html = f'<pre class="scroll mono" tabindex="0"><code>{escape(code)}</code></pre>'
            read += [*lines[last:start], prefix.rstrip(" "), prefix + self.md.htmlStash.store(html), prefix.rstrip(" ")]
            last = end + 1
        return [*read, *lines[last:]]


_RULE = re.compile(r"[ ]{0,3}\|?[ ]*:?-+:?[ |:-]*")


class _Tables(TableProcessor):
    """Tables up to a size, which is looked at before the library's reader compares each bar with each piece of code."""

    def test(self, parent: Element, block: str) -> bool:
        rows = block.split("\n")
        if len(rows) < 2 or "|" not in rows[1] or not _RULE.fullmatch(rows[1]):
            return False
        if max(row.count("|") - row.count("\\|") for row in rows) > 4 * MAXIMUM_COLUMNS:
            raise _too_large()
        return super().test(parent, block)

    def run(self, parent: Element, blocks: list[str]) -> None:
        if len(self.separator) > MAXIMUM_COLUMNS or blocks[0].count("\n") > MAXIMUM_ROWS + 1:
            raise _too_large()
        super().run(parent, blocks)


def _too_large() -> PostTooComplex:
    limits = {"columns": MAXIMUM_COLUMNS, "rows": MAXIMUM_ROWS}
    return PostTooComplex(N_("A table in a post has at most %(columns)s columns and %(rows)s rows."), code="table_too_large", **limits)


class _Numbered(SaneOListProcessor):
    def test(self, parent: Element, block: str) -> bool:
        return self.parser.state.count("list") < MAXIMUM_LISTS and super().test(parent, block)


class _Bulleted(SaneUListProcessor):
    def test(self, parent: Element, block: str) -> bool:
        return self.parser.state.count("list") < MAXIMUM_LISTS and super().test(parent, block)


class _Quotes(BlockQuoteProcessor):
    """Quotations; the deepest loses the marks of those that would stand in it."""

    def test(self, parent: Element, block: str) -> bool:
        return self.parser.state.count("blockquote") < MAXIMUM_QUOTES and super().test(parent, block)

    def clean(self, line: str) -> str:
        is_deepest = self.parser.state.count("blockquote") == MAXIMUM_QUOTES - 1
        return re.sub(r"^(?:[ ]{0,3}>[ ]?)+", "", line) if is_deepest else super().clean(line)


_LINK = r"!?\[([^\[\]]{0,1000})\]\([ ]*<?((?:[^\s()<>]|\([^\s()<>]*\))*)>?(?:[ ]+\"[^\"\n]*\")?[ ]*\)"
_POINTED = r"<((?:https?://|mailto:)[^\s<>]+)>"
_ENDS = ".,;:!?*_~'’”»]}"
_BARE = r"(?<![\w/])(https?://[^\s<>\"`\x02\x03]+)"


class _Links(InlineProcessor):
    """Links and pictures of Markdown, both as links; the text of a link has no brackets."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element | None, int, int]:  # type: ignore[override]  # what Markdown allows
        address = UnescapeTreeprocessor().unescape(self.unescape(m[2]))
        if POST_ADDRESS.fullmatch(address) is None:
            return None, m.start(), m.end()
        link = Element("a", href=address)
        link.text = m[1].strip() or address
        return link, m.start(), m.end()


class _Addresses(InlineProcessor):
    """Addresses that stand alone; a bare one ends before the signs of its sentence."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element | None, int, int]:  # type: ignore[override]  # what Markdown allows
        address = m[1]
        if m[0] == address:
            address = address.rstrip(_ENDS)
            address = address if "(" in address else address.rstrip(")" + _ENDS)
        if POST_ADDRESS.fullmatch(address) is None:
            return None, m.start(), m.end()
        link = Element("a", href=address)
        link.text = address
        return link, m.start(), m.end() - (len(m[1]) - len(address))


class _Finish(Treeprocessor):
    """Shows where links lead, gives tables their look, and leaves what looks like an entity as it was typed."""

    def run(self, root: Element) -> None:
        for node in list(root.iter()):
            if node.tag == "a":
                _show_host(node)
            elif node.tag == "table":
                _wrap(node)
            elif align := node.attrib.pop("align", ""):
                node.attrib.update({"class": {"right": "r", "center": "center"}.get(align, "")})
            if node.tag == "th":
                node.set("scope", "col")
            if node.tag == "p" and not len(node):  # a mark of code has to stand alone in it
                node.text = (node.text or "").strip()
            if node.tag != "code":
                node.text = (node.text or "").replace("&", "&amp;")
            node.tail = (node.tail or "").replace("&", "&amp;")
            if "href" in node.attrib:
                node.set("href", node.attrib["href"].replace("&", "&amp;"))


def _show_host(link: Element) -> None:
    address = link.attrib["href"]
    match = POST_ADDRESS.fullmatch(address)
    target = match and (match["host"] or match["mail"])
    text = "".join(link.itertext()).strip().rstrip("/").casefold()
    whole = address.rstrip("/").casefold()
    if target and text not in (target.casefold(), whole, whole.partition(":")[2].lstrip("/")):
        link.tail = f" ({target}){link.tail or ''}"


def _wrap(table: Element) -> None:
    inner = Element("table", {"class": "data"})
    inner.extend(list(table))
    for part in list(table):
        table.remove(part)
    table.tag, table.text, table.attrib = "div", None, {"class": "scroll", "tabindex": "0"}
    table.append(inner)
