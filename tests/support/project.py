"""The project's own files, for the tests that read them."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"instance", "build", "dist", "__pycache__"}
HIDDEN = {".ci", ".gitignore"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: tuple[str, ...] = tuple(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def _is_ours(name: str) -> bool:
    return name in HIDDEN or not (name in NOT_OURS or name.startswith("."))


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file of the project: what git knows or would take up, else all files."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and (ROOT / ".git").exists():
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if all(_is_ours(part) for part in path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def modules(*extra: str) -> tuple[str, ...]:
    """Return the paths of the packages' modules, from the root of the project."""
    return tuple(sorted(path.relative_to(ROOT).as_posix() for name in (*PACKAGES, *extra) for path in (ROOT / name).rglob("*.py")))


def modules_of_tests() -> tuple[str, ...]:
    """Return the paths of the tests' modules, from the root of the project."""
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")))


def text(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text("utf-8")
