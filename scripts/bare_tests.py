"""Run the fast tests that touch programs of the machine as on one that has make and Python alone: each passes or is skipped with a note.

Their PATH leads to one folder with what every such machine has, no PostgreSQL server can be reached, and CI is not set.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.program_starts import tests_of_programs  # noqa: E402 - the checkout is not installed with its tests

TOOLS = """
make sh env basename cat chmod cp cut date dirname expand expr false find grep head id install ln ls mkdir mktemp mv printf pwd rm rmdir sed
sleep sort tail tee test touch tr true uname uniq wc
"""
"""Programs of every machine that has make: the shell, and what POSIX and coreutils put beside it."""
NO_SERVER = "postgresql+psycopg://nobody@127.0.0.1:9/none"
MARKS = "not slow and not browser and not long and not processes"
"""The tests of `make test`, which a bare machine runs."""
LEFT_OUT = {"CI", "CHROMIUM", "TEST_PGBOUNCER"}


def fill(folder: Path) -> None:
    """Put links to the tools and to this Python into a folder."""
    for name in TOOLS.split():
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    (folder / "python3").symlink_to(sys.executable)


def bare_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a machine on which nothing is installed but what a folder holds."""
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    return {**kept, "PATH": str(folder), "TEST_POSTGRES_URL": NO_SERVER, "PYTHONDONTWRITEBYTECODE": ""}


def main() -> int:
    """Run the command; further arguments go to pytest."""
    with tempfile.TemporaryDirectory(prefix="aulario-bare-") as place:
        fill(Path(place))
        options = ["-q", "-n", str(os.cpu_count() or 1), "--dist", "worksteal", "-m", MARKS]
        command = [sys.executable, "-m", "pytest", *options, *sys.argv[1:], *tests_of_programs()]
        return subprocess.run(command, cwd=ROOT, env=bare_environment(Path(place)), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
