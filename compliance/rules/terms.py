"""Terms of obligations: what is required, last days and working days, and the faults of its terms (spec/compulsory 4)."""

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from kernel.durations import Duration, RenewalBasis, add_duration

DAY = timedelta(days=1)


WEEKEND = 5


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days of a place: `free` are its days off, national and of its province."""

    free: Collection[date] = field(default_factory=frozenset)

    def has(self, day: date) -> bool:
        """Return whether a day is a working day."""
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


class DeadlineAnchor(StrEnum):
    """From what a relative deadline is counted: entry into the institution, joining the audience, or enrolment."""

    ENTRY = "entry"
    JOIN = "join"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class RelativeDeadline:
    """A last day counted from an anchor of each person."""

    duration: Duration
    anchor: DeadlineAnchor


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of each year on which what was done ends: `12-31`; 29 February is 28 February in other years."""

    month: int
    day: int

    def on_or_after(self, start: date) -> date:
        """Return the first such day that is not before another."""
        day = self.in_year(start.year)
        return day if day >= start else self.in_year(start.year + 1)

    def in_year(self, year: int) -> date:
        """Return the day in a year."""
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))


class ExistingCompletions(StrEnum):
    """The effect on completions of older versions of setting a lowest version (spec/compulsory 4.7)."""

    KEEP = "keep"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class CourseRequirement:
    """One course, by its slug, has to be completed."""

    course: str


@dataclass(frozen=True, slots=True)
class AnyRequirement:
    """Any one of several has to be met."""

    parts: "tuple[Requirement, ...]"


@dataclass(frozen=True, slots=True)
class AllRequirement:
    """Each of several has to be met."""

    parts: "tuple[Requirement, ...]"


Requirement = CourseRequirement | AnyRequirement | AllRequirement


def courses_of(requirement: Requirement) -> Iterator[str]:
    """Yield the course of every leaf of a requirement, in its order."""
    if isinstance(requirement, CourseRequirement):
        yield requirement.course
        return
    for part in requirement.parts:
        yield from courses_of(part)


def certain_courses(requirement: Requirement) -> Iterator[str]:
    """Yield the courses that have to be done whatever a person chooses: none of those of which any one will do."""
    if isinstance(requirement, CourseRequirement):
        yield requirement.course
    elif isinstance(requirement, AllRequirement):
        for part in requirement.parts:
            yield from certain_courses(part)


def may_expire(terms: "ObligationTerms") -> bool:
    """Return whether what was done may end: by a validity of the obligation, or by that of the one course that it asks for."""
    return terms.validity is not None or isinstance(terms.requirement, CourseRequirement)


@dataclass(frozen=True, slots=True)
class ObligationTerms:
    """One version of an obligation: from which day it holds, since when that is on record, and every rule of it.

    Days are the institution's; `window`, `grace`, `notice`, `gap` and `transition` are numbers of days. `lowest_versions` names, by
    course, the lowest version that counts.
    """

    recorded_at: datetime
    effective_on: date
    starts: date
    deadline: date | RelativeDeadline
    requirement: Requirement
    ends: date | None = None
    counts_from: date | None = None
    validity: Duration | None = None
    basis: RenewalBasis | YearDay = RenewalBasis.EXPIRY
    minimum: Duration = field(default_factory=Duration)
    window: int = 60
    grace: int = 0
    notice: int = 15
    gap: int = 30
    lowest_versions: Mapping[str, int] = field(default_factory=dict)
    existing: ExistingCompletions = ExistingCompletions.KEEP
    transition: int = 60


class LastDayReason(StrEnum):
    """The reasons for which a last day is what it is, each a term of the sum."""

    DEADLINE = "deadline"
    """The deadline that the rules give: a fixed day, or counted from an anchor."""
    VERSION = "version"
    """A later version of the rules gives another deadline."""
    JOINED = "joined"
    """Nobody gets less than the notice after joining."""
    RECORDED = "recorded"
    """Nobody gets less than the notice after the register came to know that they had joined."""
    CHANGED = "changed"
    """Nobody gets less than the notice after a change that brought the deadline forward."""
    GAP = "gap"
    """The notice after coming back into the audience."""
    ACCOUNT = "account"
    """The notice after the account was opened again."""
    WAIVER = "waiver"
    """The notice after a waiver."""
    VALIDITY = "validity"
    """Until when what was done is valid."""
    GRACE = "grace"
    """The days of grace after that."""


@dataclass(frozen=True, slots=True)
class LastDayTerm:
    """One term: why, and the last day that it makes. `first` and `last` are its own days, such as those of a waiver or of an anchor."""

    reason: LastDayReason
    last_on: date
    first: date | None = None
    last: date | None = None
    days: int = 0
    """Of notice or of grace."""
    anchor: DeadlineAnchor | None = None


MOST_DAYS = 365
MOST_STEPS = 6
_COMMON_YEAR = 2025


class TermsField(StrEnum):
    """The fields of an obligation's form to which a fault belongs."""

    COURSES = "courses"
    ENDS = "ends"
    DEADLINE_ON = "deadline_on"
    DEADLINE_NUMBER = "deadline_number"
    VALIDITY = "validity"
    MINIMUM = "minimum"
    WINDOW = "window"
    GRACE = "grace"
    NOTICE = "notice"
    GAP = "gap"
    TRANSITION = "transition"
    STEPS = "steps"
    COUNTS_FROM = "counts_from"


