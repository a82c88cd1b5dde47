"""Whose turn it is: a process answers one request after another, as its one lock of Python lets only one compute at a time anyway.

Threads that compute at the same time hand that lock to and fro at each statement: together they take a third longer, and whoever holds
the writers' turn of the database waits for all of them at each step. What takes long loses its turn and goes on beside the others.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

LONG = 0.05
"""Seconds after which nobody waits for a request any longer."""


class Turns:
    """The turn of the threads of a process, in the order in which they came; what was sent goes before what is only looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: threading.Event | None = None
        self._since = 0.0
        self._writers: deque[threading.Event] = deque()
        self._readers: deque[threading.Event] = deque()
        self._is_watched = False

    def take(self, *, writes: bool) -> threading.Event:
        """Wait for the turn, and return it to be given back. What is before it is short, or loses the turn."""
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
        """Look every 50 ms whether a turn is lost, while somebody waits: if each of them looked, they would take a third of the process."""
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
            if self._holder is turn:
                self._holder = None
                self._let_in()

    @contextmanager
    def taken(self, *, writes: bool) -> Iterator[None]:
        """Do something in a turn."""
        turn = self.take(writes=writes)
        try:
            yield
        finally:
            self.give_back(turn)

    def _let_in(self) -> None:
        waiting = self._writers or self._readers
        if waiting and (self._holder is None or time.monotonic() - self._since > LONG):
            self._holder, self._since = waiting.popleft(), time.monotonic()
            self._holder.set()
