"""The record of people for the pure rules: their facts, read in few statements and written as they happen, and the rules of obligations."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, Select, String, bindparam, exists, func, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import AccountFact, DoneFact, Obligation, ObligationVersion, Recognition, StartedFact, Waiver
from compliance.rules.claims import APPROVED_ONCE, last_waived_day
from compliance.rules.documents import read_terms
from compliance.rules.record import (
    AchievedCourse,
    CourseStart,
    FactKind,
    InstitutionEntry,
    PersonFact,
    PersonFacts,
    RecordedPlace,
    RecordedSpan,
    TrainingRecord,
    UnitZone,
    WaivedSpan,
    first_instant,
    unit_zones,
)
from compliance.rules.terms import ObligationTerms, courses_of
from courses.models import Course, CourseVersion
from enrolments.models import Completion, Enrolment
from kernel.compiled_statements import compile_once, insertion
from kernel.db import UtcDateTime, connection_of
from kernel.i18n import site_locale
from organisations import tree
from organisations.models import AudienceList, AudienceListEntry, AudienceStayRecord, Employment, Membership, Post, PostSpelling
from organisations.rules.audiences import AudienceCandidate, EmploymentFact, HeldFact, ListFact, place_facts
from organisations.rules.units import TreeHistory, zone_of


def load_person_facts(
    session: Session, people: Collection[int], more: Sequence[Select[*tuple[Any, ...]]] = ()
) -> Mapping[int, PersonFacts]:
    """Return all facts of some people, by person and kind, with those that are selected besides, in one statement.

    What jobs have not written yet stands beside what they have.
    """
    facts: dict[int, PersonFacts] = {person: defaultdict(list) for person in people}
    for kind, person, *columns in session.execute(union_all(*_selects(people), *more)):
        facts[person][FactKind(kind)].append(PersonFact(*columns))
    return facts


def select_facts(kind: FactKind, person: Any, **columns: Any) -> Select[*tuple[Any, ...]]:
    """Select facts of a kind with the columns of `PersonFact`, NULL where it has none; the types are those of the first select."""
    types = (Date, Date, UtcDateTime, UtcDateTime, UtcDateTime, Integer, Integer, String)
    selected = [columns.get(name, as_type(null(), kind_of)).label(name) for name, kind_of in zip(PersonFact._fields, types, strict=True)]
    return select(as_type(kind.value, String).label("kind"), person.label("person"), *selected)


def _selects(people: Collection[int]) -> list[Select[*tuple[Any, ...]]]:
    stay, job, membership, closed = AudienceStayRecord, Employment, Membership, AccountFact
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
            membership.person_id,
            first_on=membership.since_on,
            recorded_at=membership.recorded_at,
            ended_at=membership.retracted_at,
            at=membership.since,
            key=membership.organisation_id,
        ).where(membership.person_id.in_(people), membership.is_main),
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
            last_on=done.valid_until,
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
            last_on=Completion.valid_until,
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


def candidate_selects(person_id: int) -> list[Select[*tuple[Any, ...]]]:
    """Select what rules of audiences ask of one person: employment, places, posts, lists, completions."""
    job, membership, listed = Employment, Membership, AudienceListEntry
    mine = (membership.person_id == person_id, membership.retracted_at.is_(None))
    return [
        select_facts(
            FactKind.EMPLOYED, job.person_id, first_on=job.entered_on, last_on=job.left_on, key=job.institution_id, course=job.staff_number
        ).where(job.person_id == person_id, job.retracted_at.is_(None)),
        select_facts(
            FactKind.BELONGS,
            membership.person_id,
            first_on=membership.since_on,
            last_on=membership.until_on,
            key=membership.organisation_id,
            version=membership.post_id,
        ).where(*mine),
        select_facts(FactKind.POST, membership.person_id, version=Post.id, course=Post.key)
        .join(Post, Post.id == membership.post_id)
        .where(*mine),
        select_facts(FactKind.POST, membership.person_id, version=PostSpelling.post_id, course=PostSpelling.key)
        .join(PostSpelling, PostSpelling.post_id == membership.post_id)
        .where(*mine),
        select_facts(FactKind.LISTED, listed.person_id, first_on=listed.since_on, last_on=listed.until_on, course=AudienceList.key)
        .join(AudienceList, AudienceList.id == listed.list_id)
        .where(listed.person_id == person_id),
        select_facts(FactKind.HELD, Enrolment.person_id, last_on=Completion.valid_until, at=Completion.completed_at, course=Course.slug)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id),
        select_facts(FactKind.SUSPENDED, Person.id, at=Person.suspended_at).where(Person.id == person_id, Person.suspended_at.is_not(None)),
    ]


def read_candidate(facts: PersonFacts, institution_id: int, history: TreeHistory) -> AudienceCandidate:
    """Return a person as the rule of an audience sees them; `load_candidates` reads the same for many."""
    zone = site_locale().zone
    posts: dict[int | None, tuple[str, ...]] = {None: ()}
    for fact in facts[FactKind.POST]:
        posts[fact.version] = tuple(dict.fromkeys((*posts.get(fact.version, ()), fact.course)))
    closed = [fact.at.astimezone(zone).date() for fact in facts[FactKind.SUSPENDED]]
    return AudienceCandidate(
        tuple(
            EmploymentFact(fact.course or "", fact.first_on, fact.last_on)
            for fact in facts[FactKind.EMPLOYED]
            if fact.key == institution_id
        ),
        closed[0] if closed else None,
        tuple(
            part
            for fact in facts[FactKind.BELONGS]
            for part in place_facts(history, fact.key or 0, posts.get(fact.version, ()), fact.first_on, fact.last_on)
        ),
        tuple(dict.fromkeys(ListFact(fact.course, fact.first_on, fact.last_on) for fact in facts[FactKind.LISTED])),
        tuple(HeldFact(fact.course, fact.at.astimezone(zone).date(), fact.last_on) for fact in facts[FactKind.HELD]),
    )


def note_completion(session: Session, enrolment_id: int, *, now: datetime) -> int | None:
    """Make the fact of a take agree with its completion; return whose it is, None where nothing changed.

    A completion that was taken back retracts the fact; one that changed retracts it and adds another.
    """
    enrolment = session.get(Enrolment, enrolment_id, with_for_update=True)
    if enrolment is None:
        return None
    fact = session.scalar(select(DoneFact).where(DoneFact.enrolment_id == enrolment_id, DoneFact.retracted_at.is_(None)))
    statement = (
        select(Completion, CourseVersion.number)
        .join(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .where(Completion.enrolment_id == enrolment_id)
    )
    row = session.execute(statement).one_or_none()
    completion, number = row if row is not None else (None, 0)
    achieved_at = None if completion is None else completion.achieved_at or completion.completed_at
    valid_until = None if completion is None else completion.valid_until
    values = (achieved_at, number, valid_until)
    if (fact.achieved_at, fact.version, fact.valid_until) == values if fact is not None else achieved_at is None:
        return None
    is_same_work = fact is not None and (fact.achieved_at, fact.version) == values[:2]
    if fact is not None:
        fact.retracted_at = now
        session.flush()
    if achieved_at is not None:
        session.add(
            DoneFact(
                person_id=enrolment.person_id,
                course_id=enrolment.course_id,
                enrolment_id=enrolment_id,
                version=number,
                achieved_at=achieved_at,
                recorded_at=now,
                valid_until=valid_until,
                is_reconstructed=fact is not None and fact.is_reconstructed and is_same_work,
            )
        )
    session.flush()
    return enrolment.person_id


_TAKE = compile_once(
    select(Enrolment.person_id, Enrolment.course_id, Enrolment.begun_at).where(Enrolment.id == bindparam("at")).with_for_update()
)
_IS_KEPT = compile_once(select(exists().where(StartedFact.enrolment_id == bindparam("at"))))
_STARTED = ("enrolment_id", "person_id", "course_id", "at", "is_reconstructed")


def note_beginning(session: Session, enrolment_id: int) -> int | None:
    """Keep that a take was begun; return whose it is, None where it was kept before or is not begun."""
    connection, at = connection_of(session), {"at": enrolment_id}
    take = connection.execute(_TAKE, at).one_or_none()
    if take is None or take.begun_at is None or connection.scalar(_IS_KEPT, at):
        return None
    values = (enrolment_id, take.person_id, take.course_id, take.begun_at, False)
    connection.execute(insertion(StartedFact, _STARTED), dict(zip(_STARTED, values, strict=True)))
    return int(take.person_id)


def note_account(session: Session, person_id: int, *, now: datetime) -> int | None:
    """Keep since when a person's account is closed, or that it was opened again; return whose it is, None where nothing changed."""
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        return None
    fact = session.scalar(select(AccountFact).where(AccountFact.person_id == person_id, AccountFact.opened_at.is_(None)))
    if (fact is None) == (person.suspended_at is None):
        return None
    if fact is None:
        session.add(AccountFact(person_id=person_id, closed_at=person.suspended_at))
    else:
        fact.opened_at = now
    session.flush()
    return person_id


