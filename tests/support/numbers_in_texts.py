"""Comparison of the numbers of a text and of its translation, each written as its language writes them."""

import re
from collections import Counter

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
    read = _ADDRESSES.sub(" ", text)
    found = Counter(f"{{{match[1] or match[2]}}}" for match in _FILLED.finditer(read))
    read = _ARTICLE.sub(r" \1 \2 ", _FILLED.sub(" ", read)).replace("{,}", ",")
    spanish = language == "es"
    read = _THIN_SPACE.sub(" " if spanish else "", read)
    found.update(f"{day} {_MONTHS[language].index(month) + 1:02}" for day, month in _DATE[language].findall(read))
    found["%"] = len(_PERCENT.findall(read))
    for match in (_SPANISH if spanish else _ENGLISH).finditer(read):
        plain = re.sub(r"\s", "", match[0]).replace(",", ".") if spanish else match[0].replace(",", "")
        found[plain.lstrip("0") or "0"] += 1
    return +found


def differing_numbers(spanish: str, english: str) -> str:
    """Say which numbers stand in one of two twins alone; '' where both say the same."""
    one, other = numbers_of(spanish, "es"), numbers_of(english, "en")
    return "; ".join(
        f"{name} alone: {sorted((left - right).elements())}"
        for name, left, right in (("es", one, other), ("en", other, one))
        if left - right
    )
