"""Patterns of short answers and numbers as people type them, in exact fractions (spec/quiz-engine 5.7)."""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from kernel.codes import round_half_up
from questions.rules.definitions import Tolerance, ToleranceKind

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


MAX_DIGITS = 40
MAX_EXPONENT = 30
EPSILON = Fraction(1, 10**14)
KEPT, LONGEST_KEPT = 4096, 60
"""So many typed numbers, of so many characters at most, are kept as they were read: each is read again when it is reviewed."""

_BLANKS = " \t\u00a0\u2009\u202f"
_GROUPED_BY_BLANK = re.compile(rf"[0-9]{{1,3}}(?:[{_BLANKS}'’][0-9]{{3}})+(?=[.,]|$)")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*")
_PARTS = re.compile(r"([0-9.,]+)(?:e([+-]?[0-9]{1,3}))?", re.IGNORECASE)
_SIGNS = str.maketrans({"−": "-", "–": "-", "＋": "+"})


@dataclass(frozen=True, slots=True)
class Convention:
    """The signs that separate decimals and group thousands."""

    decimal: str
    group: str


SPANISH = Convention(",", ".")
ENGLISH = Convention(".", ",")


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """The value of a typed number; ``ambiguous``: the other convention would read another value."""

    value: Fraction
    ambiguous: bool = False


def convention_for(language: str) -> Convention:
    """Return the convention of a language ("es", "en-GB"): English, or the comma of everybody else."""
    return ENGLISH if language.partition("-")[0].partition("_")[0].lower() == "en" else SPANISH


def read_number(typed: str, convention: Convention) -> ParsedNumber | None:
    """Read what was typed; None where it is not a number. A percent sign at the end is left aside."""
    return (_read if len(typed) <= LONGEST_KEPT else _read.__wrapped__)(typed, convention)


@lru_cache(maxsize=KEPT)
def _read(typed: str, convention: Convention) -> ParsedNumber | None:
    text = typed.strip(_BLANKS + "\r\n").translate(_SIGNS)
    text = text.removesuffix("%").rstrip(_BLANKS)
    sign, text = _signed(text)
    text = _joined(text)
    parts = _PARTS.fullmatch(text)
    plain = _plain(parts[1], convention) if parts else None
    if parts is None or plain is None:
        return None
    exponent = int(parts[2] or 0)
    if abs(exponent) > MAX_EXPONENT or len(plain[0]) > MAX_DIGITS:
        return None
    return ParsedNumber(sign * Fraction(plain[0]) * Fraction(10) ** exponent, plain[1])


_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})+\1([0-9]{1,2})")


def two_readings(typed: str) -> tuple[Fraction, Fraction] | None:
    """Return both numbers that `1.234.50` may mean, with its last sign before decimals or none at all; None of anything else."""
    text = typed.strip(_BLANKS)
    if (parts := _TWO_WAYS.fullmatch(text)) is None:
        return None
    digits, decimals = text.replace(parts[1], ""), len(parts[2])
    return Fraction(int(digits), 10**decimals), Fraction(int(digits))


def split_unit(typed: str, units: tuple[str, ...]) -> tuple[str, str]:
    """Part a number from one of the units written before or after it; the longest unit wins, case does not matter."""
    text = plain_typography(typed).strip()
    for unit in sorted(units, key=len, reverse=True):
        written = plain_typography(unit)
        folded = written.casefold()
        if not folded:
            continue
        if text.casefold().endswith(folded) and len(written) < len(text):
            return text[: -len(written)].rstrip(), unit
        if text.casefold().startswith(folded) and len(written) < len(text):
            return text[len(written) :].lstrip(), unit
    return text, ""


def is_within(value: Fraction, expected: Fraction, tolerance: Tolerance) -> bool:
    """Return whether a value lies within the tolerance of the expected one, both ends included (spec/quiz-engine 5.7, numerical)."""
    amount = tolerance.amount
    if tolerance.kind is ToleranceKind.NOMINAL:
        return abs(value - expected) <= amount + EPSILON * max(Fraction(1), abs(expected))
    if tolerance.kind is ToleranceKind.RELATIVE:
        return abs(value - expected) <= abs(expected) * amount
    low, high = sorted((expected / (1 + amount), expected * (1 + amount)))
    return low <= value <= high


def ends_of(value: Fraction, tolerance: Tolerance) -> tuple[Fraction, Fraction]:
    """Return the smallest and the greatest number within a tolerance of a value."""
    amount = tolerance.amount
    if tolerance.kind is ToleranceKind.NOMINAL:
        return value - amount, value + amount
    if tolerance.kind is ToleranceKind.RELATIVE:
        return value - abs(value) * amount, value + abs(value) * amount
    low, high = sorted((value / (1 + amount), value * (1 + amount)))
    return low, high


def write_number(value: Fraction, convention: Convention, decimals: int, *, keep_zeros: bool) -> str:
    """Write a number rounded half up, without grouping, so that ``read_number`` reads it without doubt of the digits."""
    scaled = abs(round_half_up(value, decimals)) * 10**decimals
    digits = str(scaled.numerator).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    part = part if keep_zeros else part.rstrip("0")
    sign = "−" if value < 0 and scaled else ""
    return f"{sign}{whole}{convention.decimal}{part}" if part else f"{sign}{whole}"


def _signed(text: str) -> tuple[int, str]:
    if text[:1] in ("-", "+"):
        return (-1 if text[0] == "-" else 1), text[1:].lstrip(_BLANKS)
    return 1, text


def _joined(text: str) -> str:
    """Take the blanks and apostrophes that group thousands out of the whole part."""
    grouped = _GROUPED_BY_BLANK.match(text)
    if grouped is None:
        return text
    return re.sub(rf"[{_BLANKS}'’]", "", grouped[0]) + text[grouped.end() :]


def _plain(text: str, convention: Convention) -> tuple[str, bool] | None:
    """Write digits with marks as ``1234.56``, and return whether they are ambiguous; None where the marks make no number."""
    marks = [sign for sign in text if sign in ".,"]
    if len(marks) == len(text):
        return None
    if not marks:
        return text, False
    if len(set(marks)) == 2:
        return _with_both(text, marks)
    grouped = _GROUPED.fullmatch(text) is not None
    if len(marks) > 1:
        return (text.replace(marks[0], ""), False) if grouped else None
    if grouped and marks[0] == convention.group:
        return text.replace(marks[0], ""), True
    return text.replace(",", "."), grouped


def _with_both(text: str, marks: list[str]) -> tuple[str, bool] | None:
    """Read ``1.234,56`` and ``1,234.56``: the last mark is the decimal one, the others group."""
    decimal = marks[-1]
    whole, _, decimals = text.rpartition(decimal)
    if _GROUPED.fullmatch(whole) is None:
        return None
    return f"{whole.replace(marks[0], '')}.{decimals or '0'}", False
