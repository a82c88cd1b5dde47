"""Transactions of SQLite that read and decide first, and hold the writers' lock only while they write.

SQLite lets one write at a time, whoever waits. An optimistic transaction reads as things stand at one moment, without the lock. Its first
statement that writes takes the lock. Where anybody has written since that moment, which SQLite tells, whatever it has read is asked once
more: where a single row is another now, it ends with `ReadsChanged` and has written nothing. What it decided is therefore what it would
have decided with the lock taken first.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Self, TypeVar

from kernel.locks import WriterLock

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b")
_READS = re.compile(r"\s*(SELECT\b|WITH\b(?!.*\b(INSERT|UPDATE|DELETE)\b))", re.DOTALL)
Result = TypeVar("Result")


class ReadsChanged(Exception):
    """Some row that a transaction has read is another now: it has to be done again, with the lock taken first."""


@lru_cache(maxsize=1024)
def only_reads(statement: str) -> bool:
    """Return whether a statement, with its words in capitals, changes nothing; where that is not sure it does."""
    return _READS.match(statement) is not None


class _ReadingCursor(sqlite3.Cursor):
    """A cursor of a transaction that does not write yet: it keeps what it reads, and hands it out."""

    connection: "WritingConnection"
    _rows: Iterator[Any] | None = None

    def execute(self, statement: str, parameters: Any = (), /) -> Self:
        if not only_reads(statement):
            return self.connection.begin_to_write(statement, partial(super().execute, statement, parameters))
        super().execute(statement, parameters)
        rows = super().fetchall()
        self.connection.keep_read(statement, parameters, rows)
        self._rows = iter(rows)
        return self

    def executemany(self, statement: str, parameters: Any, /) -> Self:
        return self.connection.begin_to_write(statement, partial(super().executemany, statement, parameters))

    def fetchone(self) -> Any:
        return super().fetchone() if self._rows is None else next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        size = self.arraysize if size is None else size
        return super().fetchmany(size) if self._rows is None else list(islice(self._rows, size))

    def fetchall(self) -> list[Any]:
        return super().fetchall() if self._rows is None else list(self._rows)


class WritingConnection(sqlite3.Connection):
    """A connection whose transactions write, each behind the writers' lock from its beginning, or, where it is optimistic, from its first
    statement that writes.
    """

    is_optimistic = False
    """The next transaction is."""
    _lock: WriterLock
    _reads: list[tuple[str, Any, list[Any]]] | None = None
    """What the present transaction has read, until it writes."""

    def begin(self, lock: WriterLock) -> None:
        """Begin a transaction; raise SQLAlchemy's TimeoutError where the lock's turn does not come."""
        self._lock = lock
        if self.is_optimistic:
            self.is_optimistic = False
            self.execute("BEGIN")
            self._reads = []
        else:
            self._begin_locked()

    def _begin_locked(self) -> None:
        self._lock.take()
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.give_back()
            raise

    def cursor(self, *about: Any) -> Any:
        """Return a cursor for one statement."""
        return super().cursor(*about) if self._reads is None else super().cursor(_ReadingCursor)

    def keep_read(self, statement: str, parameters: Any, rows: list[Any]) -> None:
        """Keep what a statement has read."""
        if self._reads is not None:
            self._reads.append((statement, parameters, rows))

    def begin_to_write(self, statement: str, write: Callable[[], Result]) -> Result:
        """Take the lock and run the first statement that writes, where what was read is still so; raise ReadsChanged where it is not."""
        reads, self._reads = self._reads, None
        if reads is None:
            return write()
        self._lock.take()
        if _WRITES.match(statement):  # any other may begin nothing: SQLite would refuse the one after it
            try:
                return write()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # somebody has written since: what was read may be past
                    raise
        self.execute("COMMIT")
        self.execute("BEGIN IMMEDIATE")
        for question, parameters, rows in reads:
            if self.execute(question, parameters).fetchall() != rows:
                raise ReadsChanged
        return write()

    def forget_reads(self) -> None:
        """Let go of what was read, at the end of the transaction."""
        self._reads = None
