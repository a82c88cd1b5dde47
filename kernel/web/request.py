"""One request: its transaction, its actor, and who may use its route.

GET, HEAD and OPTIONS get a session whose connection cannot write. Other methods get a writing one, committed before the answer leaves
where its status is below 400 and rolled back otherwise. A view with something slow to do first (a password hash) is declared with
`reads_first=True`: it starts read-only and calls `begin_writing()` when it is ready. On SQLite, where one writes at a time, every
request is read-only until it is known who sent it and that the form is ours; a view that is `optimistic` also decides before it waits.

What is rolled back is rolled back whole: the cookie too becomes again what came in, so that no page later says «saved» of what was not.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial, wraps
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import flask
import structlog
from flask import Flask, Request, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.routing import IntegerConverter, ValidationError

from kernel import deadline
from kernel.db import Database, cause_of
from kernel.errors import Forbidden, Unavailable
from kernel.files import FileStore
from kernel.optimistic import ReadsChanged
from kernel.permissions import Actor, Policy
from kernel.request_gaps import REQUEST_GAPS
from kernel.sandbox import one_file_of
from kernel.site_profile import PresentSettings
from kernel.web.active_requests import ActiveRequests, ConcurrencyLimiter, ServerBusy
from kernel.web.former_hosts import is_former_address
from kernel.web.forms import Form

log = structlog.get_logger()

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD_LIMIT = 500
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
Loader = Callable[..., object]
View = TypeVar("View", bound=Callable[..., Any])
Result = TypeVar("Result")
Answer = str | Response | tuple[str | Response, int]
"""What a view returns: a page, a page with its status, or a response of Flask's."""


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """The access rules of a route: its action and loader, or that it is public; whether it reads before it writes; its limits."""

    action: StrEnum | None
    loader: Loader | None = None
    reads_first: bool | Callable[[], bool] = False
    """A function says it of the request that came."""
    optimistic: bool | Callable[[], bool] = False
    """Whether the view decides before SQLite's lock of writers is taken, and is called again where what it read has changed by then."""
    body_limit: int | None = None
    """Bytes of a request's body where the route takes files; None: the limit of every other route (spec/security 3.5)."""
    field_limit: int = FIELD_LIMIT
    """Fields of a form; more than on other routes where a page may be as long as its author likes."""
    why: str = ""
    """The reason of a public route."""

    @property
    def is_public(self) -> bool:
        """Return whether everybody may use the route."""
        return self.action is None


@dataclass(frozen=True, slots=True)
class RequestServices:
    """The services that the application gives to every request."""

    database: Database
    policy: Policy
    load_actor: Callable[[Session], Actor]
    request_seconds: float = 30.0
    """How long a request may work once its body is there (spec/security 3.5)."""
    quiet: frozenset[str] = frozenset()
    """Endpoints that leave no line in the log and wait for nobody: static files, probes."""
    any_host: frozenset[str] = frozenset()
    """Endpoints that machines ask by whatever name or address a process has: probes, figures. Their answers name no site."""
    active_requests: ActiveRequests = field(default_factory=ActiveRequests)
    concurrency: ConcurrencyLimiter = field(default_factory=ConcurrencyLimiter)
    """Of the requests in hand few compute, and beside them those that take long."""


TURNED_AWAY = "aulario.turned_away"
"""Stands in the environment of a request whose answer `kernel.web.admission` gives to every visitor whom it refuses."""
FOREIGN = "foreign_page"
"""Why a request is refused that another site's page sends."""


class UnknownHost(BadRequest):
    """A request for another site than ours."""


def secrets_of_app() -> list[bytes]:
    """Return the secret keys, the present one first."""
    return [cast("bytes", current_app.secret_key), *current_app.config["SECRET_KEY_FALLBACKS"]]


def request_services() -> RequestServices:
    """Return the services of this application."""
    return services_of_app(current_app)


def services_of_app(app: Flask) -> RequestServices:
    """Return the services of an application."""
    services: RequestServices = app.extensions["plumbing"]
    return services


def current_settings() -> PresentSettings:
    """Return the settings in force now: of the environment, and what administrators set on the web."""
    return settings_of_app(current_app)


