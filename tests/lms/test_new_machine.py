"""The drill «new machine, last backup, running again», by the manual alone: its commands are run as they stand there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernel import clock
from lms import backups, keys
from lms.instance import Instance
from tests.support.instances import Places, empty_places, fill, sums
from tests.support.programs import find_program
from tests.support.project import ROOT
from tests.support.server import Running, free_port

PASSPHRASE = "una frase larga y secreta"
MANUALS = sorted((ROOT / "docs" / "operations").rglob("new-machine*.md"))
SYSTEMD = """#!{python}
import os, sys
words = sys.argv[1:]
program = next(number for number, word in enumerate(words) if not word.startswith("-"))
for word in words[:program]:
    if word.startswith("--property=EnvironmentFile="):
        lines = open(word.rpartition("=")[2]).read().splitlines()
        os.environ.update(line.split("=", 1) for line in lines if line and not line.startswith("#"))
os.execv(words[program], words[program:])
"""
"""Stands for `systemd-run`, which asks a running systemd: reads the file of settings that it is told, and becomes the program."""
STEP = re.compile(r"^ *```drill ?(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Return what makes empty instances."""
    with empty_places(tmp_path) as made:
        yield made


def steps(manual: Path) -> list[tuple[str, str]]:
    """Return the commands of a manual, with what they are."""
    return [(kind, line.strip()) for kind, block in STEP.findall(manual.read_text("utf-8")) for line in block.splitlines()]


def test_both_languages_tell_the_same_steps() -> None:
    assert len({tuple(steps(manual)) for manual in MANUALS}) == 1
    assert len(steps(MANUALS[0])) == 9


@dataclass(frozen=True)
class Machine:
    """A folder that stands for a machine: `/srv`, `/etc` and `/usr/local/bin` lie in it, and nothing of this run's settings is known."""

    root: Path
    port: int
    words: dict[str, str]

    def here(self, text: str) -> str:
        """Return a line of the manual, or a file of it, with the places of this machine."""
        named = re.sub(r"\$(BACKUP|KEYS|PASSPHRASE)\b", lambda found: self.words[found[1]], text)
        placed = re.sub(r"(?<![\w/])/(srv/aulario|etc/aulario|usr/local/bin)", rf"{self.root}/\1", named)
        return re.sub(r":8000|(?<=--port )8000", lambda found: found[0].replace("8000", str(self.port)), placed)

    @property
    def settings_file(self) -> Path:
        """Return where the settings are written."""
        return self.root / "etc" / "aulario.env"

    @property
    def environment(self) -> dict[str, str]:
        """Return what its shell knows: where commands lie, and no setting."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
        return {**kept, "PATH": f"{self.root}/usr/local/bin:{self.root}/stand-ins:{os.environ['PATH']}"}

    def start(self, line: str) -> "subprocess.Popen[str]":
        """Start a command of the manual."""
        command, *words = self.here(line).split()
        found = shutil.which(command, path=self.environment["PATH"])
        assert found is not None, command
        return subprocess.Popen(
            [found, *words],
            env=self.environment,
            cwd=self.root / "checkout",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, line: str) -> None:
        """Run a command of the manual to its end, which has to be good."""
        process = self.start(line)
        said, _nothing = process.communicate()
        assert process.returncode == 0, (line, said)


def a_machine(root: Path, words: dict[str, str]) -> Machine:
    """Make a machine on which the program is installed and nothing else was done."""
    for name in ("srv/aulario/venv/bin", "srv/aulario/instance", "etc", "usr/local/bin", "stand-ins", "checkout/deploy/systemd"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "srv/aulario/venv/bin/lms").symlink_to(Path(sys.executable).with_name("lms"))
    (root / "stand-ins/systemd-run").write_text(SYSTEMD.format(python=sys.executable))
    (root / "stand-ins/systemd-run").chmod(0o755)
    machine = Machine(root, free_port(), words)
    (root / "checkout/deploy/systemd/lms").write_text(machine.here((ROOT / "deploy/systemd/lms").read_text("utf-8")))
    return machine


@pytest.mark.slow
def test_the_manual_alone_brings_the_last_backup_to_life_on_a_new_machine(
    instance: Instance, places: Places, tmp_path: Path, database_kind: str
) -> None:
    """Only what a new machine has: program, backup, keys and passphrase. Not run: the installation of the program itself.

    What commands know of the settings stands in the file that step 1 writes.
    """
    fill(instance)
    before = sums(instance.settings)
    (tmp_path / "p").write_text(PASSPHRASE)
    (tmp_path / "p").chmod(0o600)
    backups.make(instance, tmp_path / "b.zip", now=clock.now())
    keys.save(instance.settings, tmp_path / "keys", PASSPHRASE)
    words = {"BACKUP": str(tmp_path / "b.zip"), "KEYS": str(tmp_path / "keys"), "PASSPHRASE": str(tmp_path / "p")}
    machine = a_machine(tmp_path / "machine", words)
    settings = places.empty(database_kind, "machine/srv/aulario/instance")
    if settings.database_url:
        machine.settings_file.write_text(f"LMS_DATABASE_URL={settings.database_url}\n")

    running = None
    try:
        for kind, line in steps(MANUALS[0]):
            if kind == "settings":
                with machine.settings_file.open("a") as written:
                    written.write(machine.here(line) + "\n")
            elif kind == "serve":
                running = Running(machine.start(line), "127.0.0.1", machine.port)
                running.wait()
            elif not line.startswith("curl") or find_program("curl"):
                machine.run(line)
        assert running is not None
        _answers_with_everybody(running)
    finally:
        if running is not None:
            _gone(running)

    after = sums(settings)
    assert {name: one for name, one in after.items() if name not in CHANGING} == {
        name: one for name, one in before.items() if name not in CHANGING
    }
    assert (settings.data_dir / "signing.key").read_bytes() == (instance.settings.data_dir / "signing.key").read_bytes()


CHANGING = ("audit_entry", "job", "token", "notice", "organisation", "organisation_above", "institution_profile")
"""Tables that a start fills: its log, jobs that are due, links and notices for administrators, the institution and its profile."""


def _answers_with_everybody(server: Running) -> None:
    assert server.get("/health/ready").status == 200
    assert server.get("/courses/prueba").status == 200
    assert not any("administrator" in line for line in server.lines)
    server.end()


def _gone(server: Running) -> None:
    """See that nothing of a server is left."""
    if server.process.poll() is None:
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
    if server.process.stdout is not None:
        server.process.stdout.close()
