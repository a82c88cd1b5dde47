"""Verbs of membership: let people belong to places in a post, as their main or a further one, and end that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations.models import Employment, InstitutionAdministrator, Membership, Organisation, TrainingGrant, UnitManager
from organisations.queries import tree as queries
from organisations.rules import EmploymentDays, UnitSummary, institution_of, local_day
from organisations.services.employment import EmploymentValues, record_employments

A_DAY = timedelta(days=1)


class MembershipVerb(StrEnum):
    """The audit-log verbs of membership."""

    PLACED = "membership.placed"
    POST_CHANGED = "membership.post_changed"
    FURTHER_CHANGED = "membership.further_changed"
    TAKEN_OUT = "membership.ended"
    PEOPLE_MOVED = "organisation.people_moved"


@dataclass(frozen=True, slots=True)
class MembershipValues:
    """The places that a person is to have, by their numbers, and the post in the main one; None: as it is."""

    place: int | None = None
    post: int | None = None
    further: frozenset[int] | None = None
    since_on: date | None = None
    """The first day of what is new, where the institution says it."""


@dataclass(slots=True)
class _Changes:
    """The rows to write: some end with their last day, some never were true, some are new."""

    ended: dict[int, date] = field(default_factory=dict)
    retracted: list[int] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)


def assign_member(session: Session, actor: Actor, person: Person, unit: Organisation, *, now: datetime) -> bool:
    """Let a place be a person's main one from now on; return whether that changed anything. Raise Conflict where it is closed."""
    return assign_members(session, actor, {person.id: MembershipValues(unit.id)}, now=now) == 1


def assign_members(session: Session, actor: Actor, memberships: Mapping[int, MembershipValues], *, now: datetime) -> int:
    """Let some hundreds of people have places and posts from now on, by their numbers; return how many changed.

    A post that was not known holds from the first day in the place; another post begins today. Raise Conflict where a place is closed.
    """
    _lock_open(
        {unit_id for values in memberships.values() for unit_id in ({values.place} | (values.further or frozenset())) - {None}}, session
    )
    known = select(Person).where(Person.id.in_(memberships)).order_by(Person.id).with_for_update(key_share=True)
    people = {row.id: row for row in session.scalars(known)}
    present, places = _present_rows(session, memberships), {unit.id: unit for unit in queries.list_tree(session)}
    changes = _Changes()
    moved = [
        (person, event)
        for person, values in memberships.items()
        for event in _plan(changes, person, values, present.get(person, ()), places, now)
    ]
    _write(session, changes, now)
    _employ(session, actor, memberships, places, now)
    for person, (verb, facts) in moved:
        audit.record(session, actor, verb, people[person], now=now, **facts)
    return len({person for person, _event in moved})


def _employ(
    session: Session, actor: Actor, memberships: Mapping[int, MembershipValues], places: Mapping[int, UnitSummary], now: datetime
) -> None:
    """Let those who belong to a place work at its institution, as far as that was not said."""
    by_day = defaultdict[date, dict[int, EmploymentValues]](dict)
    for person, values in memberships.items():
        if values.place is not None:
            employment = EmploymentValues(institution_of(places, values.place), EmploymentDays(), back=True)
            by_day[local_day(places, values.place, now)][person] = employment
    for day, said_then in by_day.items():
        record_employments(session, actor, said_then, day, now=now)


def _lock_open(unit_ids: Iterable[int | None], session: Session) -> None:
    locked = select(Organisation).where(Organisation.id.in_(set(unit_ids))).order_by(Organisation.id)
    for unit in session.scalars(locked.with_for_update(read=True).execution_options(populate_existing=True)):
        if unit.closed_at is not None:
            raise Conflict(N_("People cannot be added to “%(name)s”."), name=unit.name)


def _present_rows(session: Session, people: Iterable[int]) -> dict[int, list[Membership]]:
    rows_of = defaultdict[int, list[Membership]](list)
    rows = select(Membership).where(Membership.person_id.in_(sorted(people)), queries.PRESENT).order_by(Membership.since, Membership.id)
    for row in session.scalars(rows.execution_options(populate_existing=True)):
        rows_of[row.person_id].append(row)
    return rows_of


_Event = tuple[MembershipVerb, dict[str, Any]]


def _plan(
    changes: _Changes, person: int, values: MembershipValues, rows: Sequence[Membership], places: Mapping[int, UnitSummary], now: datetime
) -> list[_Event]:
    """Note what makes a person's present places what is wanted; return what happened, for the audit log."""
    main = next((row for row in rows if row.is_main), None)
    target = values.place or (main.organisation_id if main else None)
    if target is None:
        return []
    day = local_day(places, target, now)
    events = _plan_main(changes, person, values, main, target, day, places)
    others = {row.organisation_id: row for row in rows if not row.is_main}
    further = frozenset(others) if values.further is None else values.further
    left, new = sorted(others.keys() - (further - {target})), sorted(further - others.keys() - {target})
    for unit_id in left:
        _end(changes, others[unit_id], day)
    for unit_id in new:
        changes.added.append(_row(person, unit_id, values.since_on or day, None, is_main=False))
    if new or (left and values.further is not None):
        events.append((MembershipVerb.FURTHER_CHANGED, {"added": new, "ended": left}))
    return events


