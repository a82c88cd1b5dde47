"""Transactions that read before they take SQLite's lock of writers (`kernel.optimistic`): as if they had taken it first."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from flask import Flask, flash, get_flashed_messages
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import Database
from kernel.optimistic import ReadsChanged, WritingConnection, only_reads
from kernel.session_pool import own_connection
from kernel.web.request import current_session, write_optimistically
from lms.instance import Instance
from tests.support.meanwhile import before_the_lock
from tests.support.plain_views import add_view, send, words, write

CELLS = 4


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = _a_database(tmp_path)
    yield opened
    opened.dispose()


def _a_database(folder: Path) -> Database:
    opened = Database(f"sqlite:///{folder / 'cells.sqlite'}")
    with opened.unit_of_work() as session:
        session.execute(text("CREATE TABLE cell (place INTEGER PRIMARY KEY, number INTEGER)"))
        for place in range(CELLS):
            session.execute(text("INSERT INTO cell VALUES (:place, 0)"), {"place": place})
    return opened


def _read(session: Session, place: int) -> int:
    return session.execute(text("SELECT number FROM cell WHERE place = :place"), {"place": place}).scalar_one()


def _write(session: Session, place: int, number: int) -> None:
    session.execute(text("UPDATE cell SET number = :number WHERE place = :place"), {"place": place, "number": number})


def _beside(database: Database, place: int, number: int) -> None:
    with database.unit_of_work() as session:
        _write(session, place, number)


def _numbers(database: Database) -> list[int]:
    with database.unit_of_work(write=False) as session:
        return [_read(session, place) for place in range(CELLS)]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("statement", "reads"),
    [
        ("SELECT 1", True),
        ("\n SELECT updated_at FROM attempt", True),
        ("WITH own AS (SELECT 1) SELECT * FROM own", True),
        ("WITH RECURSIVE up AS (SELECT 1)\nSELECT * FROM up", True),
        ("WITH own AS (SELECT 1)\nINSERT INTO cell SELECT * FROM own", False),
        ("INSERT INTO cell VALUES (9, 9) RETURNING place", False),
        ("UPDATE cell SET number = 1", False),
        ("DELETE FROM cell", False),
        ("PRAGMA user_version = 3", False),
        ("SAVEPOINT inner", False),
        ("SELECTED", False),
    ],
)
def test_what_is_not_known_to_read_alone_counts_as_writing(statement: str, reads: bool) -> None:
    assert only_reads(statement) is reads


@pytest.mark.unit
def test_nobody_waits_for_what_it_reads(database: Database) -> None:
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    _beside(database, 3, 7)  # would wait four seconds and give up
    _write(session, 1, 5)
    database.finish(session, commit=True)

    assert _numbers(database) == [0, 5, 0, 7]


@pytest.mark.unit
def test_it_writes_nothing_where_a_row_that_it_read_is_another_now(database: Database) -> None:
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    _beside(database, 0, 7)
    with pytest.raises(ReadsChanged):
        _write(session, 1, 5)
    database.finish(session, commit=False)

    assert _numbers(database) == [7, 0, 0, 0]
    _beside(database, 2, 9)  # the lock is free
    assert _numbers(database) == [7, 0, 9, 0]


@pytest.mark.unit
def test_all_it_reads_before_it_writes_is_of_one_moment(database: Database) -> None:
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    _beside(database, 1, 7)
    assert _read(session, 1) == 0
    with pytest.raises(ReadsChanged):
        _write(session, 2, 1)
    database.finish(session, commit=False)


@pytest.mark.unit
@pytest.mark.parametrize(("writes_beside", "times"), [(False, 1), (True, 2)])
def test_reads_are_validated_only_where_another_transaction_has_committed(database: Database, writes_beside: bool, times: int) -> None:
    session = database.begin(write=True, optimistic=True)
    asked: list[str] = []
    cast("WritingConnection", own_connection(session).connection.dbapi_connection).set_trace_callback(asked.append)
    assert _read(session, 0) == 0
    if writes_beside:
        _beside(database, 3, 7)
    _write(session, 1, 5)
    database.finish(session, commit=True)

    assert [one.startswith("SELECT") for one in asked].count(True) == times
    assert _numbers(database)[1] == 5


@pytest.mark.unit
def test_a_savepoint_before_it_writes_is_of_the_present(database: Database) -> None:
    """It begins nothing by itself, so that SQLite would refuse the statement after it, which is another than that which takes the lock."""
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    _beside(database, 3, 7)
    with session.begin_nested():
        _write(session, 1, 5)
    database.finish(session, commit=True)

    assert _numbers(database) == [0, 5, 0, 7]


@pytest.mark.unit
def test_it_ends_without_the_lock_where_it_only_reads(database: Database) -> None:
    other = database.begin(write=True)
    _write(other, 0, 1)  # has the lock
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    database.finish(session, commit=True)
    database.finish(other, commit=True)

    assert _numbers(database) == [1, 0, 0, 0]


@pytest.mark.unit
def test_the_next_transaction_on_its_connection_takes_the_lock_first(database: Database) -> None:
    first = database.begin(write=True, optimistic=True)
    database.finish(first, commit=True)  # never began
    second = database.begin(write=True)
    assert second is first
    assert _read(second, 0) == 0
    assert database._lock._owner is not None
    database.finish(second, commit=False)


@pytest.mark.unit
def test_what_it_reads_after_it_began_to_write_holds_by_the_lock(database: Database) -> None:
    session = database.begin(write=True, optimistic=True)
    _write(session, 0, 1)
    assert _read(session, 0) == 1
    _write(session, 1, _read(session, 0) + 1)
    database.finish(session, commit=True)

    assert _numbers(database) == [1, 2, 0, 0]


def _all(found: Any) -> object:
    return found.all()


def _one_by_one(found: Any) -> object:
    return [found.fetchone(), found.fetchone(), found.fetchall(), found.fetchone() if not found.closed else None]


def _in_parts(found: Any) -> object:
    return [list(part) for part in found.partitions(3)]


def _first(found: Any) -> object:
    return found.first()


def _mappings(found: Any) -> object:
    return [dict(row) for row in found.mappings()]


@pytest.mark.unit
@pytest.mark.parametrize("ask", [_all, _one_by_one, _in_parts, _first, _mappings])
def test_rows_are_handed_out_as_on_any_connection(database: Database, ask: Callable[[Any], object]) -> None:
    found = []
    for optimistic in (True, False):
        session = database.begin(write=True, optimistic=optimistic)
        found.append(ask(session.execute(text("SELECT place, number FROM cell ORDER BY place"))))
        database.finish(session, commit=False)

    assert found[0] == found[1]


@pytest.mark.unit
def test_what_an_insert_returns_is_read_from_the_database(database: Database) -> None:
    session = database.begin(write=True, optimistic=True)
    assert _read(session, 0) == 0
    assert session.execute(text("INSERT INTO cell VALUES (9, 5) RETURNING number")).scalar_one() == 5
    database.finish(session, commit=True)


PLACES = st.integers(0, CELLS - 1)


@pytest.mark.unit
@given(
    reads=st.lists(PLACES, max_size=3), target=PLACES, others=st.lists(st.tuples(st.integers(0, 3), PLACES, st.integers(1, 9)), max_size=3)
)
@pytest.mark.slow
def test_it_leaves_what_the_same_work_leaves_that_took_the_lock_first(
    reads: list[int], target: int, others: list[tuple[int, int, int]]
) -> None:
    """Whatever others write between its reads: it comes after them, or has to be done again; and again only where a row it read changed."""

    def work(session: Session, meanwhile: Callable[[int], None]) -> None:
        total = 1
        for step, place in enumerate(reads):
            total += _read(session, place)
            meanwhile(step)
        meanwhile(3)
        _write(session, target, total)

    with TemporaryDirectory() as folder:
        database, changed = _a_database(Path(folder)), set[int]()

        def meanwhile(step: int) -> None:
            for at, place, number in others:
                if at == step:
                    _beside(database, place, number)
                    changed.add(place)

        session = database.begin(write=True, optimistic=True)
        try:
            work(session, meanwhile)
            database.finish(session, commit=True)
            again = False
        except ReadsChanged:
            database.finish(session, commit=False)
            again = True
            with database.unit_of_work() as locked:
                work(locked, lambda _step: None)
        left = _numbers(database)
        database.dispose()
    expected = [0] * CELLS
    for step in (*range(len(reads)), 3):
        for at, place, number in others:
            if at == step:
                expected[place] = number
    expected[target] = 1 + sum(expected[place] for place in reads)
    assert left == expected
    assert not again or changed & set(reads)


def test_a_view_is_called_again_with_the_cookie_it_was_sent_where_what_it_read_has_changed(
    plain: Flask, note: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not note.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    calls: list[int] = []

    def meanwhile() -> None:
        with note.database.unit_of_work() as other:
            other.execute(text("INSERT INTO test_note (id, word) VALUES (1, 'meanwhile')"))

    def decide() -> str:
        calls.append(current_session().execute(text("SELECT count(*) FROM test_note")).scalar_one())
        flash(f"call {len(calls)}")
        write("own")
        return " ".join(get_flashed_messages())

    happened = before_the_lock(monkeypatch, meanwhile)
    add_view(plain, lambda: write_optimistically(decide), reads_first=True)

    assert send(plain).text == "call 2"
    assert happened == ["meanwhile"]
    assert calls == [0, 1]
    assert words(note) == ["meanwhile", "own"]


def test_a_view_that_refuses_keeps_nothing_of_an_optimistic_session(plain: Flask, note: Instance) -> None:
    def decide() -> tuple[str, int]:
        write()
        return "no", 422

    add_view(plain, lambda: write_optimistically(decide), reads_first=True)

    assert send(plain).status_code == 422
    assert words(note) == []
