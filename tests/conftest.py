"""Fixtures of all tests: an opened house on a database of its own, the application, a browser, and what to do where something lacks."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from werkzeug.routing import Rule

from kernel import migrations
from kernel.db import Database
from kernel.i18n import DEFAULT_LANGUAGE, reading
from kernel.settings import Settings, load
from lms.app import House, create_app, open_house
from tests.support import postgres
from tests.support.browser import Browser
from tests.support.missing import LACKING

ROOT = Path(__file__).resolve().parent.parent
hypothesis.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("untimed")
"""A busy machine is no failure."""


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


@pytest.fixture(scope="session")
def migrated(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prepare one migrated database for the whole run: a file, of which tests get copies, or the address of a PostgreSQL database."""
    if database_kind == "sqlite":
        path = tmp_path_factory.mktemp("template") / "template.sqlite"
        database = Database(f"sqlite:///{path}")
        migrations.upgrade(database)
        database.dispose()
        yield str(path)
        return
    with postgres.a_database() as url:
        database = Database(url)
        migrations.upgrade(database)
        database.dispose()
        yield url


@pytest.fixture
def database_url(database_kind: str, migrated: str, tmp_path: Path) -> Iterator[str]:
    """Return the address of a migrated database without rows: a file of this test's own, or the run's, emptied afterwards."""
    if database_kind == "sqlite":
        path = tmp_path / "aulario.sqlite"
        shutil.copy(migrated, path)
        yield f"sqlite:///{path}"
        return
    yield migrated
    postgres.empty(migrated)


@pytest.fixture
def empty_database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """Return a database without tables."""
    with nullcontext(f"sqlite:///{tmp_path}/empty.sqlite") if database_kind == "sqlite" else postgres.a_database() as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Settings:
    """Return the settings of a test's instance: no mail server, its own folder, and what the test is marked with."""
    given = {name: value for mark in request.node.iter_markers("settings") for name, value in mark.kwargs.items()}
    return load(**{"data_dir": tmp_path, "database_url": database_url, "public_url": "http://localhost:8000"} | given)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """Return an opened instance."""
    opened = open_house(settings)
    yield opened
    opened.database.dispose()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Keep what the templates compile to, which every test's application would do again."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def compiled_routes() -> Iterator[None]:
    """Keep what Werkzeug compiles to build the addresses of a route, a tenth of a second for each test's application.

    What it compiles asks the rule that it is called on for its converters, so that equal routes may share it.
    """
    kept: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        name = (rule.rule, rule.host, rule.subdomain, repr(rule.defaults), append_unknown)
        if name not in kept:
            kept[name] = compile_builder(rule, append_unknown)
        return kept[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(autouse=True)
def usual_reader() -> Iterator[None]:
    """Begin each test in the usual language: a request leaves its reader behind in the thread."""
    with reading(DEFAULT_LANGUAGE):
        yield


@pytest.fixture
def app(house: House, compiled_templates: BytecodeCache) -> Flask:
    """Return the application over the instance."""
    made = create_app(house)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


@pytest.fixture
def browser(app: Flask, house: House) -> Browser:
    """Return a browser that checks the house's rules on every page it opens."""
    return Browser(app, house)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line although pytest keeps what tests print."""

    def write(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201 - the counts of each run are told

    return write
