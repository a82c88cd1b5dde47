"""Languages: the catalogue, the reader's language, and formats of dates, numbers and sizes.

Babel reads the `.po` files straight from `translations/`, so nothing has to be compiled beforehand; what it compiles is kept beside them,
as Python keeps byte code, because it is a fifteenth of a start. The language is a context variable, so that pages, mails written by a job
and the command line share one way.
"""

import re
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, dates, lists, numbers, units
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from kernel.disk_cache import write_cache_file
from kernel.paths import TRANSLATIONS

LANGUAGES = ("es", "en")
DEFAULT_LANGUAGE = "es"
DEFAULT_ZONE = ZoneInfo("America/Guayaquil")
KEPT_NUMBERS = 4096


@dataclass(frozen=True, slots=True)
class SiteLocale:
    """The languages in which the site is shown, the usual one first, and the institution's time zone."""

    languages: tuple[str, ...] = LANGUAGES
    zone: ZoneInfo = DEFAULT_ZONE


_site = [SiteLocale()]
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)
_zone: ContextVar[tzinfo] = ContextVar("zone", default=DEFAULT_ZONE)


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """Return the messages of a language; English is its own msgids."""
    source = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return NullTranslations()
    text = source.read_bytes()
    cached = source.parent / "__pycache__" / f"{source.stem}.{sha256(text).hexdigest()[:16]}.mo"
    with suppress(OSError, ValueError, struct.error):  # it is not there, or was cut off
        return Translations(BytesIO(cached.read_bytes()))
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text), locale=language))
    if not sys.dont_write_bytecode:
        write_cache_file(cached, compiled.getvalue())
    compiled.seek(0)
    return Translations(compiled)


def site_locale() -> SiteLocale:
    """Return in which languages the site is shown, and the institution's time zone."""
    return _site[0]


def site_zone_name() -> str:
    """Return the institution's time zone by its name, where new accounts begin."""
    return site_locale().zone.key


def set_site_locale(locale: SiteLocale) -> None:
    """Let this process write in these languages, and in this zone for who chose none."""
    _site[0] = locale


def _offered(language: str) -> str:
    offered = site_locale().languages
    return language if language in offered else offered[0]


def language() -> str:
    """Return the language of the present reader."""
    return _language.get()


def zone() -> tzinfo:
    """Return the time zone of the present reader."""
    return _zone.get()


@contextmanager
def reading(language: str, zone: tzinfo | None = None) -> Iterator[None]:
    """Write for a reader of this language (and zone) inside the block."""
    known = language if language in LANGUAGES else site_locale().languages[0]
    tokens = _language.set(known), _zone.set(zone or site_locale().zone)
    try:
        yield
    finally:
        _language.reset(tokens[0])
        _zone.reset(tokens[1])


def set_reader(language: str, zone: tzinfo | None = None) -> None:
    """Write for this reader from here to the end of the request."""
    _language.set(_offered(language))
    _zone.set(zone or site_locale().zone)


def _(message: str, **facts: object) -> str:
    """Translate a message into the reader's language, with its named facts filled in."""
    text = str(catalogue(language()).ugettext(message))
    return text % facts if facts else text


def language_name(code: str, reader: str = "") -> str:
    """Return a language's name in the reader's, as it stands within a sentence; the code itself where it has none."""
    return str(Locale.parse(reader or language()).languages.get(code, code))


def country_name(code: str) -> str:
    """Return a country's name in the reader's language; the code itself where it has none."""
    return str(Locale.parse(language()).territories.get(code, code))


def ngettext(singular: str, many: str, count: Decimal | float, **facts: object) -> str:
    """Translate a message that depends on a number, whole or not; `%(count)s` is given."""
    return plural(singular, many, count) % {"count": number(count), **facts}


def plural(singular: str, many: str, count: Decimal | float) -> str:
    """Translate a message that depends on a number, with its facts still to be filled in."""
    return str(catalogue(language()).ungettext(singular, many, 1 if count == 1 else 2))


class LazyText:
    """A message translated each time it is shown: labels of forms, names of kinds."""

    __slots__ = ("facts", "message")

    def __init__(self, message: str, **facts: object) -> None:
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return _(self.message, **self.facts)

    def __mod__(self, facts: object) -> str:
        return str(self) % facts

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.message)

    def __repr__(self) -> str:
        return f"LazyText({self.message!r}, {self.facts!r})"


