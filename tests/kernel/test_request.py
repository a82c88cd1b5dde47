"""One request: transaction, origin, host, limits of a body, default deny (spec/security 1.1, 3.2 to 3.5, 6.3)."""

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from flask import Flask, flash, request
from flask import session as cookie
from sqlalchemy import text

from kernel.errors import Conflict
from kernel.web import after_response
from kernel.web.limits import client_address
from kernel.web.request import begin_writing, current_session, public
from lms.app import create_app
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.plain_views import SITE, add_view, send, words, write


def test_what_a_post_writes_is_committed_before_the_answer_leaves(plain: Flask, note: Instance) -> None:
    seen: list[list[str]] = []

    def view() -> str:
        write()
        return "saved"

    add_view(plain, view)
    plain.after_request_funcs.setdefault(None, []).insert(0, lambda response: (seen.append(words(note)), response)[1])  # runs last

    assert send(plain).status_code == 200
    assert seen == [["kept"]]


@pytest.mark.parametrize("status", [400, 409, 422, 500])
def test_an_answer_that_refuses_keeps_nothing(plain: Flask, note: Instance, status: int) -> None:
    """Trap 51: a form shown again with its errors answers 422."""

    def view() -> tuple[str, int]:
        write()
        return "no", status

    add_view(plain, view)

    assert send(plain).status_code == status
    assert words(note) == []


@pytest.mark.parametrize(("fault", "status"), [(Conflict(), 409), (ZeroDivisionError(), 500)])
def test_an_error_keeps_nothing_and_the_next_request_is_served(plain: Flask, note: Instance, fault: Exception, status: int) -> None:
    faults = [fault]

    def view() -> str:
        write()
        if faults:
            raise faults.pop()
        return "saved"

    add_view(plain, view)

    assert send(plain).status_code == status
    assert words(note) == []
    assert send(plain).status_code == 200
    assert words(note) == ["kept"]


@pytest.mark.slow
def test_a_get_and_a_head_cannot_write(plain: Flask, note: Instance) -> None:
    """The connection itself refuses."""

    def view() -> str:
        write()
        return "saved"

    add_view(plain, view)

    assert send(plain, "GET").status_code >= 500
    assert send(plain, "HEAD").status_code >= 500
    assert words(note) == []
    assert send(plain, "POST").status_code == 200


def failing_commit(app: Flask, note: Instance) -> None:
    def view() -> str:
        cookie["flag"] = "set"
        flash("saved", "ok")
        after_response.run_after_response(
            lambda session: session.execute(text("INSERT INTO test_note (id, word) VALUES (99, 'left behind')"))
        )
        current_session().execute(text("INSERT INTO test_child (id, parent) VALUES (1, 77)"))
        return "saved"

    add_view(app, view)


def test_a_failed_commit_is_a_503_that_acknowledges_nothing(plain: Flask, note: Instance) -> None:
    """spec/security 6.1 and 6.3: the constraint is checked at COMMIT, after the view has said «saved»."""
    failing_commit(plain, note)
    client = plain.test_client()

    response = client.post("/test", base_url=SITE)

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "saved" not in response.text
    assert response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    response.close()
    with client.session_transaction(base_url=SITE) as kept:  # no «saved» waits for the next page either
        assert "_flashes" not in kept
        assert "flag" not in kept
    assert words(note) == []


def test_after_a_failed_commit_the_server_goes_on_by_itself(plain: Flask, note: Instance) -> None:
    failing_commit(plain, note)

    def other() -> str:
        write("afterwards")
        return "saved"

    plain.add_url_rule("/other", "other", public("a sample")(other), methods=["POST"])
    for _turn in range(20):  # more often than there are connections
        assert send(plain).status_code == 503

    assert send(plain, path="/other").status_code == 200
    assert words(note) == ["afterwards"]


