"""Joinings: the packages above say what an address of theirs lets its reader join who signs up or in for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts.names import NameParts
from kernel.db import HookList
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation whose holder may create an account for its address."""

    email: str
    name: NameParts
    is_mailed: bool
    """Whether its secret went out in a mail to that address and was shown nowhere else: its holder reads that mailbox."""
    may_sign_up: bool
    note_sign_up: Callable[[], None]
    """Note that an account was asked for with it."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Something that a person joins as soon as they have signed up or in for it."""

    join: Callable[[], str]
    """Let the actor join, where they still may, and return the path that follows."""
    promise: str = ""
    """The sentence that says so beforehand; empty where a stranger may not learn what it is."""
    title: str = ""
    """The name of what is joined, for the mail; empty as well there."""
    mail_path: str = ""
    """Where the link of the mail leads; it holds no secret. Empty: where the person came from."""
    invitation: Invitation | None = None


FindJoining = Callable[[str, Mapping[str, str]], Joining | None]
"""Return the thing that is joined at an endpoint with the values of its address, or None."""

JOININGS = HookList[FindJoining]("joinings")

Fields = Sequence[tuple[str, str]]
RESUMED = HookList[Callable[[Session, Actor, str, Mapping[str, str], str, Fields], str | None]]("resumed")
"""Keep a form that was sent while its writer was signed out: `(session, actor, endpoint, arguments, path, fields)`.

Each answers with the address at which the writer goes on, or with nothing where the form is not its own.
"""
