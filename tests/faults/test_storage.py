"""The disk is full, refuses to sync, or loses what was not synced: what was acknowledged is there (spec/security 6.1, 6.3)."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.db import Database
from quizzes.models import AnswerEvent
from tests.faults.chaos import House, Serving, a_house, crowd_while, every, faultless, serving, told, wait_until_ready
from tests.faults.own_postgres import DURABLE, OwnPostgres, own_postgres
from tests.faults.watch import crowd_watched
from tests.loadtest.measures import Measures

DATABASE = "aulario.sqlite"


@dataclass(frozen=True)
class Disk:
    """A database on a disk that misbehaves when it is asked to: the server's own on SQLite, the database server's on PostgreSQL."""

    folder: Path
    url: str
    server: dict[str, str]
    """What the server runs with."""
    postgres: OwnPostgres | None
    faults: Path

    def instance(self, monkeypatch: pytest.MonkeyPatch) -> House:
        """Fill an instance on it."""
        return a_house(self.folder, self.url, monkeypatch)

    def come_back(self) -> bool:
        """Start the database server where it gave up, as a service manager does; say whether it had."""
        return self.postgres is not None and self.postgres.start_if_it_gave_up()


@pytest.fixture
def disk(tmp_path: Path, database_kind: str, faulty: dict[str, str]) -> Iterator[Disk]:
    """Return a disk that works until it is asked not to."""
    faults = Path(faulty["FAULT_FOLDER"])
    if database_kind == "sqlite":
        yield Disk(tmp_path, f"sqlite:///{tmp_path / 'house' / 'aulario.sqlite'}", faulty, None, faults)
        return
    with own_postgres(**faulty) as postgres:
        yield Disk(tmp_path, postgres.url, {}, postgres, faults)


@pytest.mark.parametrize("fault", ["full", "grow", "fsync"])
def test_a_disk_that_refuses_for_a_while(fault: str, disk: Disk, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]) -> None:
    """spec/security 6.3: 503 in less than five seconds, nothing acknowledged that is not there,
    the server stays up and goes on by itself.
    """
    instance = disk.instance(monkeypatch)
    flag, gave_up = disk.faults / fault, []

    def refuse() -> None:
        flag.touch()
        time.sleep(1.5)
        flag.unlink()
        gave_up.extend([1] * disk.come_back())

    came = crowd_watched(instance, refuse, (2, 4), **disk.server)

    say(f"{fault} {len(came.resumed)} times (the database server gave up {len(gave_up)} times): {told(came.found)}")
    say(f"{fault}: {came.watch.told()}; served again after {max(came.resumed):.1f} s at most")
    assert faultless(came.found)
    assert came.found["answers acknowledged"]
    assert came.found["requests that failed and were sent again"]
    assert came.server.starts == 1
    assert came.watch.wrong == []
    assert came.watch.longest < 5
    assert max(came.resumed) <= 10


def test_a_power_cut_takes_only_what_was_not_synced(disk: Disk, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]) -> None:
    """What the files held beyond their last sync is gone, after each of some cuts: what was acknowledged before is there."""
    instance = disk.instance(monkeypatch)
    cuts: list[tuple[int, Callable[[], set[int]]]] = []
    measures = Measures()
    if disk.postgres is None:
        _watch_syncs(instance.folder, disk.faults)
    with serving(instance, **disk.server) as server:
        wait_until_ready(server)

        def cut() -> None:
            acknowledged = len(measures.waits["save"])
            target = disk.folder / f"cut-{len(cuts)}"
            cuts.append((acknowledged, _postgres_cut(disk) if disk.postgres else _sqlite_cut(instance, server, disk.faults, target)))

        found = crowd_while(instance, (server.address,), every((3, 5), cut), seconds=20, measures=measures)
    whole = _answers(instance.url)
    kept = [(acknowledged, answers_after()) for acknowledged, answers_after in cuts]

    counts = [f"{acknowledged} and {len(answers)}" for acknowledged, answers in kept]
    say(f"power cut {len(cuts)} times: {told(found)}; acknowledged before each, and in the copy: {', '.join(counts)}")
    assert faultless(found)
    assert len(cuts) >= 2
    assert cuts[-1][0]
    for acknowledged, answers in kept:
        assert answers <= whole
        assert len(answers) >= acknowledged


def _watch_syncs(folder: Path, faults: Path) -> None:
    """Let the shim keep what each file held at its last sync; a database that nobody has open is on the disk as it is."""
    durable, database = faults / DURABLE, folder / DATABASE
    durable.mkdir()
    shutil.copy(database, durable / str(database.stat().st_ino))


def _as_synced(folder: Path, faults: Path, target: Path) -> None:
    """Copy a database as a disk would hold it if the power went: file and log each as at its last sync, empty if there was none."""
    target.mkdir()
    for name in (DATABASE, f"{DATABASE}-wal"):
        kept = faults / DURABLE / str((folder / name).stat().st_ino)
        (target / name).write_bytes(kept.read_bytes() if kept.exists() else b"")


def _whole(target: Path) -> sqlite3.Connection:
    """Open a database after a power cut; its pages fit together."""
    connection = sqlite3.connect(target / DATABASE)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return connection


def _sqlite_cut(instance: House, server: Serving, faults: Path, target: Path) -> Callable[[], set[int]]:
    """Copy the database as a disk would hold it; the server rests meanwhile."""
    server.signal(signal.SIGSTOP)
    try:
        _as_synced(instance.folder, faults, target)
    finally:
        server.signal(signal.SIGCONT)

    def recovered() -> set[int]:
        _whole(target).close()
        return _answers(f"sqlite:///{target / DATABASE}")

    return recovered


def _postgres_cut(disk: Disk) -> Callable[[], set[int]]:
    """Copy the files of the database server as a disk would hold them; they are recovered by a server of their own."""
    assert disk.postgres is not None
    copy = disk.postgres.after_a_cut(disk.faults / DURABLE)

    def recovered() -> set[int]:
        copy.start()
        try:
            return _answers(copy.url)
        finally:
            copy.stop()

    return recovered


def _answers(url: str) -> set[int]:
    """Return the answers that a database holds."""
    database = Database(url)
    try:
        with database.unit_of_work(write=False) as session:
            return set(session.scalars(select(AnswerEvent.id)))
    finally:
        database.dispose()


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for pragma in ("journal_mode=WAL", f"synchronous={sys.argv[2]}", "wal_autocheckpoint=8"):
    connection.execute(f"PRAGMA {pragma}").fetchall()
for number, _wish in enumerate(sys.stdin, 1):
    connection.execute("INSERT INTO answer VALUES (?, ?)", (number, "x" * 2000))
    print(number, flush=True)
"""


