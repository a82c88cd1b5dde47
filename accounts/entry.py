"""Other ways in than the password: packages above give buttons, prove anew who somebody is, and follow the sessions that they began."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts.models import Device, Person
from accounts.passwords import NOBODYS
from kernel.db import HookList


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """A button that leads to another way in."""

    label: str
    address: str


SIGN_IN_METHODS = HookList[Callable[[Session, str], Sequence[SignInMethod]]]("sign_in_methods")
"""Give the buttons of the sign-in page, in front of the form; each leads on to a path of this site."""
PROOF_METHODS = HookList[Callable[[Session, int, str], Sequence[SignInMethod]]]("proof_methods")
"""Give the buttons by which a person proves anew who they are, where the password is asked again: `(session, person_id, path)`."""
Origin = tuple[int, str]
"""By what a session was begun, as the package means it that gives it: a number and a text."""
FOLLOW_ENTRY = HookList[Callable[[Session, Device, Origin], None]]("follow_entry")
"""Follow the sessions that were begun by such a way."""
NEEDS_LOCAL_ADMINISTRATOR = HookList[Callable[[Session], bool]]("needs_local_administrator")
"""Return whether one administrator has to be able to come in with a password and a second factor of this site."""
LEAVE_METHODS = HookList[Callable[[Session, int], Sequence[SignInMethod]]]("leave_methods")
"""Give the links by which a person also leaves the way in by which the session of a device was begun, once it has ended."""
FORBIDS_PASSWORD = HookList[Callable[[Session, Person], str | None]]("forbids_password")
"""Give the reason why a person without a password may not choose one, as the mail says that they asked for."""


def has_password(person: Person) -> bool:
    """Return whether a person has chosen a password."""
    return person.password_hash != NOBODYS
