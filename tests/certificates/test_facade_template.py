"""The built-in template draws the sheet exactly as it was drawn before there were templates."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from certificates.certificate_page import sheet_of
from certificates.layout.placing import PictureMark, PrintedSignatory, TextMark
from certificates.layout.reading import facade
from certificates.layout.template import ElementRole
from certificates.pdf import placed_sheet, render
from certificates.sheet import compose
from lms.instance import Instance
from tests.support.certificates import FACTS, a_certificate
from tests.support.project import ROOT
from tests.support.sheet_cases import CASES, signature

BEFORE = ROOT / "tests" / "samples" / "certificates" / "facade-1.tsv"
"""SHA-256 of the drawing of each case, made by the program of 0.2.0."""


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
    assert (row.template, row.template_version) == ("facade", 5)

    row.template, row.template_version = "constancia", 1

    assert sheet_of(row, (), "http://localhost:8000", "es").template is facade(1)
