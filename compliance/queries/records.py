"""Records for the pure rules of compulsory training: the terms of obligations, and everything on record of some people."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from compliance.models import AccountFact, DoneFact, Obligation, ObligationVersion, Recognition, StartedFact, Waiver
from compliance.rules.claims import APPROVED_ONCE, last_waived_day
from compliance.rules.documents import read_terms
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
from compliance.rules.terms import ObligationTerms, courses_of
from courses.models import Course
from enrolments.models import Enrolment
from kernel.db import connection_of
from organisations import tree
from organisations.models import AudienceStayRecord, Employment, Membership
from organisations.rules.units import UnitSummary, zone_of

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class ObligationRules:
    """An obligation as the pure rules read it: its versions in the order in which they were recorded, its courses, its zone."""

    obligation_id: int
    audience_id: int
    institution_id: int
    terms: tuple[ObligationTerms, ...]
    courses: Mapping[int, str]
    """The slug of each course that a version requires, by its number."""
    zone: str
    """Of its days; empty: that of each person's main unit."""


def get_rules(session: Session, obligation: Obligation) -> ObligationRules:
    """Return an obligation with all of its versions."""
    return list_rules(session, [obligation])[0]


def list_rules(session: Session, obligations: Sequence[Obligation]) -> list[ObligationRules]:
    """Return some obligations with all of their versions, in their order, in two statements; in none where there are no obligations."""
    if not obligations:
        return []
    written = defaultdict[int, list[ObligationVersion]](list)
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id.in_([row.id for row in obligations]))
    for version in session.scalars(statement.order_by(ObligationVersion.obligation_id, ObligationVersion.number)):
        written[version.obligation_id].append(version)
    terms = {
        number: tuple(_read_terms(version.terms, version.recorded_at, version.effective_on) for version in versions)
        for number, versions in written.items()
    }
    slugs = {number: {slug for each in versions_of for slug in courses_of(each.requirement)} for number, versions_of in terms.items()}
    every = {slug for slugs_of in slugs.values() for slug in slugs_of}
    courses = session.execute(select(Course.id, Course.slug).where(Course.slug.in_(every))).all()
    return [
        ObligationRules(
            row.id,
            row.audience_id,
            row.institution_id,
            terms.get(row.id, ()),
            {number: slug for number, slug in courses if slug in slugs.get(row.id, ())},
            written[row.id][-1].zone if row.id in written else "",
        )
        for row in obligations
    ]


@lru_cache(maxsize=1024)
def _read_terms(text: str, recorded_at: datetime, effective_on: date) -> ObligationTerms:
    return read_terms(json.loads(text), recorded_at, effective_on)


def load_records(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, TrainingRecord]:
    """Return the record of each of some people under an obligation, in eleven statements at most."""
    people_records = load_people_records(session, [rules], people)
    return {person: people_records.record_of(rules, person) for person in people}


_ByPerson = Mapping[int, Sequence[Fact]]
_ByPair = Mapping[tuple[int, int], Sequence[Fact]]
"""By the number of the person, and that of the audience, institution or course."""


