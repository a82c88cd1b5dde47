"""The database: who may write, when, and what happens to the writers' lock (spec/security 6.1, 6.3)."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, event, func, insert, literal, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as TurnTimeout
from sqlalchemy.orm import Session

from kernel import db, locks
from kernel.db import Database
from kernel.outbox import Job
from kernel.settings import load
from lms.instance import Instance
from tests.support.meanwhile import Writers

NOTE = Table("test_note", MetaData(), Column("id", Integer, primary_key=True), Column("word", String(40)))


@pytest.fixture
def database(instance: Instance) -> Database:
    """Return the instance's database with a table of the test's own."""
    with instance.database.unit_of_work() as session:
        NOTE.create(session.connection())
    return instance.database


def write(session: Session, word: str) -> None:
    session.execute(insert(NOTE).values(word=word))


def count(database: Database) -> int:
    with database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(NOTE)) or 0


def sqlite_only(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the writers' lock belongs to SQLite")


@pytest.mark.parametrize(
    ("statement", "code"),
    [("INSERT INTO nowhere VALUES ('María')", ""), ("INSERT INTO test_note (id, word) VALUES (1, 'María'), (1, 'Ñusta')", "unique")],
)
def test_the_log_names_a_fault_without_what_people_wrote(database: Database, statement: str, code: str) -> None:
    with pytest.raises(DBAPIError) as fault, database.unit_of_work() as session:
        session.execute(text(statement))
    told = db.cause_of(fault.value)

    assert told["error"] == type(fault.value).__name__
    assert (
        told["code"]
        == {
            "": "SQLITE_ERROR" if database.is_sqlite else "42P01",
            "unique": "SQLITE_CONSTRAINT_PRIMARYKEY" if database.is_sqlite else "23505",
        }[code]
    )
    assert "reason" not in told


def test_the_log_names_a_full_disk_a_locked_database_and_a_file_that_cannot_be_written(database: Database) -> None:
    sqlite_only(database)

    def fill() -> None:
        with database.unit_of_work() as session:
            session.execute(text("PRAGMA max_page_count = 1"))
            session.execute(text("INSERT INTO test_note (word) VALUES (:word)"), {"word": "x" * 200_000})

    def write_beside() -> None:
        with database.writing.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(DBAPIError) as full:
        fill()
    other = sqlite3.connect(database.writing.url.database or "")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DBAPIError) as locked:
        write_beside()
    other.close()

    assert db.cause_of(full.value) == {"error": "OperationalError", "code": "SQLITE_FULL", "reason": "database or disk is full"}
    assert db.cause_of(locked.value) == {"error": "OperationalError", "code": "SQLITE_BUSY", "reason": "database is locked"}
    assert db.cause_of(OSError(28, "No space left on device", "/data/María.pdf"))["reason"] == "No space left on device"


def test_a_probe_needs_none_of_the_connections_that_everybody_waits_for(tmp_path: Path, database_url: str) -> None:
    database = Database(database_url, pool=1)
    with database.reading.connect() as one, database.writing.connect() if database.is_sqlite else one:
        one.execute(text("SELECT 1"))
        database.check()
    database.dispose()
    if database.is_sqlite:
        lost = Database(f"sqlite:///{tmp_path}/nothing.sqlite")
        with pytest.raises(DBAPIError):
            lost.check()


def test_a_unit_of_work_keeps_everything_or_nothing(database: Database) -> None:
    with database.unit_of_work() as session:
        write(session, "kept")
        write(session, "kept too")

    def fail() -> None:
        with database.unit_of_work() as session:
            write(session, "lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert count(database) == 2


def test_a_reading_session_cannot_write_and_the_next_writer_can(database: Database) -> None:
    """Traps 1 and 12: the refusal does not leak through the pool."""
    for _turn in range(3):
        with pytest.raises(DBAPIError, match=r"(?i)read-?\s?only"), database.unit_of_work(write=False) as session:
            write(session, "never")
        with database.unit_of_work() as session:
            write(session, "kept")

    assert count(database) == 3


def test_a_reader_sees_what_was_committed_and_not_what_is_being_written(database: Database) -> None:
    with database.unit_of_work() as session:
        write(session, "soon")
        session.flush()
        assert count(database) == 0

    assert count(database) == 1


def test_a_writer_may_follow_a_commit_a_rollback_and_a_failing_statement(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(insert(NOTE).values(id=90, word="first"))
    with pytest.raises(IntegrityError), database.unit_of_work() as session:
        session.execute(insert(NOTE).values(id=90, word="again"))
    with pytest.raises(DBAPIError), database.unit_of_work() as session:
        session.execute(text("SELEKT"))

    with database.unit_of_work() as session:
        write(session, "after all of them")
    assert count(database) == 2


def test_a_failing_commit_gives_the_writers_turn_back(database: Database) -> None:
    """Trap 47: the lock is given back by the dialect's own commit and rollback; a deferred constraint fails at COMMIT."""
    with database.unit_of_work() as session:
        deferred = "REFERENCES test_note(id) DEFERRABLE INITIALLY DEFERRED"
        session.execute(text(f"CREATE TABLE test_child (id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL {deferred})"))
    for _turn in range(3):
        with pytest.raises(IntegrityError), database.unit_of_work() as session:
            session.execute(text("INSERT INTO test_child (id, note_id) VALUES (1, 77)"))

    with database.unit_of_work() as session:
        write(session, "next")
        assert session.execute(text("SELECT count(*) FROM test_child")).scalar_one() == 0
    assert count(database) == 1


