"""Sessions of an SQLite database that are used again (`kernel.session_pool`)."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as TurnTimeout

from kernel import session_pool
from kernel.db import Database

pytestmark = pytest.mark.unit
POOL = 2


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'kept.sqlite'}", pool=POOL)
    opened.configure({"known": 1})
    with opened.unit_of_work() as session:
        session.execute(text("CREATE TABLE line (word TEXT)"))
    yield opened
    opened.dispose()


def test_a_session_and_its_connection_are_used_again_as_if_they_were_new(database: Database) -> None:
    first = database.begin(write=True)
    first.execute(text("INSERT INTO line VALUES ('lost')"))
    first.info["jobs"] = ["of what was rolled back"]
    database.finish(first, commit=False)
    with database.unit_of_work() as second:
        assert second is first
        assert (second.info["known"], "jobs" in second.info) == (1, False)
        assert second.execute(text("SELECT count(*) FROM line")).scalar_one() == 0


def test_what_is_configured_later_reaches_sessions_that_are_kept(database: Database) -> None:
    database.configure({"later": 2})

    with database.unit_of_work() as session:
        assert (session.info["later"], "known" in session.info) == (2, False)


def test_readers_see_what_was_written_before_they_began(database: Database) -> None:
    for number in range(3):
        with database.unit_of_work() as session:
            session.execute(text("INSERT INTO line VALUES ('one')"))
        with database.unit_of_work(write=False) as session:
            assert session.execute(text("SELECT count(*) FROM line")).scalar_one() == number + 1


def test_no_more_are_in_use_than_there_may_be_connections(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_pool, "POOL_TURN", 0.05)
    readers = [database.begin(write=False) for _place in range(POOL)]
    assert database.sessions_in_use == POOL

    with pytest.raises(TurnTimeout):
        database.begin(write=False)

    for session in readers:
        database.finish(session, commit=False)
    assert database.sessions_in_use == 0


def test_whoever_waits_gets_the_next_that_is_given_back(database: Database) -> None:
    readers = [database.begin(write=False) for _place in range(POOL)]
    found = []
    waiting = threading.Thread(target=lambda: found.append(database.begin(write=False)))
    waiting.start()
    database.finish(readers[0], commit=False)
    waiting.join(10)

    assert found == [readers[0]]
    for session in (readers[1], found[0]):
        database.finish(session, commit=False)


def test_one_that_is_given_back_twice_is_given_out_once(database: Database) -> None:
    session = database.begin(write=False)
    database.finish(session, commit=False)
    database.finish(session, commit=False)

    found = [database.begin(write=False) for _place in range(POOL)]
    assert len({id(one) for one in found}) == POOL
    for one in found:
        database.finish(one, commit=False)


def test_one_whose_transaction_cannot_be_ended_is_not_used_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    session = database.begin(write=True)
    session.execute(text("INSERT INTO line VALUES ('lost')"))

    def fail(_connection: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(database.writing.dialect, "do_rollback", fail)
        with pytest.raises(OSError, match="gone"):
            database.finish(session, commit=False)
    database._lock.give_back()  # the function that failed would have done it

    with database.unit_of_work() as other:
        assert other is not session
        assert other.execute(text("SELECT count(*) FROM line")).scalar_one() == 0


def test_one_that_is_in_use_at_the_end_is_closed_when_it_is_given_back(database: Database) -> None:
    session = database.begin(write=False)
    session.execute(text("SELECT 1"))
    database.dispose()
    database.finish(session, commit=False)

    with database.unit_of_work(write=False) as other:
        assert other is not session