@pytest.mark.parametrize(("synchronous", "keeps"), [("FULL", True), ("NORMAL", False), ("OFF", False)])
def test_a_power_cut_takes_what_sqlite_does_not_sync(synchronous: str, *, keeps: bool, tmp_path: Path, faulty: dict[str, str]) -> None:
    """The cut of the test above cuts: also after the log began anew from its start, as it does after each checkpoint."""
    faults, instance = Path(faulty["FAULT_FOLDER"]), tmp_path / "house"
    instance.mkdir()
    with contextlib.closing(sqlite3.connect(instance / DATABASE)) as connection:
        connection.execute("CREATE TABLE answer (id INTEGER PRIMARY KEY, words TEXT)")
    _watch_syncs(instance, faults)
    lacking = 0
    arguments = [sys.executable, "-c", WRITER, str(instance / DATABASE), synchronous]
    with subprocess.Popen(arguments, env={**os.environ, **faulty}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for cut in range(8):
            writer.stdin.write("\n" * 7)
            writer.stdin.flush()
            acknowledged = [int(writer.stdout.readline()) for _line in range(7)][-1]
            writer.send_signal(signal.SIGSTOP)
            _as_synced(instance, faults, tmp_path / f"cut-{cut}")
            writer.send_signal(signal.SIGCONT)
            with contextlib.closing(_whole(tmp_path / f"cut-{cut}")) as connection:
                lacking += (connection.execute("SELECT max(id) FROM answer").fetchone()[0] or 0) < acknowledged

    assert (lacking == 0) == keeps


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
    for flag in ("fsync", "full", "grow"):
        (folder / flag).touch()
        assert run() != 0
        (folder / flag).unlink()
    assert run() == 0
    (folder / DURABLE).mkdir()
    assert run() == 0
    assert (folder / DURABLE / str((folder / "file").stat().st_ino)).read_bytes() == b"x"
