"""The project's own files, for the tests that read them."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path

from scripts.packages import read_packages
from tests.support.programs import find_program

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"instance", "build", "dist", "mutants", "node_modules", "__pycache__"}
HIDDEN = {".ci", ".gitignore"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: tuple[str, ...] = read_packages()


def _is_ours(name: str) -> bool:
    return name in HIDDEN or not (name in NOT_OURS or name.startswith("."))


def _names_in_git() -> list[str]:
    """Return the names of the files that git knows or would take up; none without git or a clone."""
    git = find_program("git")
    if git is None or not (ROOT / ".git").exists():
        return []
    command = [git, "ls-files", "-co", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in listing.stdout.split("\0") if name] if listing.returncode == 0 else []


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file of the project: what git knows or would take up, else all files."""
    names = _names_in_git()
    if names:
        paths = [ROOT / name for name in names]
    else:
        paths = [path for path in ROOT.rglob("*") if all(_is_ours(part) for part in path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def modules_of(folder: str) -> tuple[str, ...]:
    """Return the paths of the modules of a folder, from the root of the project."""
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")))


def modules(*extra: str) -> tuple[str, ...]:
    """Return the paths of the packages' modules, from the root of the project."""
    return tuple(sorted(path for name in (*PACKAGES, *extra) for path in modules_of(name)))


def modules_of_tests() -> tuple[str, ...]:
    """Return the paths of the tests' modules, from the root of the project."""
    return modules_of("tests")


@cache
def text(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text("utf-8")
