"""One process for each core on one database against one process (spec/performance P25), and how long a journey holds the writers' lock."""

import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Lock

from lms.loadtest.command import LoadTestInstance
from lms.serve import usual_workers
from tests.bench.pages import walk
from tests.bench.paired import Side, side
from tests.bench.processes import ROOT, Process, product
from tests.bench.table import Row
from tests.bench.visitor import Visitor

BROWSERS = 8
JOURNEYS = 6
"""Of each browser in a round."""
ROUNDS = 4
HELD = 20
"""Journeys of which the time is told for which the lock is held."""


def several_processes(load_instance: LoadTestInstance, folder: Path, url: str) -> list[Row]:
    """spec/performance P25: journeys a second of eight learners at once, with one process for each core and with one."""
    sys.stderr.write("  Processes for every core against one.\n")
    most = usual_workers()
    words = f"journeys a second with {most} processes against one"
    if most == 1:
        rows = [Row("P25", words, None, 1.4, 1.6, "this machine has one core")]
    else:
        rounds = compared(load_instance, folder, url, ROUNDS)
        one, all_ = (median(figures[at] for figures in rounds) for at in (0, 1))
        numbers = f"{all_:.1f} against {one:.1f}"
        rows = [Row("P25", words, median(several / alone for alone, several in rounds), 1.4, 1.6, numbers)]
    if url.startswith("sqlite"):
        rows.append(lock_held())
    return rows


def compared(load_instance: LoadTestInstance, folder: Path, url: str, rounds: int) -> list[tuple[float, float]]:
    """Return for each round the journeys a second of one process, and those of one for each core."""
    return [_round(load_instance, folder, url, usual_workers(), turned=bool(number % 2)) for number in range(rounds)]


def _round(load_instance: LoadTestInstance, folder: Path, url: str, most: int, *, turned: bool) -> tuple[float, float]:
    """Return the journeys a second of one process and of so many; one server has the database at a time."""
    rates = {}
    for workers in (1, most) if turned else (most, 1):
        with product(folder, workers, LMS_DATABASE_URL=url) as server:
            server.settle()
            _journeys(server, load_instance, 2 * workers)  # fills the memories of each process
            rates[workers] = _journeys(server, load_instance, JOURNEYS)
    return rates[1], rates[most]


def _journeys(server: Process, load_instance: LoadTestInstance, each: int) -> float:
    """Let eight people at once go the whole way, and others after them; return how many ways a second, while all eight are on theirs.

    Requests are counted until the last sets out: from then on some have ended, and a process may have nothing to do.
    """
    waiting, turn = deque(load_instance.take(BROWSERS * each)), Lock()
    visitors: list[Visitor] = []
    counted: list[tuple[float, int]] = []

    def next_one() -> tuple[str, Visitor] | None:
        with turn:
            if not waiting:
                return None
            email, visitor = waiting.popleft(), server.visitor()
            visitors.append(visitor)
            if not waiting:
                counted.append((time.perf_counter(), sum(one.requests for one in visitors)))
            return email, visitor

    def go(_browser: int) -> None:
        while found := next_one():
            email, visitor = found
            visitor.enter(email, load_instance.password)
            walk(visitor)
            visitor.rest()

    began = time.perf_counter()
    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(go, range(BROWSERS)))
    [(ended, requests)] = counted
    return requests / visitors[0].requests / (ended - began)


def lock_held() -> Row:
    """spec/performance P25: how long one journey holds the writers' lock of SQLite, nobody else at work."""
    with side(ROOT, "sqlite", 2 * HELD) as alone:
        one = journeys_alone(alone)
    numbers = f"taken {one['lock taken']:.0f} times"
    return Row("P25", "ms for which a journey holds the writers' lock", one["lock held"] * 1000, 12, 6, numbers)


def journeys_alone(alone: Side) -> dict[str, float]:
    """Return the medians of what journeys cost in one process, one after the other."""
    alone.go(HELD)
    figures = [alone.go(1) for _journey in range(HELD)]
    return {name: median(one[name] for one in figures) for name in ("whole", "lock held", "lock taken")}
