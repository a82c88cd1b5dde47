"""Forgotten passwords: a link that is asked for, by its owner or an administrator, and the new password that it sets."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import queries, services
from accounts.models import Person, TokenPurpose
from accounts.services import AccountVerb
from kernel import audit, outbox
from kernel.errors import NotFound
from kernel.permissions import Actor


def ask_reset_link(session: Session, actor: Actor, email: str, *, now: datetime) -> None:
    """Send a link to choose a new password, where the address has an open account; elsewhere as much is written, and nothing sent."""
    person = queries.find_person_by_email(session, email)
    _order_reset_link(session, actor, None if person is None or person.suspended_at is not None else person, now=now)


def send_reset_link(session: Session, actor: Actor, person: Person, *, now: datetime) -> bool:
    """Send a person a link to choose a new password, and return whether it goes out: never to a suspended account."""
    if person.suspended_at is not None:
        return False
    _order_reset_link(session, actor, person, now=now)
    return True


def _order_reset_link(session: Session, actor: Actor, person: Person | None, *, now: datetime) -> None:
    audit.record(session, actor, AccountVerb.RESET_ASKED, person, now=now)
    outbox.enqueue(session, "accounts.send_reset", {"person": None if person is None else person.id}, now=now)


def reset_password(session: Session, actor: Actor, secret: str, password_hash: str, *, now: datetime) -> Person:
    """Set a new password with a link; the address is confirmed by it, and every session ends."""
    person = services.use_token(session, TokenPurpose.RESET, secret, now=now)
    if person is None:
        raise NotFound
    person.email_confirmed_at = person.email_confirmed_at or now
    services.change_password(session, actor, person, password_hash, now=now)
    return person
