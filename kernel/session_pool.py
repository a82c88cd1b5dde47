"""A pool of sessions, each with a connection of its own, that are used again and again.

To make a session and to check a connection out of SQLAlchemy's pool takes longer than most of the statements that follow. An SQLite
database has its sessions here: nothing can come between a program and a file that each use would have to ask for first.
"""

from queue import Empty, LifoQueue

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import TimeoutError as TurnTimeout
from sqlalchemy.orm import Session, sessionmaker

POOL_TURN = 4.0
"""Seconds that a request waits for a connection."""


class SessionPool:
    """So many sessions of an engine at most, the last one used first; whoever finds none free waits for one."""

    def __init__(self, engine: Engine, make: sessionmaker[Session], most: int) -> None:
        self._engine, self._make, self._most = engine, make, most
        self._free = self._places()
        self._taken: dict[Session, LifoQueue[Session | None]] = {}

    def _places(self) -> LifoQueue[Session | None]:
        places: LifoQueue[Session | None] = LifoQueue()
        for _place in range(self._most):
            places.put(None)
        return places

    @property
    def in_use(self) -> int:
        """Return how many sessions are in use."""
        return len(self._taken)

    def take(self) -> Session:
        """Return a session as if it were new; raise SQLAlchemy's TimeoutError where none becomes free."""
        free = self._free
        try:
            session = free.get(timeout=POOL_TURN)
        except Empty:
            raise TurnTimeout("no connection becomes free") from None
        if session is None:
            try:
                session = self._make(bind=self._engine.connect())
            except BaseException:
                free.put(None)
                raise
        else:
            session.info.clear()
            session.info.update(self._make.kw.get("info", {}))
        self._taken[session] = free
        return session

    def give_back(self, session: Session, *, is_whole: bool) -> None:
        """Keep a session for the next, or drop it where its transaction could not be ended; a second time changes nothing."""
        free = self._taken.pop(session, None)
        if free is None:
            return
        if is_whole and free is self._free and not own_connection(session).in_transaction():
            free.put(session)
        else:
            try:
                _drop(session)
            finally:
                free.put(None)  # its place is not lost with it

    def dispose(self) -> None:
        """Close the connections that nobody uses; those in use are closed when they are given back."""
        free, self._free = self._free, self._places()
        while not free.empty():
            session = free.get_nowait()
            if session is not None:
                _drop(session)


def own_connection(session: Session) -> Connection:
    """Return the connection that a session of a pool has for itself."""
    assert isinstance(session.bind, Connection)
    return session.bind


def _drop(session: Session) -> None:
    connection = own_connection(session)
    connection.invalidate()
    connection.close()
