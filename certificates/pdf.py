"""The sheet as a PDF: A4 landscape, drawn from a table of positions.

Coordinates are millimetres from the top left, text stands on its baseline. Equal sheets give equal bytes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from unicodedata import normalize

from certificates.facade import BOTTOM, LEFT, FacadeArch, floors
from certificates.sheet import CertificateSheet
from kernel.pdf.catalogue import PdfAttachment, PdfProperties, PdfSealField
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.fonts import CODE, NAME, STRONG, TEXT, TITLE, balanced, shrunk, widest, width
from kernel.pdf.pen import PdfPen

WIDTH, HEIGHT = 297.0, 210.0
MARGIN = 11.0
COLUMN, COLUMN_END = 98.0, 270.0
COLUMN_WIDTH = COLUMN_END - COLUMN

INK, INK_2, BRAND = "#15212a", "#485762", "#0f4c63"
NIGHT, NIGHT_INK_2, LAMP = "#0c2c3c", "#b3c8d0", "#f5b53b"
LINE, EDGE, WHITE = "#d8dedc", "#75838b", "#ffffff"

QR_SIZE = 36.0
"""As wide as the code below it at 3 mm."""
_SIGNATURES = (98.0, 160.0)
_FACTS = (98.0, 136.0, 192.0)
_FACT_WIDTHS = (36.0, 54.0, 78.0)
_SIDE_WIDTH = 60.0
_VERIFY = COLUMN_END - QR_SIZE
_FOOT_WIDTH = 130.0


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text broken into lines, and the size in millimetres at which they fit."""

    lines: tuple[str, ...]
    size: float


def render(sheet: CertificateSheet, attachment: PdfAttachment | None = None, seal: PdfSealField | None = None) -> bytes:
    """Draw the sheet; the same sheet gives the same bytes with the same versions of the libraries."""
    facts = PdfProperties(
        title=f"{sheet.document_type}: {sheet.person_name}",
        author=sheet.institution,
        language=sheet.language,
        made_at=datetime.combine(sheet.issued_on, time(12), UTC),
        identifier=f"{sheet.code} {sheet.language}",
        subject=f"{sheet.course_title} ({sheet.code})",
        keywords=sheet.keywords,
        creator=sheet.site_name,
        width=WIDTH,
        height=HEIGHT,
        attachment=attachment,
        seal=seal,
    )
    return compose_pdf(facts, lambda document: _draw(document, sheet))


def fit_name(name: str, surnames: str = "") -> FittedText:
    """Fit a name into the column: one line of 12.2 down to 9 mm, else two of 8.6 down to 7; smaller rather than cut.

    Two lines are broken between given names and surnames where both fit at 8.6, else where the wider line is shortest.
    """
    for step in range(17):
        size = round(12.2 - 0.2 * step, 1)
        if width(name, NAME, size, _name_spacing(size)) <= COLUMN_WIDTH:
            return FittedText((name,), size)
    given = name.removesuffix(surnames).rstrip() if surnames else ""
    by_parts = (given, surnames)
    if given and given != name and max(width(line, NAME, 8.6, _name_spacing(8.6)) for line in by_parts) <= COLUMN_WIDTH:
        return FittedText(by_parts, 8.6)
    lines = balanced(name, NAME, 2)
    return FittedText(lines, shrunk(lines, NAME, 8.6, _name_spacing(8.6), COLUMN_WIDTH))


def fit_title(title: str) -> FittedText:
    """Fit a course title: one or two lines of 9.6 mm, else three of 7.4, smaller rather than cut."""
    for count in (1, 2):
        lines = balanced(title, TITLE, count)
        if widest(lines, TITLE, 9.6, _TITLE_SPACING) <= COLUMN_WIDTH:
            return FittedText(lines, 9.6)
    lines = balanced(title, TITLE, 3)
    return FittedText(lines, shrunk(lines, TITLE, 7.4, _TITLE_SPACING, COLUMN_WIDTH))


_TITLE_SPACING = -0.15


def _name_spacing(size: float) -> float:
    return -0.25 if size > 8.6 else -0.15


def _draw(document: PdfDocument, sheet: CertificateSheet) -> None:
    with document.artifact() as pen:
        pen.box(0, 0, WIDTH, HEIGHT, WHITE)
        pen.box(0, 0, 78, HEIGHT, NIGHT)
        pen.box(78, 0, 1.6, HEIGHT, LAMP)
    arches = floors(sheet.module_minutes)
    top = min(arch.top for arch in arches)
    with document.element("Figure", alt=sheet.descriptions.facade, box=(LEFT, top, 56, BOTTOM - top)) as pen:
        for arch in arches:
            _draw_arch(pen, arch)
    _draw_head(document, sheet)
    _draw_award(document, sheet)
    _draw_facts(document, sheet)
    _draw_signatories(document, sheet)
    _draw_verification(document, sheet)
    with document.element("P") as pen:
        pen.text(COLUMN, 196, sheet.validity, TEXT, 2.9, INK_2, width=_FOOT_WIDTH)


