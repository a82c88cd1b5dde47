"""Whole copies of a database: all rows into another one, counted and summed, and a snapshot of everything in one SQLite file.

A table's sum does not depend on the database nor on the order of its rows, so that a copy can be compared with what it was made of.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Table, TableClause, TypeDecorator, column, delete, func, insert, select, table, text
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeEngine

from kernel import migrations
from kernel.db import Base, Database, UtcDateTime
from kernel.i18n import trimmed
from kernel.search.index import SearchEntry, SearchWord
from kernel.settings import sqlite_address

DERIVED = frozenset({SearchEntry.__tablename__, SearchWord.__tablename__})
"""Tables that are made anew from the others, and differ between databases."""
BATCH = 1000


class CopyTargetNotEmpty(Exception):
    """The target of a copy holds something already; the text names what."""


class CopyDiffers(Exception):
    """A copy that differs from its source; the text names the tables."""


@dataclass(frozen=True, slots=True)
class TableChecksum:
    """The checksum of a table: how many rows, and the sum of their SHA-256, in any order."""

    rows: int
    sha256: str


Sums = Mapping[str, TableChecksum]
Row = Sequence[Any]


def table_names() -> list[str]:
    """List the tables whose rows count, those that are pointed to first."""
    return [each.name for each in Base.metadata.sorted_tables if each.name not in DERIVED]


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return how a column's values travel: lists and texts by language as the text that is stored."""
    return kind.impl_instance if isinstance(kind, TypeDecorator) and not isinstance(kind, UtcDateTime) else kind


def plain_table(name: str) -> TableClause:
    """Return a table with the types in which its values travel in a copy; raise KeyError for an unknown name."""
    known = Base.metadata.tables[name]
    return table(name, *(column(known_column.name, _plain(known_column.type)) for known_column in known.columns))


def canonical(value: object) -> object:
    """Return a value as JSON knows it, the same from either database; raise TypeError for one that has no such form."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value + 0.0  # JSON writes the shortest digits that give it back; SQLite keeps no minus before a zero
    if isinstance(value, Decimal):
        return str(trimmed(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"no form for {type(value).__name__}")


class _Adder:
    """Sums rows as they pass."""

    def __init__(self) -> None:
        self.rows = self._total = 0

    def add(self, row: Row) -> None:
        line = json.dumps([canonical(value) for value in row], separators=(",", ":"))
        self._total = (self._total + int.from_bytes(hashlib.sha256(line.encode()).digest())) % 2**256
        self.rows += 1

    @property
    def sum(self) -> TableChecksum:
        return TableChecksum(self.rows, f"{self._total:064x}")


def _batches(connection: Connection, name: str, adder: _Adder) -> Iterator[Sequence[Row]]:
    """Yield a table's rows a thousand at a time, summed on their way."""
    statement = select(*plain_table(name).columns)
    with connection.execution_options(stream_results=True, yield_per=BATCH).execute(statement) as result:
        for rows in result.partitions(BATCH):
            for row in rows:
                adder.add(row)
            yield rows


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """Give a connection that sees one moment of the database, whatever is written meanwhile."""
    with database.reading.connect() as connection:
        yield connection if database.is_sqlite else connection.execution_options(isolation_level="REPEATABLE READ")


def sums(connection: Connection) -> dict[str, TableChecksum]:
    """Count and sum every table."""
    checksums = {}
    for name in table_names():
        adder = _Adder()
        for _rows in _batches(connection, name, adder):
            pass
        checksums[name] = adder.sum
    return checksums


def sums_of(database: Database) -> dict[str, TableChecksum]:
    """Count and sum every table of a database, all at one moment."""
    with reading(database) as connection:
        return sums(connection)


def differing(expected: Sums, arrived: Sums) -> list[str]:
    """List the tables in which two databases differ."""
    return [
        f"{name}: {expected[name].rows} rows, {arrived[name].rows} arrived"
        if expected[name].rows != arrived[name].rows
        else f"{name}: other rows"
        for name in expected
        if expected[name] != arrived.get(name, TableChecksum(0, ""))
    ]


