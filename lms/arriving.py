"""Least rates at which a request must arrive, so that senders who trickle cannot occupy every thread of a server.

A head has a time limit. A body has a least rate, with seconds to spare for a line that is gone for a moment: a sender who keeps to it may
send for as long as it takes. Where most threads only wait for data, the slowest lose their connections sooner.
"""

import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

HEAD_SECONDS = 20.0
"""Seconds in which the head of a request has to be there: a phone that has lost its line keeps no thread for longer."""
SPARE_SECONDS = 30.0
"""Seconds for which a body may stand still; those it has used come back with the bytes that follow."""
LEAST_RATE = 2_000
"""Bytes of a body in a second, in the long run: a tenth of what the worst mobile lines carry."""
SHORT_SECONDS = 5.0
"""Seconds that a request has in any case, even where threads are scarce."""
SHARE = 0.75
"""Part of a server's threads that may wait for what comes, before the slowest lose theirs."""


@dataclass(slots=True, eq=False)
class Arrival:
    """A request that one thread waits for: its head, then its body as far as it is read.

    Times are seconds of the monotonic clock; one thread writes, another reads.
    """

    sock: socket.socket
    waits_since: float | None
    """None while nobody waits for the sender."""
    in_body: bool = False
    received: int = 0
    """Bytes of the body that the thread had to wait for."""
    waited: float = 0.0
    spare: float = field(default=SPARE_SECONDS)
    """Seconds for which it could still stand still when the last wait began."""

    def receive(self, read: Callable[[int | None], bytes], size: int | None = None) -> bytes:
        """Read the next piece of the body from the connection, and count it."""
        self.waits_since = time.monotonic()
        piece = b""
        try:
            piece = read(size)
        finally:
            self.count(len(piece), time.monotonic())
        return piece

    def count(self, size: int, now: float) -> None:
        """Note that a wait has ended with so many bytes."""
        seconds = self.seconds(now)
        self.waits_since = None
        self.waited += seconds
        self.received += size
        self.spare = min(self.spare - seconds + size / LEAST_RATE, SPARE_SECONDS)

    def seconds(self, now: float) -> float:
        """Return how long the present wait has lasted."""
        since = self.waits_since
        return 0.0 if since is None else now - since

    def is_late(self, now: float) -> bool:
        """Return whether its time is over."""
        return self.seconds(now) > (self.spare if self.in_body else HEAD_SECONDS)

    def rate(self, now: float) -> float:
        """Return the bytes of the body that came in a second of waiting; nothing for a head."""
        return self.received / max(self.waited + self.seconds(now), 0.001)


def find_late(arrivals: Iterable[Arrival], threads: int, now: float) -> list[Arrival]:
    """Find the threads to cut: whatever is late, and beyond the share of the threads the slowest that had their short time."""
    waiting = [arrival for arrival in arrivals if arrival.waits_since is not None]
    late = [arrival for arrival in waiting if arrival.is_late(now)]
    rest = [arrival for arrival in waiting if arrival not in late]
    beyond = max(len(rest) - int(threads * SHARE), 0)
    slow = [arrival for arrival in rest if arrival.waited + arrival.seconds(now) > SHORT_SECONDS]
    return [*late, *sorted(slow, key=lambda arrival: arrival.rate(now))[:beyond]]
