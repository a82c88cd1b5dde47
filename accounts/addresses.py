"""Another address for an account, and the reset of a forgotten password, each with a link sent by mail (spec/security 2.6)."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from accounts import accounts, people
from accounts.models import Person, Token, TokenPurpose
from accounts.passwords import NOBODYS
from accounts.people import AccountVerb
from accounts.rules import TOKEN_LIFE
from kernel import audit, outbox
from kernel.crypto import lock_text, unlock_text
from kernel.db import Hook
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.permissions import Actor

LOCKED_FOR_ADDRESS = "new address"
FollowAddress = Callable[[Session, str, str], None]
"""What another package does where a person's address becomes another: `(session, old, new)`; the roof names it in the session's `info`."""

FOLLOW_ADDRESS = Hook[FollowAddress]("follow_address")
"""Gives what follows from another address of a person."""


def ask_address_change(session: Session, actor: Actor, person: Person, email: str, *, now: datetime) -> None:
    """Send a link to the new address; if an account has it, notify its owner instead, without the requester seeing a difference."""
    audit.record(session, actor, AccountVerb.ADDRESS_ASKED, person, now=now)
    owner = people.find_person_by_email(session, email)
    if owner is None:
        outbox.enqueue(session, "accounts.send_new_address", {"person": person.id, "email": email}, now=now)
    else:
        outbox.enqueue(session, "accounts.send_known_address", {"person": owner.id}, now=now)


def _address_state(person: Person) -> str:
    """Return the values whose change ends the link: the address and the password."""
    return people.hash_of(f"{person.email} {person.password_hash}")


def address_link(keys: Sequence[bytes], person: Person, email: str) -> str:
    """Return the secret of a link that changes an account's address, readable by this instance alone."""
    return lock_text(keys, LOCKED_FOR_ADDRESS, json.dumps([person.id, email, _address_state(person)]))


def read_address_link(session: Session, keys: Sequence[bytes], secret: str) -> tuple[Person, str]:
    """Return the person of a link and their new address; raise NotFound where it expired, was used, or the address is taken."""
    text = require_found(unlock_text(keys, LOCKED_FOR_ADDRESS, secret, seconds=int(TOKEN_LIFE.total_seconds())))
    person_id, email, state = json.loads(text)
    person = people.get_person(session, person_id)
    if person.suspended_at is not None or _address_state(person) != state or people.find_person_by_email(session, email) is not None:
        raise NotFound
    return person, email


def change_address(session: Session, actor: Actor, keys: Sequence[bytes], secret: str, *, now: datetime) -> Person:
    """Change the address with a link: end other links and all sessions but the one that opened it; notify the old address.

    So it takes the password, a link at the new address and a word to the old one.
    """
    person, email = read_address_link(session, keys, secret)
    replace_address(session, actor, person, email, now=now)
    return person


def replace_address(session: Session, actor: Actor, person: Person, email: str, *, now: datetime) -> None:
    """Give an account an address that is its person's and no other's: other links and sessions end, the old address is notified."""
    old, was_confirmed = person.email, person.email_confirmed_at is not None
    person.email, person.email_confirmed_at = email, now
    if was_confirmed:
        FOLLOW_ADDRESS.of(session)(session, old, email)
    session.execute(delete(Token).where(Token.person_id == person.id))
    accounts.end_devices(session, person.id, now=now, but=actor.device_id if actor.person_id == person.id else None)
    audit.record(session, actor, AccountVerb.ADDRESS_CHANGED, person, now=now)
    outbox.enqueue(session, "accounts.send_address_changed", {"person": person.id, "email": old}, now=now)


class AlreadyOpened(Conflict):
    """The account was opened meanwhile: its address is its person's."""

    message = N_("The account is in use. Its owner changes the address in “My account”.")


class AddressTaken(Conflict):
    """Another account has the address."""

    message = N_("This email address already has an account.")


def correct_invitation(session: Session, actor: Actor, person: Person, email: str, *, now: datetime) -> None:
    """Send the invitation of an account that nobody has opened to another address; the link that went to the former one ends.

    Raise AlreadyOpened, or AddressTaken where another account has the address.
    """
    people.lock_person(session, person.id)
    if not is_unopened(person.email_confirmed_at, person.password_hash):
        raise AlreadyOpened
    if people.find_person_by_email(session, email) is not None:
        raise AddressTaken
    person.email = email
    session.execute(delete(Token).where(Token.person_id == person.id))
    audit.record(session, actor, AccountVerb.ADDRESS_CHANGED, person, now=now)
    accounts.invite_again(session, actor, person, now=now)


def is_unopened(email_confirmed_at: datetime | None, password_hash: str) -> bool:
    """Return whether nobody has opened an account yet: its address is only what a list or an administrator wrote."""
    return email_confirmed_at is None and password_hash == NOBODYS


def ask_reset_link(session: Session, actor: Actor, email: str, *, path: str = "", now: datetime) -> None:
    """Send a link to choose a new password, where the address has an open account; elsewhere as much is written, and nothing sent.

    After it the person goes on to `path`.
    """
    person = people.find_person_by_email(session, email)
    _order_reset_link(session, actor, None if person is None or person.suspended_at is not None else person, path=path, now=now)


def send_reset_link(session: Session, actor: Actor, person: Person, *, now: datetime) -> bool:
    """Send a person a link to choose a new password, and return whether it goes out: never to a suspended account."""
    if person.suspended_at is not None:
        return False
    _order_reset_link(session, actor, person, now=now)
    return True


def _order_reset_link(session: Session, actor: Actor, person: Person | None, *, path: str = "", now: datetime) -> None:
    audit.record(session, actor, AccountVerb.RESET_ASKED, person, now=now)
    outbox.enqueue(session, "accounts.send_reset", {"person": None if person is None else person.id, "next": path}, now=now)


def reset_password(session: Session, actor: Actor, secret: str, password_hash: str, *, now: datetime) -> Person:
    """Set a new password with a link; the address is confirmed by it, and every session ends."""
    person = require_found(accounts.use_token(session, TokenPurpose.RESET, secret, now=now))
    person.email_confirmed_at = person.email_confirmed_at or now
    accounts.change_password(session, actor, person, password_hash, now=now)
    return person
