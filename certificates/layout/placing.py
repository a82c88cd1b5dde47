"""The elements of a sheet placed by its template: texts fitted and broken into lines, the façade of modules, pictures and signatories.

Geometry in millimetres from the top left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil
from typing import assert_never
from unicodedata import normalize

from certificates.layout.template import (
    Area,
    BorderElement,
    BoxElement,
    CertificateTemplate,
    CodeElement,
    ElementRole,
    FacadeElement,
    FontName,
    ImageElement,
    LineElement,
    LogoElement,
    QrElement,
    SignatoriesElement,
    SignElement,
    TemplateElement,
    TextAlignment,
    TextElement,
    TextFit,
    filled_lines,
)

PER_FLOOR = 4
MOST_WINDOWS = 15
LEFT, WIDTH, PITCH = 11.0, 11.6, 14.8
BOTTOM, TWO_FLOORS, FULL, DOOR = 192.0, 148.0, 52.0, 28.0
_FIRST_SHARE, _BY_LENGTH, _BAR, _CLEAR = 0.42, 0.58, 0.62, 2.0


@dataclass(frozen=True, slots=True)
class FacadeArch:
    """A window or the door: its box, the heights of its horizontal bars; ``last`` where a floor ends behind it."""

    x: float
    top: float
    bottom: float
    width: float
    bars: tuple[float, ...]
    door: bool = False
    last: bool = False


def floors(minutes: Sequence[int]) -> tuple[FacadeArch, ...]:
    """Return the windows of the modules and the door; more than MOST_WINDOWS modules share windows evenly, in order.

    The façade has one lit window per module, four to a floor, and the door closes the last floor.
    """
    lengths = _shared(minutes)
    count = ceil((len(lengths) + 1) / PER_FLOOR)
    scale = min(1.0, 2 / count)
    arches: list[FacadeArch] = []
    for index in range(len(lengths) + 1):
        floor, column = divmod(index, PER_FLOOR)
        bottom = BOTTOM - TWO_FLOORS / max(2, count) * (count - 1 - floor)
        is_door = index == len(lengths)
        height = scale * (DOOR if is_door else FULL * (_FIRST_SHARE + _BY_LENGTH * lengths[index] / max(*lengths, 1)))
        x = LEFT + column * PITCH
        bars = () if is_door else _bars(bottom - height, bottom)
        arches.append(FacadeArch(x, bottom - height, bottom, width=WIDTH, bars=bars, door=is_door, last=is_door or column == PER_FLOOR - 1))
    return tuple(arches)


def _bars(top: float, bottom: float) -> tuple[float, ...]:
    """Return the bars: at the springline and every 0.62 widths below, none close to the ground."""
    spring, step = top + WIDTH / 2, _BAR * WIDTH
    return tuple(spring + step * at for at in range(ceil((bottom - _CLEAR - spring) / step)))


def _shared(minutes: Sequence[int]) -> list[int]:
    if len(minutes) <= MOST_WINDOWS:
        return list(minutes)
    edges = [round(edge * len(minutes) / MOST_WINDOWS) for edge in range(MOST_WINDOWS + 1)]
    return [sum(minutes[start:end]) for start, end in pairwise(edges)]


Measure = Callable[[str, FontName, float, float], float]
"""The width in millimetres of a text in a font, at a size, with a space between letters."""
LEAST = 2.0
"""Size at which steps end; what is still too wide is scaled to the width."""
TRIED_WORDS = 60
"""Of a text whose every break is tried."""


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text broken into lines, the size in millimetres, the way in which it was fitted, and whether it keeps to that."""

    lines: tuple[str, ...]
    size: float
    fit: TextFit
    fits: bool


def fit_text(
    lines: Sequence[str], font: FontName, width: float, fits: Sequence[TextFit], measure: Measure, *, last_part: str = ""
) -> FittedText:
    """Fit lines into a width by the first way that holds them, else by the last one.

    Two lines are broken before ``last_part`` where both then fit at the largest size, else where the widest line is shortest.
    """
    for fit in fits:
        fitted = _fitted(lines, font, width, fit, measure, last_part)
        if fitted.fits or fit is fits[-1]:
            return fitted
    raise AssertionError("a text has at least one way to fit")