@dataclass(frozen=True, slots=True)
class PeopleRecords:
    """Everything on record of some people under some obligations: read once for all of them."""

    defaults: Mapping[int, ZoneInfo]
    """The zone that holds where no unit has one, by the number of the obligation."""
    zones: _ByPerson[UnitZone]
    stays: _ByPair[RecordedSpan]
    entries: _ByPair[InstitutionEntry]
    closures: _ByPerson[tuple[datetime, datetime | None]]
    waivers: _ByPerson[tuple[int | None, WaivedSpan]]
    """With the obligation that each is about; None: every one."""
    done: _ByPair[AchievedCourse]
    recognised: _ByPair[tuple[date, AchievedCourse]]
    """Each with its day; the moment depends on the zone of the obligation."""
    starts: _ByPair[CourseStart]
    enrolled: _ByPair[datetime]

    def has_stayed(self, rules: ObligationRules, person: int) -> bool:
        """Say whether a person was ever in the audience of an obligation."""
        return (person, rules.audience_id) in self.stays

    def record_of(self, rules: ObligationRules, person: int) -> TrainingRecord:
        """Return the record of a person under one of the obligations."""
        zone = self.defaults[rules.obligation_id]
        waivers, courses = self.waivers.get(person, ()), rules.courses
        return TrainingRecord(
            zone,
            () if rules.zone else self.zones.get(person, ()),
            self.stays.get((person, rules.audience_id), ()),
            [waiver for obligation, waiver in waivers if obligation in (None, rules.obligation_id)],
            [span for closed_at, opened_at in self.closures.get(person, ()) for span in _closed_days(closed_at, opened_at, zone)],
            [
                *_of_courses(self.done, person, courses),
                *(replace(fact, achieved_at=first_instant(day, zone)) for day, fact in _of_courses(self.recognised, person, courses)),
            ],
            _of_courses(self.starts, person, courses),
            self.entries.get((person, rules.institution_id), ()),
            _of_courses(self.enrolled, person, courses),
        )


def _of_courses(facts: _ByPair[Fact], person: int, courses: Collection[int]) -> list[Fact]:
    return [fact for course in courses for fact in facts.get((person, course), ())]


def _closed_days(closed_at: datetime, opened_at: datetime | None, zone: ZoneInfo) -> list[RecordedSpan]:
    """Return the days with a closed account; before it was opened again, nobody knew on which day that would be."""
    first = closed_at.astimezone(zone).date()
    spans = [RecordedSpan(first, None, closed_at, opened_at)]
    if opened_at is not None and (last := opened_at.astimezone(zone).date() - timedelta(days=1)) >= first:
        spans.append(RecordedSpan(first, last, opened_at))
    return spans