def settings_of_app(app: Flask) -> PresentSettings:
    """Return the settings in force now in an application."""
    settings: PresentSettings = app.extensions["present"](app.extensions["settings"])
    return settings


def file_store() -> FileStore:
    """Return where this application stores contents."""
    store: FileStore = current_app.extensions["files"]
    return store


def current_session() -> Session:
    """Return the session of this request: what its hooks began, else a reading one, begun when it is first needed."""
    session: Session | None = g.get("session")
    if session is None:
        session = g.session = request_services().database.begin(write=False)
    return session


def current_actor() -> Actor:
    """Return who is acting in this request."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        actor = g.actor = request_services().load_actor(current_session())
    return actor


def allows(action: StrEnum, subject: object) -> bool:
    """Return whether the present actor may; for showing or hiding a link, never instead of `requires`."""
    return request_services().policy.allows(current_actor(), action, subject)


def requires(
    action: StrEnum,
    loader: Loader | None = None,
    *,
    reads_first: bool | Callable[[], bool] = False,
    optimistic: bool | Callable[[], bool] = False,
    body_limit: int | None = None,
    field_limit: int = FIELD_LIMIT,
) -> Callable[[View], View]:
    """Declare who may use a route: load the subject (404), decide (401, 403, 404), then call the view with the subject."""
    access = RouteAccess(action, loader, reads_first, optimistic=optimistic, body_limit=body_limit, field_limit=field_limit)

    def decorate(view: View) -> View:
        def decided(**arguments: Any) -> Any:
            actor, policy = current_actor(), request_services().policy
            policy.require_beforehand(actor, action)
            subject = loader(current_session(), actor, **arguments) if loader else None
            policy.require(actor, action, subject)
            g.subject = subject
            return view(subject) if loader else view(**arguments)

        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            return write_optimistically(partial(decided, **arguments)) if g.get("optimistic") else decided(**arguments)

        guarded.access = access  # type: ignore[attr-defined]  # marks stand on the function
        return cast("View", guarded)

    return decorate


def public(why: str, *, reads_first: bool = False, body_limit: int | None = None) -> Callable[[View], View]:
    """Declare that everybody may use a route, and why."""

    def decorate(view: View) -> View:
        access = RouteAccess(None, None, reads_first, body_limit=body_limit, why=why)
        view.access = access  # type: ignore[attr-defined]  # marks stand on the function
        return view

    return decorate


def this_request() -> Request:
    """Return the request itself, for who looks at it many times: `request` finds it anew at each look."""
    return cast("Request", request._get_current_object())  # type: ignore[attr-defined]  # Flask types it as what it stands for


def is_read_only_request() -> bool:
    """Return whether this request shows a form and does not send one: GET, and HEAD with it."""
    return request.method in SAFE_METHODS


def _holds(rule: bool | Callable[[], bool]) -> bool:
    return rule() if callable(rule) else rule


def access_of(endpoint: str | None) -> RouteAccess | None:
    """Return the declared access of a route."""
    return getattr(current_app.view_functions.get(endpoint or ""), "access", None)


def release_connection() -> None:
    """Give this request's connection and turn back before something slow; what was read stays usable as plain values.

    A request that kept one while it waits for a second would, with enough others like it, wait for ever.
    """
    _end_turn()
    _forget_session()


@contextmanager
def reading_file() -> Iterator[None]:
    """Give the connection and the turn back while a file is read that the actor sent, one of each person at a time; raise TooMany."""
    person_id = current_actor().person_id
    release_connection()
    with one_file_of(person_id):
        yield


def _forget_session() -> None:
    session = g.pop("session", None)
    if session is not None:
        request_services().database.finish(session, commit=False)


def begin_writing(*, optimistic: bool = False) -> Session:
    """Turn this request's session into a writing one; what was read before stays usable as plain values.

    An `optimistic` one is for `write_optimistically`.
    """
    _forget_session()
    session = g.session = request_services().database.begin(write=True, optimistic=optimistic)
    return session


def write_optimistically(work: Callable[[], Result]) -> Result:
    """Call what writes with a session of its own that decides before SQLite's lock of writers is taken; return what it returns.

    Where what it has read is another by then, nothing of it is kept, and it is called once more with the lock taken first. It may
    therefore change nothing beside the database and the cookie.
    """
    session = begin_writing(optimistic=True)
    try:
        done = work()
        if g.get("session") is session:
            session.flush()
    except ReadsChanged:
        _restore_cookie()
        begin_writing()
        return work()
    return done


@lru_cache(maxsize=64)
def _name_of(host: str) -> str | None:
    return urlsplit(f"//{host}").hostname


def _check_host(request: Request) -> None:
    """Refuse a request for another site than ours (spec/security 3.3). Flask's own list cannot hold an IPv6 address."""
    name, settings = _name_of(request.host), current_settings()
    if name not in settings.host_names and not is_former_address(settings, request.host, request.path):
        raise UnknownHost


