"""Counted tries in the memory of a process, for the moving windows of the library `limits`.

The library's own memory starts a thread every few requests, which looks through every key, and keeps each key for ever.
"""

from collections import deque
from dataclasses import dataclass, field
from threading import Lock

from limits.storage import MovingWindowSupport, Storage

from kernel import clock

FORGETS_EVERY = 60.0
"""Seconds between two looks for keys whose tries are over."""


@dataclass(slots=True)
class KeyTries:
    """The moments of the tries of one key, the oldest first, and when the last of them is over."""

    moments: deque[float] = field(default_factory=deque)
    ends_at: float = 0.0


class LimitMemory(Storage, MovingWindowSupport):
    """Tries by key, until the window of the last one is over."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._tries: dict[str, KeyTries] = {}
        self._forgets_at = 0.0

    def __len__(self) -> int:
        return len(self._tries)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return the class of failures; memory has none of its own."""
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count some tries, and return whether all of them fit under the limit; those that do not fit are not counted."""
        now = clock.now().timestamp()
        with self._lock:
            tries = self._counted(key, now)
            while tries.moments and tries.moments[0] < now - expiry:
                tries.moments.popleft()
            if len(tries.moments) + amount > limit:
                return False
            tries.moments.extend([now] * amount)
            tries.ends_at = max(tries.ends_at, now + expiry)
            return True

    def _counted(self, key: str, now: float) -> KeyTries:
        """Return the tries of a key; now and then, forget those of all keys that are over."""
        if now >= self._forgets_at:
            self._tries = {name: tries for name, tries in self._tries.items() if tries.ends_at > now}
            self._forgets_at = now + FORGETS_EVERY
        return self._tries.setdefault(key, KeyTries())

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest try within the window was, now where there is none, and how many there are."""
        now = clock.now().timestamp()
        with self._lock:
            tries = self._tries.get(key)
            within = [moment for moment in tries.moments if moment >= now - expiry][-limit:] if tries else []
        return (within[0], len(within)) if within else (now, 0)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count some tries without a limit, and return how many of the key are kept."""
        now = clock.now().timestamp()
        with self._lock:
            tries = self._counted(key, now)
            tries.moments.extend([now] * amount)
            tries.ends_at = max(tries.ends_at, now + expiry)
            return len(tries.moments)

    def get(self, key: str) -> int:
        """Return how many tries of a key are kept."""
        with self._lock:
            tries = self._tries.get(key)
            return len(tries.moments) if tries and tries.ends_at > clock.now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the last try of a key is over, now where there is none."""
        with self._lock:
            tries = self._tries.get(key)
            return tries.ends_at if tries else clock.now().timestamp()

    def check(self) -> bool:
        """Say that memory can be counted in."""
        return True

    def reset(self) -> int:
        """Forget every try, and return of how many keys there were some."""
        with self._lock:
            count = len(self._tries)
            self._tries.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget the tries of one key."""
        with self._lock:
            self._tries.pop(key, None)
