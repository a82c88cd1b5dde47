"""The sheet as a PDF and as a printer gives it: its words, its fit, its QR code, its bytes (spec/certificates P5)."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pypdfium2
import pytest
import segno
import zxingcpp
from PIL import Image

from certificates.layout.placing import MOST_WINDOWS, FittedText, fit_text, floors
from certificates.layout.reading import facade
from certificates.layout.template import TextElement
from certificates.pdf import measure, render
from certificates.rules.credentials import DECLARED
from certificates.sheet import compose, printed_date
from kernel.codes import printed_code
from kernel.pdf.pen import unprintable
from tests.support.certificates import FACTS, page_of, words_of
from tests.support.project import ROOT
from tests.support.sheet_cases import CASES

LONG_NAME = "María Auxiliadora de los Ángeles Monserrate Guachamín Quinchiguango"
LONG_TITLE = "Extender la protección social a las personas trabajadoras independientes y de la economía informal"
MM = 72 / 25.4


def printed(**changes: object) -> bytes:
    return render(compose(replace(FACTS, **changes)))  # type: ignore[arg-type]  # fields by name


def fitted_as(field: str, text: str, last_part: str = "") -> FittedText:
    """Fit a text as the sheet does that prints a field."""
    element = next(one for one in FACTS.template.elements if isinstance(one, TextElement) and f"{{{field}}}" in one.text.values())
    return fit_text((text,), element.font, element.width, element.fits, measure, last_part=last_part)


def fit_name(name: str, surnames: str = "") -> FittedText:
    return fitted_as("person.name", name, surnames)


def fit_title(title: str) -> FittedText:
    return fitted_as("course.title", title)


def test_the_sheet_says_what_the_guide_says_in_reading_order() -> None:
    assert words_of(printed()) == [
        "Aulario",
        "IESS-EDUCA · Escuela de formación Certificado de aprobación",
        "Se certifica que",
        "Luis Alberto Chasi Guamán",
        "completó los siete módulos y aprobó la evaluación final del curso",
        "Conceptos y gobernanza",
        "de la seguridad social",
        "Duración",
        "11 horas",
        "Modalidad",
        "En línea, a su ritmo",
        "Emisión",
        "14 de julio de 2026",
        "María Fernanda Ortiz",
        "Dirección de la Escuela de formación",
        "Jorge Paredes",
        "Coordinación académica del curso",
        "Verifique en",
        "aulario.example/v",
        "7K4M-92XD-C3QF-8TRA",
        "Versión 12 del curso. El registro en línea dice si sigue vigente; el sello del PDF, si alguien lo cambió.",
    ]


def test_the_english_sheet_has_the_same_places() -> None:
    """English version, same coordinates."""
    words = words_of(printed(language="en", course_title="Concepts and governance of social security"))

    assert words[1].endswith("Certificate of completion")
    assert words[2] == "This is to certify that"
    assert words[4] == "completed the seven modules and passed the final assessment of"
    assert words[7:13] == ["Length", "11 hours", "Mode", "Online, self-paced", "Issued", "14 July 2026"]
    assert words[-1] == (
        "Course version 12. The online register says whether it is still valid; the PDF's seal, whether anyone changed it."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"module_minutes": (1,) * 20}, "completó los 20 módulos y aprobó la evaluación final del curso"),
        ({"module_minutes": (1,) * 12}, "completó los doce módulos y aprobó la evaluación final del curso"),
        ({"module_minutes": (1,) * 13}, "completó los 13 módulos y aprobó la evaluación final del curso"),
        ({"module_minutes": (1,)}, "completó el módulo y aprobó la evaluación final del curso"),
        ({"with_assessment": False}, "completó los siete módulos del curso"),
        ({"with_assessment": False, "module_minutes": (1,)}, "completó el curso"),
        ({"with_assessment": False, "module_minutes": (1, 2), "language": "en"}, "completed the two modules of"),
        ({"language": "fr"}, "completó los siete módulos y aprobó la evaluación final del curso"),
    ],
)
def test_the_sentence_fits_the_course(changes: dict[str, object], sentence: str) -> None:
    sheet = compose(replace(FACTS, **changes))  # type: ignore[arg-type]  # fields by name

    document = sheet["document"]
    assert sheet["result"] == sentence
    assert ("participación" in document) == (not document.startswith("Certificate ") and "aprobó" not in sentence)


@pytest.mark.parametrize(
    ("hours", "language", "length"),
    [
        ("11", "es", "11 horas"),
        ("1", "es", "1 hora"),
        ("10.5", "es", "10 h 30 min"),
        ("10.5", "en", "10 h 30 min"),
        ("11.33", "es", "11 h 20 min"),
        ("0.995", "es", "1 hora"),
        ("0.5", "es", "30 minutos"),
        ("1/60", "en", "1 minute"),
        ("0.75", "en", "45 minutes"),
        ("1.04", "es", "1 h 2 min"),
    ],
)
def test_the_length_is_written_for_readers(hours: str, language: str, length: str) -> None:
    assert compose(replace(FACTS, hours=Fraction(hours), language=language))["hours"] == length


def test_dates_are_written_in_words() -> None:
    assert printed_date(date(2026, 1, 1), "es") == "1 de enero de 2026"
    assert printed_date(date(2026, 12, 31), "en") == "31 December 2026"


def test_a_machine_finds_title_language_author_and_embedded_fonts() -> None:
    """The PDF has a title, a language and an author."""
    pdf = printed()

    facts = pypdfium2.PdfDocument(pdf).get_metadata_dict()
    assert facts["Title"] == "Certificado de aprobación: Luis Alberto Chasi Guamán"
    assert facts["Author"] == "IESS-EDUCA · Escuela de formación"
    assert b"/Lang (es)" in pdf
    assert b"/Lang (en)" in printed(language="en")
    assert b"/DisplayDocTitle true" in pdf
    assert pdf.count(b"/FontFile2") == 5
    assert b"/Helvetica" not in pdf


def test_the_same_sheet_gives_the_same_bytes_and_few_of_them() -> None:
    """Same row, same bytes; at most 50 kB."""
    pdf = printed()

    assert printed() == pdf
    assert printed(person_name="Ana") != pdf
    assert len(pdf) <= 50_000
    assert len(printed(person_name=LONG_NAME, course_title=LONG_TITLE, module_minutes=(10,) * 15)) <= 50_000


@pytest.mark.slow
def test_sheets_that_are_drawn_at_once_do_not_spoil_each_other() -> None:
    """ReportLab's fonts are not made for several threads: certificates were refused or lacked letters under load."""
    names = [f"{LONG_NAME} {letter * 3}" for letter in "ÁÉÍÑÓÚÜŽ"]
    alone = [printed(person_name=name) for name in names]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(len(names)) as threads:
            together = list(threads.map(lambda name: printed(person_name=name), names * 4))
    finally:
        sys.setswitchinterval(usual)

    assert together == alone * 4


