"""The drill «new machine, last backup, running again», by the manual alone: its commands are run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import clock
from kernel.settings import Settings
from lms import backups, keys
from lms.app import House
from tests.support.instances import Places, empty_places, fill, sums
from tests.support.project import ROOT
from tests.support.server import environment, free_port, serving

PASSPHRASE = "una frase larga y secreta"
MANUALS = sorted((ROOT / "docs" / "operations").rglob("new-machine*.md"))
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
    assert len(steps(MANUALS[0])) == 8


def test_the_manual_alone_brings_the_last_backup_to_life_on_a_new_machine(
    house: House, places: Places, tmp_path: Path, database_kind: str
) -> None:
    """Only what a new machine has: program, backup, keys and passphrase. Not run: the installation of the program itself."""
    fill(house)
    before = sums(house.settings)
    machine = tmp_path / "machine"
    (machine / "venv" / "bin").mkdir(parents=True)
    (machine / "venv" / "bin" / "lms").symlink_to(Path(sys.executable).with_name("lms"))
    words = {"AULARIO": str(machine), "BACKUP": str(tmp_path / "b.zip"), "KEYS": str(tmp_path / "keys"), "PASSPHRASE": str(tmp_path / "p")}
    (tmp_path / "p").write_text(PASSPHRASE)
    (tmp_path / "p").chmod(0o600)
    backups.make(house, tmp_path / "b.zip", now=clock.now())
    keys.save(house.settings, tmp_path / "keys", PASSPHRASE)
    settings = places.empty(database_kind, "machine/instance")
    told = {"LMS_DATABASE_URL": settings.database_url}
    port = free_port()

    for kind, line in steps(MANUALS[0]):
        said = (
            re.sub(r"\$([A-Z]+)", lambda found: words[found[1]], line).replace(":8000", f":{port}").replace("--port 8000", f"--port {port}")
        )
        if kind == "settings":
            name, _is, value = said.partition("=")
            told[name] = value
        elif kind == "serve":
            assert said == f"{machine}/venv/bin/lms serve --port {port}"
        elif said.startswith("curl"):
            _answers_with_everybody(settings, told, port, said)
        else:
            subprocess.run(said.split(), env=environment(settings.data_dir, **told), cwd=tmp_path, check=True)

    after = sums(settings)
    assert {name: one for name, one in after.items() if name not in CHANGING} == {
        name: one for name, one in before.items() if name not in CHANGING
    }
    assert (settings.data_dir / "signing.key").read_bytes() == (house.settings.data_dir / "signing.key").read_bytes()


CHANGING = ("audit_entry", "job", "token")
"""What a start writes: its own log, what is due by the clock, links for the first administrator."""


def _answers_with_everybody(settings: Settings, told: dict[str, str], port: int, said: str) -> None:
    with serving(settings.data_dir, port=port, **{name: value for name, value in told.items() if name != "LMS_DATA_DIR"}) as server:
        if shutil.which("curl"):
            subprocess.run(said.split(), env=dict(os.environ), check=True, stdout=subprocess.DEVNULL)
        assert server.get("/health/ready").status == 200
        assert server.get("/courses/prueba").status == 200
        assert not any("administrator" in line for line in server.lines)
        server.end()
