"""Servers as processes: what they use of the processor and of the memory, with everything that they started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from kernel.db import Database
from tests.bench.visitor import Visitor
from tests.support.server import LMS, environment, free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
_CPU_CLOCK = 2
"""Which clock of a process: the processor time of all its threads, also of those that have ended, in nanoseconds."""
Clock = Callable[[], float]


CALM, IDLE = 3, 0.05
"""Seconds in a row, and how long a server may compute in each of them, until it counts as idle."""
LONGEST_WORK = 600
"""Seconds after which it is not waited for any longer."""


@dataclass
class Process:
    """A running server."""

    popen: subprocess.Popen[bytes]
    port: int

    def visitor(self, *, packed: bool = False) -> Visitor:
        """Return a new browser before it, which takes compressed pages or leaves compressing to a server in front."""
        return Visitor("127.0.0.1", self.port, packed=packed)

    def cpu(self) -> float:
        """Return the seconds of processor that it and its children have used."""
        spent = 0.0
        for pid in self._family():
            with contextlib.suppress(OSError):
                spent += time.clock_gettime(~pid << 3 | _CPU_CLOCK)  # what clock_getcpuclockid(3) returns, which Python does not have
        return spent

    def settle(self) -> None:
        """Wait until it computes next to nothing: what is due at its start, reminders of a morning say, would count as its first pages."""
        calm, ends = 0, time.monotonic() + LONGEST_WORK
        while calm < CALM:
            assert time.monotonic() < ends, "the server does not come to rest"
            before = self.cpu()
            time.sleep(1)
            calm = calm + 1 if self.cpu() - before <= IDLE else 0

    def memory(self) -> int:
        """Return the bytes of memory (PSS) of its children: the workers."""
        total = 0
        for pid in self._family()[1:]:
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
        return total

    def _family(self) -> list[int]:
        found = [self.popen.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found


@contextmanager
def running(command: list[str], ready: str, folder: Path, port: int, **given: str) -> Iterator[Process]:
    """Start a server, wait until a page answers, and end it."""
    given["PYTHONDONTWRITEBYTECODE"] = ""  # as installed: a program that keeps what it compiles
    with (folder / "bench.log").open("ab") as log:
        popen = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment(folder, **given), start_new_session=True)
    process = Process(popen, port)
    try:
        ends = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                if process.visitor().ask("GET", ready).status == 200:
                    break
            assert popen.poll() is None, f"{command} ended; see bench.log"
            assert time.monotonic() < ends, f"{command} does not answer"
            time.sleep(0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait(10)


def product(folder: Path, workers: int = 1, **given: str) -> contextlib.AbstractContextManager[Process]:
    """Start the product for an instance, with one process as the bare programs have, or with several."""
    port = free_port()
    return running([str(LMS), "serve", "--port", str(port), "--workers", str(workers)], "/health/ready", folder, port, **given)


def floors(folder: Path, database: str, workers: int = 1, ready: str = "/wsgi") -> contextlib.AbstractContextManager[Process]:
    """Start the bare programs on the same database, in one process or in several."""
    port = free_port()
    return running([sys.executable, "-m", "tests.bench.floors", str(port), database, str(workers)], ready, folder, port)


def processor_clock(database: Database) -> Clock:
    """Return a clock of the processor time of this process, and of the server's processes that work for it where the database has some.

    Those of a server on another machine are not seen. PostgreSQL may hand a part of a statement to processes that end with it:
    `undivided` has it do without.
    """
    if database.is_sqlite:
        return time.process_time

    def clock() -> float:
        with database.unit_of_work(write=False) as session:
            pids = list(session.connection().scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")))
        spent = 0
        for pid in pids:
            with contextlib.suppress(OSError):
                spent += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        return time.process_time() + spent / 1e9

    return clock


def undivided(url: str) -> str:
    """Return the address of a database whose server works on a statement in one process."""
    if url.startswith("sqlite"):
        return url
    options = {"options": "-c max_parallel_workers_per_gather=0"}
    return make_url(url).update_query_dict(options).render_as_string(hide_password=False)
