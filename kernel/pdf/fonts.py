"""Fonts of documents, and the widths of texts in them."""

import threading
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from unicodedata import normalize

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = Path(__file__).parent / "fonts"

NAME = "Literata-Medium"
TITLE = "Literata-SemiBold"
TEXT = "AtkinsonHyperlegibleNext-Regular"
STRONG = "AtkinsonHyperlegibleNext-SemiBold"
CODE = "AtkinsonHyperlegibleMono-SemiBold"
SIGNS = "DejaVuSans-Symbols"
"""Greek, operators, arrows and shapes, for formulas and for what people type."""

TURN = threading.RLock()
"""One document is drawn at a time: ReportLab notes in its fonts what it embeds of them, and two at once would spoil each other."""


def register_fonts() -> None:
    """Read the fonts, once for the process."""
    with TURN:
        _read_fonts()


@cache
def _read_fonts() -> None:
    for name in (NAME, TITLE, TEXT, STRONG, CODE, SIGNS):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf", asciiReadable=0))


def unprintable(text: str) -> str:
    """Return the characters of a name that the fonts do not have, each once; empty for all Latin, Greek or Cyrillic names."""
    register_fonts()
    known = pdfmetrics.getFont(NAME).face.charToGlyph
    return "".join(dict.fromkeys(sign for sign in normalize("NFC", text) if ord(sign) not in known and not sign.isspace()))


def spans(text: str, font: str) -> list[tuple[str, str]]:
    """Return a text in pieces, each with a font that has its signs; a sign that no font has is written as its number in Unicode."""
    register_fonts()
    pieces: list[tuple[str, str]] = []
    for sign in normalize("NFC", text):
        font_with_sign = next((name for name in (font, SIGNS, NAME) if ord(sign) in pdfmetrics.getFont(name).face.charToGlyph), None)
        piece, own = (sign, font_with_sign) if font_with_sign else (" " if sign.isspace() else f"[U+{ord(sign):04X}]", font)
        if pieces and pieces[-1][1] == own:
            pieces[-1] = (pieces[-1][0] + piece, own)
        else:
            pieces.append((piece, own))
    return pieces


def text_width(text: str, font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width of a text, in the unit of the size."""
    register_fonts()
    return float(pdfmetrics.stringWidth(text, font, size)) + spacing * len(text)


def widest(lines: Sequence[str], font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width of the widest line."""
    return max(text_width(line, font, size, spacing) for line in lines)


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """Break a text at spaces into lines that fit into a width, as many as it takes; a longer word stands alone."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width(longer, font, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def shrunk(lines: Sequence[str], font: str, size: float, spacing: float, room: float) -> float:
    """Return the largest size, in steps of 0.1, at which the lines fit into a width; at least 2."""
    while size > 2 and widest(lines, font, size, spacing) > room:
        size = round(size - 0.1, 1)
    return size


def balanced(text: str, font: str, count: int) -> tuple[str, ...]:
    """Break a text at spaces into so many lines (fewer with fewer words) that the widest line is shortest."""
    tokens = text.split() or [""]
    count = min(count, len(tokens))
    breaks = combinations(range(1, len(tokens)), count - 1)
    candidates = [tuple(" ".join(tokens[start:end]) for start, end in zip((0, *cut), (*cut, len(tokens)), strict=True)) for cut in breaks]
    return min(candidates, key=lambda lines: widest(lines, font, 1))