def test_the_page_is_a4_on_its_side() -> None:
    width, height = page_of(printed()).get_size()

    assert (round(width / MM), round(height / MM)) == (297, 210)


@pytest.mark.parametrize("url", [FACTS.verify_url, "https://formacion.institucion-de-seguridad-social.example.ec/v/7K4M-92XD-C3QF-8TRA"])
def test_the_qr_code_leads_to_the_register(url: str) -> None:
    """QR at x 234, 36 mm, level M; read back from the rendered page."""
    image = page_of(printed(verify_url=url)).render(scale=2).to_pil()

    found = zxingcpp.read_barcodes(image)

    assert [code.text for code in found] == [url]
    assert "M" in found[0].ec_level
    corner = found[0].position.top_left
    assert (round(corner.x / 2 / MM), round(corner.y / 2 / MM)) == (234, 142)


def test_the_quiet_zone_around_the_qr_code_is_white() -> None:
    """Quiet zone of at least 4 modules."""
    image = page_of(printed()).render(scale=4).to_pil().convert("L")
    unit = 36 / 29

    def box(left: float, top: float, right: float, bottom: float) -> tuple[int, int, int, int]:
        return (round(left * MM * 4), round(top * MM * 4), round(right * MM * 4), round(bottom * MM * 4))

    for zone in (
        box(234 - 4 * unit, 142 - 4 * unit, 270 + 4 * unit, 141.8),
        box(234 - 4 * unit, 142, 233.8, 178),
        box(270.2, 142, 270 + 4 * unit, 178),
        box(234 - 4 * unit, 178.2, 270 + 4 * unit, 178 + 4 * unit),
    ):
        assert image.crop(zone).getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("name", "surnames", "lines", "size"),
    [
        ("Ana", "", ("Ana",), 12.2),
        ("Luis Alberto Chasi Guamán", "Chasi Guamán", ("Luis Alberto Chasi Guamán",), 12.2),
        (LONG_NAME, "Guachamín Quinchiguango", ("María Auxiliadora de los Ángeles", "Monserrate Guachamín Quinchiguango"), 8.6),
        (LONG_NAME, "", ("María Auxiliadora de los Ángeles", "Monserrate Guachamín Quinchiguango"), 8.6),
        (
            "Juan Sebastián Alejandro del Castillo Montenegro",
            "Castillo Montenegro",
            ("Juan Sebastián Alejandro del", "Castillo Montenegro"),
            8.6,
        ),
    ],
)
def test_a_name_takes_one_line_or_two_and_is_never_cut(name: str, surnames: str, lines: tuple[str, ...], size: float) -> None:
    """One line at 12.2, shrink by 0.2 to 9, else two lines at 8.6, given names / surnames when both fit."""
    fitted = fit_name(name, surnames)

    assert fitted.lines == lines
    assert fitted.size == size