def _draw_arch(pen: PdfPen, arch: FacadeArch) -> None:
    pen.arch(arch.x, arch.top, arch.bottom, arch.width, LAMP)
    middle = arch.x + arch.width / 2
    pen.line([(middle, arch.top, middle, arch.bottom)], 0.5, NIGHT)
    pen.line([(arch.x, y, arch.x + arch.width, y) for y in arch.bars], 0.5, NIGHT)
    for side in (-1.5, 1.5) if arch.door else ():
        pen.dot(middle + side, arch.bottom - 12 * (arch.bottom - arch.top) / 28, 0.6, NIGHT)
    if arch.last:
        pen.line([(11, arch.bottom + 0.2, 67, arch.bottom + 0.2)], 0.4, WHITE, opacity=0.25)


def _draw_head(document: PdfDocument, sheet: CertificateSheet) -> None:
    with document.element("Figure", alt=sheet.descriptions.logo, box=(11.36, 16.72, 9.36, 9)) as pen:
        for x, top, colour in ((11.36, 19.6, WHITE), (17.84, 19.6, WHITE), (14.6, 16.72, LAMP)):
            pen.arch(x, top, 25.72, 2.88, colour)
    with document.element("P") as pen:
        pen.text(24, 25.5, sheet.site_name, TITLE, 7.5, WHITE, width=50, spacing=-0.15)
    with document.element("P") as pen:
        pen.text(11, 36, sheet.institution, TEXT, 3.5, NIGHT_INK_2, width=_SIDE_WIDTH)
    with document.element("H1") as pen:
        pen.text(COLUMN, 36, sheet.document_type, TITLE, 5.2, BRAND, width=COLUMN_WIDTH)


def _draw_award(document: PdfDocument, sheet: CertificateSheet) -> None:
    name = fit_name(normalize("NFC", sheet.person_name), normalize("NFC", sheet.surnames))
    with document.element("P") as pen:
        pen.text(COLUMN, 54 if len(name.lines) == 1 else 51, sheet.certifies, TEXT, 4.2, INK_2)
    with document.element("P") as pen:
        for y, line in zip((69.0,) if len(name.lines) == 1 else (62.0, 71.6), name.lines, strict=True):
            pen.text(COLUMN, y, f"{line} ", NAME, name.size, INK, width=COLUMN_WIDTH, spacing=_name_spacing(name.size))
    with document.artifact() as pen:
        pen.line([(COLUMN, 75, COLUMN_END, 75)], 0.4, LINE)
    with document.element("P") as pen:
        pen.text(COLUMN, 84, sheet.sentence, TEXT, 4.2, INK_2, width=COLUMN_WIDTH)
    title = fit_title(normalize("NFC", sheet.course_title))
    baselines = (94.5, 103.5, 112.5) if len(title.lines) == 3 else (98.0, 109.5)
    with document.element("P", language=sheet.title_language) as pen:
        for y, line in zip(baselines, title.lines, strict=False):
            pen.text(COLUMN, y, f"{line} ", TITLE, title.size, BRAND, width=COLUMN_WIDTH, spacing=_TITLE_SPACING)


def _draw_facts(document: PdfDocument, sheet: CertificateSheet) -> None:
    for x, room, (label, value) in zip(_FACTS, _FACT_WIDTHS, sheet.facts, strict=True):
        with document.element("P") as pen:
            pen.text(x, 122, label, TEXT, 3.5, INK_2, width=room)
        with document.element("P") as pen:
            pen.text(x, 128.2, value, STRONG, 4.4, INK, width=room)


def _draw_signatories(document: PdfDocument, sheet: CertificateSheet) -> None:
    for x, signatory, described in zip(_SIGNATURES, sheet.signatories, sheet.descriptions.signatures, strict=False):
        if signatory.picture:
            with document.element("Figure", alt=described, box=(x, 149, 52, 16.5)) as pen:
                pen.picture(x, 149, 52, 16.5, signatory.picture)
        with document.artifact() as pen:
            pen.line([(x, 166, x + 52, 166)], 0.35, EDGE)
        with document.element("P") as pen:
            pen.text(x, 172, signatory.name, STRONG, 4, INK, width=58)
        with document.element("P") as pen:
            pen.text(x, 177, signatory.role, TEXT, 3.4, INK_2, width=58)


def _draw_verification(document: PdfDocument, sheet: CertificateSheet) -> None:
    with document.element("Figure", alt=sheet.descriptions.qr, box=(_VERIFY, 142, QR_SIZE, QR_SIZE)) as pen:
        pen.qr(_VERIFY, 142, QR_SIZE, sheet.verify_url, INK)
    with document.element("P") as pen:
        pen.text(_VERIFY, 185.2, sheet.verify, TEXT, 3.1, INK_2, width=QR_SIZE)
    with document.element("P") as pen:
        pen.text(_VERIFY, 189.2, sheet.verify_address, STRONG, 3.3, INK, width=QR_SIZE)
    with document.element("P") as pen:
        pen.text(_VERIFY, 193.8, sheet.code, CODE, 3, INK, width=QR_SIZE)
