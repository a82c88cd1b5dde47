"""The sheet as a PDF, drawn from placed elements. Equal content gives equal bytes.

A process of its own draws many and imports this: nothing here brings in the database, translations or readers.
"""

from datetime import UTC, datetime, time
from typing import assert_never

from certificates.layout.placing import (
    ArchMark,
    BoxMark,
    DotMark,
    LinesMark,
    ModulesMark,
    PictureMark,
    PlacedElement,
    PlacedSheet,
    TextMark,
    place,
)
from certificates.layout.template import ElementRole, FontName
from certificates.sheet import CertificateSheet
from kernel.pdf import pen as fonts
from kernel.pdf.document import PdfAttachment, PdfDocument, PdfProperties, PdfSealField, compose_pdf
from kernel.pdf.pen import PdfPen, qr_runs

FONTS = {
    FontName.TITLE: fonts.TITLE,
    FontName.NAME: fonts.NAME,
    FontName.TEXT: fonts.TEXT,
    FontName.STRONG: fonts.STRONG,
    FontName.CODE: fonts.CODE,
}
_TAGS = {ElementRole.H1: "H1", ElementRole.P: "P", ElementRole.FIGURE: "Figure"}


def render(sheet: CertificateSheet, attachment: PdfAttachment | None = None, seal: PdfSealField | None = None) -> bytes:
    """Draw the sheet; the same sheet gives the same bytes with the same versions of the libraries."""
    placed = placed_sheet(sheet)
    properties = PdfProperties(
        title=sheet.title,
        author=sheet["institution.name"],
        language=sheet.language,
        made_at=datetime.combine(sheet.issued_on, time(12), UTC),
        identifier=f"{sheet['code']} {sheet.language}",
        subject=f"{sheet['course.title']} ({sheet['code']})",
        keywords=sheet.keywords,
        creator=sheet["institution.short"],
        width=placed.width,
        height=placed.height,
        attachment=attachment,
        seal=seal,
    )
    return compose_pdf(properties, lambda document: _draw(document, placed))


def placed_sheet(sheet: CertificateSheet) -> PlacedSheet:
    """Return the elements of a sheet, each with its role and everything that it draws."""
    return place(sheet.template, sheet.content, measure, qr_runs)


def measure(text: str, font: FontName, size: float, spacing: float = 0.0) -> float:
    """Return the width of a text in millimetres."""
    return fonts.text_width(text, FONTS[font], size, spacing)


def _draw(document: PdfDocument, placed: PlacedSheet) -> None:
    for element in placed.elements:
        if element.role is ElementRole.ARTIFACT:
            with document.artifact() as pen:
                _draw_marks(pen, element)
        else:
            with document.element(_TAGS[element.role], alt=element.alternative, language=element.language, box=element.box) as pen:
                _draw_marks(pen, element)


def _draw_marks(pen: PdfPen, element: PlacedElement) -> None:
    """Draw an element; a space after each line but the last separates them for who hears them."""
    texts = [mark for mark in element.marks if isinstance(mark, TextMark)]
    for mark in element.marks:
        match mark:
            case TextMark():
                text = mark.text if mark is texts[-1] else f"{mark.text} "
                pen.text(mark.x, mark.y, text, FONTS[mark.font], mark.size, mark.colour, spacing=mark.spacing)
            case BoxMark():
                pen.box(mark.x, mark.y, mark.width, mark.height, mark.colour)
            case LinesMark():
                pen.line(mark.lines, mark.thickness, mark.colour, mark.opacity)
            case ArchMark():
                pen.arch(mark.x, mark.top, mark.bottom, mark.width, mark.colour)
            case DotMark():
                pen.dot(mark.x, mark.y, mark.radius, mark.colour)
            case ModulesMark():
                pen.boxes(mark.boxes, mark.colour)
            case PictureMark():
                pen.picture(mark.x, mark.y, mark.width, mark.height, mark.content, fills=mark.fills)
            case _:
                assert_never(mark)