def _fitted(lines: Sequence[str], font: FontName, width: float, fit: TextFit, measure: Measure, last_part: str) -> FittedText:
    broken = _broken(lines, font, width, fit, measure, last_part)
    if len(broken) > fit.lines:
        return FittedText(broken, fit.smallest, fit, fits=False)
    if fit.step is None:
        needed = min((fit.largest * width / max(measure(line, font, fit.largest, fit.spacing), 0.1) for line in broken), default=width)
        return FittedText(broken, fit.largest, fit, fits=needed >= fit.smallest)
    size = fit.largest
    floor = fit.smallest if fit.step > 0.1 else LEAST
    while size > floor and _widest(broken, font, size, fit.spacing, measure) > width:
        size = round(size - fit.step, 1)
    return FittedText(broken, size, fit, fits=size >= fit.smallest and _widest(broken, font, size, fit.spacing, measure) <= width)


def _broken(lines: Sequence[str], font: FontName, width: float, fit: TextFit, measure: Measure, last_part: str) -> tuple[str, ...]:
    if len(lines) > 1 or fit.lines == 1:
        return tuple(lines)
    text = lines[0]
    first_part = text.removesuffix(last_part).rstrip() if last_part else ""
    by_parts = (first_part, last_part)
    if first_part and first_part != text and fit.lines == 2 and _widest(by_parts, font, fit.largest, fit.spacing, measure) <= width:
        return by_parts
    return balanced(text, font, fit.lines, measure)


def balanced(text: str, font: FontName, count: int, measure: Measure) -> tuple[str, ...]:
    """Break a text at spaces into so many lines (fewer with fewer words) that the widest line is shortest."""
    parts = text.split() or [""]
    count = min(count, len(parts))
    if count > 3 or len(parts) > TRIED_WORDS:
        return _evenly(parts, font, count, measure)
    breaks = combinations(range(1, len(parts)), count - 1)
    candidates = [tuple(" ".join(parts[start:end]) for start, end in zip((0, *cut), (*cut, len(parts)), strict=True)) for cut in breaks]
    return min(candidates, key=lambda lines: _widest(lines, font, 1, 0, measure))


def _evenly(parts: Sequence[str], font: FontName, count: int, measure: Measure) -> tuple[str, ...]:
    """Break words into so many lines of about the same width, one after another."""
    share = measure(" ".join(parts), font, 1, 0) / count
    lines: list[list[str]] = [[]]
    for word in parts:
        if lines[-1] and len(lines) < count and measure(" ".join((*lines[-1], word)), font, 1, 0) > share:
            lines.append([])
        lines[-1].append(word)
    return tuple(" ".join(line) for line in lines)


def _widest(lines: Sequence[str], font: FontName, size: float, spacing: float, measure: Measure) -> float:
    return max((measure(line, font, size, spacing) for line in lines), default=0.0)


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


COLOURS = {"ink": "#15212a", "ink2": "#485762", "white": "#ffffff"}
FACADE = Area(LEFT, 36.0, 56.0, 156.0)
"""Where the drawing of the windows stands by itself."""
SIGN = Area(11.36, 16.72, 9.36, 9.0)
_SIGN_ARCHES = ((0.0, 2.88, "colour"), (6.48, 2.88, "colour"), (3.24, 0.0, "accent"))
SIGNATORY_GAP = 4.0
SURNAMES = "{person.name}"

QrRuns = Callable[[str], tuple[int, list[tuple[int, int, int]]]]
"""A QR code: modules a side, and the runs of dark ones as column, row and length."""


@dataclass(frozen=True, slots=True)
class PrintedSignatory:
    """A signatory as printed; the picture is the signature as PNG or JPEG, empty where there is none."""

    name: str
    role: str
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class SheetColours:
    """The institution's two colours as they were when the certificate was issued."""

    brand: str = "#0f4c63"
    accent: str = "#f5b53b"


USUAL_COLOURS = SheetColours()


@dataclass(frozen=True, slots=True)
class SheetDescriptions:
    """The figures of the sheet in words, for who hears it; one signature for each signatory."""

    facade: str
    logo: str
    qr: str
    signatures: tuple[str, ...]
    seal: str


