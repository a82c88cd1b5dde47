"""Places of the tree: made, changed, moved, closed or deleted; memberships and managers, and the end of both for those who leave."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts import accounts
from accounts.models import Person
from accounts.people import was_deleted_condition
from accounts.rules import fold
from kernel import audit
from kernel.db import Hook, HookList
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations import employment as organisations_employment
from organisations import tree
from organisations.audiences import refuse_named, refuse_named_before, today_of
from organisations.employment import EmploymentSource, EmploymentValues, record_employments
from organisations.institutions import end_administrator, transfer_administered
from organisations.models import (
    Employment,
    InstitutionAdministrator,
    InstitutionProfile,
    Membership,
    Organisation,
    OrganisationAbove,
    TrainingGrant,
    UnitManager,
    UnitParent,
)
from organisations.rules.units import (
    NUMBER_ABOVE,
    EmploymentDays,
    OrganisationKind,
    TreeHistory,
    UnitSummary,
    institution_of,
    lineage,
    local_day,
    may_stand_under,
)
from organisations.training_scope import end_training_role, list_granted_places, transfer_training_roles
from organisations.tree import PRESENT, below

A_DAY = timedelta(days=1)


class MembershipVerb(
    audit.Verb,
    facts={
        "membership.further_changed added": audit.Fact(table="organisation"),
        "membership.further_changed ended": audit.Fact(table="organisation"),
        "membership.placed old": audit.Fact(table="organisation"),
        "membership.placed reason": N_("Name"),
        "to": N_("To"),
    },
):
    """The audit-log verbs of membership."""

    PLACED = "membership.placed"
    POST_CHANGED = "membership.post_changed", N_("Recorded someone's post")
    FURTHER_CHANGED = "membership.further_changed", N_("Changed someone's further units")
    TAKEN_OUT = "membership.ended"
    PEOPLE_MOVED = "organisation.people_moved", N_("Moved the people of a unit to another one")


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

    A post that was not known holds from the first day in the place; another post, another place begin today; all of them on the day that
    is said, where one is. Raise Conflict where a place is closed.
    """
    _lock_open(
        {unit_id for values in memberships.values() for unit_id in ({values.place} | (values.further or frozenset())) - {None}}, session
    )
    known = select(Person).where(Person.id.in_(memberships)).order_by(Person.id).with_for_update(key_share=True)
    people = {row.id: row for row in session.scalars(known)}
    present, places = _present_rows(session, memberships), {unit.id: unit for unit in tree.list_tree(session)}
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
            institution = institution_of(places, values.place)
            employment = EmploymentValues(institution, EmploymentDays(), back=True, source=EmploymentSource.PLACE)
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
    rows = select(Membership).where(Membership.person_id.in_(sorted(people)), tree.PRESENT).order_by(Membership.since, Membership.id)
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
    day = values.since_on or local_day(places, target, now)
    events = _plan_main(changes, person, values, main, target, day, places)
    others = {row.organisation_id: row for row in rows if not row.is_main}
    further = frozenset(others) if values.further is None else values.further
    left, new = sorted(others.keys() - (further - {target})), sorted(further - others.keys() - {target})
    for unit_id in left:
        _end(changes, others[unit_id], day, is_said=values.since_on is not None)
    for unit_id in new:
        changes.added.append(_row(person, unit_id, day, None, is_main=False))
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
    post = values.post or (main.post_id if main else None)
    if main is None or main.organisation_id != target:
        if main is not None:
            _end(changes, main, day, is_said=values.since_on is not None)
        changes.added.append(_row(person, target, day, post, is_main=True))
        facts = {"old": main.organisation_id if main else None, "organisation": target, "name": places[target].name}
        return [(MembershipVerb.PLACED, facts)]
    if main.post_id == post:
        return []
    if main.post_id is None and values.since_on is None:
        changes.retracted.append(main.id)
        day = main.since_on or day
    else:
        _end(changes, main, day, is_said=values.since_on is not None)
    changes.added.append(_row(person, target, day, post, is_main=True))
    return [(MembershipVerb.POST_CHANGED, {"old": main.post_id, "post": post})]


