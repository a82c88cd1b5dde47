"""`lms serve` with several processes on one machine: what they share, and which of them takes over when one dies (decision 56)."""

import http.client
import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from courses.models import Course
from kernel import clock, outbox
from kernel.db import Database
from kernel.outbox import Job
from lms import serve
from tests.support.server import Running, serving
from tests.support.soon import until

TWO = ("--workers", "2")
TRIES = 10
"""Wrong passwords of one account within a quarter of an hour (spec/security 2.3)."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return the database of an instance that has a course already, so that a start publishes none."""
    opened = Database(database_url)
    with opened.unit_of_work() as session:
        session.add(Course(slug="nada", title={"es": "Nada"}, created_at=clock.now()))
    yield opened
    opened.dispose()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Return a folder for the temporary files of a server."""
    place = tmp_path / "temporary"
    place.mkdir()
    return place


def children(server: Running) -> list[int]:
    """Return the processes that serve."""
    return [int(number) for number in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()]


def ask(server: Running, method: str, body: str = "", cookie: str = "") -> tuple[int, str, str]:
    """Ask for the sign-in page on a connection of its own; return the status, the page and the cookie."""
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=20)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        connection.request(method, "/sign-in", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), (answer.getheader("Set-Cookie") or "").partition(";")[0]


def guess(server: Running) -> int:
    """Try a wrong password in a session of its own, and return the status."""
    _status, page, cookie = ask(server, "GET")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    words = {"csrf_token": token[1], "email": "ana@example.org", "password": "no es esta clave"}
    return ask(server, "POST", urlencode(words), cookie)[0]


@pytest.mark.slow
def test_guesses_are_counted_over_all_processes(tmp_path: Path, database: Database) -> None:
    with serving(tmp_path, options=TWO, LMS_DATABASE_URL=database.url) as server:
        assert len(children(server)) == 2
        statuses = [guess(server) for _turn in range(TRIES + 5)]
        assert server.end() == 0

    assert 429 not in statuses[:TRIES]
    assert statuses[TRIES:] == [429] * 5


@pytest.mark.slow
def test_a_process_that_dies_leaves_background_work_to_another(tmp_path: Path, temporary: Path, database: Database) -> None:
    def working() -> int:
        """Return the process that does the background work, 0 where none has the lock yet."""
        (lock,) = list(temporary.glob("aulario-serve-*/work.lock")) or [Path(os.devnull)]
        return int(lock.read_text() or 0)

    with serving(tmp_path, options=TWO, LMS_DATABASE_URL=database.url, TMPDIR=str(temporary)) as server:
        until(lambda: working() in children(server))
        first = working()
        os.kill(first, signal.SIGKILL)
        with database.unit_of_work() as session:
            outbox.enqueue(session, "organisations.forget_loads", {}, now=clock.now(), unique_key="left")

        def is_done() -> bool:
            with database.unit_of_work(write=False) as session:
                return bool(session.query(Job).filter(Job.unique_key == "left", Job.done_at.is_not(None)).count())

        until(is_done)
        assert working() != first
        until(lambda: len(children(server)) == 2)
        assert server.end() == 0

    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(("quota", "most"), [("150000 100000", 1), ("50000 100000", 1), ("max 100000", 8), ("", 8), ("3200000 100000", 8)])
def test_as_many_processes_serve_as_there_are_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, most: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(serve, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(32)))

    assert serve.usual_workers() == most
