"""Uploaded pictures: read whole, stripped of their metadata (location, camera, thumbnail), or refused; and contrast of colours."""

import io
import re
import threading
import warnings
from collections.abc import Collection
from colorsys import hls_to_rgb, rgb_to_hls

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from kernel.errors import N_, Invalid

MOST_PIXELS = 40_000_000
"""What a camera makes; more is a trap, or needs more memory than a server has."""
_TOO_MANY = N_("The picture has more than 40 million pixels. Make it smaller and upload it again.")
FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}
QUALITY = 88
PRINTED = 1600
"""Pixels of the longer side of a picture on paper: 23 cm at 175 an inch."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""So many pictures are in memory at once: one of 40 million points takes 160 MB while it is turned upright."""


def cleaned(content: bytes, extension: str, *, still: bool = False) -> bytes:
    """Return a picture written anew, upright and without hidden data; raises Invalid where it is none of its extension.

    A moving picture goes on moving. Where a picture has to be still, as on paper, a moving one is refused, and the colours of a printing
    press become those of a screen.
    """
    image_format = FORMATS[extension]
    try:
        with _AT_ONCE, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[image_format]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Invalid(_TOO_MANY)
                picture.load()
                if getattr(picture, "is_animated", False):
                    if still:
                        raise Invalid(N_("A moving picture cannot be printed. Save one of its pictures and upload that."))
                    return _encoded_moving(picture, image_format)
                return _encoded(picture.convert("RGB") if still and picture.mode == "CMYK" else picture, image_format)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(_TOO_MANY) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Invalid(
            N_("The picture cannot be read: it is damaged, or its content does not match its file extension. Save it again and upload it.")
        ) from None


