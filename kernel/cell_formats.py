"""Cells of a workbook as a person sees them: a number is shown by its format, which may say something else than its value.

Formats of one or more sections are known as far as they hold digits, grouping, a share of a hundred and fixed words such as a currency;
groups of thousands are left out, because their sign is that of the reader's computer.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

UNFAMILIAR = "\ue003"
"""Stands before the value of a cell whose format is not known here, so that it shows something else: a day, a time, a scale, a fraction."""
_FIXED = r'(?:"[^"]*"|\\.|\[\$[^\]]*\]|_.|\*.|[$€£ ()-])*'
_KNOWN = re.compile(rf"({_FIXED})((?:#,##|#)*)(0*)(?:\.(0+))?({_FIXED})(%?)({_FIXED})")
_PLAIN = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|([$€£])|_.|\*.|[ ()-]')
_MOMENTS = (datetime, date, time, timedelta)


def shown_number(value: int | float, number_format: str) -> str:
    """Return a number as its format shows it, with a decimal point; UNFAMILIAR and the number where the format is not known."""
    number = str(int(value)) if float(value).is_integer() and abs(value) < 10**15 else repr(value)
    if number_format in ("General", "@", ""):
        return number
    sections = number_format.split(";")
    section = sections[0] if value > 0 or len(sections) == 1 else sections[1] if value < 0 else sections[min(2, len(sections) - 1)]
    if section in ("General", "@"):
        return number
    known = _KNOWN.fullmatch(section)
    if known is None or not (known[2] or known[3]):
        return UNFAMILIAR + number
    before, _groups, whole, decimals, between, percent, after = known.groups()
    shown = abs(Decimal(repr(value)) * (100 if percent else 1)).quantize(Decimal(1).scaleb(-len(decimals or "")), ROUND_HALF_UP)
    digits = f"{shown:f}".zfill(len(whole) + (len(decimals) + 1 if decimals else 0)) + percent
    sign = "-" if value < 0 and shown else ""
    return sign + " ".join(part for part in (_fixed_text(before), digits, _fixed_text(between + after)) if part)


def _fixed_text(fixed: str) -> str:
    """Return what a part of a format shows beside the digits: its texts and currencies."""
    return "".join(part for match in _PLAIN.finditer(fixed) for part in match.groups() if part).strip()


def shown_cell(value: object, number_format: str) -> str:
    """Return the value of a cell as a person sees it; UNFAMILIAR before days and times, in ISO form, and before what is not known."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return shown_number(value, number_format)
    if isinstance(value, _MOMENTS):
        return UNFAMILIAR + _iso(value)
    return "" if value is None else str(value)


def _iso(moment: datetime | date | time | timedelta) -> str:
    if isinstance(moment, datetime):
        return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ", "minutes")
    return moment.isoformat("minutes") if isinstance(moment, time) else str(moment)
