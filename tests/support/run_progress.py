"""A pytest plugin of `make test`: while a run goes on, a line says what is done and about how long the rest takes.

It notes what the file of results does not hold: which cases are marked slow, what could not be run, and how many tests had no time left.
`scripts/run_tests.py` loads it with `-p tests.support.run_progress`.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import run_results
from tests.support.missing import LACKING

NO_TIME = "no time is left"
"""The reason of tests/conftest.py for a test that is begun after `--until`."""
LEAST_SHARE = 0.01
"""The share of a run that is done before anything is said of the rest: the start would count as the first test."""
UNKNOWN_SECONDS = 0.05
"""Assumed of each test where no run was recorded."""


def recorded_before(results: Path) -> Path:
    """Return where the results of the run before are kept."""
    return results.with_name("before") / results.name


def notes_file(results: Path) -> Path:
    """Return where a run keeps its notes, beside its results."""
    return results.with_suffix(".notes")


@dataclass
class RunNotes:
    """What a run notes beside its results: its cases that are marked slow, what lacked, and the tests that had no time left."""

    marked_slow: list[str] = field(default_factory=list)
    slow_cases: int = 0
    """Cases of the whole suite that are marked slow, whether this run has them or not."""
    lacking: dict[str, int] = field(default_factory=dict)
    without_time: int = 0

    @classmethod
    def read(cls, results: Path) -> RunNotes:
        """Return the notes beside a file of results; empty ones where a run wrote none."""
        path = notes_file(results)
        return cls(**json.loads(path.read_text("utf-8"))) if path.exists() else cls()

    def write(self, results: Path) -> None:
        """Write the notes beside a file of results."""
        results.parent.mkdir(parents=True, exist_ok=True)
        notes_file(results).write_text(json.dumps(asdict(self)), "utf-8")


class Estimate:
    """What is done of a run, and about how long the rest takes: in proportion to the seconds that a run before recorded."""

    def __init__(self, recorded: Mapping[str, float]) -> None:
        self._recorded = recorded
        self._usual = sum(recorded.values()) / len(recorded) if recorded else UNKNOWN_SECONDS
        self._waiting: set[str] = set()
        self._done_seconds = self._all_seconds = 0.0
        self.done = self.all = 0

    def expect(self, tests: Iterable[str]) -> None:
        """Take in the tests of the run."""
        new = set(tests) - self._waiting
        self._waiting |= new
        self.all += len(new)
        self._all_seconds += sum(map(self._seconds, new))

    def finish(self, test: str) -> None:
        """Count a test as done."""
        self._waiting.discard(test)
        self.done += 1
        self._done_seconds += self._seconds(test)

    def _seconds(self, test: str) -> float:
        return max(self._recorded.get(test, self._usual), 0.001)

    def seconds_left(self, gone: float) -> float | None:
        """Return about how many seconds the rest takes after so many; None while too little is done to tell."""
        if not self._done_seconds or self._done_seconds < self._all_seconds * LEAST_SHARE:
            return None
        return gone * max(self._all_seconds - self._done_seconds, 0) / self._done_seconds

    def line(self, gone: float, failed: int) -> str:
        """Return the line of progress."""
        left = self.seconds_left(gone)
        parts = [f"{self.done:,} of {self.all:,} tests", f"{in_minutes(gone)} gone"]
        parts += [] if left is None else [f"about {in_minutes(left)} left"]
        return ", ".join([*parts, *([f"{failed} failed"] if failed else [])])


def in_minutes(seconds: float) -> str:
    """Return a time in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class Progress:
    """Watches the reports of a run in the process that a person looks at."""

    def __init__(self, config: pytest.Config, results: Path | None) -> None:
        self._config, self._results = config, results
        before = recorded_before(results) if results else None
        recorded = json.loads(before.read_text("utf-8"))["seconds"] if before and before.exists() else {}
        self.estimate, self.notes = Estimate(recorded), RunNotes()
        self._failed, self._began = 0, time.monotonic()
        self._pause = config.getoption("--progress-seconds")
        self._next = self._began + self._pause
        self._lacking: Counter[str] = Counter()

    def write_line(self, text: str) -> None:
        """Write a line of its own."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(text)
            reporter.flush()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take in the tests of a run in one process."""
        self.estimate.expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Take in the tests of a run in several processes, each of which collects all of them."""
        self.estimate.expect(ids)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Print no letter for each test: lines of progress say how many are done, and failures have a line each."""
        status = yield
        return (status[0], "", "") if status else status

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a report says; print a line for a failure at once, and one of progress from time to time."""
        if report.failed:
            self._failed += 1
            self.write_line(f"FAILED {report.nodeid} ({report.when})")
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self.notes.without_time += reason == NO_TIME
            if reason.startswith(LACKING):
                self._lacking[reason.removeprefix(LACKING)] += 1
        if report.when != "teardown":
            return
        self.estimate.finish(report.nodeid)
        if "slow" in report.keywords:
            self.notes.marked_slow.append(report.nodeid)
        if (now := time.monotonic()) >= self._next:
            self._next = now + self._pause
            self.write_line(self.estimate.line(now - self._began, self._failed))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over how many cases of the suite are marked slow, which each process counts."""
        self.notes.slow_cases = max(self.notes.slow_cases, getattr(node, "workeroutput", {}).get("slow_cases", 0))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the notes."""
        self.notes.slow_cases = max(self.notes.slow_cases, session.config.stash.get(SLOW_CASES, 0))
        self.notes.lacking = dict(self._lacking)
        if self._results:
            self.notes.write(self._results)


SLOW_CASES = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how often a line of progress is printed."""
    parser.addoption("--progress-seconds", type=float, default=15.0, help="seconds from one line of progress to the next")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the cases that are marked slow, before a run takes its choice."""
    config.stash[SLOW_CASES] = sum(item.get_closest_marker("slow") is not None for item in items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the count to the process that a person looks at."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow_cases"] = session.config.stash.get(SLOW_CASES, 0)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, in the process that a person looks at."""
    if not hasattr(config, "workerinput"):
        results = os.environ.get(run_results.VARIABLE)
        config.pluginmanager.register(Progress(config, Path(results) if results else None), "run-progress")
