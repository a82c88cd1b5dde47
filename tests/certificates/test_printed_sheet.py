"""The sheet as a printer gives it: at 150 dots an inch, in colour, in grey and made smaller (spec/certificates P5)."""

from dataclasses import replace

import pypdfium2
import pytest
import segno
import zxingcpp
from PIL import Image

from certificates.layout.reading import facade
from certificates.pdf import render
from certificates.rules.credentials import DECLARED
from certificates.sheet import compose
from kernel.codes import printed_code
from tests.support.certificates import FACTS
from tests.support.sheet_cases import CASES

MM = 72 / 25.4
DPI = 150
DOTS = DPI / 25.4
MARGIN, BAND = 11, 79.6
"""Millimetres: what stays free of ink, and where the coloured ground at the left ends."""
QR_LEFT, QR_TOP, QR_SIZE = 234, 142, 36


def sheet(case: str = "usual") -> bytes:
    return render(compose(replace(FACTS, template=facade(5), name_basis=DECLARED, **CASES[case])))  # type: ignore[arg-type]  # fields by name


def printed(content: bytes) -> Image.Image:
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
    picture = printed(sheet(case))

    for top, bottom in ((0, MARGIN), (210 - MARGIN, 210)):
        assert picture.crop(box(BAND + 0.4, top, 297, bottom)).getextrema() == ((255, 255),) * 3
        ground = picture.crop(box(0.4, top + 0.4, 77.6, bottom - 0.4)).getextrema()
        assert all(low == high for low, high in ground)
    assert picture.crop(box(297 - MARGIN, 0, 297, 210)).getextrema() == ((255, 255),) * 3
    assert all(low == high for low, high in picture.crop(box(0.4, 0.4, MARGIN - 0.4, 209.6)).getextrema())


@pytest.mark.parametrize("made", [lambda picture: picture, in_grey, at_70_percent, lambda picture: at_70_percent(in_grey(picture))])
def test_the_qr_code_is_read_from_the_printed_sheet(made: object) -> None:
    """spec/certificates P5: in colour, in grey, at 70 %, and both."""
    picture = made(printed(sheet()))  # type: ignore[operator]  # one of the functions above

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [FACTS.verify_url]


@pytest.mark.parametrize("share", [1.0, 0.7])
def test_each_module_of_the_qr_code_is_where_it_belongs(share: float) -> None:
    """spec/certificates P5: looked at without a reader that corrects errors, dark and light at the middle of each module."""
    picture = in_grey(printed(sheet())) if share == 1 else at_70_percent(in_grey(printed(sheet())))
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