def test_a_full_disk_is_a_503_in_time_and_over_when_there_is_room(plain: Flask, note: Instance) -> None:
    """spec/security 6.3, with the disk's end played by the database's page limit."""
    if not note.database.is_sqlite:
        pytest.skip("PostgreSQL has no page limit to play a full disk with")

    def view() -> str:
        session = current_session()
        session.execute(text("PRAGMA max_page_count = 1" if full else "PRAGMA max_page_count = 1000000"))
        session.execute(text("INSERT INTO test_note (word) VALUES (:word)"), {"word": "x" * 200_000})
        return "saved"

    add_view(plain, view)
    full = True
    with structlog.testing.capture_logs() as told:
        refused = send(plain)
    full = False

    assert {"SQLITE_FULL"} == {line.get("code") for line in told if line["event"] in ("commit.failed", "database.refused")}
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert words(note) == []
    assert send(plain).status_code == 200
    assert len(words(note)) == 1


def test_a_view_that_reads_first_holds_no_lock_until_it_writes(plain: Flask, note: Instance) -> None:
    """A password is hashed outside of the writers' turn."""
    during: list[str] = []

    def view() -> str:
        current_session().execute(text("SELECT count(*) FROM test_note"))
        with note.database.unit_of_work() as other:  # somebody else writes meanwhile
            other.execute(text("INSERT INTO test_note (id, word) VALUES (1, 'meanwhile')"))
        during.extend(words(note))
        begin_writing()
        write("kept")
        return "saved"

    add_view(plain, view, reads_first=True)

    assert send(plain).status_code == 200
    assert during == ["meanwhile"]
    assert words(note) == ["meanwhile", "kept"]


@pytest.mark.slow
def test_a_view_that_reads_first_and_never_begins_to_write_cannot(plain: Flask, note: Instance) -> None:
    def view() -> str:
        write()
        return "saved"

    add_view(plain, view, reads_first=True)

    assert send(plain).status_code >= 500
    assert words(note) == []


@pytest.mark.fresh
@pytest.mark.slow
def test_who_sent_a_form_and_whether_it_is_ours_is_found_out_before_the_writers_turn(app: Flask, browser: Browser, note: Instance) -> None:
    """SQLite's one writer keeps nobody waiting for what can be read without it."""
    add_view(app, lambda: "saved")
    a_person(note)
    sign_in(browser)
    during: list[int] = []
    with note.database.unit_of_work() as other:  # somebody else has the turn
        other.execute(text("INSERT INTO test_note (id, word) VALUES (1, 'meanwhile')"))
        thread = threading.Thread(target=lambda: during.append(browser.client.post("/test", base_url=SITE).status_code))
        thread.start()
        thread.join()

    assert during == [400]  # without a token; whoever waits for the turn is told 503


class Slow(io.BytesIO):
    """A body during whose reading somebody else writes: they cannot if the request has the writers' turn already."""

    def __init__(self, instance: Instance, content: bytes) -> None:
        super().__init__(content)
        self._house = instance

    def _meanwhile(self) -> None:
        with self._house.database.unit_of_work() as session:
            session.execute(text("UPDATE test_note SET word = word"))

    def read(self, size: int | None = -1) -> bytes:
        self._meanwhile()
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        self._meanwhile()
        return super().readinto(buffer)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
