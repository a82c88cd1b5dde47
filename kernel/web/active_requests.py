"""Active requests of a process. At its limit, visitors not signed in wait, so that signed-in people stay fast."""

import random
import threading
import time

from kernel.errors import N_, Unavailable


class ServerBusy(Unavailable):
    """The refusal of a visitor who is not signed in while the process is at its limit."""

    code = "crowded"
    message = N_(
        "People already signed in can keep working, and all saved work is safe. This page will retry "
        "automatically within two minutes; you don't need to do anything."
    )


BACK_A_SECOND = 20
"""How many of those who wait come back in a second: more than can be let in, and few enough to cost nothing."""
SOONEST = (10.0, 20.0)
LATEST = (90.0, 120.0)
"""Seconds until somebody is to try again: while few wait, and at most."""


class ActiveRequests:
    """The requests in hand, of all threads; `most` 0 is never full."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._inside = 0
        self._line = 0.0
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Say whether there are as many as the process does at once."""
        return 0 < self._most <= self._inside

    def enter(self) -> None:
        """Take one more in hand."""
        with self._lock:
            self._inside += 1

    def leave(self) -> None:
        """Be done with one."""
        with self._lock:
            self._inside -= 1

    def turn_away(self) -> int:
        """Return after how many seconds to try again: each later than the one before, so that clients do not all return at once."""
        with self._lock:
            now = time.monotonic()
            self._line = min(max(self._line, now) + 1 / BACK_A_SECOND, now + LATEST[1])
            wait = self._line - now
        if wait >= LATEST[0]:
            return round(random.uniform(*LATEST))  # noqa: S311 - spread in time, no secret
        return round(max(wait, random.uniform(*SOONEST)))  # noqa: S311 - spread in time, no secret
