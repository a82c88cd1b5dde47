"""Concurrency limit: a process computes few responses at a time, as its one Python lock lets only one compute at a time anyway.

Threads that compute at the same time pass that lock to and fro at each statement: together they take a third longer, and the holder of
the database's write lock waits for all of them at each step. A long request loses its turn and goes on beside the others.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

LONG = 0.05
"""Seconds after which nobody waits for a request any longer."""

BESIDE_A_SERVER = 2
"""Places where the database is a server of its own: while one request waits for it, another computes (decision 38)."""


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
