"""The directory of specialists: entries of those who opted in, found, withdrawn; contact by one mail of the site."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, exists, literal, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import by_name, is_confirmed_condition, name_matches
from communities.access import DirectoryContext
from communities.models import DirectoryEntry, DirectoryMark, MarkKind
from kernel.audit import AuditEntry, Verb
from kernel.crypto import seal, unseal
from kernel.db import count_rows
from kernel.errors import N_, Conflict, require_found
from kernel.permissions import Actor
from kernel.personal import PersonalTables
from organisations.models import Organisation
from spaces.acts import SpaceAct, begin, lock_person
from spaces.spaces import belongs

CONSENT = "2026-12-06"
"""Version of the sentence to which one consents."""
LANGUAGES = ("es", "en", "pt", "fr", "qu", "ay", "gn")
_CODES = "AR BO BR CA CL CO CR CU DO EC ES GT HN MX NI PA PE PR PT PY SV US UY VE"
COUNTRIES = tuple(_CODES.split())
MOST_SUBJECTS = 5
MOST_MESSAGES = 5
STOP = "directory contact"
STOP_SECONDS = 366 * 86_400
A_DAY = timedelta(days=1)


class DirectoryVerb(Verb):
    """The audit verbs of the directory; of a message nothing is recorded but that it was sent."""

    ENTERED = "directory.entered", N_("Entered the directory of specialists")
    CHANGED = "directory.changed", N_("Changed an entry in the directory of specialists")
    WITHDRAWN = "directory.withdrawn", N_("Left the directory of specialists")
    CONTACT_STOPPED = "directory.contact_stopped", N_("Takes no messages from the directory any more")
    CONTACTED = "directory.contacted", N_("Wrote to a person of the directory of specialists")


class WroteEnough(Conflict):
    """A person wrote to as many people as one may in a day."""

    message = N_("You can write to five people a day.")


@dataclass(frozen=True, slots=True)
class DirectoryValues:
    """The contents of an entry."""

    text: str
    shows_institution: bool
    contact: bool
    marks: Mapping[MarkKind, Collection[str]] = field(default_factory=dict)


def find_own(session: Session, actor: Actor) -> DirectoryEntry | None:
    """Return the actor's entry."""
    return session.scalar(select(DirectoryEntry).where(DirectoryEntry.person_id == actor.person_id))


def list_marks(session: Session, entries: Collection[int]) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """Return the marks of entries, by kind."""
    marks: dict[int, dict[str, list[str]]] = {number: {kind.value: [] for kind in MarkKind} for number in entries}
    statement = select(DirectoryMark).where(DirectoryMark.entry_id.in_(entries)).order_by(DirectoryMark.id)
    for mark in session.scalars(statement):
        marks[mark.entry_id][mark.kind].append(mark.code)
    return marks


def save_entry(session: Session, actor: Actor, values: DirectoryValues, *, now: datetime) -> DirectoryEntry:
    """Keep the actor's entry, with the version and the moment of the consent."""
    assert actor.person_id is not None
    lock_person(session, actor.person_id)
    row = find_own(session, actor)
    verb = DirectoryVerb.CHANGED if row else DirectoryVerb.ENTERED
    if row is None:
        row = DirectoryEntry(person_id=actor.person_id, consent_version="", consented_at=now)
        session.add(row)
    if row.consent_version != CONSENT:
        row.consent_version, row.consented_at = CONSENT, now
    row.text, row.shows_institution, row.contact = values.text, values.shows_institution, values.contact
    session.flush()
    session.execute(delete(DirectoryMark).where(DirectoryMark.entry_id == row.id))
    session.add_all(DirectoryMark(entry_id=row.id, kind=kind.value, code=code) for kind, codes in values.marks.items() for code in codes)
    SpaceAct(session, actor, now, row, row).note(verb)
    return row


