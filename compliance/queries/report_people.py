"""Listing the people of the report: some at a time by the index of names, all of them as a stream, one person before every obligation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from accounts.models import NationalIdentity, Person, full_name
from accounts.people import PageDirection, by_name
from accounts.rules import fold
from compliance.models import Assignment, Obligation, ObligationVersion
from compliance.queries.assignments import flags_at, state_at
from compliance.queries.report_basis import (
    MOST_OBLIGATIONS,
    ReportBasis,
    ReportTime,
    TrainingFilter,
    at_risk_condition,
    in_state,
    lacks_account,
    report_basis,
)
from compliance.rules.states import TrainingState
from compliance.rules.working_days import WorkingDays
from kernel.db import connection_of
from organisations.models import Employment, Organisation
from organisations.tree import EMPLOYED

BATCH = 1_000
WORDS = 6


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A part of the list: its way and, but for the end, the assignment from which it is counted."""

    way: PageDirection = PageDirection.AFTER
    assignment: UUID | None = None


@dataclass(frozen=True, slots=True)
class TrainingPersonRow:
    """One person under one obligation: the state, its days, the place that counts them; no address, mark or answer."""

    uuid: UUID
    """Of the assignment."""
    person: UUID
    person_id: int
    name: str
    place_id: int | None
    place: str
    obligation_id: int
    state: TrainingState
    flags: tuple[str, ...]
    last_on: date | None
    done_on: date | None
    valid_until: date | None
    staff_number: str
    is_at_risk: bool
    lacks_account: bool


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
    numbers = (Assignment.uuid, Person.uuid.label("person_uuid"), Person.id.label("person_id"), Organisation.id.label("place_id"))
    return _statement(session, time, filters, working, numbers)


def _statement(
    session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays, more: Sequence[Any]
) -> Select[*tuple[Any, ...]]:
    """Build the statement of what every list of people tells, in the order of `TrainingFileRow`, and some columns besides."""
    basis = report_basis(time, filters)
    risk, closed = at_risk_condition(basis, filters, working), false() if time.is_past else lacks_account(session)
    number = select(func.max(Employment.staff_number)).where(Employment.person_id == Person.id, EMPLOYED).scalar_subquery()
    columns = [
        *(Person.given_names, Person.first_surname, Person.second_surname, func.coalesce(number, "").label("staff_number")),
        *(func.coalesce(Organisation.name, "").label("place"), Assignment.obligation_id, basis.state.label("now")),
        *(func.coalesce(basis.flags, "").label("marks"), Assignment.last_on, Assignment.done_on, Assignment.valid_until),
        *(risk.label("risk"), closed.label("closed"), *more),
    ]
    statement = basis.start(select(*columns), filters).join(Person, Person.id == Assignment.person_id)
    statement = statement.join(Organisation, Organisation.id == basis.place, isouter=True)
    return statement.where(*_conditions(session, basis, filters, risk))


def _conditions(session: Session, basis: ReportBasis, filters: TrainingFilter, risk: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    conditions = list(in_state(session, basis, filters.state, risk)) if filters.state is not None else [_is_counted(basis)]
    for word in fold(filters.words).split()[:WORDS]:
        conditions.append(or_(Person.name_key.contains(word, autoescape=True), Organisation.name_key.contains(word, autoescape=True)))
    return conditions


def _is_counted(basis: ReportBasis) -> ColumnElement[bool]:
    return basis.state != TrainingState.NOT_REQUIRED.value


_KEY = (*by_name(), Assignment.obligation_id.expression)


def page_statement(statement: Select[*tuple[Any, ...]], page: ReportPage) -> Select[*tuple[Any, ...]]:
    """Put a list in order, from a place on; backwards from there, or from the end, but for what comes after."""
    backwards = page.way is not PageDirection.AFTER
    statement = statement.order_by(*(column.desc() if backwards else column for column in _KEY))
    if page.assignment is None or page.way is PageDirection.LAST:
        return statement
    there = [
        select(column)
        .select_from(Assignment)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.uuid == page.assignment)
        .correlate(None)
        .scalar_subquery()
        for column in _KEY
    ]
    here = tuple_(*_KEY)
    return statement.where(here < tuple_(*there) if backwards else here > tuple_(*there))


@dataclass(frozen=True, slots=True)
class TrainingPeople:
    """Some people of a list, and whether there are others before and after them."""

    rows: Sequence[TrainingPersonRow]
    has_previous: bool = False
    has_next: bool = False


def list_training_people(
    session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays, page: ReportPage, *, limit: int
) -> TrainingPeople:
    """List some of the people under some obligations by name, in one statement; the end costs what the beginning does."""
    if not filters.obligations:
        return TrainingPeople(())
    statement = page_statement(people_statement(session, time, filters, working), page).limit(limit + 1)
    rows = [_row(row) for row in session.execute(statement)]
    has_more, rows = len(rows) > limit, rows[:limit]
    if page.way is PageDirection.AFTER:
        return TrainingPeople(rows, page.assignment is not None, has_more)
    return TrainingPeople(rows[::-1], has_more, page.way is PageDirection.BEFORE)


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


_STATES: Mapping[str, TrainingState] = {state.value: state for state in TrainingState}


def _row(row: Any) -> TrainingPersonRow:
    staff, unit, obligation, now, marks, last_on, done_on, valid_until, risk, closed, uuid, person, number, place_id = row[3:]
    name, flags = full_name(row[0], row[1], row[2]), tuple(marks.split())
    days = (last_on, done_on, valid_until)
    return TrainingPersonRow(uuid, person, number, name, place_id, unit, obligation, _STATES[now], flags, *days, staff, risk, closed)


@dataclass(frozen=True, slots=True)
class PersonObligationRow:
    """One person under one obligation: its title, the state, and its days."""

    assignment: UUID
    key: str
    title: Mapping[str, str]
    state: TrainingState
    flags: tuple[str, ...]
    last_on: date | None
    done_on: date | None
    valid_until: date | None


def list_obligations_of(session: Session, person_id: int, now: datetime) -> list[PersonObligationRow]:
    """List every obligation that is or was a person's, by key, in one statement."""
    state, flags = state_at(now), flags_at(now)
    statement = (
        select(Assignment, Obligation.key, ObligationVersion.title, state, flags)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
        .where(Assignment.person_id == person_id)
        .order_by(Obligation.key)
        .limit(MOST_OBLIGATIONS)
    )
    return [
        PersonObligationRow(row.uuid, key, title, _STATES[now_in], tuple((marks or "").split()), row.last_on, row.done_on, row.valid_until)
        for row, key, title, now_in, marks in session.execute(statement)
    ]
