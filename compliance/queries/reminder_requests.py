"""Reading whom a reminder would reach that is sent now: the people of a filter, and who of them is left out (spec/compulsory 10.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Notification
from compliance.models import Assignment, Obligation, Reminder, ReminderRequest
from compliance.permissions import PlaceReportContext
from compliance.queries.assignments import state_at
from compliance.queries.free_days import load_free_days, province_of
from compliance.rules.reminders import ReminderKind, sending_moment
from compliance.rules.states import NEEDED, TrainingState
from kernel.errors import NotFound
from kernel.permissions import Actor
from organisations import tree
from organisations.models import Membership, Organisation
from organisations.rules.units import zone_of
from organisations.training_scope import get_training_scope

PAUSE = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """The people of a reminder: an obligation, a place with everything below it, a state; None: every one with something left to do."""

    obligation: Obligation
    place: Organisation
    state: TrainingState | None
    context: PlaceReportContext

    @property
    def is_everybody(self) -> bool:
        """Say whether the place is the whole institution of the obligation."""
        return self.place.id == self.obligation.institution_id


def get_filter(session: Session, actor: Actor, obligation: UUID | None, unit: UUID | None, state: str) -> ReminderFilter:
    """Return a filter of people; raise NotFound where a part of it names nothing that is in force."""
    row = session.scalar(select(Obligation).where(Obligation.uuid == obligation, Obligation.state != "draft"))
    if row is None or (state and state not in {needed.value for needed in NEEDED}):
        raise NotFound
    chosen = session.get(Organisation, row.institution_id) if unit is None else tree.get_organisation(session, actor, unit)
    if chosen is None:
        raise NotFound
    context = PlaceReportContext(chosen.id, get_training_scope(session, actor))
    return ReminderFilter(row, chosen, TrainingState(state) if state else None, context)


def _people(obligation: int, unit_id: int | None, state: str, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the assignments of a filter; who is in no place counts for the whole institution alone."""
    present = state_at(now)
    conditions: list[ColumnElement[bool]] = [
        Assignment.obligation_id == obligation,
        present == state if state else present.in_(sorted(needed.value for needed in NEEDED)),
    ]
    if unit_id is not None:
        there = tree.below(select(Organisation.id).where(Organisation.id == unit_id))
        conditions.append(exists().where(Membership.person_id == Assignment.person_id, tree.MAIN, Membership.organisation_id.in_(there)))
    return conditions


def _is_recent(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a reminder of it went to somebody less than two days ago."""
    return exists().where(Reminder.assignment_id == Assignment.id, Reminder.reason == "", Reminder.at > now - PAUSE)


def _is_capped(key: str) -> ColumnElement[bool]:
    """Return the condition that somebody has had their mail of the day."""
    return exists().where(Notification.person_id == Assignment.person_id, Notification.key == key)


def _is_answered(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a reminder that was asked for was decided for somebody already, on any of these days."""
    mine = (Reminder.assignment_id == Assignment.id, Reminder.kind == ReminderKind.ASKED.value)
    return exists().where(*mine, Reminder.at > now - PAUSE)


@dataclass(frozen=True, slots=True)
class ReminderCounts:
    """The numbers that are seen before a reminder goes out: who gets it, who is left out and why."""

    reached: int
    recent: int
    capped: int

    @property
    def left_out(self) -> int:
        """Return how many get none."""
        return self.recent + self.capped


def count_people(session: Session, chosen: ReminderFilter, key: str, *, now: datetime) -> ReminderCounts:
    """Count the people of a filter in one statement: who had a reminder within two days, or any today, is left out."""
    unit_id = None if chosen.is_everybody else chosen.place.id
    recent, capped = or_(_is_recent(now), _is_answered(now)), _is_capped(key)
    groups = select(recent.label("recent"), capped.label("capped")).where(
        *_people(chosen.obligation.id, unit_id, chosen.state.value if chosen.state else "", now)
    )
    rows = groups.subquery()
    statement: Select[Any] = select(rows.c.recent, rows.c.capped, func.count()).group_by(rows.c.recent, rows.c.capped)
    counts = {(bool(row[0]), bool(row[1])): row[2] for row in session.execute(statement)}
    of_recent = counts.get((True, True), 0) + counts.get((True, False), 0)
    return ReminderCounts(counts.get((False, False), 0), of_recent, counts.get((False, True), 0))


def list_next(session: Session, row: ReminderRequest, keys: Sequence[str], limit: int, *, now: datetime) -> list[Assignment]:
    """Return the next assignments that a request has not come to, locked; `keys` are those of the notices of today."""
    obligation = session.get_one(Obligation, row.obligation_id)
    unit_id = None if row.place_id in (None, obligation.institution_id) else row.place_id
    statement = select(Assignment).where(
        *_people(row.obligation_id, unit_id, row.state, now),
        Assignment.id > row.reached,
        ~_is_recent(now),
        ~_is_answered(now),
        *(~_is_capped(key) for key in keys),
    )
    return list(session.scalars(statement.order_by(Assignment.id).limit(limit).with_for_update(of=Assignment)))


def lock_request(session: Session, number: int) -> ReminderRequest:
    """Return a request, locked."""
    return session.get_one(ReminderRequest, number, with_for_update=True)


def find_request(session: Session, number: UUID) -> ReminderRequest | None:
    """Return the request of a form that was sent before."""
    return session.scalar(select(ReminderRequest).where(ReminderRequest.uuid == number))


def moment_of(session: Session, chosen: ReminderFilter, now: datetime) -> tuple[datetime, ZoneInfo]:
    """Return when a reminder that is asked for now goes out, in office hours of its place, with its time zone."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    zone = ZoneInfo(zone_of(places, chosen.place.id))
    working = load_free_days(session).working_in(province_of(places, chosen.place.id))
    return sending_moment(now, zone, working), zone
