"""No test starts a program of the machine, a server or a browser without asking for it, so that a bare machine skips it with a note."""

from pathlib import Path

import pytest

from tests.support import program_starts
from tests.support.missing import LACKING
from tests.support.program_starts import ASKED_BEFORE, all_faults, faults, idle_exceptions, starts
from tests.support.programs import PROGRAMS, find_program, program
from tests.support.project import text

BY_HAND = {"cc", "ip", "pgbouncer"}
"""Programs of `make faults` and `make scaled`, which .ci/run leaves out."""
ASKS = "import subprocess\nfrom tests.support.programs import find_program, program\n"
SERVER = """
class Server:
    def __init__(self, folder, path):
        self.folder, self.path = folder, path
    def start(self):
        subprocess.Popen([self.path])
"""


def test_every_start_is_of_this_python_or_of_a_program_that_was_asked_for() -> None:
    assert all_faults() == []


def test_every_exception_is_needed_and_says_why() -> None:
    assert idle_exceptions() == []
    assert all(ASKED_BEFORE.values())


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['pdftotext', 'a.pdf'])",
        "import subprocess\nsubprocess.run('pdftotext a.pdf', shell=True)",
        "import subprocess as starting\nstarting.check_output(args=('pdftotext', 'a.pdf'))",
        "from subprocess import Popen\ndef test_a(tmp_path):\n    command = ['git', 'log']\n    Popen(command)",
        "import subprocess\nsubprocess.run([*WORDS, 'a.pdf'])",
        "import subprocess\ndef read(program):\n    subprocess.run([program, 'a.pdf'])\nread('pdftotext')",
        "import subprocess, sys\ncommand = [sys.executable] if bare else ['python3']\nsubprocess.run(command)",
        f"import subprocess\n{SERVER}Server(1, 'nginx')",
        "import os\nos.system('pdftotext a.pdf')",
        "import os\nos.execvp('git', ['git'])",
        "import shutil\nshutil.which('openssl')",
        "import ctypes\nctypes.CDLL('libcairo.so.2')",
        "import asyncio\nasyncio.create_subprocess_exec('node', 'a.js')",
        "from playwright.sync_api import sync_playwright\nwith sync_playwright() as driver:\n    pass",
    ],
)
def test_the_rule_sees_each_start_that_was_not_asked_for(source: str) -> None:
    assert len(faults("tests/quizzes/test_rules.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'pass'])",
        "import subprocess, sys\nfrom pathlib import Path\nsubprocess.run([str(Path(sys.executable).with_name('ruff')), 'check'])",
        "import subprocess\nfrom tests.support.server import LMS\nCOMMAND = [LMS, 'jobs']\nsubprocess.run(COMMAND + ['list'])",
        f"{ASKS}subprocess.run([program('pdftotext'), 'a.pdf'])",
        f"{ASKS}def test_a():\n    if (git := find_program('git')) is not None:\n        subprocess.run([git, 'log'])",
        f"{ASKS}def node():\n    return program('node')\ndef test_a():\n    subprocess.run([node(), 'a.js'])",
        f"{ASKS}{SERVER}Server(1, program('nginx'))",
        "class runner:\n    def run(self, command):\n        pass\nrunner().run(['pdftotext'])",
    ],
)
def test_the_rule_lets_pass_what_was_asked_for(source: str) -> None:
    assert faults("tests/quizzes/test_rules.py", source) == []


def test_a_start_is_told_with_its_line_and_program() -> None:
    [fault] = faults("tests/quizzes/test_rules.py", "import subprocess\n\nsubprocess.run(['pdftotext', 'a.pdf'])\n")

    assert fault == "tests/quizzes/test_rules.py:3 starts ['pdftotext', 'a.pdf']"
    assert [start.is_asked for start in starts(f"{ASKS}subprocess.run([program('git')])")] == [True]


def a_program(folder: Path, name: str) -> str:
    """Write a program that does nothing; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return str(folder / name)


def test_a_missing_program_skips_the_test_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(pytest.skip.Exception, match=rf"^{LACKING}pdftotext is missing \(apt-get install poppler-utils\)$"):
        program("pdftotext")
    path = a_program(tmp_path, "pdftotext")
    assert program("pdftotext") == path


def test_a_program_is_found_on_the_path_beside_it_by_another_name_or_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The PATH of an ordinary user has no `sbin`, where nginx lies; a PATH without `bin` has none beside it."""
    monkeypatch.setenv("PATH", f"{tmp_path}/usr/bin")
    nginx, browser = a_program(tmp_path / "usr" / "sbin", "nginx"), a_program(tmp_path / "usr" / "bin", "google-chrome")
    monkeypatch.delenv("CHROMIUM", raising=False)

    assert (find_program("nginx"), find_program("chromium"), find_program("git")) == (nginx, browser, None)
    monkeypatch.setenv("CHROMIUM", "/opt/chrome")
    assert find_program("chromium") == "/opt/chrome"
    monkeypatch.setenv("PATH", f"{tmp_path}/usr")
    assert find_program("nginx") is None


def test_continuous_integration_installs_every_program_of_its_tests() -> None:
    """A test that it skips for a missing program makes it fail."""
    installed = text(".ci/run")

    assert not {
        package
        for name, one in PROGRAMS.items()
        if name not in BY_HAND | {"sh", "curl"}
        for package in one.packages.split()
        if package not in installed
    }


@pytest.mark.slow
def test_the_tests_that_touch_programs_are_known_through_fixtures_and_support() -> None:
    touching = program_starts.tests_of_programs()

    for beginning in (
        "tests/selections/test_exports.py::test_the_pdf_prints_the_lines_with_the_qr_code_of_the_public_page",
        "tests/kernel/test_limits.py::test_processes_that_share_a_redis_count_together",  # a fixture and a module of support
        "tests/browser/test_weight.py::",  # the conftest of its folder
        "tests/lms/test_upgrading.py::test_on_postgresql_too_a_start_makes_a_backup",
        "tests/structure/test_documents.py::",  # git, which a bare machine lacks
    ):
        assert any(name.startswith(beginning) for name in touching), beginning
    assert not [name for name in touching if name.startswith("tests/journeys/") or "_rules.py" in name]