def test_a_name_shrinks_on_one_line_before_it_is_broken() -> None:
    fitted = fit_name("Alexandra Guadalupe Montesdeoca Real")

    assert len(fitted.lines) == 1
    assert 9 <= fitted.size < 12.2


@pytest.mark.parametrize("name", ["Wolfeschlegelsteinhausenbergerdorff " * 3, "M" * 120, "Ana " * 60])
def test_even_names_beyond_reason_are_printed_whole(name: str) -> None:
    """Never truncate."""
    fitted = fit_name(name.strip())

    assert " ".join(fitted.lines) == name.strip()
    assert "".join(name.split()) in "".join("".join(words_of(printed(person_name=name.strip()))).split())
    page = page_of(printed(person_name=name.strip()))
    right = max(page.get_textpage().get_charbox(at)[2] for at in range(page.get_textpage().count_chars())) / MM
    assert right <= 297 - 5


@pytest.mark.parametrize(
    "name", ["Łukasz Erdoğan-Şahin Kőszegi", "Nguyễn Thị Minh Khai", "Žaneta Đurić Čović", "Inti Ñusta Ẽ̱", "Ελένη Παπά", "Иван Петров"]
)
def test_letters_outside_latin_1_are_printed(name: str) -> None:
    """Any Latin name prints."""
    assert unprintable(name) == ""
    assert name.replace("\u0331", "") in words_of(printed(person_name=name))


def test_letters_that_no_font_has_are_named() -> None:
    assert unprintable("Ana 王小明 王محمد") == "王小明محد"
    assert unprintable("Ana G̃uarã x̌ O\u02bcHiggins Ana\u2011María ﬁ \u200d") == ""
    assert unprintable("Jose\u0301 Ñaupari") == ""


def test_a_name_in_decomposed_letters_is_printed_composed() -> None:
    assert "José" in words_of(printed(person_name="Jose\u0301", surnames=""))


