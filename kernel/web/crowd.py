"""How many requests a process has in hand. Beyond what it does at once, who is not in yet waits, so that who is answering stays fast."""

import threading

from kernel.errors import N_, Unavailable


class Crowded(Unavailable):
    """Somebody who is not in yet comes while the process has enough to do."""

    code = "crowded"
    message = N_(
        "Whoever is already in goes on without waiting, and nothing that was saved is in danger. This page tries again by itself: you need"
        " not do anything."
    )


class Crowd:
    """The requests in hand, of all threads; `most` 0 is never full."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._inside = 0
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Say whether there are more than the process does at once."""
        return 0 < self._most < self._inside

    def enter(self) -> None:
        """Take one more in hand."""
        with self._lock:
            self._inside += 1

    def leave(self) -> None:
        """Be done with one."""
        with self._lock:
            self._inside -= 1
