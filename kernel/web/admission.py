"""Admission gate: while a process is at its limit, visitors not signed in are refused before the application handles them.

Thousands may wait at once, and each tries again. A refusal must therefore cost next to nothing: the application
renders its page once for each kind of browser, and all later visitors get that.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask
from werkzeug.wrappers import Response

from kernel.web.request import SAFE_METHODS, TURNED_AWAY, services_of_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger()

MOST_KEPT = 64
SAYS = ("HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING", "wsgi.url_scheme")
"""What of a request its page is drawn from, beside the language and theme that the cookie names."""
TELLS_EVERY = 10.0
"""Seconds between two lines in the log: how many were turned away."""


@dataclass(frozen=True, slots=True)
class _Page:
    """The page for a visitor who was refused admission."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class AdmissionGate:
    """Stands before an application; `is_newcomer` says of a cookie whether its browser is not in yet."""

    def __init__(self, app: Flask, is_newcomer: Callable[[Mapping[str, Any]], bool], counted: Callable[[], object]) -> None:
        self._app = app
        self._inside = app.wsgi_app
        self._is_newcomer = is_newcomer
        self._counted = counted
        services = services_of_app(app)
        self._active_requests = services.active_requests
        self._always = tuple(rule.rule.partition("<")[0] for rule in app.url_map.iter_rules() if rule.endpoint in services.quiet)
        self._pages: dict[tuple[object, ...], _Page] = {}
        self._turned_away, self._told = 0, 0.0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Let a request in, or answer it with a page that tries again. What is sent is always let in, and files and probes are."""
        if (
            not self._active_requests.is_full
            or environ["REQUEST_METHOD"] not in SAFE_METHODS
            or environ.get("PATH_INFO", "").startswith(self._always)
        ):
            return self._inside(environ, start_response)
        cookie: Mapping[str, Any] = self._app.session_interface.open_session(self._app, self._app.request_class(environ)) or {}
        if not self._is_newcomer(cookie):
            return self._inside(environ, start_response)
        name = (*(environ.get(part) for part in SAYS), cookie.get("language"), cookie.get("theme"))
        page = self._pages.get(name)
        if page is None:
            answer = Response.from_app(self._inside, {**environ, "REQUEST_METHOD": "GET", TURNED_AWAY: True}, buffered=True)
            if answer.status_code != 503:  # another fault, which comes first
                return answer(environ, start_response)
            page = self._keep(name, answer)
        self._note()
        seconds = str(self._active_requests.turn_away())
        start_response(page.status, [*page.headers, ("Retry-After", seconds), ("Refresh", seconds)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]

    def _keep(self, name: tuple[object, ...], answer: Response) -> _Page:
        headers = tuple((header, value) for header, value in answer.headers if header != "Set-Cookie")
        page = _Page(answer.status, headers, answer.get_data())
        if len(self._pages) >= MOST_KEPT:
            self._pages.clear()
        self._pages[name] = page
        return page

    def _note(self) -> None:
        """Count a refusal, and log the number now and then: a line for each would be most of a log."""
        self._counted()
        self._turned_away += 1
        if time.monotonic() - self._told > TELLS_EVERY:
            log.warning("door.turned_away", count=self._turned_away)
            self._turned_away, self._told = 0, time.monotonic()
