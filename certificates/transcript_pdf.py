"""A transcript as a tagged PDF."""

from collections.abc import Mapping, Sequence
from datetime import date

from certificates.rules.credentials import CredentialState
from certificates.rules.transcripts import TranscriptContent, TranscriptRecord
from courses.rules import printed_basis, printed_hours, read_hours
from kernel.errors import N_
from kernel.i18n import _, format_date, format_datetime, language, ngettext, reading
from kernel.pdf.document import PdfAttachment, PdfDocument, PdfProperties, PdfSealField, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, wrapped
from kernel.pdf.sheets import BRAND, INK, LEFT, LINE, SOFT, FlowingSheet

STATE_WORDS: Mapping[CredentialState | None, str] = {
    CredentialState.VALID: N_("Valid"),
    CredentialState.EXPIRED: N_("Expired"),
    CredentialState.REPLACED: N_("Replaced"),
    CredentialState.REVOKED: N_("Revoked"),
    None: N_("No certificate"),
}
RECORD_COLUMNS = (56.0, 26.0, 24.0, 18.0, 20.0, 30.0)
SUM_COLUMNS = (100.0, 24.0, 50.0)
OPEN_COLUMNS = (100.0, 34.0, 40.0)
SIZE, SMALL = 3.2, 2.6

Cell = tuple[str, ...]
"""A cell: its text, then the smaller lines below it."""


def seal_label(content: TranscriptContent) -> str:
    """Return the label of the seal for a screen reader."""
    with reading(content.language):
        return _("Electronic seal of %(name)s", name=content.institution)


def render_transcript(content: TranscriptContent, attachment: PdfAttachment | None = None, seal: PdfSealField | None = None) -> bytes:
    """Draw a transcript; the same content gives the same bytes with the same versions of the libraries."""
    with reading(content.language):
        title = _("Transcript of records")
        properties = PdfProperties(
            title=f"{title}: {content.person_name}",
            author=content.institution,
            language=content.language,
            made_at=content.made_at,
            identifier=f"{content.code} {content.language}",
            subject=f"{title} ({content.code})",
            creator=content.institution,
            attachment=attachment,
            seal=seal,
        )
        return compose_pdf(properties, lambda document: _TranscriptSheet(document, content).draw(title))


class _TranscriptSheet(FlowingSheet):
    """A transcript while it is drawn from top to bottom, over as many pages as its tables take."""

    def __init__(self, document: PdfDocument, content: TranscriptContent) -> None:
        super().__init__(document, content.code)
        self._content = content

    def draw(self, title: str) -> None:
        """Draw everything."""
        content = self._content
        self._footer()
        self._paragraph(content.institution, STRONG, 4.2, SOFT)
        self._paragraph(title, TITLE, 7.5, BRAND, role="H1")
        self._y += 2
        self._paragraph(content.person_name, STRONG, 5.4, INK)
        self._paragraph(_("As of %(moment)s", moment=format_datetime(content.made_at)), TEXT, 3.6, INK)
        self._paragraph(
            ngettext("%(count)s completed course", "%(count)s completed courses", len(content.records)),
            TEXT,
            3.6,
            SOFT,
        )
        self._table("", _record_headings(), RECORD_COLUMNS, [_record_cells(record) for record in content.records])
        if content.sums:
            self._table(_("Hours with a valid certificate"), [_("Institution"), _("Year"), _("Hours")], SUM_COLUMNS, self._sums())
        if content.open_courses:
            headings = [_("Course"), _("Since"), _("Progress")]
            self._table(_("Courses in progress, not completed"), headings, OPEN_COLUMNS, self._open_courses())
        where = content.where
        remark = _("Check it at %(address)s: the page shows the present state of each line beside the one printed here.", address=where)
        self._check(where, remark)

    def _sums(self) -> list[Sequence[Cell]]:
        return [
            ((subtotal.institution,), (str(subtotal.year),), (printed_hours(subtotal.hours, language()),))
            for subtotal in self._content.sums
        ]

    def _open_courses(self) -> list[Sequence[Cell]]:
        return [
            ((course.title,), (format_date(course.since, "short"),), (_("%(done)s of %(total)s", done=course.done, total=course.total),))
            for course in self._content.open_courses
        ]

    def _table(self, title: str, headings: Sequence[str], columns: Sequence[float], rows: Sequence[Sequence[Cell]]) -> None:
        self._y += 5
        self._make_room(30)
        if title:
            self._paragraph(title, STRONG, 4, BRAND, role="H2")
            self._y += 1
        with self._document.element("Table"):
            self._headline(headings, columns)
            for row in rows:
                self._row(row, headings, columns)

    def _headline(self, headings: Sequence[str], columns: Sequence[float]) -> None:
        cells = [wrapped(heading, STRONG, SMALL, room - 2) for heading, room in zip(headings, columns, strict=True)]
        with self._document.element("TR"):
            for at, lines in enumerate(cells):
                self._cell("TH", at, columns, [(line, STRONG, SMALL, SOFT) for line in lines])
        self._y += SMALL * LINE * max(map(len, cells)) + 1.5
        self._rule()

    def _row(self, row: Sequence[Cell], headings: Sequence[str], columns: Sequence[float]) -> None:
        cells = [_cell_lines(cell, room - 2) for cell, room in zip(row, columns, strict=True)]
        height = max(sum(size * LINE for _text, _font, size, _colour in cell) for cell in cells) + 2
        if self._make_room(height):
            self._headline(headings, columns)
        with self._document.element("TR"):
            for at, cell in enumerate(cells):
                self._cell("TD", at, columns, cell)
        self._y += height
        self._rule()

    def _cell(self, role: str, at: int, columns: Sequence[float], lines: Sequence[tuple[str, str, float, str]]) -> None:
        x, y = LEFT + sum(columns[:at]), self._y
        with self._document.element(role) as pen:
            for number, (text, font, size, colour) in enumerate(lines, 1):
                y += size * LINE
                pen.text(x, y, text if number == len(lines) else f"{text} ", font, size, colour, width=columns[at] - 2)


def _record_headings() -> list[str]:
    return [_("Course"), _("Length"), _("Completed"), _("Result"), _("Certificate"), _("Code")]


def _record_cells(record: TranscriptRecord) -> Sequence[Cell]:
    held = record.certificate
    issued = (_("issued %(day)s", day=_short(held.issued_on)),) if held else ()
    until = (_("until %(day)s", day=_short(held.expires_on)),) if held and held.expires_on else ()
    return (
        (record.title, record.institution),
        printed_length(record),
        (_short(record.completed_on), *issued),
        (_("Passed") if record.is_passed else _("Completed"),),
        (_(STATE_WORDS[record.state]), *until),
        (held.code if held else "–",),
    )


def printed_length(record: TranscriptRecord) -> Cell:
    """Return the length of a record and its basis, in the reader's language."""
    basis = printed_basis(read_hours(record.hours, record.hours_basis, 0), language()) if record.hours_basis else ""
    return (printed_hours(record.hours, language()), *((basis,) if basis else ()))


def _short(day: date | None) -> str:
    return format_date(day, "short")


def _cell_lines(cell: Cell, room: float) -> list[tuple[str, str, float, str]]:
    first, *others = cell
    lines = [(line, TEXT, SIZE, INK) for line in wrapped(first, TEXT, SIZE, room)]
    return lines + [(line, TEXT, SMALL, SOFT) for text in others for line in wrapped(text, TEXT, SMALL, room)]
