"""Fixtures of all tests: an opened house on a database of its own, the application, a browser, and what to do where something lacks."""

import fcntl
import gc
import os
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from xdist import is_xdist_worker

from accounts import passwords
from kernel import migrations
from kernel.db import Database
from kernel.i18n import DEFAULT_LANGUAGE, reading
from kernel.session_pool import SessionPool
from kernel.settings import Settings, load
from kernel.web import after_response
from lms.app import create_app, open_instance
from lms.instance import Instance
from scripts.figures import record
from tests.support import matrix, postgres, run_results
from tests.support.access import all_cells
from tests.support.browser import Browser
from tests.support.databases import is_of_pages
from tests.support.far import near
from tests.support.missing import LACKING
from tests.support.reused import ReusedInstance, replace_database

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
OF_FOLDERS = {"content": ("content",), "faults": ("long",)}
"""Folder of tests -> the marks of all in it."""
hypothesis.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("untimed")
"""A busy machine is no failure."""
structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback
"""An error that is logged is not drawn with colours and locals, which takes half a second each time."""
FIGURES: dict[str, list[str]] = {}
"""Lines that tests of this run said, by test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say on which database the suite runs, how long, and whether its visitors come over a socket."""
    parser.addoption("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.addoption("--fresh-apps", action="store_true", help="each test has an instance and an application of its own")
    parser.addoption("--until", type=float, default=0.0, help="when no more tests are begun, by the monotonic clock of the machine")
    parser.addoption("--over-a-socket", action="store_true", help="visitors come over HTTP to a server; print each cell of the matrix")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it uses: `make test` repeats those with a database on PostgreSQL, but for those of forms and words."""
    for item in items:
        used, is_matrix = set(getattr(item, "fixturenames", ())), tries_cells(item)
        for mark in _marks_of(item.path):
            if mark != "pages" or not is_matrix:
                item.add_marker(mark)
        if "plain" in used:
            item.add_marker("fresh")
        if is_matrix:
            item.add_marker("matrix")
            if item.get_closest_marker("slow"):
                raise pytest.UsageError(f"{item.nodeid} tries cells of the matrix: every run has it, it cannot be slow")
        if "browser" in item.path.parts:
            item.add_marker("browser")
        elif {"app", "browser"} & used:
            item.add_marker("http")
        elif {"database_url", "migrated", "empty_database"} & used:
            item.add_marker("database")
        else:
            item.add_marker("unit")


@cache
def _marks_of(module: Path) -> tuple[str, ...]:
    """Return the marks of all tests of a module."""
    marks = ("pages",) if module.is_relative_to(TESTS) and is_of_pages(module.relative_to(TESTS)) else ()
    return (*marks, *OF_FOLDERS.get(module.parent.name, ())) if module.parent.parent == TESTS else marks


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin no test when the time of the run is over."""
    if 0 < item.config.getoption("--until") < time.monotonic():
        pytest.skip("no time is left")


SHARED_PROCESSOR = [0.0]
"""Seconds of processor that fixtures for more than one test took in this process: they are no single test's."""
BEGUN = pytest.StashKey[float]()
"""When a test began, by `own_processor`."""


def processor() -> float:
    """Return the seconds of processor that this process and its ended children have used."""
    return sum(os.times()[:4])


def own_processor() -> float:
    """Return the seconds of processor used so far, but for those of fixtures that tests share."""
    return processor() - SHARED_PROCESSOR[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note when a test begins, its fixtures included."""
    item.stash[BEGUN] = own_processor()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[Any]:
    """Count what a fixture for several tests takes apart."""
    began = own_processor()
    try:
        return (yield)
    finally:
        if fixturedef.scope != "function":
            SHARED_PROCESSOR[0] += own_processor() - began


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """Say in a test's last report how much processor it took."""
    report = yield
    if call.when == "teardown":
        report.user_properties = [*report.user_properties, (run_results.PROCESSOR, round(own_processor() - item.stash[BEGUN], 3))]
    return report


def tries_cells(item: pytest.Item) -> bool:
    """Return whether a test tries cells of the access matrix."""
    names = getattr(getattr(item, "function", None), "__code__", pytest_collection_modifyitems.__code__).co_names
    return not matrix.CASTS.isdisjoint(names)


def _lacking(config: pytest.Config, *, shared: bool) -> Counter[str]:
    """Count the tests that could not be run, by what lacks: the shared folder, or anything else. Other skips are meant."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = [(report.longrepr[2].removeprefix("Skipped: "), "shared" in report.keywords) for report in reports]
    return Counter(
        reason.removeprefix(LACKING) for reason, is_shared in reasons if is_shared is shared and (shared or reason.startswith(LACKING))
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which tests of the access matrix this run has; look for garbage less often, a sixth of the time of tests of pages."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    matrix.CHOSEN.update(item.nodeid.partition("[")[0] for item in session.items if item.get_closest_marker("matrix"))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what one of several processes tried of the matrix."""
    found = getattr(node, "workeroutput", {})
    matrix.CHOSEN.update(found.get("chosen", ()))
    matrix.TRIED.extend(matrix.Tried(*one) for one in found.get("tried", ()))


def _untried(config: pytest.Config) -> list[str]:
    """Name the cells that nobody tried, where this run has every test that tries some."""
    if hasattr(config, "workeroutput") or not matrix.callers_of_the_cast() <= matrix.CHOSEN:
        return []
    return matrix.untried(all_cells(), matrix.TRIED)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Record figures; fail where a cell of the matrix was not tried, or CI is set and something could not be run.

    What needs ../shared is only listed.
    """
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {"chosen": sorted(matrix.CHOSEN), "tried": [list(one) for one in matrix.TRIED]}
    if _untried(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if FIGURES and (name := os.environ.get("FIGURES")):
        record(name, session.config.getoption("--db"), {test: sorted(lines) for test, lines in FIGURES.items()})
    if os.environ.get("CI") and _lacking(session.config, shared=False) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name in the last lines the cells that nobody tried, what could not be run, and what would enable it; note what came of the run."""
    untried = [f"not tried: {cell}" for cell in _untried(terminalreporter.config)]
    if file := os.environ.get(run_results.VARIABLE):
        run_results.write(Path(file), terminalreporter.stats, untried)
    for line in matrix.table(matrix.TRIED) if terminalreporter.config.getoption("--over-a-socket") else ():
        terminalreporter.write_line(line)
    for line in untried:
        terminalreporter.write_line(line)
    for shared in (False, True):
        for what, count in _lacking(terminalreporter.config, shared=shared).items():
            terminalreporter.write_line(f"not run: {count} tests: {what}")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """Return `sqlite` or `postgres`."""
    return str(request.config.getoption("--db"))


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of a run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if is_xdist_worker(request) else folder


@pytest.fixture(scope="session")
def migrated(database_kind: str, run_folder: Path) -> Iterator[str]:
    """Prepare one migrated database: a file for the whole run, of which tests get copies, or the address of a PostgreSQL database.

    The pages of the file are small ones, which makes a copy a quarter as large.
    """
    if database_kind == "sqlite":
        path = run_folder / "migrated.sqlite"
        with (run_folder / "migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                with closing(sqlite3.connect(path.with_suffix(".new"))) as new:
                    new.executescript("PRAGMA page_size = 1024; VACUUM")
                database = Database(f"sqlite:///{path.with_suffix('.new')}")
                migrations.upgrade(database)
                database.dispose()
                path.with_suffix(".new").rename(path)
        yield str(path)
        return
    with postgres.a_database() as url:
        database = Database(url)
        migrations.upgrade(database)
        database.dispose()
        yield url


@pytest.fixture(scope="session")
def reused_instances() -> Iterator[dict[str, ReusedInstance]]:
    """Hold the instance and the application that this worker's tests share, once one of them needs it."""
    held: dict[str, ReusedInstance] = {}
    yield held
    for reused in held.values():
        reused.close()


@pytest.fixture
def reused(
    request: pytest.FixtureRequest,
    database_kind: str,
    reused_instances: dict[str, ReusedInstance],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ReusedInstance | None]:
    """Return the shared instance as a first start leaves it, or None for a test that has its own."""
    marks = ("fresh", "settings")
    if request.config.getoption("--fresh-apps") or any(request.node.get_closest_marker(mark) for mark in marks):
        yield None
        return
    migrated: str = request.getfixturevalue("migrated")
    if not reused_instances:
        folder = tmp_path_factory.mktemp("instance")
        path = folder / "aulario.sqlite"
        url, restore = f"sqlite:///{path}", partial(replace_database, Path(migrated), path)
        if database_kind == "postgres":
            url, restore = migrated, partial(postgres.empty, migrated)
        (folder / "rendered").symlink_to(request.getfixturevalue("rendered_lessons"), target_is_directory=True)
        settings = load(data_dir=folder, database_url=url, public_url="http://localhost:8000")
        reused_instances["one"] = ReusedInstance(settings, request.getfixturevalue("compiled_templates"), restore)
    reused = reused_instances["one"]
    reused.put_back()
    reused.patches = request.getfixturevalue("monkeypatch")
    reused.patches.setattr(event, "listen", reused.listen)
    yield reused
    reused.patches = None


@pytest.fixture
def database_url(database_kind: str, migrated: str, reused: ReusedInstance | None, tmp_path: Path) -> Iterator[str]:
    """Return the address of a migrated database without rows: a file, or the run's database, emptied afterwards."""
    if reused is not None:
        yield reused.settings.database_url
        return
    if database_kind == "sqlite":
        path = tmp_path / "aulario.sqlite"
        shutil.copy(migrated, path)
        yield f"sqlite:///{path}"
        return
    postgres.empty(migrated)  # of what the last test with the shared instance left
    yield migrated
    postgres.empty(migrated)


@pytest.fixture
def empty_database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """Return a database without tables."""
    with nullcontext(f"sqlite:///{tmp_path}/empty.sqlite") if database_kind == "sqlite" else postgres.a_database() as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture(scope="session")
def rendered_lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep lessons that were rendered for all tests of a run: the same small courses are published again and again."""
    return tmp_path_factory.mktemp("rendered")


@pytest.fixture
def settings(
    tmp_path: Path, rendered_lessons: Path, database_url: str, reused: ReusedInstance | None, request: pytest.FixtureRequest
) -> Settings:
    """Return the settings of a test's instance: no mail server, its own folder, and what the test is marked with."""
    if reused is not None:
        return reused.settings
    (tmp_path / "rendered").symlink_to(rendered_lessons, target_is_directory=True)
    given = {name: value for mark in request.node.iter_markers("settings") for name, value in mark.kwargs.items()}
    return load(**{"data_dir": tmp_path, "database_url": database_url, "public_url": "http://localhost:8000"} | given)


@pytest.fixture
def instance(settings: Settings, reused: ReusedInstance | None) -> Iterator[Instance]:
    """Return an opened instance."""
    if reused is not None and settings is reused.settings:
        yield reused.instance
        return
    opened = open_instance(settings)
    yield opened
    opened.database.dispose()


@pytest.fixture(scope="session")
def compiled_templates(run_folder: Path) -> BytecodeCache:
    """Keep what the templates compile to for all processes of a run."""
    (run_folder / "templates").mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(run_folder / "templates"))


@pytest.fixture(scope="session", autouse=True)
def compiled_routes() -> Iterator[None]:
    """Keep what Werkzeug makes of the address of a route, most of what each test's application takes: equal routes share it."""
    kept: dict[tuple[object, ...], dict[str, Any]] = {}
    compile_rule = Rule.compile

    def compile_once(rule: Rule) -> None:
        name = (rule.rule, rule.host, rule.subdomain, repr(rule.defaults), rule.strict_slashes, rule.merge_slashes, rule.websocket)
        if name not in kept:
            compile_rule(rule)
            kept[name] = {made: vars(rule)[made] for made in ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")}
        builders = {made: kept[name][made].__func__.__get__(rule) for made in ("_build", "_build_unknown")}
        vars(rule).update(kept[name] | builders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """Keep what SQLAlchemy compiles statements to, as a server does: each test's engines would do it again, a quarter of its time.

    It is kept by the statement and the dialect; the dialects of a run's engines differ by their kinds alone.
    """
    kept: LRUCache[Any, Any] = LRUCache(4000)

    def keep(connection: Connection) -> None:
        connection.execution_options(compiled_cache=kept)

    event.listen(Engine, "engine_connect", keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__eq__", lambda dialect, other: type(dialect) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        yield
    event.remove(Engine, "engine_connect", keep)


@pytest.fixture(scope="session", autouse=True)
def sessions_of_others() -> Iterator[None]:
    """Refuse that a session is used after it was given back: then it is another request's."""
    given_back: WeakSet[Session] = WeakSet()
    take, give_back = SessionPool.take, SessionPool.give_back

    def taken(pool: SessionPool) -> Session:
        session = take(pool)
        given_back.discard(session)
        return session

    def given(pool: SessionPool, session: Session, *, is_whole: bool) -> None:
        if session in pool._taken:
            given_back.add(session)
        give_back(pool, session, is_whole=is_whole)

    def refuse(session: Session, *_begun: object) -> None:
        assert session not in given_back, "a session is used after it was given back"

    event.listen(Session, "after_begin", refuse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SessionPool, "take", taken)
        patch.setattr(SessionPool, "give_back", given)
        yield
    event.remove(Session, "after_begin", refuse)


@pytest.fixture(autouse=True)
def gathered_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what a request leaves to be gathered before its test looks; tests of gathering wait."""
    if request.node.get_closest_marker("gathers") is None:
        monkeypatch.setattr(after_response, "Timer", lambda _seconds, write: SimpleNamespace(start=write))


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with a hundredth of the work, for people sign in in most tests; those marked `hashes` do all of it."""
    if request.node.get_closest_marker("hashes") is None:
        monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture(autouse=True)
def usual_reader() -> Iterator[None]:
    """Begin each test in the usual language: a request leaves its reader behind in the thread."""
    with reading(DEFAULT_LANGUAGE):
        yield


@pytest.fixture
def app(instance: Instance, reused: ReusedInstance | None, compiled_templates: BytecodeCache) -> Flask:
    """Return the application over the instance."""
    if reused is not None and instance is reused.instance:
        return reused.app
    made = create_app(instance)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


@pytest.fixture
def browser(app: Flask, instance: Instance, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Return a browser that checks the house's rules on every page it opens; over a socket, a visitor of a server."""
    if request.config.getoption("--over-a-socket"):
        with near(app, instance) as visitor:
            yield visitor
    else:
        yield Browser(app, instance)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a line although pytest keeps what tests print; where FIGURES names a file of docs/figures, record it there too."""

    def write(line: str) -> None:
        FIGURES.setdefault(request.node.nodeid.split("[")[0], []).append(line)
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201 - the counts of each run are told

    return write
