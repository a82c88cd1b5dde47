"""Active requests of a process. At its limit, visitors not signed in wait, so that signed-in people stay fast."""

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

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
        """Return whether there are as many as the process does at once."""
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


LONG = 0.05
"""Seconds after which nobody waits for a request any longer."""

BESIDE_A_SERVER = 2
"""Places where the database is a server of its own: while one request waits for it, another computes (decision 38)."""


class _ThreadState(threading.local):
    """The turns that a thread took and has not given back; one that nobody knows any more is none."""

    def __init__(self) -> None:
        self.turns = WeakSet[threading.Event]()


_open = _ThreadState()


def holds_turn() -> bool:
    """Return whether the present thread took a turn and has not given it back, whether or not it was lost meanwhile."""
    return bool(_open.turns)


class ConcurrencyLimiter:
    """A concurrency limit on the threads of a process, in order of arrival; writing requests go before reading ones.

    `places` run at the same time: one, or more where their holders wait for something other than this process.
    """

    def __init__(self, places: int = 1) -> None:
        self._lock = threading.Lock()
        self._places = places
        self._holders: dict[threading.Event, float] = {}
        self._writers: deque[threading.Event] = deque()
        self._readers: deque[threading.Event] = deque()
        self._is_watched = False

    def take(self, *, writes: bool) -> threading.Event:
        """Wait for a turn, and return it to be given back. What is before it is short, or loses its turn."""
        turn = threading.Event()
        with self._lock:
            (self._writers if writes else self._readers).append(turn)
            self._let_in()
            if not turn.is_set() and not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, name="turns", daemon=True).start()
        turn.wait()
        _open.turns.add(turn)
        return turn

    def _watch(self) -> None:
        """Check every 50 ms for an expired turn, while any thread waits: if each thread checked, they would take a third of the process."""
        while True:
            time.sleep(LONG)
            with self._lock:
                self._let_in()
                if not (self._writers or self._readers):
                    self._is_watched = False
                    return

    def give_back(self, turn: threading.Event) -> None:
        """Let the next one in. A turn that was lost, or given back before, is nobody's affair."""
        _open.turns.discard(turn)
        with self._lock:
            if self._holders.pop(turn, None) is not None:
                self._let_in()

    @contextmanager
    def admitted(self, *, writes: bool) -> Iterator[None]:
        """Do something in a turn."""
        turn = self.take(writes=writes)
        try:
            yield
        finally:
            self.give_back(turn)

    def _let_in(self) -> None:
        while waiting := self._writers or self._readers:
            now = time.monotonic()
            if len(self._holders) >= self._places:
                oldest, since = next(iter(self._holders.items()))
                if now - since <= LONG:
                    return
                del self._holders[oldest]
            turn = waiting.popleft()
            self._holders[turn] = now
            turn.set()
