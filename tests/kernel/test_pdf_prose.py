"""HTML of ours as blocks, lines and formulas of a printed sheet; pictures as paper takes them."""

from io import BytesIO

import pypdfium2
import pytest
from PIL import Image

from kernel.markup.render_state import to_mathml
from kernel.pdf.document import PdfProperties, compose_pdf
from kernel.pdf.pen import CODE, NAME, SIGNS, TEXT, TextRun, TextStyle, break_lines, spans
from kernel.pdf.prose import BlockKind, followed_by, led_by, read_prose, runs_of
from kernel.pdf.sheets import LEFT, RIGHT, ProseSheet
from kernel.pictures import printable
from tests.support.quizzes import NOON


def words_of(html: str) -> list[str]:
    return ["".join(run.text for run in block.runs) for block in read_prose(html)]


def formula(latex: str) -> str:
    """Write a formula with raised parts as ^{…} and lowered ones as _{…}."""
    (block,) = read_prose(to_mathml(latex, display=False))
    marks = {TextStyle.SUP: "^{%s}", TextStyle.SUB: "_{%s}"}
    return "".join(marks.get(run.style, "%s") % run.text for run in block.runs)


@pytest.mark.parametrize(
    ("latex", "written"),
    [
        (r"\frac{a+b}{2c}", "(a + b)/(2c)"),
        (r"\frac{1}{3}", "1/3"),
        (r"x_i^2 \le \pi", "x_{i}^{2} ≤ π"),
        (r"\sqrt{x^2+1}", "√(x^{2} + 1)"),
        (r"\sqrt[3]{8}", "^{3}√8"),
        (r"e^{-x^2}", "e^{−x^2}"),
        (r"\sum_{i=1}^{n} i", "∑_{i=1}^{n}i"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "(1, 2; 3, 4)"),
        (r"0{,}348 = y", "0,348 = y"),
    ],
)
def test_a_formula_is_written_in_one_line(latex: str, written: str) -> None:
    """spec/selection 10.2: readable without its layout."""
    assert formula(latex) == written


def test_blocks_come_in_their_order_with_their_kinds() -> None:
    blocks = read_prose(
        "<p>Uno <strong>dos</strong><br>tres</p><ul><li>a<ol start='3'><li>b</li><li>c</li></ol></li></ul><blockquote><p>d</p></blockquote>"
        "<pre>e\n  f</pre><figure><img src='/x.png' alt='Barra azul'><figcaption>Barras</figcaption></figure>"
    )

    assert [(block.kind, block.marker, block.level) for block in blocks] == [
        (BlockKind.PARAGRAPH, "", 0),
        (BlockKind.ITEM, "•", 1),
        (BlockKind.ITEM, "3.", 2),
        (BlockKind.ITEM, "4.", 2),
        (BlockKind.PARAGRAPH, "", 1),
        (BlockKind.CODE, "", 0),
        (BlockKind.PICTURE, "", 0),
        (BlockKind.PARAGRAPH, "", 0),
    ]
    assert (blocks[6].source, blocks[6].words) == ("/x.png", "Barra azul")
    assert blocks[0].runs == (TextRun("Uno "), TextRun("dos", TextStyle.STRONG), TextRun("\n"), TextRun("tres"))


def test_a_table_keeps_its_title_headings_and_joined_cells() -> None:
    title, table = read_prose(
        "<div class='scroll'><table><caption>Gasto</caption><thead><tr><th>Año</th><th>Valor</th></tr></thead>"
        "<tbody><tr><td colspan='2'>2024 <img alt='sube' src='/y.png'></td></tr></tbody></table></div>"
    )

    assert words_of("<table><caption>Gasto</caption></table>") == ["Gasto"]
    assert title.runs == (TextRun("Gasto", TextStyle.STRONG),)
    assert [[cell.is_heading for cell in row] for row in table.rows] == [[True, True], [False]]
    assert table.rows[1][0].columns == 2
    assert "".join(run.text for run in table.rows[1][0].runs) == "2024 [sube]"


def test_a_drawing_keeps_its_text_and_says_what_it_shows() -> None:
    (drawing,) = read_prose('<svg viewBox="0 0 1 1" aria-label="Una &amp; dos"><rect x="0"></rect><text>a &lt; b</text></svg>')

    assert (drawing.kind, drawing.words) == (BlockKind.DRAWING, "Una & dos")
    assert drawing.source.endswith("<text>a &lt; b</text></svg>")


def test_words_are_put_before_and_after_on_the_same_line_where_there_is_one() -> None:
    blocks = led_by((TextRun("Perro"),), followed_by(read_prose("<p>Ladra</p>"), "bien"))
    pictures = followed_by(led_by((TextRun("Perro"),), read_prose("<img src='/x.png' alt='voz'>")), "bien")

    assert ["".join(run.text for run in block.runs) for block in blocks] == ["Perro: Ladra  —  bien"]
    assert [block.kind for block in pictures] == [BlockKind.PARAGRAPH, BlockKind.PICTURE, BlockKind.PARAGRAPH]
    assert "".join(run.text for run in runs_of(pictures)) == "Perro:  [voz] bien"


