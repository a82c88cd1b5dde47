"""Run all tests but the long ones: on SQLite, then those of database and pages on PostgreSQL where a server is reachable.

Say at the end what could not be run; with CI set, that is a failure. Arguments go to pytest. `make browser` runs the long ones.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import postgres  # noqa: E402 - the checkout is not installed with its tests

NO_TESTS = 5
WORKERS = (os.cpu_count() or 1) + 1
"""One more than there are processors: many tests wait for a server or a browser."""


def run(title: str, *options: str) -> bool:
    """Run pytest and say whether everything passed.

    What is compiled is kept, whatever the environment says: each worker, and each process that a test starts, would do it again.
    """
    print(f"\n=== {title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "worksteal", *options, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}, check=False).returncode in (0, NO_TESTS)


def main() -> int:
    """Run the command."""
    passed = {"SQLite": run("all tests but the long ones, on SQLite", "-m", "not long and not processes")}
    reason = postgres.unreachable()
    if reason is None:
        passed["PostgreSQL"] = run(
            "tests that use a database, on PostgreSQL", "--db", "postgres", "-m", "(database or http) and not long and not processes"
        )
    failed = [name for name, fine in passed.items() if not fine]
    print(f"\nPassed on {' and '.join(passed)}." if not failed else f"\nFailed on {' and '.join(failed)}.")
    if reason is not None:
        print(f"not run: the database tests on PostgreSQL ({reason}). {postgres.ENABLE}")
    return bool(failed) or (reason is not None and bool(os.environ.get("CI")))


if __name__ == "__main__":
    sys.exit(main())
