"""The sheet as a PDF: A4 landscape, drawn from a table of positions.

The only importer of ReportLab. Coordinates are millimetres from the top left, text stands on its baseline. Equal sheets give
equal bytes. ReportLab writes no tags: text is drawn in reading order and the web page is the accessible form.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import combinations, groupby
from pathlib import Path
from unicodedata import normalize

import segno
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from certificates.facade import FacadeArch, floors
from certificates.sheet import CertificateSheet

rl_config.useA85 = 0  # streams as bytes and not as text: a fifth less; nothing else in the program draws with ReportLab

_TURN = threading.RLock()
"""One sheet is drawn at a time: ReportLab notes in its fonts what it embeds of them, and two sheets at once would spoil each other."""

FONTS = Path(__file__).parent / "fonts"
WIDTH, HEIGHT = 297.0, 210.0
COLUMN, COLUMN_END = 98.0, 270.0
COLUMN_WIDTH = COLUMN_END - COLUMN

NAME = "Literata-Medium"
TITLE = "Literata-SemiBold"
TEXT = "AtkinsonHyperlegibleNext-Regular"
STRONG = "AtkinsonHyperlegibleNext-SemiBold"
CODE = "AtkinsonHyperlegibleMono-SemiBold"

INK, INK_2, BRAND = "#15212a", "#485762", "#0f4c63"
NIGHT, NIGHT_INK_2, LAMP = "#0c2c3c", "#b3c8d0", "#f5b53b"
LINE, EDGE, WHITE = "#d8dedc", "#75838b", "#ffffff"

QR_SIZE = 26.0
_SIGNATURES = (98.0, 160.0)
_FACTS = (98.0, 136.0, 192.0)
_FACT_WIDTHS = (36.0, 54.0, 78.0)
_SIDE_WIDTH = 60.0
_VERIFY = 244.0
_VERIFY_WIDTH = WIDTH - _VERIFY - 5


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text broken into lines, and the size in millimetres at which they fit."""

    lines: tuple[str, ...]
    size: float


def render(sheet: CertificateSheet) -> bytes:
    """Draw the sheet; the same sheet gives the same bytes with the same versions of the libraries."""
    with _TURN:
        return _rendered(sheet)


def _rendered(sheet: CertificateSheet) -> bytes:
    _register_fonts()
    target = BytesIO()
    canvas = Canvas(
        target,
        pagesize=(WIDTH * mm, HEIGHT * mm),
        pageCompression=1,
        invariant=1,
        lang=sheet.language,
        initialFontName=TEXT,
    )
    canvas.setTitle(f"{sheet.document_type}: {sheet.person_name}")
    canvas.setAuthor(sheet.institution)
    canvas.setSubject(f"{sheet.course_title} ({sheet.code})")
    canvas.setCreator(sheet.site_name)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    _draw(_Pen(canvas), sheet)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def unprintable(text: str) -> str:
    """Return the characters of a name that the sheet's fonts do not have, each once; empty for all Latin, Greek or Cyrillic names."""
    _register_fonts()
    known = pdfmetrics.getFont(NAME).face.charToGlyph
    return "".join(dict.fromkeys(sign for sign in normalize("NFC", text) if ord(sign) not in known and not sign.isspace()))


def fit_name(name: str, surnames: str = "") -> FittedText:
    """Fit a name into the column: one line of 12.2 down to 9 mm, else two of 8.6 down to 7; smaller rather than cut.

    Two lines are broken between given names and surnames where both fit at 8.6, else where the wider line is shortest.
    """
    _register_fonts()
    for step in range(17):
        size = round(12.2 - 0.2 * step, 1)
        if _width(name, NAME, size, _name_spacing(size)) <= COLUMN_WIDTH:
            return FittedText((name,), size)
    given = name.removesuffix(surnames).rstrip() if surnames else ""
    by_parts = (given, surnames)
    if given and given != name and max(_width(line, NAME, 8.6, _name_spacing(8.6)) for line in by_parts) <= COLUMN_WIDTH:
        return FittedText(by_parts, 8.6)
    lines = _balanced(name, NAME, 2)
    return FittedText(lines, _shrunk(lines, NAME, 8.6, _name_spacing(8.6)))


def fit_title(title: str) -> FittedText:
    """Fit a course title: one or two lines of 9.6 mm, else three of 7.4, smaller rather than cut."""
    _register_fonts()
    for count in (1, 2):
        lines = _balanced(title, TITLE, count)
        if _widest(lines, TITLE, 9.6, _TITLE_SPACING) <= COLUMN_WIDTH:
            return FittedText(lines, 9.6)
    lines = _balanced(title, TITLE, 3)
    return FittedText(lines, _shrunk(lines, TITLE, 7.4, _TITLE_SPACING))


