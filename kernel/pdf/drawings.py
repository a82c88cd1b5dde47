"""Figures in SVG as shapes and lines of text that a sheet can draw: what `kernel.markup.svg` lets through, in light colours.

A figure with arrowheads of its own (`marker`), with letters that are turned or stretched one by one, or with lengths in percent is not
drawn: its words stand for it.
"""

import cmath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from math import radians, sqrt, tan
from typing import Any

from kernel.pdf.paths import PathStep, ellipse, polygon, read_path, rectangle

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FUNCTION = re.compile(r"([A-Za-z]+)\(([^)]*)\)")
_SPACES = re.compile(r"\s+")
_NOT_DRAWN = frozenset({"marker-start", "marker-mid", "marker-end", "rotate", "textlength"})
_LENGTHS = ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "width", "height")
_SILENT = frozenset({"title", "desc", "defs", "marker"})
TEXT_SIZE = 13.0
SOFT_INK, INK, ON_BAR = "#485762", "#15212a", "#15212a"
LINE, EDGE, BRAND, BRAND_SOFT, LAMP, LAMP_INK, BAD, PAPER = (
    *("#d8dedc", "#75838b", "#0f4c63", "#e2eef2"),
    *("#f5b53b", "#6d4500", "#a3271d", "#ffffff"),
)


@dataclass(frozen=True, slots=True)
class ShapePaint:
    """The filling and the line of a shape; an empty colour is none, lengths are those of the drawing."""

    fill: str = "#000000"
    stroke: str = ""
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    has_round_ends: bool = False
    has_round_joins: bool = False


_PLAIN = ShapePaint()
_CLASSES: Mapping[str, Mapping[str, Any]] = {
    "line": {"fill": "", "stroke": BRAND, "width": 2.5, "has_round_joins": True},
    "goal": {"fill": "", "stroke": LAMP_INK, "width": 2.0, "dashes": (2.0, 5.0), "has_round_ends": True},
    "b0": {"fill": LINE},
    "b1": {"fill": BRAND},
    "b2": {"fill": LAMP},
    "b3": {"fill": BAD},
    "grid-l": {"stroke": LINE},
    "axis": {"stroke": EDGE},
    "area": {"fill": BRAND_SOFT},
    "dot": {"fill": BRAND, "stroke": PAPER, "width": 2.0},
}
"""What each class of the stylesheet does to a shape, in the order in which they win."""


