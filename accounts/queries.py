"""Reading people, devices and links."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from accounts.models import Device, NationalIdentity, Person, RoleGrant, Token, TokenPurpose
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
