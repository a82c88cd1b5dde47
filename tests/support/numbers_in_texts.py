"""Comparison of the numbers of a text and of its translation, each written as its language writes them."""

import re
from collections import Counter
from decimal import Decimal

_ADDRESSES = re.compile(
    r"<!--.*?-->|\[[^\[\]\n]+\]\{lang=[a-z-]+\}"  # notes, words of the other language
    r"|\]\([^)\s]*\)|\{#[^}]*\}|@[a-z0-9-]+|\[\[[^\]|]*\||https?://\S+",
    re.DOTALL,
)
_FILLED = re.compile(r"\{\{\s*([a-z0-9_.]+)\s*\}\}|(?<![\w}])\{([a-z][a-z0-9_]*)\}")
"""Parameters, gaps and variables."""
_ARTICLE = re.compile(r"\b(?:arts?\.|artículos?|[Aa]rticles?)\s(\d+)\.(\d+)")
_THIN_SPACE = re.compile(r"\\[,;]")
_SPANISH = re.compile(r"(?<![\w,.])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?!\d)|\d+(?:,\d+)*")
_ENGLISH = re.compile(r"(?<![\w,.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)*")
_POWERS = {"mil": 3, "thousand": 3, "millón": 6, "millones": 6, "million": 6, "mil millones": 9, "billion": 9}
_SCALE = re.compile(
    r"(?:[ \u00a0](?:a|y|o|to|and|or)[ \u00a0](?:USD[ \u00a0])?\d[\d.,]*(?:[ \u00a0]\d{3})*)?"  # of 300 or 400 thousand, the first too
    r"[ \u00a0](mil millones|millones|millón|mil|billion|million|thousand)\b"
)
"""What follows a number of thousands, millions or billions, in either language."""
_PERCENT = re.compile(r"(?<=\d)[\s}]*\\?%")
_MONTHS = {
    "es": ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
}
_DATE = {
    "es": re.compile(r"\b(\d{1,2})\.?º? de (" + "|".join(_MONTHS["es"]) + r")\b"),
    "en": re.compile(r"\b(\d{1,2}) (" + "|".join(_MONTHS["en"]) + r")\b"),
}


def numbers_of(text: str, language: str) -> Counter[str]:
    """Count the numbers, percentages, dates and filled places of a text in Spanish or English, each written in one way."""
    found = Counter(f"{{{match[1] or match[2]}}}" for match in _FILLED.finditer(_ADDRESSES.sub(" ", text)))
    read = _read(text, language)
    found.update(f"{day} {_MONTHS[language].index(month) + 1:02}" for day, month in _DATE[language].findall(read))
    found["%"] = len(_PERCENT.findall(read))
    found.update(plain for plain, _scale in _written(read, language))
    return +found


def _read(text: str, language: str) -> str:
    """Return a text without addresses and filled places, its numbers without marks of typesetting."""
    read = _ARTICLE.sub(r" \1 \2 ", _FILLED.sub(" ", _ADDRESSES.sub(" ", text))).replace("{,}", ",")
    return _THIN_SPACE.sub(" " if language == "es" else "", read)


def _written(read: str, language: str) -> list[tuple[str, str]]:
    """Return each number of a text in one way of writing, and the word that multiplies it, or ''."""
    found = []
    for match in (_SPANISH if language == "es" else _ENGLISH).finditer(read):
        plain = re.sub(r"\s", "", match[0]).replace(",", ".") if language == "es" else match[0].replace(",", "")
        scale = _SCALE.match(read, match.end())
        found.append((plain.lstrip("0") or "0", scale[1] if scale else ""))
    return found


def _amounts(text: str, language: str) -> set[tuple[str, Decimal]]:
    """Return the numbers of a text with what each amounts to: ("3800", 3.8 × 10⁹) of 3800 millones."""
    written = [(plain, scale) for plain, scale in _written(_read(text, language), language) if plain.count(".") < 2]
    return {(plain, Decimal(plain).scaleb(_POWERS.get(scale, 0))) for plain, scale in written}


def differing_numbers(spanish: str, english: str) -> str:
    """Say which numbers stand in one of two twins alone; '' where both say the same, be it 3800 millones and 3.8 billion."""
    one, other = numbers_of(spanish, "es"), numbers_of(english, "en")
    left, right = one - other, other - one
    amounts = _amounts(english, "en")
    for plain, amount in _amounts(spanish, "es"):
        for alike in {name for name, value in amounts if value == amount}:
            both = min(left[plain], right[alike])
            left[plain] -= both
            right[alike] -= both
    return "; ".join(f"{name} alone: {sorted(rest.elements())}" for name, rest in (("es", +left), ("en", +right)) if rest)