def points(content: bytes, extension: str) -> int:
    """Return how many pixels a picture claims to have, without decoding it; 0 where that cannot be determined."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[FORMATS[extension]]) as picture:
                return picture.width * picture.height
    except Image.DecompressionBombError:
        return MOST_PIXELS + 1
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return 0


def printable(content: bytes, *, longest: int = PRINTED, photographs: Collection[str] = ("JPEG",)) -> tuple[bytes, int, int] | None:
    """Return a picture as paper takes it, and its own width and height in pixels; None where it cannot be read.

    It is a still picture on white, at most so many pixels long: JPEG where it came in a format of photographs, else PNG.
    """
    try:
        with _AT_ONCE, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=sorted(set(FORMATS.values()))) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return None
                upright, kind = ImageOps.exif_transpose(picture), picture.format
                size = upright.size
                upright.thumbnail((longest, longest))
                return _on_white(upright, is_photograph=kind in photographs), *size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None


CARD_WIDTH, CARD_HEIGHT = 720, 405
"""Pixels of a picture on a card at most, 16 by 9: sharp at 360 on a screen of two pixels each."""
MOST_CARD_BYTES = 40_000
"""A dozen cards are half a megabyte at worst, most of them a third of it."""
_CARD_TRIES = ((1, 80), (1, 65), (1, 50), (2, 50), (4, 50))
"""By how much a picture is made smaller, and its quality, until it is light enough."""


def drawn_for_card(content: bytes) -> bytes | None:
    """Return a picture as it stands on cards: WebP of its middle, 16 by 9, still and on white; None where it cannot be read."""
    try:
        with _AT_ONCE, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=sorted(set(FORMATS.values()))) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return None
                upright = ImageOps.exif_transpose(picture)
                width = max(1, min(CARD_WIDTH, upright.width, upright.height * CARD_WIDTH // CARD_HEIGHT))
                size = width, max(1, round(width * CARD_HEIGHT / CARD_WIDTH))
                return _light(_white_below(ImageOps.fit(upright.convert("RGBA"), size, Image.Resampling.LANCZOS)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None


def _light(paper: Image.Image) -> bytes:
    """Return a picture as WebP, in the first try that is light enough, else in the last."""
    written = b""
    for divisor, quality in _CARD_TRIES:
        target = io.BytesIO()
        paper.reduce(divisor).save(target, "WEBP", quality=quality, method=4)
        written = target.getvalue()
        if len(written) <= MOST_CARD_BYTES:
            break
    return written


def _white_below(picture: Image.Image) -> Image.Image:
    clear = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def _on_white(picture: Image.Image, *, is_photograph: bool) -> bytes:
    paper = _white_below(picture)
    target = io.BytesIO()
    if is_photograph:
        paper.save(target, "JPEG", quality=QUALITY)
    else:
        paper.save(target, "PNG", optimize=True)
    return target.getvalue()


def _encoded_moving(picture: Image.Image, image_format: str) -> bytes:
    """Return a moving picture with each of its frames written anew: nothing comes along but what they show, how long, and how often."""
    if picture.width * picture.height * picture.n_frames > MOST_PIXELS:  # type: ignore[attr-defined]  # of formats that move
        raise Invalid(_TOO_MANY)
    frames, milliseconds = list[Image.Image](), list[int]()
    for frame in ImageSequence.Iterator(picture):
        frames.append(frame.convert("RGBA"))
        frames[-1].info = {}
        milliseconds.append(round(frame.info.get("duration", 0)))
    options: dict[str, object] = {"loop": picture.info["loop"]} if "loop" in picture.info else {}
    options |= {"quality": QUALITY} if image_format == "WEBP" else {"disposal": 2} if image_format == "GIF" else {}
    target = io.BytesIO()
    frames[0].save(target, image_format, save_all=True, append_images=frames[1:], duration=milliseconds, **options)
    return target.getvalue()


def _encoded(picture: Image.Image, image_format: str) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    target = io.BytesIO()
    options: dict[str, object] = {"quality": QUALITY} if image_format in ("JPEG", "WEBP") else {}
    upright.info.pop("exif", None)
    upright.save(target, image_format, optimize=True, **options)
    return target.getvalue()


LARGEST_LOGO = 1_000_000
"""Bytes of a file that is sent."""
LARGEST_KEPT_LOGO = 300_000
"""Bytes of what is stored of it."""
MOST_LOGO_PIXELS = 4_000_000
_TOO_LARGE = N_("The picture is too large: at most %(limit)s kB and 4 million pixels. Make it smaller and upload it again.")


def cleaned_logo(content: bytes) -> tuple[bytes, str]:
    """Return a logo without hidden data, and its media type; raise Invalid."""
    if content.startswith(b"\x89PNG\r\n"):
        return _cleaned_picture(content, "png"), "image/png"
    if len(content) > LARGEST_KEPT_LOGO:
        raise Invalid(_TOO_LARGE, limit=LARGEST_KEPT_LOGO // 1000)
    if b"<svg" not in content[:2000]:
        raise Invalid(N_("Choose a PNG or SVG file."))
    from kernel.markup.sanitise import clean_logo  # noqa: PLC0415 - a process that draws sheets cleans nothing

    drawing = clean_logo(content)
    if not drawing:
        raise Invalid(N_("This drawing contains more than shapes: styles, programs or pictures. Save it as PNG and upload that."))
    return drawing.encode(), "image/svg+xml"


def cleaned_signature(content: bytes) -> bytes:
    """Return the picture of a signature without hidden data; raise Invalid."""
    if not content.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")):
        raise Invalid(N_("Choose a PNG or JPEG file."))
    return _cleaned_picture(content, "png" if content.startswith(b"\x89PNG") else "jpg")


def _cleaned_picture(content: bytes, extension: str) -> bytes:
    small = len(content) <= LARGEST_LOGO and points(content, extension) <= MOST_LOGO_PIXELS
    picture = cleaned(content, extension) if small else b""
    if not small or len(picture) > LARGEST_KEPT_LOGO:
        raise Invalid(_TOO_LARGE, limit=LARGEST_KEPT_LOGO // 1000)
    return picture


LARGEST_PHOTOGRAPH = 6_000_000
"""Bytes of a file that is sent to stand on a page."""
SHOWN = 1200
"""Pixels of the longer side of a picture on a page."""


def cleaned_photograph(content: bytes) -> tuple[bytes, str]:
    """Return a picture as it stands on a page, small and without hidden data, and its media type; raise Invalid."""
    if len(content) > LARGEST_PHOTOGRAPH:
        raise Invalid(N_("The picture is too large: at most %(limit)s MB. Make it smaller and upload it again."), limit=6)
    if not content.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"RIFF")):
        raise Invalid(N_("Choose a PNG, JPEG or WebP file."))
    drawn = printable(content, longest=SHOWN, photographs=("JPEG", "WEBP"))
    if drawn is None:
        raise Invalid(N_("The picture cannot be read: it is damaged, or has more than 40 million pixels. Save it again and upload it."))
    picture = drawn[0]
    if len(picture) > LARGEST_KEPT_LOGO:
        with Image.open(io.BytesIO(picture)) as sheet:
            picture = _on_white(sheet, is_photograph=True)
    return picture, "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


LEAST = 4.5
"""Contrast of text with its ground (WCAG 2.2, 1.4.3)."""
_FORM = re.compile(r"#[0-9a-f]{6}")
_STEPS = 200


def is_colour(text: str) -> bool:
    """Return whether a text is a colour in the form #rrggbb, in small letters."""
    return _FORM.fullmatch(text) is not None


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _hexadecimal(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(colour), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share, from 0 to 1, of another."""
    red, green, blue = (a + (b - a) * share for a, b in zip(_parts(colour), _parts(other), strict=True))
    return _hexadecimal(red, green, blue)


def nearest(colour: str, ground: str, least: float = LEAST) -> str:
    """Return the shade of a colour that is least darker or lighter and has enough contrast with a ground: the colour itself where it has.

    Where the ground is light it gets darker, else lighter; hue and saturation stay.
    """
    if contrast(colour, ground) >= least:
        return colour
    hue, lightness, saturation = rgb_to_hls(*_parts(colour))
    end = 0.0 if contrast(ground, "#000000") > contrast(ground, "#ffffff") else 1.0
    shades = (_hexadecimal(*hls_to_rgb(hue, lightness + (end - lightness) * step / _STEPS, saturation)) for step in range(1, _STEPS + 1))
    return next((shade for shade in shades if contrast(shade, ground) >= least), _hexadecimal(end, end, end))
