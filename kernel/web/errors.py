"""Errors become pages of the design, with a way out and a reference, and nothing of the program's inside.

A POST whose form token or session has expired is not lost: its fields come back, signed, to be sent again after signing in.
"""

import errno
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from kernel import audit, clock
from kernel.crypto import seal, unseal
from kernel.db import cause_of
from kernel.errors import N_, Conflict, DomainError, Forbidden, SignInNeeded, TooMany, Unavailable
from kernel.i18n import _, language
from kernel.permissions import Actor
from kernel.web.active_requests import ServerBusy
from kernel.web.limits import client_address, client_key, limit, limiter
from kernel.web.request import (
    FOREIGN,
    FORM_TYPES,
    SAFE_METHODS,
    Answer,
    UnknownHost,
    is_read_only_request,
    request_services,
    roll_back,
    secrets_of_app,
)
from kernel.web.sessions import preferred_media_type

log = structlog.get_logger()


class AccessVerb(
    audit.Verb,
    facts={
        "endpoint": N_("Page"),
        "method": N_("Method"),
    },
):
    """The audit-log verbs of access."""

    REFUSED = "access.refused", N_("Access refused")
    BYPASS_TRIED = "access.bypass_tried", N_("Tried to get around a permission")
    """A form without our token, a page of another site, a host that is not ours (ASVS V16.3.3)."""


BYPASSES = limit("bypass-address", "10 per hour")
BYPASSES_OF_ALL = limit("bypass-all", "1000 per day")
"""More is not written down, whoever tries: nobody fills the disk."""
Fields = list[tuple[str, str]]
WayOn = tuple[str, str]
"""The title and address of what a refused page belongs to."""
RESUMABLE_SECONDS = 3600
RETRY_SECONDS = 5
_KEPT_HEADERS = ("Allow", "Content-Range")
_JSON_TYPES = ("application/json", "application/problem+json")
_PASSWORDS = frozenset({"password", "current_password"})
"""Fields of accounts' own passwords, which are kept nowhere: what is no secret of an account has another name."""
_NEVER_KEPT = _PASSWORDS | {"csrf_token"}

TITLES = {
    400: N_("This request could not be understood"),
    401: N_("Sign in to continue"),
    403: N_("Your account does not have access to this"),
    404: N_("This page does not exist"),
    405: N_("This address does not work that way"),
    409: N_("This has changed in the meantime"),
    410: N_("This is no longer available"),
    413: N_("This is too large"),
    415: N_("This kind of content is not accepted"),
    422: N_("Something has to be corrected"),
    429: N_("Too many attempts"),
    500: N_("Something failed on our side"),
    503: N_("The server cannot save right now"),
}
TEXTS = {
    400: N_("Go back, reload the page and try again."),
    404: N_("It may have moved, or you may not have access to it. Check the address, or start again from your courses."),
    405: N_("Go back and use the buttons on the page."),
    413: N_("Go back, and send a smaller file or a shorter text."),
    415: N_("Send one of the types listed on the page."),
    500: N_("Everything saved earlier is safe. Try again. If it fails again, contact us with the reference below."),
}


def wants_json() -> bool:
    """Return whether a script asks, and not a page: `*/*` and nothing at all mean a page."""
    return preferred_media_type(("text/html", *_JSON_TYPES)) in _JSON_TYPES


def stash_form() -> str:
    """Return the posted form, signed, to be put into the sign-in form. A page on the way through it passes on what it was given."""
    carried = request.form.get("resume", "")
    if stashed_form(carried) is not None:
        return carried
    return seal(secrets_of_app(), "resume", {"path": _address(), "fields": _posted_fields(), "lost": _lost()})


def _address() -> str:
    return request.full_path.rstrip("?")


def _page_before() -> str:
    """Return the page of this site whose form was sent; '' where the browser does not say it, and of requests without a form."""
    before = urlsplit(request.referrer or "")
    is_own = request.method == "POST" and before.netloc == request.host and before.path.startswith("/")
    return before._replace(scheme="", netloc="", fragment="").geturl() if is_own else ""


