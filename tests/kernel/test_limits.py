"""Rate limits: sliding windows, each try counted once, never a lock for ever (spec/security 2.3)."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from kernel.errors import TooMany
from kernel.web import limits
from kernel.web.limits import Limiter, client_key, limit
from tests.support.stores import Redis, a_redis

RULE = limit("test", "3 per 15 minutes")


def test_the_limit_is_refused_and_opens_again_by_itself() -> None:
    limiter = Limiter()
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for _turn in range(3):
            limiter.use(RULE, "ana")
        with pytest.raises(TooMany) as refused:
            limiter.use(RULE, "ana")
        assert refused.value.facts["retry_after"] == 900
        limiter.use(RULE, "luis")  # another key is not touched
        clock.shift(901)
        limiter.use(RULE, "ana")


def test_tries_during_a_lock_do_not_make_it_longer() -> None:
    """Nobody locks another out for more than 15 minutes by going on trying."""
    limiter = Limiter()
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for _turn in range(3):
            limiter.use(RULE, "ana")
        for _turn in range(14):
            clock.shift(60)
            with pytest.raises(TooMany):
                limiter.use(RULE, "ana")
        clock.shift(61)
        limiter.use(RULE, "ana")


def test_checking_counts_nothing_and_forgiving_forgets() -> None:
    limiter = Limiter()
    for _turn in range(10):
        limiter.check(RULE, "ana")
    for _turn in range(3):
        limiter.count(RULE, "ana")
    with pytest.raises(TooMany):
        limiter.check(RULE, "ana")

    limiter.forgive(RULE, "ana")

    limiter.check(RULE, "ana")


def test_tries_at_the_same_moment_are_each_counted() -> None:
    limiter = Limiter()
    passed: list[int] = []
    gate = threading.Barrier(16)

    def work() -> None:
        gate.wait()
        try:
            limiter.use(RULE, "ana")
        except TooMany:
            return
        passed.append(1)

    threads = [threading.Thread(target=work) for _turn in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 3


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_visitor_is_counted_by_what_one_subscriber_has(app: Flask, address: str, key: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_key() == key


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    """Return a Redis of this test's own."""
    with a_redis(tmp_path) as started:
        yield started


def test_processes_that_share_a_redis_count_together(store: Redis) -> None:
    """spec/security 2.3: in Redis where several processes serve."""
    first, second = Limiter(store.url), Limiter(store.url)
    for limiter in (first, second, first):
        limiter.use(RULE, "ana")

    with pytest.raises(TooMany) as refused:
        second.check(RULE, "ana")
    assert 0 < refused.value.facts["retry_after"] <= 900
    second.use(RULE, "luis")
    first.forgive(RULE, "ana")
    second.use(RULE, "ana")


def test_a_redis_that_goes_away_costs_shared_counting_and_no_page(store: Redis) -> None:
    """No 500, and a limit all the same."""
    limiter = Limiter(store.url)
    limiter.use(RULE, "ana")
    store.kill()

    for _turn in range(3):
        limiter.use(RULE, "ana")
    assert not limiter.is_shared
    with pytest.raises(TooMany):
        limiter.use(RULE, "ana")


def test_a_redis_that_comes_back_is_asked_again(store: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAUSE", 0.0)
    limiter, other = Limiter(store.url), Limiter(store.url)
    store.kill()
    limiter.use(RULE, "ana")
    store.start()

    for _turn in range(3):
        limiter.use(RULE, "ana")
    assert limiter.is_shared
    with pytest.raises(TooMany):
        other.use(RULE, "ana")
