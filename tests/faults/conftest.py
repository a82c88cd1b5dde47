"""Fixtures of what breaks on purpose; `make faults` alone runs this folder."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import program


@pytest.fixture
def faulty() -> Iterator[dict[str, str]]:
    """Compile what makes a disk or a clock misbehave; give the environment that loads it, for another user's processes too."""
    compiler = program("cc")
    with tempfile.TemporaryDirectory(prefix="aulario-faults-", dir="/tmp") as place:
        library, folder = Path(place) / "shim.so", Path(place) / "faults"
        folder.mkdir()
        Path(place).chmod(0o755)
        folder.chmod(0o777)
        source = Path(__file__).with_name("shim.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        yield {"LD_PRELOAD": str(library), "FAULT_FOLDER": str(folder)}
