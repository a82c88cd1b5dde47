"""Rate limits: sliding windows in the memory of the process. Only tries that failed count where the caller says so."""

import math
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

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
            raise self._refusal(rule, key)

    def count(self, rule: Limit, key: str) -> None:
        """Count one try."""
        self._windows.hit(rule.item, rule.name, key)

    def use(self, rule: Limit, key: str) -> None:
        """Count one try, or raise TooMany where the limit is used up. Tries at the same moment are each counted first."""
        if not self._windows.hit(rule.item, rule.name, key):
            raise self._refusal(rule, key)

    def forgive(self, rule: Limit, key: str) -> None:
        """Forget what was counted for a key: the person has proved who they are."""
        self._windows.clear(rule.item, rule.name, key)

    def _refusal(self, rule: Limit, key: str) -> TooMany:
        reset = self._windows.get_window_stats(rule.item, rule.name, key).reset_time
        return TooMany(retry_after=max(1, math.ceil(reset - clock.now().timestamp())))


def limiter() -> Limiter:
    """Return the counters of this application."""
    counters: Limiter = current_app.extensions["limits"]
    return counters


def client_address() -> str:
    """Return the address of the other side, after the trusted proxies."""
    return request.remote_addr or ""


def client_key() -> str:
    """Return what limits count a visitor by: the IPv4 address, or the /64 network that one IPv6 subscriber has."""
    try:
        address = ip_address(client_address().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