def lazy_(message: str, **facts: object) -> str:
    """Return a message that is translated when it is shown; to the type checker it is a text, as the forms library wants."""
    return cast("str", LazyText(message, **facts))


def choose(texts: Mapping[str, str] | None, preferred: str | None = None) -> str:
    """Return the text in the reader's language, or in the first one there is."""
    if not texts:
        return ""
    return texts.get(preferred or language()) or next(iter(texts.values()))


def shortened(text: str, longest: int) -> str:
    """Return words, cut after a whole one and with “…” where they have more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rsplit(' ', 1)[0].rstrip(' …')}…"


def in_every_language(write: Callable[[], str]) -> dict[str, str]:
    """Write a text once in each language, for readers who are not here."""
    texts = {}
    for code in LANGUAGES:
        with reading(code):
            texts[code] = write()
    return texts


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone that an account names, the institution's where there is none of that name."""
    try:
        return ZoneInfo(name) if name else site_locale().zone
    except (ZoneInfoNotFoundError, ValueError):
        return site_locale().zone


def local(moment: datetime) -> datetime:
    """Return a moment in the reader's time zone."""
    return moment.astimezone(zone())


def site_day(moment: datetime) -> date:
    """Return the day that a moment falls on where the institution is: that of what no reader and no place decides."""
    return moment.astimezone(site_locale().zone).date()


_DATE_PATTERNS = {"long": "d MMMM y", "short": "d MMM y", "full": "EEEE d MMMM y"}


def format_date(value: date | datetime | None, style: str = "long") -> str:
    """Write a date: `long` is «27 de noviembre de 2026», `short` is «27 nov 2026», `full` is «viernes 27 de noviembre de 2026»."""
    if value is None:
        return ""
    day = local(value).date() if isinstance(value, datetime) else value
    pattern = _DATE_PATTERNS[style].replace("MMMM", "'de' MMMM 'de'") if language() == "es" else _DATE_PATTERNS[style]
    return _write_day(day, pattern, language())


@lru_cache(maxsize=2_000)
def _write_day(day: date, pattern: str, locale: str) -> str:
    return dates.format_date(day, pattern, locale=locale)


def format_first_day(day: date, last: date) -> str:
    """Write the first day of a period without what its last day says as well: «23», «23 de noviembre», «23 de noviembre de 2026»."""
    if day.year != last.year:
        return format_date(day)
    if day.month == last.month:
        return str(day.day)
    return dates.format_date(day, "d 'de' MMMM" if language() == "es" else "d MMMM", locale=language())


def format_month(day: date) -> str:
    """Write the month of a day as a heading: «Noviembre de 2026»."""
    text = dates.format_date(day, "LLLL 'de' y" if language() == "es" else "LLLL y", locale=language())
    return text[:1].upper() + text[1:]


def format_weekday(day: date) -> str:
    """Write the day of the week in short: «mar»."""
    return dates.format_date(day, "EEE", locale=language()).rstrip(".")


def weekdays() -> list[tuple[str, str]]:
    """Return the days of the week from Monday on: the name of each, and the letter that stands for it."""
    names = dates.get_day_names("wide", "stand-alone", language())
    return [(names[number], names[number][0]) for number in range(7)]  # CLDR's X for miércoles is read in Spain


def month_names(language: str) -> list[str]:
    """Return the names of the months as they stand within a date."""
    return [str(dates.get_month_names("wide", "format", language)[number]) for number in range(1, 13)]


def day_names(language: str) -> list[str]:
    """Return the names of the days of the week from Monday on, as they stand within a date."""
    return [str(dates.get_day_names("wide", "format", language)[number]) for number in range(7)]


def counted_unit(count: int, unit: str, language: str) -> str:
    """Write a number of seconds, minutes, hours, days, months or years (`unit`, in the singular) out: «24 meses»."""
    return str(units.format_unit(count, f"duration-{unit}", "long", locale=language))


def format_time(value: datetime) -> str:
    """Write a time of day in 24 hours."""
    return local(value).strftime("%H:%M")


def format_datetime(value: datetime | None, style: str = "long") -> str:
    """Write a date with its time of day."""
    return "" if value is None else f"{format_date(value, style)}, {format_time(value)}"


WORLD = "001"
"""The territory of zones that are no country's."""


CAPITALS = {"America/Guayaquil": "Quito"}
"""Cities by which people look for a zone that bears the name of another one."""


