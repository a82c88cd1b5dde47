"""Figures in SVG on a printed sheet: paths, classes, texts, places; what is not drawn says what it shows (spec/selection 10.2)."""

import re
from collections.abc import Iterator
from html import unescape
from math import isclose

import pypdfium2
import pytest
from reportlab.graphics.shapes import Drawing, Group, Path, Rect, Shape, String
from reportlab.graphics.transform import mmult, transformPoint

from kernel.markup.sanitise import clean_svg
from kernel.pdf.document import PdfProperties, compose_pdf
from kernel.pdf.drawings import description_of, read_drawing
from kernel.pdf.pen import SIGNS, STRONG, TEXT, text_width
from kernel.pdf.sheets import RIGHT, ProseSheet
from tests.support.courses import CONTENT
from tests.support.quizzes import NOON

POINTS_OF_A_MILLIMETRE = 72 / 25.4


def drawing_of(inside: str, box: str = "0 0 320 100") -> Drawing:
    found = read_drawing(f'<svg class="chart fit" viewBox="{box}"><title>Título</title><desc>Descripción.</desc>{inside}</svg>')
    assert found is not None
    return found


def placed(group: Group, outer: tuple[float, ...] = (1, 0, 0, 1, 0, 0)) -> Iterator[tuple[Shape, tuple[float, ...]]]:
    """Yield the shapes of a drawing, each with what moves it to its place."""
    for shape in group.contents:
        if isinstance(shape, Group):
            yield from placed(shape, mmult(outer, shape.transform))
        else:
            yield shape, outer


def shapes_of(inside: str) -> list[Shape]:
    return [shape for shape, _move in placed(drawing_of(inside))]


def texts_of(inside: str, box: str = "0 0 320 100") -> list[tuple[str, str, complex, complex]]:
    """Return texts with their fonts, where they begin and where they end, from the top left corner."""
    drawing = drawing_of(inside, box)
    found = []
    for text, move in placed(drawing):
        assert isinstance(text, String)
        wide = text_width(text.text, text.fontName, text.fontSize)
        ends = [transformPoint(move, (x, text.y)) for x in (text.x, text.x + wide)]
        begin, end = (complex(round(x, 6), round(drawing.height - y, 6)) for x, y in ends)
        found.append((text.text, text.fontName, begin, end))
    return found


def steps_of(data: str) -> list[tuple[str, list[complex]]]:
    """Return the steps of a path with their points."""
    paths = [shape for shape in shapes_of(f'<path class="goal" d="{data}"></path>') if isinstance(shape, Path)]
    if not paths:
        return []
    points = [complex(round(x, 6), round(y, 6)) for x, y in zip(paths[0].points[::2], paths[0].points[1::2], strict=True)]
    steps = []
    for operator in paths[0].operators:
        count = (1, 1, 3, 0)[operator]
        steps.append(("MLCZ"[operator], points[:count]))
        points = points[count:]
    return steps


def ends(data: str) -> list[tuple[str, complex | None]]:
    """Return each step of a path with its last point."""
    return [(kind, points[-1] if points else None) for kind, points in steps_of(data)]


@pytest.mark.parametrize(
    ("data", "steps"),
    [
        ("M4 188L316 188", [("M", 4 + 188j), ("L", 316 + 188j)]),
        (
            "m4 4 6 0 0,6z m1 1h2v3",
            [("M", 4 + 4j), ("L", 10 + 4j), ("L", 10 + 10j), ("Z", None), ("M", 5 + 5j), ("L", 7 + 5j), ("L", 7 + 8j)],
        ),
        ("M4 4h6v6zzl1 2", [("M", 4 + 4j), ("L", 10 + 4j), ("L", 10 + 10j), ("Z", None), ("M", 4 + 4j), ("L", 5 + 6j)]),
        ("M.5-1e1H2V-.5", [("M", 0.5 - 10j), ("L", 2 - 10j), ("L", 2 - 0.5j)]),
        ("M0 0c1 0 2 1 2 2s1 2 2 2", [("M", 0j), ("C", 2 + 2j), ("C", 4 + 4j)]),
        ("M0 0Q3 0 3 3T6 6", [("M", 0j), ("C", 3 + 3j), ("C", 6 + 6j)]),
        ("M10 0A10 10 0 0110 20", [("M", 10 + 0j), ("C", 20 + 10j), ("C", 10 + 20j)]),
        ("M0 0a0 5 0 0 0 4 4", [("M", 0j), ("L", 4 + 4j)]),
        ("M0 0L5 5 oops 7 7", [("M", 0j), ("L", 5 + 5j)]),
        ("M0 0L5 5 6S7 7", [("M", 0j), ("L", 5 + 5j)]),
        ("L5 5", []),
        ("", []),
    ],
)
def test_path_data_are_lines_and_curves(data: str, steps: list[tuple[str, complex | None]]) -> None:
    """As SVG 2 reads them: relative and repeated commands, numbers without spaces, and no more after a mistake."""
    assert ends(data) == steps


