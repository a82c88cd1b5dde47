"""What former versions left for tests: dumps of their databases, and texts as they locked them."""

import base64
import gzip
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Boolean, DateTime, MetaData, Table, Uuid, func, select

from kernel import database_copy, migrations
from kernel.db import Database
from tests.support import postgres
from tests.support.project import ROOT

DUMPS = sorted((ROOT / "tests" / "samples" / "schemas").glob("*/dump.sql*"))
RENAMED = {"page": "lesson_page"}
"""Tables by their names of 0.1.0: the upgrade to 0.2.0 asks for all processes to be stopped."""
ADDED_TO = frozenset({"job"})
"""Tables to which the upgrade adds rows: it asks, in each quiz, for answers that are compared otherwise than when they were marked."""
EMPTIED = frozenset({"search_word"})
"""Tables that the upgrade empties and a job fills again: the words of the search."""
ESSENCE = {
    "attempt": ("uuid", "person_id", "number", "state", "started_at"),
    "answer_event": ("item_id", "lease", "seq", "payload"),
    "mark_event": ("item_id", "origin", "fraction", "state", "reason"),
    "credential": ("code", "person_name", "key_id", "signature"),
}
"""What no upgrade may change: attempts, answers, marks, certificates."""


def locked_before(key: bytes, purpose: str, text: str) -> str:
    """Return a text as it was locked up to version 0.1: Fernet under a key of HKDF."""
    drawn = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)
    return Fernet(base64.urlsafe_b64encode(drawn)).encrypt(text.encode()).decode()


def rows_in_file(path: Path) -> dict[str, int]:
    """Return how many rows each table holds."""
    with sqlite3.connect(path) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        found = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 - names are our own
    connection.close()
    return found


def restore(dump: Path, target: Path) -> None:
    """Make a database of a dump."""
    content = dump.read_bytes()
    script = (gzip.decompress(content) if dump.suffix == ".gz" else content).decode()
    connection = sqlite3.connect(target)
    connection.executescript(script)
    connection.close()


def reflected(database: Database) -> MetaData:
    """Return the tables that a database has, whatever version made it."""
    tables = MetaData()
    names = [name for name in migrations.table_names(database) if name != "alembic_version"]
    tables.reflect(database.reading, only=names)
    return tables


def rows_by_table(database: Database) -> dict[str, int]:
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
