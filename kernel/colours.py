"""Colours as #rrggbb: their contrast (WCAG 2.2), and the nearest shade of one that has enough of it."""

import re
from colorsys import hls_to_rgb, rgb_to_hls

LEAST = 4.5
"""Contrast of text with its ground (WCAG 2.2, 1.4.3)."""
_FORM = re.compile(r"#[0-9a-f]{6}")
_STEPS = 200


def is_colour(text: str) -> bool:
    """Say whether a text is a colour in the form #rrggbb, in small letters."""
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
