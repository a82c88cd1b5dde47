"""Faults of the terms of an obligation, each at the field that has to change (spec/compulsory 18)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from compliance.rules.record import DAY
from compliance.rules.terms import AllRequirement, AnyRequirement, ObligationTerms, RelativeDeadline, YearDay
from kernel.durations import Duration, add_duration

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


@dataclass(frozen=True, slots=True)
class TermsFault:
    """A fault of the terms: at which field, of which kind, and the first day that would do where there is one."""

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
    """Return what makes no sense in the terms and the reminder steps of an obligation; nothing where all is well."""
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
    return [*faults, *_deadline_faults(terms), *_validity_faults(terms)]


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
