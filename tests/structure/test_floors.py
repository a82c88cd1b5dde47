"""The import contracts of pyproject.toml hold, and each of them sees the import that breaks it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import translations
from tests.support.project import PACKAGES, PYPROJECT, ROOT, tracked

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo", "--no-cache"]
BREAKS = {
    "Floors: a package imports only from the floors below it": ("courses/queries/outlines.py", "import enrolments.models"),
    "Rooms: entry points stand on services, services on models, models on rules": ("enrolments/models.py", "import enrolments.services"),
    "Rules are pure: no web, no database": ("quizzes/rules/numbers.py", "import sqlalchemy"),
    "The domain does not know the web": ("accounts/services.py", "import flask"),
    "No circle: modules beside each other do not import each other in turn": (
        "kernel/markup/render_state.py",
        "import kernel.markup.dialect",
    ),
    "Entry points are private to their package": ("quizzes/services/attempts.py", "import enrolments.views"),
}
CONTRACTS = [contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=folder, env={"PYTHONPATH": str(folder), "PATH": ""}, capture_output=True, text=True, check=False)


def copy(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "fonts"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract_sees_the_import_that_breaks_it(name: str, tmp_path: Path) -> None:
    path, statement = BREAKS[name]
    module = copy(tmp_path) / path
    module.write_text(f"{module.read_text('utf-8')}\n{statement}\n", "utf-8")

    done = lint(tmp_path)

    assert done.returncode == 1
    assert f"{name} BROKEN" in " ".join(done.stdout.split())


def test_a_room_without_a_place_is_seen(tmp_path: Path) -> None:
    (copy(tmp_path) / "quizzes" / "attic.py").write_text('"""Say."""\n', "utf-8")

    assert "quizzes.attic" in lint(tmp_path).stdout


def test_every_package_stands_on_a_floor() -> None:
    """What is a package is shipped in the wheel, and known to the contracts, to mypy and to the collector of messages."""
    tools = PYPROJECT["tool"]
    found = {path.parent.name for path in tracked() if path.name == "__init__.py" and path.parent.parent == ROOT}

    assert found - {"tests", "scripts"} == set(PACKAGES)
    assert tools["importlinter"]["root_packages"] == list(PACKAGES)
    assert tools["mypy"]["packages"] == list(PACKAGES)
    assert translations.PACKAGES == PACKAGES
