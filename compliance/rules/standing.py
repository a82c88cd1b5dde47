"""The standing of a requirement: what was done of its courses, and until when it holds (spec/compulsory 4.7, 5.3 and 8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from compliance.rules.record import AchievedCourse
from compliance.rules.terms import (
    AnyRequirement,
    CourseRequirement,
    ExistingCompletions,
    ObligationTerms,
    Requirement,
    YearDay,
)
from kernel.durations import Duration, ValidityTerms, add_duration
from kernel.durations import last_valid_day as last_day_of_validity

FOREVER = date.max
"""The last valid day of what never ends."""
TermsInForce = Sequence[tuple[date, ObligationTerms]]
"""Which terms held from which day on, in order."""


@dataclass(frozen=True, slots=True)
class RequirementStanding:
    """A requirement, or one course of it, as far as a person has met it."""

    first_at: datetime | None = None
    """When it was first done; None where it is not."""
    valid_until: date = date.min
    """The last valid day; FOREVER where it never ends."""
    times: int = 0
    """How often it was done."""
    asked_again: bool = False
    """A newer version is asked of who had done an older one."""
    is_outdated: bool = False
    """An older version was finished after a newer one was asked."""
    has_begun: bool = False
    """Something was opened that is not done since."""

    @property
    def is_done(self) -> bool:
        """Say whether it was done at all, valid or not."""
        return self.first_at is not None

    @property
    def is_renewed(self) -> bool:
        """Say whether it was done more than once."""
        return self.times > 1


NOT_DONE = RequirementStanding()
BEGUN = RequirementStanding(has_begun=True)


@dataclass(frozen=True, slots=True)
class _VersionChange:
    on: date
    lowest: int
    again_until: date | None


def version_changes(in_force: TermsInForce, course: str) -> list[_VersionChange]:
    """Return from which day on which lowest version of a course was asked, and until when older completions then hold."""
    changes: list[_VersionChange] = []
    for day, terms in in_force:
        lowest = terms.lowest_versions.get(course, 0)
        if lowest != (changes[-1].lowest if changes else 0):
            again = terms.existing is ExistingCompletions.AGAIN
            changes.append(_VersionChange(day, lowest, day + timedelta(days=terms.transition) if again else None))
    return changes


def last_valid_day(terms: ObligationTerms, day: date, valid_until: date | None, certificate: date | None = None) -> date:
    """Return until when something done on a day holds, where an earlier completion holds until another day or there is none.

    It is never shortened by doing it again (spec/compulsory 8.2). An obligation on one course without a validity of its own takes the
    last valid day that the completion itself has, as on its certificate (8.1).
    """
    if terms.validity is None:
        last = certificate if certificate is not None and isinstance(terms.requirement, CourseRequirement) else FOREVER
    elif isinstance(terms.basis, YearDay):
        last = terms.basis.on_or_after(add_duration(day, terms.minimum))
    else:
        return last_day_of_validity(ValidityTerms(terms.validity, terms.basis, Duration(terms.window)), day, valid_until)
    return last if valid_until is None else max(last, valid_until)


def window_opens(terms: ObligationTerms, valid_until: date) -> date:
    """Return the first day of the renewal window (spec/compulsory 8.3)."""
    return FOREVER if valid_until in (FOREVER, date.min) else valid_until - timedelta(days=terms.window)


def course_standing(
    in_force: TermsInForce, completions: Iterable[AchievedCourse], begun: Iterable[datetime], course: str, zone: ZoneInfo, day: date
) -> RequirementStanding:
    """Return the standing of one course on a day, of completions and beginnings up to then, in order, under the terms in force."""
    terms, starts = in_force[-1][1], list(begun)
    mine = [done for done in completions if done.course == course]
    if not mine:
        return BEGUN if starts else NOT_DONE
    pending = version_changes(in_force, course)
    asked: _VersionChange | None = None
    standing, best, latest = NOT_DONE, 0, None

    def ask(until: date) -> None:
        nonlocal asked, standing
        while pending and pending[0].on <= until:
            asked = pending.pop(0)
            if standing.is_done and asked.again_until is not None and best < asked.lowest:
                standing = replace(standing, valid_until=min(standing.valid_until, asked.again_until), asked_again=True)

    for done in mine:
        done_on = done.achieved_at.astimezone(zone).date()
        if terms.counts_from is not None and done_on < terms.counts_from:
            continue
        ask(done_on)
        if asked is not None and done.version is not None and done.version < asked.lowest:
            standing = replace(standing, is_outdated=True)
            continue
        until = last_valid_day(terms, done_on, standing.valid_until if standing.is_done else None, done.valid_until)
        standing = RequirementStanding(standing.first_at or done.achieved_at, until, times=standing.times + 1)
        best = max(best, done.version if done.version is not None else (asked.lowest if asked else 0))
        latest = done.achieved_at
    ask(day)
    return replace(standing, has_begun=True) if any(latest is None or moment > latest for moment in starts) else standing


def requirement_standing(requirement: Requirement, courses: Mapping[str, RequirementStanding]) -> RequirementStanding:
    """Return the standing of a requirement from those of its courses.

    Any of several is done at the earliest and holds until the latest; all of several are done at the latest and hold until the earliest
    (spec/compulsory 5.3). Something begun or done of one that is not done as a whole counts as begun.
    """
    if isinstance(requirement, CourseRequirement):
        return courses[requirement.course]
    parts = [requirement_standing(part, courses) for part in requirement.parts]
    done = [part for part in parts if part.is_done]
    is_any = isinstance(requirement, AnyRequirement)
    begun = any(part.has_begun for part in parts)
    if not (done if is_any else len(done) == len(parts)):
        return RequirementStanding(has_begun=begun or bool(done), is_outdated=any(part.is_outdated for part in parts))
    moments = [part.first_at for part in done if part.first_at is not None]
    holding = (max if is_any else min)(done, key=lambda part: part.valid_until)
    return RequirementStanding(
        (min if is_any else max)(moments),
        holding.valid_until,
        times=(max if is_any else min)(part.times for part in done),
        asked_again=holding.asked_again,
        is_outdated=holding.is_outdated,
        has_begun=begun,
    )


def terms_in_force(versions: Sequence[ObligationTerms], day: date) -> TermsInForce:
    """Return which terms held from which day on, up to a day: what was recorded later stands from its effective day on."""
    in_force: list[tuple[date, ObligationTerms]] = []
    for terms in versions:
        if terms.effective_on <= day:
            in_force = [(since, earlier) for since, earlier in in_force if since < terms.effective_on]
            in_force.append((terms.effective_on, terms))
    return in_force
