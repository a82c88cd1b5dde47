"""A crowd of learners before a server that is disturbed, and what is counted when all have gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from kernel.db import Database
from tests.loadtest.command import LoadTestInstance, LoadTestPlan, arrivals, prepare
from tests.loadtest.journey import AcknowledgedAnswers, LoadProfile, walk_all
from tests.loadtest.measures import Measures
from tests.loadtest.reconciliation import COUNTED, FAULTS, compare
from tests.support.server import LMS, environment, free_port

PROCESSES = 2
"""Of each server, whatever the machine has: on one core too, two write into one database."""
PEOPLE = 400
SEED = 1
PATIENCE = 60.0


@dataclass
class Serving:
    """A server on a port that it keeps over its restarts."""

    folder: Path
    given: dict[str, str] = field(default_factory=dict)
    processes: int = PROCESSES
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def address(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it is ready when it answers."""
        with (self.folder / "server.log").open("ab") as log:
            command = [LMS, "serve", "--port", str(self.port), "--workers", str(self.processes)]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=environment(self.folder, **self.given), start_new_session=True
            )
        self.starts += 1

    def signal(self, number: int) -> None:
        """Send a signal to everything."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def signal_processes(self, number: int, most: int = PROCESSES) -> None:
        """Send a signal to so many of the processes that answer, the longest at work first, and not to the one that starts them."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children[:most]:
            os.kill(int(child), number)

    def kill(self) -> None:
        """End everything at once, as a power cut would."""
        assert self.process is not None
        self.signal(signal.SIGKILL)
        self.process.wait(10)

    def restart(self) -> None:
        """Kill and start again."""
        self.kill()
        self.start()


@dataclass
class House:
    """An instance with people who have not come yet."""

    folder: Path
    url: str
    load_instance: LoadTestInstance
    password: str

    def count(self, told: list[AcknowledgedAnswers]) -> Counter[str]:
        """Compare what learners were told with the database."""
        database = Database(self.url)
        try:
            with database.unit_of_work(write=False) as session:
                return compare(session, told)
        finally:
            database.dispose()


def a_house(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> House:
    """Fill an instance in a folder of its own within another."""
    monkeypatch.setenv("LMS_DATABASE_URL", url)
    folder = folder / "house"
    folder.mkdir()
    prepare(folder, LoadTestPlan(PEOPLE, None, 0, 0, 1, SEED), fresh=False).database.dispose()
    load_instance = LoadTestInstance.read(folder)
    return House(folder, url, load_instance, load_instance.password)


@contextmanager
def serving(instance: House, *, processes: int = PROCESSES, **given: str) -> Iterator[Serving]:
    """Serve an instance, and leave nothing running."""
    server = Serving(instance.folder, {"LMS_DATABASE_URL": instance.url, **given}, processes)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def crowd_while(
    instance: House,
    servers: tuple[str, ...],
    disturb: Callable[[threading.Event], None],
    *,
    seconds: float = 25,
    rate: float = 2,
    measures: Measures | None = None,
) -> Counter[str]:
    """Let learners come for some seconds while something is disturbed; return what was told and what of it is not so.

    `disturb` runs in a thread of its own until its event is set; `measures` may be watched meanwhile. Learners try again as the page's
    script does; whoever is lost for good only counts with what they were told until then.
    """
    measures, over = measures or Measures(), threading.Event()
    moments = arrivals(seconds, rate, SEED, rising=False)
    thread = threading.Thread(target=disturb, args=(over,), daemon=True)
    thread.start()
    crowd = LoadProfile(servers, instance.password, SEED, 0.2, tries=9)
    told = asyncio.run(walk_all(crowd, instance.load_instance.take(len(moments)), moments, measures))
    over.set()
    thread.join(PATIENCE)
    found = instance.count(told)
    found["learners"] = len(told)
    found["requests that failed and were sent again"] = sum(measures.errors.values())
    return found


def faultless(found: Counter[str]) -> bool:
    """Return whether nothing was lost, wrong or twice."""
    return not any(found[name] for name in FAULTS)


def told(found: Counter[str]) -> str:
    """Write the counts in one line."""
    counts = ", ".join(f"{name} {found[name]}" for name in ("learners", *COUNTED, "requests that failed and were sent again"))
    wrong = ", ".join(f"{name} {found[name]}" for name in FAULTS if found[name])
    return f"{counts}; {wrong or 'nothing lost, wrong or twice'}"


def every(seconds: tuple[float, float], act: Callable[[], object], seed: int = SEED) -> Callable[[threading.Event], None]:
    """Return something that acts again and again, after random pauses."""
    chance = Random(seed)  # noqa: S311 - a simulation, no secrets

    def disturb(over: threading.Event) -> None:
        while not over.wait(chance.uniform(*seconds)):
            act()

    return disturb


def wait_until_ready(server: Serving) -> None:
    """Wait for an answer."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{server.address}/health/ready", timeout=5):
                return
        except OSError:
            assert time.monotonic() < ends, "no answer"
            time.sleep(0.1)