def note_deletion(session: Session, person_id: int, *, now: datetime) -> None:
    """Keep since when the account of a person is closed who is deleted now."""
    closed = exists().where(AccountFact.person_id == person_id, AccountFact.opened_at.is_(None))
    if not session.scalar(select(closed)):
        session.add(AccountFact(person_id=person_id, closed_at=now))
        session.flush()


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
            terms=terms.get(row.id, ()),
            courses={number: slug for number, slug in courses if slug in slugs.get(row.id, ())},
            zone=written[row.id][-1].zone if row.id in written else "",
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
        """Return whether a person was ever in the audience of an obligation."""
        return (person, rules.audience_id) in self.stays

    def record_of(self, rules: ObligationRules, person: int) -> TrainingRecord:
        """Return the record of a person under one of the obligations."""
        zone = self.defaults[rules.obligation_id]
        waivers, courses = self.waivers.get(person, ()), rules.courses
        return TrainingRecord(
            zone,
            () if rules.zone else self.zones.get(person, ()),
            self.stays.get((person, rules.audience_id), ()),
            waivers=[waiver for obligation, waiver in waivers if obligation in (None, rules.obligation_id)],
            closures=[span for closed_at, opened_at in self.closures.get(person, ()) for span in _closed_days(closed_at, opened_at, zone)],
            completions=[
                *_of_courses(self.done, person, courses),
                *(replace(fact, achieved_at=first_instant(day, zone)) for day, fact in _of_courses(self.recognised, person, courses)),
            ],
            starts=_of_courses(self.starts, person, courses),
            entries=self.entries.get((person, rules.institution_id), ()),
            enrolled_at=_of_courses(self.enrolled, person, courses),
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
    history = tree.load_history(session)
    courses = {number: slug for rules in every for number, slug in rules.courses.items()}
    return PeopleRecords(
        {rules.obligation_id: ZoneInfo(rules.zone or zone_of(history.units, rules.institution_id)) for rules in every},
        {} if all(rules.zone for rules in every) else _zones(session, people, history),
        _stays(session, {rules.audience_id for rules in every}, people),
        entries=_entries(session, {rules.institution_id for rules in every}, people),
        closures=_closures(session, people),
        waivers=_waivers(session, people),
        done=_done(session, courses, people),
        recognised=_recognised(session, courses, people),
        starts=_starts(session, courses, people),
        enrolled=_enrolled(session, courses, people),
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


def _zones(session: Session, people: Collection[int], history: TreeHistory) -> _ByPerson[UnitZone]:
    row = Membership
    columns = (row.person_id, row.organisation_id, row.since_on, row.since, row.recorded_at, row.retracted_at)
    places = defaultdict[int, list[RecordedPlace]](list)
    for person, *columns_of_place in _rows(session, select(*columns).where(row.is_main, row.person_id.in_(people))):
        places[person].append(RecordedPlace(*columns_of_place))
    return {person: unit_zones(history, own) for person, own in places.items()}


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