@dataclass(frozen=True, slots=True)
class SheetContent:
    """Everything that a template prints of one certificate in one language; ``values`` holds every field.

    ``title_language`` is empty where the course's title is in the language of the sheet.
    """

    language: str
    values: Mapping[str, str]
    surnames: str
    signatories: tuple[PrintedSignatory, ...]
    verify_url: str
    module_minutes: tuple[int, ...]
    descriptions: SheetDescriptions
    title_language: str = ""
    colours: SheetColours = USUAL_COLOURS
    logo: bytes = b""


def place(template: CertificateTemplate, content: SheetContent, measure: Measure, qr_runs: QrRuns) -> PlacedSheet:
    """Return the elements of a sheet as they are drawn; nothing is cut, and what had to be made too small is named."""
    placer = _Placer(template, content, measure, qr_runs)
    elements: list[PlacedElement] = []
    for number, element in enumerate(template.elements):
        if not element.hidden:
            placer.number = number
            elements += placer.placed(element)
    return PlacedSheet(template.page.width, template.page.height, tuple(elements), tuple(placer.overflows))


class _Placer:
    """Places the elements of one sheet, one after another."""

    def __init__(self, template: CertificateTemplate, content: SheetContent, measure: Measure, qr_runs: QrRuns) -> None:
        self._template, self._content = template, content
        self._measure, self._qr_runs = measure, qr_runs
        self.overflows: list[TextOverflow] = []
        self.number = 0

    def _colour(self, name: str) -> str:
        own = {"brand": self._content.colours.brand, "accent": self._content.colours.accent}
        return COLOURS.get(name) or own.get(name) or name

    def _in_language(self, text: Mapping[str, str]) -> str:
        return text.get(self._content.language) or next(iter(text.values()), "")

    def placed(self, element: TemplateElement) -> list[PlacedElement]:  # noqa: C901 - one line for each kind of element, no condition inside one
        """Return an element as it is drawn; none where there is nothing to draw."""
        match element:
            case TextElement():
                return self._text(element)
            case CodeElement():
                return self._code(element)
            case QrElement():
                return self._qr(element)
            case FacadeElement():
                return self._facade(element)
            case SignatoriesElement():
                return self._signatories(element)
            case ImageElement():
                return self._image(element)
            case LogoElement():
                return self._logo(element)
            case SignElement():
                return self._sign(element)
            case BorderElement():
                return self._border(element)
            case BoxElement():
                return self._box(element)
            case LineElement():
                return self._straight(element)
            case _:
                assert_never(element)

    def _text(self, element: TextElement) -> list[PlacedElement]:
        text = self._in_language(element.text)
        lines = tuple(normalize("NFC", line) for line in filled_lines(text, self._content.values))
        if not lines:
            return []
        lines = (" ".join(lines),) if element.run_on else lines
        surnames = normalize("NFC", self._content.surnames) if text.strip() == SURNAMES else ""
        fitted = fit_text(lines, element.font, element.width, element.fits, self._measure, last_part=surnames)
        self._note_overflow(element, fitted)
        way = _way_of(element, fitted)
        baselines = way.baselines or tuple(element.y + index * element.leading * fitted.size for index in range(len(fitted.lines)))
        marks = self._label(element, way)
        marks += [
            self._line(element, line, y, fitted.size, fitted.fit.spacing)
            for y, line in zip(baselines, fitted.lines, strict=False)
        ]  # fmt: skip
        language = self._content.title_language if "{course.title}" in text else ""
        return [PlacedElement(element.role, tuple(marks), language=language)]

    def _note_overflow(self, element: TextElement, fitted: FittedText) -> None:
        if not fitted.fits:
            parts = [word for line in fitted.lines for word in line.split()]
            widest = max(parts, key=lambda word: self._measure(word, element.font, 1, 0), default="")
            self.overflows.append(TextOverflow(self.number, " ".join(fitted.lines), widest))

    def _label(self, element: TextElement, way: TextFit) -> list[Mark]:
        label = element.label
        if label is None:
            return []
        text = normalize("NFC", self._in_language(label.text))
        size = self._shrunk(text, label.font, label.size, 0.0, element.width)
        x = self._aligned(element, text, label.font, size, 0.0)
        return [
            TextMark(x, label.y if way.label is None else way.label, text, font=label.font, size=size, colour=self._colour(label.colour))
        ]

    def _line(self, element: TextElement, line: str, y: float, largest: float, spacing: float) -> TextMark:
        size = self._shrunk(line, element.font, largest, spacing, element.width)
        x = self._aligned(element, line, element.font, size, spacing)
        return TextMark(x, y, line, font=element.font, size=size, colour=self._colour(element.colour), spacing=spacing)

    def _aligned(self, element: TextElement, line: str, font: FontName, size: float, spacing: float) -> float:
        if element.align is TextAlignment.LEFT:
            return element.x
        free = element.width - self._measure(line, font, size, spacing)
        return element.x + (free / 2 if element.align is TextAlignment.CENTRE else free)

    def _shrunk(self, text: str, font: FontName, size: float, spacing: float, width: float) -> float:
        return size * min(1.0, width / max(self._measure(text, font, size, spacing), 0.1))

    def _code(self, element: CodeElement) -> list[PlacedElement]:
        code = self._content.values["code"]
        size = self._shrunk(code, FontName.CODE, element.size, 0.0, element.width)
        return [
            PlacedElement(
                ElementRole.P, (TextMark(element.x, element.y, code, font=FontName.CODE, size=size, colour=self._colour(element.colour)),)
            )
        ]

    def _qr(self, element: QrElement) -> list[PlacedElement]:
        side, runs = self._qr_runs(self._content.verify_url)
        unit = element.size / side
        boxes = tuple((element.x + column * unit, element.y + row * unit, length * unit, unit) for column, row, length in runs)
        mark, box = ModulesMark(boxes, self._colour(element.colour)), (element.x, element.y, element.size, element.size)
        return [PlacedElement(ElementRole.FIGURE, (mark,), self._content.descriptions.qr, box)]

    def _facade(self, element: FacadeElement) -> list[PlacedElement]:
        marks = tuple(mark for arch in floors(self._content.module_minutes) for mark in self._arch(element, arch))
        drawn = _moved(marks, FACADE, element.area)
        return [PlacedElement(ElementRole.FIGURE, drawn, self._content.descriptions.facade, _box_of(element.area))]

    def _arch(self, element: FacadeElement, arch: FacadeArch) -> list[Mark]:
        colour, ground = self._colour(element.colour), self._colour(element.ground)
        middle, right = arch.x + arch.width / 2, arch.x + arch.width
        marks: list[Mark] = [
            ArchMark(arch.x, arch.top, arch.bottom, arch.width, colour),
            LinesMark(((middle, arch.top, middle, arch.bottom),), 0.5, ground),
            LinesMark(tuple((arch.x, y, right, y) for y in arch.bars), 0.5, ground),
        ]
        handle = arch.bottom - 12 * (arch.bottom - arch.top) / 28
        marks += [DotMark(middle + side, handle, 0.6, ground) for side in ((-1.5, 1.5) if arch.door else ())]
        if arch.last:
            y = arch.bottom + 0.2
            marks.append(LinesMark(((LEFT, y, 67, y),), 0.4, self._colour(element.floor), 0.25))
        return marks

    def _signatories(self, element: SignatoriesElement) -> list[PlacedElement]:
        area = element.area
        count = min(len(self._content.signatories), element.most)
        pitch = (area.width + SIGNATORY_GAP) / (element.most if element.least is None else max(count, element.least))
        placed: list[PlacedElement] = []
        signers = zip(self._content.signatories[: element.most], self._content.descriptions.signatures, strict=False)
        for index, (signatory, described) in enumerate(signers):
            column = Area(area.x + index * pitch, area.y, pitch - SIGNATORY_GAP, area.height)
            placed += self._signatory(element, column, signatory, described)
        return placed

    def _signatory(self, element: SignatoriesElement, column: Area, signatory: PrintedSignatory, described: str) -> list[PlacedElement]:
        x, foot, rule = column.x, column.y + column.height, column.width - 6
        placed: list[PlacedElement] = []
        if signatory.picture:
            placed += self._picture(signatory.picture, Area(x, column.y, rule, column.height - 13.5), described)
        line = LinesMark(((x, foot - 13, x + rule, foot - 13),), 0.35, self._colour(element.line))
        name, role = normalize("NFC", signatory.name), normalize("NFC", signatory.role)
        strong = self._shrunk(name, FontName.STRONG, 4, 0.0, column.width)
        small = self._shrunk(role, FontName.TEXT, 3.4, 0.0, column.width)
        return [
            *placed,
            PlacedElement(ElementRole.ARTIFACT, (line,)),
            PlacedElement(
                ElementRole.P, (TextMark(x, foot - 7, name, font=FontName.STRONG, size=strong, colour=self._colour(element.colour)),)
            ),
            PlacedElement(
                ElementRole.P, (TextMark(x, foot - 2, role, font=FontName.TEXT, size=small, colour=self._colour(element.colour2)),)
            ),
        ]

    def _image(self, element: ImageElement) -> list[PlacedElement]:
        content = self._template.pictures.get(element.file, b"")
        alternative = self._in_language(element.alt)
        return self._picture(content, element.area, alternative, fills=not alternative)

    def _logo(self, element: LogoElement) -> list[PlacedElement]:
        return self._picture(self._content.logo, element.area, self._content.descriptions.logo)

    def _picture(self, content: bytes, area: Area, alternative: str, *, fills: bool = False) -> list[PlacedElement]:
        if not content:
            return []
        role = ElementRole.FIGURE if alternative else ElementRole.ARTIFACT
        mark = PictureMark(area.x, area.y, area.width, height=area.height, content=content, fills=fills)
        return [PlacedElement(role, (mark,), alternative, _box_of(area) if alternative else ())]

    def _sign(self, element: SignElement) -> list[PlacedElement]:
        colours = {"colour": self._colour(element.colour), "accent": self._colour(element.accent)}
        bottom = SIGN.y + SIGN.height
        arches = tuple(ArchMark(SIGN.x + x, SIGN.y + y, bottom, 2.88, colours[name]) for x, y, name in _SIGN_ARCHES)
        drawn = _moved(arches, SIGN, element.area)
        return [PlacedElement(ElementRole.FIGURE, drawn, self._content.descriptions.logo, _box_of(element.area))]

    def _border(self, element: BorderElement) -> list[PlacedElement]:
        page, inset = self._template.page, element.inset
        left, top, right, bottom = inset, inset, page.width - inset, page.height - inset
        sides = ((left, top, right, top), (right, top, right, bottom), (right, bottom, left, bottom), (left, bottom, left, top))
        return [PlacedElement(ElementRole.ARTIFACT, (LinesMark(sides, element.width, self._colour(element.colour)),))]

    def _box(self, element: BoxElement) -> list[PlacedElement]:
        area = element.area
        return [PlacedElement(ElementRole.ARTIFACT, (BoxMark(area.x, area.y, area.width, area.height, self._colour(element.colour)),))]

    def _straight(self, element: LineElement) -> list[PlacedElement]:
        line = LinesMark(((*element.start, *element.end),), element.width, self._colour(element.colour))
        return [PlacedElement(ElementRole.ARTIFACT, (line,))]