def _posted_fields() -> Fields:
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _NEVER_KEPT]


def _lost() -> list[str]:
    """List the fields of the form that are not kept: files have to be chosen, and passwords to be typed again."""
    files = any(file.filename for _name, file in request.files.items(multi=True))
    passwords = any(request.form.get(name) for name in _PASSWORDS)
    return [name for name, came in (("files", files), ("passwords", passwords)) if came]


def stashed_form(token: str) -> tuple[str, Fields, list[str]] | None:
    """Return the path and fields that were kept within the last hour, and what came with them and was not; or nothing."""
    stash = unseal(secrets_of_app(), "resume", token, seconds=RESUMABLE_SECONDS)
    if stash is None:
        return None
    return stash["path"], [(name, value) for name, value in stash["fields"]], stash.get("lost", [])


def resume_page(path: str, fields: Fields, lost: Sequence[str]) -> str:
    """Draw the page that sends the kept fields again with a fresh form token; of what is `lost` it says so."""
    return render_template("errors/resume.html", path=path, fields=fields, lost=lost)


def error_response(
    status: int, title: str, text: str, *, code: str = "", retry_after: int | None = None, way_on: WayOn | None = None
) -> Response:
    """Draw an error as a page, or as a problem document (RFC 9457) for a script. Of a server that is away the page sends the form again."""
    reference = g.get("request_id", "")
    if wants_json():
        problem = {"type": "about:blank", "title": title, "status": status, "detail": text, "code": code, "reference": reference}
        response = make_response(problem)
        response.content_type = "application/problem+json"
    else:
        fields = _resendable_fields(status)
        response = make_response(_page(status, title, text, reference, fields, way_on))
    response.status_code = status
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _resendable_fields(status: int) -> Fields | None:
    """Return the fields of a form that a page sends again: after a limit, and of a server that is away where it can send all of it."""
    is_form = request.mimetype in FORM_TYPES and not is_read_only_request()
    is_sent = status == TooMany.status or (status == Unavailable.status and not _lost())
    return _posted_fields() if is_form and is_sent else None


def _page(status: int, title: str, text: str, reference: str, fields: Fields | None, way_on: WayOn | None) -> str:
    address = _address()
    try:
        return render_template(
            "errors/page.html",
            status=status,
            title=title,
            text=text,
            reference=reference,
            fields=fields,
            lost=_lost() if fields is not None else [],
            address=address,
            page_before=_page_before() if status == Conflict.status else "",
            way_on=way_on,
        )
    except Exception:  # the last page must appear even where the database is away or the base template fails
        log.exception("error_page.failed")
        roll_back()
        plain = current_app.jinja_env.get_template("errors/plain.html")  # without context processors: they read the database
        return plain.render(status=status, title=title, text=text, reference=reference, locale=language())


def _domain_error(error: DomainError) -> Answer:
    roll_back()
    if isinstance(error, Unavailable):
        g.setdefault("actor", Actor())  # the page must not ask the database that has just failed
    if error.reason == FOREIGN:
        _note_bypass("origin")
    elif error.status == Forbidden.status:
        _note_refusal()
    if isinstance(error, SignInNeeded) and not wants_json():
        return _sign_in_page()
    retry = cast("int | None", error.facts.get("retry_after")) or (RETRY_SECONDS if isinstance(error, Unavailable) else None)
    text = _(error.text, **error.facts)
    title = _(TITLES.get(error.status, TITLES[400]))
    return error_response(error.status, title, text, code=error.reason, retry_after=retry, way_on=error.way_on)


def _crowded(error: ServerBusy) -> Response:
    """Ask a person who is not admitted yet to wait, without the database, as `kernel.web.admission` does."""
    roll_back()
    g.setdefault("actor", Actor())
    title, text = _("The site is very busy"), _(error.text)
    if wants_json():
        return error_response(error.status, title, text, code=error.reason)
    return make_response(render_template("errors/busy.html", title=title, text=text), error.status)


