"""The training report: its places, people and numbers at a moment as known at another; exports are recorded (spec/compulsory 11 and 12).

Today people are counted in their present main place. On a past day they are counted in the main place that they had then, as it was
known then, by the rows of their memberships, and by what their places stood under on it, as known then (spec/compulsory 11.3).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Row,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from accounts.models import NationalIdentity, Person, full_name
from accounts.people import by_name, can_sign_in_condition, get_person_by_uuid, name_matches, was_deleted_condition
from accounts.rules import viewer_role
from compliance.access import PersonTrainingContext, PlaceReportContext
from compliance.assignments import flags_at, state_at
from compliance.audit_verbs import ComplianceVerb
from compliance.free_days import load_free_days, province_of, working_in
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion
from compliance.rules.documents import read_terms
from compliance.rules.history import INSTANT, MISSING, REQUIRED, STATES, VALID, ReportState, TrainingTally
from compliance.rules.pace import DAYS_LEFT, MINUTES_A_DAY, CycleSpan, last_days_left
from compliance.rules.record import first_instant
from compliance.rules.states import TrainingState
from compliance.rules.terms import DAY, AnyRequirement, WorkingDays, courses_of
from courses.models import Activity, Course
from enrolments.models import Enrolment
from kernel import audit
from kernel.db import KeysetPage, PageDirection, Stretch, connection_of
from kernel.errors import NotFound, require_found
from kernel.permissions import Actor
from organisations import tree as organisations_tree
from organisations.models import Employment, Membership, Organisation
from organisations.rules.units import OrganisationKind, UnitSummary, lineage, zone_of
from organisations.training_scope import get_training_scope, list_training_places
from organisations.tree import EMPLOYED, MAIN, belonged, below, below_on, has_staff_number

MOST_OBLIGATIONS = 500
MOST_DAYS_AHEAD = 60
"""Working days: who has more than that left is not at risk for the minutes that remain."""


class PlacePart(StrEnum):
    """The part of a place whose people are asked for."""

    ALL = "all"
    HERE = "here"
    """Who is counted in the place itself, not in what stands below it."""
    ELSEWHERE = "elsewhere"
    """Who is required by an institution and is counted in no place of it."""


@dataclass(frozen=True, slots=True)
class ReportTime:
    """The two moments that a report speaks of, and the local day of the first."""

    on: date
    at: datetime
    known: datetime
    is_past: bool = False
    tree_on: date | None = None
    """The day whose tree it is counted by, as known at `tree_known`; None: its own."""
    tree_known: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportObligation:
    """An obligation as the report reads it: its newest title, what it requires, since when it is on record."""

    id: int
    uuid: UUID
    key: str
    title: Mapping[str, str]
    version: int
    courses: tuple[str, ...]
    is_any: bool
    """Any one of its courses is enough."""
    first_on: date
    known_since: datetime


@dataclass(frozen=True, slots=True)
class TrainingFilter:
    """The people of a report that are asked for: of which place, under which obligations, in which state, of which name."""

    place_id: int
    is_institution: bool
    obligations: tuple[ReportObligation, ...]
    part: PlacePart = PlacePart.ALL
    state: ReportState | None = None
    words: str = ""

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the obligations."""
        return [obligation.id for obligation in self.obligations]


def list_report_obligations(session: Session, institution_id: int) -> list[ReportObligation]:
    """List what was ever in force in an institution, by key, in one statement."""
    earlier = aliased(ObligationVersion)
    first = select(func.min(earlier.effective_on)).where(earlier.obligation_id == Obligation.id).scalar_subquery()
    statement = (
        select(Obligation, ObligationVersion, first)
        .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
        .where(Obligation.institution_id == institution_id, Obligation.state != "draft", Obligation.forgotten_at.is_(None))
        .order_by(Obligation.key)
        .limit(MOST_OBLIGATIONS)
    )
    return [_obligation(*row) for row in session.execute(statement)]


def _obligation(row: Obligation, version: ObligationVersion, first_on: date) -> ReportObligation:
    terms = read_terms(json.loads(version.terms), version.recorded_at, version.effective_on)
    assert row.activated_at is not None, "what is no draft was activated"
    return ReportObligation(
        row.id,
        row.uuid,
        row.key,
        title=version.title,
        version=version.number,
        courses=tuple(courses_of(terms.requirement)),
        is_any=isinstance(terms.requirement, AnyRequirement),
        first_on=min(first_on, terms.starts),
        known_since=row.activated_at,
    )