def test_the_first_control_of_a_smooth_curve_mirrors_the_last_one_before_it() -> None:
    _move, _curve, (_kind, smooth) = steps_of("M0 0C0 1 1 2 2 2S4 3 4 4")
    _start, (_kind, alone) = steps_of("M0 0S1 1 2 0")

    assert smooth[0] == 3 + 2j
    assert alone[0] == 0


@pytest.mark.parametrize(("flags", "centre", "quarters"), [("0 1", 10 + 10j, 1), ("0 0", 0j, 1), ("1 1", 0j, 3), ("1 0", 10 + 10j, 3)])
def test_an_arc_goes_the_way_that_its_flags_say(flags: str, centre: complex, quarters: int) -> None:
    """From (0, 10) to (10, 0): around the one centre or the other, the short way or the long one."""
    _move, *curves = steps_of(f"M0 10A10 10 0 {flags} 10 0")

    assert len(curves) == quarters
    assert all(isclose(abs(points[-1] - centre), 10, rel_tol=1e-6) for _kind, points in curves)
    assert curves[-1][1][-1] == 10


def test_radii_that_are_too_short_grow_and_corners_may_be_longer_than_high() -> None:
    assert ends("M0 0A1 1 0 0 1 10 0")[-1] == ("C", 10 + 0j)
    (even,) = shapes_of('<rect class="b1" width="10" height="4" ry="9"></rect>')
    (long,) = shapes_of('<rect class="b1" width="20" height="4" rx="9" ry="1"></rect>')

    assert isinstance(even, Path)
    assert (min(even.points[::2]), even.points[0]) == (0, 5)
    assert isinstance(long, Path)
    assert list(long.operators).count(2) == 4
    assert isinstance(shapes_of('<rect class="b1" width="10" height="4"></rect>')[0], Rect)


@pytest.mark.parametrize(
    "shape",
    [
        'rect x="1" y="1" width="0" height="9"',
        'rect x="9" y="1" width="-5" height="9"',
        'circle r="0"',
        'ellipse rx="3"',
        'polygon points=""',
    ],
)
def test_a_shape_without_a_size_has_no_edge_either(shape: str) -> None:
    assert shapes_of(f'<{shape} class="b0 axis"></{shape.split()[0]}>') == []


def test_classes_give_the_colours_of_the_light_theme_in_the_order_of_the_stylesheet() -> None:
    group, box, dot, goal, plain, lines, _edge = shapes_of(
        '<g class="line"><path d="M0 0L1 1"></path></g><rect class="axis b0" x="0" y="0" width="4" height="2"></rect>'
        '<circle class="dot" cx="1" cy="1" r="1"></circle><path class="goal" d="M0 0L1 1"></path><polygon points="0,0 1,1 0-1"></polygon>'
        '<polyline points="0,0 1,1 0 1"></polyline>'
    )

    assert (group.fillColor, group.strokeColor.hexval(), group.strokeWidth, group.strokeLineJoin) == (None, "0x0f4c63", 2.5, 1)
    assert (box.fillColor.hexval(), box.strokeColor.hexval(), box.strokeWidth) == ("0xd8dedc", "0x75838b", 1.0)
    assert (dot.fillColor.hexval(), dot.strokeWidth) == ("0x0f4c63", 2.0)
    assert (goal.strokeDashArray, goal.strokeLineCap) == ([2.0, 5.0], 1)
    assert (plain.fillColor.hexval(), plain.strokeColor, plain.points) == ("0x000000", None, [0, 0, 1, 1, 0, -1])
    assert lines.fillColor.hexval() == "0x000000"


