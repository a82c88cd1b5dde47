"""Colours: contrast as WCAG computes it, and the nearest shade that has enough of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.pictures import LEAST, contrast, is_colour, mixed, nearest
from organisations.views.site_settings import GROUND, INK, style_sheet, tokens

COLOURS = some.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48), ("#0f4c63", "#ffffff", 9.4), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("#0f4c63", True), ("#0F4C63", False), ("0f4c63", False), ("#0f4c6", False), ("#0f4c63\n", False), ("red", False)],
)
def test_a_colour_has_six_digits(text: str, expected: bool) -> None:
    assert is_colour(text) is expected


def test_a_share_of_another_colour_is_mixed_in() -> None:
    assert [mixed("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == ["#000000", "#808080", "#ffffff"]


@given(COLOURS, some.sampled_from([GROUND, INK, "#ffffff", "#172228"]))
def test_the_nearest_shade_can_be_read_and_is_the_colour_itself_where_that_can(colour: str, ground: str) -> None:
    found = nearest(colour, ground)

    assert contrast(found, ground) >= LEAST
    assert (found == colour) is (contrast(colour, ground) >= LEAST)


@given(COLOURS, COLOURS)
def test_every_pair_of_text_and_ground_of_a_style_sheet_can_be_read(brand: str, accent: str) -> None:
    """WCAG 2.2, 1.4.3: on light and on dark pages."""
    found = tokens(nearest(brand, GROUND), nearest(accent, INK))
    surfaces = (("#ffffff", "#f9faf8", GROUND), ("#10181d", "#172228", "#0b1216"))

    for theme, grounds in enumerate(surfaces):
        shade = {name: pair[theme] for name, pair in found.items()}
        pairs = [(shade["brand"], ground) for ground in (*grounds, shade["brand-soft"])]
        pairs += [(shade["brand-strong"], grounds[0]), (shade["on-brand"], shade["brand"]), (shade["on-brand"], shade["brand-strong"])]
        pairs += [(INK, shade["lamp"]), (shade["lamp-ink"], shade["lamp-soft"]), ("#b3c8d0", shade["night"])]
        assert [pair for pair in pairs if contrast(*pair) < LEAST] == []


def test_without_colours_there_is_no_style_sheet() -> None:
    assert style_sheet("", "") == ""