def occupied(database: Database) -> list[str]:
    """List the tables of a database that hold rows; a schema without rows counts as empty."""
    present = set(migrations.table_names(database)) - {"alembic_version"} - DERIVED
    with database.reading.connect() as connection:
        return [name for name in sorted(present) if connection.execute(select(text("1")).select_from(table(name)).limit(1)).first()]


def copy(
    source: Database, target: Database, *, report_table: Callable[[str, int], None] = lambda _name, _rows: None
) -> dict[str, TableChecksum]:
    """Copy every row into an empty database, compare, and keep all or nothing; return the sums.

    Both have this program's schema, which the target gets here. Raise CopyTargetNotEmpty, CopyDiffers.
    """
    if not target.is_sqlite or Path(target.writing.url.database or "").exists():
        held = occupied(target)
        if held:
            raise CopyTargetNotEmpty(", ".join(held[:5]))
    migrations.upgrade(target)
    with reading(source) as reader, target.writing.begin() as writer:
        sent = _sqlite_load(reader, writer, report_table) if target.is_sqlite else _postgres_load(reader, writer, report_table)
        faults = differing(sent, sums(writer))
        if faults:
            raise CopyDiffers("; ".join(faults))
    return sent


def _load(reader: Connection, report: Callable[[str, int], None], keep: Callable[[str, Sequence[Row]], None]) -> dict[str, TableChecksum]:
    sent = {}
    for name in table_names():
        adder = _Adder()
        for rows in _batches(reader, name, adder):
            keep(name, rows)
        sent[name] = adder.sum
        report(name, adder.rows)
    return sent


def _sqlite_load(reader: Connection, writer: Connection, report: Callable[[str, int], None]) -> dict[str, TableChecksum]:
    writer.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # tables that point at each other: looked at when all is there

    def keep(name: str, rows: Sequence[Row]) -> None:
        target = plain_table(name)
        writer.execute(insert(target), [dict(zip(target.columns.keys(), row, strict=True)) for row in rows])

    return _load(reader, report, keep)


_KEYS = """
SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY c.oid
"""


@contextmanager
def without_foreign_keys(writer: Connection) -> Iterator[None]:
    """Take a PostgreSQL database's foreign keys away, which tables in a circle would break, and put them back: each is checked at once."""
    keys = writer.exec_driver_sql(_KEYS).all()
    for owner, name, _definition in keys:
        writer.exec_driver_sql(f"ALTER TABLE {owner} DROP CONSTRAINT {name}")
    yield
    for owner, name, definition in keys:
        writer.exec_driver_sql(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}")


def _postgres_load(reader: Connection, writer: Connection, report: Callable[[str, int], None]) -> dict[str, TableChecksum]:
    cursor: Any = writer.connection.cursor()

    def keep(name: str, rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{known.name}"' for known in plain_table(name).columns)
        with cursor.copy(f'COPY "{name}" ({names}) FROM STDIN') as lines:
            for row in rows:
                _refuse_nul(name, row)
                lines.write_row(row)

    with without_foreign_keys(writer):
        sent = _load(reader, report, keep)
    for name in table_names():
        _count_on(writer, name)
    analyze(writer)
    return sent


def _refuse_nul(name: str, row: Row) -> None:
    """Raise CopyDiffers with the place of a NUL character, which PostgreSQL keeps in no text."""
    if any(isinstance(value, str) and "\x00" in value for value in row):
        names = plain_table(name).columns.keys()
        column = next(column for column, value in zip(names, row, strict=True) if isinstance(value, str) and "\x00" in value)
        raise CopyDiffers(NUL.format(table=name, column=column, row=row[0]))


NUL = "{table}.{column}, row {row}: a NUL character, which PostgreSQL keeps in no text. Take it out where it is written."


def analyze(writer: Connection) -> None:
    """Let PostgreSQL analyse its tables now: until autovacuum runs, it would plan as if they were empty."""
    writer.exec_driver_sql(f"ANALYZE {', '.join(table_names())}")


def _count_on(writer: Connection, name: str) -> None:
    """Let new rows be numbered after those that came."""
    if "id" not in Base.metadata.tables[name].columns:
        return
    newest = select(func.max(plain_table(name).c.id)).scalar_subquery()
    writer.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), newest)).where(newest.is_not(None)))


