"""The elements of one sheet, each with its role and everything that it draws, in reading order.

Both the PDF and the page on the web are drawn from these values. Lengths are millimetres from the top left; text stands on its baseline.
"""

from dataclasses import dataclass

from certificates.layout.template import ElementRole, FontName


@dataclass(frozen=True, slots=True)
class TextMark:
    """A line of text."""

    x: float
    y: float
    text: str
    font: FontName
    size: float
    colour: str
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class BoxMark:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class LinesMark:
    """Straight lines of one colour, each from one point to another."""

    lines: tuple[tuple[float, float, float, float], ...]
    thickness: float
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class ArchMark:
    """A filled window: straight sides and a half circle on top."""

    x: float
    top: float
    bottom: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class DotMark:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True, slots=True)
class ModulesMark:
    """The dark modules of a QR code as boxes, x, y, width and height, drawn as one path."""

    boxes: tuple[tuple[float, float, float, float], ...]
    colour: str


@dataclass(frozen=True, slots=True)
class PictureMark:
    """A PNG or JPEG picture as large as fits into a box, at the bottom left of it, or stretched to fill it."""

    x: float
    y: float
    width: float
    height: float
    content: bytes
    fills: bool = False


Mark = TextMark | BoxMark | LinesMark | ArchMark | DotMark | ModulesMark | PictureMark


@dataclass(frozen=True, slots=True)
class PlacedElement:
    """An element of the sheet as it is drawn.

    ``alternative`` is what a figure shows, in words, and ``box`` where it stands: x, y, width and height. ``language`` is empty where it
    is that of the sheet.
    """

    role: ElementRole
    marks: tuple[Mark, ...]
    alternative: str = ""
    box: tuple[float, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class TextOverflow:
    """A text that is larger than its element allows; it was made smaller than that. ``word`` is the widest of its words."""

    element: int
    text: str
    word: str


@dataclass(frozen=True, slots=True)
class PlacedSheet:
    """All elements of a sheet, in reading order, and what did not fit."""

    width: float
    height: float
    elements: tuple[PlacedElement, ...]
    overflows: tuple[TextOverflow, ...] = ()
