"""The pace of a group before a last day, and people at risk (spec/compulsory 11.5 and 11.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from compliance.rules.record import DAY
from compliance.rules.working_days import WorkingDays

AT_RISK_POINTS = 15
LAST_DAYS = 5
FEWEST = 5
DAYS_LEFT, MINUTES_A_DAY = 10, 45


class PaceVerdict(StrEnum):
    """The verdicts on a group's pace."""

    ON_TIME = "on_time"
    BEHIND = "behind"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class RequiredPerson:
    """One required person of a group: the days of their cycle, and the local day on which they were done, if they were."""

    opened_on: date
    last_on: date
    done_on: date | None


@dataclass(frozen=True, slots=True)
class GroupPace:
    """The pace of a group at the end of a day; shares in [0, 1], people a working day, points in percent."""

    needed: Fraction
    done: Fraction
    needed_daily: Fraction | None
    """How many people a working day are needed from here; None where no working day is left."""
    recent_daily: Fraction
    """How many people a working day were done in the last five."""
    foreseen: int
    """How many are done on the last day at this pace, the whole group at most."""

    @property
    def points_behind(self) -> Fraction:
        """Return how many points of a hundred the share done lies below the needed one; negative where it lies above."""
        return (self.needed - self.done) * 100

    @property
    def verdict(self) -> PaceVerdict:
        """Return the verdict on the points behind."""
        if self.points_behind >= AT_RISK_POINTS:
            return PaceVerdict.AT_RISK
        return PaceVerdict.BEHIND if self.points_behind > 0 else PaceVerdict.ON_TIME


def group_pace(people: Sequence[RequiredPerson], day: date, working: WorkingDays) -> GroupPace | None:
    """Return the pace of a group at the end of a day; None below five people, of whom only a list is shown."""
    if len(people) < FEWEST:
        return None
    count = len(people)
    needed = sum((_share_passed(person.opened_on, person.last_on, day, working) for person in people), Fraction(0)) / count
    done = sum(person.done_on is not None and person.done_on <= day for person in people)
    last_on = max(person.last_on for person in people)
    days_left = working.count(day + DAY, last_on)
    first_recent = _working_days_back(day, working)
    recent = Fraction(sum(person.done_on is not None and first_recent <= person.done_on <= day for person in people), LAST_DAYS)
    foreseen = min(count, done + int(recent * days_left))
    return GroupPace(needed, Fraction(done, count), Fraction(count - done, days_left) if days_left else None, recent, foreseen)


def _share_passed(opened_on: date, last_on: date, day: date, working: WorkingDays) -> Fraction:
    whole = working.count(opened_on, last_on)
    return min(Fraction(1), Fraction(working.count(opened_on, day), whole)) if whole else Fraction(int(day >= last_on))


def _working_days_back(day: date, working: WorkingDays) -> date:
    first = day if working.has(day) else working.before(day)
    for _number in range(LAST_DAYS - 1):
        first = working.before(first)
    return first


def is_at_risk(today: date, last_on: date, *, has_started: bool, minutes_left: int, working: WorkingDays) -> bool:
    """Say whether a person may not finish in time: not started with ten working days left, or more to do than 45 minutes a day."""
    days_left = working.count(today, last_on)
    return (not has_started and days_left <= DAYS_LEFT) or minutes_left > MINUTES_A_DAY * days_left