def _row(person: int, unit_id: int, since_on: date, post: int | None, *, is_main: bool) -> dict[str, Any]:
    return {"person_id": person, "organisation_id": unit_id, "since_on": since_on, "post_id": post, "is_main": is_main}


def _end(changes: _Changes, row: Membership, day: date, *, is_said: bool) -> None:
    """Let a place end with the day before; one that began today ends today, and one that was said to be another from then on never was."""
    if is_said and row.since_on is not None and row.since_on >= day:
        changes.retracted.append(row.id)
        return
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
    people = list(session.scalars(select(Membership.person_id).where(Membership.organisation_id == unit.id, tree.PRESENT)))
    present, places, changes = _present_rows(session, people), {summary.id: summary for summary in tree.list_tree(session)}, _Changes()
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
    places, changes = {summary.id: summary for summary in tree.list_tree(session)}, _Changes()
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
    open_places = {unit.id for unit in tree.list_tree(session) if not unit.closed}
    own = {row.organisation_id: row for row in present.get(remaining.id, ())}
    given = [row for row in present.get(closed.id, ()) if row.organisation_id in open_places]
    remove_member(session, actor, closed, now=now)
    main = next((row for row in given if row.is_main and not any(row.is_main for row in own.values())), None)
    further = {row.organisation_id for row in given if not row.is_main} | {unit_id for unit_id, row in own.items() if not row.is_main}
    further -= {unit_id for unit_id, row in own.items() if row.is_main} | ({main.organisation_id} if main else set())
    values = MembershipValues(main.organisation_id, main.post_id, since_on=main.since_on) if main else MembershipValues()
    assign_members(session, actor, {remaining.id: replace(values, further=frozenset(further & open_places))}, now=now)


