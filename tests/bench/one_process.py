"""Whole journeys of learners in one process without HTTP: processor time of each request, and how long the writers' lock is held.

The program is that of the checkout that is named, whichever it is, so that two versions can be measured in turns (`tests.bench.paired`).
It stands alone, without the tests. Each line that it reads is a number of journeys, and each that it writes is what they cost.

    python tests/bench/one_process.py CHECKOUT FOLDER DATABASE ACCOUNTS
"""

import gc
import io
import json
import os
import re
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SEED = 1
AFTERWARDS = 0.15
"""Seconds in which what follows an answer in another thread is done."""
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Spent = dict[str, float]


class LockClock:
    """Measures how long the one lock of an SQLite database is held: from where it was taken until it is given back.

    What its holder computes by then does not depend on what else the machine has to do.
    """

    def __init__(self, lock: type) -> None:
        self.seconds, self.computed, self.times, self._since, self._cpu = 0.0, 0.0, 0, 0.0, 0.0
        take, give_back = lock.take, lock.give_back  # type: ignore[attr-defined]  # the class of another checkout

        def taken(held: Any) -> None:
            take(held)
            self._since, self._cpu = time.perf_counter(), time.thread_time()

        def given_back(held: Any) -> None:
            if self._since:
                self.seconds += time.perf_counter() - self._since
                self.computed += time.thread_time() - self._cpu
                self.times, self._since = self.times + 1, 0.0
            give_back(held)

        lock.take, lock.give_back = taken, given_back  # type: ignore[attr-defined]  # as above


class Browser:
    """A browser without a script, whose requests are calls of the application."""

    def __init__(self, app: Callable[..., Any], cpu: Callable[[], float], spent: Spent) -> None:
        self._app, self._cpu, self._spent = app, cpu, spent
        self._cookies: dict[str, str] = {}

    def ask(
        self, step: str, method: str, path: str, fields: Mapping[str, str] | None = None, *, accept: str = "text/html"
    ) -> tuple[str, str]:
        """Send a request; return the page and where it leads. What it costs is counted under a step."""
        body = urlencode(fields or {}).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.partition("?")[0],
            "QUERY_STRING": path.partition("?")[2],
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_ACCEPT": accept,
            "HTTP_ACCEPT_LANGUAGE": "es",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if method == "POST":
            environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        told: list[Any] = []
        before = self._cpu()
        answer = self._app(environ, lambda status, headers, _fault=None: told.extend((status, headers)))
        page = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        self._spent[step] += self._cpu() - before
        location = ""
        for name, value in told[1]:
            if name == "Set-Cookie":
                self._cookies.update({key: morsel.value for key, morsel in SimpleCookie(value).items()})
            elif name == "Location":
                location = re.sub(r"^https?://[^/]+", "", value)
        if told[0][:3] not in {"200", "303"}:
            raise AssertionError(f"{step}: {told[0]}")
        return page.decode(), location

    def journey(self, email: str, password: str) -> None:
        """Go the whole way of one learner: sign in, course, four lessons, one of them again, quiz, ten saves, hand in, result."""
        from tests.loadtest.filling import QUIZ, SLUG, answers
        from tests.loadtest.journey import LEASE, LESSON

        token = _token(self.ask("sign-in page", "GET", "/sign-in")[0])
        self.ask("sign-in", "POST", "/sign-in", {"csrf_token": token, "email": email, "password": password})
        self.ask("home", "GET", "/learning")
        course = self.ask("course", "GET", f"/courses/{SLUG}")[0]
        lessons = list(dict.fromkeys(LESSON.findall(course)))[:4]
        for lesson in lessons:
            self.ask("lesson", "GET", lesson)
        self.ask("lesson again", "GET", lessons[0])
        quiz = f"/courses/{SLUG}/quizzes/{QUIZ}"
        token = _token(self.ask("quiz", "GET", quiz)[0])
        _page, path = self.ask("start", "POST", f"{quiz}/attempts", {"csrf_token": token})
        page = self.ask("attempt", "GET", path)[0]
        token, lease = _token(page), LEASE.search(page)
        assert lease is not None
        for place, right in enumerate(answers(page), 1):
            events = [{"item": place, "seq": 1, "response": {"answer": [right]}, "client_time": "2026-11-20T12:00:00Z"}]
            fields = {"csrf_token": token, "lease": lease[1], "events": json.dumps(events)}
            said = json.loads(self.ask("save", "POST", f"{path}/answers", fields, accept="application/json")[0])
            assert said["acknowledged"] == {str(number): 1 for number in range(1, place + 1)} or said["acknowledged"][str(place)] == 1
        self.ask("summary", "GET", f"{path}/summary")
        self.ask("hand in", "POST", f"{path}/submission", {"csrf_token": token})
        assert 'id="review"' in self.ask("result", "GET", f"{path}/review")[0]


def _token(page: str) -> str:
    found = TOKEN.search(page)
    assert found, "a form without a token"
    return found[1]


def _servers_clock(database: Any) -> Callable[[], float]:
    """Return a clock of the processor time of a database server's processes that work for this one; nothing on SQLite."""
    if database.is_sqlite:
        return lambda: 0.0
    from sqlalchemy import text

    def clock() -> float:
        with database.unit_of_work(write=False) as session:
            pids = list(session.connection().scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")))
        total = 0
        for pid in pids:
            with suppress(OSError):
                total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        return total / 1e9

    return clock


def measured(folder: Path, url: str, accounts: int) -> Iterator[Callable[[int], Spent]]:
    """Yield what walks so many journeys and returns the seconds of processor of each step, and how long the lock was held."""
    from argon2 import PasswordHasher

    from accounts import passwords
    from kernel import db, logging
    from lms.app import create_app
    from tests.loadtest.command import LoadTestInstance, LoadTestPlan, prepare

    logging.set_up()
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the hash is a library's, and the same on both sides
    lock = LockClock(db.WriterLock)
    instance = prepare(folder, LoadTestPlan(accounts, None, 0, 0, 1, SEED), fresh=False, database_url=url)
    kept = json.loads((folder / "load-test").read_text())
    people = LoadTestInstance(folder, accounts, SEED, kept["password"], kept["come"])
    app, servers = create_app(instance), _servers_clock(instance.database)

    def go(number: int) -> Spent:
        spent: Spent = defaultdict(float)
        emails = people.take(number)
        gc.collect()
        lock.seconds = lock.computed = lock.times = 0
        before, at_the_server = time.process_time(), servers()
        for email in emails:
            Browser(app, time.process_time, spent).journey(email, people.password)
        after = time.process_time()
        time.sleep(AFTERWARDS)
        spent["afterwards"] = time.process_time() - after
        total = sum(spent.values())
        spent |= {"whole": total, "with harness": time.process_time() - before, "lock held": lock.seconds, "lock taken": float(lock.times)}
        spent["computed in it"] = lock.computed
        spent["database server"] = servers() - at_the_server
        return {name: seconds / number for name, seconds in spent.items()}

    yield go
    instance.database.dispose()


def _main(folder: Path, url: str, accounts: int) -> None:
    told = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("ab") as log:  # a line for each request, as a server writes them
        os.dup2(log.fileno(), 1)
        sys.stderr = os.fdopen(os.dup(log.fileno()), "w", buffering=1)
    for go in measured(folder, url, accounts):
        told.write("{}\n")
        told.flush()
        for line in sys.stdin:
            told.write(json.dumps(go(int(line))) + "\n")
            told.flush()


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    try:
        _main(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    except Exception:
        traceback.print_exc(file=sys.__stderr__)
        sys.exit(1)