def test_each_sign_has_a_font_that_knows_it_or_is_written_as_its_number() -> None:
    assert spans("a ≤ π ж", TEXT) == [("a ", TEXT), ("≤", SIGNS), (" ", TEXT), ("π", SIGNS), (" ", TEXT), ("ж", NAME)]
    assert spans("x😀", CODE) == [("x[U+1F600]", CODE)]
    assert spans("\t", TEXT) == [(" ", TEXT)]


def test_lines_end_at_spaces_and_long_words_where_the_line_does() -> None:
    lines = break_lines((TextRun("uno dos "), TextRun("tres", TextStyle.STRONG), TextRun("cuatro\n"), TextRun("x" * 200)), 4, 30)
    texts = ["".join(piece.text for piece in line) for line in lines]

    assert texts[:3] == ["uno dos", "trescuatro", texts[2]]
    assert "".join(texts[2:]) == "x" * 200
    assert all(sum(piece.width for piece in line) <= 30.001 for line in lines)


def test_raised_and_lowered_parts_are_smaller_and_off_the_line() -> None:
    ((base, power, index),) = break_lines((TextRun("x"), TextRun("2", TextStyle.SUP), TextRun("i", TextStyle.SUB)), 4, 50)

    assert base.fall == 0 > power.fall
    assert index.fall > 0
    assert power.size == index.size < base.size


class _Sheet(ProseSheet):
    def draw(self, html: str) -> None:
        """Draw a text over the whole width."""
        self._html(html)
        self._letters("Firma", "0" * 300)


def drawn(html: str, pictures: dict[str, tuple[bytes, int, int]] | None = None) -> bytes:
    facts = PdfProperties(title="Hoja", author="IESS", language="es", made_at=NOON, identifier="hoja")
    return compose_pdf(facts, lambda document: _Sheet(document, "CODE", pictures or {}).draw(html))


def test_a_long_text_goes_on_on_the_next_pages_and_nothing_stands_beyond_the_edge() -> None:
    html = "".join(f"<p>Párrafo {number} " + "con palabras " * 60 + "</p>" for number in range(30))
    document = pypdfium2.PdfDocument(drawn(html + f"<p>{'y' * 900}</p>"))

    texts = [document[at].get_textpage() for at in range(len(document))]
    assert len(document) > 2
    assert "Párrafo 29" in "".join(page.get_text_bounded() for page in texts)
    boxes = [page.get_charbox(at) for page in texts for at in range(page.count_chars())]
    assert min(box[0] for box in boxes if box[2] > box[0]) >= LEFT * 72 / 25.4 - 1
    assert max(box[2] for box in boxes) <= RIGHT * 72 / 25.4 + 1


def test_a_wide_table_fits_into_the_width() -> None:
    row = "".join(f"<td>{'palabra ' * 30}{at}</td>" for at in range(5)) + "<td>1</td>"
    page = pypdfium2.PdfDocument(drawn(f"<table><tbody><tr>{row}</tr></tbody></table>"))[0].get_textpage()

    assert max(page.get_charbox(at)[2] for at in range(page.count_chars())) <= RIGHT * 72 / 25.4 + 1
    assert "palabra 4" in page.get_text_bounded().replace("\r\n", " ").replace("\n", " ")


def test_a_picture_is_drawn_and_one_that_is_missing_says_what_it_shows() -> None:
    picture = printable(picture_of("PNG"))
    assert picture is not None
    html = "<p>a</p><figure><img src='/x.png' alt='Barra azul'></figure><p>b</p>"

    with_it, without = drawn(html, {"/x.png": picture}), drawn(html)

    assert [one.type for one in pypdfium2.PdfDocument(with_it)[0].get_objects()].count(3) == 1
    assert "[Barra azul]" in pypdfium2.PdfDocument(without)[0].get_textpage().get_text_bounded()
    assert drawn(html, {"/x.png": picture}) == with_it


def picture_of(kind: str, size: tuple[int, int] = (60, 30)) -> bytes:
    target = BytesIO()
    Image.new("RGB" if kind == "JPEG" else "RGBA", size, (10, 80, 120) if kind == "JPEG" else (0, 0, 0, 0)).save(target, kind)
    return target.getvalue()


@pytest.mark.parametrize(("kind", "printed"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "PNG"), ("GIF", "PNG")])
def test_pictures_are_printed_on_white_and_no_larger_than_paper_shows(kind: str, printed: str) -> None:
    small, large = printable(picture_of(kind)), printable(picture_of(kind, (3000, 1000)))
    assert small is not None
    assert large is not None

    with Image.open(BytesIO(small[0])) as picture:
        assert (picture.format, picture.size, small[1:]) == (printed, (60, 30), (60, 30))
        assert kind == "JPEG" or picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    with Image.open(BytesIO(large[0])) as picture:
        assert max(picture.size) == 1600
    assert large[1:] == (3000, 1000)


def test_what_is_no_picture_is_not_printed() -> None:
    assert printable(b"%PDF-1.7") is None
    assert printable(picture_of("PNG")[:-30]) is None
