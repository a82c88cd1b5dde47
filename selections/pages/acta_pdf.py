"""An acta as a tagged PDF with its bands and the QR code of its public page; equal actas give equal bytes (spec/selection 4.13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.i18n import _
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, wrapped
from kernel.pdf.sheets import BRAND, INK, LEFT, LINE, RULE, SOFT, FlowingSheet, sheet_properties
from selections.pages.actas import ActaEntryView

SIZE, SMALL = 3.1, 2.5
BAND = 1.6
"""The height of a drawn band."""


@dataclass(frozen=True, slots=True)
class PrintedActa:
    """An acta as its PDF prints it: every text in its language, every moment in words."""

    title: str
    code: str
    address: str
    institution: str
    subject: str
    """Of which quiz and edition or group."""
    made_at: datetime
    facts: Sequence[tuple[str, str]]
    has_bands: bool
    part: str = ""
    """Which part of a long list it is."""


@dataclass(frozen=True, slots=True)
class PrintedEntry:
    """A line with the identity number as it is printed."""

    line: ActaEntryView
    identity: str


def render_acta(acta: PrintedActa, lines: Iterable[PrintedEntry]) -> bytes:
    """Draw an acta; the same content in the same language gives the same bytes."""
    title = f"{acta.title} {acta.code}"
    properties = sheet_properties(title, acta.institution, made_at=acta.made_at, code=acta.code, subject=acta.subject, part=acta.part)
    return compose_pdf(properties, lambda document: _ActaSheet(document, acta).draw(lines))


class _ActaSheet(FlowingSheet):
    """An acta while it is drawn from top to bottom, over as many pages as its lines take."""

    def __init__(self, document: PdfDocument, acta: PrintedActa) -> None:
        super().__init__(document, acta.code)
        self._acta = acta
        columns = [(_("Rank"), 13.0), (_("Name"), 55.0 if acta.has_bands else 89.0), (_("Identity number"), 25.0), (_("Result"), 20.0)]
        more = [(_("Give or take"), 13.0)] if acta.has_bands else []
        bands = [(_("Band"), 21.0)] if acta.has_bands else []
        self._columns = [*columns, *more, (_("Status"), 27.0), *bands]

    def draw(self, lines: Iterable[PrintedEntry]) -> None:
        """Draw everything."""
        acta = self._acta
        self._footer()
        self._paragraph(acta.institution, STRONG, 4.2, SOFT)
        self._paragraph(acta.title, TITLE, 7.5, BRAND, role="H1")
        self._paragraph(acta.subject, STRONG, 4.2, INK)
        if acta.part:
            self._paragraph(acta.part, TEXT, 3.6, INK)
        self._y += 3
        for label, value in acta.facts:
            self._paragraph(label, STRONG, 2.9, SOFT)
            self._paragraph(value, TEXT, 3.6, INK)
            self._y += 1.4
        self._table(lines)
        self._check(acta.address, _("Check at %(address)s whether it is genuine and whether it was amended since.", address=acta.address))

    def _table(self, lines: Iterable[PrintedEntry]) -> None:
        self._y += 3
        self._make_room(30)
        with self._document.element("Table"):
            self._headline()
            for entry in lines:
                self._row(entry)

    def _headline(self) -> None:
        cells = [wrapped(heading, STRONG, SMALL, room - 2) for heading, room in self._columns]
        with self._document.element("TR"):
            for at, cell_lines in enumerate(cells):
                self._cell("TH", at, [(text, STRONG, SMALL, SOFT) for text in cell_lines])
        self._y += SMALL * LINE * max(map(len, cells)) + 1.5
        self._rule()

    def _row(self, entry: PrintedEntry) -> None:
        line = entry.line
        names = [(text, TEXT, SIZE, INK) for text in wrapped(line.name, TEXT, SIZE, self._columns[1][1] - 2)]
        before = _("before: %(words)s", words=line.was) if line.was else ""
        for text in (before, line.decided):
            names += [(part, TEXT, SMALL, SOFT) for part in (wrapped(text, TEXT, SMALL, self._columns[1][1] - 2) if text else ())]
        outcome = [(text, TEXT, SIZE, INK) for text in wrapped(line.outcome, TEXT, SIZE, 25)]
        plain = [[(text, TEXT, SIZE, INK)] for text in (line.rank, entry.identity or "–", line.percent, line.csem, line.alike_short)]
        rank, identity, result, error, band = plain
        cells = [rank, names, identity, result, *([error] if self._acta.has_bands else []), outcome]
        height = max(sum(size * LINE for _text, _font, size, _colour in cell) for cell in cells) + 1.6
        if self._acta.has_bands:
            height = max(height, SIZE * LINE + BAND + 2.2)
        if self._make_room(height):
            self._headline()
        with self._document.element("TR"):
            for at, cell in enumerate(cells):
                self._cell("TD", at, cell)
            if self._acta.has_bands:
                self._cell("TD", len(cells), band)
        if self._acta.has_bands and line.band_width:
            self._draw_band(line)
        self._y += height
        self._rule()

    def _draw_band(self, line: ActaEntryView) -> None:
        x, room = LEFT + sum(room for _words, room in self._columns[:-1]), self._columns[-1][1] - 1
        y = self._y + SIZE * LINE + 1
        with self._document.artifact() as pen:
            pen.box(x, y, room, BAND, RULE)
            pen.box(x + room * line.band_from / 100, y, max(room * line.band_width / 100, 0.4), BAND, BRAND)

    def _cell(self, role: str, at: int, lines: Sequence[tuple[str, str, float, str]]) -> None:
        x, y = LEFT + sum(room for _words, room in self._columns[:at]), self._y
        with self._document.element(role) as pen:
            for number, (text, font, size, colour) in enumerate(lines, 1):
                y += size * LINE
                pen.text(x, y, text if number == len(lines) else f"{text} ", font, size, colour, width=self._columns[at][1] - 2)