def _plan_main(
    changes: _Changes,
    person: int,
    values: MembershipValues,
    main: Membership | None,
    target: int,
    day: date,
    places: Mapping[int, UnitSummary],
) -> list[_Event]:
    post, since_on = values.post or (main.post_id if main else None), values.since_on or day
    if main is None or main.organisation_id != target:
        if main is not None:
            _end(changes, main, day)
        changes.added.append(_row(person, target, since_on if main is None else day, post, is_main=True))
        facts = {"old": main.organisation_id if main else None, "organisation": target, "reason": places[target].name}
        return [(MembershipVerb.PLACED, facts)]
    if main.post_id == post:
        return []
    if main.post_id is None:
        changes.retracted.append(main.id)
        since_on = main.since_on or day
    else:
        _end(changes, main, day)
        since_on = day
    changes.added.append(_row(person, target, since_on, post, is_main=True))
    return [(MembershipVerb.POST_CHANGED, {"old": main.post_id, "post": post})]


def _row(person: int, unit_id: int, since_on: date, post: int | None, *, is_main: bool) -> dict[str, Any]:
    return {"person_id": person, "organisation_id": unit_id, "since_on": since_on, "post_id": post, "is_main": is_main}


def _end(changes: _Changes, row: Membership, day: date) -> None:
    """Let a place end with the day before; one that began today ends today."""
    changes.ended[row.id] = max(day - A_DAY, row.since_on or day - A_DAY)


def _write(session: Session, changes: _Changes, now: datetime) -> None:
    by_day = defaultdict[date, list[int]](list)
    for row, day in changes.ended.items():
        by_day[day].append(row)
    for day, rows in by_day.items():
        session.execute(update(Membership).where(Membership.id.in_(rows)).values(until=now, until_on=day))
    if changes.retracted:
        session.execute(update(Membership).where(Membership.id.in_(changes.retracted)).values(until=now, retracted_at=now))
    if changes.added:
        session.execute(insert(Membership), [{**row, "since": now, "recorded_at": now} for row in changes.added])


def move_members(session: Session, actor: Actor, unit: Organisation, target: Organisation, *, now: datetime) -> None:
    """Move everybody of a place to another: the main place of those who had it here, a further one of the others."""
    if target.closed_at is not None or target.id == unit.id:
        raise Conflict(N_("People cannot be added to “%(name)s”."), name=target.name)
    people = list(session.scalars(select(Membership.person_id).where(Membership.organisation_id == unit.id, queries.PRESENT)))
    present, places, changes = _present_rows(session, people), {summary.id: summary for summary in queries.list_tree(session)}, _Changes()
    for person in people:
        main = next((row.organisation_id for row in present[person] if row.is_main), None)
        others = frozenset(row.organisation_id for row in present[person] if not row.is_main) - {unit.id}
        values = MembershipValues(target.id) if main == unit.id else MembershipValues(further=others | {target.id})
        _plan(changes, person, values, present[person], places, now)
    _write(session, changes, now)
    if people:
        audit.record(session, actor, MembershipVerb.PEOPLE_MOVED, unit, now=now, to=target.id, people=len(people))


def remove_member(session: Session, actor: Actor, person: Person, *, now: datetime, organisation: Organisation | None = None) -> None:
    """Let a person no longer belong to a place, or to any; a second time changes nothing.

    Where it was their main place and they have further ones, the one that they have had longest becomes the main one.
    """
    present = _present_rows(session, [person.id]).get(person.id, [])
    gone = [row for row in present if organisation is None or row.organisation_id == organisation.id]
    left = [row for row in present if row not in gone]
    if not gone:
        return
    places, changes = {summary.id: summary for summary in queries.list_tree(session)}, _Changes()
    for row in gone:
        changes.ended[row.id] = max(local_day(places, row.organisation_id, now), row.since_on or date.min)
    if left and any(row.is_main for row in gone):
        heir = left[0]
        changes.retracted.append(heir.id)
        since_on = heir.since_on or local_day(places, heir.organisation_id, now)
        changes.added.append(_row(person.id, heir.organisation_id, since_on, heir.post_id, is_main=True))
    _write(session, changes, now)
    for row in gone:
        audit.record(session, actor, MembershipVerb.TAKEN_OUT, person, now=now, organisation=row.organisation_id)


def transfer_memberships(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the open places of the one that closes: the main one where it has none, further ones beside its own."""
    present = _present_rows(session, [closed.id, remaining.id])
    open_places = {unit.id for unit in queries.list_tree(session) if not unit.closed}
    own = {row.organisation_id: row for row in present.get(remaining.id, ())}
    given = [row for row in present.get(closed.id, ()) if row.organisation_id in open_places]
    remove_member(session, actor, closed, now=now)
    main = next((row for row in given if row.is_main and not any(row.is_main for row in own.values())), None)
    further = {row.organisation_id for row in given if not row.is_main} | {unit_id for unit_id, row in own.items() if not row.is_main}
    further -= {unit_id for unit_id, row in own.items() if row.is_main} | ({main.organisation_id} if main else set())
    values = MembershipValues(main.organisation_id, main.post_id, since_on=main.since_on) if main else MembershipValues()
    assign_members(session, actor, {remaining.id: replace(values, further=frozenset(further & open_places))}, now=now)


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of where a person worked, belonged and what they managed or audited: in a small place that says who they were."""
    for table in (Membership, Employment, UnitManager, TrainingGrant, InstitutionAdministrator):
        session.execute(delete(table).where(table.person_id == person.id))
