"""Run the suite, or a part of it, and say at the end how long it took, which cases were the longest, and what could not be run.

run_tests.py                   the fast tests on SQLite, without a browser
run_tests.py --db postgres     on PostgreSQL, those whose result depends on the database, and the access matrix
run_tests.py --rest MINUTES    what these two leave out, for so many minutes: a browser, slow tests, pages on PostgreSQL
run_tests.py --all             everything on both databases, each test with an application of its own

Other arguments go to pytest. With CI set, it also fails for what could not be run, and for too many cases that are marked slow.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import matrix, postgres, run_results  # noqa: E402 - the checkout is not installed with its tests
from tests.support.run_progress import RunNotes, in_minutes, recorded_before  # noqa: E402 - after the path is set

NO_TESTS = 5
CORES = os.cpu_count() or 1
RESULTS = ROOT / "build" / "results"
"""One file for each run: how long its tests took, and what failed."""
LONG_SECONDS = 0.6
"""Seconds of processor from which on a case is counted among the long ones."""
UNMARKED_MEANS = 45
"""A case that takes so many times the mean of its run ought to be marked slow; it is named, and fails nothing: machines are crowded."""
UNBOUNDED = ("tests/structure/", "tests/content/", "tests/browser/")
"""Tests without such a bound: what reads the whole project or all courses grows with these, and `make test` leaves a browser out."""
SLOW_CASES = 650
"""So many cases may be marked slow, and no more."""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of pytest: its title, the marks of its tests, and its options."""

    title: str
    marks: str
    options: tuple[str, ...] = ()
    workers: int = CORES

    @property
    def results(self) -> Path:
        """Return the file of its results."""
        return RESULTS / f"{self.title}.json"

    @property
    def is_on_postgres(self) -> bool:
        """Return whether it needs a PostgreSQL server."""
        return "postgres" in self.options


ORDINARY = "not long and not processes"
POSTGRES = ("--db", "postgres")
WAITING = CORES + 1
"""Processes of a run whose tests wait for a browser or a server for a good part of their time."""
FAST = Run("fast tests, on SQLite", f"not slow and not browser and {ORDINARY}")
DATABASE = Run("database and access matrix, on PostgreSQL", f"(database or matrix) and not slow and not browser and {ORDINARY}", POSTGRES)
COURSES = "tests/content"
"""Tests of what the shipped courses say; they read and render all of it."""
TESTED_COURSES = ROOT / COURSES / "tested.sha256"
"""The digest of the courses and their tests that passed last: a run that they pass writes it, and it is committed with the change."""
REST = (
    Run("courses, on SQLite", f"content and not slow and {ORDINARY}", (COURSES,)),
    Run("browser, on SQLite", f"browser and {ORDINARY}", workers=WAITING),
    Run("slow tests, on SQLite", f"slow and not browser and {ORDINARY}", workers=WAITING),
    Run("queries through pages, on PostgreSQL", f"http and not pages and not matrix and not slow and {ORDINARY}", POSTGRES),
    Run("slow tests, on PostgreSQL", f"slow and (database or http) and not pages and {ORDINARY}", POSTGRES, workers=WAITING),
)
FRESH = "--fresh-apps"
ALL = (
    Run("everything, on SQLite", ORDINARY, (FRESH,), workers=WAITING),
    Run("everything with a database, on PostgreSQL", f"not unit and {ORDINARY}", (FRESH, *POSTGRES), workers=WAITING),
)
ELSEWHERE = {
    "what depends on the database, on PostgreSQL": "make test DB=postgres",
    "pages in Chromium": "make browser",
    "slow tests, and everything on both databases": "make test-all",
}
"""What `make test` leaves to other commands."""


def courses_digest() -> str:
    """Return the SHA-256 of the shipped courses and of their tests, in hexadecimal digits."""
    files = [path for folder in ("content", COURSES) for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    digest = hashlib.sha256()
    for path in sorted(set(files) - {TESTED_COURSES}):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def fast_run() -> Run:
    """Return the run of the fast tests, without those of the courses where these are as they were when they passed."""
    is_tested = TESTED_COURSES.exists() and TESTED_COURSES.read_text("utf-8").strip() == courses_digest()
    return replace(FAST, options=(f"--ignore={COURSES}",)) if is_tested else FAST


def perform(run: Run, arguments: Sequence[str], until: float = inf) -> bool:
    """Perform a run and return whether everything passed; with `until`, no test is begun after that moment of the monotonic clock.

    What is compiled is kept, whatever the environment says: each worker, and each process that a test starts, would do it again.
    """
    print(f"\n=== {run.title}", flush=True)
    if run.results.exists():
        recorded_before(run.results).parent.mkdir(parents=True, exist_ok=True)
        run.results.replace(recorded_before(run.results))
    options = ["-q", "-rfE", "-p", "tests.support.run_progress", "-n", str(run.workers), "--dist", "worksteal", "-m", run.marks]
    return _pytest(run, [*options, *run.options, *(["--until", str(until)] if until < inf else []), *arguments])


def _pytest(run: Run, options: Sequence[str]) -> bool:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", run_results.VARIABLE: str(run.results)}
    return subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, env=environment, check=False).returncode in (0, NO_TESTS)


