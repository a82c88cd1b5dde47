"""`lms serve` as a process: what keeps it from starting is one line, and what it started it ends cleanly (spec/security 6.5, 8.3)."""

import contextlib
import http.client
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
import structlog
from sqlalchemy import MetaData, func, select

from kernel.db import Database
from kernel.outbox import Job
from kernel.settings import load
from kernel.web.headers import ALWAYS
from lms import serve
from lms.arriving import HEAD_SECONDS, SHORT_SECONDS
from lms.serve import ServerStartError, periodic_jobs
from tests.support.project import ROOT
from tests.support.server import LMS, PATIENCE, environment, free_port, opened_database, refused_start, serving
from tests.support.soon import until, within


@pytest.mark.slow
def test_a_start_serves_the_site_and_says_where(folder: Path) -> None:
    with serving(folder) as server:
        page = server.get("/")
        assert page.status == 200
        assert page.headers["Content-Security-Policy"]
        assert server.get("/health/live").status == 200
        assert server.get("/", Host="evil.example").status == 400
        assert server.end() == 0

    assert server.lines[0] == f"Aulario: http://127.0.0.1:{server.port}  (Ctrl-C ends it)"
    assert re.fullmatch(
        rf"There is no administrator yet\. Within 30 minutes open: http://127\.0\.0\.1:{server.port}/set-up/\S{{43}}", server.lines[1]
    )
    assert "Traceback" not in "\n".join(server.lines)


@pytest.mark.slow
def test_the_secrets_of_an_instance_are_its_owners_alone(folder: Path) -> None:
    with serving(folder) as server:
        server.end()

    for name in ("secret.key", "signing.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_two_first_starts_at_once_serve_once_and_the_other_is_told(folder: Path) -> None:
    with serving(folder) as server:
        made = {name: (folder / name).read_bytes() for name in ("secret.key", "signing.key")}
        said = refused_start(folder)
        assert f"process {server.process.pid}" in said
        assert str(folder / "aulario.sqlite") in said
        assert "LMS_DATABASE_URL" in said
        assert server.get("/").status == 200
        beside = [LMS, "jobs", "list"]
        assert subprocess.run(beside, check=True, env=environment(folder), capture_output=True, timeout=PATIENCE).stderr == b""
        assert server.end() == 0

    assert {name: (folder / name).read_bytes() for name in made} == made


@pytest.mark.slow
def test_a_server_that_was_killed_keeps_the_next_one_from_nothing(folder: Path) -> None:
    with serving(folder) as server:
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)
        assert (folder / "aulario.sqlite.serving").exists()
    with serving(folder) as again:
        assert again.get("/health/ready").status == 200
        assert again.end() == 0


def test_a_server_that_is_just_ending_is_waited_for(folder: Path) -> None:
    settings = load(data_dir=folder)
    with serve.held_database(settings):
        begun = time.monotonic()
        with pytest.raises(ServerStartError, match=f"process {os.getpid()}"), serve.held_database(settings):
            pass
        assert time.monotonic() - begun >= serve.HAND_OVER
    with serve.held_database(settings):
        pass
    with serve.held_database(load(data_dir=folder, database_url="postgresql+psycopg://a@127.0.0.1/a")):
        pass


@pytest.mark.slow
def test_a_second_start_changes_nothing_but_the_link(folder: Path) -> None:
    with serving(folder) as server:
        first = server.get("/static/nothing").status
        server.end()
    before = {name: (folder / name).read_bytes() for name in ("secret.key", "signing.key")}
    with closing(opened_database(folder)) as database:
        tables = snapshot(database)
    with serving(folder) as again:
        assert again.get("/static/nothing").status == first
        again.end()

    assert {name: (folder / name).read_bytes() for name in before} == before
    with closing(opened_database(folder)) as database:
        assert snapshot(database) == tables
    assert server.lines[1] != again.lines[1]


def snapshot(database: Database) -> dict[str, int]:
    """Count the rows of every table; of the jobs that are due by the clock their kinds, as a minute may begin between two looks."""
    tables = MetaData()
    tables.reflect(database.reading)
    with database.unit_of_work(write=False) as session:
        rows = {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.tables.items()}
        others = session.scalar(select(func.count()).where(Job.kind.not_in(periodic_jobs()))) or 0
        kinds = session.scalar(select(func.count(Job.kind.distinct())).where(Job.kind.in_(periodic_jobs()))) or 0
    return rows | {"job": others, "kinds of the clock": kinds}


