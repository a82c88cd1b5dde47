"""Drawing on a page: fonts and the widths of texts in them, lines broken to fit, and QR codes."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from unicodedata import category, normalize

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = Path(__file__).parent / "fonts"

NAME = "Literata-Medium"
TITLE = "Literata-SemiBold"
TEXT = "AtkinsonHyperlegibleNext-Regular"
STRONG = "AtkinsonHyperlegibleNext-SemiBold"
CODE = "AtkinsonHyperlegibleMono-SemiBold"
SIGNS = "DejaVuSans-Symbols"
"""Greek, operators, arrows and shapes, for formulas and for what people type."""

_TWINS = {"\u2010": "-", "\u2012": "–", "\u2015": "—", "\u02b9": "'", "\u02bb": "‘", "\u2032": "'", "\u2033": '"'}
"""Signs that look like one which the fonts have, beside those that Unicode takes apart."""

TURN = threading.RLock()
"""One document is drawn at a time: ReportLab notes in its fonts what it embeds of them, and two at once would spoil each other."""


def register_fonts() -> None:
    """Read the fonts, once for the process."""
    with TURN:
        _read_fonts()


@cache
def _read_fonts() -> None:
    for name in (NAME, TITLE, TEXT, STRONG, CODE, SIGNS):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf", asciiReadable=0))


def unprintable(text: str) -> str:
    """Return the signs of a text that no font has, and that have no plain twin, each once."""
    return "".join(dict.fromkeys(sign for sign in normalize("NFC", text) if _drawn(sign, NAME) is None))


def spans(text: str, font: str) -> list[tuple[str, str]]:
    """Return a text in pieces, each with a font that has its signs.

    A sign that no font has is drawn as its plain twin; where it has none, it is written as its number in Unicode.
    """
    pieces: list[tuple[str, str]] = []
    for sign in normalize("NFC", text):
        for piece, own in _drawn(sign, font) or [(f"[U+{ord(sign):04X}]", font)]:
            if pieces and pieces[-1][1] == own:
                pieces[-1] = (pieces[-1][0] + piece, own)
            else:
                pieces.append((piece, own))
    return pieces


@cache
def _signs_of(font: str) -> frozenset[str]:
    register_fonts()
    return frozenset(map(chr, pdfmetrics.getFont(font).face.charToGlyph))


@cache
def _drawn(sign: str, font: str) -> list[tuple[str, str]] | None:
    """Return a sign, or its plain twin, with the fonts that have it: empty where it is drawn as nothing, None where it cannot be drawn."""
    if sign.isspace() and sign not in _signs_of(font):
        return [(" ", font)]
    with_sign = next((name for name in (font, SIGNS, NAME) if sign in _signs_of(name)), None)
    if with_sign:
        return [(sign, with_sign)]
    if category(sign) in ("Mn", "Cf"):  # a mark that stays with a letter, or tells how letters join
        return [("", font)]
    twins = [_drawn(twin, font) for twin in _TWINS.get(sign) or normalize("NFKD", sign) if twin != sign]
    return [piece for twin in twins for piece in twin or ()] if twins and None not in twins else None


def _has_all(font: str, text: str) -> bool:
    return _signs_of(font).issuperset(text)


def text_width(text: str, font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width of a text, in the unit of the size."""
    pieces = [(text, font)] if _has_all(font, normalize("NFC", text)) else spans(text, font)
    return sum(float(pdfmetrics.stringWidth(piece, own, size)) + spacing * len(piece) for piece, own in pieces)