def load_people_records(session: Session, every: Sequence[ObligationRules], people: Collection[int]) -> PeopleRecords:
    """Read what some obligations ask of some people, as columns, in eleven statements at most however many obligations there are."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    courses = {number: slug for rules in every for number, slug in rules.courses.items()}
    return PeopleRecords(
        {rules.obligation_id: ZoneInfo(rules.zone or zone_of(places, rules.institution_id)) for rules in every},
        {} if all(rules.zone for rules in every) else _zones(session, people, places),
        _stays(session, {rules.audience_id for rules in every}, people),
        _entries(session, {rules.institution_id for rules in every}, people),
        _closures(session, people),
        _waivers(session, people),
        _done(session, courses, people),
        _recognised(session, courses, people),
        _starts(session, courses, people),
        _enrolled(session, courses, people),
    )


def _rows(session: Session, statement: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    return connection_of(session).execute(statement).all()


def _stays(session: Session, audiences: Collection[int], people: Collection[int]) -> _ByPair[RecordedSpan]:
    stays, row = defaultdict[tuple[int, int], list[RecordedSpan]](list), AudienceStayRecord
    statement = select(row.person_id, row.audience_id, row.since_on, row.until_on, row.recorded_at, row.retracted_at)
    for person, audience, *span in _rows(session, statement.where(row.audience_id.in_(audiences), row.person_id.in_(people))):
        stays[person, audience].append(RecordedSpan(*span))
    return stays


def _entries(session: Session, institutions: Collection[int], people: Collection[int]) -> _ByPair[InstitutionEntry]:
    entries, row = defaultdict[tuple[int, int], list[InstitutionEntry]](list), Employment
    statement = select(row.person_id, row.institution_id, row.entered_on, row.recorded_at, row.retracted_at).where(
        row.institution_id.in_(institutions), row.person_id.in_(people), row.entered_on.is_not(None)
    )
    for person, institution, *entry in _rows(session, statement):
        entries[person, institution].append(InstitutionEntry(*entry))
    return entries


def _zones(session: Session, people: Collection[int], places: Mapping[int, UnitSummary]) -> _ByPerson[UnitZone]:
    zones, row = defaultdict[int, list[UnitZone]](list), Membership
    statement = select(row.person_id, row.organisation_id, row.since_on, row.since, row.recorded_at, row.retracted_at)
    for person, unit_id, since_on, since, recorded_at, retracted_at in _rows(
        session, statement.where(row.is_main, row.person_id.in_(people))
    ):
        zone = ZoneInfo(zone_of(places, unit_id))
        zones[person].append(UnitZone(since_on or since.astimezone(zone).date(), zone, recorded_at, retracted_at))
    return zones


def _closures(session: Session, people: Collection[int]) -> _ByPerson[tuple[datetime, datetime | None]]:
    closures, row = defaultdict[int, list[tuple[datetime, datetime | None]]](list), AccountFact
    statement = select(row.person_id, row.closed_at, row.opened_at).where(row.person_id.in_(people))
    for person, closed_at, opened_at in _rows(session, statement):
        closures[person].append((closed_at, opened_at))
    return closures


def _waivers(session: Session, people: Collection[int]) -> _ByPerson[tuple[int | None, WaivedSpan]]:
    waivers, row = defaultdict[int, list[tuple[int | None, WaivedSpan]]](list), Waiver
    statement = select(row.person_id, row.obligation_id, row.first_on, row.last_on, row.decided_at, row.revoked_at).where(
        row.person_id.in_(people), row.state.in_(APPROVED_ONCE)
    )
    for person, obligation, first_on, last_on, decided_at, revoked_at in _rows(session, statement):
        waivers[person].append((obligation, WaivedSpan(first_on, last_waived_day(first_on, last_on), decided_at, revoked_at)))
    return waivers


def _done(session: Session, courses: Mapping[int, str], people: Collection[int]) -> _ByPair[AchievedCourse]:
    done, row = defaultdict[tuple[int, int], list[AchievedCourse]](list), DoneFact
    statement = select(row.person_id, row.course_id, row.achieved_at, row.version, row.recorded_at, row.retracted_at, row.valid_until)
    for person, course, *fact in _rows(session, statement.where(row.person_id.in_(people), row.course_id.in_(courses))):
        done[person, course].append(AchievedCourse(courses[course], *fact))
    return done


def _recognised(session: Session, courses: Mapping[int, str], people: Collection[int]) -> _ByPair[tuple[date, AchievedCourse]]:
    recognised, row = defaultdict[tuple[int, int], list[tuple[date, AchievedCourse]]](list), Recognition
    statement = select(row.person_id, row.course_id, row.achieved_on, row.decided_at, row.revoked_at).where(
        row.person_id.in_(people), row.course_id.in_(courses), row.state.in_(APPROVED_ONCE)
    )
    for person, course, achieved_on, decided_at, revoked_at in _rows(session, statement):
        fact = AchievedCourse(courses[course], decided_at, None, decided_at, revoked_at)
        recognised[person, course].append((achieved_on, fact))
    return recognised


def _starts(session: Session, courses: Mapping[int, str], people: Collection[int]) -> _ByPair[CourseStart]:
    starts, row = defaultdict[tuple[int, int], list[CourseStart]](list), StartedFact
    statement = select(row.person_id, row.course_id, row.at).where(row.person_id.in_(people), row.course_id.in_(courses))
    for person, course, at in _rows(session, statement):
        starts[person, course].append(CourseStart(courses[course], at))
    return starts


def _enrolled(session: Session, courses: Mapping[int, str], people: Collection[int]) -> _ByPair[datetime]:
    moments, row = defaultdict[tuple[int, int], list[datetime]](list), Enrolment
    statement = select(row.person_id, row.course_id, row.enrolled_at).where(row.person_id.in_(people), row.course_id.in_(courses))
    for person, course, moment in _rows(session, statement):
        moments[person, course].append(moment)
    return moments
