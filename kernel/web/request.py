"""One request: its transaction, its actor, and who may use its route.

GET, HEAD and OPTIONS get a session whose connection cannot write. Other methods get a writing one, committed before the answer leaves
where its status is below 400 and rolled back otherwise. A view with something slow to do first (a password hash) is declared with
`reads_first=True`: it starts read-only and calls `begin_writing()` when it is ready.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kernel.db import Database
from kernel.errors import Forbidden, Unavailable
from kernel.permissions import Actor, Policy

log = structlog.get_logger()

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Loader = Callable[..., object]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares: its action and loader, or that it is public; whether it reads before it writes."""

    action: StrEnum | None
    loader: Loader | None = None
    reads_first: bool = False

    @property
    def is_public(self) -> bool:
        """Say whether everybody may use the route."""
        return self.action is None


@dataclass(frozen=True, slots=True)
class Plumbing:
    """What the roof hands to every request."""

    database: Database
    policy: Policy
    load_actor: Callable[[Session], Actor]


def plumbing() -> Plumbing:
    """Return what the roof handed over."""
    return cast("Plumbing", current_app.extensions["plumbing"])


def current_session() -> Session:
    """Return the session of this request."""
    return cast("Session", g.session)


def current_actor() -> Actor:
    """Return who is acting in this request."""
    if "actor" not in g:
        g.actor = plumbing().load_actor(current_session())
    return cast("Actor", g.actor)


def allows(action: StrEnum, subject: object) -> bool:
    """Say whether the present actor may; for showing or hiding a link, never instead of `requires`."""
    return plumbing().policy.allows(current_actor(), action, subject)


def requires(action: StrEnum, loader: Loader | None = None, *, reads_first: bool = False) -> Callable[[View], View]:
    """Declare who may use a route: load the subject (404), decide (401, 403, 404), then call the view with the subject."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            actor = current_actor()
            subject = loader(current_session(), actor, **arguments) if loader else None
            plumbing().policy.require(actor, action, subject)
            return view(subject) if loader else view(**arguments)

        guarded.access = Access(action, loader, reads_first)  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def public(view: View | None = None, *, reads_first: bool = False) -> Any:
    """Declare that everybody may use a route."""

    def decorate(view: View) -> View:
        view.access = Access(None, None, reads_first)  # type: ignore[attr-defined]
        return view

    return decorate if view is None else decorate(view)


def access_of(endpoint: str | None) -> Access | None:
    """Return what a route declared."""
    return getattr(current_app.view_functions.get(endpoint or ""), "access", None)


def begin_writing() -> Session:
    """Turn this request's session into a writing one; what was read before stays usable as plain values."""
    plumbing().database.finish(current_session(), keep=False)
    g.session = plumbing().database.begin(write=True)
    return current_session()


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "same-origin", "none"):
        raise Forbidden
    if origin not in (None, "null") and urlsplit(cast("str", origin)).netloc != request.host:
        raise Forbidden


def _open() -> None:
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if request.url_rule is None:
        g.session = plumbing().database.begin(write=False)
        return
    access = access_of(request.endpoint)
    if access is None:
        abort(403)  # default deny: a test walks the URL map, so that this is never seen
    writes = request.method not in SAFE_METHODS
    if writes:
        _check_origin()
        request.form  # noqa: B018 - the body is read before the write transaction begins
    g.session = plumbing().database.begin(write=writes and not access.reads_first)


def _close(response: Response) -> Response:
    session = g.pop("session", None)
    if session is None:
        return response
    keep = request.method not in SAFE_METHODS and response.status_code < 400
    try:
        plumbing().database.finish(session, keep=keep)
    except SQLAlchemyError as error:
        log.error("commit.failed", error=type(error).__name__)
        return cast("Response", current_app.handle_user_exception(Unavailable()))
    return response


def roll_back() -> None:
    """Forget this request's changes before an error page is drawn, and leave it a fresh read-only session."""
    session = g.pop("session", None)
    if session is not None:
        plumbing().database.finish(session, keep=False)


def _abandon(_error: BaseException | None) -> None:
    roll_back()
    structlog.contextvars.clear_contextvars()


def install(app: Flask, *, database: Database, policy: Policy, load_actor: Callable[[Session], Actor]) -> None:
    """Give every request of the application its transaction and its actor."""
    app.extensions["plumbing"] = Plumbing(database, policy, load_actor)
    app.before_request(_open)
    app.teardown_request(_abandon)


def install_closing(app: Flask) -> None:
    """Commit before anything else follows a view. Flask runs after-request functions last to first: install this one last."""
    app.after_request(_close)