def widest(lines: Sequence[str], font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width of the widest line."""
    return max(text_width(line, font, size, spacing) for line in lines)


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """Break a text at spaces into lines that fit into a width, as many as it takes; a longer word stands alone."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width(longer, font, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def shrunk(lines: Sequence[str], font: str, size: float, spacing: float, room: float) -> float:
    """Return the largest size, in steps of 0.1, at which the lines fit into a width; at least 2."""
    while size > 2 and widest(lines, font, size, spacing) > room:
        size = round(size - 0.1, 1)
    return size


class PdfPen:
    """Draws on the present page."""

    def __init__(self, canvas: Canvas, height: float) -> None:
        self._canvas = canvas
        self._height = height

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: str,
        size: float,
        colour: str,
        *,
        width: float | None = None,
        spacing: float = 0.0,
    ) -> None:
        """Write on a baseline; with a width the size shrinks until the text fits. A space at the end separates lines for who hears them."""
        content = normalize("NFC", text)
        if width is not None:
            size *= min(1.0, width / max(text_width(content.rstrip(), font, size, spacing), 0.1))
        line = self._canvas.beginText(x * mm, (self._height - y) * mm)
        line.setFillColor(HexColor(colour))
        line.setCharSpace(spacing * mm)
        for piece, own in [(content, font)] if _has_all(font, content) else spans(content, font):
            line.setFont(own, size * mm)
            line.textOut(piece)
        self._canvas.drawText(line)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle whose top left corner is given."""
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.rect(x * mm, (self._height - y - height) * mm, width * mm, height * mm, stroke=0, fill=1)

    def line(self, points: Sequence[tuple[float, float, float, float]], thickness: float, colour: str, opacity: float = 1.0) -> None:
        """Draw straight lines."""
        self._canvas.setStrokeColor(HexColor(colour))
        self._canvas.setStrokeAlpha(opacity)
        self._canvas.setLineWidth(thickness * mm)
        self._canvas.lines([(x1 * mm, (self._height - y1) * mm, x2 * mm, (self._height - y2) * mm) for x1, y1, x2, y2 in points])
        self._canvas.setStrokeAlpha(1.0)

    def arch(self, x: float, top: float, bottom: float, width: float, colour: str) -> None:
        """Fill a window: straight sides and a half circle on top."""
        radius = width / 2
        spring = self._height - top - radius
        path = self._canvas.beginPath()
        path.moveTo(x * mm, (self._height - bottom) * mm)
        path.lineTo(x * mm, spring * mm)
        path.arcTo(x * mm, (spring - radius) * mm, (x + width) * mm, (spring + radius) * mm, 180, -180)
        path.lineTo((x + width) * mm, (self._height - bottom) * mm)
        path.close()
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.drawPath(path, stroke=0, fill=1)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """Fill a circle."""
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.circle(x * mm, (self._height - y) * mm, radius * mm, stroke=0, fill=1)

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], colour: str) -> None:
        """Fill many rectangles as one path."""
        path = self._canvas.beginPath()
        for x, y, width, height in boxes:
            path.rect(x * mm, (self._height - y - height) * mm, width * mm, height * mm)
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.drawPath(path, stroke=0, fill=1)

    @contextmanager
    def scaled(self, x: float, bottom: float, scale: float) -> Iterator[Canvas]:
        """Draw on the canvas itself from a corner, the axis upwards; a scale is millimetres for a unit."""
        self._canvas.saveState()
        self._canvas.translate(x * mm, (self._height - bottom) * mm)
        self._canvas.scale(scale * mm, scale * mm)
        yield self._canvas
        self._canvas.restoreState()

    def picture(self, x: float, y: float, width: float, height: float, content: bytes, *, fills: bool = False) -> None:
        """Draw a PNG or JPEG picture as large as fits into a box, at the bottom left of it, or stretched to fill it."""
        box = (x * mm, (self._height - y - height) * mm, width * mm, height * mm)
        self._canvas.drawImage(ImageReader(BytesIO(content)), *box, mask="auto", preserveAspectRatio=not fills, anchor="sw")

    def qr(self, x: float, y: float, side: float, address: str, colour: str) -> None:
        """Draw the dark modules of a QR code; the white around them is its quiet zone."""
        modules, runs = qr_runs(address)
        unit = side / modules
        self.boxes([(x + column * unit, y + row * unit, length * unit, unit) for column, row, length in runs], colour)


def qr_runs(url: str) -> tuple[int, list[tuple[int, int, int]]]:
    """Return a QR code (level M): modules a side, and the runs of dark ones as column, row and length."""
    matrix = segno.make(url, error="m", micro=False, boost_error=False).matrix
    runs: list[tuple[int, int, int]] = []
    for row, modules in enumerate(matrix):
        column = 0
        for dark, run in groupby(modules):
            length = len(list(run))
            if dark:
                runs.append((column, row, length))
            column += length
    return len(matrix), runs


class TextStyle(StrEnum):
    """The styles of a run; what is raised or lowered is smaller too."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"
    SUP = "sup"
    SUB = "sub"


