"""Uploads that wait for a confirmation, of every package."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from accounts.models import PendingUpload, Person
from accounts.passwords import NOBODYS
from accounts.rules import PENDING_UPLOAD_LIFETIME
from kernel import audit
from kernel.audit import Verb
from kernel.errors import SignInNeeded, require_found
from kernel.i18n import site_zone_name
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor

Sent = TypeVar("Sent", bound=PendingUpload)

KEPT = 3
"""Uploads that wait of one person, of a kind and for the same course: two files that are compared, and one before them."""


@dataclass(frozen=True, slots=True)
class UploadedList:
    """A list as it was sent in: the file's name, its content, and how many lines of it were read."""

    name: str
    content: bytes
    total: int


def get_pending_upload(session: Session, table: type[Sent], person_id: int | None, sent: UUID, *conditions: ColumnElement[bool]) -> Sent:
    """Return the person's upload that awaits their confirmation; raise NotFound for any other person's."""
    return require_found(session.scalar(select(table).where(table.uuid == sent, table.person_id == person_id, *conditions)))


def store_pending_upload(
    session: Session,
    actor: Actor,
    verb: Verb,
    row: Sent,
    *earlier: ColumnElement[bool],
    now: datetime,
    **facts: object,
) -> Sent:
    """Keep what the actor sent in until it is confirmed, with the newest that they sent in before: KEPT of them in all.

    Whoever compares two files finds both previews. The others are forgotten, of those that `earlier` selects.
    """
    if actor.person_id is None:
        raise SignInNeeded
    table = type(row)
    mine = select(table.id).where(table.person_id == actor.person_id, *earlier).order_by(table.created_at.desc(), table.id.desc())
    session.execute(delete(table).where(table.id.in_(session.scalars(mine).all()[KEPT - 1 :])))
    row.person_id, row.created_at, row.expires_at = actor.person_id, now, now + PENDING_UPLOAD_LIFETIME
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, verb, row, now=now, **facts)
    return row


def discard_pending_upload(session: Session, actor: Actor, verb: Verb, row: PendingUpload, *, now: datetime, **facts: object) -> None:
    """Delete an upload that its sender does not want to confirm."""
    audit.record(session, actor, verb, row, now=now, **facts)
    session.delete(session.get_one(type(row), row.id))


def delete_pending_uploads(session: Session, table: type[PendingUpload], *, now: datetime) -> None:
    """Delete the pending uploads that have expired."""
    session.execute(delete(table).where(table.expires_at <= now))


def forget_uploads_of(table: type[PendingUpload]) -> Callable[[Delivery], Effect]:
    """Return the job that deletes what nobody confirmed in time."""
    return lambda delivery: lambda session: delete_pending_uploads(session, table, now=delivery.now)


@contextmanager
def limit_pending_uploads(session: Session, *, now: datetime) -> Iterator[int]:
    """Give the number of an account that exists within the block only: what two people exchange can wait there."""
    name = f"{secrets.token_hex(16)}@merging.invalid"
    row = Person(email=name, password_hash=NOBODYS, given_names="", first_surname="", second_surname="", created_at=now)
    row.language, row.zone, row.suspended_at = "es", site_zone_name(), now
    session.add(row)
    session.flush()  # its number is needed
    yield row.id
    session.delete(row)
    session.flush()  # while nothing names it: whoever forgot something there is told by the database
