"""The record of a person under an obligation, and its state of knowledge at a moment (spec/compulsory 7.1 and 7.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


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
        """Say whether a day is one of them."""
        return self.first <= day and (self.last is None or day <= self.last)


class _Retractable(Protocol):
    @property
    def recorded_at(self) -> datetime: ...

    @property
    def retracted_at(self) -> datetime | None: ...


def is_known(fact: _Retractable, known: datetime) -> bool:
    """Say whether something was on record at a moment: recorded by then, and not retracted by then."""
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
