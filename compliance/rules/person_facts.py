"""The facts of which a person's record is made, of any kind, and the record under an obligation that follows from them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from compliance.rules.claims import last_waived_day
from compliance.rules.record import (
    AchievedCourse,
    CourseStart,
    InstitutionEntry,
    RecordedSpan,
    TrainingRecord,
    UnitZone,
    WaivedSpan,
    first_instant,
)
from organisations.rules.units import UnitSummary, zone_of


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
    """The part of a person's facts that one obligation asks for; `places` are those of the tree, by number."""

    obligation_id: int
    audience_id: int
    institution_id: int
    courses: Collection[str]
    zone: str
    """The name of that of its days; empty: that of each person's main unit."""
    places: Mapping[int, UnitSummary]

    @property
    def default_zone(self) -> ZoneInfo:
        """Return the zone that holds where no unit has one."""
        return ZoneInfo(self.zone or zone_of(self.places, self.institution_id))


PersonFacts = Mapping[FactKind, list[PersonFact]]


def record_under(facts: PersonFacts, scope: RecordScope) -> TrainingRecord:
    """Return what an obligation asks of a person's facts, as the pure rules read it; `load_records` reads the same for many people."""
    zone = scope.default_zone
    return TrainingRecord(
        zone,
        () if scope.zone else tuple(_zone_of(fact, scope.places) for fact in facts[FactKind.PLACE]),
        tuple(
            RecordedSpan(fact.first_on, fact.last_on, fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.STAY]
            if fact.key == scope.audience_id
        ),
        tuple(
            WaivedSpan(fact.first_on, last_waived_day(fact.first_on, fact.last_on), fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.WAIVED]
            if fact.key in (None, scope.obligation_id)
        ),
        tuple(span for fact in facts[FactKind.CLOSED] for span in _closures(fact, zone)),
        (
            *(
                AchievedCourse(fact.course, fact.at, fact.version, fact.recorded_at, fact.ended_at, fact.last_on)
                for fact in facts[FactKind.DONE]
                if fact.course in scope.courses
            ),
            *(
                AchievedCourse(fact.course, first_instant(fact.first_on, zone), None, fact.recorded_at, fact.ended_at)
                for fact in facts[FactKind.RECOGNISED]
                if fact.course in scope.courses
            ),
        ),
        tuple(CourseStart(fact.course, fact.at) for fact in facts[FactKind.STARTED] if fact.course in scope.courses),
        tuple(
            InstitutionEntry(fact.first_on, fact.recorded_at, fact.ended_at)
            for fact in facts[FactKind.ENTRY]
            if fact.key == scope.institution_id
        ),
        tuple(fact.at for fact in facts[FactKind.ENROLLED] if fact.course in scope.courses),
    )


def _zone_of(fact: PersonFact, places: Mapping[int, UnitSummary]) -> UnitZone:
    zone = ZoneInfo(zone_of(places, cast("int", fact.key)))
    return UnitZone(fact.first_on or fact.at.astimezone(zone).date(), zone, fact.recorded_at, fact.ended_at)


def _closures(fact: PersonFact, zone: ZoneInfo) -> list[RecordedSpan]:
    """Return the days with a closed account; before it was opened again, nobody knew on which day that would be."""
    first = fact.at.astimezone(zone).date()
    spans = [RecordedSpan(first, None, fact.at, fact.ended_at)]
    if fact.ended_at is not None and (last := fact.ended_at.astimezone(zone).date() - timedelta(days=1)) >= first:
        spans.append(RecordedSpan(first, last, fact.ended_at))
    return spans
