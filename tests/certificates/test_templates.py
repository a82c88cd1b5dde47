"""Templates of certificates: what their text may say, how texts fit, and that a published version is drawn for ever."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from certificates.certificate_page import sheet_of
from certificates.layout.placing import PictureMark, PrintedSignatory, TextMark
from certificates.layout.reading import (
    facade,
    facade_files,
    list_elements,
    read_template,
    with_element_added,
    with_element_copied,
    with_element_hidden,
    with_element_moved,
    with_element_placed,
    without_element,
)
from certificates.layout.template import ElementRole, TextElement, filled_lines
from certificates.pdf import measure, placed_sheet, render
from certificates.sheet import CertificateTexts, compose
from certificates.templates import clean_picture
from certificates.views.templates import HARD_NAMES, LONGEST_TITLE, SampleIssuer, find_overflows, long_texts, sample_texts
from courses.content.editing import read_fields
from courses.content.model import Finding
from kernel.errors import Invalid
from lms.instance import Instance
from tests.support.certificates import FACTS, a_certificate, words_of
from tests.support.project import ROOT
from tests.support.sheet_cases import CASES, signature

DAY = date(2026, 11, 25)
HEAD = "format: 1\nkey: propia\ntitle: {es: Propia, en: Own}\npage: {size: A4, orientation: landscape, margin: 12}\nelements:\n"
REQUIRED = "  - {kind: qr, at: [200, 20], size: 26}\n  - {kind: code, at: [200, 60], width: 41}\n"
TEXT = "  - {kind: text, text: '{person.name}', at: [20, 60], width: 150, size: [12.2, 7], lines: 2}\n"
SIGNS = "  - {kind: signatories, at: [20, 149], size: [120, 30]}\n"
OWN = HEAD + TEXT + SIGNS + REQUIRED


def findings(text: str, **pictures: bytes) -> tuple[Finding, ...]:
    return read_template({"template.yaml": text.encode(), **pictures}, today=DAY).findings


def texts_of(text: str) -> CertificateTexts:
    template = read_template({"template.yaml": text.encode()}, today=DAY).template
    assert template is not None
    return sample_texts(template, "es", "aulario.example", SampleIssuer("Institución", "Aulario"))


def test_a_whole_template_has_no_findings() -> None:
    """spec/certificates T2."""
    assert findings(OWN) == ()
    assert texts_of(OWN).template.most_signatories == 2


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("  - {kind: texto, at: [20, 60]}", "C112", "text"),
        ("  - {kind: text, text: hola, at: [20, 60], widht: 30, size: 4}", "C108", "width"),
        ("  - {kind: text, text: hola, at: [20, 60], width: 30, size: 4, blink: 1}", "C107", "blink"),
        ("  - {kind: text, text: hola, at: [20, 60], width: 30, size: 0}", "C113", "0"),
        ("  - {kind: text, text: hola, at: [20, 60], width: 30, size: 1000000}", "C113", "500"),
        ("  - {kind: text, text: hola, at: [20, 60], width: 30, size: 4, font: titel}", "C112", "title"),
        ("  - {kind: text, text: hola, at: [20, 60], width: 30, size: 4, colour: '{person.name}'}", "C112", "#rrggbb"),
        ("  - {kind: text, text: hola, at: [20, 600], width: 30, size: 4}", "C113", "500"),
        ("  - {kind: text, text: hola, at: [280, 60], width: 30, size: 4}", "C224", "297"),
        ("  - {kind: text, text: hola, at: [5, 60], width: 30, size: 4}", "C224", "12"),
        ("  - {kind: text, text: hola, at: [20], width: 30, size: 4}", "C111", "2"),
        ("  - {kind: text, text: '{person.email}', at: [20, 60], width: 30, size: 4}", "C220", "person."),
        ("  - {kind: text, text: '{a b}', at: [20, 60], width: 30, size: 4}", "C220", "a b"),
        ("  - {kind: text, text: '{{', at: [20, 60], width: 30, size: 4}", "C220", "llave"),
        ("  - {kind: text, text: hola 王, at: [20, 60], width: 30, size: 4}", "C225", "王"),
        ("  - {kind: text, text: {en: hello}, at: [20, 60], width: 30, size: 4}", "C110", "es"),
        ("  - {kind: text, text: {es: hola}, at: [20, 60], width: 30, size: 4}", "C223", "en"),
        ("  - {kind: image, file: fondo.png, at: [20, 60], size: [30, 30], decorative: true}", "C222", "fondo.png"),
        ("  - {kind: image, file: fondo.svg, at: [20, 60], size: [30, 30], decorative: true}", "C222", "PNG"),
        ("  - {kind: code, at: [20, 120], width: 41}", "C221", "code"),
        ("  - {kind: text, text: hola, at: [190, 30], width: 12, size: 4}", "C221", "QR"),
        ("  - &uno {kind: border, inset: 8}\n  - *uno", "C104", "uno"),
        ("\t- {kind: border, inset: 8}", "C102", ""),
    ],
)
def test_what_a_template_may_not_have_is_reported_with_its_line(line: str, code: str, told: str) -> None:
    """spec/certificates T2, T3, chapter 15: unknown words are answered with the nearest, and nothing breaks the page."""
    found = [one for one in findings(HEAD + TEXT + line + "\n" + REQUIRED) if one.code == code]

    assert found, findings(HEAD + TEXT + line + "\n" + REQUIRED)
    assert found[0].severity == "error"
    assert found[0].line >= 6
    assert told in f"{found[0].message} {found[0].fix}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + TEXT + "  - {kind: code, at: [200, 60], width: 41}\n", "C221"),
        (HEAD + TEXT + "  - {kind: qr, at: [200, 20], size: 26}\n", "C221"),
        (OWN.replace("size: 26", "size: 19.9"), "C221"),
        (OWN.replace("width: 41", "width: 41, size: 2.9"), "C221"),
        (OWN.replace("size: 26}", "size: 26, hidden: true}"), "C221"),
        (HEAD + TEXT * 5_000 + REQUIRED, "C105"),
        (HEAD + "# " + "x" * 2_000_000, "C105"),
        ("", "C110"),
        ("- 1\n", "C111"),
        (OWN.replace("format: 1", "format: 2"), "C115"),
    ],
)
def test_qr_and_code_are_required_and_hostile_texts_are_refused(text: str, code: str) -> None:
    """spec/certificates T4, chapter 15."""
    assert code in {one.code for one in findings(text)}


def test_a_line_whose_fields_are_empty_is_left_out_with_its_words() -> None:
    """spec/certificates T3."""
    values = {"expires_on": "", "issued_on": "14 de julio", "edition.from": "", "edition.until": ""}

    assert filled_lines("Válido hasta: {expires_on}", values) == ()
    assert filled_lines("Válido hasta: {expires_on}\nEmitido: {issued_on}\nSin campos", values) == ("Emitido: 14 de julio", "Sin campos")
    assert filled_lines("Del {edition.from} al {edition.until}", values) == ()
    assert filled_lines("{expires_on} {issued_on}", values) == ("14 de julio",)


@pytest.mark.parametrize(("name", "surnames"), HARD_NAMES)
def test_hard_names_and_a_title_of_120_letters_stay_within_their_width(name: str, surnames: str) -> None:
    """spec/certificates T5."""
    assert 115 <= len(LONGEST_TITLE) <= 120
    for template in (facade(1), facade()):
        placed = placed_sheet(compose(replace(FACTS, template=template, person_name=name, surnames=surnames, course_title=LONGEST_TITLE)))
        marks = [mark for one in placed.elements for mark in one.marks if isinstance(mark, TextMark)]
        assert placed.overflows == ()
        for mark in marks:
            assert mark.x + measure(mark.text, mark.font, mark.size, mark.spacing) <= placed.width - 5 + 0.01
        assert "".join(name.split()).replace("\u0301", "") != ""


def test_a_text_shrinks_then_breaks_then_is_reported_with_the_word_that_did_not_fit() -> None:
    """spec/certificates T5: at issue it is made smaller, never cut."""
    texts = texts_of(OWN)
    narrow = texts_of(OWN.replace("width: 150", "width: 60"))
    assert find_overflows(texts) == ()

    told = find_overflows(narrow)

    assert {(language, one.element) for language, one in told} == {("es", 0), ("en", 0)}
    assert all(one.word in one.text for _language, one in told)
    printed = " ".join(words_of(render(compose(long_texts(narrow)))))
    assert all(word in printed for word in long_texts(narrow).person_name.split())


def test_only_as_many_sign_as_have_a_place() -> None:
    four = compose(replace(texts_of(OWN.replace("size: [120, 30]", "size: [160, 30], most: 4")), signatories=FACTS.signatories * 2))

    words = words_of(render(four))

    assert words.count("Jorge Paredes") == 2
    assert words_of(render(compose(replace(texts_of(OWN), signatories=FACTS.signatories * 2)))).count("Jorge Paredes") == 1


@pytest.mark.slow
def test_the_form_and_the_text_lose_nothing_of_each_other() -> None:
    """spec/certificates T6: comments and every other line stay as they are."""
    text = "# mía\n" + HEAD + "  # el nombre\n" + TEXT + "\n" + SIGNS + REQUIRED
    assert [one.kind for one in list_elements(text)] == ["text", "signatories", "qr", "code"]

    there_and_back = with_element_hidden(with_element_hidden(text, 1, hidden=True), 1, hidden=False)
    moved = with_element_moved(with_element_moved(text, 0, 1), 1, 0)

    assert there_and_back == text
    assert moved.replace("\n\n", "\n") == text.replace("\n\n", "\n")
    assert without_element(with_element_copied(text, 2), 3).replace("\n\n", "\n") == text.replace("\n\n", "\n")
    assert "# el nombre" in with_element_placed(text, 0, ["25", "61"], ["11", "6"])
    assert "at: [25, 61]" in with_element_placed(text, 0, ["25", "61"], ["11", "6"])
    assert [one.kind for one in list_elements(with_element_added(text, "logo"))][-1] == "logo"
    for place in range(len(list_elements(facade_files()["template.yaml"].decode()))):
        written = facade_files()["template.yaml"].decode()
        again = with_element_hidden(with_element_hidden(written, place, hidden=True), place, hidden=False)
        assert read_fields(again) == read_fields(written)
        assert again.startswith("# The sheet")


def test_the_example_of_the_specification_is_read() -> None:
    """spec/certificates T2."""
    text = """format: 1
