"""Invitations of an address by a link with a secret, of every package: what is open, secrets, renewing, withdrawing, forgetting."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import LinkInvitation, Person
from accounts.people import hash_of
from accounts.rules import DELETED

Sent = TypeVar("Sent", bound=LinkInvitation)


@dataclass(frozen=True, slots=True)
class InvitationKind(Generic[Sent]):
    """A kind of invitations: its table, the column that says when one was accepted, and how long one can be."""

    table: type[Sent]
    accepted_at: InstrumentedAttribute[datetime | None]
    life: timedelta

    @property
    def unanswered(self) -> tuple[ColumnElement[bool], ...]:
        """Return the condition on invitations that nobody accepted or withdrew."""
        return self.accepted_at.is_(None), self.table.withdrawn_at.is_(None)

    def open_at(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        """Return the condition on invitations that can still be accepted."""
        return (*self.unanswered, self.table.expires_at > now)

    def is_open(self, row: Sent, now: datetime) -> bool:
        """Return whether one can still be accepted."""
        return getattr(row, self.accepted_at.key) is None and row.withdrawn_at is None and row.expires_at > now

    def has_secret(self, secret: str) -> ColumnElement[bool]:
        """Return the condition on the invitation that a link leads to."""
        return self.table.secret_hash == hash_of(secret)


def make_secret(row: LinkInvitation) -> str:
    """Make the secret of a link, when its mail is written or the link is shown; an earlier one ends. Only its hash is stored."""
    secret = secrets.token_urlsafe(32)
    row.secret_hash = hash_of(secret)
    return secret


def renew(kind: InvitationKind[Sent], row: Sent, *, now: datetime) -> None:
    """Let a locked invitation last its whole time again."""
    row.invited_at, row.expires_at = now, now + kind.life


def withdraw(session: Session, kind: InvitationKind[Sent], *which: ColumnElement[bool], now: datetime) -> int:
    """Withdraw unanswered invitations; return how many. A second time changes nothing."""
    withdrawn = update(kind.table).where(*kind.unanswered, *which).values(withdrawn_at=now)
    return len(session.scalars(withdrawn.returning(kind.table.id)).all())


def forget_before(session: Session, kind: InvitationKind[Sent], moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many."""
    return len(session.scalars(delete(kind.table).where(kind.table.expires_at < moment).returning(kind.table.id)).all())


def erase(session: Session, kind: InvitationKind[Sent], person: Person, *, now: datetime, **names: str) -> None:
    """Withdraw the open invitations to a person's address and remove it from all; `names` are other columns to overwrite."""
    withdraw(session, kind, kind.table.email == person.email, now=now)
    to_person = update(kind.table).where(kind.table.email == person.email)
    session.execute(to_person.values(email=f"{person.uuid}{DELETED}", **names))
