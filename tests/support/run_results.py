"""Durations of tests: each run of a suite writes its own, and the slowest of all runs are told in its last lines."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pytest import TestReport  # noqa: PT013 - the class alone is used

VARIABLE = "TEST_DURATIONS"
"""The file into which a run writes its durations, where `scripts/run_tests.py` wants them."""
LISTED = 20


def seconds_by_test(reports: Iterable[object]) -> dict[str, float]:
    """Return how long each test took with what it set up and took down, by its name."""
    seconds = Counter[str]()
    for report in reports:
        if isinstance(report, TestReport):
            seconds[report.nodeid] += report.duration  # type: ignore[assignment]  # a counter adds fractions too
    return {name: round(taken, 2) for name, taken in seconds.items()}


def write(file: Path, reports: Iterable[object]) -> None:
    """Write the durations of a run to a file of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seconds_by_test(reports)), "utf-8")


def slowest(files: Iterable[Path]) -> list[str]:
    """Return the slowest tests of several runs, one a line, with the run; files that a run did not write are left out."""
    taken = [(seconds, name, file.stem) for file in files if file.exists() for name, seconds in json.loads(file.read_text("utf-8")).items()]
    return [f"{seconds:6.1f} s  {name}  ({run})" for seconds, name, run in sorted(taken, reverse=True)[:LISTED]]