@pytest.mark.parametrize(
    ("title", "count", "size"),
    [
        ("Costos", 1, 9.6),
        (FACTS.course_title, 2, 9.6),
        (LONG_TITLE, 3, 7.4),
        ("Seguridad social", 1, 9.6),
    ],
)
def test_titles_take_up_to_three_lines(title: str, count: int, size: float) -> None:
    """Two lines of 9.6, then three at 7.4."""
    fitted = fit_title(title)

    assert (len(fitted.lines), fitted.size) == (count, size)
    assert " ".join(fitted.lines) == title


def test_a_title_of_a_hundred_and_twenty_characters_fits_in_three_lines() -> None:
    """Limit 120 characters."""
    title = ("Administración y financiamiento de los regímenes especiales de protección social para las personas que cuidan " * 2)[
        :120
    ].strip()

    fitted = fit_title(title)

    assert len(fitted.lines) == 3
    assert fitted.size >= 6.5
    assert " ".join(fitted.lines) == title


def test_a_sheet_without_signatories_has_no_rules_for_them() -> None:
    words = words_of(printed(signatories=()))

    assert words[words.index("14 de julio de 2026") + 1] == "Verifique en"


def test_seven_modules_fill_two_floors_and_the_door_closes_the_last() -> None:
    """One window per module, four per floor; 7: heights by minutes. Numbers of the reference page."""
    arches = floors((83, 100, 92, 76, 80, 74, 85))

    assert [arch.x for arch in arches] == pytest.approx([11, 25.8, 40.6, 55.4] * 2)
    assert [arch.bottom for arch in arches] == [118] * 4 + [192] * 4
    assert arches[1].top == 66
    assert arches[1].bars == pytest.approx([71.8 + 7.192 * at for at in range(7)][: len(arches[1].bars)])
    assert (arches[7].door, arches[7].top, arches[7].bars) == (True, 164, ())
    assert [arch.last for arch in arches] == [False, False, False, True] * 2


def test_the_shortest_module_has_a_window_too() -> None:
    low, high = floors((0, 60))[:2]

    assert low.bottom - low.top == pytest.approx(52 * 0.42)
    assert high.bottom - high.top == pytest.approx(52)
    assert floors((0,))[0].top == pytest.approx(192 - 52 * 0.42)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7, 8, 11, 12, 15, 16, 60])
def test_any_number_of_modules_stays_within_the_band(count: int) -> None:
    arches = floors((30,) * count)

    assert len(arches) == min(count, MOST_WINDOWS) + 1
    assert all(42 < arch.top < arch.bottom <= 192 for arch in arches)
    assert all(arch.x >= 11 and arch.x + arch.width <= 67.1 for arch in arches)
    assert [arch.door for arch in arches].count(True) == 1
    for one, other in zip(arches, arches[4:], strict=False):
        assert one.bottom < other.top


DPI = 150
DOTS = DPI / 25.4
MARGIN, BAND = 11, 79.6
"""Millimetres: what stays free of ink, and where the coloured ground at the left ends."""
QR_LEFT, QR_TOP, QR_SIZE = 234, 142, 36


def sheet(case: str = "usual") -> bytes:
    return render(compose(replace(FACTS, template=facade(5), name_basis=DECLARED, **CASES[case])))  # type: ignore[arg-type]  # fields by name


def picture_of(content: bytes) -> Image.Image:
    return pypdfium2.PdfDocument(content)[0].render(scale=DPI / 72).to_pil().convert("RGB")


def box(left: float, top: float, right: float, bottom: float) -> tuple[int, int, int, int]:
    return (round(left * DOTS), round(top * DOTS), round(right * DOTS), round(bottom * DOTS))


