"""The record of a person under an obligation as known at a moment (spec/compulsory 7.1 and 7.2), and the standing of requirements by it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, Protocol, cast
from zoneinfo import ZoneInfo

from compliance.rules.claims import last_waived_day
from compliance.rules.terms import DAY, AnyRequirement, CourseRequirement, ExistingCompletions, ObligationTerms, Requirement, YearDay
from kernel.durations import Duration, ValidityTerms, add_duration
from kernel.durations import last_valid_day as last_day_of_validity
from organisations.rules.units import TreeHistory, latest, zone_of


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """Days on record, both included: in the audience, or with a closed account; open where `last_on` is None."""

    first_on: date
    last_on: date | None
    recorded_at: datetime
    retracted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaivedSpan:
    """Days on which nothing was required of a person; a revocation ends it on the day before."""

    first_on: date
    last_on: date | None
    recorded_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AchievedCourse:
    """A course done: the moment of the learner's last act, the version; None where other learning was recognised."""

    course: str
    achieved_at: datetime
    version: int | None
    recorded_at: datetime
    retracted_at: datetime | None = None
    valid_until: date | None = None
    """The last valid day that the course gives it, as its certificate prints; None where it gives none."""


@dataclass(frozen=True, slots=True)
class CourseStart:
    """The first lesson or attempt of a take of a course."""

    course: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InstitutionEntry:
    """The day on which a person entered the institution."""

    on: date
    recorded_at: datetime
    retracted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnitZone:
    """From which day on the main unit of a person was in a time zone."""

    since_on: date
    zone: ZoneInfo
    recorded_at: datetime
    retracted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """Everything on record of one person under one obligation, in any order; `zone` holds where `zones` says nothing."""

    zone: ZoneInfo
    zones: Sequence[UnitZone] = ()
    stays: Sequence[RecordedSpan] = ()
    waivers: Sequence[WaivedSpan] = ()
    closures: Sequence[RecordedSpan] = ()
    completions: Sequence[AchievedCourse] = ()
    starts: Sequence[CourseStart] = ()
    entries: Sequence[InstitutionEntry] = ()
    enrolled_at: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days from the first to the last, both included; open where `last` is None."""

    first: date
    last: date | None

    def has(self, day: date) -> bool:
        """Return whether a day is one of them."""
        return self.first <= day and (self.last is None or day <= self.last)


class _Retractable(Protocol):
    @property
    def recorded_at(self) -> datetime: ...

    @property
    def retracted_at(self) -> datetime | None: ...


def is_known(fact: _Retractable, known: datetime) -> bool:
    """Return whether something was on record at a moment: recorded by then, and not retracted by then."""
    return fact.recorded_at <= known and (fact.retracted_at is None or fact.retracted_at > known)


def known_zones(record: TrainingRecord, known: datetime) -> list[UnitZone]:
    """Return the time zones of a person's main units as known at a moment, the latest first; none where they never leave their own."""
    if all(unit_zone.zone is record.zone for unit_zone in record.zones):
        return []
    places = [unit_zone for unit_zone in record.zones if is_known(unit_zone, known)]
    return sorted(places, key=lambda unit_zone: (unit_zone.since_on, unit_zone.recorded_at), reverse=True)


def known_stays(stays: Sequence[RecordedSpan], known: datetime) -> list[DaySpan]:
    """Return the days in the audience as known at a moment, touching and overlapping ones joined, in order."""
    spans = [(stay.first_on, stay.last_on) for stay in stays if is_known(stay, known)]
    spans.sort(key=lambda span: (span[0], span[1] or date.max))
    joined: list[DaySpan] = []
    for first, last in spans:
        before = joined[-1] if joined else None
        if before is not None and (before.last is None or first <= before.last + DAY):
            open_end = before.last is None or last is None
            joined[-1] = DaySpan(before.first, None if open_end else max(before.last or first, last or first))
        else:
            joined.append(DaySpan(first, last))
    return joined


class RecordedDay(NamedTuple):
    """Days in the audience, and the local day on which they were first recorded; a plain tuple, as many people share what it leads to."""

    first: date
    last: date | None
    on: date


def recorded_days(stays: Sequence[RecordedSpan], known: datetime, zone: ZoneInfo) -> tuple[RecordedDay, ...]:
    """Return on which day each span in the audience that was on record by a moment came into the register, also those retracted since.

    None of them where each was on record by the end of its first day, so that nothing follows from it.
    """
    recorded = [stay for stay in stays if stay.recorded_at <= known]
    if all(stay.recorded_at < instant_of(stay.first_on + DAY, zone) for stay in recorded):
        return ()
    return tuple([RecordedDay(stay.first_on, stay.last_on, stay.recorded_at.astimezone(zone).date()) for stay in recorded])


