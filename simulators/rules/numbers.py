"""Numbers as people type them into a simulator: comma or point, thousands grouped or not, a percent sign left aside.

`1.234` and `1,234` are read by the reader's language: in Spanish the first is a thousand and the second a little more than one.
"""

import re
from decimal import Decimal

LONGEST_NUMBER = 40
_BLANKS = " \t\u00a0\u2009\u202f"
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SPACED = re.compile(rf"-?[0-9]{{1,3}}(?:[{_BLANKS}'’][0-9]{{3}})+(?:[.,][0-9]+)?")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?")


def read_typed(typed: str, language: str) -> Decimal | None:
    """Return the exact number, None where it is none."""
    text = typed.strip(_BLANKS).removesuffix("%").rstrip(_BLANKS).replace("−", "-").replace("–", "-")
    if len(text) > LONGEST_NUMBER:
        return None
    if _SPACED.fullmatch(text):
        text = re.sub(rf"[{_BLANKS}'’]", "", text)
    plain = _with_point(text, "," if language == "en" else ".")
    return Decimal(plain) if _PLAIN.fullmatch(plain) and plain.isascii() else None


def _with_point(text: str, group: str) -> str:
    """Write a number with a point for its decimals and nothing between thousands; what is no number stays none."""
    marks = [sign for sign in text if sign in ".,"]
    if len(marks) == 1 and (marks[0] != group or _GROUPED.fullmatch(text) is None):
        return text.replace(",", ".")
    if len(set(marks)) == 2 and _GROUPED.fullmatch(text) and marks.count(marks[-1]) == 1:
        return text.replace(marks[0], "").replace(marks[-1], ".")
    if len(set(marks)) == 1 and _GROUPED.fullmatch(text) and (len(marks) > 1 or marks[0] == group):
        return text.replace(marks[0], "")
    return text
