"""Verbs of the tree: make, change, move, close and open places, name who manages and heads them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.rules import fold
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations.models import InstitutionAdministrator, InstitutionProfile, Organisation, TrainingGrant, UnitManager
from organisations.queries import tree as queries
from organisations.rules import OrganisationKind, lineage, may_stand_under
from organisations.services import members
from organisations.services.audiences import refuse_named


class OrganisationVerb(StrEnum):
    """The audit-log verbs of the organisation tree."""

    MADE = "organisation.made"
    CHANGED = "organisation.changed"
    MOVED = "organisation.moved"
    CLOSED = "organisation.closed"
    OPENED = "organisation.opened"
    DELETED = "organisation.deleted"
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
    if parent is not None and parent.closed_at is not None:
        raise Conflict(N_("“%(name)s” is closed. Nothing new can be added under it."), name=parent.name)
    parent_id = None if parent is None else parent.id
    _check(session, parent_id, plan)
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
    audit.record(session, actor, OrganisationVerb.MADE, row, now=now, name=plan.name, kind=kind.value, parent=parent_id, code=plan.code)
    return row


def _check(session: Session, parent_id: int | None, plan: UnitValues, row: Organisation | None = None) -> None:
    """Raise where a neighbour has the name, or any place has a new code: both without case and accents, as lists compare them."""
    but, old_code = (None, "") if row is None else (row.id, row.code or "")
    if queries.find_neighbour(session, parent_id, fold(plan.name)) not in (None, but):
        raise UnitNameConflict
    code = fold(plan.code) if plan.code != old_code else ""
    if code and any(fold(other) == code and unit_id != but for unit_id, other in queries.list_codes(session)):
        raise UnitCodeConflict


def change(session: Session, actor: Actor, unit: Organisation, plan: UnitValues, *, now: datetime) -> None:
    """Give a place another name or code; raise UnitNameConflict, UnitCodeConflict or NamedByAudiences. A second time changes nothing."""
    row = session.get_one(Organisation, unit.id)
    _check(session, row.parent_id, plan, row)
    _call(session, actor, row, plan, now=now)


def _refuse_named(session: Session, row: Organisation, plan: UnitValues | None = None) -> None:
    """Raise NamedByAudiences where rules name a place by a code, or a province by a name, that it would no longer have."""
    if row.code and (plan is None or plan.code != row.code):
        refuse_named(session, "unit", [row.code])
    if row.kind == OrganisationKind.PROVINCE.value and (plan is None or fold(plan.name) != row.name_key):
        refuse_named(session, "province", [row.name_key])


def _call(session: Session, actor: Actor, row: Organisation, plan: UnitValues, *, now: datetime) -> None:
    old, zone = _plan_of(row), row.zone if plan.zone is None else plan.zone
    if old != replace(plan, zone=zone):
        _refuse_named(session, row, plan)
        row.name, row.name_key, row.code, row.zone = plan.name, fold(plan.name), plan.code or None, zone
        facts = {"old_name": old.name, "name": plan.name, "old_code": old.code, "code": plan.code, "old_zone": old.zone, "zone": zone}
        audit.record(session, actor, OrganisationVerb.CHANGED, row, now=now, **facts)


def _plan_of(row: Organisation) -> UnitValues:
    return UnitValues(row.name, row.code or "", row.zone)


def move(
    session: Session,
    actor: Actor,
    unit: Organisation,
    parent: Organisation,
    *,
    now: datetime,
    plan: UnitValues | None = None,
    rewritten: int | None = None,
) -> None:
    """Put a place, with everything below it, under another; raise Conflict where it cannot stand there. A second time changes nothing.

    With a plan it bears that name and code from then on: whether they are free is judged there and nowhere on the way. `rewritten` is how
    many people were shown to whoever moves it, as those who are said to have been in audiences on other days before today.
    """
    parents = queries.lock_tree(session)
    row, target = (session.get_one(Organisation, summary.id, populate_existing=True) for summary in (unit, parent))
    plan = plan or _plan_of(row)
    if row.parent_id == target.id:
        change(session, actor, row, plan, now=now)
        return
    if row.id in lineage(parents, target.id):
        raise Conflict(N_("A unit cannot be placed under itself or under one of its sub-units."))
    if not may_stand_under(OrganisationKind(row.kind), OrganisationKind(target.kind)):
        raise Conflict(N_("It cannot be placed there."))
    if target.closed_at is not None:
        raise Conflict(N_("“%(name)s” is closed. Nothing new can be added under it."), name=target.name)
    _check(session, target.id, plan, row)
    old_parent, row.parent_id = row.parent_id, target.id
    _call(session, actor, row, plan, now=now)
    shown = {} if rewritten is None else {"rewritten": rewritten}
    audit.record(session, actor, OrganisationVerb.MOVED, row, now=now, old_parent=old_parent, parent=target.id, **shown)


def close(session: Session, actor: Actor, unit: Organisation, people_to: Organisation | None, *, now: datetime) -> None:
    """Close a unit to new members; its present ones move to another unit, or stay.

    Raise Conflict where an open unit is below it, or the other unit is closed. A second time changes nothing.
    """
    rows = queries.lock_rows(session)
    row = rows[unit.id]
    if any(other.parent_id == row.id and other.closed_at is None for other in rows.values()):
        raise Conflict(N_("Close or move its sub-units first."))
    if people_to is not None:
        members.move_members(session, actor, row, rows[people_to.id], now=now)
    if row.closed_at is None:
        row.closed_at = now
        audit.record(session, actor, OrganisationVerb.CLOSED, row, now=now)


def reopen(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    """Let a closed place take people in again; raise Conflict where what it stands under is closed."""
    rows = queries.lock_rows(session)
    row = rows[unit.id]
    if row.parent_id is not None and rows[row.parent_id].closed_at is not None:
        raise Conflict(N_("Open its parent unit first."))
    if row.closed_at is not None:
        row.closed_at = None
        audit.record(session, actor, OrganisationVerb.OPENED, row, now=now)


def remove(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    """Delete a place made by mistake: nobody ever belonged to it and nothing stands below it; else raise Conflict."""
    if queries.has_below(session, unit.id):
        raise Conflict(N_("This unit contains other units. You can close it but not delete it."))
    if queries.had_people(session, unit.id):
        raise Conflict(N_("People belong or have belonged to this unit. You can close it but not delete it."))
    if session.scalar(select(InstitutionProfile.id).where(InstitutionProfile.organisation_id == unit.id)) is not None:
        raise Conflict(N_("This institution can issue certificates. You can close it but not delete it."))
    _refuse_named(session, unit)
    audit.record(session, actor, OrganisationVerb.DELETED, unit, now=now, name=unit.name, parent=unit.parent_id)
    for table in (UnitManager, TrainingGrant, InstitutionAdministrator):
        session.execute(delete(table).where(table.organisation_id == unit.id))
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
        audit.record(session, actor, OrganisationVerb.MANAGER_NAMED, person, now=now, organisation=unit.id, reason=unit.name, head=is_head)
    elif is_head and not row.is_head:
        row.is_head = True
        audit.record(session, actor, OrganisationVerb.MANAGER_NAMED, person, now=now, organisation=unit.id, reason=unit.name, head=True)
    session.flush()


def _end_head(session: Session, actor: Actor, unit: Organisation, *, now: datetime) -> None:
    heads = select(Person).join(UnitManager, UnitManager.person_id == Person.id)
    for person in session.scalars(heads.where(UnitManager.organisation_id == unit.id, UnitManager.is_head)).all():
        end_manager(session, actor, unit, person, now=now)


def end_manager(session: Session, actor: Actor, unit: Organisation, person: Person, *, now: datetime) -> None:
    """Let a person no longer follow those who belong to a place; a second time changes nothing."""
    gone = delete(UnitManager).where(UnitManager.organisation_id == unit.id, UnitManager.person_id == person.id)
    if session.scalar(gone.returning(UnitManager.person_id)) is not None:
        audit.record(session, actor, OrganisationVerb.MANAGER_ENDED, person, now=now, organisation=unit.id, reason=unit.name)
