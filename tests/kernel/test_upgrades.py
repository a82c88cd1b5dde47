"""Upgrades from each kept schema with data: broken off at any step and gone on with, on both databases (spec/security 6.8)."""

import gzip
import json
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Boolean, DateTime, MetaData, Table, Uuid, func, select

from kernel import database_copy, migrations
from kernel.db import Database
from kernel.search.index import INDEX
from tests.structure.test_schema import DUMPS, RENAMED, restore
from tests.support import postgres

BREAKER = """
import os, signal, sys
from sqlalchemy import event
import lms.app
from kernel import migrations
from kernel.db import Database

database, left = Database(sys.argv[1]), [int(sys.argv[2])]

def count(_connection, _cursor, statement, *_rest):
    if statement.split()[0].upper() in ("CREATE", "ALTER", "INSERT", "UPDATE", "DELETE", "DROP"):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

event.listen(database.writing, "before_cursor_execute", count)
migrations.upgrade(database)
database.dispose()
print(int(sys.argv[2]) - left[0])
"""
"""Brings a database up to date, and kills itself before the changing statement with this number; says how many there were."""
ESSENCE = {
    "attempt": ("uuid", "person_id", "number", "state", "started_at"),
    "answer_event": ("item_id", "lease", "seq", "payload"),
    "mark_event": ("item_id", "origin", "fraction", "state", "reason"),
    "credential": ("code", "person_name", "key_id", "signature"),
}
"""What no upgrade may change: attempts, answers, marks, certificates."""


def reflected(database: Database) -> MetaData:
    """Return the tables that a database has, whatever version made it."""
    tables = MetaData()
    names = [name for name in migrations.table_names(database) if name != "alembic_version"]
    tables.reflect(database.reading, only=names)
    return tables


def counts(database: Database) -> dict[str, int]:
    """Count the rows of every table that is there."""
    with database.reading.connect() as connection:
        found = reflected(database).tables
        return {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in found.items()}


def essence(database: Database) -> dict[str, list[str]]:
    """Return attempts, answers, marks and certificates as they are stored."""
    found = {}
    with database.reading.connect() as connection:
        for name, columns in ESSENCE.items():
            table = Table(name, MetaData(), autoload_with=connection)
            kept = [table.c[column] for column in columns]
            found[name] = [str(tuple(map(str, row))) for row in connection.execute(select(*kept).order_by(table.c.id))]
    return found


def revision_of(dump: Path) -> str:
    """Return the revision that a dump is of."""
    said = gzip.decompress(dump.read_bytes()).decode() if dump.suffix == ".gz" else dump.read_text("utf-8")
    found = re.search(r"INSERT INTO \"alembic_version\" VALUES\('([^']+)'\)", said)
    assert found, dump
    return found[1]


def fill_postgres(source: Database, target: Database, revision: str) -> None:
    """Give a PostgreSQL database the schema of then, and the rows of a SQLite file."""
    migrations.upgrade(target, to=revision)
    there, here = reflected(source), reflected(target)
    with source.reading.connect() as reader, target.writing.begin() as writer, database_copy.without_foreign_keys(writer):
        for name, table in here.tables.items():
            rows = [_fitting(dict(row._mapping), table) for row in reader.execute(select(there.tables[name]))]
            if rows:
                writer.execute(table.insert(), rows)
            if "id" in table.c:  # new rows are numbered after those that came
                newest = select(func.max(table.c.id)).scalar_subquery()
                writer.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), newest)).where(newest.is_not(None)))


def _fitting(row: dict[str, object], target: Table) -> dict[str, object]:
    """Return a row as PostgreSQL takes it: SQLite knows neither truth values, nor identifiers, nor zones."""
    fitted = dict(row)
    for name, value in row.items():
        kind = target.c[name].type
        if isinstance(kind, Boolean) and value is not None:
            fitted[name] = bool(value)
        elif isinstance(kind, Uuid) and isinstance(value, str):
            fitted[name] = uuid.UUID(value)
        elif isinstance(kind, DateTime) and isinstance(value, datetime):
            fitted[name] = value.replace(tzinfo=UTC)
    return fitted


@contextmanager
def of_then(dump: Path, kind: str, folder: Path) -> Iterator[str]:
    """Give the address of a database with a dump's schema and rows."""
    path = folder / "then.sqlite"
    restore(dump, path)
    if kind == "sqlite":
        yield f"sqlite:///{path}"
        return
    with postgres.a_database() as url:
        source, target = Database(f"sqlite:///{path}"), Database(url)
        fill_postgres(source, target, revision_of(dump))
        source.dispose()
        target.dispose()
        yield url


def upgrade_until(url: str, number: int) -> int | None:
    """Bring a database up to date in a process that kills itself before a statement; return how many there were where it did not."""
    done = subprocess.run([sys.executable, "-c", BREAKER, url, str(number)], capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture(params=DUMPS, ids=[dump.parent.name for dump in DUMPS])
def dump(request: pytest.FixtureRequest) -> Path:
    """Return each kept schema in turn."""
    found: Path = request.param
    return found


@pytest.mark.faults
@pytest.mark.long
def test_an_upgrade_that_is_killed_at_any_step_is_gone_on_with_and_loses_nothing(
    dump: Path, database_kind: str, tmp_path: Path, say: Callable[[str], None]
) -> None:
    rows = json.loads((dump.parent / "rows.json").read_text("utf-8"))
    whole = tmp_path / "whole"
    whole.mkdir()
    with of_then(dump, database_kind, whole) as url:
        steps = upgrade_until(url, 1_000_000)
    assert steps is not None
    assert steps > 10
    with of_then(dump, database_kind, tmp_path) as url:
        database = Database(url)
        before, kept = counts(database), essence(database)
        for number in (0, 1, steps // 3, 2 * steps // 3, steps - 1):
            assert upgrade_until(url, number) is None
            assert migrations.current(database) == revision_of(dump)
            assert counts(database) == before
            database.dispose()
        assert upgrade_until(url, steps) == steps
        after = counts(database)
        assert migrations.current(database) == migrations.head()
        assert migrations.differences(database) == []
        assert {name: after[RENAMED.get(name, name)] for name in before} == before
        assert {name: count for name, count in before.items() if not name.startswith(INDEX)}.items() <= rows.items()
        assert essence(database) == kept
        database.dispose()
        say(f"upgrade of {dump.parent.name} killed 5 times within {steps} steps: {sum(before.values())} rows before, none lost")

    assert kept["answer_event"]
    assert kept["credential"]
