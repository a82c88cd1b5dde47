"""Counted tries in a file that the processes of one server share, for the moving windows of the library `limits`.

The file is worth nothing after a power cut, and is never waited for: nothing is synced to the disk.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from limits.storage import MovingWindowSupport, Storage

from kernel import clock

PATIENCE = 1.0
"""Seconds that a count waits for another process's."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS tried (key TEXT NOT NULL, at REAL NOT NULL, ends_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS tried_key ON tried (key, at);
CREATE INDEX IF NOT EXISTS tried_end ON tried (ends_at);
"""


class LimitFile(Storage, MovingWindowSupport):
    """Tries by key, each a row until its window is over. Failures of the file are raised as the library's StorageError.

    Opened by the process that counts first, never before a fork.
    """

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        self._path = path
        self._lock = Lock()
        self._opened: sqlite3.Connection | None = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the class of the failures of the file."""
        return sqlite3.Error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.executescript(SCHEMA)
        return connection

    @contextmanager
    def _counting(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction, alone among all threads and processes."""
        with self._lock:
            self._opened = connection = self._opened or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count some tries, and return whether all of them fit under the limit; those that do not fit are not counted."""
        with self._counting() as connection:
            now = clock.now().timestamp()
            connection.execute("DELETE FROM tried WHERE ends_at < ?", (now,))
            (taken,) = connection.execute("SELECT count(*) FROM tried WHERE key = ? AND at >= ?", (key, now - expiry)).fetchone()
            if taken + amount > limit:
                return False
            connection.executemany("INSERT INTO tried VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest try within the window was, now where there is none, and how many there are."""
        with self._counting() as connection:
            now = clock.now().timestamp()
            find = "SELECT min(at), count(*) FROM (SELECT at FROM tried WHERE key = ? AND at >= ? ORDER BY at DESC LIMIT ?)"
            oldest, taken = connection.execute(find, (key, now - expiry, limit)).fetchone()
            return now if oldest is None else oldest, taken

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count some tries without a limit, and return how many of the key are not over."""
        with self._counting() as connection:
            now = clock.now().timestamp()
            connection.executemany("INSERT INTO tried VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount)
        return self.get(key)

    def get(self, key: str) -> int:
        """Return how many tries of a key are not over."""
        with self._counting() as connection:
            row = connection.execute("SELECT count(*) FROM tried WHERE key = ? AND ends_at > ?", (key, clock.now().timestamp())).fetchone()
            return int(row[0])

    def get_expiry(self, key: str) -> float:
        """Return when the last try of a key is over, now where there is none."""
        with self._counting() as connection:
            (end,) = connection.execute("SELECT max(ends_at) FROM tried WHERE key = ?", (key,)).fetchone()
            return clock.now().timestamp() if end is None else float(end)

    def check(self) -> bool:
        """Return whether the file can be counted in."""
        with self._counting():
            return True

    def reset(self) -> int:
        """Forget every try, and return how many there were."""
        with self._counting() as connection:
            return connection.execute("DELETE FROM tried").rowcount

    def clear(self, key: str) -> None:
        """Forget the tries of one key."""
        with self._counting() as connection:
            connection.execute("DELETE FROM tried WHERE key = ?", (key,))