def snapshot(database: Database, target: Path) -> dict[str, TableChecksum]:
    """Write everything that the database holds at one moment into a new SQLite file, and return its sums; nobody waits for it."""
    copied = Database(sqlite_address(target), alone=True)
    try:
        if database.is_sqlite:
            _copy_pages(Path(database.writing.url.database or ""), target)
            checksums = sums_of(copied)
        else:
            checksums = copy(database, copied)
    finally:
        copied.dispose()
    _close_journal(target)
    return checksums


def snapshot_of_older(database: Database, target: Path) -> dict[str, TableChecksum]:
    """Write a database of an older schema into a new SQLite file of the same schema, and count the rows of the tables that both know."""
    if database.is_sqlite:
        _copy_pages(Path(database.writing.url.database or ""), target)
    else:
        _copy_older_rows(database, target)
    _close_journal(target)
    return {name: TableChecksum(rows, "") for name, rows in counts_of(target, table_names()).items() if rows >= 0}


def _copy_older_rows(database: Database, target: Path) -> None:
    """Make the schema of then in a SQLite file, and copy the rows of a PostgreSQL database as its tables say themselves."""
    copied = Database(sqlite_address(target), alone=True)
    try:
        migrations.upgrade(copied, to=migrations.current(database))
        names = set(migrations.table_names(database)) - {"alembic_version"} - DERIVED
        with reading(database) as reader, copied.writing.begin() as writer:
            writer.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for name in sorted(names):
                there = Table(name, MetaData(), autoload_with=reader, resolve_fks=False)
                here = table(name, *(column(source.name, _sqlite_type(source.type)) for source in there.columns))
                writer.execute(delete(here))
                with reader.execution_options(stream_results=True, yield_per=BATCH).execute(select(there)) as rows:
                    for some in rows.partitions():
                        writer.execute(insert(here), [dict(row._mapping) for row in some])
    finally:
        copied.dispose()


def _sqlite_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return how SQLite keeps the values of a column of PostgreSQL."""
    general = kind.as_generic()
    return UtcDateTime() if isinstance(general, DateTime) else general


def _to_be_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _copy_pages(source: Path, target: Path) -> None:
    """Let SQLite copy itself in one step: what is committed meanwhile is not in it."""
    present, new = _to_be_read(source), sqlite3.connect(target)
    try:
        present.backup(new, pages=-1)
    finally:
        new.close()
        present.close()


def _close_journal(path: Path) -> None:
    """Bring a database into one file that nothing needs to stand beside."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    finally:
        connection.close()


def faults_of(path: Path) -> list[str]:
    """Return the faults that SQLite finds in a file: broken pages, rows that point to nothing."""
    connection = _to_be_read(path)
    try:
        faults = [str(line) for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
        return faults + [f"{line[0]}: a row points to no {line[2]}" for line in connection.execute("PRAGMA foreign_key_check")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        connection.close()


def refused_by_postgres(path: Path) -> list[str]:
    """List the texts of a SQLite file with a NUL character, which PostgreSQL refuses, by table, column and row."""
    connection = _to_be_read(path)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        texts = {name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")') if _IS_TEXT.match(row[2])] for name in tables}
        return [
            NUL.format(table=name, column=column, row=row)
            for name, columns in texts.items()
            for column in columns
            for (row,) in connection.execute(f'SELECT rowid FROM "{name}" WHERE instr("{column}", char(0)) LIMIT 20')  # noqa: S608 - names of the schema
        ]
    finally:
        connection.close()


_IS_TEXT = re.compile(r"TEXT|VARCHAR", re.IGNORECASE)


def counts_of(path: Path, names: Sequence[str]) -> dict[str, int]:
    """Count the rows of some tables of a SQLite file of any version; a missing table counts as -1."""
    connection = _to_be_read(path)
    try:
        present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] if name in present else -1 for name in names}  # noqa: S608 - names of a manifest whose checksum was compared
    finally:
        connection.close()
