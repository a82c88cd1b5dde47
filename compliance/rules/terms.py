"""The terms of an obligation: what is required, of which versions, until when, for how long it holds (spec/compulsory 4 and 8)."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kernel.durations import Duration, RenewalBasis


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
    """Say whether what was done may end: by a validity of the obligation, or by that of the one course that it asks for."""
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
