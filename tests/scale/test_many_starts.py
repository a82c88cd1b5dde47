"""Many learners begin a quiz at once against a real server process (spec/quiz-engine 5.14.10);
`make bench` does it with five hundred and measures.

Starts are an open loop: each has its moment, whether or not the ones before were answered, and its time counts from that moment.
"""

import contextlib
import http.client
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from lms.instance import Instance
from quizzes.models import Attempt, AttemptItem
from tests.support import sizes
from tests.support.builders import PASSWORD, folder, publish
from tests.support.learning import a_learner
from tests.support.server import Running, serving

LEARNERS = sizes.LEARNERS or 24
MEASURED = LEARNERS >= 500
SECONDS = LEARNERS / 50
"""Fifty starts a second."""
BAR = {"sqlite": 2.0, "postgres": 1.0}
"""Seconds in which nineteen of twenty starts are answered, on two cores (spec/quiz-engine 5.14.10)."""
QUESTIONS = 20
BANK = "questions:\n" + "".join(
    f"  - key: numero-{number}\n    kind: numerical\n    text: Un número.\n    answers:\n      - right: {number}\n" for number in range(100)
)


@dataclass
class Learner:
    """Somebody's browser: its cookies, and how long it waited."""

    server: Running
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Send a request; return status, page and where it leads."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        connection.close()
        return answer.status, text, answer.headers.get("Location", "")

    def token(self, path: str) -> str:
        """Open a page, and return its form token."""
        _status, text, _location = self.ask("GET", path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert found, path
        return found[1]

    def enter(self, email: str) -> None:
        """Sign in."""
        fields = {"csrf_token": self.token("/sign-in"), "email": email, "password": PASSWORD}
        assert self.ask("POST", "/sign-in", fields)[0] == http.HTTPStatus.SEE_OTHER


def processor_time(server: Running) -> float:
    """Return the seconds of processor that the server and its workers have used: a machine that is busy otherwise does not change it."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            used += sum(map(int, fields[11:13])) if int(fields[2]) == server.process.pid else 0
    return used / os.sysconf("SC_CLK_TCK")


def share(times: list[float], part: float) -> float:
    """Return the time that a part of all stays within."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


@pytest.mark.slow
def test_many_learners_begin_at_once(
    instance: Instance, tmp_path: Path, database_url: str, database_kind: str, say: Callable[[str], None]
) -> None:
    """spec/quiz-engine 5.14.10: every learner gets one whole attempt; p95 of start < 1 s on PostgreSQL, < 2 s on SQLite,
    where it is measured.
    """
    files = folder(modules=1, settings="attempts: 1\n", draw=QUESTIONS)
    files["01-parte/banco.yaml"] = BANK.encode()
    course, _version = publish(instance, files)
    for number in range(LEARNERS):
        a_learner(instance, course, f"persona{number}@example.org")
    with serving(tmp_path, LMS_DATABASE_URL=database_url) as server:
        learners = [Learner(server) for _number in range(LEARNERS)]
        quiz = f"/courses/{course.slug}/quizzes/cuestionario-1"
        with ThreadPoolExecutor(8) as workers:
            list(workers.map(lambda pair: pair[1].enter(f"persona{pair[0]}@example.org"), enumerate(learners)))
            tokens = list(workers.map(lambda learner: learner.token(quiz), learners))
        before = processor_time(server)
        times, statuses = begin_all(learners, tokens, quiz)
        spent = processor_time(server) - before

    with instance.database.unit_of_work(write=False) as session:
        attempts = session.execute(select(func.count()).select_from(Attempt)).scalar_one()
        items = session.execute(select(func.count()).select_from(AttemptItem)).scalar_one()
    assert statuses == {http.HTTPStatus.SEE_OTHER}
    assert (attempts, items) == (LEARNERS, LEARNERS * QUESTIONS)
    if sizes.LEARNERS:
        waited = f"median {share(times, 0.5):.3f} s, p95 {share(times, 0.95):.3f} s, longest {max(times):.3f} s"
        spent_on_each = f"{spent / LEARNERS * 1000:.1f} ms of the server's processor each"
        say(f"{LEARNERS} starts in {SECONDS:.0f} s: {waited}; {spent_on_each}; load {os.getloadavg()[0]:.1f}")
    if MEASURED:
        assert share(times, 0.95) < BAR[database_kind]


def begin_all(learners: list[Learner], tokens: list[str], quiz: str) -> tuple[list[float], set[int]]:
    """Let everybody begin, one after the other by the clock; return how long each waited, and every status."""
    times: list[float] = []
    statuses: set[int] = set()
    started = time.monotonic()

    def begin(number: int) -> None:
        due = started + SECONDS * number / len(learners)
        time.sleep(max(0.0, due - time.monotonic()))
        status, _text, _location = learners[number].ask("POST", f"{quiz}/attempts", {"csrf_token": tokens[number]})
        times.append(time.monotonic() - due)
        statuses.add(status)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(len(learners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, statuses