_TITLE_SPACING = -0.15


def _name_spacing(size: float) -> float:
    return -0.25 if size > 8.6 else -0.15


def _register_fonts() -> None:
    with _TURN:
        _read_fonts()


@cache
def _read_fonts() -> None:
    for name in (NAME, TITLE, TEXT, STRONG, CODE):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf", asciiReadable=0))


def _width(text: str, font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width in millimetres."""
    return float(pdfmetrics.stringWidth(text, font, size)) + spacing * len(text)


def _widest(lines: Sequence[str], font: str, size: float, spacing: float) -> float:
    return max(_width(line, font, size, spacing) for line in lines)


def _shrunk(lines: Sequence[str], font: str, size: float, spacing: float) -> float:
    """Return the largest size, in steps of 0.1 mm, at which the lines fit; whatever is left is scaled to the width."""
    while size > 2 and _widest(lines, font, size, spacing) > COLUMN_WIDTH:
        size = round(size - 0.1, 1)
    return size


def _balanced(text: str, font: str, count: int) -> tuple[str, ...]:
    """Break a text at spaces into so many lines (fewer with fewer words) that the widest line is shortest."""
    words = text.split() or [""]
    count = min(count, len(words))
    breaks = combinations(range(1, len(words)), count - 1)
    candidates = [tuple(" ".join(words[start:end]) for start, end in zip((0, *cut), (*cut, len(words)), strict=True)) for cut in breaks]
    return min(candidates, key=lambda lines: _widest(lines, font, 1, 0))


class _Pen:
    """Draws in millimetres from the top left."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def text(
        self, x: float, y: float, text: str, font: str, size: float, colour: str, *, width: float | None = None, spacing: float = 0.0
    ) -> None:
        """Write on a baseline; with a width the size shrinks until the text fits."""
        content = normalize("NFC", text)
        if width is not None:
            size *= min(1.0, width / max(_width(content, font, size, spacing), 0.1))
        line = self._canvas.beginText(x * mm, (HEIGHT - y) * mm)
        line.setFont(font, size * mm)
        line.setFillColor(HexColor(colour))
        line.setCharSpace(spacing * mm)
        line.textOut(content)
        self._canvas.drawText(line)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle whose top left corner is given."""
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.rect(x * mm, (HEIGHT - y - height) * mm, width * mm, height * mm, stroke=0, fill=1)

    def line(self, points: Sequence[tuple[float, float, float, float]], thickness: float, colour: str, opacity: float = 1.0) -> None:
        """Draw straight lines."""
        self._canvas.setStrokeColor(HexColor(colour))
        self._canvas.setStrokeAlpha(opacity)
        self._canvas.setLineWidth(thickness * mm)
        self._canvas.lines([(x1 * mm, (HEIGHT - y1) * mm, x2 * mm, (HEIGHT - y2) * mm) for x1, y1, x2, y2 in points])
        self._canvas.setStrokeAlpha(1.0)

    def arch(self, x: float, top: float, bottom: float, width: float, colour: str) -> None:
        """Fill a window: straight sides and a half circle on top."""
        radius = width / 2
        spring = HEIGHT - top - radius
        path = self._canvas.beginPath()
        path.moveTo(x * mm, (HEIGHT - bottom) * mm)
        path.lineTo(x * mm, spring * mm)
        path.arcTo(x * mm, (spring - radius) * mm, (x + width) * mm, (spring + radius) * mm, 180, -180)
        path.lineTo((x + width) * mm, (HEIGHT - bottom) * mm)
        path.close()
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.drawPath(path, stroke=0, fill=1)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """Fill a circle."""
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.circle(x * mm, (HEIGHT - y) * mm, radius * mm, stroke=0, fill=1)

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], colour: str) -> None:
        """Fill many rectangles as one path."""
        path = self._canvas.beginPath()
        for x, y, width, height in boxes:
            path.rect(x * mm, (HEIGHT - y - height) * mm, width * mm, height * mm)
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.drawPath(path, stroke=0, fill=1)

    def picture(self, x: float, y: float, width: float, height: float, content: bytes) -> None:
        """Draw a PNG or JPEG picture as large as fits into a box, at the bottom left of it."""
        place = (x * mm, (HEIGHT - y - height) * mm, width * mm, height * mm)
        self._canvas.drawImage(ImageReader(BytesIO(content)), *place, mask="auto", preserveAspectRatio=True, anchor="sw")


def _draw(pen: _Pen, sheet: CertificateSheet) -> None:
    pen.box(0, 0, WIDTH, HEIGHT, WHITE)
    pen.box(0, 0, 78, HEIGHT, NIGHT)
    pen.box(78, 0, 1.6, HEIGHT, LAMP)
    for arch in floors(sheet.module_minutes):
        _draw_arch(pen, arch)
    _draw_head(pen, sheet)
    _draw_award(pen, sheet)
    _draw_facts(pen, sheet)
    _draw_signatories(pen, sheet)
    _draw_verification(pen, sheet)
    pen.text(COLUMN, 196, sheet.validity, TEXT, 2.9, INK_2, width=_VERIFY - COLUMN)


def _draw_arch(pen: _Pen, arch: FacadeArch) -> None:
    pen.arch(arch.x, arch.top, arch.bottom, arch.width, LAMP)
    middle = arch.x + arch.width / 2
    pen.line([(middle, arch.top, middle, arch.bottom)], 0.5, NIGHT)
    pen.line([(arch.x, y, arch.x + arch.width, y) for y in arch.bars], 0.5, NIGHT)
    for side in (-1.5, 1.5) if arch.door else ():
        pen.dot(middle + side, arch.bottom - 12 * (arch.bottom - arch.top) / 28, 0.6, NIGHT)
    if arch.last:
        pen.line([(11, arch.bottom + 0.2, 67, arch.bottom + 0.2)], 0.4, WHITE, opacity=0.25)


def _draw_head(pen: _Pen, sheet: CertificateSheet) -> None:
    for x, top, colour in ((11.36, 19.6, WHITE), (17.84, 19.6, WHITE), (14.6, 16.72, LAMP)):
        pen.arch(x, top, 25.72, 2.88, colour)
    pen.text(24, 25.5, sheet.site_name, TITLE, 7.5, WHITE, width=50, spacing=-0.15)
    pen.text(11, 36, sheet.institution, TEXT, 3.5, NIGHT_INK_2, width=_SIDE_WIDTH)
    pen.text(COLUMN, 36, sheet.document_type, TITLE, 5.2, BRAND, width=COLUMN_WIDTH)


def _draw_award(pen: _Pen, sheet: CertificateSheet) -> None:
    name = fit_name(normalize("NFC", sheet.person_name), normalize("NFC", sheet.surnames))
    pen.text(COLUMN, 54 if len(name.lines) == 1 else 51, sheet.certifies, TEXT, 4.2, INK_2)
    for y, line in zip((69.0,) if len(name.lines) == 1 else (62.0, 71.6), name.lines, strict=True):
        pen.text(COLUMN, y, line, NAME, name.size, INK, width=COLUMN_WIDTH, spacing=_name_spacing(name.size))
    pen.line([(COLUMN, 75, COLUMN_END, 75)], 0.4, LINE)
    pen.text(COLUMN, 84, sheet.sentence, TEXT, 4.2, INK_2, width=COLUMN_WIDTH)
    title = fit_title(normalize("NFC", sheet.course_title))
    baselines = (94.5, 103.5, 112.5) if len(title.lines) == 3 else (98.0, 109.5)
    for y, line in zip(baselines, title.lines, strict=False):
        pen.text(COLUMN, y, line, TITLE, title.size, BRAND, width=COLUMN_WIDTH, spacing=_TITLE_SPACING)


def _draw_facts(pen: _Pen, sheet: CertificateSheet) -> None:
    for x, width, (label, value) in zip(_FACTS, _FACT_WIDTHS, sheet.facts, strict=True):
        pen.text(x, 122, label, TEXT, 3.5, INK_2, width=width)
        pen.text(x, 128.2, value, STRONG, 4.4, INK, width=width)


def _draw_signatories(pen: _Pen, sheet: CertificateSheet) -> None:
    for x, signatory in zip(_SIGNATURES, sheet.signatories, strict=False):
        if signatory.picture:
            pen.picture(x, 149, 52, 16.5, signatory.picture)
        pen.line([(x, 166, x + 52, 166)], 0.35, EDGE)
        pen.text(x, 172, signatory.name, STRONG, 4, INK, width=58)
        pen.text(x, 177, signatory.role, TEXT, 3.4, INK_2, width=58)


def _draw_verification(pen: _Pen, sheet: CertificateSheet) -> None:
    pen.boxes(_modules(sheet.verify_url), INK)
    pen.text(_VERIFY, 174, sheet.verify, TEXT, 3.1, INK_2, width=_VERIFY_WIDTH)
    pen.text(_VERIFY, 178.2, sheet.verify_address, STRONG, 3.3, INK, width=_VERIFY_WIDTH)
    pen.text(_VERIFY, 184, sheet.code, CODE, 3.5, INK, width=_VERIFY_WIDTH)


def _modules(url: str) -> list[tuple[float, float, float, float]]:
    """Return the dark modules of the QR code as boxes; white around them is the quiet zone."""
    side, runs = qr_runs(url)
    unit = QR_SIZE / side
    return [(_VERIFY + column * unit, 142 + row * unit, length * unit, unit) for column, row, length in runs]


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
