"""What a view leaves behind (viewed, last seen): written after the answer, in a short unit of work of its own, lost without harm."""

from collections.abc import Callable

import structlog
from flask import Flask, Response, g
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kernel.db import Database
from kernel.web.request import plumbing
from kernel.web.turns import Turns

log = structlog.get_logger()
Note = Callable[[Session], object]


def leave(note: Note) -> None:
    """Write this after the answer has left."""
    g.setdefault("notes", []).append(note)


def _write(database: Database, turns: Turns, notes: list[Note]) -> None:
    try:
        with turns.taken(writes=False), database.unit_of_work() as session:
            for note in notes:
                note(session)
    except SQLAlchemyError as error:
        log.warning("note.lost", error=type(error).__name__)


def _after(response: Response) -> Response:
    notes = g.pop("notes", None)
    if notes and response.status_code < 400:
        response.direct_passthrough = False  # the end of a file that is passed through is told to nobody
        house = plumbing()
        response.call_on_close(lambda: _write(house.database, house.turns, notes))
    return response


def install(app: Flask) -> None:
    """Let views of the application leave notes."""
    app.after_request(_after)
