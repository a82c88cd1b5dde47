"""The disk is full, refuses to sync, or loses what was not synced: what was acknowledged is there (security 6.1, 6.3)."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lms.loadtest.measures import Measures
from tests.faults.chaos import House, Serving, a_house, crowd_while, every, faultless, serving, told, wait_until_ready


@pytest.mark.parametrize("fault", ["full", "fsync"])
def test_a_disk_that_refuses_for_a_while(
    fault: str, tmp_path: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch, faulty: dict[str, str], say: Callable[[str], None]
) -> None:
    """Security 6.3: 503, nothing acknowledged that is not there, the server stays up and goes on by itself."""
    house = _sqlite_house(tmp_path, database_kind, monkeypatch)
    flag, times = Path(faulty["FAULT_FOLDER"]) / fault, []
    with serving(house, **faulty) as server:
        wait_until_ready(server)

        def disturb() -> None:
            flag.touch()
            time.sleep(1.5)
            flag.unlink()
            times.append(1)

        found = crowd_while(house, (server.address,), every((2, 4), disturb))
        wait_until_ready(server)
        assert server.process is not None
        alive = server.process.poll() is None

    say(f"{fault} {len(times)} times: {told(found)}")
    assert faultless(found)
    assert found["answers acknowledged"]
    assert found["requests that failed and were sent again"]
    assert alive
    assert server.starts == 1


def test_a_power_cut_takes_only_what_was_not_synced(
    tmp_path: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch, faulty: dict[str, str], say: Callable[[str], None]
) -> None:
    """What a file held beyond its last sync is gone, after each of some cuts: what was acknowledged before is there."""
    house = _sqlite_house(tmp_path, database_kind, monkeypatch)
    cuts: list[tuple[int, Path]] = []
    measures = Measures()
    with serving(house, **faulty) as server:
        wait_until_ready(server)

        def cut() -> None:
            acknowledged = len(measures.waits["save"])
            cuts.append((acknowledged, _as_after_a_cut(house, server, faulty, tmp_path / f"cut-{len(cuts)}")))

        found = crowd_while(house, (server.address,), every((3, 5), cut), seconds=20, measures=measures)

    whole = _answers(house.folder / "aulario.sqlite")
    kept = [(acknowledged, _answers(copy)) for acknowledged, copy in cuts]
    counts = [f"{acknowledged} of {len(answers)}" for acknowledged, answers in kept]
    say(f"power cut {len(cuts)} times: {told(found)}; acknowledged before each, of those in the copy: {', '.join(counts)}")
    assert faultless(found)
    assert len(cuts) >= 2
    assert cuts[-1][0]
    for acknowledged, answers in kept:
        assert answers <= whole
        assert len(answers) >= acknowledged


def _sqlite_house(folder: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch) -> House:
    if database_kind != "sqlite":
        pytest.skip("the database server has a disk of its own; its restart is another test")
    return a_house(folder, f"sqlite:///{folder / 'house' / 'aulario.sqlite'}", monkeypatch)


def _as_after_a_cut(house: House, server: Serving, faulty: dict[str, str], target: Path) -> Path:
    """Copy the database as a disk would hold it: what came after the last sync of the log is not there.

    The server rests meanwhile.
    """
    server.signal(signal.SIGSTOP)
    try:
        target.mkdir()
        for name in ("aulario.sqlite", "aulario.sqlite-wal"):
            shutil.copy(house.folder / name, target / name)
        synced = [line.rpartition(" ") for line in (Path(faulty["FAULT_FOLDER"]) / "synced").read_text().splitlines()]
        size = next((int(bytes_) for name, _space, bytes_ in reversed(synced) if name == "aulario.sqlite-wal"), 0)
        with (target / "aulario.sqlite-wal").open("r+b") as log:
            log.truncate(min(size, log.seek(0, 2)))
    finally:
        server.signal(signal.SIGCONT)
    return target / "aulario.sqlite"


def _answers(path: Path) -> set[int]:
    """Return the answers that a copy of the database holds; opening it recovers it."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT id FROM answer_event")}


def test_the_misbehaving_disk_misbehaves_when_it_is_asked_to(faulty: dict[str, str]) -> None:
    """The shim does what it says: else the tests above would prove nothing."""
    folder = Path(faulty["FAULT_FOLDER"])
    program = "import os,sys; f=open(sys.argv[1],'wb',0); f.write(b'x'); os.fsync(f.fileno())"

    def run() -> int:
        return subprocess.run(
            [sys.executable, "-c", program, str(folder / "file")], env={**os.environ, **faulty}, stderr=subprocess.DEVNULL, check=False
        ).returncode

    assert run() == 0
    assert "file 1" in (folder / "synced").read_text()
    for flag in ("fsync", "full"):
        (folder / flag).touch()
        assert run() != 0
        (folder / flag).unlink()
    assert run() == 0
