"""Periods, lengths of time, dates and languages as people type and read them, and as files write them; nothing here asks for the time.

What people type is understood in Spanish and English alike. What could be meant in two ways, or in none, raises Invalid with an example in
the language of its message.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from courses.content.settings import FieldShape, number_typed, numbers_typed
from kernel import i18n
from kernel.durations import read_duration
from kernel.errors import N_, Invalid
from kernel.i18n import counted_unit, day_names, month_names

_UNITS = {
    name: unit
    for unit, names in {
        "s": "s seg segs segundo segundos sec secs second seconds",
        "min": "min mins minuto minutos minute minutes",
        "h": "h hs hr hrs hora horas hour hours",
        "d": "d dia dias day days",
        "week": "semana semanas week weeks",
        "month": "mes meses month months",
        "year": "ano anos year years",
    }.items()
    for name in names.split()
}
_SECONDS = {"week": 604_800, "d": 86_400, "h": 3_600, "min": 60, "s": 1}
"""The units of a length of time, longest first."""
_PERIODS = {"year": (12, "month"), "month": (1, "month"), "week": (7, "day"), "d": (1, "day")}
"""The units of a period, longest first, in whole months or days."""
_ONE = frozenset({"un", "una", "uno", "a", "an", "one"})
_HALF = frozenset({"media", "medio", "half"})
_AND = frozenset({"y", "and", ","})
_NEVER = frozenset({"none", "ninguno", "ninguna", "nunca", "never", "no vence", "sin vencimiento", "sin limite", "no limit", "no expira"})
_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,2})?\Z")
_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[a-z]+|\S")
_LENGTH = re.compile(r"([0-9]+) (s|min|h|d)\Z")

_WRITTEN_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}
_NONE = {"es": "ninguno", "en": "none"}


def _folded(text: str) -> str:
    """Return a text in lower case, without accents and full stops of abbreviations, its spaces folded."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return " ".join(re.sub(r"(?<=[a-z])\.", "", letters).split())


def _count(token: str) -> Fraction | None:
    """Return the number that a token is, with a decimal point or comma; three digits after it might be thousands."""
    if token in _ONE:
        return Fraction(1)
    return Fraction(token.replace(",", ".")) if _NUMBER.match(token) else None


def _amounts(text: str) -> list[tuple[Fraction, str]] | None:
    """Return the numbers and units of `1 h 30`, «1 año y medio» or «media hora», longest first; None if it is none of them."""
    tokens = _TOKEN.findall(_folded(text))
    amounts: list[tuple[Fraction, str]] = []
    while tokens:
        token = tokens.pop(0)
        if token in _AND and amounts:
            continue
        half = [tokens.pop(0)] if token in _ONE and amounts and tokens and tokens[0] in _HALF else []
        if token in _HALF or half:
            if amounts and (not tokens or tokens[0] not in _UNITS):
                amounts[-1] = (amounts[-1][0] + Fraction(1, 2), amounts[-1][1])
                continue
            count: Fraction | None = Fraction(1, 2)
            if tokens and tokens[0] in _ONE:
                tokens.pop(0)
        else:
            count = _count(token)
        unit = _unit(tokens, amounts)
        if count is None or unit is None or (amounts and not _is_shorter(unit, amounts[-1][1])):
            return None
        amounts.append((count, unit))
    return amounts or None


def _amounts_of(text: str, units: Container[str], refusal: str) -> list[tuple[Fraction, str]]:
    """Return the numbers and units of a text; raise Invalid where it has none, or others."""
    amounts = _amounts(text)
    if amounts is None or any(unit not in units for _count, unit in amounts):
        raise Invalid(refusal, text=text)
    return amounts


def _unit(tokens: list[str], amounts: list[tuple[Fraction, str]]) -> str | None:
    """Take the unit off the tokens; after hours, minutes need none."""
    after_hours = bool(amounts) and amounts[-1][1] == "h"
    if not tokens:
        return "min" if after_hours else None
    name = tokens.pop(0)
    return "min" if name == "m" and after_hours else _UNITS.get(name)


def _is_shorter(unit: str, other: str) -> bool:
    order = ("year", "month", *_SECONDS)
    return order.index(unit) > order.index(other)


