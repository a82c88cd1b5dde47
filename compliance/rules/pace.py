"""The pace of a group before a last day, who is at risk, whether a course can be finished by it (spec/compulsory 11.5 to 11.7)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from compliance.rules.terms import DAY, AnyRequirement, CountedDays, CourseRequirement, Requirement, WorkingDays
from courses.rules import Outline, OutlineActivity, sum_times
from enrolments.rules import LearnerResult, completed_keys, required_modules

AT_RISK_POINTS = 15
LAST_DAYS = 5
FEWEST = 5
DAYS_LEFT, MINUTES_A_DAY = 10, 45
LONGEST = timedelta(days=366)
"""A trajectory reaches no further back, and no further ahead."""
PACE_STEPS = 60
"""Points of a trajectory at most, beside those of today and of the last day."""
CycleSpan = tuple[date | None, date | None]
"""The first and the last day of somebody's cycle; no last day where no deadline runs."""


class PaceVerdict(StrEnum):
    """The verdicts on a group's pace."""

    ON_TIME = "on_time"
    BEHIND = "behind"
    AT_RISK = "at_risk"


@dataclass(frozen=True, slots=True)
class RequiredGroup:
    """The required people of a group: how many have which cycle, and how many were done on which local day."""

    spans: Mapping[CycleSpan, int]
    done: Mapping[date, int]

    @property
    def people(self) -> int:
        """Return how many there are."""
        return sum(self.spans.values())

    def done_by(self, day: date) -> int:
        """Return how many were done by the end of a day."""
        return sum(count for done_on, count in self.done.items() if done_on <= day)


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
    last_on: date | None = None
    """The last day of the last of them; None where no deadline runs."""

    @property
    def points_behind(self) -> Fraction:
        """Return how many points of a hundred the share done lies below the needed one; negative where it lies above."""
        return (self.needed - self.done) * 100

    @property
    def verdict(self) -> PaceVerdict:
        """Return the verdict on the points behind."""
        return pace_verdict(self.needed, self.done)


def pace_verdict(needed: Fraction, done: Fraction) -> PaceVerdict:
    """Return the verdict on a share done beside the needed one."""
    points = (needed - done) * 100
    if points >= AT_RISK_POINTS:
        return PaceVerdict.AT_RISK
    return PaceVerdict.BEHIND if points > 0 else PaceVerdict.ON_TIME


def group_pace(group: RequiredGroup, day: date, working: WorkingDays) -> GroupPace | None:
    """Return the pace of a group at the end of a day; None below five people, of whom only a list is shown."""
    count = group.people
    if count < FEWEST:
        return None
    done = group.done_by(day)
    lasts = [last for _first, last in group.spans if last is not None]
    last_on = max(lasts, default=None)
    days_left = 0 if last_on is None else working.count(day + DAY, last_on)
    first_recent = _working_days_back(day, working)
    recent = Fraction(sum(many for on, many in group.done.items() if first_recent <= on <= day), LAST_DAYS)
    return GroupPace(
        NeededShare(group.spans, counted_days([group.spans], day, working)).on(day),
        Fraction(done, count),
        Fraction(count - done, days_left) if days_left else None,
        recent_daily=recent,
        foreseen=min(count, done + int(recent * days_left)),
        last_on=last_on,
    )


class NeededShare:
    """The share of a group that is needed by the end of a day, for any day (spec/compulsory 11.5)."""

    def __init__(self, spans: Mapping[CycleSpan, int], days: CountedDays) -> None:
        self._people = sum(spans.values())
        self._days = days
        self._spans = [
            (first, last, days.count(first, last), count)
            for (first, last), count in spans.items()
            if first is not None and last is not None
        ]

    def on(self, day: date) -> Fraction:
        """Return the mean over its people of the working days passed of all there are; nothing where no deadline runs."""
        passed = Counter[int]()
        for first, last, whole, count in self._spans:
            passed[whole or 1] += count * (min(whole, self._days.count(first, day)) if whole else int(day >= last))
        return sum((Fraction(days, whole * self._people) for whole, days in passed.items()), Fraction(0))


def counted_days(groups: Iterable[Mapping[CycleSpan, int]], day: date, working: WorkingDays) -> CountedDays:
    """Return the working days counted over everything that the cycles of some groups span, and a day."""
    known = [on for spans in groups for span in spans for on in span if on is not None]
    return CountedDays(working, min([day, *known]), max([day, *known]))


@dataclass(frozen=True, slots=True)
class TrajectoryPoint:
    """One day of a trajectory: the needed share at its end, and the share done; None after today."""

    on: date
    needed: Fraction
    done: Fraction | None


def trajectory(group: RequiredGroup, day: date, working: WorkingDays) -> Sequence[TrajectoryPoint]:
    """Return the share done and the needed one from the first opening to the last day; nothing below five people, or without a deadline."""
    opened = [first for first, last in group.spans if first is not None and last is not None and first <= last]
    lasts = [last for _first, last in group.spans if last is not None]
    if group.people < FEWEST or not opened or min(opened) > day:
        return ()
    first, last = max(min(opened), day - LONGEST), min(max(day, *lasts), day + LONGEST)
    needed = NeededShare(group.spans, counted_days([group.spans], day, working))
    return [
        TrajectoryPoint(on, needed.on(on), Fraction(group.done_by(on), group.people) if on <= day else None)
        for on in _days_drawn(first, day, last)
    ]


