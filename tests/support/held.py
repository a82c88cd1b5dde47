"""What a process holds at a moment: connections in use, and turns that were taken and not given back."""

from dataclasses import dataclass

from flask import Flask

from kernel.db import Database, holds_session
from kernel.web.active_requests import ConcurrencyLimiter, holds_turn
from kernel.web.request import services_of_app


@dataclass(frozen=True, slots=True)
class Held:
    """How many connections are in use and how many turns are taken, by all threads; and whether the present one has a part in them."""

    connections: int
    turns: int
    by_this_thread: bool


NOTHING = Held(0, 0, by_this_thread=False)


def held_by(app: Flask) -> Held:
    """Return what the process of an application holds."""
    services = services_of_app(app)
    return Held(_connections(services.database), _turns(services.concurrency), by_this_thread=holds_session() or holds_turn())


def _connections(database: Database) -> int:
    """Count the connections of both engines that are taken from their pools, without those of sessions that wait to be used again."""
    pools = {database.reading.pool, database.writing.pool}
    free = sum(session is not None for sessions in database._pools for session in tuple(sessions._free.queue))
    return sum(pool.checkedout() for pool in pools) - free  # type: ignore[attr-defined]  # pools that count


def _turns(concurrency: ConcurrencyLimiter) -> int:
    return len(concurrency._holders)
