"""After-response tasks: small writes of a view, made after the response in a short unit of work of their own.

A note (viewed, last seen) is lost without harm where the database is away. One that comes often is gathered on SQLite, where each commit
keeps all other writers waiting: those of a tenth of a second are written together. A record (who viewed whose data) is kept in this process
and written when the database is back, as many as `KEPT`; it is lost where the process ends before. A subject of `requires` with a
`reading_note` leaves it as a record of every page that is opened of it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from threading import Timer
from typing import cast

import structlog
from flask import Flask, Response, current_app, g
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kernel.db import Database, cause_of, reason_away
from kernel.web.active_requests import ConcurrencyLimiter
from kernel.web.request import is_read_only_request, request_services, services_of_app

log = structlog.get_logger()
Note = Callable[[Session], object]
KEPT = 1_000
"""Records that a process keeps while the database is away; what comes then is lost, and the log says so."""
GATHERING = 0.1
"""Seconds between the first of the notes that are written together and their writing."""
PAUSE = 5.0
"""Seconds between two tries to write what is kept."""


class Backlog:
    """Records that could not be written yet, the oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Note] = deque()
        self._tried = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def keep(self, records: Sequence[Note], error: SQLAlchemyError) -> None:
        """Keep records for later, as far as there is room."""
        with self._lock:
            room = records[: KEPT - len(self._waiting)]
            self._waiting.extend(room)
            self._tried = time.monotonic()
        log.warning("record.kept", count=len(room), waiting=len(self._waiting), lost=len(records) - len(room), **cause_of(error))

    def is_due(self) -> bool:
        """Return whether something waits and was not tried a moment ago."""
        return bool(self._waiting) and time.monotonic() - self._tried >= PAUSE

    def write(self, database: Database) -> None:
        """Write what waits until the database is away again; what it refuses for another reason is lost, and the log says so."""
        if not self._lock.acquire(blocking=False):  # somebody else is at it
            return
        try:
            self._tried = time.monotonic()
            while self._waiting:
                try:
                    with database.unit_of_work() as session:
                        self._waiting[0](session)
                except SQLAlchemyError as error:
                    if reason_away(error):
                        return
                    log.error("record.lost", **cause_of(error))  # noqa: TRY400 - the error may hold what people wrote
                self._waiting.popleft()
        finally:
            self._lock.release()


class Gathering:
    """Notes of all requests of a process that are written with one commit."""

    def __init__(self, database: Database, concurrency: ConcurrencyLimiter) -> None:
        self._database, self._concurrency = database, concurrency
        self._lock = threading.Lock()
        self._waiting: list[Note] = []

    def add(self, notes: Sequence[Note]) -> None:
        """Write notes soon, also where the process is told to end meanwhile."""
        with self._lock:
            is_first = not self._waiting
            self._waiting.extend(notes)
        if is_first:
            Timer(GATHERING, self.write).start()

    def write(self) -> None:
        """Write what was gathered; a note that is refused for itself keeps no other from being written."""
        with self._lock:
            notes, self._waiting = self._waiting, []
        self._write(notes)

    def _write(self, notes: Sequence[Note]) -> None:
        try:
            _write_all(self._database, self._concurrency, notes)
        except SQLAlchemyError as error:
            if len(notes) == 1 or reason_away(error):
                log.warning("note.lost", count=len(notes), **cause_of(error))
                return
            for note in notes:
                self._write([note])


def run_after_response(note: Note, *, gathered: bool = False) -> None:
    """Write this after the answer has left, or never where the database is away; on SQLite `gathered` with others of its kind."""
    is_gathered = gathered and request_services().database.is_sqlite
    g.setdefault("gathered" if is_gathered else "notes", []).append(note)


def leave_record(record: Note) -> None:
    """Write this record of viewed personal data after the response was sent, or when the database is back."""
    g.setdefault("records", []).append(record)


def _write_all(database: Database, concurrency: ConcurrencyLimiter, notes: Sequence[Note]) -> None:
    with concurrency.admitted(writes=False), database.unit_of_work() as session:
        for note in notes:
            note(session)


def _write(database: Database, concurrency: ConcurrencyLimiter, notes: Sequence[Note], records: Sequence[Note], backlog: Backlog) -> None:
    try:
        _write_all(database, concurrency, (*records, *notes))
    except SQLAlchemyError as error:
        if notes:
            log.warning("note.lost", count=len(notes), **cause_of(error))
        if records:
            backlog.keep(records, error)
        return
    if len(backlog):
        backlog.write(database)


def _after(response: Response) -> Response:
    notes, records, gathered = g.pop("notes", []), g.pop("records", []), g.pop("gathered", [])
    if is_read_only_request() and (note := getattr(g.get("subject"), "reading_note", None)) is not None:
        records.append(note)
    services, backlog = request_services(), backlog_of(current_app)
    if gathered and response.status_code < 400:
        _at_end(response, partial(gathering_of(current_app).add, gathered))
    if (notes or records) and response.status_code < 400:
        _at_end(response, lambda: _write(services.database, services.concurrency, notes, records, backlog))
    elif backlog.is_due():
        _at_end(response, lambda: backlog.write(services.database))
    return response


def _at_end(response: Response, work: Callable[[], object]) -> None:
    response.direct_passthrough = False  # the end of a file that is passed through is told to nobody
    response.call_on_close(work)


def backlog_of(app: Flask) -> Backlog:
    """Return the records of an application that wait for its database."""
    return cast("Backlog", app.extensions["records"])


def gathering_of(app: Flask) -> Gathering:
    """Return the notes of an application that are written together."""
    return cast("Gathering", app.extensions["gathering"])


def install(app: Flask) -> None:
    """Let views of the application leave notes and records."""
    services = services_of_app(app)
    app.extensions["records"] = Backlog()
    app.extensions["gathering"] = Gathering(services.database, services.concurrency)
    app.after_request(_after)