def _days_drawn(first: date, today: date, last: date) -> Iterator[date]:
    step = max(1, -(-((last - first).days + 1) // PACE_STEPS))
    drawn = {first + timedelta(days=at) for at in range(0, (last - first).days + 1, step)}
    yield from sorted(drawn | {today, last})


def _working_days_back(day: date, working: WorkingDays) -> date:
    first = day if working.has(day) else working.before(day)
    for _number in range(LAST_DAYS - 1):
        first = working.before(first)
    return first


def is_at_risk(today: date, last_on: date, *, has_started: bool, minutes_left: int, working: WorkingDays) -> bool:
    """Return whether a person may not finish in time: not started with ten working days left, or more to do than 45 minutes a day."""
    days_left = working.count(today, last_on)
    return (not has_started and days_left <= DAYS_LEFT) or minutes_left > MINUTES_A_DAY * days_left


def last_days_left(today: date, most: int, working: WorkingDays) -> Sequence[date]:
    """Return for each number of working days from none to another the latest last day on which so many, today included, are left.

    The query form of `is_at_risk` compares the last days of many people with these.
    """
    days, day, left = list[date](), today - DAY, 0
    while len(days) <= most:
        following = day + DAY
        if working.has(following):
            days.append(day)
            left += 1
        day = following
    return days


MOST_MINUTES_A_DAY = 240
"""Of work that an edition may expect of somebody: one that leaves less time is none in which a course can be finished."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_FULL = LearnerResult(viewed=True, completed=True)


@dataclass(frozen=True, slots=True)
class CourseTake:
    """A course as somebody takes it, or could: what of it is done, from when on and until when the rest can be."""

    outline: Outline
    done: Collection[str] = ()
    starts: datetime | None = None
    ends: datetime | None = None
    is_taken: bool = False

    def find_end(self, last: datetime, now: datetime) -> datetime | None:
        """Return by when it has to be finished: the end of the last day, or earlier; None: it cannot be finished in time."""
        begins = max(now, self.starts or now)
        left = [activity for activity in self.outline.activities() if activity.key not in self.done]
        closings = sorted({closing for activity in left if (closing := self._closing(activity)) is not None and begins < closing < last})
        if not self._completes(_BEFORE_ALL, datetime.max.replace(tzinfo=UTC)):
            return last  # it asks for nothing that could be closed
        if begins >= last or not self._completes(begins, last):
            return None
        end = next((closing for closing in closings if not self._completes(closing, last)), last)
        minutes = sum_times(left).required
        is_short = not self.is_taken and (begins > now or end < last) and minutes * DAY > MOST_MINUTES_A_DAY * (end - begins)
        return None if is_short else end

    def _completes(self, at: datetime, last: datetime) -> bool:
        """Return whether what is done, and all that opens before the last day is over and does not close by a moment, is enough."""
        able = {}
        for activity in self.outline.activities():
            opens, closes = self._opening(activity), self._closing(activity)
            if activity.key in self.done or ((opens is None or opens < last) and (closes is None or at < closes)):
                able[activity.key] = _FULL
        required = required_modules(self.outline)
        return bool(required) and completed_keys(self.outline, able).issuperset(required)

    def _opening(self, activity: OutlineActivity) -> datetime | None:
        module = None if activity.opens_by_itself else self.outline.module_by_key[activity.module].opens_at
        return max((moment for moment in (activity.opens_at, module) if moment is not None), default=None)

    def _closing(self, activity: OutlineActivity) -> datetime | None:
        """Return until when it can be done: what gives marks closes with the edition at the latest.

        All else never does for who takes the course; nobody gets into an edition that is over.
        """
        closings = (activity.closes_at if activity.gives_marks else None, self.ends if activity.gives_marks or not self.is_taken else None)
        return min((moment for moment in closings if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """The reason why somebody cannot finish a course by their last day, or has to before."""

    course: str
    is_taken: bool
    """They take it; else no edition that they can get into is enough."""
    ends: datetime | None
    """By when they would have to finish; None: they cannot finish in time."""


def find_hindrance(course: str, takes: Collection[CourseTake], last: datetime, now: datetime) -> Hindrance | None:
    """Find the hindrance to finishing a course by the last day that can be taken in some ways; None where one way is enough."""
    ends = max((end for take in takes if (end := take.find_end(last, now)) is not None), default=None)
    return None if ends is not None and ends >= last else Hindrance(course, any(take.is_taken for take in takes), ends)


def hindrance_under(requirement: Requirement, of_course: Callable[[str], Hindrance | None]) -> Hindrance | None:
    """Return the hindrance to meeting a requirement: of several courses the worst; where any will do, the best, if all have one."""
    if isinstance(requirement, CourseRequirement):
        return of_course(requirement.course)
    parts = [hindrance_under(part, of_course) for part in requirement.parts]
    hindrances = sorted((part for part in parts if part is not None), key=lambda part: part.ends or _BEFORE_ALL)
    if isinstance(requirement, AnyRequirement):
        return hindrances[-1] if len(hindrances) == len(parts) else None
    return hindrances[0] if hindrances else None
