"""One request computes at a time; what was sent goes first, and what takes long keeps nobody waiting."""

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask

from kernel.web import active_requests, after_response
from kernel.web.active_requests import ConcurrencyLimiter
from kernel.web.request import RequestServices, public, release_connection
from tests.support.plain_views import View, send


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody lose a turn, however slow the machine is."""
    monkeypatch.setattr(active_requests, "LONG", 60.0)


@pytest.fixture
def turn(app: Flask) -> Iterator[ConcurrencyLimiter]:
    """Return the turns of the application; whatever a test has asked for has given its turn back at its end."""
    services: RequestServices = app.extensions["plumbing"]
    yield services.concurrency
    assert not services.concurrency._holders


def come(instance: ConcurrencyLimiter, names: dict[str, bool], order: list[str]) -> list[threading.Thread]:
    """Let some wait for their turn, in this order; each notes its name when it has it. Names say who writes."""

    def one(name: str, *, writes: bool) -> None:
        with instance.admitted(writes=writes):
            order.append(name)

    threads = []
    for number, (name, writes) in enumerate(names.items(), 1):
        threads.append(threading.Thread(target=one, args=(name,), kwargs={"writes": writes}))
        threads[-1].start()
        while len(instance._readers) + len(instance._writers) < number:
            time.sleep(0.001)
    return threads


@pytest.mark.usefixtures("patient")
def test_turns_come_in_order_and_what_was_sent_goes_first() -> None:
    instance, order = ConcurrencyLimiter(), list[str]()
    first = instance.take(writes=False)

    threads = come(instance, {"page": False, "save": True, "other page": False, "other save": True}, order)
    waited = list(order)
    instance.give_back(first)
    instance.give_back(first)
    for thread in threads:
        thread.join(10)

    assert waited == []
    assert order == ["save", "other save", "page", "other page"]


@pytest.mark.usefixtures("patient")
def test_so_many_have_a_turn_as_there_are_places() -> None:
    instance, order = ConcurrencyLimiter(2), list[str]()
    first, second = instance.take(writes=False), instance.take(writes=False)

    threads = come(instance, {"page": False, "save": True, "other page": False}, order)
    waited = list(order)
    instance.give_back(second)
    for thread in threads:
        thread.join(10)

    assert waited == []
    assert order == ["save", "page", "other page"]
    assert list(instance._holders) == [first]


def test_what_takes_long_loses_its_turn_and_gives_nothing_back() -> None:
    instance = ConcurrencyLimiter()
    slow = instance.take(writes=True)
    began = time.monotonic()

    beside = instance.take(writes=False)
    waited = time.monotonic() - began
    instance.give_back(slow)

    assert waited >= active_requests.LONG
    assert list(instance._holders) == [beside]
    instance.give_back(beside)
    assert not instance._holders


def test_one_thread_looks_for_all_who_wait_and_ends_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active_requests, "LONG", 0.5)  # all have come before the first turn is lost
    instance, order, before = ConcurrencyLimiter(), list[str](), set(threading.enumerate())
    slow = instance.take(writes=True)

    waiting = come(instance, {"one": False, "two": False, "three": False}, order)
    watching = set(threading.enumerate()) - before - set(waiting)
    for thread in (*waiting, *watching):
        thread.join(10)

    assert len(watching) == 1
    assert sorted(order) == ["one", "three", "two"]  # nobody gave a turn back: the first had lost it
    assert not any(thread.is_alive() for thread in watching)
    instance.give_back(slow)


def serve(app: Flask, **views: View) -> None:
    """Serve views of a test under their names."""
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, public("a sample")(view), methods=["GET", "POST"])


def test_a_slow_page_keeps_nobody_waiting(plain: Flask, turn: ConcurrencyLimiter) -> None:
    goes_on, inside = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        assert goes_on.wait(30)
        return "slow"

    serve(plain, slow=slow, quick=lambda: "quick")
    thread = threading.Thread(target=send, args=(plain, "GET", "/slow"))
    thread.start()
    assert inside.wait(10)

    statuses = [send(plain, method, "/quick").status_code for method in ("GET", "POST")]
    still = thread.is_alive()
    goes_on.set()
    thread.join(30)

    assert statuses == [200, 200]
    assert still


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_computes_in_its_turn_and_gives_it_back_whatever_comes_of_it(plain: Flask, turn: ConcurrencyLimiter, method: str) -> None:
    """Also before something slow (`let_go`), and for what is noted after the answer."""
    held: list[bool] = []

    def quick() -> str:
        held.append(bool(turn._holders))
        after_response.run_after_response(lambda _session: held.append(bool(turn._holders)))
        return "quick"

    def fails() -> str:
        held.append(bool(turn._holders))
        raise ZeroDivisionError

    def hashes() -> str:
        release_connection()
        held.append(not turn._holders)
        return "hashed"

    serve(plain, quick=quick, fails=fails, hashes=hashes)

    statuses = [send(plain, method, path).status_code for path in ("/quick", "/fails", "/hashes", "/quick")]

    assert statuses == [200, 500, 200, 200]
    assert held == [True] * 6


@pytest.mark.usefixtures("patient")
def test_static_files_and_probes_wait_for_nobody(plain: Flask, turn: ConcurrencyLimiter) -> None:
    taken = turn.take(writes=True)

    status = send(plain, "GET", "/health/live").status_code

    assert status == 200
    turn.give_back(taken)
