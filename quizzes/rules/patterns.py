"""Patterns of short answers: any characters for ``*``, a star for ``\\*``, compared after normalising.

spec/quiz-engine 5.7, short answer.
"""

import re
import unicodedata

_STAR = re.compile(r"(?<!\\)\*")
_TILDE = "\u0303"
_TYPOGRAPHY = {
    ord(sign): plain
    for plain, signs in {
        "'": "\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u02b0\uff07`\u00b4",
        '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d",
        "\u00b0": "\u00ba\u02da",
        "": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    }.items()
    for sign in signs
}
"""Signs that keyboards of phones and word processors put in the place of one on the keyboard: apostrophes, quotation marks, hyphens and
minus signs, signs of degree and ordinal; and what nobody sees: joiners, soft hyphens, marks of byte order."""


def matches(pattern: str, typed: str, *, ignore_case: bool, ignore_accents: bool, ignore_typography: bool = True) -> bool:
    """Return whether the typed text fits the whole pattern."""

    def compared(text: str) -> str:
        return folded(text, ignore_case=ignore_case, ignore_accents=ignore_accents, ignore_typography=ignore_typography)

    segments, text = [compared(part.replace("\\*", "*")) for part in _STAR.split(_spaced(pattern))], compared(_spaced(typed))
    if len(segments) == 1:
        return text == segments[0]
    return _fits(segments, text)


def _fits(segments: list[str], text: str) -> bool:
    """Find the segments in order, the first at the beginning and the last at the end; linear in the text for each."""
    first, *middle, last = segments
    if not text.startswith(first) or len(first) + len(last) > len(text) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for segment in middle:
        start = text.find(segment, at, end)
        if start < 0:
            return False
        at = start + len(segment)
    return True


def _spaced(text: str) -> str:
    return " ".join(text.split())


def folded(text: str, *, ignore_case: bool, ignore_accents: bool, ignore_typography: bool = True) -> str:
    """Return a text as it is compared: normalised, without case, accents and typographic variants where they are ignored."""
    known = unicodedata.normalize("NFC", plain_typography(text) if ignore_typography else text)
    if ignore_case:
        known = unicodedata.normalize("NFC", known.casefold())
    return _without_accents(known) if ignore_accents else known


def plain_typography(text: str) -> str:
    """Return a text with the signs of a plain keyboard, and with letters for their compatible forms (ligatures, full width)."""
    if text.isascii():
        return text.replace("`", "'")
    plain = text.translate(_TYPOGRAPHY)
    return "".join(unicodedata.normalize("NFKC", sign) if unicodedata.category(sign).startswith("L") else sign for sign in plain)


def _without_accents(text: str) -> str:
    """Drop accents but not the tilde of ñ, which is no accented n."""
    signs: list[str] = []
    for sign in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(sign) or (sign == _TILDE and signs and signs[-1] in "nN"):
            signs.append(sign)
    return unicodedata.normalize("NFC", "".join(signs))
