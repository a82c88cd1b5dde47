"""Moving pictures that are uploaded keep their frames and nothing else of their file (spec/security 4.3)."""

import io

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from kernel.errors import Invalid
from kernel.pictures import cleaned

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