@pytest.mark.slow
def test_the_second_start_is_quick(folder: Path) -> None:
    """It does little more than load the program: as a ratio within this run, because times of a busy machine say nothing."""
    with serving(folder) as server:
        server.end()
    before = processor_time()
    with serving(folder) as server:
        server.end()
    started = processor_time()
    subprocess.run([sys.executable, "-c", "import lms.app"], check=True, cwd=ROOT)

    assert started - before < 2.5 * (processor_time() - started)


def processor_time() -> float:
    """Return the seconds of processor that the programs started by this test have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_answers_at_once() -> None:
    """spec/performance P20."""

    def ask() -> subprocess.CompletedProcess[str]:
        return subprocess.run([LMS, "--help"], check=False, capture_output=True, text=True, timeout=PATIENCE)

    result = within(0.5, ask, clock=processor_time)

    assert result.returncode == 0
    assert "serve" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_is_clean_and_lets_a_request_finish(folder: Path, number: int) -> None:
    """spec/security 6.5: drained within 15 seconds. A terminal sends Ctrl-C to the whole group."""
    with serving(folder) as server:
        with socket.create_connection((server.host, server.port), timeout=20) as slow:
            body = b"language=en&next=/help"
            slow.sendall(b"POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n")
            slow.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
            time.sleep(0.5)
            began = time.monotonic()
            os.killpg(server.process.pid, number) if number == signal.SIGINT else server.process.send_signal(number)
            time.sleep(0.5)
            slow.sendall(body[5:])
            answer = b""
            while part := slow.recv(65536):
                answer += part
        code = server.process.wait(20)

    assert answer.startswith(b"HTTP/1.1 400 ")  # without a token it is refused, but answered, whole
    assert answer.rstrip().endswith(b"</html>")
    assert code == 0
    assert time.monotonic() - began < 15
    assert "Traceback" not in "\n".join(server.lines)
    with pytest.raises(OSError):  # noqa: PT011 - nobody listens any more
        server.get("/health/live")


LOCAL = b" HTTP/1.1\r\nHost: localhost\r\n"
FORM = LOCAL + b"Content-Type: application/x-www-form-urlencoded\r\n"
LONG = "a" * 65
"""Nothing that a program makes up by itself looks like this: an identifier of a request is a few hexadecimal digits."""
MEGABYTE = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
HOSTILE = [
    (b"GET /courses" + LOCAL + b"X-Long: " + b"a" * 20_000 + b"\r\n\r\n", (400, 431)),
    (b"GET /courses?q=" + b"a" * 9_000 + LOCAL + b"\r\n", (400, 414)),
    (b"GET / HTTP/1.0\r\n\r\n", (200, 400)),
    (b"NONSENSE\r\n\r\n", (400,)),
    (b"POST /sign-in" + FORM + b"Content-Length: 5000000\r\n\r\na=b", (413,)),
    (b"POST /sign-in" + FORM + b"Transfer-Encoding: chunked\r\n\r\n" + MEGABYTE + b"0\r\n\r\n", (413,)),
    (b"GET /nowhere\x00\xff" + LOCAL + b"\r\n", (400, 404)),
    (b"GET /%00%ff%c0%af" + LOCAL + b"\r\n", (400, 404)),
    (b"GET /courses" + LOCAL + b"Cookie: __Host-session=" + b"a" * 7_000 + b"\r\n\r\n", (200,)),
    (b"POST /sign-in" + FORM + b"Transfer-Encoding: magic\r\n\r\n", (400,)),
    (b"GET /" + LOCAL + b"X-Bad Name: x\r\n\r\n", (400,)),
    (b"BREW /" + LOCAL + b"\r\n", (405,)),
]


def answer_to(host: str, port: int, sent: bytes) -> tuple[http.client.HTTPResponse, str]:
    """Return what a server answers to these bytes, and its text."""
    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with contextlib.closing(http.client.HTTPResponse(connection)) as answer:
            answer.begin()
            return answer, answer.read().decode()


@pytest.mark.slow
def test_hostile_requests_are_refused_within_two_seconds_and_without_a_trace(folder: Path) -> None:
    """spec/security 3.4 and 3.5: no input yields 5xx; what gunicorn refuses by itself has our headers and a plain text."""
    told: set[int] = set()
    with serving(folder) as server:
        for sent, statuses in HOSTILE:
            answer, said = within(2, partial(answer_to, server.host, server.port, sent), time.monotonic)
            assert answer.status in statuses, (sent[:60], answer.status)
            assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS, sent[:60]
            if answer.headers["Content-Type"] == "text/plain; charset=utf-8":
                told.add(answer.status)
                assert LONG not in said
                assert len([line for line in said.splitlines() if line]) == 2  # in Spanish and in English
        assert server.get("/health/ready").status == 200
        server.end()

    assert told == {400, 414, 431}
    assert "Traceback" not in "\n".join(server.lines)
    assert LONG not in "\n".join(server.lines)


@pytest.mark.slow
def test_a_request_that_hangs_is_ended_and_leaves_nothing(folder: Path) -> None:
    """spec/security 3.5: a closed connection after the time, and nothing of it later, when the database moves again."""
    with serving(folder, LMS_REQUEST_SECONDS="1") as server:
        page = http.client.HTTPConnection(server.host, server.port, timeout=20)
        page.request("GET", "/sign-up")
        answer = page.getresponse()
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())
        assert token is not None
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        names = {"given_names": "Ana", "first_surname": "Quinde", "email": "ana@example.org", "consent": "y"}
        body = urlencode({**names, "password": "cuatro palabras sin relación", "csrf_token": token[1]})
        with contextlib.closing(sqlite3.connect(folder / "aulario.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            page.request("POST", "/sign-up", body, {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie})
            try:
                status = page.getresponse().status
            except (http.client.RemoteDisconnected, ConnectionError):
                status = 0
            other.execute("ROLLBACK")
        page.close()
        assert status in (0, 503)
        assert server.get("/health/ready").status == 200
        server.end()

    with contextlib.closing(sqlite3.connect(folder / "aulario.sqlite")) as kept:
        assert kept.execute("SELECT count(*) FROM person").fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.parametrize("headers", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_half_a_form_is_never_taken_for_all_of_it(folder: Path, headers: str) -> None:
    """The line is gone in the middle of a body whose first half would have been a valid form."""
    with serving(folder) as server:
        answer = server.get("/sign-up")
        token = re.search(r'name="csrf_token" value="([^"]+)"', server.body)
        assert token is not None
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        names = {"given_names": "Ana", "first_surname": "Quinde", "email": "ana@example.org", "consent": "y"}
        body = urlencode({**names, "password": "cuatro palabras sin relación", "csrf_token": token[1], "more": ""}).encode()
        sent = b"%x\r\n%s\r\n" % (len(body), body) if "chunked" in headers else body
        head = f"POST /sign-up HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nCookie: {cookie}\r\n{headers}\r\n"
        with socket.create_connection((server.host, server.port), timeout=20) as line:
            line.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + sent)
            line.shutdown(socket.SHUT_WR)
            answered = line.recv(100)
        assert not answered or answered.startswith(b"HTTP/1.1 400")
        assert server.get("/health/ready").status == 200
        server.end()

    assert "Traceback" not in "\n".join(server.lines)
    with contextlib.closing(sqlite3.connect(folder / "aulario.sqlite")) as kept:
        assert kept.execute("SELECT count(*) FROM person").fetchone() == (0,)


SENDERS = 135
"""More than the 128 threads that a process has where nobody says otherwise."""
BEGUN = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\ne"


def ask_for_help(port: int) -> float:
    """Return after how many seconds the help was answered, over a connection of its own."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as visitor:
        visitor.sendall(b"GET /help HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert visitor.recv(100).startswith(b"HTTP/1.1 200")
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_idle_connections_cost_no_thread(folder: Path, processes: int) -> None:
    """Browsers that have their page and keep their connection, and some that never say a word, many more than there are threads."""
    with serving(folder, options=("--workers", str(processes)), LMS_THREADS="4") as server, contextlib.ExitStack() as open_ones:
        for number in range(40 * processes):
            idle = open_ones.enter_context(socket.create_connection((server.host, server.port), timeout=60))
            if number % 2:
                idle.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert idle.recv(100).startswith(b"HTTP/1.1 200")
        waited = [ask_for_help(server.port) for _each in range(3 * processes)]
        server.end()

    assert max(waited) < HEAD_SECONDS / 2  # a thread that waited for a head would be let go after the whole of it


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_slow_senders_without_an_account_do_not_stop_a_site(folder: Path, processes: int) -> None:
    """One byte of a body each, from more connections than there are threads; each is ended, and told why."""
    with serving(folder, options=("--workers", str(processes))) as server, contextlib.ExitStack() as open_ones:
        ask_for_help(server.port)
        many = range(SENDERS * processes)
        senders = [open_ones.enter_context(socket.create_connection((server.host, server.port), timeout=60)) for _each in many]
        for sender in senders:
            sender.sendall(BEGUN)

        waited = ask_for_help(server.port)
        again = ask_for_help(server.port)
        ended = [sender.recv(1000) for sender in senders]

        assert waited < SHORT_SECONDS + 10
        assert again < SHORT_SECONDS + 5
        assert sum(answer.startswith(b"HTTP/1.1 408") for answer in ended) > len(many) * 0.9
        server.end()
    assert "Traceback" not in "\n".join(server.lines)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_body_that_comes_slowly_but_steadily_is_taken(folder: Path, processes: int) -> None:
    """A sender with pauses, beside others whose lines are dead."""
    body = b"language=en&next=/help&filling=" + b"a" * 60_000
    head = b"POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    with serving(folder, options=("--workers", str(processes)), LMS_THREADS="8") as server, contextlib.ExitStack() as open_ones:
        for _each in range(8 * processes):
            open_ones.enter_context(socket.create_connection((server.host, server.port), timeout=60)).sendall(BEGUN)
        with socket.create_connection((server.host, server.port), timeout=60) as phone:
            phone.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
            for first in range(0, len(body), 6_000):
                phone.sendall(body[first : first + 6_000])
                time.sleep(1)
            assert phone.recv(100).startswith(b"HTTP/1.1 4")  # read to its end, and refused for its missing token
        server.end()
    assert "request.too_slow" in "\n".join(server.lines)


@pytest.mark.slow
def test_nothing_is_left_running_after_the_end(folder: Path) -> None:
    with serving(folder) as server:
        group = server.process.pid
        server.end()

    until(lambda: is_over(group))


def is_over(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the machine does not tell the children of a process")
def test_a_worker_that_is_killed_as_it_begins_is_started_again_ever_more_slowly(folder: Path) -> None:
    with serving(folder, options=("--workers", "1")) as running:
        killed: set[int] = set()
        end = time.monotonic() + 8
        while time.monotonic() < end:
            for child in children(running.process.pid) - killed:
                os.kill(child, signal.SIGKILL)
                killed.add(child)
            time.sleep(0.02)

        assert 2 <= len(killed) <= 6  # the first, one at once, then after 1, 2 and 4 seconds
        running.wait()
        assert running.end() == 0


@pytest.mark.slow
def test_beyond_this_machine_it_serves_its_public_host(folder: Path) -> None:
    with serving(folder, host="0.0.0.0", LMS_PUBLIC_URL="https://cursos.example.org") as server:  # noqa: S104 - the case
        assert server.get("/", Host="cursos.example.org").status == 200
        assert server.get("/", Host="otra.example.org").status == 400
        server.end()

    assert server.lines[0].startswith("Aulario: https://cursos.example.org ")


def has_ipv6() -> bool:
    try:
        free_port("::1")
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_the_ipv6_loopback_is_served_too(folder: Path) -> None:
    with serving(folder, host="::1") as server:
        assert server.get("/").status == 200
        server.end()

    assert server.lines[0].startswith(f"Aulario: http://[::1]:{server.port} ")


def test_an_untried_python_is_only_warned_of(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in os.environ if name.startswith("LMS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(serve, "TRIED_PYTHONS", ((3, 1),))
    begun: list[str] = []
    monkeypatch.setattr(serve.Server, "run", lambda _self: begun.append("run"))
    before = structlog.get_config()
    serve.serve("127.0.0.1", free_port(), publish=lambda _house, _content: [], data_dir=folder)
    structlog.configure(**before)

    assert begun == ["run"]
    assert "has not been tried" in capsys.readouterr().err


def test_the_address_of_a_local_server_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LMS_")]:
        monkeypatch.delenv(name)

    assert serve.checked_settings("127.0.0.1", 8001, data_dir=tmp_path).public_url == "http://127.0.0.1:8001"
    assert serve.checked_settings("::1", 8001, data_dir=tmp_path).public_url == "http://[::1]:8001"
    given = serve.checked_settings("127.0.0.1", 8001, data_dir=tmp_path, public_url="https://cursos.example.org")
    assert given.public_url == "https://cursos.example.org"
    with pytest.raises(ServerStartError):
        serve.checked_settings("192.0.2.1", 8001, data_dir=tmp_path)


def test_the_command_works_from_any_folder() -> None:
    result = subprocess.run([LMS, "--help"], check=False, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT.parent)

    assert result.returncode == 0