key: constancia-iess
institution: iess
title: {es: Certificado de aprobación, en: Certificate of completion}
page: {size: A4, orientation: landscape, margin: 11}      # A4, letter; landscape, portrait
elements:                                                  # in reading order
  - {kind: image, file: fondo.png, at: [0, 0], size: [297, 210], decorative: true}
  - {kind: border, inset: 8, width: 0.4, colour: brand}
  - {kind: text, role: h1, text: {es: "Certificado de aprobación", en: "Certificate"}, at: [98, 36], width: 100, font: title, size: 5.2}
  - {kind: text, role: p, text: {es: "{person.name}", en: "{person.name}"}, at: [98, 69], width: 172, font: name, size: [12.2, 7], lines: 2}
  - {kind: text, role: p, text: "{course.title}, {hours}", at: [98, 98], width: 172, size: [5, 3]}
  - {kind: facade, at: [11, 36], size: [56, 156]}
  - {kind: signatories, at: [98, 149], size: [120, 30], most: 2}
  - {kind: qr, at: [240, 142], size: 26}
  - {kind: code, at: [240, 184], width: 41}
"""
    assert findings(text, **{"fondo.png": b""}) == ()


@pytest.mark.parametrize(("kind", "mode", "frames"), [("GIF", "P", 2), ("PNG", "RGB", 2)])
def test_moving_pictures_are_refused(kind: str, mode: str, frames: int) -> None:
    """spec/certificates chapter 15."""
    target = BytesIO()
    pictures = [Image.new(mode, (9, 9), number) for number in range(frames)]
    pictures[0].save(target, kind, save_all=True, append_images=pictures[1:])

    with pytest.raises(Invalid):
        clean_picture(f"x.{kind.lower()}", target.getvalue())


def test_every_text_of_the_program_s_template_is_in_both_languages() -> None:
    for version in (1, 2):
        for element in facade(version).elements:
            if isinstance(element, TextElement) and len(element.text) > 1:
                assert set(element.text) == {"es", "en"}


BEFORE = ROOT / "tests" / "samples" / "certificates" / "facade-1.tsv"
"""SHA-256 of the drawing of each case, made by the program of 0.2.0; of “decomposed” since no box is drawn (spec/certificates N2)."""


def drawing_of(content: bytes) -> bytes:
    """Return what draws the page, without the marks of a tagged document and the spaces between lines for who hears it."""
    page = next(part for part in streams_of(content) if b" Tf" in part and b"/TrueType" not in part and b"beginbf" not in part)
    return re.sub(rb" +\) Tj", b") Tj", re.sub(rb"(?m)^(?:/\w+ .*(?:BDC|BMC)|EMC) ?\n", b"", page))


def streams_of(content: bytes) -> Iterator[bytes]:
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            yield zlib.decompressobj().decompress(found[1])
        except zlib.error:
            continue


@pytest.mark.parametrize("name", CASES)
def test_the_template_draws_what_was_drawn_before(name: str) -> None:
    """spec/certificates T8."""
    before = dict(line.split("\t") for line in BEFORE.read_text().splitlines())

    content = render(compose(replace(FACTS, template=facade(1), **CASES[name])))  # type: ignore[arg-type]  # fields by name

    assert hashlib.sha256(drawing_of(content)).hexdigest() == before[name]


@pytest.mark.parametrize("name", CASES)
def test_version_3_draws_what_version_2_did(name: str) -> None:
    """spec/certificates T8: where at most two sign, without a logo and without a fingerprint."""
    drawn = [render(compose(replace(FACTS, template=facade(version), **CASES[name]))) for version in (2, 3)]  # type: ignore[arg-type]  # fields by name

    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("count", [3, 4])
def test_up_to_four_signatories_stand_side_by_side(count: int) -> None:
    """spec/certificates I1, T8."""
    signs = tuple(PrintedSignatory(f"Firmante {number}", "Dirección", signature()) for number in range(count))

    sheet = placed_sheet(compose(replace(FACTS, signatories=signs)))

    texts = [mark for element in sheet.elements for mark in element.marks if isinstance(mark, TextMark)]
    places = [mark.x for mark in texts if mark.text.startswith("Firmante")]
    assert len(places) == count
    assert places == sorted(set(places))
    assert all(98 <= x < 218 for x in places)
    assert len({mark.y for mark in texts if mark.text.startswith("Firmante")}) == 1


def test_the_logo_and_the_fingerprint_are_printed_where_there_are_any() -> None:
    """spec/certificates I1, K2, T5: the logo inside of its place, the whole fingerprint in small letters, nothing outside the margin."""
    facts = replace(FACTS, logo=signature(), key_fingerprint="0123456789abcdef" * 4)

    sheet = placed_sheet(compose(facts))

    marks = [mark for element in sheet.elements for mark in element.marks]
    logo = next(mark for mark in marks if isinstance(mark, PictureMark))
    printed = next(mark for mark in marks if isinstance(mark, TextMark) and "0123 4567 89ab" in mark.text)
    assert (logo.content, logo.y + logo.height <= 30) == (facts.logo, True)
    assert printed.text.endswith("cdef")
    assert 1.8 <= printed.size <= 2.3
    assert not placed_sheet(compose(facts)).overflows


def test_elements_have_roles_in_reading_order() -> None:
    """spec/certificates T2: the order of the elements is that of reading."""
    placed = placed_sheet(compose(FACTS)).elements

    roles = [one.role for one in placed if one.role is not ElementRole.ARTIFACT]
    assert roles.count(ElementRole.H1) == 1
    assert [one.alternative for one in placed if one.role is ElementRole.FIGURE] == [
        "Fachada con 7 ventanas, una por módulo",
        "Logotipo de Aulario",
        "Código QR: https://aulario.example/v/7K4M-92XD-C3QF-8TRA",
    ]
    assert facade().most_signatories == 4


def test_certificates_from_before_keep_their_look(instance: Instance) -> None:
    """spec/certificates T8, M1: what was issued before there were templates is drawn by version 1 of the built-in one."""
    row = a_certificate(instance)
    assert (row.template, row.template_version) == ("facade", 6)

    row.template, row.template_version = "constancia", 1

    assert sheet_of(row, (), "http://localhost:8000", "es").template is facade(1)
