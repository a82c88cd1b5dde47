"""The schema's history: brought up to date once, by one of however many start together (spec/security 6.8)."""

import threading

import pytest
from sqlalchemy import column, insert, select, table, text

from kernel import clock, migrations, outbox
from kernel.db import Database
from kernel.migrations import SchemaTooNew


def test_an_empty_database_is_brought_up_to_date_once(empty_database: Database) -> None:
    database = empty_database
    assert migrations.current(database) == ""
    assert migrations.upgrade(database)
    assert migrations.current(database) == migrations.head()
    assert {"person", "device", "job", "audit_entry"} <= set(migrations.table_names(database))
    assert not migrations.upgrade(database)


@pytest.mark.faults
def test_servers_that_start_together_migrate_once(empty_database: Database) -> None:
    gate = threading.Barrier(3)
    failures: list[Exception] = []

    def start() -> None:
        database = Database(empty_database.url)
        gate.wait()
        try:
            migrations.upgrade(database)
        except Exception as error:
            failures.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=start) for _turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert migrations.current(empty_database) == migrations.head()


@pytest.mark.slow
def test_a_newer_schema_is_refused_and_left_alone(empty_database: Database) -> None:
    database = empty_database
    migrations.upgrade(database)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_1'"))
    with pytest.raises(SchemaTooNew, match="2099_01_01_1"):
        migrations.upgrade(database)

    assert migrations.current(database) == "2099_01_01_1"


def test_jobs_that_nobody_does_any_more_go_with_the_upgrade(empty_database: Database) -> None:
    migrations.upgrade(empty_database, to="2026_11_20_1")
    with empty_database.unit_of_work() as session:
        names = ("kind", "arguments", "unique_key", "attempts", "last_error", "request_id", "created_at", "available_at")
        job = table("job", *(column(name, outbox.Job.__table__.c[name].type) for name in names))
        for kind in ("lms.forget_jobs", "accounts.send_digests"):  # as the program of that release wrote them
            row = {"kind": kind, "arguments": "{}", "unique_key": kind, "attempts": 0, "last_error": "", "request_id": ""}
            session.execute(insert(job).values(**row, created_at=clock.now(), available_at=clock.now()))

    migrations.upgrade(empty_database)

    with empty_database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(outbox.Job.kind))) == ["accounts.send_digests"]