@dataclass(frozen=True, slots=True)
class ReportBasis:
    """The columns and the joins that a query of the report begins with."""

    state: ColumnElement[str]
    flags: ColumnElement[str]
    place: ColumnElement[Any]
    time: ReportTime
    inside: Select[int]
    """The wanted place and everything below it."""
    standing: CTE | None = None
    """The places of people on a past day."""

    def start(self, statement: Select[*tuple[Any, ...]], filters: TrainingFilter) -> Select[*tuple[Any, ...]]:
        """Join what the states of the wanted people are read from; with conditions on obligations, moments and places."""
        statement = statement.select_from(Assignment)
        if self.standing is None:
            on: ColumnElement[bool] = and_(Membership.person_id == Assignment.person_id, MAIN)
            statement = statement.join(Membership, on, isouter=filters.is_institution)
        else:
            statement = statement.join(AssignmentState, AssignmentState.assignment_id == Assignment.id)
            on = self.standing.c.person_id == Assignment.person_id
            statement = statement.join(self.standing, on, isouter=filters.is_institution).where(*_as_known(self.time))
        return statement.where(Assignment.obligation_id.in_(filters.numbers), *self._inside(filters))

    def _inside(self, filters: TrainingFilter) -> Sequence[ColumnElement[bool]]:
        if filters.part is PlacePart.HERE:
            return (self.place == filters.place_id,)
        inside = self.place.in_(self.inside)
        if filters.part is PlacePart.ELSEWHERE:
            return (or_(self.place.is_(None), ~inside),)
        return () if filters.is_institution else (inside,)


def report_basis(time: ReportTime, filters: TrainingFilter) -> ReportBasis:
    """Return the statement that a query begins with, for today or for a past day."""
    root = select(Organisation.id).where(Organisation.id == filters.place_id)
    if not time.is_past:
        inside = below(root)
        return ReportBasis(state_at(time.at), flags_at(time.at), Membership.organisation_id.expression, time, inside)
    inside = below_on(root, time.tree_on or time.on, time.tree_known or time.known)
    standing = _places_then(time, None if filters.is_institution else inside)
    row = AssignmentState
    return ReportBasis(row.state.expression, row.flags.expression, standing.c.organisation_id, time=time, inside=inside, standing=standing)


def _as_known(time: ReportTime) -> Sequence[ColumnElement[bool]]:
    row = AssignmentState
    return (
        row.valid_from <= time.at,
        or_(row.valid_to.is_(None), row.valid_to > time.at),
        row.known_from <= time.known,
        or_(row.known_to.is_(None), row.known_to > time.known),
    )


def _places_then(time: ReportTime, inside: Select[int] | None) -> CTE:
    """Select the one main place of each person on a past day, as known then: the latest where several were told."""
    statement = select(
        Membership.person_id,
        Membership.organisation_id,
        func.row_number()
        .over(partition_by=Membership.person_id, order_by=(Membership.since_on.desc(), Membership.since.desc(), Membership.id.desc()))
        .label("place"),
    ).where(
        Membership.is_main,
        *belonged(time.on, time.at, time.known),
    )
    if inside is not None:
        ever = select(Membership.person_id).where(Membership.organisation_id.in_(inside))
        statement = statement.where(Membership.person_id.in_(ever))
    each = statement.subquery()
    return select(each.c.person_id, each.c.organisation_id).where(each.c.place == 1).cte("stood_then")


def lacks_account(session: Session) -> ColumnElement[bool]:
    """Return the condition that a person of the statement has no account in which they can sign in."""
    return ~can_sign_in_condition(session)


def at_risk_condition(basis: ReportBasis, filters: TrainingFilter, working: WorkingDays) -> ColumnElement[bool]:
    """Return the condition that a person may not finish in time, the SQL of `compliance.rules.pace.is_at_risk` (spec/compulsory 11.6).

    The minutes left are those of the published course for the share of its required activities that is not done.
    """
    if basis.time.is_past or not filters.obligations:
        return false()
    days = last_days_left(basis.time.on, MOST_DAYS_AHEAD, working)
    left = case(*((Assignment.last_on <= day, number) for number, day in enumerate(days)), else_=MOST_DAYS_AHEAD + 1)
    minutes, most = _minutes(filters.obligations)
    is_near = and_(Assignment.last_on <= days[-1], Assignment.last_on <= _last_day_of(most, days), minutes > MINUTES_A_DAY * left)
    not_started = and_(basis.state == TrainingState.NOT_STARTED.value, Assignment.last_on <= days[DAYS_LEFT])
    unfinished = basis.state.in_([state.value for state in STATES[ReportState.AT_RISK]])
    return case((not_started, True), (and_(unfinished, is_near), True), else_=False)  # SQLite stops at the first false part here alone


