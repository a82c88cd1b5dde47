"""What is written after the answer: notes that may be lost, and records that wait for the database (spec/security 7.4)."""

import sqlite3

import pytest
import structlog
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from kernel.web import after_response
from kernel.web.after_response import Backlog, Note, backlog_of
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.plain_views import add_view, send, words


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
