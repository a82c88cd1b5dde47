"""The days of a report: which past day, as known on which other, and why one is refused (spec/compulsory 18)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReportDayFault(StrEnum):
    """The reasons for which there is no report of a day."""

    FUTURE = "future"
    BEFORE_RECORDS = "before_records"
    KNOWN_EARLIER = "known_earlier"
    """What a day was cannot be known before that day."""


@dataclass(frozen=True, slots=True)
class ReportDays:
    """The wanted days, and what is wrong with each; where nothing is wanted, both are today."""

    on: date
    known: date
    on_fault: ReportDayFault | None = None
    known_fault: ReportDayFault | None = None

    @property
    def is_refused(self) -> bool:
        """Say whether there is no such report."""
        return self.on_fault is not None or self.known_fault is not None


def report_days(on: date | None, known: date | None, today: date, first_on: date | None, known_since: date | None) -> ReportDays:
    """Return the days of a report; where nothing is said of what was known, it is what was known on the day itself.

    `first_on` is the first day of which anything is on record, `known_since` the first on which it was recorded; None where nothing is.
    """
    day = on or today
    seen = known or day
    if day == seen == today:
        return ReportDays(day, seen)
    return ReportDays(day, seen, _fault(day, today, first_on), _known_fault(day, seen, today, known_since))


def _fault(day: date, today: date, first: date | None) -> ReportDayFault | None:
    if day > today:
        return ReportDayFault.FUTURE
    return ReportDayFault.BEFORE_RECORDS if first is None or day < first else None


def _known_fault(on: date, known: date, today: date, since: date | None) -> ReportDayFault | None:
    fault = _fault(known, today, since)
    return ReportDayFault.KNOWN_EARLIER if fault is None and known < on else fault
