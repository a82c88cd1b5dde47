"""Figures in SVG on a printed sheet: paths, classes, texts, places; what is not drawn says what it shows (spec/selection 10.2)."""

import re
from math import isclose, pi

import pypdfium2
import pytest

from kernel.markup.svg import clean_svg
from kernel.pdf.catalogue import PdfProperties
from kernel.pdf.document import compose_pdf
from kernel.pdf.drawings import BRAND, EDGE, LINE, DrawnShape, DrawnText, SvgDrawing, description_of, read_drawing
from kernel.pdf.paths import PathStep, StepKind, ellipse, read_path, rectangle
from kernel.pdf.prose_sheet import ProseSheet
from kernel.pdf.sheets import RIGHT
from tests.support.courses import CONTENT
from tests.support.quizzes import NOON

POINTS_OF_A_MILLIMETRE = 72 / 25.4


def drawing_of(inside: str, box: str = "0 0 320 100") -> SvgDrawing:
    found = read_drawing(f'<svg class="chart fit" viewBox="{box}"><title>Título</title><desc>Descripción.</desc>{inside}</svg>')
    assert found is not None
    return found


def ends(steps: list[PathStep]) -> list[tuple[str, complex | None]]:
    """Return each step with its last point, rounded."""
    last = [step.points[-1] if step.points else None for step in steps]
    return [
        (step.kind.value, None if point is None else complex(round(point.real, 6), round(point.imag, 6)))
        for step, point in zip(steps, last, strict=True)
    ]


@pytest.mark.parametrize(
    ("data", "steps"),
    [
        ("M4 188L316 188", [("M", 4 + 188j), ("L", 316 + 188j)]),
        (
            "m4 4 6 0 0,6z m1 1h2v3",
            [("M", 4 + 4j), ("L", 10 + 4j), ("L", 10 + 10j), ("Z", None), ("M", 5 + 5j), ("L", 7 + 5j), ("L", 7 + 8j)],
        ),
        ("M.5-1e1H2V-.5", [("M", 0.5 - 10j), ("L", 2 - 10j), ("L", 2 - 0.5j)]),
        ("M0 0c1 0 2 1 2 2s1 2 2 2", [("M", 0j), ("C", 2 + 2j), ("C", 4 + 4j)]),
        ("M0 0Q3 0 3 3T6 6", [("M", 0j), ("C", 3 + 3j), ("C", 6 + 6j)]),
        ("M10 0A10 10 0 0110 20", [("M", 10 + 0j), ("C", 20 + 10j), ("C", 10 + 20j)]),
        ("M0 0a0 5 0 0 0 4 4", [("M", 0j), ("L", 4 + 4j)]),
        ("M0 0L5 5 oops 7 7", [("M", 0j), ("L", 5 + 5j)]),
        ("L5 5", []),
        ("", []),
    ],
)
def test_path_data_are_lines_and_curves(data: str, steps: list[tuple[str, complex | None]]) -> None:
    """As SVG 2 reads them: relative and repeated commands, numbers without spaces, and no more after a mistake."""
    assert ends(read_path(data)) == steps


def test_the_first_control_of_a_smooth_curve_mirrors_the_last_one_before_it() -> None:
    _move, _curve, smooth = read_path("M0 0C0 1 1 2 2 2S4 3 4 4")
    _start, alone = read_path("M0 0S1 1 2 0")

    assert smooth.points[0] == 3 + 2j
    assert alone.points[0] == 0


@pytest.mark.parametrize(("flags", "centre", "quarters"), [("0 1", 10 + 10j, 1), ("0 0", 0j, 1), ("1 1", 0j, 3), ("1 0", 10 + 10j, 3)])
def test_an_arc_goes_the_way_that_its_flags_say(flags: str, centre: complex, quarters: int) -> None:
    """From (0, 10) to (10, 0): around the one centre or the other, the short way or the long one."""
    _move, *curves = read_path(f"M0 10A10 10 0 {flags} 10 0")

    assert len(curves) == quarters
    assert all(isclose(abs(curve.points[-1] - centre), 10) for curve in curves)
    assert isclose(abs(curves[-1].points[-1] - 10), 0, abs_tol=1e-9)


def test_radii_that_are_too_short_grow_and_circles_close() -> None:
    assert ends(read_path("M0 0A1 1 0 0 1 10 0"))[-1] == ("C", 10 + 0j)
    round_one = ellipse(5 + 5j, 5 + 5j)
    middle = round_one[1]
    at_half = (round_one[0].points[0] + 3 * middle.points[0] + 3 * middle.points[1] + middle.points[2]) / 8

    assert isclose(abs(at_half - (5 + 5j)), 5, rel_tol=3e-4)
    assert ends(round_one)[-2:] == [("C", 10 + 5j), ("Z", None)]
    assert [step.kind for step in rectangle(0j, 10 + 4j, 9 + 9j)].count(StepKind.CURVE) == 4
    assert [step.kind for step in rectangle(0j, 10 + 4j, 0j)].count(StepKind.CURVE) == 0


