"""Patterns of short answers: any characters for ``*``, a star for ``\\*``, compared after normalising.

spec/quiz-engine 5.7, short answer.
"""

import re
import unicodedata

_STAR = re.compile(r"(?<!\\)\*")
_TILDE = "\u0303"


def matches(pattern: str, typed: str, *, ignore_case: bool, ignore_accents: bool) -> bool:
    """Return whether the typed text fits the whole pattern."""
    segments = [
        folded(part.replace("\\*", "*"), ignore_case=ignore_case, ignore_accents=ignore_accents) for part in _STAR.split(_spaced(pattern))
    ]
    text = folded(_spaced(typed), ignore_case=ignore_case, ignore_accents=ignore_accents)
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
        found = text.find(segment, at, end)
        if found < 0:
            return False
        at = found + len(segment)
    return True


def _spaced(text: str) -> str:
    return " ".join(text.split())


def folded(text: str, *, ignore_case: bool, ignore_accents: bool) -> str:
    """Return a text as it is compared: normalised, without case and accents where they are ignored."""
    known = unicodedata.normalize("NFC", text)
    if ignore_case:
        known = unicodedata.normalize("NFC", known.casefold())
    return _without_accents(known) if ignore_accents else known


def _without_accents(text: str) -> str:
    """Drop accents but not the tilde of ñ, which is no accented n."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(sign) or (sign == _TILDE and kept and kept[-1] in "nN"):
            kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept))
