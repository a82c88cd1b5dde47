"""Codes that people copy from print or hear on the telephone, in symbols of Crockford's base 32, and exact rounding of fractions."""

import re
import unicodedata
from fractions import Fraction

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L and O, which are read as 1 and 0, and no U. Each sign says five bits."""

_GROUP = 4
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_PASSED_OVER = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212_." + "\"'«»“”„‘’‚‹›`´()[]<>")
"""Dashes, quotation marks and brackets, which people copy with a code."""
_ADDRESS = re.compile(r"[/=#?&]")
LONGEST_TYPED = 500


def code_from_bits(bits: int, length: int) -> str:
    """Return random bits, five for each sign, as a code of some signs: without hyphens, as it is stored."""
    if not 0 <= bits < 32**length:
        raise ValueError(f"a code of {length} signs has {5 * length} bits")
    return "".join(ALPHABET[bits >> 5 * index & 31] for index in reversed(range(length)))


def printed_code(code: str) -> str:
    """Return a stored code in groups of four: ``7K4M-92XD-C3QF-8TRA``."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read_code(typed: str, length: int) -> str | None:
    """Return the stored form of a code of some signs as people type it; None where it cannot be one.

    Case, spaces, hyphens, quotation marks and signs that nobody sees do not matter; I and L are read as 1, O as 0. Of an address that ends
    with a code it is the code.
    """
    last = _ADDRESS.split(typed[:LONGEST_TYPED].strip().rstrip("/"))[-1]
    if len(typed) > LONGEST_TYPED or len(last) > 4 * length:
        return None
    signs = read_signs(last)
    return signs if signs is not None and len(signs) == length else None


def read_signs(typed: str) -> str | None:
    """Return the signs of a code, or of a part of it, in their stored form; None where it holds others."""
    signs = "".join(sign for sign in typed if not sign.isspace() and sign not in _PASSED_OVER and unicodedata.category(sign) != "Cf")
    if not signs.isascii():
        return None
    signs = signs.upper().translate(_MISREAD)
    return signs if all(sign in ALPHABET for sign in signs) else None


def rounded_units(value: Fraction, decimals: int) -> int:
    """Return how many units of the last of so many decimals a fraction makes, halves away from zero, exactly."""
    numerator, denominator = value.numerator, value.denominator
    units: int = (2 * abs(numerator) * 10**decimals + denominator) // (2 * denominator)
    return units if numerator >= 0 else -units


def round_half_up(value: Fraction, decimals: int) -> Fraction:
    """Round to so many decimals, halves away from zero, exactly (spec/quiz-engine 5.1.5)."""
    return Fraction(rounded_units(value, decimals), 10**decimals)


def in_fours(fingerprint: str) -> str:
    """Return a fingerprint in groups of four digits."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def snake_case(name: str) -> str:
    """Return the name of a class in lower case with underscores: `too_many` of `TooMany`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
