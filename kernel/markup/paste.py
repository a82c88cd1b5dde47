"""Conversion of HTML from word processors and other sites to our Markdown dialect: headings, lists, tables, links, emphasis stay.

All else is counted (`kernel.markup.foreign_html`). The HTML is first simplified (lists of Word, bold written as a style), then cleaned by
our sanitiser, then turned into Markdown: which is rendered and cleaned again like any text that is typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from kernel.errors import N_, Invalid
from kernel.left_out import LeftOut, LeftOutCollector
from kernel.markup.foreign_html import put_formulas, simplify
from kernel.markup.sanitise import sanitise

HtmlElement = Tag
"""What converters of other packages are given."""
MAXIMUM_PASTED = 1_000_000
"""Characters of what is pasted: word processors write ten times the text."""
_SPECIAL = re.compile(r"([\\`*_\[\]{}$|<>])")
_LINE_START = re.compile(r"(?m)^(\s*\d*)([-+#.)])(?=\s)")
_INNER = re.compile(r"(?m)^(?=.)")
_LEVEL = re.compile(r"level(\d)")
_NUMBER = re.compile(r"[0-9a-zA-Z]{1,4}[.)]")
_BOLD = re.compile(r"(?<![\w-])font-weight:\s*(bold|[6-9]00)")
_PLAIN = re.compile(r"(?<![\w-])font-weight:\s*(normal|[1-4]00)")
_ITALIC = re.compile(r"(?<![\w-])font-style:\s*italic")
_LOWEST = 4
_HEADING = re.compile(r"h[1-6]\Z")
_BLOCKS = re.compile(r"(?:h[1-6]|ul|ol|li|table|blockquote|pre|details)\Z")
_NO_HEADINGS = re.compile(r"(?:h[1-6]|li|td|th|caption|blockquote|aside|pre)\Z")
_PICTURES = frozenset({"img", "svg"})


class Converter(MarkdownConverter):
    """The library's converter, with what our dialect writes."""

    class Options:
        heading_style = "atx"
        bullets = "-"
        autolinks = False
        table_infer_header = True