def _box_of(area: Area) -> tuple[float, ...]:
    return area.x, area.y, area.width, area.height


def _way_of(element: TextElement, fitted: FittedText) -> TextFit:
    """Return the fit for as many lines as there are: a text of fewer words than lines stands where those of that many stand."""
    return next((fit for fit in element.fits if fit.baselines and len(fitted.lines) <= len(fit.baselines)), fitted.fit)


def _moved(marks: tuple[Mark, ...], usual: Area, area: Area) -> tuple[Mark, ...]:
    """Return a drawing moved into another area, as large as fits, at its bottom left."""
    if area == usual:
        return marks
    scale = min(area.width / usual.width, area.height / usual.height)
    left, bottom = usual.x, usual.y + usual.height

    def x(value: float) -> float:
        return area.x + (value - left) * scale

    def y(value: float) -> float:
        return area.y + area.height + (value - bottom) * scale

    def moved(mark: Mark) -> Mark:
        match mark:
            case ArchMark():
                return ArchMark(x(mark.x), y(mark.top), y(mark.bottom), mark.width * scale, mark.colour)
            case DotMark():
                return DotMark(x(mark.x), y(mark.y), mark.radius * scale, mark.colour)
            case LinesMark():
                lines = tuple((x(x1), y(y1), x(x2), y(y2)) for x1, y1, x2, y2 in mark.lines)
                return LinesMark(lines, mark.thickness * scale, mark.colour, mark.opacity)
        return mark

    return tuple(moved(mark) for mark in marks)