def _last_day_of(most: ScalarSelect[float], days: Sequence[date]) -> ScalarSelect[date]:
    """Return the last of some days on which so many minutes are too many for the working days left: worked out once for all rows."""
    each = union_all(
        *(select(literal(number * MINUTES_A_DAY).label("minutes"), literal(day).label("day")) for number, day in enumerate(days))
    )
    rows = each.subquery()
    return select(func.max(rows.c.day)).where(rows.c.minutes < most).scalar_subquery()


def _minutes(obligations: Sequence[ReportObligation]) -> tuple[ColumnElement[float], ScalarSelect[float]]:
    """Return the minutes that somebody has left, of all courses of an obligation or of the shortest where any one is enough;
    and the most that anybody may have left.
    """
    minutes = (
        select(Course.id, Course.slug, func.sum(Activity.minutes).label("minutes"))
        .join(Activity, and_(Activity.version_id == Course.published_version_id, Activity.required))
        .where(Course.slug.in_({slug for obligation in obligations for slug in obligation.courses}))
        .group_by(Course.id, Course.slug)
        .cte("course_minutes")
    )
    required = union_all(
        *(
            select(literal(obligation.id, Integer).label("obligation_id"), literal(slug).label("slug"))
            for obligation in obligations
            for slug in obligation.courses
        )
    ).cte("asked_course")
    open_share = case((Enrolment.total > 0, (Enrolment.total - Enrolment.done) * 1.0 / Enrolment.total), else_=1.0)
    each = minutes.c.minutes * open_share
    alternatives = [obligation.id for obligation in obligations if obligation.is_any]
    total = case((Assignment.obligation_id.in_(alternatives), func.min(each)), else_=func.sum(each)) if alternatives else func.sum(each)
    present = and_(Enrolment.person_id == Assignment.person_id, Enrolment.course_id == minutes.c.id, Enrolment.superseded_at.is_(None))
    statement = (
        select(total)
        .select_from(required)
        .join(minutes, minutes.c.slug == required.c.slug)
        .outerjoin(Enrolment, present)
        .where(required.c.obligation_id == Assignment.obligation_id)
        .correlate(Assignment)
    )
    whole = (
        select(func.sum(minutes.c.minutes).label("minutes"))
        .select_from(required)
        .join(minutes, minutes.c.slug == required.c.slug)
        .group_by(required.c.obligation_id)
        .subquery()
    )
    return func.coalesce(statement.scalar_subquery(), 0), select(func.max(whole.c.minutes)).scalar_subquery()


