"""The institution's two colours as a style sheet: shades that can be read on light and on dark pages."""

from kernel.pictures import mixed, nearest

_WHITE, _BLACK = "#ffffff", "#000000"
_DARK = "#172228"
"""The surface of dark pages."""
_PALE = "#b3c8d0"
"""The faintest text on the dark parts of light pages."""
_READABLE = 5.5
"""Contrast of a colour with a soft ground of the same colour."""


def tokens(brand: str, accent: str) -> dict[str, tuple[str, str]]:
    """Return the tokens of the product's style sheet that follow the colours, for light and for dark pages."""
    soft = (mixed(brand, _WHITE, 0.9), mixed(brand, _DARK, 0.8))
    lamp_soft = (mixed(accent, _WHITE, 0.85), mixed(accent, _DARK, 0.85))
    light, dark = nearest(brand, soft[0]), nearest(brand, soft[1], _READABLE)
    night = nearest(mixed(brand, _BLACK, 0.35), _PALE, 7)
    return {
        "brand": (light, dark),
        "brand-strong": (mixed(light, _BLACK, 0.25), mixed(dark, _WHITE, 0.4)),
        "on-brand": (_WHITE, nearest(mixed(brand, _BLACK, 0.7), dark)),
        "brand-soft": soft,
        "lamp": (accent, accent),
        "lamp-soft": lamp_soft,
        "lamp-ink": (nearest(accent, lamp_soft[0], _READABLE), nearest(accent, lamp_soft[1], _READABLE)),
        "night": (night, mixed(night, _BLACK, 0.2)),
    }


def style_sheet(brand: str, accent: str) -> str:
    """Return the style sheet of an institution with these colours; nothing where it has none of its own."""
    if not brand or not accent:
        return ""
    shades = tokens(brand, accent)
    plain = ";".join(f"--{name}:{light}" for name, (light, _dark) in shades.items())
    both = ";".join(f"--{name}:light-dark({light},{dark})" for name, (light, dark) in shades.items())
    return f":root{{{plain}}}\n@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}\n"