class TermsFaultKind(StrEnum):
    """The kinds of faults that the terms of an obligation may have."""

    ENDS_BEFORE_START = "ends_before_start"
    DEADLINE_BEFORE_START = "deadline_before_start"
    DEADLINE_AFTER_END = "deadline_after_end"
    DEADLINE_TOO_NEAR = "deadline_too_near"
    NO_TIME = "no_time"
    NO_VALIDITY = "no_validity"
    WINDOW_TOO_LONG = "window_too_long"
    MINIMUM_TOO_SHORT = "minimum_too_short"
    OUT_OF_BOUNDS = "out_of_bounds"
    TOO_FEW_COURSES = "too_few_courses"
    STEPS = "steps"
    COUNTS_TOO_LATE = "counts_too_late"


@dataclass(frozen=True, slots=True)
class TermsFault:
    """A fault of the terms: at which field, of which kind, and the first day that would do where there is one; of what counts, the last."""

    field: TermsField
    kind: TermsFaultKind
    earliest: date | None = None


def first_full_deadline(starts: date, notice: int) -> date:
    """Return the first last day that leaves everybody the days of notice; the first day is one of them (spec/compulsory 4.4)."""
    return max(starts, starts + DAY * (notice - 1))


def shortest_days(duration: Duration) -> int:
    """Return how many days a duration has at least: months are as long as the shortest that they can be."""
    starts = (date(_COMMON_YEAR, month, 1) for month in range(1, 13))
    return min((add_duration(start, duration) - start).days for start in starts)


def find_faults(terms: ObligationTerms, steps: Sequence[int]) -> list[TermsFault]:
    """Find the faults in the terms and the reminder steps of an obligation; nothing where all is well."""
    bounds = {
        TermsField.WINDOW: terms.window,
        TermsField.GRACE: terms.grace,
        TermsField.NOTICE: terms.notice,
        TermsField.GAP: terms.gap,
        TermsField.TRANSITION: terms.transition,
    }
    faults = [TermsFault(name, TermsFaultKind.OUT_OF_BOUNDS) for name, days in bounds.items() if not 0 <= days <= MOST_DAYS]
    if isinstance(terms.requirement, AnyRequirement | AllRequirement) and len(terms.requirement.parts) < len(("one", "another")):
        faults.append(TermsFault(TermsField.COURSES, TermsFaultKind.TOO_FEW_COURSES))
    if terms.ends is not None and terms.ends < terms.starts:
        faults.append(TermsFault(TermsField.ENDS, TermsFaultKind.ENDS_BEFORE_START))
    if len(steps) > MOST_STEPS or len(set(steps)) < len(steps) or any(not 1 <= step <= MOST_DAYS for step in steps):
        faults.append(TermsFault(TermsField.STEPS, TermsFaultKind.STEPS))
    return [*faults, *_deadline_faults(terms), *_validity_faults(terms), *_counting_faults(terms)]


def _counting_faults(terms: ObligationTerms) -> Iterator[TermsFault]:
    """Refuse that nothing counts before the first people have to be done; of a later version, before it takes effect."""
    deadline = terms.deadline if isinstance(terms.deadline, date) else add_duration(terms.starts, terms.deadline.duration)
    last = max(deadline, terms.effective_on)
    if terms.counts_from is not None and terms.counts_from > last:
        yield TermsFault(TermsField.COUNTS_FROM, TermsFaultKind.COUNTS_TOO_LATE, last)


def _deadline_faults(terms: ObligationTerms) -> Iterator[TermsFault]:
    deadline = terms.deadline
    if isinstance(deadline, RelativeDeadline):
        if deadline.duration.days + deadline.duration.months < 1:
            yield TermsFault(TermsField.DEADLINE_NUMBER, TermsFaultKind.NO_TIME)
        return
    earliest = first_full_deadline(terms.starts, terms.notice)
    if deadline < terms.starts:
        yield TermsFault(TermsField.DEADLINE_ON, TermsFaultKind.DEADLINE_BEFORE_START, earliest)
    elif terms.ends is not None and terms.starts <= terms.ends < deadline:
        yield TermsFault(TermsField.DEADLINE_ON, TermsFaultKind.DEADLINE_AFTER_END)
    elif deadline < earliest:
        yield TermsFault(TermsField.DEADLINE_ON, TermsFaultKind.DEADLINE_TOO_NEAR, earliest)


def _validity_faults(terms: ObligationTerms) -> Iterator[TermsFault]:
    if terms.validity is None:
        return
    if terms.validity.days + terms.validity.months < 1:
        yield TermsFault(TermsField.VALIDITY, TermsFaultKind.NO_VALIDITY)
    elif isinstance(terms.basis, YearDay):
        if shortest_days(terms.minimum) <= terms.window:
            yield TermsFault(TermsField.MINIMUM, TermsFaultKind.MINIMUM_TOO_SHORT)
    elif terms.window >= shortest_days(terms.validity):
        yield TermsFault(TermsField.WINDOW, TermsFaultKind.WINDOW_TOO_LONG)
