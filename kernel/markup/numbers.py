"""Write numbers the way a language does, and keep beside each other what a line must not part."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from kernel.markup.model import Parameter

NO_BREAK = "\u00a0"
WORD_JOINER = "\u2060"
MINUS = "\u2212"
_GAPS = re.compile(r"(?<=\d) (?=%|USD\b)|(?<=\bUSD) (?=\d)")
_GROUPED = re.compile(r"(?<!\d)(?<!\d[.,])\d{1,3}(?: \d{3})+(?!\d)")
_OPENING_DASH = re.compile(r"(?<![^\s«“(])—(?=\S)")
_CLOSING_DASH = re.compile(r"(?<=\S)—(?=[\s.,;:?!…»”)]|$)")
_UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


def format_number(value: Decimal, language: str, decimals: int | None = None) -> str:
    """Answer 36 214 and 34,8 in Spanish, 36,214 and 34.8 in English; rounded half up where `decimals` is given.

    Spanish groups from five digits on (2585 stays whole), with a no-break space.
    """
    if decimals is not None:
        value = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    whole, _, rest = f"{abs(value):f}".partition(".")
    spanish = language == "es"
    if len(whole) > (4 if spanish else 3):
        whole = f"{int(whole):,}".replace(",", NO_BREAK if spanish else ",")
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole}{',' if spanish else '.'}{rest}" if rest else f"{sign}{whole}"


def format_parameter(parameter: Parameter, language: str) -> str:
    """Answer value and unit: `34,8 %` and `34.8%`, `USD 92,40`, `12 meses`."""
    number = format_number(parameter.value, language, parameter.decimals)
    if parameter.unit in ("", "none"):
        return number
    if parameter.unit == "USD":
        return f"USD{NO_BREAK}{number}"
    if parameter.unit == "%" and language != "es":
        return f"{number}%"
    return f"{number}{NO_BREAK}{parameter.unit}"


def format_size(size: int, language: str) -> str:
    """Answer a file's size in powers of ten: `1,2 MB`, `38 MB`, `4 kB`; never less than 1 kB."""
    for unit, factor in _UNITS:
        if size >= factor:
            amount = Decimal(size) / factor
            return f"{format_number(amount, language, 1 if amount < 10 and unit != 'kB' else 0)}{NO_BREAK}{unit}"
    return f"1{NO_BREAK}kB"


def join_numbers(text: str) -> str:
    """Put a no-break space between a number and the `%` or `USD` beside it, and between its groups of digits (spec/content-format 7)."""
    return _GROUPED.sub(lambda number: number[0].replace(" ", NO_BREAK), _GAPS.sub(NO_BREAK, text))


def join_dashes(text: str) -> str:
    """Keep a dialogue's dash on the line of the word that it opens or closes; a dash between two words stays as it is."""
    if "—" not in text:
        return text
    return _CLOSING_DASH.sub(WORD_JOINER + "—", _OPENING_DASH.sub("—" + WORD_JOINER, text))
