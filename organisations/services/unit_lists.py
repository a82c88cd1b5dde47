"""Verbs of lists: keep one until it is confirmed, add and change people and places a portion at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from accounts import accounts, uploads
from accounts.accounts import InvitedPerson, ProfileChanges
from accounts.models import NameSource, Person
from kernel import audit, outbox
from kernel.errors import Conflict, SignInNeeded
from kernel.permissions import Actor
from organisations.models import Organisation, PendingUnitList
from organisations.queries import tree as queries
from organisations.rules import EmploymentDays, OrganisationKind, UnitListKind, UnitSummary, local_day
from organisations.services import employment, leavers, members, tree
from organisations.services.employment import EmploymentValues
from organisations.services.members import MembershipValues
from organisations.services.posts import find_or_make_posts, post_key
from organisations.services.tree import UnitValues

PORTION = 200
"""Lines that are written in one transaction: other writers wait a moment only."""


@dataclass(frozen=True, slots=True)
class UploadedUnitList:
    """A list as it was sent in; `complete_of` is the institution of which it names everybody."""

    kind: UnitListKind
    name: str
    content: bytes
    complete_of: int | None = None


class UnitListVerb(StrEnum):
    """The audit-log verbs of unit lists."""

    RECEIVED = "load.received"
    CONFIRMED = "load.confirmed"
    DISCARDED = "load.discarded"
    DONE = "load.done"


def receive(session: Session, actor: Actor, sent: UploadedUnitList, total: int, *, now: datetime) -> PendingUnitList:
    """Keep a list until it is confirmed; an earlier unconfirmed one of the same person is forgotten."""
    if actor.person_id is None:
        raise SignInNeeded
    kind, content = sent.kind, sent.content
    row = PendingUnitList(
        kind=kind.value, person_id=actor.person_id, name=sent.name, content=content, total=total, complete_of=sent.complete_of
    )
    uploads.store_pending_upload(session, row, PendingUnitList.confirmed_at.is_(None), now=now)
    audit.record(session, actor, UnitListVerb.RECEIVED, row, now=now, kind=kind.value, lines=total, size=len(content))
    return row


def confirm(
    session: Session, actor: Actor, load: PendingUnitList, taken_names: Sequence[str] = (), *, rewritten: int = 0, now: datetime
) -> None:
    """Bring in a list in the background; a second time changes nothing. `rewritten` is whose days before today it was shown to say anew.

    Lines of `taken_names` change a name that an administrator corrected; the others leave it.
    """
    row = session.get_one(PendingUnitList, load.id, with_for_update=True)
    if row.confirmed_at is None:
        row.confirmed_at, row.taken_names = now, tuple(taken_names)
        facts = {"kind": row.kind, "name": row.name, "rewritten": rewritten, "names_taken": len(taken_names)}
        audit.record(session, actor, UnitListVerb.CONFIRMED, row, now=now, **facts)
        outbox.enqueue(session, "organisations.bring_in", {"load": row.id}, now=now)


def discard(session: Session, actor: Actor, load: PendingUnitList, *, now: datetime) -> None:
    """Delete a list that was not confirmed."""
    if load.confirmed_at is None:
        audit.record(session, actor, UnitListVerb.DISCARDED, load, now=now, kind=load.kind)
        session.delete(session.get_one(PendingUnitList, load.id))


@dataclass(frozen=True, slots=True)
class WorkValues:
    """The values of a line about somebody's work at an institution: post, further units, staff number and days; None and empty: nothing."""

    institution: int | None = None
    post: str = ""
    further: frozenset[int] | None = None
    days: EmploymentDays = field(default_factory=EmploymentDays)


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A person whom a line adds, and the unit to which they belong, if it names one."""

    line: int
    person: InvitedPerson
    place: int | None
    work: WorkValues = field(default_factory=WorkValues)


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """A person whose data a line changes; None and empty: unchanged. `facts` show it on the page: column, old and new."""

    line: int
    person_id: int
    name: str
    names: tuple[str, str, str] | None
    national_id: str
    place: int | None
    work: WorkValues = field(default_factory=WorkValues)
    facts: tuple[tuple[str, str, str], ...] = ()
    restores: bool = False
    """Whether the account opens again that was suspended because the person had left."""
    old_place: int | None = None
    """Their main place until now."""
    confirms_name: bool = False
    """Whether the line says the name that the person has given themself."""


def bring_in_people(session: Session, actor: Actor, new: Sequence[AddPerson], changed: Sequence[ChangePerson], *, now: datetime) -> None:
    """Add and change a portion of people: those who are added are invited by mail."""
    added = accounts.invite(session, actor, [line.person for line in new], now=now)
    for line in changed:
        _change(session, actor, line, now=now)
    lines: dict[int, AddPerson | ChangePerson] = {row.id: line for row, line in zip(added, new, strict=True)}
    lines |= {line.person_id: line for line in changed}
    _bring_in_work(session, actor, lines, {unit.id: unit for unit in queries.list_tree(session)}, now=now)


def _bring_in_work(
    session: Session, actor: Actor, lines: Mapping[int, AddPerson | ChangePerson], places: Mapping[int, UnitSummary], *, now: datetime
) -> None:
    """Record employments by institution, then posts and places; who has left by now belongs to no place any more."""
    memberships = {person: MembershipValues(line.place) for person, line in lines.items() if line.work.institution is None and line.place}
    for institution in sorted({line.work.institution for line in lines.values() if line.work.institution is not None}):
        there = {person: line for person, line in lines.items() if line.work.institution == institution}
        day = local_day(places, institution, now)
        employments = {person: EmploymentValues(institution, line.work.days, back=line.place is not None) for person, line in there.items()}
        employment.record_employments(session, actor, employments, day, now=now)
        posts = find_or_make_posts(session, actor, institution, [line.work.post for line in there.values() if line.work.post], now=now)
        for person, line in there.items():
            if line.work.days.left_on is None or line.work.days.left_on >= day:
                post, since_on = posts.get(post_key(line.work.post)), line.work.days.entered_on
                first = since_on if isinstance(line, AddPerson) else None
                memberships[person] = MembershipValues(line.place, post, line.work.further, first)
        _leave(session, actor, {person: line.work.days.left_on for person, line in there.items()}, institution, day, now=now)
    members.assign_members(session, actor, memberships, now=now)


def let_leave(session: Session, actor: Actor, people: Sequence[int], institution: int, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution yesterday: a complete list of today does not name them."""
    places = {unit.id: unit for unit in queries.list_tree(session)}
    leavers.leave(session, actor, people, institution, local_day(places, institution, now) - timedelta(days=1), now=now)