def _note_refusal() -> None:
    """Record in the audit log that an actor was refused, in a short unit of work of its own."""
    actor = g.get("actor")
    if actor is not None and not actor.is_anonymous:
        _write_down(actor, AccessVerb.REFUSED)


def _note_bypass(what: str) -> None:
    """Record in the audit log, at a limited rate, an attempt to bypass the protection of forms and addresses."""
    if limiter().takes(BYPASSES, f"{what} {client_key()}") and limiter().takes(BYPASSES_OF_ALL, what):
        actor = g.get("actor") or Actor(address=client_address(), request_id=g.get("request_id", ""))
        _write_down(actor, AccessVerb.BYPASS_TRIED, what=what)


def _write_down(actor: Actor, verb: AccessVerb, **facts: str) -> None:
    try:
        with request_services().database.unit_of_work() as session:
            audit.record(session, actor, verb, None, now=clock.now(), endpoint=request.endpoint, method=request.method, **facts)
    except SQLAlchemyError as fault:
        log.warning("refusal.not_recorded", error=type(fault).__name__)


def _sign_in_page() -> Response | tuple[str, int]:
    if request.method in SAFE_METHODS:
        target = _address()
        return cast("Response", current_app.redirect(current_app.url_for("accounts.sign_in", next=target), code=303))
    return current_app.extensions["sign_in_page"](stash_form()), 401


def _token_error(_error: CSRFError) -> Response | tuple[str, int]:
    roll_back()
    _note_bypass("token")
    if wants_json():
        return error_response(400, _(TITLES[400]), _("The form has expired. Reload the page."), code="form_expired")
    return resume_page(_address(), _posted_fields(), _lost()), 400


def _http_error(error: HTTPException) -> Response:
    roll_back()
    if isinstance(error, UnknownHost):
        _note_bypass("host")
    original = getattr(error, "original_exception", None)
    if isinstance(original, DBAPIError | PoolTimeout):
        return _database_error(original)
    if isinstance(original, OSError):
        return _file_error(original)
    if error.code is not None and error.code < 400:
        return cast("Response", error.get_response())
    status = error.code or 400
    response = error_response(status, _(TITLES.get(status, TITLES[400])), _(TEXTS.get(status, TEXTS[400])))
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _database_error(error: Exception) -> Response:
    """Send the page of an error of the database: 409 for a constraint, 400 for a value that cannot be kept, 503 where it is away."""
    roll_back()
    g.setdefault("actor", Actor())
    if isinstance(error, ProgrammingError | NotSupportedError):
        return _unexpected(error)
    log.error("database.refused", endpoint=request.endpoint, exc_info=error, **cause_of(error))
    if isinstance(error, IntegrityError):
        return error_response(409, _(TITLES[409]), _(Conflict.message), code=Conflict.code)
    if isinstance(error, DataError):
        return error_response(400, _(TITLES[400]), _(TEXTS[400]))
    return _unavailable()


def _unavailable() -> Response:
    return error_response(503, _(TITLES[503]), _(Unavailable.message), code=Unavailable.code, retry_after=RETRY_SECONDS)


def _file_error(error: OSError) -> Response:
    """Send 503 where a file could not be written because the disk, or our share of it, is full (spec/security 6.3)."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(error)
    roll_back()
    log.error("disk.full", endpoint=request.endpoint, exc_info=error)
    return _unavailable()


def _unexpected(error: Exception) -> Response:
    roll_back()
    log.error("request.failed", endpoint=request.endpoint, exc_info=error)
    return error_response(500, _(TITLES[500]), _(TEXTS[500]))


def install(app: Flask) -> None:
    """Register the handlers of every error of the application."""
    app.register_error_handler(ServerBusy, _crowded)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _token_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(OSError, _file_error)
    app.register_error_handler(Exception, _unexpected)