def test_the_body_is_read_before_the_transaction_begins(plain: Flask, note: Instance, kind: str) -> None:
    """Trap 39: a slow sender does not hold everybody."""

    def view() -> str:
        write()
        return "saved"

    add_view(plain, view)
    content = b"word=a" if kind.endswith("urlencoded") else b'{"word": "a"}'
    options = {"input_stream": Slow(note, content), "content_type": kind, "content_length": len(content)}

    assert send(plain, **options).status_code == 200
    assert words(note) == ["kept"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://localhost"}, 200),
        ({"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://localhost.evil.example"}, 403),
        ({"Origin": "https://localhost:444"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_form_of_another_site_is_refused(plain: Flask, note: Instance, headers: dict[str, str], status: int) -> None:
    """spec/security 3.2."""

    def view() -> str:
        write()
        return "saved"

    add_view(plain, view)

    assert send(plain, headers=headers).status_code == status
    assert len(words(note)) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("LOCALHOST", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("[::2]", 400),
        ("localhost@evil.example", 400),
        ("a b", 400),
        ("", 400),
    ],
)
def test_a_request_for_another_host_is_refused(app: Flask, host: str, status: int) -> None:
    """spec/security 3.3."""
    response = send(app, "GET", "/sign-in", headers={"Host": host})

    assert response.status_code == status
    assert response.headers["Content-Security-Policy"]
    if status == 400:
        assert "evil" not in response.text


def test_a_process_is_ready_while_everybody_waits_for_one_table(app: Flask, instance: Instance) -> None:
    """Else a balancer takes every process out for what holds up a few."""
    with contextlib.ExitStack() as held:
        for _connection in range(instance.settings.database_pool):
            held.enter_context(instance.database.reading.connect()).execute(text("SELECT 1"))
        response = send(app, "GET", "/health/ready")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.parametrize("host", ["10.1.2.3:8001", "evil.example", "a b"])
def test_machines_ask_how_a_process_is_by_whatever_name_it_has(app: Flask, path: str, host: str) -> None:
    """A probe of Kubernetes and Prometheus ask each process by its own address; the answer names no site."""
    response = send(app, "GET", path, headers={"Host": host})

    assert response.status_code == 200
    assert host not in response.text


def test_a_route_that_declares_nothing_is_refused(plain: Flask, note: Instance) -> None:
    """spec/security 1.1: default deny."""
    add_view(plain, lambda: "open", declared=False)

    assert send(plain, "GET").status_code == 403
    assert send(plain, "POST").status_code == 403


def test_every_route_of_the_product_declares_who_may_use_it(app: Flask) -> None:
    undeclared = {rule.endpoint for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "access")}

    assert undeclared == set()


@pytest.mark.parametrize("body", ["&".join(f"f{n}=1" for n in range(501)), "&".join("same=1" for _ in range(501))])
def test_more_than_500_fields_are_refused(plain: Flask, note: Instance, body: str) -> None:
    """spec/security 3.5, also where every field has the same name."""
    add_view(plain, lambda: "taken")
    kind = "application/x-www-form-urlencoded"

    assert send(plain, data=body.rpartition("&")[0], content_type=kind).status_code == 200
    assert send(plain, data=body, content_type=kind).status_code == 400


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "application/octet-stream"])
def test_a_body_over_a_megabyte_is_refused(plain: Flask, note: Instance, kind: str) -> None:
    """spec/security 3.5."""
    add_view(plain, lambda: "taken")

    assert send(plain, data=b"a" * 900_000, content_type=kind).status_code == 200
    refused = send(plain, data=b"a" * 1_000_001, content_type=kind)
    assert refused.status_code == 413
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
@pytest.mark.parametrize(("size", "status"), [(999_999, 200), (1_000_001, 413), (3_000_000, 413)])
def test_a_body_without_a_length_is_not_cut_in_silence(plain: Flask, note: Instance, kind: str, size: int, status: int) -> None:
    """Sent in chunks, as a server that ends its input hands it over."""
    lengths: list[int] = []

    def view() -> str:
        lengths.append(len(request.get_data()) or sum(len(value) for value in request.form))
        return "taken"

    add_view(plain, view)
    stream = io.BytesIO(b"a" * size)
    overrides = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    assert send(plain, content_type=kind, environ_overrides=overrides).status_code == status
    assert lengths == ([size] if status == 200 else [])


def test_a_multipart_body_is_bounded_in_parts_and_in_size(plain: Flask, note: Instance) -> None:
    add_view(plain, lambda: "taken")

    many = {f"f{n}": "1" for n in range(501)}
    assert send(plain, data=many, content_type="multipart/form-data").status_code in (400, 413)
    large = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 1_000_001 + b"\r\n--b--\r\n"
    assert send(plain, data=large, content_type="multipart/form-data; boundary=b").status_code == 413


def test_an_upload_that_is_refused_still_knows_who_sent_it(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)

    browser.checks = False
    browser.post("/profile", {"given_names": "x" * 1_000_001}, status=413)
    assert "Ana Quinde" in browser.page.text