def zone_name(zone: str) -> str:
    """Write a time zone as its cities and country: «Quito, Guayaquil (Ecuador)»; one that Babel does not place, as its city alone."""
    known = get_global("zone_aliases").get(zone, zone)
    territory = get_global("zone_territories").get(known, WORLD)
    country = Locale(language()).territories.get(territory)
    if country is None or territory == WORLD:
        return zone.rpartition("/")[2].replace("_", " ")
    city = dates.get_timezone_location(known, locale=language(), return_city=True).rpartition("/")[2]
    return f"{', '.join(filter(None, (CAPITALS.get(zone), city)))} ({country})"


def number(value: Decimal | float, digits: int | None = None) -> str:
    """Write a number: in Spanish 34,8 and 36 214 (no-break space from five digits on), in English 34.8 and 36,214; halves go up."""
    if isinstance(value, int) and not digits and 0 <= value < 1000:
        return str(value)  # most numbers of a page; the library takes a twentieth of a millisecond
    return _format_exact(Decimal(str(value)) or Decimal(0), digits, language())


def trimmed(value: Decimal) -> Decimal:
    """Return a number without zeros at its end, and never with an exponent: its text is 20, where `normalize` alone gives 2E+1."""
    return Decimal(format(value.normalize() + 0, "f"))


LONGEST = 20
"""Digits before the comma beyond which a number is written as a power of ten: the library computes with twenty-eight."""


@lru_cache(maxsize=KEPT_NUMBERS)
def _format_exact(exact: Decimal, digits: int | None, language: str) -> str:
    if not exact.is_finite():
        return "∞"
    if exact.adjusted() >= LONGEST:
        mantissa, _e, power = f"{exact:.2e}".partition("e+")
        return f"{_format_exact(Decimal(mantissa), 2, language)} · 10^{power}"
    if digits is not None:
        exact = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # never “-0”
    pattern = "#,##0" + ("." + "0" * digits if digits else "" if digits == 0 else ".#######")
    if language == "en":
        return numbers.format_decimal(exact, format=pattern, locale="en", decimal_quantization=digits is not None)
    if abs(exact) < 10000:
        pattern = pattern.replace("#,##0", "0")
    text = numbers.format_decimal(exact, format=pattern, locale="es", decimal_quantization=digits is not None)
    return text.replace(".", "\u00a0")


def percent(value: Decimal | float, digits: int = 0) -> str:
    """Write a number of hundredths as a percentage: 70 is «70 %» or “70%”."""
    return number(value, digits) + ("\u00a0%" if language() == "es" else "%")


def as_sentence(text: str) -> str:
    """Return a typed text with a full stop, where it stands before further sentences and ends with no mark of its own."""
    return text if text.rstrip().endswith((".", "!", "?", "…", ":", ";")) else f"{text.rstrip()}."


def enumeration(items: Sequence[str]) -> str:
    """Join words as the reader's language lists them: “a, b and c”."""
    return _before_its_sound(lists.format_list(list(items), locale=language()), items, "y", "e", _LIKE_Y)


def alternatives(items: Sequence[str]) -> str:
    """Join words of which one is enough: “a, b or c”."""
    return _before_its_sound(lists.format_list(list(items), style="or", locale=language()), items, "o", "u", _LIKE_O)


_LIKE_Y = re.compile(r"[^\w]*(?:[ií]|hi(?![aeouáéóú])|hí)", re.IGNORECASE)
_LIKE_O = re.compile(r"[^\w]*(?:h?[oó]|8|11(?!\d))", re.IGNORECASE)


def _before_its_sound(text: str, items: Sequence[str], usual: str, other: str, like: re.Pattern[str]) -> str:
    """Write «e» for «y» before the sound of i, and «u» for «o» before that of o, which Babel's Spanish does not."""
    if language() != "es" or len(items) < 2 or not like.match(items[-1]):
        return text
    return f"{text.removesuffix(f' {usual} {items[-1]}')} {other} {items[-1]}"


def file_size(count: int) -> str:
    """Write a number of bytes for people."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{number(round(value, 0 if value >= 10 or unit == 'B' else 1))}\u00a0{unit}"


def duration(seconds: float) -> str:
    """Write a length of time as m:ss or h:mm:ss."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{last:02d}" if hours else f"{minutes}:{last:02d}"
