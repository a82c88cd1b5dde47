"""Rate limits: sliding windows in the memory of the process, in a file that the processes of one server share, or in Redis.

Redis is for several servers that count together. Only tries that failed count where the caller says so. While Redis is away, or the file
cannot be written, each process counts for itself: nobody is locked out, and guessing stays slow.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import TypeVar

import structlog
from flask import current_app, request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from kernel import clock, redis
from kernel.errors import N_, TooMany
from kernel.web.limit_file import LimitFile

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in a time, counted for each key under a name."""

    name: str
    item: RateLimitItem


def limit(name: str, rule: str) -> Limit:
    """Return a limit written like `10 per 15 minutes`."""
    return Limit(name, parse(rule))


SLOWLY = limit("slowly", "1 per 10 seconds")
"""The pace of an address beyond its limit: a whole office may share it, and is slowed down, never shut out (spec/security 2.3)."""
PAUSE = 10.0
"""Seconds after a failure until the shared counters are asked again."""
Counted = TypeVar("Counted")


class Limiter:
    """The counters of one process, or of all that share a Redis or a file; Redis goes first."""

    def __init__(self, redis_url: str = "", file: Path | None = None) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        self._asks_again_at = 0.0
        if redis_url:
            self._shared = MovingWindowRateLimiter(
                RedisStorage(redis_url, redis.pool(redis_url, answer=redis.CONNECT), wrap_exceptions=True)
            )
        elif file is not None:
            self._shared = MovingWindowRateLimiter(LimitFile(file))

    @property
    def is_shared(self) -> bool:
        """Return whether the counters of all processes are in use now."""
        return self._shared is not None and time.monotonic() >= self._asks_again_at

    def _ask(self, question: Callable[[MovingWindowRateLimiter], Counted]) -> Counted:
        """Ask the shared counters, or our own where there are none or they do not answer."""
        if self._shared is not None and self.is_shared:
            try:
                return question(self._shared)
            except StorageError as error:
                self._asks_again_at = time.monotonic() + PAUSE
                log.warning("limits.shared_away", error=type(error.__cause__ or error).__name__)
        return question(self._own)

    def counted(self, rule: Limit, key: str) -> int:
        """Return how many times were counted within the window; counts nothing."""
        return rule.item.amount - self._ask(lambda windows: windows.get_window_stats(rule.item, rule.name, key)).remaining

    def is_used_up(self, rule: Limit, key: str) -> bool:
        """Return whether the limit is used up; counts nothing."""
        return not self._ask(lambda windows: windows.test(rule.item, rule.name, key))

    def check(self, rule: Limit, key: str) -> None:
        """Raise TooMany where the limit is used up; counts nothing."""
        if self.is_used_up(rule, key):
            raise self._refusal(rule, key)

    def count(self, rule: Limit, key: str) -> None:
        """Count one try."""
        self._ask(lambda windows: windows.hit(rule.item, rule.name, key))

    def use(self, rule: Limit, key: str) -> None:
        """Count one try, or raise TooMany where the limit is used up. Tries at the same moment are each counted first."""
        if not self._ask(lambda windows: windows.hit(rule.item, rule.name, key)):
            raise self._refusal(rule, key)

    def use_slowly(self, rule: Limit, key: str) -> None:
        """Count one try; beyond the limit raise TooMany but for one try in each ten seconds."""
        if not self.takes(rule, key):
            self.use(SLOWLY, f"{rule.name} {key}")

    def slow_down(self, rule: Limit, key: str) -> None:
        """Raise TooMany where the limit is used up, but for one try in each ten seconds; counts nothing of the limit."""
        if self.is_used_up(rule, key):
            self.use(SLOWLY, f"{rule.name} {key}")

    def takes(self, rule: Limit, key: str) -> bool:
        """Count one time, and say whether it is within the limit: for what is noted so often and no more."""
        return self._ask(lambda windows: windows.hit(rule.item, rule.name, key))

    def forgive(self, rule: Limit, key: str) -> None:
        """Clear the count of a key: the person has proved their identity."""
        self._ask(lambda windows: windows.clear(rule.item, rule.name, key))

    def _refusal(self, rule: Limit, key: str) -> TooMany:
        reset = self._ask(lambda windows: windows.get_window_stats(rule.item, rule.name, key)).reset_time
        seconds = max(1, math.ceil(reset - clock.now().timestamp()))
        in_seconds = N_("Too many attempts. You can go on in %(seconds)s s.")
        in_minutes = N_("Too many attempts. You can go on in %(minutes)s min.")
        message = in_seconds if seconds < 100 else in_minutes
        return TooMany(message, retry_after=seconds, seconds=seconds, minutes=math.ceil(seconds / 60))


def limiter() -> Limiter:
    """Return the counters of this application."""
    counters: Limiter = current_app.extensions["limits"]
    return counters


def client_address() -> str:
    """Return the address of the other side, after the trusted proxies."""
    return request.remote_addr or ""


def client_key() -> str:
    """Return the key by which limits count a visitor: the IPv4 address, or the /64 network that one IPv6 subscriber has."""
    try:
        address = ip_address(client_address().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


SEARCHES_OF_A_STRANGER = limit("search", "30 per minute")
SEARCHES_OF_A_PERSON = limit("search-person", "120 per minute")


def count_search(person_id: int | None) -> None:
    """Count a question to the index of the search, of a person or of the stranger who asks."""
    if person_id is None:
        limiter().use(SEARCHES_OF_A_STRANGER, client_key())
    else:
        limiter().use(SEARCHES_OF_A_PERSON, str(person_id))