def test_a_note_is_written_after_the_answer_and_lost_without_harm(plain: Flask, note: Instance) -> None:
    """What a GET leaves behind; a fault in it touches nobody."""
    good = "INSERT INTO test_note (id, word) VALUES (1, 'seen')"
    statements = [good, "INSERT INTO nowhere (id) VALUES (1)"]

    def view() -> str:
        statement = statements.pop(0)
        after_response.run_after_response(lambda session: session.execute(text(statement)))
        return "page"

    add_view(plain, view)
    response = plain.test_client().get("/test", base_url=SITE)
    assert words(note) == []  # not before the answer has left
    response.close()
    assert words(note) == ["seen"]

    assert send(plain, "GET").status_code == 200
    assert words(note) == ["seen"]


def test_a_refused_page_leaves_no_note(plain: Flask, note: Instance) -> None:
    def view() -> tuple[str, int]:
        after_response.run_after_response(lambda session: session.execute(text("INSERT INTO test_note (id, word) VALUES (1, 'seen')")))
        return "no", 404

    add_view(plain, view)
    send(plain, "GET")

    assert words(note) == []


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Collect the log lines as their keys and values."""
    collected: list[dict[str, Any]] = []

    def collect(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        collected.append(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, collect], cache_logger_on_first_use=False)
    yield collected
    structlog.configure(**before)


def test_each_request_leaves_one_line_without_personal_data(browser: Browser, instance: Instance, lines: list[dict[str, Any]]) -> None:
    """spec/security 8.2: request id, route's name, status, time, person's id; no address, query, token, body."""
    person = a_person(instance)
    sign_in(browser)
    lines.clear()
    browser.get("/courses?q=mi-secreto")

    line = lines[-1]
    assert line["event"] == "request.answered"
    assert (line["endpoint"], line["method"], line["status"], line["person"]) == ("enrolments.catalogue", "GET", 200, person.id)
    assert len(line["request_id"]) == 16
    assert line["milliseconds"] >= 0
    assert "secreto" not in str(lines)
    assert "ana@" not in str(lines)


def test_static_files_and_probes_leave_no_line(browser: Browser, lines: list[dict[str, Any]]) -> None:
    browser.checks = False
    browser.get("/health/live")

    assert lines == []


@pytest.mark.fresh
def test_an_error_page_carries_the_reference_of_the_log(browser: Browser, app: Flask, lines: list[dict[str, Any]]) -> None:
    app.add_url_rule("/broken", "broken", public("a sample")(lambda: 1 / 0))
    browser.get("/broken", status=500)

    references = {line["request_id"] for line in lines}
    assert len(references) == 1
    assert references.pop() in browser.page.text
    assert "ZeroDivisionError" not in browser.page.html


def seen_address(instance: Instance, proxies: int, **headers: str) -> tuple[str, str]:
    """Ask an instance behind so many proxies, and return whom it saw and for which host."""
    settings = instance.settings.model_copy(update={"trusted_proxies": proxies, "public_url": "https://cursos.example.org"})
    app = create_app(replace(instance, settings=settings))
    seen: list[tuple[str, str]] = []

    def view() -> str:
        seen.append((client_address(), request.host))
        return "page"

    add_view(app, view)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    app.test_client().get("/test", base_url=SITE, headers=names, environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).close()
    return seen[0] if seen else ("", "")


def test_forwarded_headers_are_believed_only_from_the_proxies_one_has(instance: Instance) -> None:
    """spec/security 3.3."""
    forged = {"X_Forwarded_For": "203.0.113.9, 198.51.100.7", "X_Forwarded_Host": "cursos.example.org"}

    assert seen_address(instance, 0, **forged) == ("192.0.2.1", "localhost")
    assert seen_address(instance, 1, **forged) == ("198.51.100.7", "cursos.example.org")  # the rightmost: what our own proxy wrote
    assert seen_address(instance, 1) == ("192.0.2.1", "localhost")
    assert seen_address(instance, 1, X_Forwarded_Host="evil.example") == ("", "")
