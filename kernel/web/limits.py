"""Rate limits: sliding windows in the memory of the process. Only tries that failed count where the caller says so."""

from dataclasses import dataclass

from flask import current_app, request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from kernel import clock
from kernel.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in a time, counted for each key under a name."""

    name: str
    item: RateLimitItem


def limit(name: str, rule: str) -> Limit:
    """Return a limit written like `10 per 15 minutes`."""
    return Limit(name, parse(rule))


class Limiter:
    """The counters of one process."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def check(self, rule: Limit, key: str) -> None:
        """Raise TooMany where the limit is used up; counts nothing."""
        if not self._windows.test(rule.item, rule.name, key):
            reset = self._windows.get_window_stats(rule.item, rule.name, key).reset_time
            raise TooMany(retry_after=max(1, int(reset - clock.now().timestamp())))

    def count(self, rule: Limit, key: str) -> None:
        """Count one try."""
        self._windows.hit(rule.item, rule.name, key)

    def use(self, rule: Limit, key: str) -> None:
        """Count one try, or raise TooMany where the limit is used up."""
        self.check(rule, key)
        self.count(rule, key)


def limiter() -> Limiter:
    """Return the counters of this application."""
    counters: Limiter = current_app.extensions["limits"]
    return counters


def client_address() -> str:
    """Return the address of the other side, after the trusted proxies."""
    return request.remote_addr or ""