def _check_origin(request: Request) -> None:
    """Refuse what another site's page sends. A page without referrer sends `null`: there the form's token decides."""
    origin = request.headers.get("Origin", "null")
    if request.headers.get("Sec-Fetch-Site") not in (None, "same-origin", "none"):
        raise Forbidden(code=FOREIGN)
    if origin != "null" and origin.partition("://")[2].lower() != request.host.lower():
        raise Forbidden(code=FOREIGN)


def _read_body(request: Request, access: RouteAccess) -> None:
    """Read what was sent before the write transaction begins: a slow sender must not hold everybody."""
    if access.body_limit is not None:
        request.max_content_length = access.body_limit
    request.max_form_parts = access.field_limit
    if request.mimetype not in FORM_TYPES:
        request.get_data()
    elif sum(len(values) for values in request.form.listvalues()) > access.field_limit:
        raise BadRequest
    if request.content_length is None and "wsgi.input_terminated" in request.environ and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge  # a body without a length is cut at the limit in silence: what was cut must not be taken


def _end_turn() -> None:
    turn = g.pop("turn", None)
    if turn is not None:
        request_services().concurrency.give_back(turn)


def roll_back() -> None:
    """Discard this request's changes before an error page is rendered; what the page reads it reads anew, late or not."""
    deadline.end()
    _restore_cookie()
    g.pop("cookie_before", None)
    release_connection()


def _restore_cookie() -> None:
    before = g.get("cookie_before")
    if before is not None and dict(cookie) != before:
        cookie.clear()
        cookie.update(before)


@dataclass(frozen=True, slots=True)
class RequestHooks:
    """The hooks of an application around each of its views, with the services that they would look up for each request anew."""

    services: RequestServices

    def open(self) -> None:
        """Check where a request comes from, read its body, and wait for its turn."""
        request, services, writes = this_request(), self.services, not is_read_only_request()
        g.request_id = request_id = secrets.token_hex(8)
        g.began = time.monotonic()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if request.endpoint not in services.any_host:
            _check_host(request)
        if request.url_rule is None:
            return
        access = access_of(request.endpoint)
        if access is None:
            abort(403)  # default deny: a test walks the URL map, so that this is never seen
        if writes:
            _check_origin(request)
            _read_body(request, access)
        deadline.begin(services.request_seconds)
        self._admit(request, writes=writes)
        if writes:
            g.cookie_before = dict(cookie._get_current_object())  # type: ignore[attr-defined]  # Flask types it as what it stands for
            g.writes = writes = not _holds(access.reads_first)
            if services.database.is_sqlite:
                g.optimistic = writes and _holds(access.optimistic)
            elif writes:
                g.session = services.database.begin(write=True)

    def _admit(self, request: Request, *, writes: bool) -> None:
        """Count the request once its body has arrived, and wait for its turn; raise ServerBusy where the admission gate refused it."""
        self.services.active_requests.enter()
        g.in_hand = True
        REQUEST_GAPS.note()
        if request.endpoint in self.services.quiet:
            return
        if TURNED_AWAY in request.environ:
            raise ServerBusy
        g.turn = self.services.concurrency.take(writes=writes)

    def begin_late_write(self) -> None:
        """Wait for the one writer's turn on SQLite, as late as can be: what comes before, nobody else waits for."""
        if self.services.database.is_sqlite and g.get("writes") and not g.optimistic:
            begin_writing()

    def close(self, response: Response) -> Response:
        """Commit what was written, and nothing where the answer is a refusal or comes too late."""
        session = g.pop("session", None)
        if session is None:
            deadline.end()
            return response
        commit = response.status_code < 400 and not is_read_only_request()
        if commit and deadline.has_passed():
            g.session = session
            return cast("Response", current_app.handle_user_exception(deadline.DeadlineExceeded()))
        deadline.end()
        try:
            self.services.database.finish(session, commit=commit)
        except SQLAlchemyError as error:
            log.error("commit.failed", **cause_of(error))  # noqa: TRY400 - the error may hold what people wrote
            return cast("Response", current_app.handle_user_exception(Unavailable()))
        return response

    def log(self, response: Response) -> Response:
        """Log one line for each request: the route's name, never its address, query or body (spec/security 8.2)."""
        request = this_request()
        if request.endpoint not in self.services.quiet:
            actor: Actor | None = g.get("actor")
            log.info(
                "request.answered",
                method=request.method,
                endpoint=request.endpoint,
                status=response.status_code,
                milliseconds=round((time.monotonic() - g.began) * 1000, 1),
                person=actor.person_id if actor else None,
            )
        return response

    def abandon(self, _error: BaseException | None) -> None:
        """Let go of everything that a request still has."""
        if g.pop("in_hand", False):
            self.services.active_requests.leave()
            REQUEST_GAPS.note()
        deadline.end()
        release_connection()
        structlog.contextvars.clear_contextvars()


