"""Texts in several styles: runs, broken into lines that fit into a width."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.pdf.fonts import CODE, STRONG, TEXT, spans, text_width


class TextStyle(StrEnum):
    """The styles of a run; what is raised or lowered is smaller too."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"
    SUP = "sup"
    SUB = "sub"


_FONTS = {TextStyle.STRONG: STRONG, TextStyle.CODE: CODE}
_SMALLER = {TextStyle.SUP: 0.7, TextStyle.SUB: 0.7, TextStyle.CODE: 0.94}
_RISES = {TextStyle.SUP: -0.32, TextStyle.SUB: 0.16}
_WORDS = re.compile(r"\n|[^\S\n\u00a0\u202f]+|[^\s]+(?:[\u00a0\u202f][^\s]*)*")


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of a text in one style; `\\n` ends a line."""

    text: str
    style: TextStyle = TextStyle.PLAIN


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a line: its text, its font, its size, and by how much it stands lower than the line (negative: higher)."""

    text: str
    font: str
    size: float
    fall: float
    width: float


TextLine = list[TextPiece]


def break_lines(runs: Sequence[TextRun], size: float, room: float) -> list[TextLine]:
    """Break runs at spaces into lines that fit into a width; a longer word is broken where the line ends."""
    lines: list[TextLine] = [[]]
    used, space = 0.0, TextRun("")
    for word in _words(runs, size):
        if word is None:
            lines.append([])
            used, space = 0.0, TextRun("")
        elif isinstance(word, TextRun):
            space = word
        else:
            gap = text_width(" ", _FONTS.get(space.style, TEXT), size) if space.text and lines[-1] else 0.0
            wide = sum(piece.width for piece in word)
            if lines[-1] and used + gap + wide > room:
                lines.append([])
                used, gap = 0.0, 0.0
            if gap:
                lines[-1].append(TextPiece(" ", TEXT, size, 0.0, gap))
            used += gap
            for part in _fitting(word, room):
                if used + sum(piece.width for piece in part) > room and lines[-1]:
                    lines.append([])
                    used = 0.0
                lines[-1] += part
                used += sum(piece.width for piece in part)
            space = TextRun("")
    return lines


def _words(runs: Sequence[TextRun], size: float) -> list[TextLine | TextRun | None]:
    """Return the words of runs as pieces, spaces between them as runs, and None where a line ends."""
    pieces: list[TextLine | TextRun | None] = []
    for run in runs:
        for match in _WORDS.finditer(run.text):
            text = match[0]
            if text == "\n":
                pieces.append(None)
            elif text.isspace():
                pieces.append(TextRun(" ", run.style))
            elif pieces and isinstance(pieces[-1], list):
                pieces[-1].extend(_pieces(text, run.style, size))
            else:
                pieces.append(_pieces(text, run.style, size))
    return pieces


def _pieces(text: str, style: TextStyle, size: float) -> TextLine:
    own = size * _SMALLER.get(style, 1.0)
    fall = size * _RISES.get(style, 0.0)
    return [TextPiece(part, font, own, fall, text_width(part, font, own)) for part, font in spans(text, _FONTS.get(style, TEXT))]


def _fitting(word: TextLine, room: float) -> list[TextLine]:
    """Return a word in parts that fit into a width."""
    if sum(piece.width for piece in word) <= room:
        return [word]
    signs = [
        TextPiece(sign, piece.font, piece.size, piece.fall, text_width(sign, piece.font, piece.size))
        for piece in word
        for sign in piece.text
    ]
    parts: list[TextLine] = [[]]
    for sign in signs:
        if parts[-1] and sum(piece.width for piece in parts[-1]) + sign.width > room:
            parts.append([])
        parts[-1].append(sign)
    return parts
