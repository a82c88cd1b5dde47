"""Checks of a template: its required elements, and where elements may stand."""

from collections.abc import Sequence

from certificates.layout.template import (
    Area,
    BorderElement,
    BoxElement,
    CertificateTemplate,
    CodeElement,
    ImageElement,
    LineElement,
    PageFormat,
    QrElement,
    SignElement,
    TemplateElement,
    TextElement,
)
from courses.content.mapping_cursor import MappingCursor
from kernel.errors import N_

LEAST_QR, LEAST_CODE = 20.0, 3.0
"""Millimetres at which telephones and people still read them."""
QUIET = 4
"""Modules of white around a QR code; it has at least 25 a side."""
FEWEST_MODULES = 25


def check_template(table: MappingCursor, template: CertificateTemplate, tables: Sequence[MappingCursor]) -> None:
    """Report what is required and missing or twice, too small, or outside the page or its margin."""
    shown = [(inner, element) for inner, element in zip(tables, template.elements, strict=True) if not element.hidden]
    codes = [(inner, element) for inner, element in shown if isinstance(element, CodeElement)]
    squares = [(inner, element) for inner, element in shown if isinstance(element, QrElement)]
    _check_only_one(table, "code", [inner for inner, _one in codes])
    _check_only_one(table, "qr", [inner for inner, _one in squares])
    for inner, code in codes:
        if code.size < LEAST_CODE:
            inner.report("C221", N_("The code has to be at least %(least)s mm high."), at="size", least=f"{LEAST_CODE:g}")
    for inner, square in squares:
        if square.size < LEAST_QR:
            inner.report("C221", N_("The QR code has to be at least %(least)s mm wide."), at="size", least=f"{LEAST_QR:g}")
        _check_quiet(inner, square, shown)
    for inner, element in shown:
        _check_place(inner, element, template.page)


def _check_only_one(table: MappingCursor, kind: str, tables: Sequence[MappingCursor]) -> None:
    if not tables:
        fix = N_("Add “- {kind: %(kind)s, …}”. A certificate cannot be verified without it.")
        table.report("C221", N_("The template has no element “%(kind)s”."), fix, at="elements", kind=kind)
    for extra in tables[1:]:
        extra.report("C221", N_("The element “%(kind)s” is here a second time."), N_("Delete it."), kind=kind)


def _check_quiet(table: MappingCursor, square: QrElement, shown: Sequence[tuple[MappingCursor, TemplateElement]]) -> None:
    """Report what stands in the white around a QR code."""
    white = QUIET * square.size / (FEWEST_MODULES + 2 * QUIET)
    zone = Area(square.x - white, square.y - white, square.size + 2 * white, square.size + 2 * white)
    for _inner, other in shown:
        taken = None if other is square or is_ground(other) else area_of(other)
        if taken is not None and _touch(zone, taken):
            table.report(
                "C221", N_("Something is inside the white area that the QR code needs around it."), N_("Leave 4 mm free on each side.")
            )
            return


def _touch(area: Area, other: Area) -> bool:
    beside = area.x + area.width <= other.x or other.x + other.width <= area.x
    return not beside and not (area.y + area.height <= other.y or other.y + other.height <= area.y)


def _check_place(table: MappingCursor, element: TemplateElement, page: PageFormat) -> None:
    taken = area_of(element)
    if taken is None:
        return
    if taken.x + taken.width > page.width + 0.01 or taken.y + taken.height > page.height + 0.01 or taken.y < -0.01:
        table.report(
            "C224",
            N_("This lies outside the page, which is %(width)s × %(height)s mm."),
            width=f"{page.width:g}",
            height=f"{page.height:g}",
        )
    elif not is_ground(element) and not _inside(taken, page):
        fix = N_("Move it, make it smaller, or set another margin of the page.")
        table.report("C224", N_("This is inside the margin of %(margin)s mm."), fix, margin=f"{page.margin:g}")


def _inside(taken: Area, page: PageFormat) -> bool:
    left, top = taken.x >= page.margin - 0.01, taken.y >= page.margin - 0.01
    right, bottom = taken.x + taken.width <= page.width - page.margin + 0.01, taken.y + taken.height <= page.height - page.margin + 0.01
    return left and top and right and bottom


def is_ground(element: TemplateElement) -> bool:
    """Say whether an element is decoration, which may cross the margin and lie below others."""
    decorative = isinstance(element, ImageElement) and not element.alt
    return decorative or isinstance(element, (BoxElement, BorderElement, LineElement, SignElement))


def area_of(element: TemplateElement) -> Area | None:
    """Return the rectangle that an element takes at most; None where it has none of its own."""
    if isinstance(element, TextElement):
        return _area_of_text(element)
    if isinstance(element, CodeElement):
        return Area(element.x, element.y - element.size, element.width, element.size)
    if isinstance(element, QrElement):
        return Area(element.x, element.y, element.size, element.size)
    if isinstance(element, LineElement):
        (x1, y1), (x2, y2) = element.start, element.end
        return Area(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
    return getattr(element, "area", None)


def _area_of_text(element: TextElement) -> Area:
    """Return the rectangle of a text on its baselines, with the letters above the first of them."""
    largest = max(element.fits, key=lambda fit: fit.lines)
    baselines = largest.baselines or tuple(element.y + line * element.leading * largest.largest for line in range(largest.lines))
    top = min(baselines, default=element.y) - largest.largest * 0.75
    return Area(element.x, top, element.width, max(baselines, default=element.y) - top)
