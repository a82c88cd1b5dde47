"""Pictures that are uploaded keep their frames and nothing else of their files; colours have contrast as WCAG computes it.

spec/security 4.3.
"""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageChops, PngImagePlugin

from kernel.errors import Invalid
from kernel.pictures import CARD_HEIGHT, CARD_WIDTH, LEAST, MOST_CARD_BYTES, cleaned, contrast, drawn_for_card, is_colour, mixed, nearest
from organisations.views.site_settings import GROUND, INK, style_sheet, tokens

SECRET = b"SECRETO-0042"
COLOURS = ("red", "green", "blue")


def a_moving_picture(extension: str) -> bytes:
    """Return three frames of different lengths with words hidden in the file, also behind its end."""
    first, *others = (Image.new("RGB", (40, 30), colour) for colour in COLOURS)
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", SECRET.decode())
    options: dict[str, dict[str, object]] = {
        "gif": {"comment": SECRET},
        "png": {"pnginfo": hidden},
        "webp": {"xmp": SECRET, "lossless": True},
    }
    target = io.BytesIO()
    first.save(target, extension, save_all=True, append_images=others, duration=[100, 200, 300], loop=2, **options[extension])
    return target.getvalue() + SECRET


@pytest.mark.parametrize("extension", ["gif", "png", "webp"])
def test_a_moving_picture_keeps_its_frames_and_nothing_that_is_hidden(extension: str) -> None:
    content = a_moving_picture(extension)
    assert content.count(SECRET) == 2

    written = cleaned(content, extension)

    assert SECRET not in written
    with Image.open(io.BytesIO(written)) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (3, 2)  # type: ignore[attr-defined]  # of formats that move
        for at, (colour, milliseconds) in enumerate(zip(COLOURS, (100, 200, 300), strict=True)):
            picture.seek(at)
            picture.load()
            shown = ImageChops.difference(picture.convert("RGB"), Image.new("RGB", (40, 30), colour)).getextrema()
            assert max(most for _least, most in shown) < 24, "as it is compressed"
            assert picture.info["duration"] == milliseconds


def test_a_moving_picture_of_too_many_pixels_is_refused() -> None:
    first, *others = (Image.new("P", (4000, 4000), number) for number in range(3))
    target = io.BytesIO()
    first.save(target, "gif", save_all=True, append_images=others)

    with pytest.raises(Invalid):
        cleaned(target.getvalue(), "gif")


ANY_COLOUR = some.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


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


@given(ANY_COLOUR, some.sampled_from([GROUND, INK, "#ffffff", "#172228"]))
def test_the_nearest_shade_can_be_read_and_is_the_colour_itself_where_that_can(colour: str, ground: str) -> None:
    found = nearest(colour, ground)

    assert contrast(found, ground) >= LEAST
    assert (found == colour) is (contrast(colour, ground) >= LEAST)


@given(ANY_COLOUR, ANY_COLOUR)
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


def encoded(picture: Image.Image, extension: str = "png") -> bytes:
    """Return a picture as a file."""
    target = io.BytesIO()
    picture.save(target, extension)
    return target.getvalue()


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((1600, 900), (720, 405)), ((900, 1600), (720, 405)), ((4000, 300), (533, 300)), ((320, 180), (320, 180)), ((1, 1), (1, 1))],
)
def test_a_card_shows_the_middle_of_a_picture_and_enlarges_none(size: tuple[int, int], drawn: tuple[int, int]) -> None:
    content = drawn_for_card(encoded(Image.new("RGB", size, "teal")))

    assert content is not None
    with Image.open(io.BytesIO(content)) as card:
        assert (card.format, card.size) == ("WEBP", drawn)


def test_a_picture_on_a_card_is_light_whatever_it_shows() -> None:
    """A dozen of them stay under half a megabyte on a bad line, noise without end among them."""
    noise = Image.effect_noise((2 * CARD_WIDTH, 2 * CARD_HEIGHT), 200)

    content = drawn_for_card(encoded(Image.merge("RGB", (noise, noise.rotate(90, expand=False), noise.rotate(180)))))

    assert content is not None
    assert len(content) <= MOST_CARD_BYTES


def test_what_is_clear_of_a_picture_is_white_on_a_card_and_what_moves_stands_still() -> None:
    clear = drawn_for_card(encoded(Image.new("RGBA", (16, 9), (0, 0, 0, 0))))
    moving = drawn_for_card(a_moving_picture("gif"))

    assert clear is not None
    assert moving is not None
    with Image.open(io.BytesIO(clear)) as card:
        assert min(min(point) for point in card.convert("RGB").get_flattened_data()) > 250
    with Image.open(io.BytesIO(moving)) as card:
        assert not getattr(card, "is_animated", False)
        assert SECRET not in moving


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", encoded(Image.new("RGB", (9, 9)))[:40]])
def test_what_is_no_picture_stands_on_no_card(content: bytes) -> None:
    assert drawn_for_card(content) is None