_FONTS = {TextStyle.STRONG: STRONG, TextStyle.CODE: CODE}
_SMALLER = {TextStyle.SUP: 0.7, TextStyle.SUB: 0.7, TextStyle.CODE: 0.94}
_RISES = {TextStyle.SUP: -0.32, TextStyle.SUB: 0.16}
_WORDS = re.compile(r"\n|[^\S\n\u00a0\u202f]+|[^\s]+(?:[\u00a0\u202f][^\s]*)*")


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of a text in one style; `\\n` ends a line."""

    text: str
    style: TextStyle = TextStyle.PLAIN


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a line: its text, its font, its size, and by how much it stands lower than the line (negative: higher)."""

    text: str
    font: str
    size: float
    fall: float
    width: float


TextLine = list[TextPiece]


def break_lines(runs: Sequence[TextRun], size: float, room: float) -> list[TextLine]:
    """Break runs at spaces into lines that fit into a width; a longer word is broken where the line ends."""
    lines: list[TextLine] = [[]]
    used, space = 0.0, TextRun("")
    for word in _words(runs, size):
        if word is None:
            lines.append([])
            used, space = 0.0, TextRun("")
        elif isinstance(word, TextRun):
            space = word
        else:
            gap = text_width(" ", _FONTS.get(space.style, TEXT), size) if space.text and lines[-1] else 0.0
            wide = sum(piece.width for piece in word)
            if lines[-1] and used + gap + wide > room:
                lines.append([])
                used, gap = 0.0, 0.0
            if gap:
                lines[-1].append(TextPiece(" ", TEXT, size, 0.0, gap))
            used += gap
            for part in _fitting(word, room):
                if used + sum(piece.width for piece in part) > room and lines[-1]:
                    lines.append([])
                    used = 0.0
                lines[-1] += part
                used += sum(piece.width for piece in part)
            space = TextRun("")
    return lines


def _words(runs: Sequence[TextRun], size: float) -> list[TextLine | TextRun | None]:
    """Return the words of runs as pieces, spaces between them as runs, and None where a line ends."""
    pieces: list[TextLine | TextRun | None] = []
    for run in runs:
        for match in _WORDS.finditer(run.text):
            text = match[0]
            if text == "\n":
                pieces.append(None)
            elif text.isspace():
                pieces.append(TextRun(" ", run.style))
            elif pieces and isinstance(pieces[-1], list):
                pieces[-1].extend(_pieces(text, run.style, size))
            else:
                pieces.append(_pieces(text, run.style, size))
    return pieces


def _pieces(text: str, style: TextStyle, size: float) -> TextLine:
    own = size * _SMALLER.get(style, 1.0)
    fall = size * _RISES.get(style, 0.0)
    return [TextPiece(part, font, own, fall, text_width(part, font, own)) for part, font in spans(text, _FONTS.get(style, TEXT))]


def _fitting(word: TextLine, room: float) -> list[TextLine]:
    """Return a word in parts that fit into a width."""
    if sum(piece.width for piece in word) <= room:
        return [word]
    signs = [
        TextPiece(sign, piece.font, piece.size, piece.fall, text_width(sign, piece.font, piece.size))
        for piece in word
        for sign in piece.text
    ]
    parts: list[TextLine] = [[]]
    for sign in signs:
        if parts[-1] and sum(piece.width for piece in parts[-1]) + sign.width > room:
            parts.append([])
        parts[-1].append(sign)
    return parts
