"""The only place that reads the clock, and the first and last day on which people may set a moment."""

from datetime import UTC, date, datetime

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Between these lies every moment that people set: at the ends of the calendar a zone further east or west has no day for it."""


def now() -> datetime:
    """Return the present moment as an aware datetime in UTC."""
    return datetime.now(UTC)
