"""Durations by the calendar: whole days or whole months, as deadlines and validities are given."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

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


def read_duration(text: str) -> Duration | None:
    """Read `90 days`, `24 months` or `2 years`; None where it is none of them."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    count = int(found[1])
    return Duration(days=count) if found[2] == "day" else Duration(months=count * (12 if found[2] == "year" else 1))