def _leave(session: Session, actor: Actor, last_days: Mapping[int, date | None], institution: int, day: date, *, now: datetime) -> None:
    by_day = defaultdict[date, list[int]](list)
    for person, last_day in last_days.items():
        if last_day is not None and last_day < day:
            by_day[last_day].append(person)
    for last_day, people in by_day.items():
        leavers.end_places(session, actor, people, institution, last_day, now=now)


def _change(session: Session, actor: Actor, line: ChangePerson, *, now: datetime) -> None:
    person = session.get_one(Person, line.person_id)
    if line.names is not None or line.national_id:
        names = line.names or (person.given_names, person.first_surname, person.second_surname)
        changes = ProfileChanges(*names, person.language, person.zone, line.national_id or None)
        source = NameSource.LIST if line.names is not None else NameSource.SELF
        accounts.edit_profile(session, actor, person, changes, source=source, now=now)
    if line.restores:
        leavers.restore_account(session, actor, person, now=now)


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
    facts: tuple[tuple[str, str, str], ...] = ()
    zone: str = ""
    head: int | None = None
    """Who heads it from now on; None: unchanged."""


def bring_in_place(session: Session, actor: Actor, line: WriteUnit, *, now: datetime) -> None:
    """Add a place, or give it another name, code or parent; raise Conflict where the tree has changed so that it does not fit."""
    parent = None if line.parent is None else session.get_one(Organisation, line.parent)
    plan = UnitValues(line.name, line.code, line.zone or None)
    if line.place is None:
        unit = tree.make(session, actor, parent, line.kind, plan, now=now)
    else:
        unit = session.get_one(Organisation, line.place)
        if parent is None or parent.id == unit.parent_id:
            tree.change(session, actor, unit, plan, now=now)
        else:
            tree.move(session, actor, unit, parent, now=now, plan=plan)
    if line.head is not None:
        tree.name_manager(session, actor, unit, session.get_one(Person, line.head), now=now, is_head=True)


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