def in_grey(picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


def at_70_percent(picture: Image.Image) -> Image.Image:
    """Return what a copier that makes smaller gives, on the same paper."""
    width, height = picture.size
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture.resize((width * 7 // 10, height * 7 // 10)))
    return paper


@pytest.mark.parametrize("case", sorted(CASES))
def test_no_ink_stands_outside_the_margin(case: str) -> None:
    """spec/certificates P5: each hard case; the coloured grounds at the left reach the edge and are of one colour there."""
    picture = picture_of(sheet(case))

    for top, bottom in ((0, MARGIN), (210 - MARGIN, 210)):
        assert picture.crop(box(BAND + 0.4, top, 297, bottom)).getextrema() == ((255, 255),) * 3
        ground = picture.crop(box(0.4, top + 0.4, 77.6, bottom - 0.4)).getextrema()
        assert all(low == high for low, high in ground)
    assert picture.crop(box(297 - MARGIN, 0, 297, 210)).getextrema() == ((255, 255),) * 3
    assert all(low == high for low, high in picture.crop(box(0.4, 0.4, MARGIN - 0.4, 209.6)).getextrema())


@pytest.mark.parametrize("made", [lambda picture: picture, in_grey, at_70_percent, lambda picture: at_70_percent(in_grey(picture))])
def test_the_qr_code_is_read_from_the_printed_sheet(made: object) -> None:
    """spec/certificates P5: in colour, in grey, at 70 %, and both."""
    picture = made(picture_of(sheet()))  # type: ignore[operator]  # one of the functions above

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [FACTS.verify_url]


@pytest.mark.parametrize("share", [1.0, 0.7])
def test_each_module_of_the_qr_code_is_where_it_belongs(share: float) -> None:
    """spec/certificates P5: looked at without a reader that corrects errors, dark and light at the middle of each module."""
    picture = in_grey(picture_of(sheet())) if share == 1 else at_70_percent(in_grey(picture_of(sheet())))
    wanted = [[bool(dark) for dark in row] for row in segno.make(FACTS.verify_url, error="m", boost_error=False, micro=False).matrix]
    unit = QR_SIZE / len(wanted)

    def is_dark(row: int, column: int) -> bool:
        place = (QR_LEFT + (column + 0.5) * unit) * share * DOTS, (QR_TOP + (row + 0.5) * unit) * share * DOTS
        return picture.getpixel((int(place[0]), int(place[1])))[0] < 128  # type: ignore[index]  # three colours

    assert [[is_dark(row, column) for column in range(len(wanted))] for row in range(len(wanted))] == wanted


def test_the_code_stands_under_the_qr_code_within_its_width() -> None:
    """spec/certificates P5: it stood out ten millimetres."""
    page = pypdfium2.PdfDocument(sheet())[0].get_textpage()
    code = printed_code(FACTS.code)
    found = page.search(code, match_case=True).get_next()
    assert found is not None
    boxes = [page.get_charbox(at) for at in range(found[0], found[0] + found[1])]

    edges = min(one[0] for one in boxes) / MM, max(one[2] for one in boxes) / MM
    assert QR_LEFT - 0.1 <= edges[0] < edges[1] <= QR_LEFT + QR_SIZE + 0.1
    assert 210 - max(one[3] for one in boxes) / MM > QR_TOP + QR_SIZE


def test_no_sign_of_a_name_is_missing_on_the_sheet() -> None:
    """Another font has it, its plain twin stands for it, or its number does."""
    words = words_of(printed(person_name="Ana\u2011María G̃uarã Ќ Ω 王 Quinde"))

    assert "Ana-María G̃uarã Ќ Ω [U+738B] Quinde" in words


def test_the_process_that_draws_brings_in_nothing_else() -> None:
    """spec/certificates 12: it draws many, beside the server; what it imports is its memory."""
    script = "import sys, certificates.pdf; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()

    assert {"sqlalchemy", "babel", "yaml", "ruamel.yaml", "markdown", "svglib", "cryptography"}.isdisjoint(loaded)
