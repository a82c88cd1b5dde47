"""A PostgreSQL server of a test's own, which may be stopped, frozen, and run on a disk that misbehaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.machine import FAR, NEAR, Machine
from tests.support.programs import program
from tests.support.server import free_port

DURABLE = "durable"
"""Where the shim keeps what each file held when it was last synced."""
NOT_KEPT = ("postmaster.pid", "postmaster.opts")
"""What a machine that starts again does not find: the first is emptied, and an empty one is refused."""


def programs() -> Path:
    """Return the folder of initdb and pg_ctl, the newest version's; skip the test where they are missing."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return (versions[-1] if versions else Path(program("initdb"))).parent


class OwnPostgres:
    """A server in a folder that its user can reach; `given` is the environment it runs with, on a machine of its own where there is one.

    Its log of writes has segments of one megabyte, so that it grows while it is watched.
    """

    def __init__(self, folder: Path, programs: Path, given: Mapping[str, str], machine: Machine | None = None) -> None:
        self.folder, self._programs, self._given = folder, programs, dict(given)
        self._on_machine = machine.prefix if machine else ()
        self._address = FAR if machine else "127.0.0.1"
        self._as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self._port, self._cuts = free_port(), 0
        if self._as_postgres:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, "postgres")

    @property
    def data(self) -> Path:
        """Return where its files are."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Return its address."""
        return f"postgresql+psycopg://postgres@{self._address}:{self._port}/postgres"

    def _run(self, *command: str, fails: bool = False, **given: str) -> bool:
        done = subprocess.run(
            [*self._on_machine, *self._as_postgres, str(self._programs / command[0]), *command[1:]],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**os.environ, **given},
        )
        assert done.returncode == 0 or fails, f"{command}: {done.stderr}{self.log()[-2000:]}"
        return done.returncode == 0

    def make(self) -> None:
        """Make the files, durably."""
        self._run("initdb", "-A", "trust", "-U", "postgres", "--wal-segsize=1", "-D", str(self.data))
        with (self.data / "pg_hba.conf").open("a") as allowed:
            allowed.write(f"host all all {NEAR}/32 trust\n")

    def _control(self, what: str, *words: str, fails: bool = False) -> bool:
        options = f"-p {self._port} -k {self.folder} -c listen_addresses={self._address} -c max_wal_size=32MB -c min_wal_size=4MB"
        return self._run(
            "pg_ctl", "-w", *words, "-D", str(self.data), "-l", f"{self.folder}/log", "-o", options, what, fails=fails, **self._given
        )

    def start(self) -> None:
        """Start it; it answers."""
        self._control("start")

    def restart(self) -> None:
        """End it at once, and start it again."""
        self._control("restart", "-m", "immediate")

    def stop(self) -> None:
        """End it at once, if it runs."""
        self._control("stop", "-m", "immediate", fails=True)

    def start_if_it_gave_up(self) -> bool:
        """Start it where it ended by itself, as a service manager does; say whether it had."""
        for _turn in range(50):
            if not self._control("status", fails=True):
                self.start()
                return True
            if self._run("pg_isready", "-q", "-h", self._address, "-p", str(self._port), fails=True):
                return False
            time.sleep(0.1)
        raise AssertionError(f"the database server does not come back: {self.log()[-2000:]}")

    def log(self) -> str:
        """Return what it has told."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let all its processes stand still for a while."""
        parent = int((self.data / "postmaster.pid").read_text().split()[0])
        held: list[int] = []
        try:
            while new := [one for one in (parent, *children(parent)) if one not in held]:  # the parent first: it starts no more
                for process in new:
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGSTOP)
                held += new
            yield
        finally:
            for process in held:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def watch_syncs(self, synced: Path) -> None:
        """Keep what each file holds whenever it is synced, from now on, before the first start: what initdb made is durable."""
        synced.mkdir(mode=0o777)
        synced.chmod(0o777)
        for path in self.data.rglob("*"):
            if path.is_file():
                shutil.copyfile(path, synced / str(path.stat().st_ino))
        if self._as_postgres:
            for path in synced.iterdir():
                shutil.chown(path, "postgres")

    def after_a_cut(self, synced: Path) -> OwnPostgres:
        """Copy its files as a disk would hold them now if the power went: each as it was when it was last synced; others empty.

        Names are taken for durable, as a journalling file system keeps them; `synced` holds what the shim copied, by inode.
        """
        self._cuts += 1
        target = self.folder / f"cut-{self._cuts}"
        target.mkdir()
        (target / "data").mkdir(mode=0o700)
        with self.frozen():
            for path in self.data.rglob("*"):
                place = target / "data" / path.relative_to(self.data)
                if path.is_dir():
                    place.mkdir(mode=0o700, parents=True, exist_ok=True)
                elif path.name not in NOT_KEPT:
                    kept = synced / str(path.stat().st_ino)
                    place.touch(mode=0o600)
                    if kept.exists():
                        shutil.copyfile(kept, place)
        return OwnPostgres(target, self._programs, {})


def children(parent: int) -> list[int]:
    """Return the processes that a process started."""
    return [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@contextmanager
def own_postgres(machine: Machine | None = None, **given: str) -> Iterator[OwnPostgres]:
    """Make and start a server, on a machine of its own where one is given, and see that nothing of it is left."""
    programs_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="aulario-postgres-", dir="/tmp"))
    server = OwnPostgres(folder, programs_folder, given, machine)
    server.make()
    if "FAULT_FOLDER" in given:
        server.watch_syncs(Path(given["FAULT_FOLDER"]) / DURABLE)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