def test_transforms_of_groups_move_shapes_and_texts_together() -> None:
    """The outer one last, numbers without spaces too; a text turns with its group, lines grow with it."""
    box = "5 5 100 100"
    inside = '<g transform="translate(10 20)scale(2)">%s</g>'
    ((path, move),) = placed(drawing_of(inside % '<path class="goal" d="M1 1L2 1"></path>', box))
    ((text, _font, begin, end),) = texts_of(inside % '<text x="3" y="4" transform="rotate(90)" text-anchor="end">Alto</text>', box)
    packed = [move for _path, move in placed(drawing_of('<path class="goal" transform="translate(20-5)scale(.5.5)" d="M1 1L2 1"></path>'))]

    assert [transformPoint(move, point) for point in ((1, 1), (2, 1))] == [(7, 100 - 17), (9, 100 - 17)]
    assert (move[0], path.strokeWidth) == (2, 2)
    assert (text, end) == ("Alto", 5 - 8 + 15j + 6j)
    assert isclose((end - begin).imag, text_width("Alto", TEXT, 26), rel_tol=1e-6)
    assert (end - begin).real == 0
    assert packed == [(0.5, 0, 0, -0.5, 20, 105)]


def test_parts_of_a_text_with_places_of_their_own_are_lines_of_their_own() -> None:
    first, second, third = texts_of(
        '<text x="4" y="16" class="strong">Uno <tspan>y medio</tspan><tspan x="4" dy="17">dos &amp; tres</tspan>'
        ' y <tspan x="9" dy="17">x</tspan></text>'
    )

    assert first[:3] == ("Uno y medio", STRONG, 4 + 16j)
    assert second[:3] == ("dos & tres y", STRONG, 4 + 33j)
    assert third[:3] == ("x", STRONG, 9 + 50j)


def test_a_text_is_written_in_our_fonts_and_measured_as_a_whole() -> None:
    """Signs that the font of texts lacks come from another one; what stands before its place is the share that its anchor says."""
    words, sign = texts_of('<text x="90" y="50" text-anchor="end">menos ≥</text>')

    assert (words[:2], sign[:2]) == (("menos ", TEXT), ("≥", SIGNS))
    assert isclose(abs(words[3] - sign[2]), 0, abs_tol=1e-5)
    assert isclose(abs(sign[3] - (90 + 50j)), 0, abs_tol=1e-5)


@pytest.mark.parametrize(
    "source",
    [
        "<svg><desc>Sin tamaño.</desc></svg>",
        '<svg viewBox="0 0 0 9"></svg>',
        '<svg viewBox="0 0 1e400 9"></svg>',
        '<svg viewBox="0 0 9 9"><path d="M0 0L1 1" marker-end="url(#punta)"></path></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1" rotate="10 20">a</text></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1"><tspan textLength="4">a</tspan></text></svg>',
        '<svg viewBox="0 0 9 9"><g><rect x="0" y="0" width="50%" height="9"></rect></g></svg>',
        '<svg viewBox="0 0 9 9"><rect x="0" y="0" width="1e400" height="9"></rect></svg>',
        '<svg viewBox="0 0 9 9"><rect x="0" y="0" width="5" height="9" rx="-1"></rect></svg>',
        '<svg viewBox="0 0 9 9"><text x="1 3 5" y="1">abc</text></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1">a<tspan dx="3">b</tspan></text></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1"><tspan x="1" y="3">b</tspan><tspan x="1" dy="3">b</tspan></text></svg>',
        '<svg viewBox="0 0 9 9"><g transform="rotate(1 2)"></g></svg>',
        '<svg viewBox="0 0 9 9"><g transform="scale(1e99)"></g></svg>',
        '<svg viewBox="0 0 9 9"><polygon points="1 2 3"></polygon></svg>',
        '<svg viewBox="0 0 9 9"><path d="M0 0L99999999 1"></path></svg>',
        "sin dibujo",
    ],
)
def test_what_cannot_be_drawn_as_it_is_is_not_drawn(source: str) -> None:
    assert read_drawing(source) is None


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="%s" width="9" height="9"></image>',
        '<image href="data:image/png;base64,iVBORw0KGgo=" width="9" height="9"></image>',
        '<use href="%s#a"></use>',
        '<g id="a"><use href="#a"></use></g>',
        "<style>@import url(%s); text { font-family: Other }</style>",
        "<text>&other;</text>",
    ],
)
def test_nothing_is_drawn_that_comes_from_elsewhere(inside: str) -> None:
    """Cleaning lets none of it through; drawing does not rely on that."""
    dtd = f'<!DOCTYPE svg [<!ENTITY other SYSTEM "{FIGURES[0].as_uri()}">]>'

    assert read_drawing(f'{dtd}<svg viewBox="0 0 9 9">{inside.replace("%s", str(FIGURES[0]))}</svg>') is None


