"""Months of the calendar: adding them, and asking which day was that many months ago."""

from calendar import monthrange
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """Return the day some months later; clamped to the end of a shorter month (31 January and one month is 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def first_within(day: date, months: int) -> date:
    """Return the first day from which `day` is less than some months later: whoever entered then or since is within them."""
    first = add_months(day, -months)
    while add_months(first, months) <= day:
        first += timedelta(days=1)
    return first