def perform_while_time_is_left(runs: Sequence[Run], arguments: Sequence[str], until: float) -> tuple[list[Run], list[Run]]:
    """Perform runs one after another, each with its share of the time; return those that failed, and those that were not begun."""
    failed, left_out = [], []
    for number, run in enumerate(runs):
        now = time.monotonic()
        if now >= until:
            left_out.append(run)
        elif not perform(run, arguments, now + (until - now) / (len(runs) - number)):
            failed.append(run)
    return failed, left_out


def unmarked_long_cases(run: Run) -> dict[str, float]:
    """Return the cases of a run that took long beside the others and are not marked slow, with how many times the mean.

    Those of the access matrix are never slow: every run has them.
    """
    marked, cells, seconds = set(RunNotes.read(run.results).marked_slow), matrix.callers_of_the_cast(), _seconds(run.results)
    most = UNMARKED_MEANS * mean(seconds.values()) if seconds else inf
    return {
        name: taken / most * UNMARKED_MEANS
        for name, taken in seconds.items()
        if taken > most and name not in marked and name.partition("[")[0] not in cells and not name.startswith(UNBOUNDED)
    }


def _seconds(file: Path) -> dict[str, float]:
    """Return the seconds of each case of a run; none of a run that wrote no results."""
    return json.loads(file.read_text("utf-8"))["seconds"] if file.exists() else {}


def closing_lines(runs: Sequence[Run], seconds: float) -> Iterator[str]:
    """Yield the last lines: the longest cases, what failed, how many came out how in which time, and what could not be run."""
    files = [run.results for run in runs]
    count = sum(taken > LONG_SECONDS for file in files for taken in _seconds(file).values())
    yield f"\n{count:,} cases over {LONG_SECONDS} s of processor; the longest of all:"
    yield from run_results.slowest(files)
    yield from ("", *run_results.failures(files))
    for run in runs:
        if not run.is_on_postgres:
            cases = unmarked_long_cases(run).items()
            yield from (f"ought to be marked slow: {times:.0f} times the mean: {name}  ({run.title})" for name, times in cases)
    used = os.times()
    processor = in_minutes(used.children_user + used.children_system)
    yield f"{run_results.totals(files)} in {in_minutes(seconds)}, with {processor} of processor on {CORES} cores"
    for run in runs:
        notes = RunNotes.read(run.results)
        yield from (f"not run: {count} of {run.title}: {what}" for what, count in notes.lacking.items())
        if notes.without_time:
            yield f"not run: {notes.without_time} of {run.title}: no time was left"


def too_many_slow_cases(runs: Sequence[Run]) -> list[str]:
    """Return the faults where more cases are marked slow than may be."""
    slow = max((RunNotes.read(run.results).slow_cases for run in runs), default=0)
    return [f"{slow} cases are marked slow; {SLOW_CASES} may be."] if slow > SLOW_CASES else []


def _parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rest", type=float, metavar="MINUTES")
    parser.add_argument("--all", action="store_true")
    return parser.parse_known_args()


def main() -> int:
    """Run the command."""
    began, (options, arguments), in_ci = time.monotonic(), _parse(), bool(os.environ.get("CI"))
    is_rest = options.rest is not None
    planned = ALL if options.all else REST if is_rest else (DATABASE,) if options.db == "postgres" else (fast_run(),)
    reason = postgres.unreachable() if any(run.is_on_postgres for run in planned) else None
    runs = [run for run in planned if reason is None or not run.is_on_postgres]
    failed, left_out = perform_while_time_is_left(runs, arguments, began + options.rest * 60 if is_rest else inf)
    performed = [run for run in runs if run not in left_out]
    print(*closing_lines(performed, time.monotonic() - began), sep="\n")
    if reason is not None:
        print(*(f"not run: {run.title} ({reason}). {postgres.ENABLE}" for run in planned if run.is_on_postgres), sep="\n")
    print(*(f"not run: {run.title}: no time was left" for run in left_out), sep="\n", end="\n" if left_out else "")
    if planned == (FAST,) and not arguments and not failed:
        TESTED_COURSES.write_text(f"{courses_digest()}\n", "utf-8")
    if planned[0].title == FAST.title:
        elsewhere = (
            ELSEWHERE if planned == (FAST,) else {"the courses, which are as they were when they passed": "make test-rest", **ELSEWHERE}
        )
        print(*(f"Left to another command: {what}: {command}" for what, command in elsewhere.items()), sep="\n")
    faults = too_many_slow_cases(performed) if in_ci else []
    print(*faults, sep="\n", end="\n" if faults else "")
    print("\nFailed: " + "; ".join(run.title for run in failed) if failed else "\nPassed.")
    is_missing = reason is not None and (in_ci or not runs)
    return bool(failed or faults) or is_missing


if __name__ == "__main__":
    sys.exit(main())
