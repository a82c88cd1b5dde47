"""Sheets that are written from top to bottom, over as many A4 pages as their content takes; places and sizes in millimetres."""

from datetime import datetime

from kernel.i18n import _, language
from kernel.pdf.catalogue import PdfProperties
from kernel.pdf.document import PdfDocument
from kernel.pdf.fonts import CODE, TEXT, wrapped

INK, SOFT, BRAND, RULE = "#15212a", "#4c5b66", "#0c2c3c", "#c9d2d8"
LEFT, RIGHT, TOP, BOTTOM = 18.0, 192.0, 22.0, 272.0
QR = 30.0
LINE = 1.35
"""The height of a line, in sizes of its text."""


def sheet_properties(title: str, institution: str, *, made_at: datetime, code: str, subject: str, part: str = "") -> PdfProperties:
    """Return what a sheet of an institution says of itself, in the reader's language; its code, language and part name it for ever."""
    identifier = f"{code} {language()} {part}".rstrip()
    return PdfProperties(title, institution, language(), made_at, identifier, subject=subject, creator=institution)


class FlowingSheet:
    """A sheet while it is written; its code and the number of the page stand below each page."""

    def __init__(self, document: PdfDocument, code: str) -> None:
        self._document, self._code = document, code
        self._y, self._page = TOP, 1

    def _paragraph(self, text: str, font: str, size: float, colour: str, *, role: str = "P") -> None:
        """Write a text over the whole width, on the next page where this one has no room for it."""
        lines = wrapped(text, font, size, RIGHT - LEFT)
        self._make_room(size * LINE * len(lines))
        with self._document.element(role) as pen:
            for at, line in enumerate(lines, 1):
                self._y += size * LINE
                pen.text(LEFT, self._y, line if at == len(lines) else f"{line} ", font, size, colour, width=RIGHT - LEFT)

    def _rule(self) -> None:
        with self._document.artifact() as pen:
            pen.line([(LEFT, self._y, RIGHT, self._y)], 0.2, RULE)

    def _check(self, address: str, remark: str) -> None:
        """Draw the QR code of the address where the sheet is checked, its code, and words about what is found there."""
        self._y += 6
        self._make_room(QR + 2)
        top, left = self._y, LEFT + QR + 6
        with self._document.element("Figure", alt=_("QR code: %(address)s", address=address), box=(LEFT, top, QR, QR)) as pen:
            pen.qr(LEFT, top, QR, address, INK)
        with self._document.element("P") as pen:
            pen.text(left, top + 6, self._code, CODE, 5, INK)
        lines = wrapped(remark, TEXT, 3.4, RIGHT - left)
        with self._document.element("P") as pen:
            for at, line in enumerate(lines, 1):
                pen.text(left, top + 8 + at * 3.4 * LINE, line if at == len(lines) else f"{line} ", TEXT, 3.4, SOFT, width=RIGHT - left)

    def _make_room(self, height: float) -> bool:
        """Go on with another page where the rest of this one is too short, and say whether that was so."""
        if self._y + height <= BOTTOM:
            return False
        self._document.next_page()
        self._y, self._page = TOP, self._page + 1
        self._footer()
        return True

    def _footer(self) -> None:
        with self._document.artifact() as pen:
            pen.text(LEFT, 284, f"{self._code} · {self._page}", CODE, 3, SOFT)
