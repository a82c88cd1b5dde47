"""Records for the pure rules of compulsory training: the terms of obligations, and everything on record of some people."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
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
)
from compliance.rules.status import first_instant
from compliance.rules.terms import ObligationTerms, courses_of
from courses.models import Course
from enrolments.models import Enrolment
from organisations.models import AudienceStayRecord, Employment, Membership
from organisations.queries import tree
from organisations.rules import zone_of


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
    statement = select(ObligationVersion).where(ObligationVersion.obligation_id == obligation.id).order_by(ObligationVersion.number)
    versions = session.scalars(statement).all()
    terms = tuple(read_terms(json.loads(version.terms), version.recorded_at, version.effective_on) for version in versions)
    slugs = {slug for each in terms for slug in courses_of(each.requirement)}
    courses = dict(session.execute(select(Course.id, Course.slug).where(Course.slug.in_(slugs))).all())
    zone = versions[-1].zone if versions else ""
    return ObligationRules(obligation.id, obligation.audience_id, obligation.institution_id, terms, courses, zone)


def load_records(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, TrainingRecord]:
    """Return the record of each of some people under an obligation, in eleven statements at most."""
    places = {place.id: place for place in tree.list_tree(session)}
    default = ZoneInfo(rules.zone or zone_of(places, rules.institution_id))
    zones = {} if rules.zone else _zones(session, people, lambda place: ZoneInfo(zone_of(places, place)))
    stays, entries = _stays(session, rules, people), _entries(session, rules, people)
    done, starts, enrolled = _done(session, rules, people, default), _starts(session, rules, people), _enrolled(session, rules, people)
    waivers, closures = _waivers(session, rules, people), _closures(session, people, default)
    return {
        person: TrainingRecord(
            default,
            zones.get(person, ()),
            stays.get(person, ()),
            waivers.get(person, ()),
            closures.get(person, ()),
            done.get(person, ()),
            starts.get(person, ()),
            entries.get(person, ()),
            enrolled.get(person, ()),
        )
        for person in people
    }


def _stays(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, Sequence[RecordedSpan]]:
    found = defaultdict[int, list[RecordedSpan]](list)
    statement = select(AudienceStayRecord).where(
        AudienceStayRecord.audience_id == rules.audience_id, AudienceStayRecord.person_id.in_(people)
    )
    for row in session.scalars(statement):
        found[row.person_id].append(RecordedSpan(row.since_on, row.until_on, row.recorded_at, row.retracted_at))
    return found


def _entries(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, Sequence[InstitutionEntry]]:
    found = defaultdict[int, list[InstitutionEntry]](list)
    statement = select(Employment).where(Employment.institution_id == rules.institution_id, Employment.person_id.in_(people))
    for row in session.scalars(statement):
        if row.entered_on is not None:
            found[row.person_id].append(InstitutionEntry(row.entered_on, row.recorded_at, row.retracted_at))
    return found


def _zones(session: Session, people: Collection[int], zone_at: Callable[[int], ZoneInfo]) -> Mapping[int, Sequence[UnitZone]]:
    found = defaultdict[int, list[UnitZone]](list)
    statement = select(Membership).where(Membership.is_main, Membership.person_id.in_(people))
    for row in session.scalars(statement):
        zone = zone_at(row.organisation_id)
        since = row.since_on or row.since.astimezone(zone).date()
        found[row.person_id].append(UnitZone(since, zone, row.recorded_at, row.retracted_at))
    return found


def _closures(session: Session, people: Collection[int], zone: ZoneInfo) -> Mapping[int, Sequence[RecordedSpan]]:
    """Return the days with a closed account; before it was opened again, nobody knew on which day that would be."""
    found = defaultdict[int, list[RecordedSpan]](list)
    for row in session.scalars(select(AccountFact).where(AccountFact.person_id.in_(people))):
        first = row.closed_at.astimezone(zone).date()
        found[row.person_id].append(RecordedSpan(first, None, row.closed_at, row.opened_at))
        if row.opened_at is not None and (last := row.opened_at.astimezone(zone).date() - timedelta(days=1)) >= first:
            found[row.person_id].append(RecordedSpan(first, last, row.opened_at))
    return found


def _waivers(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, Sequence[WaivedSpan]]:
    found = defaultdict[int, list[WaivedSpan]](list)
    statement = select(Waiver).where(
        Waiver.person_id.in_(people),
        or_(Waiver.obligation_id.is_(None), Waiver.obligation_id == rules.obligation_id),
        Waiver.state.in_(APPROVED_ONCE),
    )
    for row in session.scalars(statement):
        last, decided = last_waived_day(row.first_on, row.last_on), cast("datetime", row.decided_at)
        found[row.person_id].append(WaivedSpan(row.first_on, last, decided, row.revoked_at))
    return found


def _done(session: Session, rules: ObligationRules, people: Collection[int], zone: ZoneInfo) -> Mapping[int, Sequence[AchievedCourse]]:
    found = defaultdict[int, list[AchievedCourse]](list)
    facts = select(DoneFact).where(DoneFact.person_id.in_(people), DoneFact.course_id.in_(rules.courses))
    for fact in session.scalars(facts):
        achieved = AchievedCourse(rules.courses[fact.course_id], fact.achieved_at, fact.version, fact.recorded_at, fact.retracted_at)
        found[fact.person_id].append(achieved)
    recognised = select(Recognition).where(
        Recognition.person_id.in_(people), Recognition.course_id.in_(rules.courses), Recognition.state.in_(APPROVED_ONCE)
    )
    for row in session.scalars(recognised):
        moment, decided = first_instant(row.achieved_on, zone), cast("datetime", row.decided_at)
        found[row.person_id].append(AchievedCourse(rules.courses[row.course_id], moment, None, decided, row.revoked_at))
    return found


def _starts(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, Sequence[CourseStart]]:
    found = defaultdict[int, list[CourseStart]](list)
    statement = select(StartedFact).where(StartedFact.person_id.in_(people), StartedFact.course_id.in_(rules.courses))
    for row in session.scalars(statement):
        found[row.person_id].append(CourseStart(rules.courses[row.course_id], row.at))
    return found


def _enrolled(session: Session, rules: ObligationRules, people: Collection[int]) -> Mapping[int, Sequence[datetime]]:
    found = defaultdict[int, list[datetime]](list)
    statement = select(Enrolment.person_id, Enrolment.enrolled_at).where(
        Enrolment.person_id.in_(people), Enrolment.course_id.in_(rules.courses)
    )
    for person, moment in session.execute(statement):
        found[person].append(moment)
    return found