FIGURES = sorted(CONTENT.rglob("*.svg"))


@pytest.mark.slow
def test_every_figure_of_the_courses_is_drawn() -> None:
    """With all of its lines of text, and the description that it has."""
    assert len(FIGURES) > 100
    for path in FIGURES:
        content = path.read_bytes()
        source, findings = clean_svg(content, "f1-", "Figura")
        drawing = read_drawing(source)

        assert not findings, path
        assert drawing is not None, path
        written = "".join(shape.text for shape, _move in placed(drawing) if isinstance(shape, String))
        assert written.split() == "".join(re.findall(r"<text[^>]*>([^<]*)<", unescape(source))).split(), path
        assert description_of(source), path


class _Sheet(ProseSheet):
    def draw(self, html: str) -> None:
        """Draw a text over the whole width."""
        self._html(html)


def drawn(html: str) -> bytes:
    facts = PdfProperties(title="Hoja", author="IESS", language="es", made_at=NOON, identifier="hoja")
    return compose_pdf(facts, lambda document: _Sheet(document, "CODE", {}).draw(html))


SVG = (
    '<svg role="img" aria-label="Barra" class="chart" viewBox="0 0 900 200"><title>Barra</title><desc id="d">Sube.</desc>'
    '<rect class="b1" x="10" y="10" width="880" height="50"></rect><text x="890" y="90" text-anchor="end">84,62 % ≥ π</text></svg>'
)


def test_a_drawing_stands_on_the_sheet_with_its_words_for_those_who_hear_it() -> None:
    """spec/selection 10.2: as wide as there is room, its text as text, name and description as its alternative."""
    pdf = drawn(f"<figure><div class='scroll'>{SVG}</div><figcaption>Barras</figcaption></figure>")
    page = pypdfium2.PdfDocument(pdf)[0]
    texts = page.get_textpage()
    edges = [texts.get_charbox(at)[2] for at in range(texts.count_chars()) if not texts.get_text_range(at, 1).isspace()]

    assert "84,62 %≥π" in re.sub(r"\s*(?=[≥π])", "", texts.get_text_bounded())
    assert [one.type for one in page.get_objects()].count(2) == 1
    assert isclose(max(edges), RIGHT * POINTS_OF_A_MILLIMETRE - 10 / 900 * (RIGHT - 18) * POINTS_OF_A_MILLIMETRE, abs_tol=1)
    assert b"Barra. Sube." in pdf
    assert (pdf.count(b"/FontFile2"), pdf.count(b"/Type1")) == (2, 0)
    assert drawn(SVG) == drawn(SVG)


@pytest.mark.parametrize(
    "inside",
    [
        '<g class="goal" transform="scale(0)"><path d="M0 0L1 1"></path><text x="1" y="1">a</text></g>',
        '<g class="goal" transform="matrix(1e-200 0 0 1e-200 0 0)"><path d="M0 0L1 1"></path></g>',
        30 * '<g transform="scale(9999999)">' + '<path class="goal" d="M0 0L1 1"></path><text x="1" y="1">a</text>' + 30 * "</g>",
        30 * '<g transform="scale(1e-300)">' + '<path class="goal" d="M0 0L1 1"></path><text x="1" y="1">a</text>' + 30 * "</g>",
        '<path class="goal" d="M0 0L1e400 5"></path>',
        '<text x="1e400" y="-1e400">a</text>',
        '<path class="goal" d="M0 0A1e-300 1e-300 0 0 1 9 9zz"></path><path d="m z"></path><polyline points=""></polyline>',
    ],
)
def test_no_drawing_keeps_a_sheet_from_being_printed(inside: str) -> None:
    source, findings = clean_svg(f'<svg viewBox="0 0 9 9"><title>t</title><desc>d</desc>{inside}</svg>'.encode(), "f1-", "Barra")

    assert not findings
    assert drawn(source).startswith(b"%PDF")


def test_a_drawing_that_is_not_drawn_says_what_it_shows() -> None:
    page = pypdfium2.PdfDocument(drawn(SVG.replace("<rect", '<rect marker-end="url(#p)"')))[0]

    assert [one.type for one in page.get_objects()].count(2) == 0
    assert "[Barra]\r\nSube." in page.get_textpage().get_text_bounded()