@dataclass(frozen=True, slots=True)
class DrawnShape:
    """A shape: its path, and how it is painted."""

    steps: tuple[PathStep, ...]
    paint: ShapePaint


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A line of text in one style on its baseline; `anchor` is the share of its width before its place, the angle is in radians."""

    text: str
    place: complex
    size: float
    colour: str
    is_strong: bool = False
    anchor: float = 0.0
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class SvgDrawing:
    """A drawing: its size, and what is drawn on it from its top left corner, the lowest first."""

    width: float
    height: float
    parts: tuple[DrawnShape | DrawnText, ...]


@dataclass(slots=True)
class _SvgNode:
    tag: str
    facts: dict[str, str]
    inside: list["_SvgNode | str"] = field(default_factory=list)

    @property
    def nodes(self) -> Iterator["_SvgNode"]:
        """Yield the elements within."""
        return (one for one in self.inside if isinstance(one, _SvgNode))

    @property
    def words(self) -> str:
        """Return its text, without that of the elements within."""
        return _SPACES.sub(" ", "".join(one for one in self.inside if isinstance(one, str))).strip()

    def numbers(self, *names: str) -> list[float]:
        """Return the values of attributes, 0 where they say nothing."""
        found = (_NUMBER.search(self.facts.get(name, "")) for name in names)
        return [float(one[0]) if one else 0.0 for one in found]

    def point(self, x: str, y: str) -> complex:
        """Return two attributes as a point."""
        across, down = self.numbers(x, y)
        return complex(across, down)


def description_of(source: str) -> str:
    """Return what a drawing says of itself at length; empty where it says nothing."""
    root = _tree(source)
    return "" if root is None else next((node.words for node in root.nodes if node.tag == "desc"), "")


def read_drawing(source: str) -> SvgDrawing | None:
    """Return a drawing; None where it has no size, or something that is not drawn here."""
    root = _tree(source)
    box = [] if root is None else [float(one) for one in _NUMBER.findall(root.facts.get("viewbox", ""))]
    if root is None or len(box) != 4 or box[2] <= 0 or box[3] <= 0 or _has_more(root):
        return None
    corner = complex(box[0], box[1])
    start = _Frame(move=_Matrix(shift=-corner))
    return SvgDrawing(box[2], box[3], tuple(part for node in root.nodes for part in _parts(node, start.inside(root, is_root=True))))


def _tree(source: str) -> _SvgNode | None:
    reader = _TreeReader()
    reader.feed(source)
    reader.close()
    return reader.root


def _has_more(node: _SvgNode) -> bool:
    """Return whether an element within has something that is not drawn here."""
    return any(
        not _NOT_DRAWN.isdisjoint(one.facts) or any("%" in one.facts.get(name, "") for name in _LENGTHS) or _has_more(one)
        for one in node.nodes
        if one.tag not in _SILENT
    )


class _TreeReader(HTMLParser):
    """Reads the elements of a drawing, each of which is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: _SvgNode | None = None
        self._open: list[_SvgNode] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        node = _SvgNode(tag, {name: value or "" for name, value in attrs})
        if self._open:
            self._open[-1].inside.append(node)
        elif self.root is None:
            self.root = node
        self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element without anything within."""
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._open and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._open:
            self._open[-1].inside.append(data)


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Where a point of a part of the drawing stands in the whole: its parts along both axes, and the shift of the origin."""

    across: complex = 1
    down: complex = 1j
    shift: complex = 0

    def __call__(self, point: complex) -> complex:
        return self.across * point.real + self.down * point.imag + self.shift

    def after(self, inner: "_Matrix") -> "_Matrix":
        """Return what moves as the inner one does first."""
        origin = self.shift
        return _Matrix(self(inner.across) - origin, self(inner.down) - origin, self(inner.shift))

    @property
    def scale(self) -> float:
        """Return by how much lengths grow on average."""
        return sqrt(abs((self.across.conjugate() * self.down).imag))


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a part of the drawing has from the groups that it stands in."""

    move: _Matrix
    paint: ShapePaint = _PLAIN
    anchor: float = 0.0

    def inside(self, node: _SvgNode, *, is_root: bool = False) -> "_Frame":
        """Return what is within an element of this one."""
        anchor = {"start": 0.0, "middle": 0.5, "end": 1.0}.get(node.facts.get("text-anchor", ""), self.anchor)
        return _Frame(self.move if is_root else self.move.after(_transform(node.facts.get("transform", ""))), self._painted(node), anchor)

    def _painted(self, node: _SvgNode) -> ShapePaint:
        paint, named = self.paint, node.facts.get("class", "").split()
        for name, changes in _CLASSES.items():
            if name in named:
                paint = replace(paint, **changes)
        return paint


def _transform(text: str) -> _Matrix:
    found = _Matrix()
    for name, inner in _FUNCTION.findall(text):
        numbers = [float(one) for one in _NUMBER.findall(inner)]
        found = found.after(_function(name, [*numbers, *[0.0] * (6 - len(numbers))], len(numbers)))
    return found


def _function(name: str, numbers: Sequence[float], count: int) -> _Matrix:
    a, b, c, d, e, f = numbers[:6]
    match name:
        case "translate":
            return _Matrix(shift=complex(a, b))
        case "scale":
            return _Matrix(complex(a), 1j * (b if count > 1 else a))
        case "rotate":
            turn, centre = cmath.rect(1, radians(a)), complex(b, c)
            return _Matrix(turn, 1j * turn, centre - turn * centre)
        case "skewX":
            return _Matrix(1, complex(tan(radians(a)), 1))
        case "skewY":
            return _Matrix(complex(1, tan(radians(a))))
        case _:
            return _Matrix(complex(a, b), complex(c, d), complex(e, f))


def _parts(node: _SvgNode, frame: _Frame) -> Iterator[DrawnShape | DrawnText]:
    """Yield what an element draws, with all that stands in it."""
    own = frame.inside(node)
    if node.tag in _SILENT:
        return
    if node.tag == "text":
        yield from _lines(node, own)
        return
    steps = _steps(node)
    if steps:
        yield DrawnShape(tuple(step.moved(own.move) for step in steps), _scaled(own.paint, own.move.scale))
    for inner in node.nodes:
        yield from _parts(inner, own)


def _scaled(paint: ShapePaint, scale: float) -> ShapePaint:
    return replace(paint, width=paint.width * scale, dashes=tuple(one * scale for one in paint.dashes))


def _steps(node: _SvgNode) -> list[PathStep]:
    match node.tag:
        case "path":
            return read_path(node.facts.get("d", ""))
        case "rect":
            rx, ry = node.numbers("rx", "ry")
            size = node.point("width", "height")
            return rectangle(node.point("x", "y"), size, complex(rx or ry, ry or rx)) if size.real > 0 and size.imag > 0 else []
        case "circle" | "ellipse":
            names = ("r", "r") if node.tag == "circle" else ("rx", "ry")
            radii = node.point(*names)
            return ellipse(node.point("cx", "cy"), radii) if radii.real > 0 and radii.imag > 0 else []
        case "line":
            return polygon([node.point("x1", "y1"), node.point("x2", "y2")], is_closed=False)
        case "polyline" | "polygon":
            numbers = [float(one) for one in _NUMBER.findall(node.facts.get("points", ""))]
            points = [complex(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
            return polygon(points, is_closed=node.tag == "polygon")
        case _:
            return []


def _lines(node: _SvgNode, frame: _Frame) -> Iterator[DrawnText]:
    """Yield the lines of a text: what stands directly in it, and each of its parts that has a place of its own."""
    named = node.facts.get("class", "").split()
    strong = "strong" in named or "onbar" in named
    colour = ON_BAR if "onbar" in named else INK if "strong" in named else SOFT_INK
    start = node.point("x", "y") + node.point("dx", "dy")
    pieces: list[tuple[complex, str]] = [(start, "")]
    for one in node.inside:
        if isinstance(one, str):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + one)
        elif {"x", "y", "dx", "dy"} & set(one.facts):
            here, own = pieces[-1][0], one.point("x", "y")
            place = complex(own.real if "x" in one.facts else here.real, own.imag if "y" in one.facts else here.imag)
            pieces.append((place + one.point("dx", "dy"), one.words))
        else:
            pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]}{one.words}")
    angle, size = cmath.phase(frame.move.across), TEXT_SIZE * frame.move.scale
    for place, words in pieces:
        text = _SPACES.sub(" ", words).strip()
        if text:
            yield DrawnText(text, frame.move(place), size, colour, strong, frame.anchor, angle)
