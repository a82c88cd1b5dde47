"""Everything on record of some people in one statement, for the pure rules: what jobs have not written yet stands beside what they have."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, Select, String, exists, func, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from compliance.models import AccountFact, DoneFact, Recognition, StartedFact, Waiver
from compliance.rules.claims import APPROVED_ONCE, last_waived_day
from compliance.rules.record import AchievedCourse, CourseStart, InstitutionEntry, RecordedSpan, TrainingRecord, UnitZone, WaivedSpan
from compliance.rules.status import first_instant
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment
from kernel.db import UtcDateTime
from organisations.models import AudienceStayRecord, Employment, Membership
from organisations.rules import UnitSummary, zone_of


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


def load_person_facts(
    session: Session, people: Collection[int], more: Sequence[Select[*tuple[Any, ...]]] = ()
) -> Mapping[int, PersonFacts]:
    """Return all facts of some people, by person and kind, with those that are selected besides, in one statement."""
    found: dict[int, PersonFacts] = {person: defaultdict(list) for person in people}
    for kind, person, *columns in session.execute(union_all(*_selects(people), *more)):
        found[person][FactKind(kind)].append(PersonFact(*columns))
    return found


def select_facts(kind: FactKind, person: Any, **columns: Any) -> Select[*tuple[Any, ...]]:
    """Select facts of a kind with the columns of `PersonFact`, NULL where it has none; the types are those of the first select."""
    types = (Date, Date, UtcDateTime, UtcDateTime, UtcDateTime, Integer, Integer, String)
    wanted = [columns.get(name, as_type(null(), kind_of)).label(name) for name, kind_of in zip(PersonFact._fields, types, strict=True)]
    return select(as_type(kind.value, String).label("kind"), person.label("person"), *wanted)


def _selects(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    stay, job, place, closed = AudienceStayRecord, Employment, Membership, AccountFact
    recorded = {"recorded_at": stay.recorded_at, "ended_at": stay.retracted_at}
    return [
        select_facts(FactKind.STAY, stay.person_id, first_on=stay.since_on, last_on=stay.until_on, key=stay.audience_id, **recorded).where(
            stay.person_id.in_(people)
        ),
        select_facts(
            FactKind.ENTRY,
            job.person_id,
            first_on=job.entered_on,
            recorded_at=job.recorded_at,
            ended_at=job.retracted_at,
            key=job.institution_id,
        ).where(job.person_id.in_(people), job.entered_on.is_not(None)),
        select_facts(
            FactKind.PLACE,
            place.person_id,
            first_on=place.since_on,
            recorded_at=place.recorded_at,
            ended_at=place.retracted_at,
            at=place.since,
            key=place.organisation_id,
        ).where(place.person_id.in_(people), place.is_main),
        select_facts(FactKind.CLOSED, closed.person_id, at=closed.closed_at, ended_at=closed.opened_at).where(closed.person_id.in_(people)),
        *_selects_of_courses(people),
        *_selects_of_claims(people),
    ]


def _selects_of_courses(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    """Select what was done, begun and taken: facts, and what stands in the takes without a fact yet."""
    done, started, take = DoneFact, StartedFact, Enrolment
    achieved = func.coalesce(Completion.achieved_at, Completion.completed_at, type_=UtcDateTime)
    has_fact = exists().where(done.enrolment_id == take.id, done.retracted_at.is_(None))
    was_begun = exists().where(started.enrolment_id == take.id)
    mine, of_take = take.person_id.in_(people), Course.id == take.course_id
    return [
        select_facts(
            FactKind.DONE,
            done.person_id,
            at=done.achieved_at,
            recorded_at=done.recorded_at,
            ended_at=done.retracted_at,
            version=done.version,
            course=Course.slug,
            key=as_type(done.is_reconstructed, Integer),
        )
        .join(Course, Course.id == done.course_id)
        .where(done.person_id.in_(people)),
        select_facts(
            FactKind.DONE,
            take.person_id,
            at=achieved,
            recorded_at=Completion.completed_at,
            version=CourseVersion.number,
            course=Course.slug,
        )
        .join(Completion, Completion.enrolment_id == take.id)
        .join(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .join(Course, of_take)
        .where(mine, ~has_fact),
        select_facts(FactKind.STARTED, started.person_id, at=started.at, course=Course.slug)
        .join(Course, Course.id == started.course_id)
        .where(started.person_id.in_(people)),
        select_facts(FactKind.STARTED, take.person_id, at=take.begun_at, course=Course.slug)
        .join(Course, of_take)
        .where(mine, take.begun_at.is_not(None), ~was_begun),
        select_facts(FactKind.ENROLLED, take.person_id, at=take.enrolled_at, course=Course.slug).join(Course, of_take).where(mine),
    ]


def _selects_of_claims(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    """Select waivers and recognitions that were approved once."""
    waiver, other = Waiver, Recognition
    return [
        select_facts(
            FactKind.WAIVED,
            waiver.person_id,
            first_on=waiver.first_on,
            last_on=waiver.last_on,
            recorded_at=waiver.decided_at,
            ended_at=waiver.revoked_at,
            key=waiver.obligation_id,
        ).where(waiver.person_id.in_(people), waiver.state.in_(APPROVED_ONCE)),
        select_facts(
            FactKind.RECOGNISED,
            other.person_id,
            first_on=other.achieved_on,
            recorded_at=other.decided_at,
            ended_at=other.revoked_at,
            course=Course.slug,
        )
        .join(Course, Course.id == other.course_id)
        .where(other.person_id.in_(people), other.state.in_(APPROVED_ONCE)),
    ]


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
                AchievedCourse(fact.course, fact.at, fact.version, fact.recorded_at, fact.ended_at)
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