def test_classes_give_the_colours_of_the_light_theme_in_the_order_of_the_stylesheet() -> None:
    drawing = drawing_of(
        '<g class="line"><path d="M0 0L1 1"></path></g><rect class="axis b0" x="0" y="0" width="4" height="2"></rect>'
        '<circle class="dot" cx="1" cy="1" r="1"></circle><path class="goal" d="M0 0L1 1"></path><polygon points="0,0 1,1 0 1"></polygon>'
    )
    group, box, dot, goal, plain = [part.paint for part in drawing.parts if isinstance(part, DrawnShape)]

    assert (group.fill, group.stroke, group.width) == ("", BRAND, 2.5)
    assert (box.fill, box.stroke, box.width) == (LINE, EDGE, 1.0)
    assert (dot.fill, dot.width) == (BRAND, 2.0)
    assert (goal.dashes, goal.has_round_ends) == ((2.0, 5.0), True)
    assert (plain.fill, plain.stroke) == ("#000000", "")


def test_transforms_of_groups_move_shapes_and_texts_together() -> None:
    """The outer one last; a text turns with its group, lines grow with it."""
    drawing = drawing_of(
        '<g transform="translate(10 20) scale(2)"><path class="axis" d="M1 1L2 1"></path>'
        '<text x="3" y="4" transform="rotate(90)" text-anchor="end">Alto</text></g>',
        box="5 5 100 100",
    )
    shape, text = drawing.parts
    assert isinstance(shape, DrawnShape)
    assert isinstance(text, DrawnText)

    assert ends(list(shape.steps)) == [("M", 7 + 17j), ("L", 9 + 17j)]
    assert shape.paint.width == 2.0
    assert isclose(text.angle, pi / 2)
    assert isclose(abs(text.place - (5 - 8 + 15j + 6j)), 0, abs_tol=1e-9)
    assert (text.size, text.anchor) == (26.0, 1.0)


def test_parts_of_a_text_with_places_of_their_own_are_lines_of_their_own() -> None:
    drawing = drawing_of('<text x="4" y="16" class="strong">Uno <tspan>y medio</tspan><tspan x="4" dy="17">dos &amp; tres</tspan></text>')
    first, second = [part for part in drawing.parts if isinstance(part, DrawnText)]

    assert (first.text, first.place, first.is_strong) == ("Uno y medio", 4 + 16j, True)
    assert (second.text, second.place) == ("dos & tres", 4 + 33j)


@pytest.mark.parametrize(
    "source",
    [
        "<svg><desc>Sin tamaño.</desc></svg>",
        '<svg viewBox="0 0 0 9"></svg>',
        '<svg viewBox="0 0 9 9"><path d="M0 0L1 1" marker-end="url(#punta)"></path></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1" rotate="10 20">a</text></svg>',
        '<svg viewBox="0 0 9 9"><text x="1" y="1"><tspan textLength="4">a</tspan></text></svg>',
        '<svg viewBox="0 0 9 9"><g><rect x="0" y="0" width="50%" height="9"></rect></g></svg>',
        "sin dibujo",
    ],
)
def test_what_cannot_be_drawn_as_it_is_is_not_drawn(source: str) -> None:
    assert read_drawing(source) is None


FIGURES = sorted(CONTENT.rglob("*.svg"))


def test_every_figure_of_the_courses_is_drawn() -> None:
    """With all of its lines of text, and the description that it has."""
    assert len(FIGURES) > 100
    for path in FIGURES:
        content = path.read_bytes()
        source, findings = clean_svg(content, "f1-", "Figura")
        drawing = read_drawing(source)

        assert not findings, path
        assert drawing is not None, path
        assert len([part for part in drawing.parts if isinstance(part, DrawnText)]) == content.count(b"<text"), path
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
    edges = [texts.get_charbox(at)[2] for at in range(texts.count_chars())]

    assert "84,62 %≥π" in re.sub(r"\s*(?=[≥π])", "", texts.get_text_bounded())
    assert [one.type for one in page.get_objects()].count(2) == 1
    assert isclose(max(edges), RIGHT * POINTS_OF_A_MILLIMETRE - 10 / 900 * (RIGHT - 18) * POINTS_OF_A_MILLIMETRE, abs_tol=1)
    assert b"Barra. Sube." in pdf
    assert drawn(SVG) == drawn(SVG)


def test_a_drawing_that_is_not_drawn_says_what_it_shows() -> None:
    page = pypdfium2.PdfDocument(drawn(SVG.replace("<rect", '<rect marker-end="url(#p)"')))[0]

    assert [one.type for one in page.get_objects()].count(2) == 0
    assert "[Barra]\r\nSube." in page.get_textpage().get_text_bounded()
