"""Drawing in millimetres from the top left of a page; text stands on its baseline."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import groupby
from unicodedata import normalize

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from kernel.pdf.fonts import text_width


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
        line.setFont(font, size * mm)
        line.setFillColor(HexColor(colour))
        line.setCharSpace(spacing * mm)
        line.textOut(content)
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
