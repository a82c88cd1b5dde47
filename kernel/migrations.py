"""The migrations of the schema: the only user of alembic."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

from kernel.db import Base, Database
from kernel.paths import MIGRATIONS
from kernel.search.index import INDEX

TURN = 4_171_100
"""Number of the lock under which PostgreSQL lets one server migrate, and the next one of that around it; any that nobody else uses."""
BETWEEN_TRIES = 0.2
"""Seconds until a server looks again whether it is its turn."""
PATIENCE = 120_000
"""Milliseconds for which a server waits on SQLite while another one upgrades."""

log = structlog.get_logger()


class SchemaTooNew(Exception):
    """The database was written by a newer version of the program."""


class BrokenReferences(Exception):
    """Rows point to rows that are not there, after an upgrade that therefore has no effect."""


class NotOwner(Exception):
    """The schema has to change for this program, and the role under which it reaches the database may not change it."""


def _config(connection: object = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the newest revision that this program knows; its files are read once."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(database: Database) -> str:
    """Return the revision of the database, empty where it is new."""
    with _patient(database) as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


@contextmanager
def _patient(database: Database) -> Iterator[Connection]:
    """Return a connection that waits for another server's upgrade to end: on SQLite nobody else reads or writes meanwhile."""
    with database.writing.connect() as connection:
        if database.is_sqlite:
            connection.connection.cursor().execute(f"PRAGMA busy_timeout={PATIENCE}")
        try:
            yield connection
        finally:
            if database.is_sqlite:
                connection.connection.cursor().execute("PRAGMA busy_timeout=5000")


def older_revision(database: Database) -> str:
    """Return the revision of a database that an older version has left, empty where it is new or up to date. Raise SchemaTooNew."""
    revision = current(database)
    if revision == head():
        return ""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision and revision not in known:
        raise SchemaTooNew(revision)
    return revision


_MAY_CHANGE = text(
    "SELECT has_schema_privilege(current_schema(), 'CREATE') AND coalesce("
    "(SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('alembic_version')), true)"
)


def check_rights(database: Database) -> None:
    """Raise NotOwner where the schema is not this program's and may not be brought there; a role without such rights can serve."""
    if database.is_sqlite or current(database) == head():
        return
    with database.reading.connect() as connection:
        if not connection.scalar(_MAY_CHANGE):
            raise NotOwner


def upgrade(database: Database, *, to: str = "head") -> bool:
    """Bring the database to the newest revision, or `to` one before it; say whether something had to be done. Raise SchemaTooNew."""
    if not older_revision(database) and current(database):
        return False
    with _changing_tables(database) as connection:
        if not database.is_sqlite:  # several servers may start at once: one migrates, the others then find nothing to do
            connection.execute(select(func.pg_advisory_xact_lock(TURN)))
        command.upgrade(_config(connection), to)
    return True


@contextmanager
def _changing_tables(database: Database) -> Iterator[Connection]:
    """Begin the one transaction of an upgrade.

    SQLite changes a table by copying and dropping it, which the rows that point to it forbid: foreign keys are off meanwhile, and all of
    them are checked before the transaction is committed. Raise BrokenReferences.
    """
    with _patient(database) as connection:
        if database.is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")  # has an effect outside a transaction only
        try:
            with connection.begin():
                yield connection
                if database.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise BrokenReferences(", ".join(sorted({f"{row[0]} to {row[2]}" for row in broken})))
        finally:
            if database.is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


@contextmanager
def turn(database: Database) -> Iterator[None]:
    """Let one server at a time, on whichever machine, see to the schema of a PostgreSQL database; within it `upgrade` may be called.

    Whoever waits holds no connection meanwhile: behind a pooler those that wait would take them all, and the server in its turn needs
    another one.
    """
    while True:
        with database.writing.begin() as connection:
            if connection.scalar(select(func.pg_try_advisory_xact_lock(TURN + 1))):
                yield
                return
        time.sleep(BETWEEN_TRIES)


def comparison(dialect: str) -> dict[str, Any]:
    """Return how alembic compares a database with the models.

    Tables that the search's index keeps itself on SQLite are left out, and indexes of other databases, which their `info` names.
    """

    def is_named(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or not (name or "").startswith(INDEX)

    def is_meant(item: Any, _name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "index" or item.info.get("dialect", dialect) == dialect

    return {"compare_type": True, "include_name": is_named, "include_object": is_meant}


def differences(database: Database) -> list[Any]:
    """Return how the database's schema differs from the models; nothing where it is the same."""
    with database.writing.connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison(connection.dialect.name))
        return list(compare_metadata(context, Base.metadata))


def table_names(database: Database) -> list[str]:
    """List the tables that the database holds, but for those that the search's index keeps itself on SQLite."""
    return sorted(name for name in inspect(database.writing).get_table_names() if not name.startswith(INDEX))


def write_revision(database: Database, message: str, identifier: str) -> None:
    """Write a new migration file from the difference between the models and an upgraded database."""
    with database.writing.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=identifier)
