"""Make golden files from any commit, and compare two sets: the proof that a redesign changes nothing which people see or take out.

golden.py COMMIT            make build/golden/COMMIT: pages of every role in both languages, exports, archives of own data, access matrix
golden.py BEFORE AFTER      make what is missing of both, and compare; exit 1 where they differ, except what --expected names
golden.py … --expected RE   files (role/language/address) that may differ, as a regular expression

A commit `.` is this folder as it is now, and is made anew each time. tests/support/golden_maker.py says how a set is made.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.programs import find_program  # noqa: E402 - after the path is set

SETS = ROOT / "build" / "golden"
MAKER = ROOT / "tests" / "support" / "golden_maker.py"
SHOWN = 12
"""Differences of which some lines are printed."""


def git(*arguments: str) -> bytes:
    """Return the output of git."""
    program = find_program("git")
    if program is None:
        raise SystemExit("git is missing (apt-get install git).")
    return subprocess.run([program, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Yield a folder with the files of a commit; of `.` this one."""
    if commit == ".":
        yield ROOT
        return
    with tempfile.TemporaryDirectory(prefix="aulario-golden-") as folder:
        place = Path(folder) / "checkout"
        git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield place
        finally:
            git("worktree", "remove", "--force", str(place))


def make_set(commit: str) -> Path:
    """Make the set of a commit where it is not there yet; return its folder."""
    name = "worktree" if commit == "." else git("rev-parse", "--short=12", f"{commit}^{{commit}}").decode().strip()
    folder, unfinished = SETS / name, SETS / f"{name}.part"
    if folder.exists() and commit != ".":
        return folder
    for old in (folder, unfinished):
        shutil.rmtree(old, ignore_errors=True)
    with checkout(commit) as place:
        variables = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(place), "PYTHONSAFEPATH": "1"}
        subprocess.run([sys.executable, str(MAKER), str(unfinished)], cwd=place, env=variables, check=True)
        shutil.copy(place / "docs" / "spec" / "access-matrix.csv", unfinished)
    return unfinished.rename(folder)


def compare(before: Path, after: Path, expected: str) -> int:
    """Print which files differ, with some lines of the first ones; return how many were not expected to."""
    names = [{path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} for folder in (before, after)]
    unexpected = shown = 0
    for name in sorted(names[0] | names[1]):
        old, new = ((folder / name).read_text("utf-8").splitlines() if (folder / name).exists() else [] for folder in (before, after))
        if old == new:
            continue
        is_expected = bool(expected and re.search(expected, name))
        unexpected += not is_expected
        print(f"{'expected' if is_expected else 'DIFFERS'}: {name}{'' if old else ' (new)'}{'' if new else ' (gone)'}")
        if not is_expected and old and new and (shown := shown + 1) <= SHOWN:
            print("\n".join(line[:200] for line in [*difflib.unified_diff(old, new, lineterm="", n=0)][2:14]))
    print(f"{len(names[0] & names[1])} files in both, {len(names[0] ^ names[1])} in one, {unexpected} differ unexpectedly")
    return unexpected


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("commits", nargs="*")
    parser.add_argument("--expected", default="")
    given = parser.parse_args(arguments)
    if len(given.commits) not in (1, 2):
        parser.error("name one commit, or two to compare")
    folders = [make_set(commit) for commit in given.commits]
    return int(compare(folders[0], folders[1], given.expected) > 0) if len(folders) == 2 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
