"""The hierarchy of errors that a page or a problem document can show.

DomainError
├── NotFound 404 ── Gone 410
├── Forbidden 403 ── SignInNeeded 401, OwnRecord 403
├── Conflict 409
├── Invalid 422
├── TooMany 429
└── Unavailable 503

Messages are English msgids; `kernel.web.errors` translates them for the reader.
"""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from kernel.codes import snake_case

_Row = TypeVar("_Row")


def N_(text: str) -> str:  # noqa: N802 - the name gettext tools know for "translate later"
    """Mark a message for translation where it is shown, not where it is written."""
    return text


class DomainError(Exception):
    """An expected refusal: a code for programs, a status for the web, a message for people.

    The code is the name of the class in lower case with underscores, unless the class states another.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = N_("This request could not be carried out.")
    way_on: tuple[str, str] | None = None
    """The title and address of what a refused page belongs to."""

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = snake_case(cls.__name__)

    def __init__(self, message: str | None = None, *, code: str | None = None, **facts: object) -> None:
        self.text = message or self.message
        self.reason = code or self.code
        self.facts: Mapping[str, object] = facts
        super().__init__(self.text % facts if facts else self.text)


class NotFound(DomainError):
    """There is nothing here, or its existence is not this reader's business."""

    status = 404
    message = N_("This page does not exist, or you do not have access to it.")


def require_found(row: _Row | None) -> _Row:
    """Return the value that was looked for; raise NotFound where it is None."""
    if row is None:
        raise NotFound
    return row


class Gone(NotFound):
    """It was here and was withdrawn for good."""

    status = 410
    message = N_("This is no longer available.")


class Forbidden(DomainError):
    """It exists in public, but this act is not open to this person."""

    status = 403
    message = N_("Your account does not allow this.")


class SignInNeeded(Forbidden):
    """Signing in would help."""

    status = 401
    message = N_("Sign in to continue.")


class OwnRecord(Forbidden):
    """An attempt by staff to act on their own record."""

    message = N_("This is your own record: another member of the team or an administrator has to do this.")


class Conflict(DomainError):
    """The state of things has changed, or does not admit this act."""

    status = 409
    message = N_("This has changed since you opened it. Check it again before you continue.")


class NoRoom(Conflict):
    """There are as many rows of a kind as there may be (`most`)."""

    message = N_("There are as many as there can be: %(most)s. Remove one first.")


class Invalid(DomainError):
    """Submitted data that cannot be accepted as they are."""

    status = 422
    message = N_("Something you sent needs to be corrected.")


class TooMany(DomainError):
    """Too many tries; `retry_after` in the facts is in seconds."""

    status = 429
    message = N_("Too many attempts. Wait a few minutes and try again.")


class Unavailable(DomainError):
    """The server cannot keep what was sent just now; nothing was saved."""

    status = 503
    message = N_("The server cannot save right now. Nothing was lost: try again in a moment.")