def transfer_places(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays what the one that closes is at institutions: employment, units, what it manages, audits and runs."""
    organisations_employment.transfer_employments(session, closed, remaining, now=now)
    transfer_memberships(session, actor, closed, remaining, now=now)
    for managed in tree.list_managed_rows(session, closed.id):
        is_head = tree.is_head(session, managed, closed.id)
        end_manager(session, actor, managed, closed, now=now)
        name_manager(session, actor, managed, remaining, now=now, is_head=is_head)
    transfer_training_roles(session, actor, closed, remaining, now=now)
    transfer_administered(session, actor, closed, remaining, now=now)


class OrganisationVerb(
    audit.Verb,
    facts={
        "head": N_("Head of the unit"),
        "parent": audit.Fact(N_("Under"), table="organisation"),
        "rewritten": N_("Rewritten rules"),
        "unit_manager.ended reason": N_("Name"),
        "unit_manager.named reason": N_("Name"),
    },
):
    """The audit-log verbs of the organisation tree."""

    MADE = "organisation.made", N_("Created an institution or unit")
    CHANGED = "organisation.changed", N_("Changed an institution or unit")
    MOVED = "organisation.moved", N_("Moved a unit")
    MOVE_CANCELLED = "organisation.move_cancelled", N_("Cancelled a planned move of a unit")
    CLOSED = "organisation.closed", N_("Closed an institution or unit")
    OPENED = "organisation.opened", N_("Reopened an institution or unit")
    DELETED = "organisation.deleted", N_("Deleted an institution or unit")
    MANAGER_NAMED = "unit_manager.named"
    MANAGER_ENDED = "unit_manager.ended"


class UnitNameConflict(Conflict):
    """Two neighbours would have one name."""

    code = "organisation_name_taken"
    message = N_("There is already a unit with this name here.")


class UnitCodeConflict(Conflict):
    """Two places would have one code."""

    code = "organisation_code_taken"
    message = N_("Another unit has this code.")


@dataclass(frozen=True, slots=True)
class UnitValues:
    """The name and code of a unit, and its time zone: None as it is, empty that of what it stands under."""

    name: str
    code: str
    zone: str | None = None


def make(
    session: Session, actor: Actor, parent: Organisation | None, kind: OrganisationKind, plan: UnitValues, *, now: datetime
) -> Organisation:
    """Add a place to the tree; raise Conflict where it cannot stand there, or its name or code is taken."""
    if not may_stand_under(kind, None if parent is None else OrganisationKind(parent.kind)):
        raise Conflict(N_("It cannot be placed there."))
    parent_id = None if parent is None else parent.id
    locked = select(Organisation).where(Organisation.id == parent_id).with_for_update(read=True).execution_options(populate_existing=True)
    if (above := session.scalar(locked)) is not None and above.closed_at is not None:
        raise Conflict(N_("“%(name)s” is closed. Nothing new can be added under it."), name=above.name)
    _check(session, parent_id, plan, today=today_of(now))
    row = Organisation(
        parent_id=parent_id,
        kind=kind.value,
        name=plan.name,
        name_key=fold(plan.name),
        code=plan.code or None,
        zone=plan.zone or "",
        created_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry names it
    tree.add_standing(session, row.id, parent_id, now=now)
    audit.record(session, actor, OrganisationVerb.MADE, row, now=now, name=plan.name, kind=kind.value, parent=parent_id, code=plan.code)
    return row


def _check(session: Session, parent_id: int | None, plan: UnitValues, row: Organisation | None = None, *, today: date) -> None:
    """Raise where a neighbour has the name, or any place has a new code: both without case and accents, as lists compare them.

    A neighbour is also who is to stand there from a later day on.
    """
    but, old_code = (None, "") if row is None else (row.id, row.code or "")
    if set(tree.list_neighbours(session, parent_id, fold(plan.name), today)) - {but}:
        raise UnitNameConflict
    code = fold(plan.code) if plan.code != old_code else ""
    if code and any(fold(other) == code and unit_id != but for unit_id, other in tree.list_codes(session)):
        raise UnitCodeConflict


def change(session: Session, actor: Actor, unit: Organisation, plan: UnitValues, *, now: datetime) -> None:
    """Give a place another name or code; raise UnitNameConflict, UnitCodeConflict or NamedByAudiences. A second time changes nothing."""
    row, today = session.get_one(Organisation, unit.id), today_of(now)
    for parent_id in {row.parent_id, *tree.list_later_parents(session, row.id, today)}:
        _check(session, parent_id, plan, row, today=today)
    _call(session, actor, row, plan, now=now)


def _refuse_named(session: Session, row: Organisation, plan: UnitValues | None = None, *, today: date) -> None:
    """Raise NamedByAudiences where rules name a place by a code, or a province by a name, that it would no longer have.

    So do rules of days before today: who was in their audiences goes by today's codes and names of provinces.
    """
    lost = [("unit", row.code)] if row.code and (plan is None or plan.code != row.code) else []
    is_renamed = row.kind == OrganisationKind.PROVINCE.value and (plan is None or fold(plan.name) != row.name_key)
    for kind, key in [*lost, *([("province", row.name_key)] if is_renamed else [])]:
        refuse_named(session, kind, [key])
        refuse_named_before(session, kind, key, today)


def _call(session: Session, actor: Actor, row: Organisation, plan: UnitValues, *, now: datetime) -> None:
    old, zone = _plan_of(row), row.zone if plan.zone is None else plan.zone
    if old != replace(plan, zone=zone):
        _refuse_named(session, row, plan, today=today_of(now))
        row.name, row.name_key, row.code, row.zone = plan.name, fold(plan.name), plan.code or None, zone
        facts = {"old_name": old.name, "name": plan.name, "old_code": old.code, "code": plan.code, "old_zone": old.zone, "zone": zone}
        audit.record(session, actor, OrganisationVerb.CHANGED, row, now=now, **facts)


def _plan_of(row: Organisation) -> UnitValues:
    return UnitValues(row.name, row.code or "", row.zone)


@dataclass(frozen=True, slots=True)
class UnitMove:
    """Where a place is to stand from a day on, why, and what it is called from then on; None: as it is."""

    unit_id: int
    parent_id: int
    since_on: date
    reason: str = ""
    plan: UnitValues | None = None


@dataclass(frozen=True, slots=True)
class MoveApproval:
    """A move that one person planned for a reason and another applies; None: a list that nobody sent in planned it."""

    author_id: int | None
    reason: str


PLAN_MOVE = Hook[Callable[[Session, Actor, UnitMove, datetime], UUID]]("plan_move")
"""Gives who lets a move wait for a second person, and what names it."""


@dataclass(frozen=True, slots=True)
class WaitingMove:
    """A move of a place that waits for a second person, and what names it."""

    uuid: UUID
    unit_id: int
    parent_id: int
    since_on: date


WAITING_MOVES = Hook[Callable[[Session], Sequence[WaitingMove]]]("waiting_moves", default=lambda _session: ())
"""Gives the moves that wait for a second person."""


def list_waiting_moves(session: Session) -> Sequence[WaitingMove]:
    """List the moves of places that wait for a second person."""
    return WAITING_MOVES.of(session)(session)


class MoveWaiting(Conflict):
    """A place of which another move waits for a second person is moved."""

    message = N_("Another move of this unit waits for a second person. Apply or discard that one first.")


def plan_move(session: Session, actor: Actor, planned: UnitMove, *, now: datetime) -> UUID:
    """Let a move wait for a second person; return what names it. Raise ReasonRequired, or Conflict where it cannot stand there."""
    row, target = session.get_one(Organisation, planned.unit_id), session.get_one(Organisation, planned.parent_id)
    _require_room(session, tree.load_history(session), row, target, planned.since_on, planned.plan or _plan_of(row), today=today_of(now))
    plan = PLAN_MOVE.of(session)
    return plan(session, actor, planned, now)


def needs_second_person(session: Session, unit: Organisation, since_on: date, *, now: datetime) -> bool:
    """Return whether a move is not one person's: from a day before today, or of more than 50 people (spec/compulsory 4.5b)."""
    return since_on < today_of(now) or tree.count_moved(session, unit.id, since_on) > NUMBER_ABOVE


class SecondPersonMissing(Conflict):
    """A move that is not one person's was made by one."""

    message = N_("A move from a day before today, or of more than 50 people, needs a second person.")


def move(
    session: Session,
    actor: Actor,
    unit: Organisation,
    parent: Organisation,
    *,
    now: datetime,
    plan: UnitValues | None = None,
    since_on: date | None = None,
    approval: MoveApproval | None = None,
    rewritten: int | None = None,
) -> None:
    """Put a place, with everything below it, under another from a day on; None: today. A second time changes nothing.

    With a plan it bears that name and code from now on: whether they are free is judged there and nowhere on the way. `rewritten` is how
    many people were shown to whoever moves it, as those who are said to have been in audiences on other days before today. Raise Conflict
    where it cannot stand there, SecondPersonMissing, MoveWaiting.
    """
    tree.lock_tree(session)
    today, history = today_of(now), tree.load_history(session)
    row, target = (session.get_one(Organisation, summary.id, populate_existing=True) for summary in (unit, parent))
    plan, day = plan or _plan_of(row), since_on or today
    after = history.moved(row.id, target.id, day, now)
    if history.spans.get(row.id) == after.spans[row.id]:
        change(session, actor, row, plan, now=now)
        return
    _require_room(session, history, row, target, day, plan, today=today)
    if actor.person_id is not None and approval is None and any(each.unit_id == row.id for each in list_waiting_moves(session)):
        raise MoveWaiting
    is_alone = actor.person_id is not None and (approval is None or approval.author_id == actor.person_id)
    if is_alone and needs_second_person(session, row, day, now=now):
        raise SecondPersonMissing
    facts: dict[str, Any] = {"old_parent": row.parent_id, "parent": target.id, "since": day.isoformat()}
    facts |= {} if approval is None else {"author": approval.author_id, "reason": approval.reason}
    facts |= {} if rewritten is None else {"rewritten": rewritten}
    tree.write_standing(session, row.id, after.spans[row.id], now=now)
    row.parent_id = after.on(today)[row.id].parent_id
    _call(session, actor, row, plan, now=now)
    session.flush()
    tree.write_above(session)
    audit.record(session, actor, OrganisationVerb.MOVED, row, now=now, **facts)


class NoMovePlanned(Conflict):
    """The move that somebody cancels is no longer to come."""

    message = N_("This move is no longer planned.")


def cancel_move(session: Session, actor: Actor, unit: Organisation, since_on: date | None, *, now: datetime) -> None:
    """Let a place stay where it stands before a move that is still to come; raise NoMovePlanned where that is not its last one.

    Raise Conflict where something was planned since that does not go with it.
    """
    tree.lock_tree(session)
    today, history, row = today_of(now), tree.load_history(session), session.get_one(Organisation, unit.id, populate_existing=True)
    spans = history.spans.get(row.id, ())
    if since_on is None or since_on <= today or len(spans) < 2 or spans[-1].since_on != since_on:
        raise NoMovePlanned
    target = session.get_one(Organisation, spans[-2].parent)
    _require_room(session, history, row, target, since_on, _plan_of(row), today=today)
    tree.write_standing(session, row.id, history.moved(row.id, target.id, since_on, now).spans[row.id], now=now)
    facts = {"parent": spans[-1].parent, "since": since_on.isoformat()}
    audit.record(session, actor, OrganisationVerb.MOVE_CANCELLED, row, now=now, **facts)


def _require_room(
    session: Session, history: TreeHistory, row: Organisation, target: Organisation, since_on: date, plan: UnitValues, *, today: date
) -> None:
    """Raise Conflict where a place cannot stand under another from a day on, or not with this name and code."""
    for day in history.changes_from(since_on):
        if row.id in lineage({unit.id: unit.parent_id for unit in history.on(day).values()}, target.id):
            raise Conflict(N_("A unit cannot be placed under itself or under one of its sub-units."))
    if not may_stand_under(OrganisationKind(row.kind), OrganisationKind(target.kind)):
        raise Conflict(N_("It cannot be placed there."))
    if target.closed_at is not None:
        raise Conflict(N_("“%(name)s” is closed. Nothing new can be added under it."), name=target.name)
    _check(session, target.id, plan, row, today=today)


def close(session: Session, actor: Actor, unit: Organisation, people_to: Organisation | None, *, now: datetime) -> None:
    """Close a unit to new members; its present ones move to another unit, or stay.

    Raise Conflict where an open unit is below it, or the other unit is closed. A second time changes nothing.
    """
    rows = tree.lock_rows(session)
    row = rows[unit.id]
    if any(other.parent_id == row.id and other.closed_at is None for other in rows.values()):
        raise Conflict(N_("Close or move its sub-units first."))
    if tree.list_arriving(session, row.id, today_of(now)):
        raise Conflict(N_("A unit is to stand under it from a later day on. Move that one elsewhere first."))
    if people_to is not None:
        move_members(session, actor, row, rows[people_to.id], now=now)
    if row.closed_at is None:
        row.closed_at = now
        audit.record(session, actor, OrganisationVerb.CLOSED, row, now=now)


def reopen(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    """Let a closed place take people in again; raise Conflict where what it stands under is closed."""
    rows = tree.lock_rows(session)
    row = rows[unit.id]
    if row.parent_id is not None and rows[row.parent_id].closed_at is not None:
        raise Conflict(N_("Open its parent unit first."))
    if row.closed_at is not None:
        row.closed_at = None
        audit.record(session, actor, OrganisationVerb.OPENED, row, now=now)


def remove(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    """Delete a place made by mistake: nobody ever belonged to it and nothing stands below it; else raise Conflict."""
    if tree.has_below(session, unit.id):
        raise Conflict(N_("This unit contains other units. You can close it but not delete it."))
    if tree.had_below(session, unit.id):
        raise Conflict(N_("Units have stood under this one, or are to stand there. You can close it but not delete it."))
    if tree.had_people(session, unit.id):
        raise Conflict(N_("People belong or have belonged to this unit. You can close it but not delete it."))
    if session.scalar(select(InstitutionProfile.id).where(InstitutionProfile.organisation_id == unit.id)) is not None:
        raise Conflict(N_("This institution can issue certificates. You can close it but not delete it."))
    _refuse_named(session, unit, today=today_of(now))
    audit.record(session, actor, OrganisationVerb.DELETED, unit, now=now, name=unit.name, parent=unit.parent_id)
    for table in (UnitManager, TrainingGrant, InstitutionAdministrator):
        session.execute(delete(table).where(table.organisation_id == unit.id))
    for rows in (UnitParent, OrganisationAbove):
        session.execute(delete(rows).where(rows.unit_id == unit.id))
    session.delete(session.get_one(Organisation, unit.id))


def name_manager(session: Session, actor: Actor, unit: Organisation, person: Person, *, now: datetime, is_head: bool = False) -> None:
    """Let a person follow those who belong to a place, as its head where that is said; a second time changes nothing.

    Who headed it before does so no longer and follows nobody there.
    """
    row = session.get(UnitManager, (unit.id, person.id))
    if is_head and (row is None or not row.is_head):
        _end_head(session, actor, unit, now=now)
    if row is None:
        row = UnitManager(organisation_id=unit.id, person_id=person.id, granted_at=now, granted_by=actor.person_id, is_head=is_head)
        session.add(row)
        audit.record(session, actor, OrganisationVerb.MANAGER_NAMED, person, now=now, organisation=unit.id, name=unit.name, head=is_head)
    elif is_head and not row.is_head:
        row.is_head = True
        audit.record(session, actor, OrganisationVerb.MANAGER_NAMED, person, now=now, organisation=unit.id, name=unit.name, head=True)
    session.flush()


def _end_head(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    heads = select(Person).join(UnitManager, UnitManager.person_id == Person.id)
    for person in session.scalars(heads.where(UnitManager.organisation_id == unit.id, UnitManager.is_head)).all():
        end_manager(session, actor, unit, person, now=now)


def end_manager(session: Session, actor: Actor, unit: Organisation, person: Person, *, now: datetime) -> None:
    """Let a person no longer follow those who belong to a place; a second time changes nothing."""
    gone = delete(UnitManager).where(UnitManager.organisation_id == unit.id, UnitManager.person_id == person.id)
    if session.scalar(gone.returning(UnitManager.person_id)) is not None:
        audit.record(session, actor, OrganisationVerb.MANAGER_ENDED, person, now=now, organisation=unit.id, name=unit.name)


def leave(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution on a day (spec/compulsory 13.4)."""
    organisations_employment.end_employments(session, actor, people, institution, last_day, now=now)
    end_places(session, actor, people, institution, last_day, now=now)


def end_places(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """End the places that people have in an institution with a day, and what they manage and audit there; a second time changes nothing."""
    there = below(select(Organisation.id).where(Organisation.id == institution))
    rows = select(Person).where(Person.id.in_(people)).order_by(Person.id)
    persons = {row.id: row for row in session.scalars(rows.with_for_update(key_share=True))}
    ended = select(Membership).where(Membership.person_id.in_(people), PRESENT, Membership.organisation_id.in_(there))
    for row in session.scalars(ended.order_by(Membership.id)).all():
        row.until, row.until_on = now, max(last_day, row.since_on or last_day)
        audit.record(session, actor, MembershipVerb.TAKEN_OUT, persons[row.person_id], now=now, organisation=row.organisation_id)
    managed = select(UnitManager).where(UnitManager.person_id.in_(people), UnitManager.organisation_id.in_(there))
    for manager in session.scalars(managed.order_by(UnitManager.organisation_id, UnitManager.person_id)).all():
        person = persons[manager.person_id]
        audit.record(session, actor, OrganisationVerb.MANAGER_ENDED, person, now=now, organisation=manager.organisation_id)
        session.execute(
            delete(UnitManager).where(UnitManager.person_id == manager.person_id, UnitManager.organisation_id == manager.organisation_id)
        )
    for person_id, role, unit in list_granted_places(session, people, there):
        end_training_role(session, actor, unit, persons[person_id], role, now=now)
    of_institution = session.get_one(Organisation, institution)
    for person in persons.values():
        end_administrator(session, actor, of_institution, person, now=now)
    session.flush()
    promote_further_places(session, people, now=now)


KEEPS_PLACES = HookList[Callable[[Session, int], bool]]("keeps_places")
"""Tell whether past days are counted by the places where a person was, also once their account is deleted."""


def erase_places(session: Session, person: Person, *, now: datetime) -> None:
    """Delete where somebody belongs whose account is deleted; where past days are counted by it, only end it and forget the post."""
    mine = Membership.person_id == person.id
    if not any(keeps(session, person.id) for keeps in KEEPS_PLACES.of(session)):
        session.execute(delete(Membership).where(mine))
        return
    session.execute(delete(Membership).where(mine, ~Membership.is_main))
    session.execute(update(Membership).where(mine).values(post_id=None))
    places = {unit.id: unit for unit in tree.list_tree(session)}
    for row in session.scalars(select(Membership).where(mine, PRESENT)).all():
        today = local_day(places, row.organisation_id, now)
        row.until, row.until_on = now, max(today, row.since_on or today)
    session.flush()


def forget_places_of_deleted(session: Session, people: Collection[int]) -> None:
    """Delete where people were whose accounts were deleted long ago."""
    deleted = select(Person.id).where(Person.id.in_(people), was_deleted_condition())
    session.execute(delete(Membership).where(Membership.person_id.in_(deleted)))


def promote_further_places(session: Session, people: Sequence[int], *, now: datetime) -> None:
    """Let the further place that people have had longest be the main one where none is left."""
    by_person = defaultdict[int, list[Membership]](list)
    rows = select(Membership).where(Membership.person_id.in_(people), PRESENT).order_by(Membership.since, Membership.id)
    for row in session.scalars(rows):
        by_person[row.person_id].append(row)
    for own in by_person.values():
        if not any(row.is_main for row in own):
            heir = own[0]
            heir.until = heir.retracted_at = now
            session.flush()  # one present row of a person and a place
            facts = {"since_on": heir.since_on, "post_id": heir.post_id, "since": now, "recorded_at": now}
            session.add(Membership(person_id=heir.person_id, organisation_id=heir.organisation_id, is_main=True, **facts))
    session.flush()


def restore_account(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Open the account of somebody who is back, which was suspended because they had left."""
    accounts.restore(session, actor, person, "", now=now)
    organisations_employment.note_account(session, person.id, closed_at=None)


def end_overdue_places(session: Session, actor: Actor, *, now: datetime, limit: int) -> int:
    """End the places of those whose last day has gone by since a list named it, some hundreds at a time; return how many."""
    places, ended = {unit.id: unit for unit in tree.list_tree(session)}, 0
    for root in [unit.id for unit in places.values() if unit.parent_id is None]:
        day = local_day(places, root, now)
        by_day = defaultdict[date, list[int]](list)
        for person, last_day in session.execute(_still_placed(root, day).limit(limit)):
            by_day[last_day or day].append(person)
        for last_day, people in by_day.items():
            end_places(session, actor, people, root, last_day, now=now)
            ended += len(people)
    return ended


def _still_placed(root: int, day: date) -> Select[int, date | None]:
    """Select those who left an institution before a day and have a place in it yet, with their last day."""
    there = below(select(Organisation.id).where(Organisation.id == root))
    placed = exists().where(Membership.person_id == Employment.person_id, PRESENT, Membership.organisation_id.in_(there))
    return (
        select(Employment.person_id, func.max(Employment.left_on))
        .where(Employment.institution_id == root, *_over(day), ~_works(day, Employment.institution_id), placed)
        .group_by(Employment.person_id)
        .order_by(Employment.person_id)
    )


def _over(day: date) -> tuple[ColumnElement[bool], ...]:
    return (Employment.retracted_at.is_(None), Employment.left_on < day)


def _works(day: date, institution: ColumnElement[int] | InstrumentedAttribute[int] | None = None) -> ColumnElement[bool]:
    """Return the SQL condition that the statement's person works on a day: at an institution, or at any."""
    other = aliased(Employment)
    at = () if institution is None else (other.institution_id == institution,)
    stays = or_(other.left_on.is_(None), other.left_on >= day)
    return exists().where(other.person_id == Employment.person_id, other.retracted_at.is_(None), stays, *at)


def close_accounts(session: Session, actor: Actor, day: date, *, now: datetime, limit: int) -> int:
    """Suspend the accounts of those who left before a day and work nowhere; return how many.

    Certificates and their verification stay. The only administrator keeps the account until there is another.
    """
    statement = (
        select(Person)
        .join(Employment, Employment.person_id == Person.id)
        .where(*_over(day), ~_works(day), Employment.account_closed_at.is_(None), Person.suspended_at.is_(None))
        .where(~exists().where(Membership.person_id == Person.id, PRESENT))
        .distinct()
        .order_by(Person.id)
        .limit(limit)
    )
    closed = 0
    for person in session.scalars(statement).all():
        try:
            accounts.suspend(session, actor, person, "", now=now)
        except Conflict:
            continue
        organisations_employment.note_account(session, person.id, closed_at=now)
        closed += 1
    return closed
