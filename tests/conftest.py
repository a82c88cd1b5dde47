"""Fixtures of all tests: an opened house on a database of its own, the application, a browser, and what to do where something lacks."""

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from kernel import migrations
from kernel.db import Database
from kernel.settings import Settings, load
from lms.app import House, create_app, open_house
from tests.support import postgres
from tests.support.browser import Browser
from tests.support.missing import LACKING

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say on which database the suite runs."""
    parser.addoption("--db", choices=("sqlite", "postgres"), default="sqlite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it uses: `make test` repeats those with a database on PostgreSQL."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "browser" in item.path.parts:
            item.add_marker("browser")
        elif {"app", "browser"} & used:
            item.add_marker("http")
        elif {"database_url", "migrated", "empty_database"} & used:
            item.add_marker("database")
        else:
            item.add_marker("unit")


def _lacking(config: pytest.Config, *, shared: bool) -> Counter[str]:
    """Count the tests that could not be run, by what lacks: the shared folder, or anything else. Other skips are meant."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = [(report.longrepr[2].removeprefix("Skipped: "), "shared" in report.keywords) for report in reports]
    return Counter(
        reason.removeprefix(LACKING) for reason, is_shared in reasons if is_shared is shared and (shared or reason.startswith(LACKING))
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where CI is set and something could not be run; what needs ../shared is only listed."""
    if os.environ.get("CI") and _lacking(session.config, shared=False) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name in the last lines what could not be run, and what would enable it."""
    for shared in (False, True):
        for what, count in _lacking(terminalreporter.config, shared=shared).items():
            terminalreporter.write_line(f"not run: {count} tests: {what}")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """Return `sqlite` or `postgres`."""
    return str(request.config.getoption("--db"))


def _administer(statement: str) -> None:
    url = make_url(postgres.url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]  # names are made here


@pytest.fixture(scope="session")
def migrated(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prepare one migrated database for the whole run: a file, or a PostgreSQL template; tests get copies."""
    if database_kind == "sqlite":
        path = tmp_path_factory.mktemp("template") / "template.sqlite"
        database = Database(f"sqlite:///{path}")
        migrations.upgrade(database)
        database.dispose()
        yield str(path)
        return
    name = f"aulario_template_{uuid.uuid4().hex[:12]}"
    _administer(f'CREATE DATABASE "{name}"')
    database = Database(_postgres(name))
    migrations.upgrade(database)
    database.dispose()
    yield name
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _postgres(name: str) -> str:
    return make_url(postgres.url()).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database_url(database_kind: str, migrated: str, tmp_path: Path) -> Iterator[str]:
    """Return the address of a migrated database of this test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "aulario.sqlite"
        shutil.copy(migrated, path)
        yield f"sqlite:///{path}"
        return
    name = f"aulario_{uuid.uuid4().hex[:12]}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"')
    yield _postgres(name)
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """Return a database without tables."""
    name = f"aulario_{uuid.uuid4().hex[:12]}"
    if database_kind == "postgres":
        _administer(f'CREATE DATABASE "{name}"')
    database = Database(f"sqlite:///{tmp_path}/empty.sqlite" if database_kind == "sqlite" else _postgres(name))
    yield database
    database.dispose()
    if database_kind == "postgres":
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Return the settings of a test's instance: no mail server, its own folder."""
    return load(data_dir=tmp_path, database_url=database_url, public_url="http://localhost:8000")


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """Return an opened instance."""
    opened = open_house(settings)
    yield opened
    opened.database.dispose()


@pytest.fixture
def app(house: House) -> Flask:
    """Return the application over the instance."""
    return create_app(house)


@pytest.fixture
def browser(app: Flask, house: House) -> Browser:
    """Return a browser that checks the house's rules on every page it opens."""
    return Browser(app, house)