class WholeConverter(IntegerConverter):
    """A whole number in an address; what no column holds is an address that does not exist (spec/security 3.5)."""

    LARGEST = 2**63 - 1

    def to_python(self, value: str) -> int:
        """Return the number, or refuse it."""
        number = int(super().to_python(value))
        if number > self.LARGEST:
            raise ValidationError
        return number


def install(app: Flask, services: RequestServices) -> None:
    """Give every request of the application its transaction and its actor."""
    app.url_map.converters["int"] = WholeConverter
    app.extensions["plumbing"] = services
    hooks = RequestHooks(services)
    app.before_request(hooks.open)
    app.after_request(hooks.log)
    app.teardown_request(hooks.abandon)


def install_last(app: Flask) -> None:
    """Begin to write after everything that goes before a view, and commit before anything else follows one.

    Flask runs before-request functions first to last and after-request functions last to first: install these last.
    """
    hooks = RequestHooks(services_of_app(app))
    app.before_request(hooks.begin_late_write)
    app.after_request(hooks.close)


def page(template: str, /, **values: Any) -> Response:
    """Draw a page; where a form on it was sent and has errors, its status is that of the refusal, so that nothing is written."""
    forms = [] if is_read_only_request() else [value for value in values.values() if isinstance(value, Form)]
    status = next((form.refused_with for form in forms if form.errors), 200)
    return make_response(render_template(template, **values), status)


def conditional(response: Response) -> Response:
    """Send 304 where the reader has this version already."""
    return cast("Response", response.make_conditional(request))


def see_other(address: str) -> Response:
    """Redirect to the address to look at next after an act (303): loading that page again does nothing again."""
    return cast("Response", redirect(address, code=303))


def see_page(endpoint: str, *, flash: str = "", **values: Any) -> Response:
    """Redirect to the page of ours to look at next after an act, which states in words what was done."""
    if flash:
        flask.flash(flash, "ok")
    return see_other(url_for(endpoint, **values))


def find_target(path: str) -> tuple[str, dict[str, str]] | None:
    """Return the endpoint of a path that can be opened, with the values of its address; None where there is no such page."""
    address, adapter = urlsplit(path), current_app.create_url_adapter(request)
    if not path or adapter is None:
        return None
    try:
        endpoint, values = adapter.match(address.path, method="GET")
    except HTTPException:
        return None
    return endpoint, dict(parse_qsl(address.query)) | {name: str(value) for name, value in values.items()}


def site_address() -> str:
    """Return the address under which people reach the site, without a slash at its end: LMS_PUBLIC_URL, else that of the request."""
    return (current_settings().public_url or request.host_url).rstrip("/")


def address_of(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page, to be handed to a person outside the site."""
    return site_address() + url_for(endpoint, **values)
