"""Rate limits: sliding windows, each try counted once, never a lock for ever (spec/security 2.3)."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from kernel.errors import TooMany
from kernel.web import limits
from kernel.web.limit_file import LimitFile
from kernel.web.limits import Limiter, client_key, limit
from tests.support.stores import Redis, a_redis

RULE = limit("test", "3 per 15 minutes")


@pytest.fixture(params=["memory", "file"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path) -> Limiter:
    """Return counters of this process alone, or in a file."""
    return Limiter(file=tmp_path / "limits.sqlite") if request.param == "file" else Limiter()


def test_the_limit_is_refused_and_opens_again_by_itself(limiter: Limiter) -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for _turn in range(3):
            limiter.use(RULE, "ana")
        with pytest.raises(TooMany) as refused:
            limiter.use(RULE, "ana")
        assert refused.value.facts["retry_after"] == 900
        limiter.use(RULE, "luis")  # another key is not touched
        clock.shift(901)
        limiter.use(RULE, "ana")


def test_tries_during_a_lock_do_not_make_it_longer(limiter: Limiter) -> None:
    """Nobody locks another out for more than 15 minutes by going on trying."""
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for _turn in range(3):
            limiter.use(RULE, "ana")
        for _turn in range(14):
            clock.shift(60)
            with pytest.raises(TooMany):
                limiter.use(RULE, "ana")
        clock.shift(61)
        limiter.use(RULE, "ana")


def test_an_address_that_many_share_is_slowed_down_and_never_shut_out(limiter: Limiter) -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for _turn in range(3 + 1):
            limiter.use_slowly(RULE, "office")
        for _turn in range(5):
            with pytest.raises(TooMany) as refused:
                limiter.use_slowly(RULE, "office")
            assert refused.value.facts["seconds"] == 10
            clock.shift(11)
            limiter.use_slowly(RULE, "office")


def test_checking_counts_nothing_and_forgiving_forgets(limiter: Limiter) -> None:
    for _turn in range(10):
        limiter.check(RULE, "ana")
    for _turn in range(3):
        limiter.count(RULE, "ana")
    with pytest.raises(TooMany):
        limiter.check(RULE, "ana")

    limiter.forgive(RULE, "ana")

    limiter.check(RULE, "ana")


def test_tries_at_the_same_moment_are_each_counted(limiter: Limiter) -> None:
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


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    """spec/security 2.3, decision 56."""
    first, second = (Limiter(file=tmp_path / "limits.sqlite") for _process in range(2))
    for counters in (first, second, first):
        counters.use(RULE, "ana")

    assert second.counted(RULE, "ana") == 3
    with pytest.raises(TooMany) as refused:
        second.check(RULE, "ana")
    assert 0 < refused.value.facts["retry_after"] <= 900
    second.use(RULE, "luis")
    first.forgive(RULE, "ana")
    second.use(RULE, "ana")


def test_tries_that_are_over_leave_the_file(tmp_path: Path) -> None:
    counters = Limiter(file=tmp_path / "limits.sqlite")
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        for name in ("ana", "luis", "eva"):
            counters.use(RULE, name)
        clock.shift(901)
        counters.use(RULE, "ana")

    with sqlite3.connect(tmp_path / "limits.sqlite") as opened:
        assert opened.execute("SELECT key, count(*) FROM tried GROUP BY key").fetchall() == [(RULE.item.key_for("test", "ana"), 1)]


def test_a_file_that_cannot_be_written_costs_shared_counting_and_no_page(tmp_path: Path) -> None:
    (tmp_path / "limits.sqlite").write_bytes(b"broken " * 1000)
    counters = Limiter(file=tmp_path / "limits.sqlite")

    for _turn in range(3):
        counters.use(RULE, "ana")
    assert not counters.is_shared
    with pytest.raises(TooMany):
        counters.use(RULE, "ana")


def test_the_file_counts_fixed_windows_too(tmp_path: Path) -> None:
    """The library asks a storage for both kinds."""
    counts = LimitFile(tmp_path / "limits.sqlite")
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        assert (counts.incr("ana", 60), counts.incr("ana", 60, 2)) == (1, 3)
        assert counts.get_expiry("ana") == time.time() + 60
        clock.shift(61)
        assert counts.get("ana") == 0
        assert counts.check()
        assert counts.reset() == 3


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