def _is_never(text: str) -> bool:
    return _folded(text) in _NEVER


def read_length(text: str) -> str:
    """Return a length of time as files write it: `1 h 30` and «hora y media» are `90 min`; '' where there is no limit."""
    if not text or _is_never(text):
        return ""
    refusal = N_("“%(text)s” is not a length of time. Write a number with its unit: 90 minutes, 1 h 30, 5 days.")
    amounts = _amounts_of(text, _SECONDS, refusal)
    total = sum((count * _SECONDS[unit] for count, unit in amounts), Fraction(0))
    smallest = "d" if amounts[-1][1] == "week" else amounts[-1][1]
    units = list(_SECONDS)
    for unit in units[units.index(smallest) :]:
        if (total / _SECONDS[unit]).denominator == 1:
            return f"{total / _SECONDS[unit]} {unit}"
    raise Invalid(N_("“%(text)s” is not a whole number of seconds. Write, for example, 90 minutes."), text=text)


def read_period(text: str) -> str:
    """Return a period by the calendar as files write it: «24 meses» is `24 months`, «año y medio» `18 months`; '' where it has no end."""
    if not text or _is_never(text):
        return ""
    refusal = N_("“%(text)s” is not a period. Write a number and days, months or years: 24 months, 2 years.")
    amounts = _amounts_of(text, _PERIODS, refusal)
    if len({_PERIODS[unit][1] for _count, unit in amounts}) > 1:
        raise Invalid(N_("“%(text)s” mixes days with months or years. Write one of them: 24 months, or 60 days."), text=text)
    total, unit = sum((count * _PERIODS[unit][0] for count, unit in amounts), Fraction(0)), _PERIODS[amounts[0][1]][1]
    if total.denominator != 1:
        raise Invalid(N_("“%(text)s” is not a whole number of days or months. Write, for example, 18 months."), text=text)
    if [unit for _count, unit in amounts] == ["year"] and total % 12 == 0:
        total, unit = total / 12, "year"
    return f"{total} {unit}{'' if total == 1 else 's'}"


def show_length(text: str, language: str) -> str:
    """Return a length of time of a file in words; what is none stays."""
    match = _LENGTH.match(text)
    return counted_unit(int(match[1]), _WRITTEN_UNITS[match[2]], language) if match else text


def show_period(text: str, language: str) -> str:
    """Return a period of a file in words; what is none stays."""
    if text == "none":
        return _NONE[language]
    count, _space, unit = text.partition(" ")
    return counted_unit(int(count), unit.removesuffix("s"), language) if read_duration(text) is not None else text


@cache
def _month_numbers() -> Mapping[str, int]:
    """Return the numbers of the months by their names in both languages, whole and cut after three or four letters."""
    names = [(_folded(name), number) for code in i18n.LANGUAGES for number, name in enumerate(month_names(code), 1)]
    return {name[:length]: number for name, number in names for length in (3, 4, None)} | {"setiembre": 9, "set": 9}


@cache
def _weekdays() -> Mapping[str, int]:
    """Return the numbers of the days of the week, 0 for Monday, by their names in both languages."""
    return {_folded(name): number for code in i18n.LANGUAGES for number, name in enumerate(day_names(code))}


_WEEKDAY = re.compile(r"([a-z]+),? +")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_DAY_FIRST = re.compile(
    r"(?:el |the )?([0-9]{1,2}|primero)(?:st|nd|rd|th|ro|o)?[ -](?:de |of )?([a-z]{3,})[ ,-]+(?:de |del |of )?([0-9]{4})"
)
_MONTH_FIRST = re.compile(r"([a-z]{3,}) ([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2})(?:[:h. ]+([0-9]{2})(?![0-9]))? ?(a ?m|p ?m|h|hs|horas)?\Z")
_BEFORE_TIME = re.compile(r"[ ,]*(?:\bt(?=[0-9])|\ba las? |\bat )? *")
_WRITTEN_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?: ([0-9]{2}:[0-9]{2}))?)?)?\Z")
_NO_DATE = N_("“%(text)s” is not a date. Write day, month and year: 1 December 2026.")
_NO_TIME = N_("“%(text)s” is not a date with its time. Write, for example: 1 December 2026, 8:00.")