def recorded_since(recorded: Sequence[RecordedDay], parts: Sequence[DaySpan]) -> date:
    """Return since which day the register has known of a stay: the first record of any of its days (spec/compulsory 4.4)."""
    first, last = parts[0].first, parts[-1].last
    touching = (span.on for span in recorded if (last is None or span.first <= last) and (span.last is None or span.last >= first))
    return min(touching, default=first)


def known_waivers(waivers: Sequence[WaivedSpan], known: datetime, zone: ZoneInfo) -> list[DaySpan]:
    """Return the waived days as known at a moment; those of a revoked waiver end on the day before (spec/compulsory 4.10)."""
    spans = []
    for waiver in waivers:
        if waiver.recorded_at > known:
            continue
        last = waiver.last_on
        if waiver.revoked_at is not None and waiver.revoked_at <= known:
            eve = waiver.revoked_at.astimezone(zone).date() - DAY
            last = eve if last is None else min(last, eve)
        if last is None or last >= waiver.first_on:
            spans.append(DaySpan(waiver.first_on, last))
    return sorted(spans, key=lambda span: span.first)


def known_closures(closures: Sequence[RecordedSpan], known: datetime) -> list[DaySpan]:
    """Return the days without an open account as known at a moment, in order."""
    return sorted(
        (DaySpan(closure.first_on, closure.last_on) for closure in closures if is_known(closure, known)),
        key=lambda span: span.first,
    )


def known_completions(completions: Sequence[AchievedCourse], known: datetime) -> list[AchievedCourse]:
    """Return the completions that count as known at a moment, in the order in which they were achieved."""
    return sorted(
        (done for done in completions if is_known(done, known)),
        key=lambda done: done.achieved_at,
    )


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)


@lru_cache(maxsize=4096)
def instant_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in a zone, in UTC: many people have the same ones, and moments in UTC compare quickly."""
    return first_instant(day, zone).astimezone(UTC)


def current_stay(stays: Sequence[DaySpan], day: date, gap: int) -> list[DaySpan]:
    """Return the parts of the stay that holds on a day: short gaps are joined, a longer one begins a new stay."""
    parts: list[DaySpan] = []
    for span in stays:
        if span.first > day:
            break
        if parts and parts[-1].last is not None and (span.first - parts[-1].last).days - 1 > gap:
            parts = []
        parts.append(span)
    return parts


class FactKind(StrEnum):
    """The kinds of facts of which a person's record is made."""

    STAY = "stay"
    ENTRY = "entry"
    PLACE = "place"
    DONE = "done"
    RECOGNISED = "recognised"
    STARTED = "started"
    ENROLLED = "enrolled"
    WAIVED = "waived"
    CLOSED = "closed"
    EMPLOYED = "employed"
    BELONGS = "belongs"
    POST = "post"
    LISTED = "listed"
    HELD = "held"
    SUSPENDED = "suspended"


class PersonFact(NamedTuple):
    """One fact of any kind; what a kind does not have is None."""

    first_on: date
    last_on: date | None
    recorded_at: datetime
    ended_at: datetime | None
    """When it was retracted or revoked."""
    at: datetime
    key: int | None
    """The number of the audience, institution, place or obligation that it is about; 1 of what was reconstructed from older records."""
    version: int | None
    course: str
    """Its slug; of a post or a list its key, of an employment the staff number."""


@dataclass(frozen=True, slots=True)
class RecordScope:
    """The part of a person's facts that one obligation asks for; `history` is that of the tree."""

    obligation_id: int
    audience_id: int
    institution_id: int
    courses: Collection[str]
    zone: str
    """The name of that of its days; empty: that of each person's main unit."""
    history: TreeHistory

    @property
    def default_zone(self) -> ZoneInfo:
        """Return the zone that holds where no unit has one."""
        return ZoneInfo(self.zone or zone_of(self.history.units, self.institution_id))


PersonFacts = Mapping[FactKind, list[PersonFact]]


