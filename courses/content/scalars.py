"""The types of the format's fields, from the text that was written (spec/content-format 1, table of types).

Each function takes the text and gives the value, or raises RefusedError with the code and a message.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar
from zoneinfo import ZoneInfo

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.durations import Duration, read_duration
from kernel.errors import N_

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
MAXIMUM_KEY = 64
MAXIMUM_CODE = 40
MAXIMUM_NAME = 40
MAXIMUM_TEXT = 2_000
MAXIMUM_BASIS = 150
MAXIMUM_NUMBER = 10**15
MAXIMUM_WHOLE = 10**9
MAXIMUM_SECONDS = 10 * 366 * 86_400
MAXIMUM_VALID_YEARS = 20

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_RATIO = re.compile(r"(-?[0-9]+)/([0-9]+)\Z")
_INTEGER = re.compile(r"-?[0-9]+\Z")
_DURATION = re.compile(r"([0-9]+) (s|min|h|d)\Z")
_TIME = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2})\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SPANISH_VALIDITY = re.compile(r"([0-9]+) (día|días|dia|dias|mes|meses|año|años)")
_SPANISH_UNITS = {
    **dict.fromkeys(("día", "días", "dia", "dias"), "days"),
    **dict.fromkeys(("mes", "meses"), "months"),
    **dict.fromkeys(("año", "años"), "years"),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_ADDRESS = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?\Z", re.IGNORECASE)
_STAMP = re.compile(r"[0-9a-f]{12}\Z")
_DATED = re.compile(r"([0-9]{4})(-[0-9]{2}(-[0-9]{2})?)?\Z")

NOT_LISTED = N_("“%(text)s” is not in the list.")
LISTED = N_("Write one of: %(words)s.")

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Parser = Callable[[str], T]


class RefusedError(Exception):
    """A text is not of the field's type: code, English msgid, what to do, facts."""

    def __init__(self, code: str, template: str, fix: str = "", **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.template = template
        self.fix = fix
        self.facts = {name: str(fact) for name, fact in facts.items()}


def word(text: str) -> str:
    """Accept any text on one line."""
    if "\n" in text:
        raise RefusedError("C111", N_("This must be one line."))
    return text


def unit_code(text: str) -> str:
    """Read the code of a unit, as lists of the institution write it."""
    code = word(text)
    if len(code) > MAXIMUM_CODE:
        raise RefusedError("C113", N_("Codes of units have at most %(most)s characters."), "", most=str(MAXIMUM_CODE))
    return code


def number(text: str) -> Fraction:
    """Read an exact number: decimal point, no thousands separator."""
    if not _NUMBER.match(text):
        raise RefusedError(
            "C111",
            N_("“%(text)s” is not a number."),
            N_("Write digits with a decimal point or comma, and without thousands separators. In .yaml and .md files, only with a point."),
            text=text,
        )
    value = Fraction(text)
    _within(value, -MAXIMUM_NUMBER, MAXIMUM_NUMBER, text)
    return value


def number_between(low: int | None, high: int | None = None) -> Parser[Fraction]:
    """Return a reader of numbers within the limits."""

    def read(text: str) -> Fraction:
        value = number(text)
        _within(value, low, high, text)
        return value

    return read


def _within(value: Fraction | int, low: int | None, high: int | None, text: str) -> None:
    if low is not None and high is not None and not low <= value <= high:
        raise RefusedError("C113", N_("%(text)s is outside %(low)s to %(high)s."), text=text, low=low, high=high)
    if low is not None and value < low:
        raise RefusedError("C113", N_("%(text)s is less than %(low)s."), text=text, low=low)
    if high is not None and value > high:
        raise RefusedError("C113", N_("%(text)s is more than %(high)s."), text=text, high=high)


def whole(low: int | None = None, high: int | None = None) -> Parser[int]:
    """Return a reader of whole numbers within the limits."""

    def read(text: str) -> int:
        if not _INTEGER.match(text):
            raise RefusedError("C111", N_("“%(text)s” is not a whole number."), text=text)
        value = int(text)
        _within(value, low, MAXIMUM_WHOLE if high is None else high, text)
        return value

    return read


def credit(text: str) -> Fraction:
    """Read a share of the mark: a number or a fraction in [-1, 1]."""
    ratio = _RATIO.match(text)
    if ratio and int(ratio[2]):
        value = Fraction(int(ratio[1]), int(ratio[2]))
    elif _NUMBER.match(text):
        value = Fraction(text)
    else:
        raise RefusedError("C111", N_("“%(text)s” is not a number or a fraction."), N_("Write 0.5 or 1/2."), text=text)
    _within(value, -1, 1, text)
    return value


def share(text: str) -> Fraction:
    """Read a credit that is not negative."""
    value = credit(text)
    _within(value, 0, 1, text)
    return value


def percent(text: str) -> Fraction:
    """Read a percentage from 0 to 100, written without the sign."""
    if text.rstrip().endswith("%"):
        raise RefusedError("C111", N_("Write the percentage without the percent sign."), N_("Write the number alone."))
    value = number(text)
    _within(value, 0, 100, text)
    return value


def duration(text: str) -> int:
    """Read a length of time with one unit; gives seconds."""
    match = _DURATION.match(text)
    if not match:
        raise RefusedError("C111", N_("“%(text)s” is not a length of time."), N_("Write a number, a space and s, min, h or d."), text=text)
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > MAXIMUM_SECONDS:
        raise RefusedError("C113", N_("%(text)s is more than ten years."), text=text)
    return seconds


def validity(text: str) -> Duration | None:
    """Read how long something holds: days, months or years, from a day to twenty years; none."""
    period = None if text == "none" else _period(text)
    if period is not None and not _is_in_range(period):
        raise RefusedError("C113", N_("A certificate is valid for at least one day and for twenty years at most."))
    return period


def renewal_window(text: str) -> Duration | None:
    """Read how long before its last valid day something is renewed; none."""
    period = None if text == "none" else _period(text)
    if period is not None and not _is_in_range(period):
        raise RefusedError("C113", N_("The time in which a certificate can be renewed is at least one day and at most twenty years."))
    return period


def _is_in_range(period: Duration) -> bool:
    return max(period.days, period.months) >= 1 and period.days <= MAXIMUM_VALID_YEARS * 365 and period.months <= MAXIMUM_VALID_YEARS * 12


def _period(text: str) -> Duration:
    duration_read = read_duration(text)
    if duration_read is None:
        spanish = _SPANISH_VALIDITY.fullmatch(text)
        fix = N_("Write a number and days, months or years, or none.")
        if spanish is not None and (right := read_duration(f"{spanish[1]} {_SPANISH_UNITS[spanish[2]]}")) is not None:
            raise RefusedError("C111", N_("“%(text)s” is not a period."), N_("Write: %(right)s."), text=text, right=str(right))
        raise RefusedError("C111", N_("“%(text)s” is not a period."), fix, text=text)
    return duration_read


def hours_basis(text: str) -> str:
    """Read what states the hours of a course, in one line."""
    if len(text) > MAXIMUM_BASIS or not text.isprintable():
        message = N_("The basis of the hours is one line of at most %(most)s characters.")
        raise RefusedError("C113", message, N_("Name the resolution alone: according to resolution 12 of 2026."), most=MAXIMUM_BASIS)
    return text.strip()


def position(text: str) -> int:
    """Read a position in a recording, m:ss or h:mm:ss; gives seconds."""
    match = _TIME.match(text)
    if not match or int(match[3]) > 59 or (match[1] and int(match[2]) > 59):
        raise RefusedError("C111", N_("“%(text)s” is not a position in a recording."), N_("Write m:ss or h:mm:ss."), text=text)
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])