def _is_possible(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _date_at_start(folded: str, text: str, language: str) -> tuple[date, str]:
    """Return the date that a folded text begins with, and the rest of it; raises Invalid."""
    first = _WEEKDAY.match(folded)
    weekday = _weekdays().get(first[1]) if first else None
    start = first.end() if first and weekday is not None else 0
    for pattern, read in _DATE_READERS:
        match = pattern.match(folded, start)
        if match is None:
            continue
        parts = read(match)
        if pattern is _YEAR_LAST and language != "es":
            parts = _unambiguous(parts, text, language)
        if not _is_possible(*parts):
            raise Invalid(N_("There is no such date: “%(text)s”. Write day, month and year: 1 December 2026."), text=text)
        day = date(*parts)
        if weekday not in (None, day.weekday()):
            raise Invalid(N_("The day of the week of “%(text)s” is another one. Leave it out: 1 December 2026."), text=text)
        return day, folded[match.end() :]
    raise Invalid(_NO_DATE, text=text)


def _month(name: str) -> int:
    return _month_numbers().get(name, 0)


_DATE_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[int, int, int]]], ...] = (
    (_YEAR_FIRST, lambda match: (int(match[1]), int(match[2]), int(match[3]))),
    (_YEAR_LAST, lambda match: (int(match[3]), int(match[2]), int(match[1]))),
    (_DAY_FIRST, lambda match: (int(match[3]), _month(match[2]), 1 if match[1] == "primero" else int(match[1]))),
    (_MONTH_FIRST, lambda match: (int(match[3]), _month(match[1]), int(match[2]))),
)


def _unambiguous(parts: tuple[int, int, int], text: str, language: str) -> tuple[int, int, int]:
    """Return day and month of a date in figures, which English writes both ways round; raises Invalid where both are dates."""
    year, month, day = parts
    other = (year, day, month)
    if month == day or not _is_possible(*other):
        return parts
    if not _is_possible(*parts):
        return other
    first, second = (show_date(date(*either).isoformat(), language) for either in (parts, other))
    message = N_("“%(text)s” can be two dates. Write the month as a word: %(first)s, or %(second)s.")
    raise Invalid(message, text=text, first=first, second=second)


def read_day(text: str, language: str) -> str:
    """Return a date as files write it: «1/12/2026», day first in Spanish, and «1 de diciembre de 2026» are `2026-12-01`."""
    if not text:
        return ""
    day, rest = _date_at_start(_folded(text), text, language)
    if rest.strip():
        raise Invalid(_NO_DATE, text=text)
    return day.isoformat()


def read_moment(text: str, language: str) -> str:
    """Return a date, or a date and time, as files write it: «1/12/2026 a las 8:00» is `2026-12-01 08:00`."""
    if not text:
        return ""
    day, rest = _date_at_start(_folded(text), text, language)
    before = _BEFORE_TIME.match(rest)
    hour = rest[before.end() if before else 0 :]
    return f"{day.isoformat()} {_read_time(hour, text)}" if hour else day.isoformat()


def _read_time(hour: str, text: str) -> str:
    match = _TIME.match(hour)
    if match is None or (match[2] is None and match[3] is None):
        raise Invalid(_NO_TIME, text=text)
    hours, minutes, half = int(match[1]), int(match[2] or 0), (match[3] or "")[:1]
    if half in ("a", "p"):
        if not 1 <= hours <= 12:
            raise Invalid(_NO_TIME, text=text)
        hours = hours % 12 + (12 if half == "p" else 0)
    if hours > 23 or minutes > 59:
        raise Invalid(_NO_TIME, text=text)
    return f"{hours:02d}:{minutes:02d}"


def read_dated(text: str, language: str) -> str:
    """Return a year, a month or a day as files write it: «mayo de 2019» is `2019-05`."""
    folded = _folded(text)
    year_alone = re.fullmatch(r"[0-9]{4}", folded)
    if not folded or year_alone:
        return folded
    month = re.fullmatch(r"([a-z]{3,}) (?:de |del )?([0-9]{4})", folded) or re.fullmatch(r"([0-9]{1,2})[/-]([0-9]{4})", folded)
    number = _month(month[1]) or (int(month[1]) if month[1].isdigit() else 0) if month else 0
    if month and 1 <= number <= 12:
        return f"{month[2]}-{number:02d}"
    written = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", folded)
    return folded if written else read_day(text, language)


