"""Reading what the Monday digest of heads and owners tells (spec/compulsory 10.6)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation, ObligationVersion
from compliance.queries.assignments import state_at
from compliance.queries.free_days import load_free_days, province_of
from compliance.queries.reminders import load_late_since
from compliance.rules.states import TrainingState
from compliance.rules.team_digests import LATE, AssignedPerson, HeadedTree, StateCount
from compliance.rules.working_days import WorkingDays
from organisations import tree
from organisations.models import Membership, UnitManager
from organisations.rules.units import UnitSummary, zone_of

PORTION = 500
_IN_FORCE = (Obligation.id == Assignment.obligation_id) & (Obligation.state == "active")
_MAIN = (Membership.person_id == Assignment.person_id) & tree.MAIN


@dataclass(frozen=True, slots=True)
class DigestReader:
    """Somebody who gets a digest, with the time zone and the working days of their place."""

    person_id: int
    zone: ZoneInfo
    working: WorkingDays


def load_heads(session: Session) -> Mapping[int, Collection[int]]:
    """Return who heads each place: its head, or all who manage it where none is named."""
    named, all_of = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for unit_id, person, is_head in session.execute(select(UnitManager.organisation_id, UnitManager.person_id, UnitManager.is_head)):
        all_of[unit_id].append(person)
        if is_head:
            named[unit_id].append(person)
    return {unit_id: named.get(unit_id) or people for unit_id, people in all_of.items()}


def list_readers(session: Session) -> list[DigestReader]:
    """List the heads of places and the owners of obligations, each once, by their number."""
    places, calendar = {unit.id: unit for unit in tree.list_tree(session)}, load_free_days(session)
    owned = select(Obligation.institution_id, Obligation.owner_id).where(Obligation.state == "active", Obligation.owner_id.is_not(None))
    unit_of_reader: dict[int, int] = {}
    for unit_id, people in sorted(load_heads(session).items()):
        for person in people:
            unit_of_reader.setdefault(person, unit_id)
    for unit_id, owner in session.execute(owned.order_by(Obligation.id)):
        if owner is not None:
            unit_of_reader.setdefault(owner, unit_id)
    return [
        DigestReader(person, ZoneInfo(zone_of(places, unit_id)), calendar.working_in(province_of(places, unit_id)))
        for person, unit_id in sorted(unit_of_reader.items())
    ]


def load_headed_tree(session: Session) -> HeadedTree:
    """Return the tree with its heads, and the obligations in force with their owners."""
    latest = (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest)
    rows = session.execute(
        select(Obligation.id, Obligation.owner_id, ObligationVersion.is_escalated)
        .join(ObligationVersion, latest)
        .where(Obligation.state == "active")
    ).all()
    places: Sequence[UnitSummary] = tree.list_tree(session)
    return HeadedTree(
        {unit.id: unit.parent_id for unit in places},
        load_heads(session),
        {row.id: row.owner_id for row in rows if row.owner_id is not None},
        frozenset(row.id for row in rows if row.is_escalated),
    )


def count_states(session: Session, now: datetime) -> list[StateCount]:
    """Count who is asked for something, by main place, obligation and state, in one statement; who is excused is not counted."""
    state = state_at(now)
    statement = (
        select(Membership.organisation_id, Assignment.obligation_id, state, func.count())
        .join(Obligation, _IN_FORCE)
        .join(Membership, _MAIN)
        .where(state.not_in([TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value]))
        .group_by(Membership.organisation_id, Assignment.obligation_id, state)
    )
    return [StateCount(unit_id, number, TrainingState(name), people) for unit_id, number, name, people in session.execute(statement)]


def list_assignments_of(session: Session, people: Collection[int], now: datetime) -> list[AssignedPerson]:
    """List what is asked of some people, with their main place."""
    state = state_at(now)
    statement = (
        select(Assignment.person_id, Membership.organisation_id, Assignment.obligation_id, state)
        .join(Obligation, _IN_FORCE)
        .join(Membership, _MAIN)
        .where(Assignment.person_id.in_(people), state.not_in([TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value]))
    )
    return [AssignedPerson(person, unit_id, number, TrainingState(name)) for person, unit_id, number, name in session.execute(statement)]


def list_late(session: Session) -> list[AssignedPerson]:
    """List who is overdue or expired under an obligation in force, with the day since when, some hundreds at a time."""
    assigned: list[AssignedPerson] = []
    after = 0
    while True:
        statement = (
            select(Assignment, Membership.organisation_id)
            .join(Obligation, _IN_FORCE)
            .outerjoin(Membership, _MAIN)
            .where(Assignment.id > after, Assignment.state.in_(sorted(state.value for state in LATE)))
        )
        rows = session.execute(statement.order_by(Assignment.id).limit(PORTION)).all()
        since = load_late_since(session, [row for row, _place in rows])
        assigned += [
            AssignedPerson(row.person_id, unit_id, row.obligation_id, TrainingState(row.state), since.get(row.id)) for row, unit_id in rows
        ]
        if len(rows) < PORTION:
            return assigned
        after = rows[-1][0].id