def _calendar(text: str) -> date | None:
    """Return a date written year-month-day, None where there is no such day."""
    try:
        return date.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        return None


def day(text: str) -> date:
    """Read a date, year-month-day."""
    date_read = _calendar(text)
    if date_read is None:
        raise RefusedError("C111", N_("“%(text)s” is not a date."), N_("Write it as 2026-12-31."), text=text)
    return date_read


def moment(zone: ZoneInfo, *, end: bool) -> Parser[datetime]:
    """Return a reader of moments in a zone; a date alone is its first instant, as an end its last."""

    def read(text: str) -> datetime:
        written, _, hour = text.partition(" ")
        date_read = _calendar(written)
        if date_read is None or (hour and not _HOUR.match(hour)):
            raise RefusedError("C111", N_("“%(text)s” is not a date and time."), N_("Write 2026-12-31 or 2026-12-31 08:00."), text=text)
        if not FIRST_DAY <= date_read <= LAST_DAY:
            raise RefusedError("C113", N_("%(text)s is outside %(low)s to %(high)s."), text=text, low=FIRST_DAY, high=LAST_DAY)
        if end and not hour:
            date_read += timedelta(days=1)
        return datetime.combine(date_read, time.fromisoformat(hour or "00:00"), zone).astimezone(UTC)

    return read


