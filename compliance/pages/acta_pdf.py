"""An acta as a tagged PDF; equal actas give equal bytes (spec/compulsory 12.3)."""

from collections.abc import Sequence

from compliance.pages.actas import ActaView
from compliance.pages.report import COLUMNS, STATE_WORDS, ReportEntryView
from compliance.rules.tally import ReportState
from kernel.i18n import _, number, percent
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, shrunk, text_width, wrapped
from kernel.pdf.sheets import BRAND, INK, LEFT, LINE, RIGHT, SOFT, FlowingSheet, sheet_properties

NAMES = 40.0
"""The width of the column of names; the others share the rest."""


def render_acta(acta: ActaView) -> bytes:
    """Draw an acta; the same content in the same language gives the same bytes."""
    title = _("Acta of compulsory training")
    subject = f"{acta.obligation}. {acta.place}. {acta.data_of}"
    properties = sheet_properties(f"{title} {acta.code}", acta.institution, made_at=acta.made_at, code=acta.code, subject=subject)
    return compose_pdf(properties, lambda document: _ActaSheet(document, acta).draw(title))


class _ActaSheet(FlowingSheet):
    """An acta while it is drawn from top to bottom, over as many pages as its table takes."""

    def __init__(self, document: PdfDocument, acta: ActaView) -> None:
        super().__init__(document, acta.code)
        self._acta = acta
        states = [(state, _(STATE_WORDS[state])) for state in (ReportState.REQUIRED, *COLUMNS)]
        self._headings = [acta.first_heading, *(label for _state, label in states), _("Progress")]
        self._column = (RIGHT - LEFT - NAMES) / (len(self._headings) - 1)

    def draw(self, title: str) -> None:
        """Draw everything."""
        acta = self._acta
        self._footer()
        self._paragraph(acta.institution, STRONG, 4.2, SOFT)
        self._paragraph(title, TITLE, 7.5, BRAND, role="H1")
        self._y += 3
        for label, value in self._facts():
            self._paragraph(label, STRONG, 3.1, SOFT)
            self._paragraph(value, TEXT, 3.9, INK)
            self._y += 1.6
        self._table()
        self._check(acta.address, _("Compare these numbers with the register: %(address)s", address=acta.address))

    def _facts(self) -> list[tuple[str, str]]:
        acta = self._acta
        made = _("%(maker)s, on %(moment)s", maker=acta.maker, moment=acta.made_on) if acta.maker else acta.made_on
        facts = [
            (_("Place"), acta.place),
            (_("Compulsory training"), acta.obligation),
            (_("Audience"), acta.audience),
            (_("Data of"), acta.data_of),
            (_("Made by"), made),
        ]
        return [fact for fact in facts if fact[1]]

    def _table(self) -> None:
        self._y += 3
        table = self._acta.table
        with self._document.element("Table"):
            self._headline()
            for line in table.lines:
                self._row(line.name, line, TEXT)
            self._row(_("Total"), ReportEntryView(_("Total"), table.total), STRONG)

    def _headline(self) -> None:
        size = 2.6
        cells = [wrapped(heading, STRONG, size, (NAMES if not at else self._column) - 1) for at, heading in enumerate(self._headings)]
        height = size * LINE * max(map(len, cells)) + 1.5
        self._make_room(height + 12)
        with self._document.element("TR"):
            for at, lines in enumerate(cells):
                self._cell("TH", at, lines, STRONG, size, SOFT)
        self._y += height
        self._rule()

    def _row(self, name: str, line: ReportEntryView, font: str) -> None:
        size = 3.3
        names = wrapped(name, font, size, NAMES - 2)
        height = size * LINE * len(names) + 1.6
        if self._make_room(height):
            self._headline()
        counts = [number(line.tally.people(state)) for state in (ReportState.REQUIRED, *COLUMNS)]
        share = "–" if line.percent is None else percent(line.percent)
        with self._document.element("TR"):
            self._cell("TD", 0, names, font, size, INK)
            for at, text in enumerate([*counts, share], 1):
                self._cell("TD", at, [text], font, size, INK)
        self._y += height
        self._rule()

    def _cell(self, role: str, at: int, lines: Sequence[str], font: str, size: float, colour: str) -> None:
        """Write a cell: names to the left, numbers to the right."""
        room = (NAMES if not at else self._column) - 1
        size = shrunk(lines, font, size, 0, room)
        with self._document.element(role) as pen:
            for row, line in enumerate(lines, 1):
                x = LEFT if not at else LEFT + NAMES + at * self._column - text_width(line, font, size)
                pen.text(x, self._y + row * size * LINE, line if row == len(lines) else f"{line} ", font, size, colour)
