"""One process for each core on one database (spec/performance P25): journeys a second beside the bare programs', and the writers' lock."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Lock
from typing import TypeVar

from lms.serve import usual_workers
from tests.bench.pages import cost_of_page, floor_journey, walk
from tests.bench.paired import Side, side
from tests.bench.processes import ROOT, Process, floors, product
from tests.bench.table import Row
from tests.bench.visitor import Visitor
from tests.loadtest.command import LoadTestInstance

BROWSERS = 8
JOURNEYS = 6
"""Of each browser in a round."""
ROUNDS = 4
Someone = TypeVar("Someone")
HELD = 20
"""Journeys of which the time is told for which the lock is held."""


def several_processes(load_instance: LoadTestInstance, folder: Path, url: str) -> list[Row]:
    """spec/performance P25: journeys a second of eight learners at once, with one process for each core, against the floor's and one's.

    How many times those of one process is told without a bar: the cheaper a request gets, the more one process does of what two can.
    """
    sys.stderr.write("  Processes for every core against one.\n")
    most = usual_workers()
    words = f"journeys a second of the floor with {most} processes against ours"
    if most == 1:
        rows = [Row("P25", words, None, 2.6, 2.2, "this machine has one core")]
    else:
        rounds = [
            (_at_the_floor(folder, url, most), *_round(load_instance, folder, url, most, turned=bool(at % 2))) for at in range(ROUNDS)
        ]
        floor, one, all_ = (median(figures[at] for figures in rounds) for at in range(3))
        rows = [
            Row("P25", words, median(bare / several for bare, _alone, several in rounds), 2.6, 2.2, f"{floor:.1f} against {all_:.1f}"),
            Row(
                "P25",
                f"journeys a second with {most} processes against one",
                median(several / alone for _bare, alone, several in rounds),
                1.4,
                1.6,
                f"{all_:.1f} against {one:.1f}",
                binds=False,
            ),
        ]
    if url.startswith("sqlite"):
        with floors(folder, url) as server:
            page = cost_of_page(server)
        rows.append(lock_held(page))
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


def _at_the_floor(folder: Path, url: str, workers: int) -> float:
    """Return the journeys a second of the bare programs."""
    with floors(folder, url, workers) as server:

        def go(visitor: Visitor, _number: int) -> None:
            floor_journey(visitor)

        _all_the_way(server, range(BROWSERS * 2 * workers), go)
        return _all_the_way(server, range(BROWSERS * JOURNEYS), go)


def _journeys(server: Process, load_instance: LoadTestInstance, each: int) -> float:
    """Return the journeys a second of learners."""

    def go(visitor: Visitor, email: str) -> None:
        visitor.enter(email, load_instance.password)
        walk(visitor)

    return _all_the_way(server, load_instance.take(BROWSERS * each), go)


def _all_the_way(server: Process, people: Iterable[Someone], go: Callable[[Visitor, Someone], None]) -> float:
    """Let eight people at once go the whole way, and others after them; return how many ways a second, while all eight are on theirs.

    Requests are counted until the last sets out: from then on some have ended, and a process may have nothing to do.
    """
    waiting, turn = deque(people), Lock()
    visitors: list[Visitor] = []
    counted: list[tuple[float, int]] = []

    def next_one() -> tuple[Someone, Visitor] | None:
        with turn:
            if not waiting:
                return None
            someone, visitor = waiting.popleft(), server.visitor()
            visitors.append(visitor)
            if not waiting:
                counted.append((time.perf_counter(), sum(one.requests for one in visitors)))
            return someone, visitor

    def browse(_browser: int) -> None:
        while found := next_one():
            someone, visitor = found
            go(visitor, someone)
            visitor.rest()

    began = time.perf_counter()
    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(browse, range(BROWSERS)))
    [(ended, requests)] = counted
    return requests / visitors[0].requests / (ended - began)


def lock_held(page: float) -> Row:
    """spec/performance P25: how long one journey holds the writers' lock of SQLite, nobody else at work.

    `page` is what the floor's page takes at that time, in seconds of processor: the figure is what it would be where that is 1 ms.
    """
    with side(ROOT, "sqlite", 2 * HELD) as alone:
        one = journeys_alone(alone)
    numbers = f"{one['lock held'] * 1000:.1f} ms, where the bare page takes {page * 1000:.2f}; taken {one['lock taken']:.0f} times"
    return Row("P25", "ms for which a journey holds the writers' lock", one["lock held"] / page, 12, 6, numbers)


def journeys_alone(alone: Side) -> dict[str, float]:
    """Return the medians of what journeys cost in one process, one after the other."""
    alone.go(HELD)
    figures = [alone.go(1) for _journey in range(HELD)]
    return {name: median(one[name] for one in figures) for name in ("whole", "lock held", "lock taken")}
