"""Gunicorn's worker as this product runs it: its own answers are ours, and no request holds a connection for ever."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

from kernel import deadline
from kernel.errors import N_, DomainError
from kernel.i18n import LANGUAGES, _, reading
from kernel.web.headers import ALWAYS
from lms.arriving import Arrival, find_late

log = structlog.get_logger()

OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
"""Faults that are not the sender's."""
TOO_LARGE = N_(
    "The address, or the data your browser sends with it, is too long. Delete this site's cookies in your browser and try again."
)
TEXTS = {
    400: N_("This request could not be understood. Nothing was changed. Open the address again."),
    408: N_(
        "Your browser is sending data too slowly, so the connection was closed. Nothing was changed. Try again on a better connection."
    ),
    414: TOO_LARGE,
    431: TOO_LARGE,
    500: N_("Something failed on our side. Try again in a moment."),
}
LOOKS_EVERY = 0.5
"""Seconds between two looks at what is late."""
GRACE = 3.0
"""Seconds in which whoever is late may still tell it with a page; then the connection ends."""


def status_of(fault: Exception) -> int:
    """Return the status that answers what went wrong before the application was asked."""
    if isinstance(fault, LimitRequestLine):
        return 414
    if isinstance(fault, LimitRequestHeaders):
        return 431
    return 400 if isinstance(fault, ParseException) and not isinstance(fault, OURS) else 500


def plain_answer(status: int) -> bytes:
    """Return a whole answer: a short text in every language, with the headers that stand on all answers."""
    paragraphs = []
    for language in LANGUAGES:
        with reading(language):
            paragraphs.append(_(TEXTS[status]))
    body = "\n\n".join([*paragraphs, ""]).encode()
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
        **ALWAYS,
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class BodyBrokenOff(DomainError):
    """The connection ended before the whole body was there: half a form is never taken for all of it."""


def receive_whole(arrival: Arrival, read: Callable[[int | None], bytes], size: int | None = None) -> bytes:
    """Read the next piece of a body that is not whole yet; raise BodyBrokenOff where nothing comes any more."""
    piece = arrival.receive(read, size)
    if not piece:
        raise BodyBrokenOff
    return piece


class RequestWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads that answer, and one that looks whether a request takes too long to come or to be answered."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sockets: dict[int, socket.socket] = {}
        self._arriving: dict[int, Arrival] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        """Serve, with an eye on what is late."""
        watch = threading.Thread(target=self._watch, name="deadlines", daemon=True)
        watch.start()
        try:
            super().run()
        finally:
            self._ended.set()

    def handle(self, conn: Any) -> Any:
        """Read the head of a request and answer it; it is known since when it arrives."""
        thread = threading.get_ident()
        self._arriving[thread] = Arrival(conn.sock, time.monotonic())
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(thread, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Handle one request; its connection is known while it lasts, and what it waits for of the body is counted."""
        thread = threading.get_ident()
        arrival = self._arriving[thread] = Arrival(conn.sock, None, in_body=True)
        unreader = conn.parser.unreader
        unreader.chunk = partial(receive_whole, arrival, unreader.chunk)
        self._sockets[thread] = conn.sock
        try:
            return super().handle_request(req, conn)
        finally:
            deadline.end()
            self._sockets.pop(thread, None)
            self._arriving.pop(thread, None)
            del unreader.chunk  # the connection's own again, for the next request

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Send the error of what never reached the application, or broke on the way; what was sent stays out of the log."""
        if isinstance(exc, BodyBrokenOff):  # after the answer: what was not read is passed over
            return
        status = status_of(exc)
        if status == 500:
            log.error("request.broken", exc_info=exc)
        else:
            log.warning("request.malformed", status=status, error=type(exc).__name__)
        try:
            client.sendall(plain_answer(status))
        except OSError:
            log.debug("request.gone")

    def _watch(self) -> None:
        while not self._ended.wait(LOOKS_EVERY):
            try:
                self._end_late()
            except Exception:
                log.exception("deadline.failed")

    def _end_late(self) -> None:
        for arrival in find_late(list(self._arriving.values()), self.cfg.threads, time.monotonic()):
            self._cut(arrival)
        for thread, seconds in deadline.late():
            held = self._sockets.get(thread)
            if seconds > GRACE and held is not None:
                log.error("request.too_long", over=round(seconds, 1))
                self._sockets.pop(thread, None)
                held.shutdown(socket.SHUT_RDWR)

    def _cut(self, arrival: Arrival) -> None:
        """End the connection of a request that does not arrive; the sender of a body gets the reason, if it can be sent at once."""
        arrival.waits_since = None
        log.warning("request.too_slow", part="body" if arrival.in_body else "head", received=arrival.received)
        with contextlib.suppress(OSError):  # who sent it is gone
            if arrival.in_body:
                arrival.sock.send(plain_answer(408), socket.MSG_DONTWAIT)
            arrival.sock.shutdown(socket.SHUT_RDWR)