def record_under(facts: PersonFacts, scope: RecordScope) -> TrainingRecord:
    """Return the record of an obligation from a person's facts, for the pure rules; `load_records` reads the same for many people."""
    zone = scope.default_zone
    return TrainingRecord(
        zone,
        () if scope.zone else tuple(unit_zones(scope.history, [_place(fact) for fact in facts[FactKind.PLACE]])),
        tuple(
            RecordedSpan(fact.first_on, fact.last_on, fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.STAY]
            if fact.key == scope.audience_id
        ),
        waivers=tuple(
            WaivedSpan(fact.first_on, last_waived_day(fact.first_on, fact.last_on), fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.WAIVED]
            if fact.key in (None, scope.obligation_id)
        ),
        closures=tuple(span for fact in facts[FactKind.CLOSED] for span in _closures(fact, zone)),
        completions=(
            *(
                AchievedCourse(
                    fact.course, fact.at, fact.version, recorded_at=fact.recorded_at, retracted_at=fact.ended_at, valid_until=fact.last_on
                )
                for fact in facts[FactKind.DONE]
                if fact.course in scope.courses
            ),
            *(
                AchievedCourse(fact.course, first_instant(fact.first_on, zone), None, fact.recorded_at, fact.ended_at)
                for fact in facts[FactKind.RECOGNISED]
                if fact.course in scope.courses
            ),
        ),
        starts=tuple(CourseStart(fact.course, fact.at) for fact in facts[FactKind.STARTED] if fact.course in scope.courses),
        entries=tuple(
            InstitutionEntry(fact.first_on, fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.ENTRY]
            if fact.key == scope.institution_id
        ),
        enrolled_at=tuple(fact.at for fact in facts[FactKind.ENROLLED] if fact.course in scope.courses),
    )


class RecordedPlace(NamedTuple):
    """A main unit of a person on record: since which day, since which moment, and until when the record says so."""

    unit: int
    first_on: date | None
    since: datetime
    recorded_at: datetime
    retracted_at: datetime | None


def _place(fact: PersonFact) -> RecordedPlace:
    return RecordedPlace(cast("int", fact.key), fact.first_on, fact.at, fact.recorded_at, fact.ended_at)


def unit_zones(history: TreeHistory, places: Sequence[RecordedPlace]) -> list[UnitZone]:
    """Return the time zones of the main units of a person: another one from the day on which a unit came to stand elsewhere."""
    zones = list[UnitZone]()
    for belonged in places:
        first = belonged.first_on or belonged.since.date()
        later = [other.first_on for other in places if other.first_on is not None and other.first_on > first]
        for span in history.lines(belonged.unit, first, min(later) - DAY if later else None):
            zone, is_first = ZoneInfo(span.zone), span.since_on == first
            day = belonged.first_on or belonged.since.astimezone(zone).date() if is_first else span.since_on or first
            known = belonged.recorded_at if is_first else latest(belonged.recorded_at, span.recorded_at) or belonged.recorded_at
            zones.append(UnitZone(day, zone, known, belonged.retracted_at))
    return zones


def _closures(fact: PersonFact, zone: ZoneInfo) -> list[RecordedSpan]:
    """Return the days with a closed account; before it was opened again, nobody knew on which day that would be."""
    first = fact.at.astimezone(zone).date()
    spans = [RecordedSpan(first, None, fact.at, fact.ended_at)]
    if fact.ended_at is not None and (last := fact.ended_at.astimezone(zone).date() - timedelta(days=1)) >= first:
        spans.append(RecordedSpan(first, last, fact.ended_at))
    return spans


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
        """Return whether it was done at all, valid or not."""
        return self.first_at is not None

    @property
    def is_renewed(self) -> bool:
        """Return whether it was done more than once."""
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
    current_change: _VersionChange | None = None
    standing, best, latest = NOT_DONE, 0, None

    def ask(until: date) -> None:
        nonlocal current_change, standing
        while pending and pending[0].on <= until:
            current_change = pending.pop(0)
            if standing.is_done and current_change.again_until is not None and best < current_change.lowest:
                standing = replace(standing, valid_until=min(standing.valid_until, current_change.again_until), asked_again=True)

    for done in mine:
        done_on = done.achieved_at.astimezone(zone).date()
        if terms.counts_from is not None and done_on < terms.counts_from:
            continue
        ask(done_on)
        if current_change is not None and done.version is not None and done.version < current_change.lowest:
            standing = replace(standing, is_outdated=True)
            continue
        until = last_valid_day(terms, done_on, standing.valid_until if standing.is_done else None, done.valid_until)
        standing = RequirementStanding(standing.first_at or done.achieved_at, until, times=standing.times + 1)
        best = max(best, done.version if done.version is not None else (current_change.lowest if current_change else 0))
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
