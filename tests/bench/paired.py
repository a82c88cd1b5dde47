"""Two versions of the program in turns: what the same journeys cost in one process, and how far the newer one is cheaper.

Each side is a process of its own on an instance of its own; in each pair one goes first and then the other. A step whose median gain is
below 3 %, or whose interval holds 0, is not worth its code.

    python -m tests.bench.paired OLD_CHECKOUT [sqlite|postgres] [--pairs 40] [--journeys 1]
"""

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from tests.bench.processes import ROOT
from tests.loadtest.measures import aligned
from tests.support.postgres import a_database
from tests.support.server import environment

PROGRAM = Path(__file__).with_name("one_process.py")
WARM = 5
"""Journeys before the first that counts: they fill the memories."""
PROCESSES = 4
"""So often each side begins anew."""
HARNESS = ("with harness", "lock taken")


class Side:
    """One version of the program at work, on an instance that its first process fills."""

    def __init__(self, checkout: Path, folder: Path, url: str, accounts: int) -> None:
        self._began = checkout, folder, url, accounts
        self.begin()

    def begin(self) -> None:
        """Start its process."""
        checkout, folder, url, accounts = self._began
        command = [sys.executable, str(PROGRAM), str(checkout), str(folder), url, str(accounts)]
        told = environment(folder, PYTHONPATH=str(checkout), PYTHONHASHSEED="0")
        self._process = subprocess.Popen(command, cwd=checkout, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(self._process.pid, {min(os.sched_getaffinity(0))})  # both on one core: no other has the same neighbours
        self.said()

    def said(self) -> dict[str, float]:
        """Return what it says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the measured program ended"
        return dict(json.loads(line))

    def go(self, journeys: int) -> dict[str, float]:
        """Walk so many journeys; return what one of them cost."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{journeys}\n")
        self._process.stdin.flush()
        return self.said()

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def side(checkout: Path, kind: str, accounts: int) -> Iterator[Side]:
    """Start a version on an instance that it fills."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(a_database()) if kind == "postgres" else f"sqlite:///{folder / 'aulario.sqlite'}"
        started = Side(checkout, folder, url, accounts)
        stack.callback(started.end)
        yield started


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return between which of the ratios their median lies 95 times of 100, without asking how they are spread."""
    ordered, count = sorted(ratios), len(ratios)
    below = max(0, int((count - 1.96 * count**0.5) / 2))
    return ordered[below], ordered[count - 1 - below]


def in_turns(old: Side, new: Side, pairs: int, journeys: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Let both walk, in changing order, and begin anew now and then: two processes of one program differ by some percent."""
    found = []
    for number in range(pairs):
        if number % (pairs // PROCESSES) == 0:
            for one in (old, new):
                if number:
                    one.end()
                    one.begin()
                one.go(WARM)
        both = {one: one.go(journeys) for one in ((old, new) if number % 2 else (new, old))}
        found.append((both[old], both[new]))
    return found


def lines(pairs: Sequence[tuple[dict[str, float], dict[str, float]]]) -> list[str]:
    """Write for each step what it cost before and after, and the gain with its interval."""
    rows = [("step", "old, ms", "new, ms", "gain, %", "95 % of it")]
    for step in [*(name for name in pairs[0][0] if name not in HARNESS), "both"]:
        sides = [[_cost(pair[at], step) for pair in pairs] for at in (0, 1)]
        if not all(sides[0]):
            continue
        ratios = [after / before for before, after in zip(*sides, strict=True)]
        low, high = interval(ratios)
        gain, bounds = 100 * (1 - median(ratios)), f"{100 * (1 - high):.1f} to {100 * (1 - low):.1f}"
        rows.append((step, *(f"{median(one) * 1000:.2f}" for one in sides), f"{gain:.1f}", bounds))
    return aligned(rows)


def _cost(figures: dict[str, float], step: str) -> float:
    return figures["whole"] + figures["database server"] if step == "both" else figures.get(step, 0.0)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m tests.bench.paired", description="Compare this checkout with an older one.")
    parser.add_argument("old", type=Path)
    parser.add_argument("database", nargs="?", default="sqlite", choices=["sqlite", "postgres"])
    parser.add_argument("--new", type=Path, default=ROOT, help="another checkout than this one")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--journeys", type=int, default=1, help="in each half of a pair")
    given = parser.parse_args(arguments)
    accounts = WARM * (PROCESSES + 1) + given.pairs * given.journeys
    with side(given.old.resolve(), given.database, accounts) as old, side(given.new.resolve(), given.database, accounts) as new:
        pairs = in_turns(old, new, given.pairs, given.journeys)
    sys.stdout.write(
        "\n".join(
            [f"{given.database}, {given.pairs} pairs of {given.journeys} journeys, load {os.getloadavg()[0]:.1f}:", *lines(pairs), ""]
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
