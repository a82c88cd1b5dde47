"""Four processes against one on PostgreSQL: what they answer for a second of processor (spec/performance P22)."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.pages import Bench, walk
from tests.bench.processes import Process, product
from tests.bench.table import Row

NODES = 4
BROWSERS = 8
ROUNDS = 2


def nodes(bench: Bench, folder: Path, url: str) -> list[Row]:
    """spec/performance P22: journeys of eight learners at once; on two cores the bar itself cannot be measured, throughput for CPU can."""
    measured: dict[int, list[tuple[float, float]]] = {1: [], NODES: []}
    with ExitStack() as stack:
        all_nodes = [stack.enter_context(product(folder, LMS_DATABASE_URL=url)) for _node in range(NODES)]
        for node in all_nodes:
            node.visitor().sees("/", "<h1")
        for round_ in range(ROUNDS + 1):
            for number in (1, NODES) if round_ % 2 else (NODES, 1):
                figures = _measure(bench, all_nodes[:number])
                if round_:  # the first fills the memories
                    measured[number].append(figures)
    one, four = ([median(figures[part] for figures in measured[number]) for part in (0, 1)] for number in (1, NODES))
    words = (
        f"not measurable on two cores: journeys a second {one[0]:.1f} on one node, {four[0]:.1f} on four; "
        f"for a second of processor {one[1]:.1f} and {four[1]:.1f} ({four[1] / one[1]:.2f})"
    )
    return [Row("P22", f"{NODES} nodes against one", None, 3.2, 3.6, words)]


def _measure(bench: Bench, used: Sequence[Process]) -> tuple[float, float]:
    """Return the journeys for a second of the clock, and for a second of the nodes' processor."""
    visitors = [used[number % len(used)].visitor() for number in range(BROWSERS)]
    emails = bench.emails(BROWSERS)

    def go(number: int) -> None:
        visitors[number].enter(emails[number], bench.password)
        walk(visitors[number])

    before, began = sum(node.cpu() for node in used), time.perf_counter()
    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(go, range(BROWSERS)))
    seconds, spent = time.perf_counter() - began, sum(node.cpu() for node in used) - before
    return BROWSERS / seconds, BROWSERS / spent
