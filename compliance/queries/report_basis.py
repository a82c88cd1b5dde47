"""The basis of every query of the report: the states of people at a moment as known at another, and the place that counts each.

Today people are counted in their present main place. On a past day they are counted in the main place that they had then, as it was
known then, by the rows of their memberships; the tree is that of today, since it has no history (spec/compulsory 11.3).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Integer, ScalarSelect, Select, and_, case, cast, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from accounts.people import can_sign_in_condition
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion
from compliance.queries.assignments import flags_at, state_at
from compliance.rules.documents import read_terms
from compliance.rules.pace import DAYS_LEFT, MINUTES_A_DAY, last_days_left
from compliance.rules.states import TrainingState
from compliance.rules.tally import MISSING, STATES, ReportState
from compliance.rules.terms import AnyRequirement, courses_of
from compliance.rules.working_days import WorkingDays
from courses.models import Activity, Course
from enrolments.models import Enrolment
from organisations.models import Membership, Organisation
from organisations.tree import MAIN, below

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
        version.title,
        version.number,
        tuple(courses_of(terms.requirement)),
        isinstance(terms.requirement, AnyRequirement),
        min(first_on, terms.starts),
        row.activated_at,
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
    """Return what a query begins with, for today or for a past day."""
    inside = below(select(Organisation.id).where(Organisation.id == filters.place_id))
    if not time.is_past:
        return ReportBasis(state_at(time.at), flags_at(time.at), Membership.organisation_id.expression, time, inside)
    standing = _places_then(time, None if filters.is_institution else inside)
    row = AssignmentState
    return ReportBasis(row.state.expression, row.flags.expression, standing.c.organisation_id, time, inside, standing)


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
    ended = or_(Membership.until.is_(None), Membership.until > time.known, Membership.until_on >= time.on)
    statement = select(
        Membership.person_id,
        Membership.organisation_id,
        func.row_number()
        .over(partition_by=Membership.person_id, order_by=(Membership.since_on.desc(), Membership.since.desc(), Membership.id.desc()))
        .label("place"),
    ).where(
        Membership.is_main,
        or_(Membership.since_on <= time.on, and_(Membership.since_on.is_(None), Membership.since <= time.at)),
        or_(ended, and_(Membership.until_on.is_(None), Membership.until > time.at)),
        Membership.recorded_at <= time.known,
        or_(Membership.retracted_at.is_(None), Membership.retracted_at > time.known),
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
