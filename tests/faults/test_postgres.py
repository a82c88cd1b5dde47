"""The database server is stopped, or stands still, while people work: a server of the test's own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.chaos import a_house, crowd_while, every, faultless, serving, told, wait_until_ready
from tests.faults.machine import a_machine
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.watch import Watch, crowd_watched


@pytest.fixture
def postgres(database_kind: str) -> Iterator[OwnPostgres]:
    """Return a running server."""
    if database_kind != "postgres":
        pytest.skip("SQLite has no server")
    with own_postgres() as server:
        yield server


def test_the_database_is_restarted_while_people_work(
    postgres: OwnPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """spec/security 6.3: nothing acknowledged is lost, the server stays up and goes on by itself."""
    instance, restarts = a_house(tmp_path, postgres.url, monkeypatch), []
    with serving(instance) as server:
        wait_until_ready(server)

        def disturb() -> None:
            postgres.restart()
            restarts.append(1)

        found = crowd_while(instance, (server.address,), every((3, 6), disturb))
        wait_until_ready(server)

    say(f"database restarted {len(restarts)} times: {told(found)}")
    assert faultless(found)
    assert len(restarts) >= 2
    assert found["answers acknowledged"]
    assert server.starts == 1


def test_a_database_that_is_away_is_told_within_five_seconds(
    postgres: OwnPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """spec/security 6.3: 503 with Retry-After in less than five seconds; served again within ten once it is back."""
    instance = a_house(tmp_path, postgres.url, monkeypatch)
    with serving(instance) as server:
        wait_until_ready(server)
        with Watch(server.address) as watch:
            postgres.stop()
            time.sleep(8)
            postgres.start()
            seconds = watch.until_served()

    say(f"database stopped: {watch.told()}; served again after {seconds:.1f} s")
    assert watch.refused
    assert watch.wrong == []
    assert watch.longest < 5
    assert seconds <= 10
    assert server.starts == 1


def test_a_database_that_stands_still_holds_who_asks_it_and_nothing_is_lost(
    postgres: OwnPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """It has heard, and does not answer: who has a connection waits, within the time of a request; then all goes on."""
    instance = a_house(tmp_path, postgres.url, monkeypatch)

    def stand_still() -> None:
        with postgres.frozen():
            time.sleep(5)

    came = crowd_watched(instance, stand_still, (2, 4))

    say(f"database frozen {len(came.resumed)} times: {told(came.found)}; {came.watch.told()}")
    assert faultless(came.found)
    assert len(came.resumed) >= 2
    assert max(came.resumed) <= 10
    assert came.watch.wrong == []
    assert came.server.starts == 1


def test_a_database_whose_machine_is_gone_without_a_word_is_away_soon(
    database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """Nothing is refused and nothing answers: what was sent is lost on the line. That too is a 503 in time, and over by itself."""
    if database_kind != "postgres":
        pytest.skip("SQLite has no server")
    with a_machine() as machine, own_postgres(machine) as postgres:
        instance = a_house(tmp_path, postgres.url, monkeypatch)

        def be_gone() -> None:
            machine.cut()
            time.sleep(6)
            machine.mend()

        came = crowd_watched(instance, be_gone, (6, 9))

    say(f"line to the database cut {len(came.resumed)} times: {told(came.found)}; {came.watch.told()}")
    assert faultless(came.found)
    assert len(came.resumed) >= 2
    assert max(came.resumed) <= 10
    assert came.watch.refused
    assert came.watch.wrong == []
    assert came.watch.longest < 9
    assert came.server.starts == 1
