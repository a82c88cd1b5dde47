"""Days in the cells of lists: year first, or day first as people write them; never month first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from kernel.errors import N_

FIRST_DAY = date(1950, 1, 1)
AHEAD = timedelta(days=366)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?: 00:00:00)?", re.ASCII)
"""Also what a workbook has in a cell that is a date."""
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


class DayRefused(ValueError):
    """A cell that is no day, or none on which somebody can have entered or left."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message, self.facts = message, facts


@dataclass(slots=True)
class DayReader:
    """Reads the days of a list, and notes the first lines on which a column writes them in each of the two ways."""

    today: date
    ways: dict[str, dict[bool, int]] = field(default_factory=dict)

    def read(self, column: str, cell: str, line: int) -> date | None:
        """Return the day of a cell, None of an empty one; raise DayRefused (spec/compulsory 2.1)."""
        if not cell:
            return None
        year_first, day_first = _YEAR_FIRST.fullmatch(cell), _DAY_FIRST.fullmatch(cell)
        if not year_first and not day_first:
            raise DayRefused(N_("“%(day)s” is not a date. Write it as 2026-05-04 or 04/05/2026."), day=cell[:40])
        parts = [int(part) for part in (year_first.groups() if year_first else day_first.groups()[::-1] if day_first else ())]
        try:
            day = date(*parts)
        except ValueError:
            raise DayRefused(N_("There is no such day as %(day)s; it is read with the day first."), day=cell[:40]) from None
        if not FIRST_DAY <= day <= self.today + AHEAD:
            raise DayRefused(N_("The date %(day)s is before 1950 or more than a year ahead."), day=cell[:40])
        self.ways.setdefault(column, {}).setdefault(bool(year_first), line)
        return day

    def mixed(self) -> Mapping[str, tuple[int, int]]:
        """Return the columns that write days in both ways: the first line with the year first, and the first with the day first."""
        return {column: (lines[True], lines[False]) for column, lines in self.ways.items() if len(lines) == 2}
