"""Locks that several processes of a machine share: an open file's, and that of the one writer of an SQLite database.

SQLite lets one write at a time by itself, but whoever finds it taken sleeps for 1, 2, 5, 10 and up to 100 milliseconds between two looks,
and a process that computes one answer at a time computes none meanwhile. A lock beside the database is looked at much more often.
Nothing depends on it: where its file cannot be used, and for programs that do not know it, SQLite's own lock stands as before.
"""

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import IO, Any

from sqlalchemy.exc import TimeoutError as TurnTimeout

WRITERS_TURN = 4.0
"""Seconds that a writer waits for its turn, so that a stuck disk is told within five (spec/security 6.3)."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0002, 0.005
"""Seconds between two looks at a lock that another process holds: the longer it does, the rarer they are."""
GROWTH = 1.1


def take_lock(held: IO[Any] | int) -> bool:
    """Take the lock of an open file without waiting, and say whether it was free. It goes with the last process that has the file open."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class WriterLock:
    """One writer at a time, in this process and in all that name the same file; the thread that took it gives it back, once."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._path = path
        self._file: int | None = None
        self._process = 0

    def take(self) -> None:
        """Wait for the turn of this thread; raise SQLAlchemy's TimeoutError where it does not come."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is writing already: a unit of work inside another")
        ends = time.monotonic() + WRITERS_TURN
        if not self._lock.acquire(timeout=WRITERS_TURN):
            raise TurnTimeout("the writer before does not finish")
        try:
            self._wait_for_other_processes(ends)
        except BaseException:
            self._lock.release()
            raise
        self._owner = threading.get_ident()

    def give_back(self) -> None:
        """Let the next writer in, if this thread holds the lock."""
        if self._owner == threading.get_ident():
            self._owner = None
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._lock.release()

    def close(self) -> None:
        """Close the file, when nobody in this process writes any more."""
        if self._owner is None and self._file is not None and self._process == os.getpid():
            os.close(self._file)
            self._process, self._file = 0, None

    def _wait_for_other_processes(self, ends: float) -> None:
        if self._process != os.getpid():  # the lock of an open file is shared with whom it was inherited from
            self._open()
        pause = SHORTEST_PAUSE
        while self._file is not None and not take_lock(self._file):
            if time.monotonic() > ends:
                raise TurnTimeout("the writer of another process does not finish")
            time.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def _open(self) -> None:
        self._process, self._file = os.getpid(), None
        if self._path is not None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:  # of another user, say: SQLite's own lock does
                return
