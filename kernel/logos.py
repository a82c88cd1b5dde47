"""Logos and signatures: a small picture as PNG or JPEG, or a drawing as SVG; cleaned, or refused with what to do."""

from kernel.errors import N_, Invalid
from kernel.markup.svg import clean_logo
from kernel.pictures import cleaned, points

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
