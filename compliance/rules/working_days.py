"""Working days: Monday to Friday without the free days of a place (spec/compulsory 10.2 and 11.5)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from compliance.rules.record import DAY

WEEKEND = 5


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days of a place: `free` are its days off, national and of its province."""

    free: Collection[date] = field(default_factory=frozenset)

    def has(self, day: date) -> bool:
        """Say whether a day is a working day."""
        return day.weekday() < WEEKEND and day not in self.free

    def on_or_after(self, day: date) -> date:
        """Return the first working day that is not before another day."""
        while not self.has(day):
            day += DAY
        return day

    def before(self, day: date) -> date:
        """Return the last working day before another day."""
        day -= DAY
        while not self.has(day):
            day -= DAY
        return day

    def count(self, first: date, last: date) -> int:
        """Return how many working days there are from a day to another, both included; none where the last is before the first."""
        return sum(self.has(first + timedelta(days=number)) for number in range((last - first).days + 1))


class CountedDays:
    """The working days between two days, counted once: how many there are from one to another is then a subtraction."""

    def __init__(self, working: WorkingDays, first: date, last: date) -> None:
        self._first = first
        days = (int(working.has(first + timedelta(days=number))) for number in range((last - first).days + 1))
        self._until = list(accumulate(days, initial=0))

    def count(self, first: date, last: date) -> int:
        """Return how many working days there are from a day to another, both included; of those that were counted."""
        return max(0, self._before((last - self._first).days + 1) - self._before((first - self._first).days))

    def _before(self, number: int) -> int:
        return self._until[min(max(number, 0), len(self._until) - 1)]
