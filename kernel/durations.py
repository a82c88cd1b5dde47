"""Durations by the calendar, whole days or whole months, and for how long what was done holds and is renewed."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_WRITTEN = re.compile(r"([0-9]{1,5}) (day|month|year)s?")


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of whole days or of whole months."""

    days: int = 0
    months: int = 0

    def __str__(self) -> str:
        """Return it as files write it: `24 months`, `1 day`."""
        count, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{count} {unit}{'' if count == 1 else 's'}"


def add_duration(day: date, duration: Duration) -> date:
    """Return the day so much later; months clamp to the last day of a shorter month (spec/compulsory 4.2 and 8.1)."""
    if not duration.months:
        return day + timedelta(days=duration.days)
    year, month = divmod(day.year * 12 + day.month - 1 + duration.months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def printed_minutes(minutes: int) -> str:
    """Return a length of time to the minute, alike in all languages: ``45 min``, ``20 h``, ``8 h 37 min``."""
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0 or not hours))


class RenewalBasis(StrEnum):
    """From what the last valid day of a renewal is counted (spec/compulsory 8.2)."""

    EXPIRY = "expiry"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class ValidityTerms:
    """For how long what is done holds, from what a renewal counts, and how long before the last valid day its window opens."""

    validity: Duration
    basis: RenewalBasis = RenewalBasis.EXPIRY
    window: Duration = Duration(days=60)


def window_opens_on(last_on: date, window: Duration) -> date:
    """Return the first day of the renewal window before a last valid day (spec/compulsory 8.3)."""
    return add_duration(last_on, Duration(-window.days, -window.months))


def last_valid_day(terms: ValidityTerms, day: date, before: date | None) -> date:
    """Return until when what was done on a day holds, where what was done before holds until another day, or there is nothing before.

    For certificates and obligations alike (spec/compulsory 8.1 and 8.2): a renewal in its window counts from the day on which the one
    before ends, unless the basis is the completion; nothing is shortened by doing it again.
    """
    if before is None:
        return add_duration(day, terms.validity)
    counts_from_expiry = terms.basis is RenewalBasis.EXPIRY and window_opens_on(before, terms.window) <= day <= before
    start = before if counts_from_expiry and before != date.max else day
    return max(add_duration(start, terms.validity), before)


def is_shorter(duration: Duration, other: Duration) -> bool:
    """Return whether a duration is shorter than another, from the first of every month on."""
    firsts = [date(2026, month, 1) for month in range(1, 13)]
    return all(add_duration(first, duration) < add_duration(first, other) for first in firsts)


def read_duration(text: str) -> Duration | None:
    """Read `90 days`, `24 months` or `2 years`; None where it is none of them."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    count = int(match[1])
    return Duration(days=count) if match[2] == "day" else Duration(months=count * (12 if match[2] == "year" else 1))