def in_state(session: Session, basis: ReportBasis, state: ReportState, at_risk: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a filter puts on states; `at_risk` is the one of `at_risk_condition`."""
    conditions: list[ColumnElement[bool]] = [basis.state.in_([training_state.value for training_state in STATES[state]])]
    if state is ReportState.AT_RISK:
        conditions.append(at_risk)
    if state is ReportState.NO_ACCOUNT:
        conditions.append(lacks_account(session))
    return conditions


def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows of a group fulfil a condition."""
    return func.sum(cast(case((condition, 1), else_=0), Integer))


def unfinished(basis: ReportBasis) -> ColumnElement[bool]:
    """Return the condition that somebody has still to do it."""
    return basis.state.in_([state.value for state in MISSING])


@dataclass(frozen=True, slots=True)
class ReportPlaceContext(PlaceReportContext):
    """A place of the report before an actor, and the tree in which it stands."""

    place: UnitSummary
    tree: Sequence[UnitSummary] = field(repr=False)
    """As it stood on the day of the report, as known then."""
    zone: ZoneInfo
    """By which the days of the place are."""
    is_assumed: bool = False
    """The log does not say it of all places."""

    @property
    def is_institution(self) -> bool:
        """Return whether it is the root of its tree, where those in no place are counted too."""
        return self.place.kind is OrganisationKind.INSTITUTION

    @property
    def path(self) -> list[UnitSummary]:
        """Return the institution, what stands between, and the place."""
        places = self.by_number
        parents = {number: unit.parent_id for number, unit in places.items()}
        return [places[number] for number in reversed(lineage(parents, self.place.id))]

    @property
    def by_number(self) -> Mapping[int, UnitSummary]:
        """Return the places of the tree by their numbers."""
        return {unit.id: unit for unit in self.tree}

    @property
    def children(self) -> list[UnitSummary]:
        """Return the places directly below the place, by name."""
        return sorted((unit for unit in self.tree if unit.parent_id == self.place.id), key=lambda unit: (unit.name_key, unit.id))


def get_report_place(
    session: Session, actor: Actor, organisation: UUID, on: date | None = None, known: date | None = None, *, now: datetime
) -> ReportPlaceContext:
    """Return a place of the report by what addresses name it, of today, or of a past day as known on another; raise NotFound.

    Who sees it on a past day is decided by what stood above it then.
    """
    places = organisations_tree.list_tree(session)
    chosen = require_found(next((unit for unit in places if unit.uuid == organisation), None))
    zone = ZoneInfo(zone_of({unit.id: unit for unit in places}, chosen.id))
    time = report_time(on, known, zone, now)
    if not time.is_past:
        return ReportPlaceContext(chosen.id, get_training_scope(session, actor), chosen, places, zone)
    history = organisations_tree.load_history(session, time.known)
    then = history.on(time.on)
    is_assumed = history.is_assumed(time.on, chosen.id)
    return ReportPlaceContext(
        chosen.id, get_training_scope(session, actor, then), then[chosen.id], [*then.values()], zone, is_assumed=is_assumed
    )


def report_time(on: date | None, known: date | None, zone: ZoneInfo, now: datetime) -> ReportTime:
    """Return the moments of a report of a day as known on another: their last, or this one where a day is not over; None: today."""
    today = now.astimezone(zone).date()
    day = on or today
    seen = known or day
    if day == seen == today or not seen >= day <= today >= seen:
        return ReportTime(today, now, now)
    return ReportTime(day, end_of_day(day, zone, now), end_of_day(seen, zone, now), is_past=True)


def end_of_day(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last moment of a day that has come; of today this one."""
    return min(now, first_instant(day + DAY, zone) - INSTANT)


@dataclass(frozen=True, slots=True)
class ReportRootsContext(PlaceReportContext):
    """The places with which somebody begins: the highest of those whose report they may see."""

    roots: Sequence[UnitSummary] = field(repr=False)


def get_report_roots(session: Session, actor: Actor, **_address: object) -> ReportRootsContext:
    """Return the highest places whose report the actor may see, by name; raise NotFound where there is none.

    An administrator sees that there is none yet.
    """
    places, scope = organisations_tree.list_tree(session), get_training_scope(session, actor)
    seen = {unit.id for unit in places if scope.sees_any({unit.id})}
    roots = sorted((unit for unit in places if unit.id in seen and unit.parent_id not in seen), key=lambda unit: (unit.name_key, unit.id))
    if not roots and not scope.everywhere:
        raise NotFound
    return ReportRootsContext(roots[0].id if roots else 0, scope, roots)


@dataclass(frozen=True, slots=True)
class ReportedPersonContext(PersonTrainingContext):
    """A person before somebody who sees their compulsory training."""

    uuid: UUID
    name: str


def get_reported_person(session: Session, actor: Actor, person: UUID, **_address: object) -> ReportedPersonContext:
    """Return a person with the places by which it is decided who sees their training; raise NotFound."""
    reported = get_person_by_uuid(session, person)
    places = list_training_places(session, [reported.id])[reported.id]
    return ReportedPersonContext(reported.id, places, get_training_scope(session, actor), reported.uuid, reported.full_name)


def get_working_days(session: Session, context: ReportPlaceContext) -> WorkingDays:
    """Return the working days of a place: without those free in the whole country, or in its province."""
    return working_in(load_free_days(session), province_of(context.by_number, context.place.id))


BATCH = 1_000
WORDS = 6


class TrainingFileRow(NamedTuple):
    """One person under one obligation, as files hold it: a plain tuple, because a file may have a million of them."""

    name: str
    staff_number: str
    identity: str
    """Empty where it was not requested."""
    place: str
    obligation_id: int
    state: str
    flags: str
    """Parted by blanks."""
    last_on: date | None
    done_on: date | None
    valid_until: date | None
    is_at_risk: bool
    lacks_account: bool


def people_statement(session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays) -> Select[*tuple[Any, ...]]:
    """Build the statement of the people under some obligations, without an order."""
    return _statement(session, time, filters, working, (Person, Assignment.uuid, was_deleted_condition().label("is_deleted")))


def _statement(
    session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays, more: Sequence[Any]
) -> Select[*tuple[Any, ...]]:
    """Build the statement of what every list of people tells, in the order of `TrainingFileRow`, and some columns besides."""
    basis = report_basis(time, filters)
    risk, closed = at_risk_condition(basis, filters, working), false() if time.is_past else lacks_account(session)
    number = select(func.max(Employment.staff_number)).where(Employment.person_id == Person.id, EMPLOYED).scalar_subquery()
    columns = [
        *(Person.given_names, Person.first_surname, Person.second_surname, func.coalesce(number, "").label("staff_number")),
        *(func.coalesce(Organisation.name, "").label("place"), Assignment.obligation_id, basis.state.label("state")),
        *(func.coalesce(basis.flags, "").label("flags"), Assignment.last_on, Assignment.done_on, Assignment.valid_until),
        *(risk.label("is_at_risk"), closed.label("lacks_account"), *more),
    ]
    statement = basis.start(select(*columns), filters).join(Person, Person.id == Assignment.person_id)
    statement = statement.join(Organisation, Organisation.id == basis.place, isouter=True)
    return statement.where(*_conditions(session, basis, filters, risk))


def _conditions(session: Session, basis: ReportBasis, filters: TrainingFilter, risk: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    conditions = (
        list(in_state(session, basis, filters.state, risk))
        if filters.state is not None
        else [basis.state != TrainingState.NOT_REQUIRED.value]
    )
    return [*conditions, *name_matches(filters.words, with_address=False, also=_unit_or_number)]


def _unit_or_number(word: str) -> SQLColumnExpression[bool]:
    return or_(Organisation.name_key.contains(word, autoescape=True), has_staff_number(word, EMPLOYED))


_KEY = (*by_name(), Assignment.obligation_id.expression)


def page_statement(statement: Select[*tuple[Any, ...]], page: KeysetPage) -> Select[*tuple[Any, ...]]:
    """Put a list in order, from a place on; backwards from there, or from the end, but for what comes after."""
    backwards = page.is_backwards
    statement = statement.order_by(*(column.desc() if backwards else column for column in _KEY))
    if page.row is None or page.way is PageDirection.LAST:
        return statement
    there = [
        select(column)
        .select_from(Assignment)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.uuid == page.row)
        .correlate(None)
        .scalar_subquery()
        for column in _KEY
    ]
    here = tuple_(*_KEY)
    return statement.where(here < tuple_(*there) if backwards else here > tuple_(*there))


def list_training_people(
    session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays, page: KeysetPage, *, limit: int
) -> Stretch[Row[*tuple[Any, ...]]]:
    """List some of the people under some obligations by name, in one statement; the end costs what the beginning does.

    Each has what `TrainingFileRow` has, flags parted by blanks too, with the `Person`, whether their account was deleted (`is_deleted`):
    then they have no page, and the `uuid` of the assignment.
    """
    if not filters.obligations:
        return Stretch(())
    statement = page_statement(people_statement(session, time, filters, working), page).limit(limit + 1)
    return page.of(session.execute(statement).all(), limit)


def stream_training_people(
    session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays, *, identities: bool = False
) -> Iterator[TrainingFileRow]:
    """Yield everybody, some at a time: memory does not grow with their number."""
    if not filters.obligations:
        return
    if identities:
        statement = _statement(session, time, filters, working, [func.coalesce(NationalIdentity.number, "")])
        statement = statement.outerjoin(NationalIdentity, NationalIdentity.person_id == Person.id)
    else:
        statement = _statement(session, time, filters, working, [literal("")])
    rows = connection_of(session).execute(statement.order_by(*_KEY), execution_options={"yield_per": BATCH})
    for given_names, first_surname, second_surname, staff_number, *facts, identity in rows:
        yield TrainingFileRow(full_name(given_names, first_surname, second_surname), staff_number, identity, *facts)


def list_obligations_of(session: Session, person_id: int, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """List every obligation that is or was a person's with its title, state and days, by key, in one statement."""
    columns = (Assignment.uuid, Obligation.key, ObligationVersion.title, Assignment.last_on, Assignment.done_on, Assignment.valid_until)
    statement = (
        select(*columns, state_at(now).label("state"), flags_at(now).label("flags"))
        .select_from(Assignment)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
        .where(Assignment.person_id == person_id)
        .order_by(Obligation.key)
        .limit(MOST_OBLIGATIONS)
    )
    return session.execute(statement).all()


@dataclass(frozen=True, slots=True)
class PlaceTally:
    """The people of a place by state, and the cycles of those of whom it is required."""

    tally: TrainingTally
    spans: Mapping[CycleSpan, int]


CountedPlaces = Mapping[tuple[int, int | None], PlaceTally]
"""By the number of the obligation and that of the place: what is counted in it itself."""


def counts_statement(session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays) -> Select[*tuple[Any, ...]]:
    """Build the statement of `count_states`."""
    basis = report_basis(time, filters)
    key = (Assignment.obligation_id, basis.place, basis.state)
    if time.is_past:
        return basis.start(select(*key, func.count()), filters).group_by(*key)
    cycle = (Assignment.opened_on, Assignment.due_on)
    without_account = Assignment.person_id.in_(select(Person.id).where(lacks_account(session)))  # PostgreSQL joins every person slowly
    sums = (
        func.count(),
        counted(at_risk_condition(basis, filters, working)),
        counted(and_(unfinished(basis), without_account)),
    )
    return basis.start(select(*key, *sums, *cycle), filters).group_by(*key, *cycle)


def count_states(session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays) -> CountedPlaces:
    """Count the people of some places by obligation, place and state, each once under each obligation.

    On a past day nobody is told to be at risk, and nothing of cycles: that was not recorded.
    """
    if not filters.obligations:
        return {}
    tallies = dict[tuple[int, int | None], PlaceTally]()
    names = {state.value: state for state in TrainingState}
    grouped = defaultdict[tuple[int, int | None], list[Any]](list)
    for row in connection_of(session).execute(counts_statement(session, time, filters, working)).all():
        grouped[row[0], row[1]].append(row)
    for key, rows in grouped.items():
        states, spans, risk, closed = dict[TrainingState, int](), dict[CycleSpan, int](), 0, 0
        for row in rows:
            state = names[row[2]]
            states[state] = states.get(state, 0) + row[3]
            if time.is_past:
                continue
            risk, closed = risk + row[4], closed + row[5]
            if state in REQUIRED:
                span = (row[6], row[7])
                spans[span] = spans.get(span, 0) + row[3]
        tallies[key] = PlaceTally(TrainingTally(states, risk, closed), spans)
    return tallies


def people_count_statement(time: ReportTime, filters: TrainingFilter) -> Select[int]:
    """Build the statement of `count_people`."""
    basis = report_basis(time, filters)
    statement = basis.start(select(func.count(Assignment.person_id.distinct())), filters)
    return statement.where(basis.state.in_([state.value for state in REQUIRED]))


def count_people(session: Session, time: ReportTime, filters: TrainingFilter) -> int:
    """Count the people of whom something is required, each once however many trainings they have."""
    return session.scalar(people_count_statement(time, filters)) or 0 if filters.obligations else 0


def done_statement(time: ReportTime, filters: TrainingFilter) -> Select[*tuple[Any, ...]]:
    """Build the statement of `count_done_by_day`."""
    basis = report_basis(time, filters)
    statement = select(Assignment.done_on, func.count())
    of_all = statement.where(Assignment.obligation_id.in_(filters.numbers))
    statement = of_all if filters.is_institution else basis.start(statement, filters)
    return statement.where(basis.state.in_([state.value for state in VALID])).group_by(Assignment.done_on)


def count_done_by_day(session: Session, time: ReportTime, filters: TrainingFilter) -> Mapping[date, int]:
    """Count on which local day those were done who are valid today."""
    if not filters.obligations:
        return {}
    return {row[0]: row[1] for row in connection_of(session).execute(done_statement(time, filters)) if row[0] is not None}


def record_training_export(session: Session, actor: Actor, place_id: int, name: str, *, reason: str = "", now: datetime) -> None:
    """Record that a table of a place was taken out under the name of its file; the reason is that for identity numbers."""
    facts = {"what": name, "identities": True, "reason": reason} if reason else {"what": name}
    place, role = session.get_one(Organisation, place_id), viewer_role(actor, training=True)
    audit.record(session, actor, ComplianceVerb.REPORT_EXPORTED, place, now=now, role=role, **facts)


def record_person_export(session: Session, actor: Actor, person_id: int, name: str, *, now: datetime) -> None:
    """Record that one person's compulsory training was taken out under the name of its file."""
    audit.record(session, actor, ComplianceVerb.PERSON_EXPORTED, session.get_one(Person, person_id), now=now, what=name)
