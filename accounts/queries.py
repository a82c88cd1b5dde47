"""Reading people, devices and links."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Device, NationalIdentity, Person, RoleGrant, Token, TokenPurpose
from accounts.rules import fold
from kernel.errors import NotFound
from kernel.permissions import SiteRole


def hash_of(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256. Secrets are random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _holds(role: SiteRole) -> ColumnElement[bool]:
    return exists().where(RoleGrant.person_id == Person.id, RoleGrant.role == role.value)


def signed_in_statement(is_staff: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Build the one statement that every signed-in request runs; `:secret_hash` is bound, `is_staff` comes from the roof."""
    return select(
        Device.id.label("device_id"),
        Device.created_at,
        Device.last_seen_at,
        Person.id,
        Person.uuid,
        Person.email,
        Person.given_names,
        Person.first_surname,
        Person.second_surname,
        Person.language,
        Person.zone,
        Person.theme,
        _holds(SiteRole.ADMINISTRATOR).label("is_administrator"),
        is_staff.label("is_staff"),
    ).where(
        Device.secret_hash == bindparam("secret_hash"),
        Device.ended_at.is_(None),
        Device.person_id == Person.id,
        Person.suspended_at.is_(None),
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of a person."""

    person_id: int
    password_hash: str
    confirmed: bool
    suspended: bool


def find_credentials(session: Session, email: str) -> Credentials | None:
    """Return what belongs to an address, if it has an account."""
    row = session.execute(
        select(Person.id, Person.password_hash, Person.email_confirmed_at, Person.suspended_at).where(Person.email == email)
    ).one_or_none()
    return None if row is None else Credentials(row.id, row.password_hash, row.email_confirmed_at is not None, row.suspended_at is not None)


def get_person(session: Session, person_id: int) -> Person:
    """Return a person; raise NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def find_person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this address, in lower case."""
    return session.scalar(select(Person).where(Person.email == email))


WORDS = 6
"""Words of a search that are looked at."""


def named(words: str) -> list[ColumnElement[bool]]:
    """Return the conditions on `person` that find people by parts of name and address, whatever the case and the accents."""
    return [
        or_(*(column.contains(word, autoescape=True) for column in (Person.name_key, Person.email))) for word in fold(words).split()[:WORDS]
    ]


def by_name() -> tuple[ColumnElement[Any], ...]:
    """Return the order of people in lists: surnames, then given names."""
    return (Person.name_key.expression, Person.id.expression)


def get_person_by_uuid(session: Session, person: UUID) -> Person:
    """Return a person by what addresses name them; raise NotFound."""
    found = session.scalar(select(Person).where(Person.uuid == person))
    if found is None:
        raise NotFound
    return found


class PersonState(StrEnum):
    """Which accounts a list shows."""

    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "suspended"
    ADMINISTRATOR = "administrator"


_STATES: Mapping[PersonState, tuple[ColumnElement[bool], ...]] = {
    PersonState.OPEN: (Person.suspended_at.is_(None), Person.email_confirmed_at.is_not(None)),
    PersonState.UNCONFIRMED: (Person.suspended_at.is_(None), Person.email_confirmed_at.is_(None)),
    PersonState.SUSPENDED: (Person.suspended_at.is_not(None),),
    PersonState.ADMINISTRATOR: (_holds(SiteRole.ADMINISTRATOR),),
}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list of people."""

    uuid: UUID
    name: str
    email: str
    confirmed: bool
    suspended: bool
    is_administrator: bool
    created_at: datetime
    last_seen_at: datetime | None


def list_people(session: Session, words: str, state: PersonState | None, *, offset: int, limit: int) -> list[PersonRow]:
    """List some of the people whose name or address holds all of these words, by name."""
    seen = select(func.max(Device.last_seen_at)).where(Device.person_id == Person.id).scalar_subquery()
    statement = (
        select(Person, _holds(SiteRole.ADMINISTRATOR).label("is_administrator"), seen.label("seen"))
        .where(*_wanted(words, state))
        .order_by(*by_name())
        .offset(offset)
        .limit(limit)
    )
    return [
        PersonRow(
            row.Person.uuid,
            row.Person.full_name,
            row.Person.email,
            row.Person.email_confirmed_at is not None,
            row.Person.suspended_at is not None,
            row.is_administrator,
            row.Person.created_at,
            row.seen,
        )
        for row in session.execute(statement)
    ]


def count_people(session: Session, words: str, state: PersonState | None) -> int:
    """Count the people that a list shows on all its pages."""
    return session.scalar(select(func.count()).select_from(Person).where(*_wanted(words, state))) or 0


def _wanted(words: str, state: PersonState | None) -> list[ColumnElement[bool]]:
    return [*named(words), *(_STATES[state] if state else ())]


def lock_administrators(session: Session) -> list[int]:
    """Return who holds the role of administrator and can sign in, locked until the transaction ends."""
    statement = (
        select(Person.id)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == SiteRole.ADMINISTRATOR.value, Person.suspended_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    )
    return list(session.scalars(statement))


def find_national_id(session: Session, person_id: int) -> str:
    """Return a person's identity number, or nothing."""
    return session.scalar(select(NationalIdentity.number).where(NationalIdentity.person_id == person_id)) or ""


def list_devices(session: Session, person_id: int, *, since: datetime) -> list[Device]:
    """List a person's open sessions seen since a moment, the latest first."""
    statement = (
        select(Device)
        .where(Device.person_id == person_id, Device.ended_at.is_(None), Device.created_at > since)
        .order_by(Device.last_seen_at.desc(), Device.id)
        .limit(100)
    )
    return list(session.scalars(statement))


def get_own_device(session: Session, person_id: int, device: UUID) -> Device:
    """Return one of a person's devices; raise NotFound for anybody else's."""
    row = session.scalar(select(Device).where(Device.uuid == device, Device.person_id == person_id))
    if row is None:
        raise NotFound
    return row


def find_token(session: Session, purpose: TokenPurpose, secret: str, *, now: datetime) -> Token | None:
    """Return a link that can still be used: unused, in time, and the password has not changed since."""
    token = session.scalar(select(Token).where(Token.secret_hash == hash_of(secret), Token.purpose == purpose.value))
    if token is None or token.used_at is not None or token.expires_at <= now:
        return None
    bound = "" if token.person_id is None else hash_of(get_person(session, token.person_id).password_hash)
    return token if token.bound_to == bound else None


def holds_role(session: Session, person_id: int, role: SiteRole) -> bool:
    """Say whether a person holds a site role."""
    return bool(session.scalar(select(exists().where(RoleGrant.person_id == person_id, RoleGrant.role == role.value))))


def administrator_exists(session: Session) -> bool:
    """Say whether somebody holds the role of administrator."""
    return bool(session.scalar(select(exists().where(RoleGrant.role == SiteRole.ADMINISTRATOR.value))))


def personal_words(session: Session, person: Person) -> tuple[str, ...]:
    """Return what a person's password may not contain: names, address, identity number."""
    return (person.given_names, person.first_surname, person.second_surname, person.email, find_national_id(session, person.id))
