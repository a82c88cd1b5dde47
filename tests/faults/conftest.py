"""Every test here takes long, and is run by `make faults` alone."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.missing import note

COMPILER = shutil.which("gcc") or shutil.which("cc")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as long."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("long")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line although pytest keeps what tests print."""

    def write(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201 - the counts of each run are told

    return write


@pytest.fixture
def faulty(tmp_path: Path) -> dict[str, str]:
    """Compile what makes a disk or a clock misbehave; return the environment that loads it."""
    if COMPILER is None:
        pytest.skip(note("a C compiler is missing (apt-get install gcc libc6-dev)"))
    library, folder = tmp_path / "shim.so", tmp_path / "faults"
    folder.mkdir()
    source = Path(__file__).with_name("shim.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "FAULT_FOLDER": str(folder)}