class _Pasted(Converter):
    def escape(self, text: str, parent_tags: Iterable[str]) -> str:
        """Escape what means something in our dialect."""
        return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text.replace("\u00a0", " ")))

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[int, int] = {}
        """Of the entry that each list has next."""

    def convert_li(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:
        """Write an entry of a list; what belongs to it stands four columns further in (spec/content-format 7)."""
        mark = "-"
        if el.parent is not None and el.parent.name == "ol":
            number = self._numbers.get(id(el.parent)) or int(str(el.parent.get("start", "1")))
            self._numbers[id(el.parent)] = number + 1
            mark = f"{number}."
        first, _end, rest = text.strip().partition("\n")
        inner = _INNER.sub("    ", re.sub(r"\n{2,}(?=\s*(?:-|\d+\.) )", "\n", rest.strip("\n")))
        return f"{mark} {first}\n{inner}\n" if inner else f"{mark} {first}\n"


@dataclass(frozen=True, slots=True)
class PastedText:
    """The Markdown of a paste, how many pictures it had, and what else of it is not taken."""

    markdown: str
    pictures: int
    """Their bytes are not in what is pasted, or not where learners could load them."""
    left_out: tuple[LeftOut, ...]


def pasted(html: str) -> PastedText:
    """Return pasted HTML as Markdown; raises Invalid where it is more than can be taken."""
    if len(html) > MAXIMUM_PASTED:
        raise Invalid(N_("That is too much to paste at once: paste it in parts."))
    left_out = LeftOutCollector()
    try:
        soup = BeautifulSoup(html, "html.parser")
        formulas = simplify(soup, left_out.add, _PICTURES)
        pictures = soup.find_all(_PICTURES)
        for picture in pictures:
            picture.decompose()
        _make_plain(soup)
        written = _Pasted().convert(sanitise(str(soup)))
    except RecursionError:
        raise Invalid(N_("That is nested too deep to be pasted. Paste it as plain text.")) from None
    lines = (line.rstrip() for line in written.replace("\u200b", "").split("\n"))
    markdown = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
    return PastedText(put_formulas(markdown, formulas), len(pictures), left_out.result())


def _make_plain(soup: BeautifulSoup) -> None:
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(["li", _HEADING]):
        if not tag.get_text(strip=True):
            tag.decompose()
    _name_emphasis(soup)
    _make_lists(soup)
    _lower_headings(soup)
    for cell in soup.find_all(["td", "th"]):
        for paragraph in cell.find_all("p"):
            paragraph.insert_after(" ")
            paragraph.unwrap()


def _name_emphasis(soup: BeautifulSoup) -> None:
    """Write bold and italic as elements where they are a style; Google's wrapper of normal weight is no emphasis."""
    for tag in soup.find_all(["b", "strong"]):
        if _PLAIN.search(str(tag.get("style", ""))):
            tag.unwrap()
    for tag in soup.find_all("span"):
        style = str(tag.get("style", ""))
        if _BOLD.search(style):
            tag.name = "strong"
        elif _ITALIC.search(style):
            tag.name = "em"
    for tag in soup.find_all(["b", "strong", "i", "em"]):
        if not tag.get_text(strip=True):
            tag.unwrap()


def _make_lists(soup: BeautifulSoup) -> None:
    """Make lists of the paragraphs that Word writes for their entries, nested by their level."""
    for first in list(soup.find_all("p", class_=re.compile("MsoListParagraph"))):
        if first.parent is None:
            continue
        run = list(_run(first))
        if run:
            _replace_run(soup, run)


def _run(first: Tag) -> Iterator[Tag]:
    following: object = first
    while isinstance(following, Tag) and following.name == "p" and "MsoListParagraph" in " ".join(following.get_attribute_list("class")):
        yield following
        following = following.find_next_sibling()


def _replace_run(soup: BeautifulSoup, run: list[Tag]) -> None:
    open_lists: list[tuple[int, Tag]] = []
    for entry in run:
        level = int(match[1]) if (match := _LEVEL.search(str(entry.get("style", "")))) else 1
        while open_lists and open_lists[-1][0] > level:
            open_lists.pop()
        if not open_lists or open_lists[-1][0] < level:
            listing = soup.new_tag("ol" if _is_numbered(entry) else "ul")
            entry_above = open_lists[-1][1].contents[-1] if open_lists else None
            if isinstance(entry_above, Tag):
                entry_above.append(listing)
            else:
                run[0].insert_before(listing)
            open_lists.append((level, listing))
        item = soup.new_tag("li")
        for mark in entry.find_all("span", style=re.compile("mso-list")):
            mark.decompose()
        item.extend(list(entry.contents))
        open_lists[-1][1].append(item)
    for entry in run:
        entry.decompose()


def _is_numbered(entry: Tag) -> bool:
    mark = entry.find("span", style=re.compile("mso-list"))
    return mark is not None and _NUMBER.search(mark.get_text(strip=True)) is not None


def _lower_headings(soup: BeautifulSoup) -> None:
    """Let the highest heading be of the second level, the first being the lesson's title, and none skip a level.

    Inside lists, tables, quotations and other headings there are none: they become bold.
    """
    for tag in soup.find_all(_HEADING):
        if tag.find(_BLOCKS) is not None:
            tag.name = "div"
    headings = soup.find_all(_HEADING)
    shift = 2 - min((int(tag.name[1]) for tag in headings), default=2)
    level = 1
    for tag in headings:
        for inner in tag.find_all(["b", "strong"]):
            inner.unwrap()
        if tag.find_parent(_NO_HEADINGS) is not None:
            tag.name = "strong"
            tag.wrap(soup.new_tag("p"))
        else:
            level = max(2, min(int(tag.name[1]) + shift, level + 1, _LOWEST))
            tag.name = f"h{level}"