def read_day_or_no(text: str, language: str) -> str:
    """Return a date as files write it, `false` for “no”."""
    return "false" if _folded(text) in ("no", "false") else read_day(text, language)


def show_date(text: str, language: str) -> str:
    """Return a date of a file in words, with its time where it has one; what is none stays."""
    match = _WRITTEN_DATE.match(text)
    if match is None or not _is_possible(int(match[1]), int(match[2] or 1), int(match[3] or 1)) or not match[2]:
        return text
    month = month_names(language)[int(match[2]) - 1]
    of = " de " if language == "es" else " "
    day = f"{int(match[3])}{of}" if match[3] else ""
    hour = f", {match[4].removeprefix('0')}" if match[4] else ""
    return f"{day}{month}{of}{match[1]}{hour}"


def show_day_or_no(text: str, language: str) -> str:
    """Return a date of a file in words, and “no” for `false`, in both languages."""
    return "no" if text == "false" else show_date(text, language)


LANGUAGES = ("es", "en", "qu", "jiv", "pt", "fr", "it", "de", "zh", "ja", "ru", "ar", "la")
"""Languages that are offered by their names, those of the country first; what else is written or spoken is named by its code."""
_OWN_NAMES = {"qu": "Kichwa", "jiv": "Shuar"}
"""What they are called in Ecuador."""


@cache
def _language_codes() -> Mapping[str, str]:
    """Return the codes of languages by their names in both languages."""
    names = {_folded(show_language(code, reader)): code for code in LANGUAGES for reader in i18n.LANGUAGES}
    return names | {"castellano": "es", "castilian": "es", "quichua": "qu", "quechua": "qu"}


def read_language(text: str) -> str:
    """Return the code of a language that is named in Spanish or English, or by its code."""
    folded = _folded(text)
    if not folded or folded in _language_codes():
        return _language_codes().get(folded, "")
    if re.fullmatch(r"[a-z]{2,3}", folded):
        return folded
    raise Invalid(
        N_("“%(text)s” is not a language known here. Write Spanish, English, Kichwa, or a code of two or three letters."), text=text
    )


def show_language(text: str, language: str) -> str:
    """Return the name of a language of a file; a code without a name here stays."""
    name = _OWN_NAMES.get(text) or i18n.language_name(text, language)
    return name[:1].upper() + name[1:] if text in LANGUAGES else text


def language_names(language: str) -> Iterator[str]:
    """Yield the languages known here by their names."""
    return (show_language(code, language) for code in LANGUAGES)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The two ways between what people type or read in their language, and what files write; `read` raises Invalid."""

    read: Callable[[str, str], str]
    show: Callable[[str, str], str] = lambda text, _language: text


CONVERSIONS: Mapping[FieldShape, Conversion] = {
    FieldShape.NUMBER: Conversion(lambda text, _language: number_typed(text)),
    FieldShape.NUMBERS: Conversion(lambda text, _language: numbers_typed(text)),
    FieldShape.LENGTH: Conversion(lambda text, _language: read_length(text), show_length),
    FieldShape.PERIOD: Conversion(lambda text, _language: read_period(text), show_period),
    FieldShape.DAY: Conversion(read_day),
    FieldShape.MOMENT: Conversion(read_moment),
    FieldShape.DATED: Conversion(read_dated, show_date),
    FieldShape.DAY_OR_NO: Conversion(read_day_or_no, show_day_or_no),
    FieldShape.LANGUAGE: Conversion(lambda text, _language: read_language(text), show_language),
}


def typed_value(shape: FieldShape, text: str, language: str, present: str) -> str:
    """Return the value that files have for a typed one; what is shown of the present value stands for it. Raise Invalid."""
    conversion = CONVERSIONS.get(shape)
    if conversion is None or text == shown_value(shape, present, language):
        return present if conversion is not None else text
    return conversion.read(text, language)


def shown_value(shape: FieldShape, text: str, language: str) -> str:
    """Return a value of a file as people read it in their language."""
    conversion = CONVERSIONS.get(shape)
    return text if conversion is None else conversion.show(text, language)
