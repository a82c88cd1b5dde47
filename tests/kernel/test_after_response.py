"""What is written after the answer: notes that may be lost, and records that wait for the database (spec/security 7.4)."""

import sqlite3
from unittest.mock import Mock

import pytest
import structlog
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from kernel.web import after_response
from kernel.web.active_requests import ConcurrencyLimiter
from kernel.web.after_response import Backlog, Gathering, Note, backlog_of
from lms.instance import Instance
from lms.serve import Server
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_learner_in, a_person, an_administrator, sign_in
from tests.support.plain_views import add_view, send, words
from tests.support.soon import until


class Disk:
    """A database that can be full: then whatever is written after an answer is refused."""

    full = True

    def record(self, word: str) -> Note:
        def writes(session: Session) -> None:
            highest = session.execute(text("SELECT coalesce(max(id), 0) FROM test_note")).scalar_one()
            session.execute(text("INSERT INTO test_note (id, word) VALUES (:id, :word)"), {"id": highest + 1, "word": word})
            if self.full:
                raise OperationalError("INSERT", None, OSError("database or disk is full"))

        return writes


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_response, "PAUSE", 0.0)


def test_a_record_waits_for_the_database_and_a_note_does_not(plain: Flask, note: Instance) -> None:
    disk, turn = Disk(), iter(range(100))

    def view() -> str:
        number = next(turn)
        after_response.leave_record(disk.record(f"record {number}"))
        after_response.run_after_response(disk.record(f"note {number}"))
        return "shown"

    add_view(plain, view)
    with structlog.testing.capture_logs() as told:
        assert [send(plain, "GET").status_code for _turn in range(3)] == [200] * 3
    assert words(note) == []
    assert [line["waiting"] for line in told if line["event"] == "record.kept"] == [1, 2, 3]
    assert [line["event"] for line in told].count("note.lost") == 3
    disk.full = False
    assert send(plain, "GET", path="/health/live").status_code == 200  # any answer is an occasion

    assert sorted(words(note)) == ["record 0", "record 1", "record 2"]
    assert len(backlog_of(plain)) == 0


def test_what_is_kept_is_bounded_and_the_log_tells_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_response, "KEPT", 2)
    backlog, disk = Backlog(), Disk()
    with structlog.testing.capture_logs() as told:
        backlog.keep([disk.record(str(number)) for number in range(5)], OperationalError("x", None, OSError("full")))

    assert len(backlog) == 2
    assert told[0]["lost"] == 3


def test_a_record_that_is_refused_for_itself_keeps_no_other_waiting(note: Instance) -> None:
    backlog, disk = Backlog(), Disk()
    disk.full = False

    def faulty(_session: Session) -> None:
        raise IntegrityError("INSERT", None, Exception("María"))

    backlog.keep([faulty, disk.record("whole")], OperationalError("x", None, OSError("full")))
    with structlog.testing.capture_logs() as told:
        backlog.write(note.database)

    assert words(note) == ["whole"]
    assert [line["event"] for line in told] == ["record.lost"]
    assert "María" not in str(told)


@pytest.fixture
def gathering(note: Instance) -> Gathering:
    return Gathering(note.database, ConcurrencyLimiter())


@pytest.fixture
def not_yet(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nothing be written until a test says so; return after how many seconds it would have been."""
    after: list[float] = []

    def timer(seconds: float, _write: object) -> Mock:
        after.append(seconds)
        return Mock()

    monkeypatch.setattr(after_response, "Timer", timer)
    return after


def _writes(word: str) -> Note:
    disk = Disk()
    disk.full = False
    return disk.record(word)


@pytest.mark.gathers
def test_notes_of_several_requests_are_written_with_one_commit(gathering: Gathering, note: Instance, not_yet: list[float]) -> None:
    for number in range(3):
        gathering.add([_writes(str(number))])
    assert not_yet == [after_response.GATHERING]
    assert words(note) == []
    counter = every_statement(note.database)
    gathering.write()

    assert words(note) == ["0", "1", "2"]
    assert counter.commits == 1
    gathering.write()  # nothing is left
    assert words(note) == ["0", "1", "2"]
    gathering.add([_writes("3")])
    assert len(not_yet) == 2


@pytest.mark.gathers
def test_a_note_that_is_refused_for_itself_keeps_no_other_from_being_written(
    gathering: Gathering, note: Instance, not_yet: list[float]
) -> None:
    def faulty(_session: Session) -> None:
        raise IntegrityError("INSERT", None, Exception("María"))

    gathering.add([_writes("before"), faulty, _writes("after")])
    with structlog.testing.capture_logs() as told:
        gathering.write()

    assert words(note) == ["before", "after"]
    assert [line["event"] for line in told] == ["note.lost"]
    assert "María" not in str(told)


@pytest.mark.gathers
def test_gathered_notes_are_lost_together_where_the_database_is_away(gathering: Gathering, note: Instance, not_yet: list[float]) -> None:
    disk = Disk()
    gathering.add([disk.record("one"), disk.record("two")])
    with structlog.testing.capture_logs() as told:
        gathering.write()

    assert words(note) == []
    assert [(line["event"], line["count"]) for line in told] == [("note.lost", 2)]


@pytest.mark.gathers
def test_a_visit_is_written_soon_after_the_answer(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    browser.get("/courses/prueba/activities/leccion-1")

    def visited() -> bool:
        with instance.database.unit_of_work(write=False) as session:
            return session.scalars(select(Enrolment.last_activity_key)).one() == "leccion-1"

    until(visited)


@pytest.mark.gathers
def test_a_refused_page_leaves_nothing_to_be_gathered(plain: Flask, note: Instance, not_yet: list[float]) -> None:
    def view() -> tuple[str, int]:
        after_response.run_after_response(_writes("refused"), gathered=True)
        return "no", 404

    add_view(plain, view)
    assert send(plain, "GET").status_code == 404
    after_response.gathering_of(plain).write()

    assert words(note) == []


def test_a_look_at_somebodys_record_while_nothing_can_be_written_is_told_afterwards(browser: Browser, instance: Instance) -> None:
    if not instance.database.is_sqlite:
        pytest.skip("PostgreSQL has no lock of all that writes")
    ana = a_person(instance)
    an_administrator(instance)
    sign_in(browser, "admin@example.org").get("/administration")
    with instance.database.writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    other = sqlite3.connect(instance.database.writing.url.database or "")
    other.execute("BEGIN IMMEDIATE")
    browser.get(f"/administration/people/{ana.uuid}")
    other.close()
    browser.get("/administration")
    with instance.database.unit_of_work(write=False) as session:
        looks = session.execute(text("SELECT count(*) FROM audit_entry WHERE verb = 'account.looked_at'")).scalar_one()

    assert looks == 1


@pytest.mark.gathers
def test_what_is_gathered_is_written_when_the_server_ends(note: Instance, not_yet: list[float]) -> None:
    server = Server("127.0.0.1:0", note, 1, None, lambda: None)
    after_response.gathering_of(server.load()).add([_writes("visited")])
    assert words(note) == []
    server._end_work(None, None)

    assert words(note) == ["visited"]
