"""Files on their way into a lesson: their limits, their names, and what pictures carry."""

import io

import pytest
from PIL import Image

from courses.content.uploads import prepared
from kernel import pictures
from kernel.errors import Invalid

WORDS = {"alternative": "Algo", "caption": ""}


def test_a_file_above_its_limit_is_refused_with_both_sizes() -> None:
    """spec/security 4.3: the kinds' own limits."""
    with pytest.raises(Invalid) as refused:
        prepared("grande.png", b"\x89PNG\r\n\x1a\n" + bytes(10_000_001), folder="01-a/media", taken=(), **WORDS)

    assert refused.value.facts == {"size": 11, "limit": 10}


def test_a_name_becomes_one_that_works_everywhere_and_is_free() -> None:
    taken = ["01-a/media/mi-guia-n.PDF", "01-a/media/mi-guia-n-2.pdf"]

    upload = prepared("Mi guía (ñ).pdf", b"%PDF-1.4", folder="01-a/media", taken=taken, alternative="", caption="")

    assert upload.path == "01-a/media/mi-guia-n-3.pdf"
    assert upload.markdown == "[Mi guía (ñ).pdf](media/mi-guia-n-3.pdf)"


def test_a_picture_with_too_many_points_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 10)
    target = io.BytesIO()
    Image.new("RGB", (4, 3)).save(target, "PNG")

    with pytest.raises(Invalid, match="pixels"):
        pictures.cleaned(target.getvalue(), "png")


def test_a_picture_of_far_too_many_points_is_not_called_damaged() -> None:
    target = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(target, "PNG")

    with pytest.raises(Invalid, match="pixels"):
        pictures.cleaned(target.getvalue(), "png")


def test_a_turned_photograph_is_written_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new("RGB", (4, 3)).save(target, "JPEG", exif=exif)

    with Image.open(io.BytesIO(pictures.cleaned(target.getvalue(), "jpg"))) as upright:
        assert upright.size == (3, 4)
        assert not dict(upright.getexif())