def dated(text: str) -> str:
    """Read a year, a month or a day."""
    if _calendar((text + "-01-01")[:10]) is None or not _DATED.match(text):
        fix = N_("Write 2026, 2026-12 or 2026-12-31.")
        raise RefusedError("C111", N_("“%(text)s” is not a year, a month or a day."), fix, text=text)
    return text


def year(text: str) -> int:
    """Read a year of four digits."""
    if not re.match(r"[0-9]{4}\Z", text):
        raise RefusedError("C111", N_("“%(text)s” is not a four-digit year."), text=text)
    return int(text)


def flag(text: str) -> bool:
    """Read true or false."""
    if text not in ("true", "false"):
        raise RefusedError("C111", N_("“%(text)s” is neither true nor false."), N_("Write true or false."), text=text)
    return text == "true"


def key(text: str) -> str:
    """Read a key: lower-case words of a-z and 0-9 joined by hyphens."""
    if len(text) > MAXIMUM_KEY or not KEY.match(text):
        raise RefusedError(
            "C201",
            N_("“%(text)s” is not a key."),
            N_("Use a to z and 0 to 9 in words joined by single hyphens, up to 64 characters."),
            text=text,
        )
    return text


def name(text: str) -> str:
    """Read a name that may stand in a formula."""
    if len(text) > MAXIMUM_NAME or not NAME.match(text):
        raise RefusedError(
            "C201",
            N_("“%(text)s” is not a name."),
            N_("Start with a to z, then use a to z, 0 to 9 and _, up to 40 characters."),
            text=text,
        )
    return text


def language(text: str) -> str:
    """Read the code of any language, two or three letters."""
    if not _LANGUAGE.match(text):
        raise RefusedError("C111", N_("“%(text)s” is not a language code."), N_("Write two or three letters, such as es."), text=text)
    return text


def address(text: str) -> str:
    """Read an address of the web, http or https."""
    if not _ADDRESS.match(text):
        fix = N_("Write it with https:// at the beginning.")
        raise RefusedError("C111", N_("“%(text)s” is not a web address."), fix, text=text)
    return text


def secure_address(text: str) -> str:
    """Read an https address."""
    if not address(text).lower().startswith("https://"):
        raise RefusedError("C111", N_("“%(text)s” does not begin with https://."), text=text)
    return text


def stamp(text: str) -> str:
    """Read the stamp of a source text."""
    if not _STAMP.match(text):
        raise RefusedError("C111", N_("“%(text)s” is not a stamp of 12 hexadecimal digits."), text=text)
    return text


def one_of(kind: type[E]) -> Parser[E]:
    """Return a reader of the words of an enumeration."""

    def read(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            values = ", ".join(member.value for member in kind)
            raise RefusedError("C112", NOT_LISTED, LISTED, text=text, words=values) from None

    return read


def word_of(*allowed: str) -> Parser[str]:
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise RefusedError("C112", NOT_LISTED, LISTED, text=text, words=", ".join(allowed))
        return text

    return read


def either(special: str, meaning: T, other: Parser[T]) -> Parser[T]:
    """Return a reader of one special word with its meaning, or of something else."""

    def read(text: str) -> T:
        return meaning if text == special else other(text)

    return read


def nearest_of(text: str, candidates: Sequence[str]) -> str:
    """Return the word that is most like a text."""
    return get_close_matches(text, candidates, 1, 0)[0]
