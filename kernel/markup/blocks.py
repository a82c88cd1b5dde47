"""Read what takes whole paragraphs: figures and embeds, captions, callouts. They too leave marks for the passes over the tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown.blockprocessors import BlockProcessor
from pymdownx.quotes import QuotesProcessor

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
