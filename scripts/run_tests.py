"""Run the fast tests: on SQLite, then those of database and pages on PostgreSQL where a server is reachable.

With `--all` the slow ones follow on both; with CI set they follow for as long as time is left. Say at the end which tests were the
slowest, which failed, and what could not be run; with CI set, that is a failure. Other arguments go to pytest. `make browser` and
`make faults` run the long ones.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import postgres, run_results  # noqa: E402 - the checkout is not installed with its tests

NO_TESTS = 5
WORKERS = (os.cpu_count() or 1) + 1
"""One more than there are processors: many tests wait for a server or a browser."""
ORDINARY = "not long and not processes"
FAST, SLOW = f"not slow and {ORDINARY}", f"slow and {ORDINARY}"
ALL = "--all"
CI_SECONDS = 20 * 60
"""In continuous integration no slow test is begun later than this, so that the whole stays under half an hour."""
RESULTS = ROOT / "build" / "results"
"""One file for each run: how long its tests took, and what failed."""


def run(title: str, marks: str, *options: str) -> bool:
    """Run pytest and say whether everything passed.

    What is compiled is kept, whatever the environment says: each worker, and each process that a test starts, would do it again.
    """
    print(f"\n=== {title}", flush=True)
    given = [argument for argument in sys.argv[1:] if argument != ALL]
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "worksteal", "-m", marks, *options, *given]
    noted = {run_results.VARIABLE: str(RESULTS / f"{title}.json")}
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **noted}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode in (0, NO_TESTS)


def main() -> int:
    """Run the command."""
    began = time.monotonic()
    shutil.rmtree(RESULTS, ignore_errors=True)
    in_ci, reason = bool(os.environ.get("CI")), postgres.unreachable()
    databases = {"SQLite": ()} | ({"PostgreSQL": ("--db", "postgres")} if reason is None else {})
    failed = []
    for name, options in databases.items():
        if not run(f"fast tests, on {name}", on(name, FAST), *options):
            failed.append(name)
    if in_ci or ALL in sys.argv:
        for left, (name, options) in zip(range(len(databases), 0, -1), databases.items(), strict=True):
            now = time.monotonic()
            if ALL not in sys.argv and now > began + CI_SECONDS:
                print(f"\nnot run: the slow tests on {name}, no time is left")
                continue
            limit = () if ALL in sys.argv else ("--until", str(now + (began + CI_SECONDS - now) / left))
            if not run(f"slow tests, on {name}", on(name, SLOW), *options, *limit):
                failed.append(f"{name} (slow)")
    files = sorted(RESULTS.glob("*.json"))
    print("\nThe slowest tests, with what they set up:", *run_results.slowest(files), sep="\n")
    print("", *run_results.failures(files), run_results.totals(files), sep="\n")
    print(f"\nPassed on {' and '.join(databases)}." if not failed else f"\nFailed on {' and '.join(failed)}.")
    if reason is not None:
        print(f"not run: the database tests on PostgreSQL ({reason}). {postgres.ENABLE}")
    return bool(failed) or (reason is not None and in_ci)


def on(database: str, marks: str) -> str:
    """Leave out, on the second database, what uses none, and what is about the forms and words of pages."""
    return marks if database == "SQLite" else f"(database or http) and not pages and {marks}"


if __name__ == "__main__":
    sys.exit(main())
