"""Redis and its only client code: it counts tries and wakes workers, and holds nothing that cannot be lost (spec/security 6.4)."""

from typing import Any

CONNECT = 0.3
"""Seconds that anybody waits for a connection: a request must not stand still because Redis does."""
ANSWER = 2.0
"""Seconds that anybody waits for an answer; a worker's look at the queue takes one."""


def pool(url: str, *, answer: float = ANSWER) -> Any:
    """Return connections that give up at once where Redis is away; nobody tries a second time."""
    from redis import ConnectionPool  # noqa: PLC0415 - only the scaled form has it
    from redis.backoff import NoBackoff  # noqa: PLC0415 - the same
    from redis.retry import Retry  # noqa: PLC0415 - the same

    return ConnectionPool.from_url(url, socket_connect_timeout=CONNECT, socket_timeout=answer, retry=Retry(NoBackoff(), 0))


def is_reachable(url: str) -> bool:
    """Return whether Redis answers."""
    from redis import Redis  # noqa: PLC0415 - only the scaled form has it
    from redis.exceptions import RedisError  # noqa: PLC0415 - the same

    connections = pool(url, answer=CONNECT)
    try:
        return bool(Redis(connection_pool=connections).ping())
    except RedisError:
        return False
    finally:
        connections.disconnect()