def withdraw(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Delete the actor's entry: nobody sees it from the next request on. Return whether there was one."""
    row = find_own(session, actor)
    if row is None:
        return False
    SpaceAct(session, actor, now, row, row).note(DirectoryVerb.WITHDRAWN)
    session.execute(delete(DirectoryMark).where(DirectoryMark.entry_id == row.id))
    session.delete(row)
    return True


@dataclass(frozen=True, slots=True)
class DirectoryQuery:
    """The filters of the directory."""

    name: str = ""
    marks: Mapping[MarkKind, str] = field(default_factory=dict)
    institution: int | None = None


def _visible(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an entry is shown: its person is neither suspended nor without a confirmed address."""
    return DirectoryEntry.person_id == Person.id, Person.suspended_at.is_(None), is_confirmed_condition(session)


def list_institutions(session: Session, people: Collection[int]) -> Mapping[int, Sequence[str]]:
    """Return the names of the institutions to which people belong, by person."""
    statement = select(Person.id.label("person"), Organisation.name.label("institution")).where(Person.id.in_(people))
    statement = statement.join(Organisation, belongs(Person.id, Organisation.id)).where(Organisation.parent_id.is_(None))
    names = defaultdict[int, list[str]](list)
    for row in session.execute(statement.order_by(Organisation.name_key)):
        names[row.person].append(row.institution)
    return names


def list_entries(session: Session, query: DirectoryQuery, *, offset: int, limit: int) -> list[Row[DirectoryEntry, Person]]:
    """List the entries that fit, with their people, by name; who hides their institution is not found by it."""
    statement = select(DirectoryEntry, Person).where(*_visible(session), *name_matches(query.name, with_address=False))
    for kind, code in query.marks.items():
        mark = aliased(DirectoryMark)
        statement = statement.where(exists().where(mark.entry_id == DirectoryEntry.id, mark.kind == kind.value, mark.code == code))
    if query.institution is not None:
        statement = statement.where(DirectoryEntry.shows_institution, belongs(Person.id, literal(query.institution)))
    return list(session.execute(statement.order_by(*by_name()).offset(offset).limit(limit)))


def list_codes(session: Session, kind: MarkKind) -> list[str]:
    """List the codes of a kind that entries have which are shown."""
    statement = select(DirectoryMark.code).distinct().join(DirectoryEntry, DirectoryEntry.id == DirectoryMark.entry_id)
    shown = statement.where(*_visible(session), DirectoryMark.kind == kind.value)
    return list(session.scalars(shown.order_by(DirectoryMark.code).limit(500)))


def list_institution_choices(session: Session) -> list[tuple[str, str]]:
    """List the institutions by number and name."""
    statement = select(Organisation.id, Organisation.name).where(Organisation.parent_id.is_(None), Organisation.closed_at.is_(None))
    return [(str(row.id), row.name) for row in session.execute(statement.order_by(Organisation.name_key).limit(200))]


def count_entries(session: Session) -> int:
    """Count the entries that are shown."""
    return count_rows(session, DirectoryEntry, *_visible(session))


def get_entry(session: Session, _actor: Actor, entry: UUID) -> DirectoryContext:
    """Return an entry that is shown, with its person; raise NotFound."""
    statement = select(DirectoryEntry, Person).where(DirectoryEntry.uuid == entry, *_visible(session))
    row = require_found(session.execute(statement).one_or_none())
    return DirectoryContext(row.DirectoryEntry, row.Person)


def require_message_left(session: Session, actor: Actor, *, now: datetime) -> None:
    """Raise WroteEnough where an actor wrote to as many people in a day as one may."""
    mine = (AuditEntry.actor_id == actor.person_id, AuditEntry.verb == DirectoryVerb.CONTACTED.value, AuditEntry.at > now - A_DAY)
    if count_rows(session, AuditEntry, *mine) >= MOST_MESSAGES:
        raise WroteEnough


def note_contact(session: Session, actor: Actor, entry: DirectoryEntry, *, now: datetime) -> None:
    """Record that an actor wrote to somebody; what is kept nowhere."""
    SpaceAct(session, actor, now, entry, entry).note(DirectoryVerb.CONTACTED)


def stop_token(secret: bytes, entry: DirectoryEntry) -> str:
    """Return the token of a link in a mail by which its reader ends such mails."""
    return seal(secret, STOP, entry.person_id)


def stop_contact(session: Session, actor: Actor, person_id: int, *, now: datetime) -> bool:
    """Let somebody get no messages by the directory any more; return whether they did until now."""
    row = session.scalar(select(DirectoryEntry).where(DirectoryEntry.person_id == person_id))
    act = None if row is None else begin(session, actor, row, now=now)
    if act is None or not act.change({"contact": False}):
        return False
    act.note(DirectoryVerb.CONTACT_STOPPED)
    return True


def read_stop(secrets: Sequence[bytes], token: str) -> int | None:
    """Return whose messages a link ends; None where it is not one of ours, or a year old."""
    values = (unseal(secret, STOP, token, seconds=STOP_SECONDS) for secret in secrets)
    return next((value for value in values if isinstance(value, int)), None)


def erase_marks(session: Session, person: Person, *, now: datetime) -> None:
    """Delete the marks of somebody's entry, which goes after them."""
    del now
    of = select(DirectoryEntry.id).where(DirectoryEntry.person_id == person.id)
    session.execute(delete(DirectoryMark).where(DirectoryMark.entry_id.in_(of)))


def merge_entries(session: Session, giver: int, taker: int) -> None:
    """Give an entry to the account that stays, unless that has one of its own."""
    rows = {row.person_id: row for row in session.scalars(select(DirectoryEntry).where(DirectoryEntry.person_id.in_([giver, taker])))}
    if giver in rows and taker not in rows:
        rows[giver].person_id = taker
    elif giver in rows:
        session.execute(delete(DirectoryMark).where(DirectoryMark.entry_id == rows[giver].id))
        session.delete(rows[giver])
    session.flush()


def select_own_data(person_id: int) -> PersonalTables:
    """Return a person's entry for the copy of their data."""
    entry, mine = DirectoryEntry, DirectoryEntry.person_id == person_id
    values = (entry.text, entry.shows_institution, entry.contact, entry.consent_version, entry.consented_at)
    columns: Select[*tuple[Any, ...]] = select(*values)
    marks: Select[*tuple[Any, ...]] = select(DirectoryMark.kind, DirectoryMark.code).join(entry, entry.id == DirectoryMark.entry_id)
    return {"directory_entries": columns.where(mine), "directory_marks": marks.where(mine)}
