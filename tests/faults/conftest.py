"""Every test here takes long, and is run by `make faults` alone."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
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
def faulty() -> Iterator[dict[str, str]]:
    """Compile what makes a disk or a clock misbehave; give the environment that loads it, for another user's processes too."""
    if COMPILER is None:
        pytest.skip(note("a C compiler is missing (apt-get install gcc libc6-dev)"))
    with tempfile.TemporaryDirectory(prefix="aulario-faults-", dir="/tmp") as place:
        library, folder = Path(place) / "shim.so", Path(place) / "faults"
        folder.mkdir()
        Path(place).chmod(0o755)
        folder.chmod(0o777)
        source = Path(__file__).with_name("shim.c")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        yield {"LD_PRELOAD": str(library), "FAULT_FOLDER": str(folder)}
