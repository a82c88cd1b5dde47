"""Deadline of a request (spec/security 3.5), by thread: once late, it makes no more database statements and commits nothing.

It begins when the body has arrived: how slowly a body arrives is up to its sender. Background jobs and commands have no deadline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kernel.errors import N_, Unavailable

STEPS = 100_000
"""Steps of SQLite's machine after which it asks whether it is still wanted."""


class DeadlineExceeded(Unavailable):
    """The request worked longer than one may; what it began is rolled back."""

    code = "too_long"
    message = N_("This took too long and was stopped. Nothing was saved. Try again, with less at once if possible.")


@dataclass(slots=True, eq=False)
class Deadline:
    """Until when one thread may work, and how to stop what it asked the database."""

    at: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: Callable[[], None] | None = None

    @property
    def has_passed(self) -> bool:
        """Return whether it is late."""
        return time.monotonic() > self.at


_running: dict[int, Deadline] = {}


def begin(seconds: float) -> None:
    """Give the present thread so many seconds."""
    _running[threading.get_ident()] = Deadline(time.monotonic() + seconds)


def end() -> None:
    """Let the present thread work as long as it likes."""
    _running.pop(threading.get_ident(), None)


def has_passed() -> bool:
    """Return whether the present thread is late."""
    running = _running.get(threading.get_ident())
    return running is not None and running.has_passed


def check() -> None:
    """Raise DeadlineExceeded where the present thread is late."""
    if has_passed():
        raise DeadlineExceeded


def asks(stop: Callable[[], None] | None) -> None:
    """Note how to stop the statement that begins, or that none is running."""
    running = _running.get(threading.get_ident())
    if running is not None:
        with running.lock:
            running.stop = stop


def late() -> Iterator[tuple[int, float]]:
    """Yield the threads that are late and by how much, and stop what they asked the database."""
    for thread, running in list(_running.items()):
        if running.has_passed:
            with running.lock:
                if running.stop is not None:
                    running.stop()
            yield thread, time.monotonic() - running.at
