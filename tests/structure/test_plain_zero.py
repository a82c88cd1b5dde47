"""The zero of running text is plain in each weight; that of codes is told from an O by the fonts of code."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from scripts.plain_zero import counter_of, zeros_of
from tests.support.project import ROOT

FONTS = [
    path
    for path in (*sorted((ROOT / "static" / "fonts").glob("*.woff2")), *sorted((ROOT / "kernel" / "pdf" / "fonts").glob("*.ttf")))
    if ord("0") in TTFont(path).getBestCmap()
]
"""Those that have a zero: one of symbols alone has none."""
CODES = {"AtkinsonHyperlegibleMono-SemiBold.ttf"}


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.name)
def test_only_the_font_of_codes_has_a_slash_in_its_zero(path: Path) -> None:
    font = TTFont(path)
    contours = {name: font["glyf"][name].numberOfContours for name in zeros_of(font)}

    assert all(count in (-1, 2) for count in contours.values()) == (path.name not in CODES), contours
    if "gvar" in font and not path.name.startswith("literata"):
        last = len(font["glyf"]["zero"].coordinates) + 4
        assert {len(one.coordinates) for one in font["gvar"].variations["zero"]} == {last}


def test_the_counter_goes_the_other_way_and_touches_the_edges_of_its_halves() -> None:
    outer, halves = [(0, 0), (10, 0), (10, 20), (0, 20)], [(2, 3), (8, 3), (8, 17), (2, 17)]

    assert counter_of(outer, halves) == [(2, 17), (8, 17), (8, 3), (2, 3)]