def test_an_error_of_the_database_does_not_repeat_what_was_written(database: Database) -> None:
    """spec/security 8.2: errors end up in logs."""
    with pytest.raises(IntegrityError) as caught, database.unit_of_work() as session:
        session.execute(insert(NOTE), [{"id": 1, "word": "ana@example.org"}, {"id": 1, "word": "ana@example.org"}])

    assert "ana@" not in str(caught.value)


def test_eight_threads_writing_at_once_lose_nothing(database: Database) -> None:
    def work(number: int) -> None:
        for turn in range(15):
            with database.unit_of_work() as session:
                seen = session.scalar(select(func.count()).select_from(NOTE))
                write(session, f"{number}-{turn}-{seen}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(database) == 120
    if database.is_sqlite:  # one writer at a time: each saw what the one before had kept
        with database.unit_of_work(write=False) as session:
            words = session.scalars(select(NOTE.c.word).order_by(NOTE.c.id))
            assert [int(word.rpartition("-")[2]) for word in words] == list(range(120))


def test_a_unit_of_work_inside_another_is_refused_at_once(database: Database) -> None:
    sqlite_only(database)

    def nest() -> None:
        with database.unit_of_work() as outer:
            write(outer, "outer")
            with database.unit_of_work() as inner:
                write(inner, "inner")

    with pytest.raises(RuntimeError, match="inside another"):
        nest()

    with database.unit_of_work() as session:
        write(session, "afterwards")
    assert count(database) == 1


def test_a_writer_does_not_wait_for_ever_for_its_turn(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 6.3: what cannot be saved is told within five seconds."""
    sqlite_only(database)
    assert locks.WRITERS_TURN < 5
    monkeypatch.setattr(locks, "WRITERS_TURN", 0.1)
    caught: list[Exception] = []

    def other() -> None:
        try:
            with database.unit_of_work() as session:
                write(session, "other")
        except TurnTimeout as error:
            caught.append(error)

    with database.unit_of_work() as session:
        write(session, "holds the turn")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert len(caught) == 1
    assert count(database) == 1


@pytest.mark.fresh
def test_a_second_process_that_holds_the_lock_is_waited_for_and_then_told(database: Database, tmp_path: Path) -> None:
    sqlite_only(database)

    def hurry(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute("PRAGMA busy_timeout=200")

    database.dispose()
    event.listen(database.writing, "connect", hurry)
    other = sqlite3.connect(tmp_path / "aulario.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError, match="locked"), database.unit_of_work() as session:
        write(session, "refused")
    other.execute("ROLLBACK")
    other.close()

    with database.unit_of_work() as session:  # the failing BEGIN gave the turn back
        write(session, "served")
    assert count(database) == 1


@pytest.mark.slow
def test_a_write_that_has_to_wait_for_another_is_noticed(database: Database, instance: Instance) -> None:
    """What the tests of passwords and certificates rely on."""
    sqlite_only(database)
    others = Writers(instance)
    with database.unit_of_work() as session:
        write(session, "first")
        others.write()
    others.write()

    assert others.kept == [False, True]


@pytest.mark.fresh
def test_sqlite_keeps_what_it_acknowledged(database: Database) -> None:
    """spec/security 6.1: WAL, synchronous FULL, foreign keys, at least five seconds of patience, IMMEDIATE."""
    sqlite_only(database)
    with database.unit_of_work() as session:
        read = {name: session.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}
        patience = session.execute(text("PRAGMA busy_timeout")).scalar_one()

    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert patience >= 5000


def test_a_server_that_may_lose_commits_is_told(database: Database) -> None:
    assert database.durability_faults() == []
    if not database.is_sqlite:
        with database.writing.connect() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
            connection.commit()
        database.dispose()
        assert database.durability_faults() == ["synchronous_commit is off"]


def test_a_disk_that_refuses_the_wal_is_told(tmp_path: Path) -> None:
    """spec/security 6.1: without shared memory, as on some network disks, SQLite keeps another journal and says so in its answer alone."""
    refusing = Database(f"sqlite:///file:{tmp_path / 'a.sqlite'}?vfs=unix-dotfile&uri=true")
    try:
        assert refusing.durability_faults() == ["journal_mode is delete"]
    finally:
        refusing.dispose()


def test_a_connection_that_does_not_wait_for_the_disk_is_told(database: Database) -> None:
    sqlite_only(database)
    hasty = Database(database.url)
    event.listen(hasty.writing, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    event.listen(hasty.writing, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF"))
    try:
        assert hasty.durability_faults() == ["synchronous is 0", "foreign_keys is 0"]
    finally:
        hasty.dispose()


def test_moments_are_aware_and_come_back_in_utc(instance: Instance) -> None:
    column = db.UtcDateTime()
    dialect = instance.database.writing.dialect
    quito = datetime(2026, 11, 20, 7, 30, tzinfo=timezone(timedelta(hours=-5)))

    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(datetime(2026, 11, 20), dialect)  # noqa: DTZ001 - the point of the test
    with instance.database.unit_of_work(write=False) as session:
        back = session.scalar(select(literal(quito, column)))
    assert back == quito
    assert back is not None
    assert back.utcoffset() == timedelta()
    assert back.tzinfo is UTC


def test_a_naive_moment_never_reaches_a_table(instance: Instance) -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001 - the point of the test
    with pytest.raises(StatementError, match="time zone"), instance.database.unit_of_work() as session:
        session.add(Job(kind="x", arguments="{}", created_at=naive, available_at=naive))


def test_a_folder_with_odd_signs_in_its_name_holds_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "año 100% ¿y? #1"
    folder.mkdir()
    database = Database(load(data_dir=folder).database)
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE one (id INTEGER)"))
    with database.unit_of_work(write=False) as session:
        assert session.execute(text("SELECT count(*) FROM one")).scalar_one() == 0
    database.dispose()

    assert (folder / "aulario.sqlite").is_file()


@pytest.mark.slow
def test_servers_that_open_a_new_database_at_once_all_get_it(tmp_path: Path) -> None:
    """SQLite answers «locked» at once, without its busy time, where several switch a new file to WAL (one in sixty such starts)."""
    refused: list[OperationalError] = []

    def open_it(url: str, gate: threading.Barrier) -> None:
        database = Database(url)
        gate.wait()
        try:
            with database.writing.connect():
                pass
        except OperationalError as error:
            refused.append(error)
        finally:
            database.dispose()

    for turn in range(150):
        opening = (f"sqlite:///{tmp_path}/{turn}.sqlite", threading.Barrier(4))
        threads = [threading.Thread(target=open_it, args=opening) for _server in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert refused == []


def test_postgres_keeps_prepared_what_readers_ask_again(database: Database) -> None:
    """The driver prepares what it has run five times, and forgets all of it at a ROLLBACK."""
    if database.is_sqlite:
        pytest.skip("the driver of SQLite prepares every statement")
    for _time in range(8):
        assert count(database) == 0
    with pytest.raises(DBAPIError), database.unit_of_work(write=False) as session:
        session.execute(text("SELEKT"))
    for _time in range(8):
        assert count(database) == 0

    with database.unit_of_work(write=False) as session:
        assert session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%test_note%'")) == 1


def test_postgres_has_jit_compilation_off_and_tcp_keepalives_on(instance: Instance) -> None:
    if instance.database.is_sqlite:
        pytest.skip("SQLite has no such compilation")

    for write_too in (True, False):
        with instance.database.unit_of_work(write=write_too) as session:
            assert session.scalar(text("SHOW jit")) == "off"
            over_tcp = session.scalar(text("SELECT inet_client_addr() IS NOT NULL"))
            assert session.scalar(text("SHOW tcp_keepalives_idle")) == ("5" if over_tcp else "0")
