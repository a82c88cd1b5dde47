"""Sheets that are written from top to bottom, over as many A4 pages as their content takes; places and sizes in millimetres."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from kernel.i18n import _, language
from kernel.pdf.document import PdfDocument, PdfProperties
from kernel.pdf.pen import CODE, TEXT, TextLine, break_lines, text_width, wrapped
from kernel.pdf.prose import BlockKind, ProseBlock, TableCell, plain_prose, read_prose

INK, SOFT, BRAND, RULE = "#15212a", "#4c5b66", "#0c2c3c", "#c9d2d8"
LEFT, RIGHT, TOP, BOTTOM = 18.0, 192.0, 22.0, 272.0
QR = 30.0
LINE = 1.35
"""The height of a line, in sizes of its text."""


def sheet_properties(title: str, institution: str, *, made_at: datetime, code: str, subject: str, part: str = "") -> PdfProperties:
    """Return the properties of an institution's sheet, in the reader's language; its code, language and part name it for ever."""
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


SIZE, SMALL = 3.5, 2.9
INDENT = 5.0
MILLIMETRES = 25.4 / 96
"""Of a pixel of a page."""
TALLEST = 150.0
GAP = 1.3


class ProseSheet(FlowingSheet):
    """A sheet whose paragraphs hold several styles, lists, tables and pictures; `pictures` are contents by address."""

    def __init__(self, document: PdfDocument, code: str, pictures: Mapping[str, tuple[bytes, int, int]]) -> None:
        super().__init__(document, code)
        self._pictures = pictures

    def _html(self, html: str, *, left: float = LEFT, size: float = SIZE, colour: str = INK) -> None:
        self._blocks(read_prose(html), left=left, size=size, colour=colour)

    def _plain(self, text: str, *, left: float = LEFT, size: float = SIZE, colour: str = INK) -> None:
        self._blocks(plain_prose(text), left=left, size=size, colour=colour)

    def _blocks(self, blocks: Sequence[ProseBlock], *, left: float, size: float, colour: str) -> None:
        for block in blocks:
            at = left + INDENT * block.level
            match block.kind:
                case BlockKind.TABLE:
                    self._prose_table(block, at, size)
                case BlockKind.PICTURE:
                    self._figure(block, at, size)
                case BlockKind.DRAWING:
                    self._drawing(block, at, size)
                case BlockKind.CODE:
                    self._lines(break_lines(block.runs, size, RIGHT - at), at, size, colour, role="Code")
                case _:
                    marker = block.marker if block.kind is BlockKind.ITEM else ""
                    self._lines(break_lines(block.runs, size, RIGHT - at), at, size, colour, marker=marker)
            self._y += GAP

    def _lines(self, lines: Sequence[TextLine], left: float, size: float, colour: str, *, marker: str = "", role: str = "P") -> None:
        """Write lines, on the next page where this one ends; each page has an element of its own."""
        left_over = list(lines)
        while left_over:
            self._make_room(size * LINE)
            fitting = max(1, int((BOTTOM - self._y) / (size * LINE) + 0.001))
            here, left_over = left_over[:fitting], left_over[fitting:]
            with self._document.element(role) as pen:
                for at, line in enumerate(here):
                    self._y += size * LINE
                    if marker:
                        pen.text(left - 1.4 - text_width(marker, TEXT, size), self._y, f"{marker} ", TEXT, size, colour)
                        marker = ""
                    self._line(line, left, colour, ends=at == len(here) - 1)

    def _line(self, line: TextLine, left: float, colour: str, *, ends: bool) -> None:
        pen, x = self._document.pen, left
        for at, piece in enumerate(line, 1):
            text = piece.text if ends or at < len(line) else f"{piece.text} "
            pen.text(x, self._y + piece.fall, text, piece.font, piece.size, colour)
            x += piece.width

    def _prose_table(self, block: ProseBlock, left: float, size: float) -> None:
        small = size * 0.9
        columns = _columns(block.rows, small, RIGHT - left)
        with self._document.element("Table"):
            for row in block.rows:
                self._prose_row(row, columns, left, small)
        self._y += GAP

    def _prose_row(self, row: Sequence[TableCell], columns: Sequence[float], left: float, size: float) -> None:
        cells, at = [], 0
        for cell in row:
            room = sum(columns[at : at + cell.columns]) - 2
            cells.append((left + sum(columns[:at]), cell, break_lines(cell.runs, size, max(room, 5.0))))
            at += cell.columns
        height = size * LINE * max((len(lines) for _x, _cell, lines in cells), default=1) + 1.6
        self._make_room(min(height, BOTTOM - TOP))
        top = self._y
        with self._document.element("TR"):
            for x, cell, lines in cells:
                self._y = top
                with self._document.element("TH" if cell.is_heading else "TD"):
                    for number, line in enumerate(lines, 1):
                        self._y += size * LINE
                        self._line(line, x, INK, ends=number == len(lines))
        self._y = top + height
        with self._document.artifact() as pen:
            pen.line([(left, self._y - 0.2, left + sum(columns), self._y - 0.2)], 0.15, RULE)

    def _figure(self, block: ProseBlock, left: float, size: float) -> None:
        picture = self._pictures.get(block.source)
        if picture is None:
            self._words_for(f"[{block.words}]", left, size)
            return
        content, pixels, high = picture
        scale = _scale(pixels, high, left)
        wide, tall = pixels * scale, high * scale
        self._make_room(tall + GAP)
        with self._document.element("Figure", alt=block.words, box=(left, self._y, wide, tall)) as pen:
            pen.picture(left, self._y, wide, tall, content)
        self._y += tall + GAP

    def _drawing(self, block: ProseBlock, left: float, size: float) -> None:
        """Draw a figure in SVG; one that cannot be drawn says what it shows."""
        from kernel.pdf import drawings  # noqa: PLC0415 - svglib and lxml: 80 ms that no start should wait for

        drawing, description = drawings.read_drawing(block.source), drawings.description_of(block.source)
        if drawing is None:
            for text in filter(None, (f"[{block.words}]", description)):
                self._words_for(text, left, size)
            return
        scale = _scale(drawing.width, drawing.height, left)
        wide, tall = drawing.width * scale, drawing.height * scale
        self._make_room(tall + GAP)
        alternative = ". ".join(filter(None, (block.words, description)))
        with (
            self._document.element("Figure", alt=alternative, box=(left, self._y, wide, tall)) as pen,
            pen.scaled(left, self._y + tall, scale) as canvas,
        ):
            drawings.draw(drawing, canvas)
        self._y += tall + GAP

    def _words_for(self, text: str, left: float, size: float) -> None:
        self._lines(break_lines(plain_prose(text)[0].runs, size, RIGHT - left), left, size, SOFT)

    def _letters(self, label: str, value: str) -> None:
        """Write a fact in letters of one width, broken where the line ends."""
        self._paragraph(label, TEXT, SMALL, SOFT)
        signs = max(1, int((RIGHT - LEFT) / text_width("0", CODE, SMALL)))
        for begin in range(0, len(value), signs):
            self._paragraph(value[begin : begin + signs], CODE, SMALL, INK)
        self._y += GAP


def _scale(wide: float, tall: float, left: float) -> float:
    """Return millimetres for a pixel of a figure: as large as on a page, smaller where it is too wide or too tall for this one."""
    return min(MILLIMETRES, (RIGHT - left) / wide, TALLEST / tall)


def _columns(rows: Sequence[Sequence[TableCell]], size: float, room: float) -> list[float]:
    """Return the widths of columns: as their longest text asks, less where all together are too wide."""
    widths: list[float] = []
    for row in rows:
        plain = [_natural_width(cell, size) for cell in row for _part in range(cell.columns)]
        widths = [max(column_width, other) for column_width, other in zip_longest(widths, plain, fillvalue=0.0)]
    total = sum(widths)
    if total <= room:
        return widths
    fair = room / len(widths)
    small = [column_width for column_width in widths if column_width <= fair]
    rest, count = room - sum(small), len(widths) - len(small)
    return [column_width if column_width <= fair else rest / count for column_width in widths]


def _natural_width(cell: TableCell, size: float) -> float:
    text = "".join(run.text for run in cell.runs)
    longest = max((text_width(line, TEXT, size) for line in text.split("\n")), default=0.0)
    return (longest * 1.08 + 4) / cell.columns
