"""The PostgreSQL server whose databases the tests make and drop."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from kernel import migrations
from kernel.db import Base
from tests.support.missing import note

DEFAULT = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
ENABLE = "Start a server, then: TEST_POSTGRES_URL=postgresql+psycopg://USER:PASSWORD@HOST/postgres make test DB=postgres"

LARGE = 60_000_000
"""Bytes of a database that holds more than a few rows; an empty one has a quarter of that."""
_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def url() -> str:
    """Return the server's address."""
    return os.environ.get("TEST_POSTGRES_URL", DEFAULT)


def unreachable() -> str | None:
    """Return why databases cannot be made there, or None where they can."""
    return _unreachable(url())


@cache
def _unreachable(server: str) -> str | None:
    address = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, connect_timeout=3) as connection:
            row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0].rstrip(".")
    return None if row and row[0] else "this user may not create databases"


def require() -> None:
    """Skip the test where databases cannot be made."""
    if (reason := unreachable()) is not None:
        pytest.skip(note(f"PostgreSQL does not answer ({reason}). {ENABLE}"))


def _connect(address: str) -> psycopg.Connection:
    url = make_url(address).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def session(database: str = "") -> psycopg.Connection:
    """Open a connection to the server as the tests' user, each statement a transaction; to its own database or another.

    Skip the test where no server answers.
    """
    require()
    address = make_url(url())
    return _connect((address.set(database=database) if database else address).render_as_string(hide_password=False))


def may_create_roles() -> bool:
    """Return whether the tests' user may make roles."""
    with session() as connection:
        row = connection.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


@contextmanager
def a_database() -> Iterator[str]:
    """Make a database, give its address, and drop it; skip the test where no server answers."""
    require()
    name = f"aulario_{uuid.uuid4().hex[:12]}"
    with _connect(url()) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield make_url(url()).set(database=name).render_as_string(hide_password=False)
    with _connect(url()) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(address: str) -> None:
    """End what a test left open in a migrated database, and leave it as its migrations made it.

    No other tables or settings, no rows, counting from 1. Deleting from every table takes milliseconds,
    where TRUNCATE and copies of a template take tenths of a second; of very many rows each deleted one would be looked for among those
    deleted before it, and they are truncated. A superuser's deletes look for no rows that point to them, which is most of their time.
    """
    with _connect(address) as connection:
        connection.execute(_END_OTHERS)
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        own = [name for name in tables if name not in Base.metadata.tables and name != "alembic_version"]
        for name in own:
            connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(name)))
        counters = connection.execute("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL").fetchall()
        restarts = [sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)) for (name,) in counters]
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET session_replication_role = replica")
        connection.execute(
            sql.SQL("; ").join(
                [*_triggers("DISABLE"), *(_truncation() if _is_large(connection) else _deletes()), *restarts, *_triggers("ENABLE")]
            )
        )
        connection.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(sql.Identifier(connection.info.dbname)))
        connection.execute("UPDATE alembic_version SET version_num = %s", [_newest_schema()])


@cache
def _newest_schema() -> str | None:
    """Return the newest migration; it is read from all their files."""
    return migrations.head()


def _is_large(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT pg_database_size(current_database()) > %s", [LARGE]).fetchone()
    return bool(row and row[0])


def _triggers(word: str) -> list[sql.Composed]:
    """Return what lets the audit log be emptied, or no more: its triggers refuse it."""
    names = ("audit_entry", "audit_seal")
    return [sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(name), sql.SQL(word)) for name in names]


def _truncation() -> list[sql.Composed]:
    tables = sql.SQL(", ").join(sql.Identifier(table.name) for table in Base.metadata.sorted_tables)
    return [sql.SQL("TRUNCATE {} CASCADE").format(tables)]


@cache
def _deletes() -> list[sql.Composed]:
    """Return what empties every table; what is pointed to comes last, and tables that point at each other let go first."""
    tables = Base.metadata.sorted_tables
    loops = [key for table in tables for key in table.foreign_key_constraints if key.use_alter]
    return [
        *(
            sql.SQL("UPDATE {} SET {} = NULL").format(sql.Identifier(key.table.name), sql.Identifier(column))
            for key in loops
            for column in key.column_keys
        ),
        *(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)) for table in reversed(tables)),
    ]
