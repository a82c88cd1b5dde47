"""Verbs of lists: keep one until it is confirmed, add and change people and places a portion at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from accounts import services as accounts
from accounts.models import Person
from accounts.services import InvitedPerson, ProfileChanges
from kernel import audit, outbox
from kernel.errors import Conflict, SignInNeeded
from kernel.permissions import Actor
from organisations.models import Organisation, PendingUnitList
from organisations.rules import OrganisationKind, UnitListKind
from organisations.services import members, tree
from organisations.services.members import MembershipValues
from organisations.services.tree import UnitValues

PORTION = 200
"""Lines that are written in one transaction: other writers wait a moment only."""


class UnitListVerb(StrEnum):
    """The audit-log verbs of unit lists."""

    RECEIVED = "load.received"
    CONFIRMED = "load.confirmed"
    DISCARDED = "load.discarded"
    DONE = "load.done"


def receive(session: Session, actor: Actor, kind: UnitListKind, name: str, content: bytes, total: int, *, now: datetime) -> PendingUnitList:
    """Keep a list until it is confirmed; an earlier unconfirmed one of the same person is forgotten."""
    if actor.person_id is None:
        raise SignInNeeded
    row = PendingUnitList(kind=kind.value, person_id=actor.person_id, name=name, content=content, total=total)
    accounts.store_pending_upload(session, row, PendingUnitList.confirmed_at.is_(None), now=now)
    audit.record(session, actor, UnitListVerb.RECEIVED, row, now=now, kind=kind.value, lines=total, size=len(content))
    return row


def confirm(session: Session, actor: Actor, load: PendingUnitList, *, now: datetime) -> None:
    """Bring in a list in the background; a second time changes nothing."""
    row = session.get_one(PendingUnitList, load.id, with_for_update=True)
    if row.confirmed_at is None:
        row.confirmed_at = now
        audit.record(session, actor, UnitListVerb.CONFIRMED, row, now=now, kind=row.kind)
        outbox.enqueue(session, "organisations.bring_in", {"load": row.id}, now=now)


def discard(session: Session, actor: Actor, load: PendingUnitList, *, now: datetime) -> None:
    """Delete a list that was not confirmed."""
    if load.confirmed_at is None:
        audit.record(session, actor, UnitListVerb.DISCARDED, load, now=now, kind=load.kind)
        session.delete(session.get_one(PendingUnitList, load.id))


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A person whom a line adds, and the unit to which they belong, if it names one."""

    line: int
    person: InvitedPerson
    place: int | None


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """A person whose data a line changes; None and empty: unchanged. `facts` show it on the page, old and new."""

    line: int
    person_id: int
    name: str
    names: tuple[str, str, str] | None
    national_id: str
    place: int | None
    facts: tuple[tuple[str, str], ...] = ()


def bring_in_people(session: Session, actor: Actor, new: Sequence[AddPerson], changed: Sequence[ChangePerson], *, now: datetime) -> None:
    """Add and change a portion of people: those who are added are invited by mail."""
    added = accounts.invite(session, actor, [line.person for line in new], now=now)
    for line in changed:
        _change(session, actor, line, now=now)
    places = {row.id: line.place for row, line in zip(added, new, strict=True)} | {line.person_id: line.place for line in changed}
    wanted = {person: MembershipValues(place) for person, place in places.items() if place is not None}
    if wanted:
        members.assign_members(session, actor, wanted, now=now)


def _change(session: Session, actor: Actor, line: ChangePerson, *, now: datetime) -> None:
    if line.names is not None or line.national_id:
        person = session.get_one(Person, line.person_id)
        names = line.names or (person.given_names, person.first_surname, person.second_surname)
        accounts.edit_profile(
            session, actor, person, ProfileChanges(*names, person.language, person.zone, line.national_id or None), now=now
        )


@dataclass(frozen=True, slots=True)
class WriteUnit:
    """A place that a line adds (`place` None) or changes; its parent is known by its number or comes before it in the list, by its line."""

    line: int
    place: int | None
    kind: OrganisationKind
    name: str
    code: str
    parent: int | None
    parent_line: int | None = None
    facts: tuple[tuple[str, str], ...] = ()


def bring_in_place(session: Session, actor: Actor, line: WriteUnit, *, now: datetime) -> None:
    """Add a place, or give it another name, code or parent; raise Conflict where the tree has changed so that it does not fit."""
    parent = None if line.parent is None else session.get_one(Organisation, line.parent)
    plan = UnitValues(line.name, line.code)
    if line.place is None:
        tree.make(session, actor, parent, line.kind, plan, now=now)
        return
    place = session.get_one(Organisation, line.place)
    if parent is None or parent.id == place.parent_id:
        tree.change(session, actor, place, plan, now=now)
    else:
        tree.move(session, actor, place, parent, now=now, plan=plan)


def try_places(session: Session, actor: Actor, lines: Sequence[WriteUnit], *, now: datetime) -> list[WriteUnit]:
    """Bring in some places, each alone: one that does not fit any more keeps the others not; return those that came in."""
    done = []
    for line in lines:
        try:
            with session.begin_nested():
                bring_in_place(session, actor, line, now=now)
        except Conflict:
            continue
        done.append(line)
    return done
