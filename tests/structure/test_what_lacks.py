"""What a run could not do is told in its last lines; with CI set it is a failure, unless only the shared folder lacks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT

MEANT = re.compile(r"(?:pytest\.skip\(|skipif\()(?!note\(|lacking\()")

SAMPLE = """
import pytest
from tests.support.missing import note

def test_fine():
    pass

def test_meant():
    pytest.skip("not on this database")

@pytest.mark.shared
def test_shared():
    pytest.skip("the folder is not there")
"""
LACKS = """
def test_lacking():
    pytest.skip(note("Chromium is missing (apt-get install chromium)"))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sample", "continuous", "options", "code"),
    [(SAMPLE, "1", "", 0), (SAMPLE + LACKS, "", "", 0), (SAMPLE + LACKS, "1", "", 1), (SAMPLE + LACKS, "1", "-n1", 1)],
)
def test_run_tells_what_lacks(sample: str, continuous: str, options: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(sample)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "tests.conftest",
        *options.split(),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, env={"CI": continuous, "PATH": ""}, capture_output=True, text=True, check=False)

    assert done.returncode == code, done.stdout
    assert ("not run: 1 tests: Chromium is missing (apt-get install chromium)" in done.stdout) is (LACKS in sample)
    assert "not run: 1 tests: the folder is not there" in done.stdout
    assert "not run: 1 tests: not on this database" not in done.stdout


@pytest.mark.slow
def test_when_the_time_of_a_run_is_over_no_test_is_begun_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("def test_fine():\n    pass\n\ndef test_fault():\n    raise AssertionError\n")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest", str(tmp_path)]
    late, soon = (
        subprocess.run([*command, "--until", until], cwd=ROOT, env={"CI": "1", "PATH": ""}, capture_output=True, text=True, check=False)
        for until in ("1", "1e12")
    )

    assert (late.returncode, soon.returncode) == (0, 1)
    assert "2 skipped" in late.stdout
    assert "no time is left" in late.stdout


def test_every_skip_that_is_meant_stands_in_the_readme_of_the_tests() -> None:
    told = (ROOT / "tests" / "README.md").read_text("utf-8")
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path.name != Path(__file__).name]
    skipping = {path.relative_to(ROOT / "tests").as_posix() for path in files if MEANT.search(path.read_text("utf-8"))}

    assert skipping
    assert {name for name in skipping if f"`{name}`" not in told} == set()
