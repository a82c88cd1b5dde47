"""Figures in SVG, drawn on a page as they are in the browser; svglib and lxml, which only documents with figures need."""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from types import SimpleNamespace

from lxml import etree
from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing, Group, Rect, Shape, String
from reportlab.pdfgen.canvas import Canvas
from svglib.svglib import PX_TO_PT, CSSMatcher, SvgRenderer

from kernel.markup.sanitise import DRAWING_ELEMENTS
from kernel.pdf.pen import STRONG, TEXT, register_fonts, spans, text_width

_SILENT = ("title", "desc", "defs", "marker")
_NOT_DRAWN = frozenset({"marker-start", "marker-mid", "marker-end", "rotate", "textLength"})
_SIZES = {"rect": ("width", "height"), "circle": ("r",), "ellipse": ("rx", "ry")}
"""Without what a shape is not drawn."""
_NUMBER = r"(?>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_N = rf"(?>[\s,]*{_NUMBER})"
_FORMS = {
    **dict.fromkeys(("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "dx", "dy", "width", "height"), rf"\s*{_NUMBER}\s*"),
    **dict.fromkeys(("rx", "ry"), rf"\s*(?!-){_NUMBER}\s*"),
    "points": rf"(?:{_N}{_N})*\s*",
    "transform": rf"(?:[\s,]*(?:(?:translate|scale)\({_N}{{1,2}}|skew[XY]\({_N}|rotate\({_N}(?:{_N}{_N})?|matrix\({_N}{{6}})\s*\))*[\s,]*",
    "d": r"(?s:.*)",
}
"""What may stand in attributes with numbers; a path is drawn up to the first mistake in it."""
_LARGEST = 10_000_000
_HUGE = re.compile(r"(?<![.\d])\d{8}|[eE]\+?\d\d")
_ARC = rf"{_N}{{3}}(?:[\s,]*[01]){{2}}{_N}{{2}}"
_STEP = rf"[MmLlTt](?:{_N}{{2}})+|[HhVv]{_N}+|[SsQq](?:{_N}{{4}})+|[Cc](?:{_N}{{6}})+|[Aa](?:{_ARC})+|[Zz]"
_PATH = re.compile(rf"(?=\s*[Mm])(?:\s*(?:{_STEP}))*")
_CLOSE = re.compile(r"[Zz][\sZz]*(?=([^Mm])?)")
_STYLE = f"""
:root text {{ font-family: {TEXT}; font-size: 13px; fill: #485762 }}
:root .strong, :root .onbar {{ font-family: {STRONG}; fill: #15212a }}
:root .grid-l {{ stroke: #d8dedc }}
:root .axis {{ stroke: #75838b }}
.line {{ fill: none; stroke: #0f4c63; stroke-width: 2.5; stroke-linejoin: round }}
:root .area {{ fill: #e2eef2 }}
.goal {{ fill: none; stroke: #6d4500; stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round }}
:root .dot {{ fill: #0f4c63; stroke: #ffffff; stroke-width: 2 }}
.b0 {{ fill: #d8dedc }}
.b1 {{ fill: #0f4c63 }}
.b2 {{ fill: #f5b53b }}
.b3 {{ fill: #a3271d }}
"""
"""The charts of `static/css/aulario.css` in its order; `:root` weighs what `.chart` does."""
_RULES = CSSMatcher()
_RULES.add_styles(_STYLE)
_FONT_MAP = SimpleNamespace(find_font=lambda family, _weight, _style: (family, True))
"""Our fonts by their names: svglib would look for others on the disk."""


def description_of(source: str) -> str:
    """Return the long description of a drawing; empty where it has none."""
    root = _tree(source)
    return "" if root is None else " ".join((root.findtext("desc") or "").split())


def read_drawing(source: str) -> Drawing | None:
    """Return a drawing, a point for each pixel; None where it has no size, or something that is not drawn here."""
    root = _tree(source)
    if root is None or not DRAWING_ELEMENTS.issuperset(node.tag for node in root.iter()):
        return None
    etree.strip_elements(root, *_SILENT, with_tail=False)
    _join(root)
    box = [float(number) for number in re.findall(_NUMBER, root.get("viewBox", ""))]
    if len(box) != 4 or min(box[2:]) <= 0 or max(map(abs, box)) >= _LARGEST or not all(map(_is_drawn, root.iterdescendants())):
        return None
    for node in root.iter():
        _rewrite(node)
    root.attrib.update({"fill": "#000000", "width": str(box[2] / PX_TO_PT), "height": str(box[3] / PX_TO_PT)})
    register_fonts()
    renderer = SvgRenderer(BytesIO(), font_map=_FONT_MAP)
    renderer.attrConverter.css_rules = _RULES
    drawing = renderer.render(root)
    drawing.initialFontName = TEXT
    drawing.contents = list(_finished(drawing.contents, renderer))
    return drawing


def draw(drawing: Drawing, canvas: Canvas) -> None:
    """Draw a drawing from the origin of a canvas, its bottom left corner."""
    renderPDF.draw(drawing, canvas, 0, 0)


def _tree(source: str) -> etree._Element | None:
    return etree.fromstring(source, etree.XMLParser(recover=True, resolve_entities=False, no_network=True))


def _join(root: etree._Element) -> None:
    """Make one text of what stands in one place: parts of it without a place of their own, and what follows a part that has one."""
    for part in root.iter("tspan"):
        if {"class", "id"}.issuperset(part.attrib):
            part.tag = "joined"
    etree.strip_tags(root, "joined")
    for part in root.iter("tspan"):
        part.text, part.tail = f"{part.text or ''}{part.tail or ''}", None


def _is_drawn(node: etree._Element) -> bool:
    if node.tag == "tspan" and ("x" not in node.attrib or len(node)):
        return False
    if node.tag == "text" and len({"y" in part.attrib for part in node}) > 1:
        return False
    numbers = [(form, node.get(name, "")) for name, form in _FORMS.items() if name in node.attrib]
    return _NOT_DRAWN.isdisjoint(node.attrib) and all(re.fullmatch(form, text) and not _HUGE.search(text) for form, text in numbers)


def _rewrite(node: etree._Element) -> None:
    """Write an element as svglib reads it."""
    for name in {"points", "transform"}.intersection(node.attrib):
        node.set(name, re.sub(_NUMBER, r" \g<0>", node.get(name, "")))
    if node.tag == "path":
        match = _PATH.match(node.get("d", ""))
        node.set("d", _CLOSE.sub(lambda close: "zm0 0" if close[1] else "z", match[0] if match else ""))
    if node.tag == "rect":
        for radius, other in (("rx", "ry"), ("ry", "rx")):
            node.set(radius, node.get(radius) or node.get(other) or "0")
    if any(float(node.get(name, 0)) <= 0 for name in _SIZES.get(str(node.tag), ())):
        node.tag = "title"


def _finished(shapes: Iterable[Shape], renderer: SvgRenderer) -> Iterator[Shape]:
    """Yield shapes as they are drawn: with letters that have their signs, and corners that are longer than high."""
    for shape in shapes:
        if isinstance(shape, Group):
            a, b, c, d = shape.transform[:4]
            shape.contents = list(_finished(shape.contents, renderer)) if a * d != b * c else []
            yield from [shape] if shape.contents else []
        elif isinstance(shape, String):
            yield from _line_pieces(shape)
        else:
            yield renderer.shape_converter.shapeToPath(shape) if isinstance(shape, Rect) and shape.rx != shape.ry else shape


def _line_pieces(line: String) -> Iterator[String]:
    size = line.fontSize
    pieces = [(text, font, text_width(text, font, size)) for text, font in spans(line.text.strip(), line.fontName)]
    x = line.x - {"middle": 0.5, "end": 1.0}.get(line.textAnchor, 0.0) * sum(wide for _text, _font, wide in pieces)
    for text, font, wide in pieces:
        yield String(x, line.y, text, fontName=font, fontSize=size, fillColor=line.fillColor)
        x += wide
