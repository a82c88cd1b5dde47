"""PostgreSQL with the two roles of the manual: one owns the tables, the other serves and only reads and writes rows (ASVS V13.2.2)."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.engine import make_url

from kernel import clock, migrations
from kernel.db import Database
from lms import backups, inspection
from lms.instance import Instance
from lms.serve import ServerStartError, checked_settings, open_checked
from tests.support import postgres
from tests.support.instances import fill
from tests.support.project import ROOT


def statements(manual: str, name: str) -> Iterator[str]:
    """Read what a manual says to type, for a database and roles of another name."""
    text = (ROOT / manual).read_text()
    block = text[text.index("    CREATE ROLE aulario_owner") :].partition("\n\n")[0]
    for line in block.splitlines():
        yield re.sub(r"\baulario(_owner)?\b", rf"{name}\1", line.strip())


@pytest.fixture(params=["docs/operations/install.md", "docs/operations/es/install.md"])
def addresses(request: pytest.FixtureRequest, database_kind: str) -> Iterator[tuple[str, str]]:
    """Do what the manual says; return the addresses of the database for who owns its tables, and for who serves."""
    if database_kind == "sqlite":
        pytest.skip("SQLite has no roles")
    if not postgres.may_create_roles():
        pytest.skip("this user of the PostgreSQL server may not create roles")
    name = f"aulario_{uuid.uuid4().hex[:12]}"
    passwords = dict[str, str]()
    try:
        with postgres.session() as connection:
            said = iter(statements(request.param, name))
            for statement in said:
                if statement.startswith("\\connect"):
                    break
                connection.execute(statement.encode())
                if found := re.match(r"CREATE ROLE (\w+) LOGIN PASSWORD '(\w+)'", statement):
                    passwords[found[1]] = found[2]
        with postgres.session(name) as connection:
            for statement in said:
                connection.execute(statement.encode())
        url = make_url(postgres.url()).set(database=name)
        owner, serves = (url.set(username=role, password=passwords[role]) for role in (f"{name}_owner", name))
        yield owner.render_as_string(hide_password=False), serves.render_as_string(hide_password=False)
    finally:
        with postgres.session() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE IF EXISTS {name}_owner, {name}".encode())


def opened(address: str, folder: Path) -> Instance:
    """Open an instance as a start does."""
    return open_checked(checked_settings("127.0.0.1", 8000, data_dir=folder, database_url=address))


def owns_tables(instance: Instance) -> bool:
    with instance.database.unit_of_work(write=False) as session:
        return inspection.gather(instance, session, now=clock.now()).owns_tables


def test_who_serves_works_with_rows_and_cannot_change_what_guards_them(addresses: tuple[str, str], tmp_path: Path) -> None:
    owner, serves = addresses
    with pytest.raises(ServerStartError, match="lms db upgrade"):
        opened(serves, tmp_path / "too-early")
    owners = opened(owner, tmp_path / "owner")

    assert owns_tables(owners)
    owners.database.dispose()
    instance = opened(serves, tmp_path / "serves")
    fill(instance)
    made = backups.make(instance, tmp_path / "b.zip", now=clock.now())

    assert made.rows > 100
    assert backups.verify(tmp_path / "b.zip")[1] == []
    assert not owns_tables(instance)
    instance.database.dispose()
    with psycopg.connect(serves.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in (
            b"ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            b"TRUNCATE audit_entry CASCADE",
            b"DROP TABLE audit_seal",
            b"CREATE TABLE other (id int)",
        ):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement)


def test_a_start_with_an_older_schema_says_who_has_to_change_it(addresses: tuple[str, str], tmp_path: Path) -> None:
    """Nothing was changed, and no backup was made for it each time that somebody tries."""
    owner, serves = addresses
    database = Database(owner)
    migrations.upgrade(database, to="head-1")
    before = migrations.current(database)

    with pytest.raises(ServerStartError, match="lms db upgrade"):
        opened(serves, tmp_path)

    assert migrations.current(database) == before != migrations.head()
    assert not (tmp_path / "backups").exists()
    database.dispose()
