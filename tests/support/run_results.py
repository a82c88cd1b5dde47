"""Results of runs of the suite: each run writes its own file, and the last lines of all runs tell them together."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest import TestReport  # noqa: PT013 - the class alone is used

VARIABLE = "TEST_RESULTS"
"""The file into which a run writes its results, where `scripts/run_tests.py` wants them."""
PROCESSOR = "processor"
"""Property of a test's last report: the seconds of processor that it took, with what it set up for itself."""
LISTED = 20


def seconds_by_test(reports: Iterable[object]) -> dict[str, float]:
    """Return how many seconds of processor each test took with what it set up and took down for itself, by its name."""
    return {
        report.nodeid: float(str(value))
        for report in reports
        if isinstance(report, TestReport)
        for name, value in report.user_properties
        if name == PROCESSOR
    }


def write(file: Path, stats: dict[str, list[Any]], lacking: Sequence[str] = ()) -> None:
    """Write how much each test of a run took, what failed, and how many came out how; `lacking` is what else makes the run fail."""
    failed = sorted({report.nodeid for outcome in ("failed", "error") for report in stats.get(outcome, ())})
    counts = {outcome: len(stats[outcome]) for outcome in ("passed", "skipped", "xfailed", "xpassed") if stats.get(outcome)}
    seconds = seconds_by_test(report for reports in stats.values() for report in reports)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"seconds": seconds, "failed": [*failed, *lacking], "counts": {"failed": len(failed), **counts}}), "utf-8")


def _read(files: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read what each run wrote, by the run's name; runs that wrote nothing are left out."""
    return ((file.stem, json.loads(file.read_text("utf-8"))) for file in files if file.exists())


def slowest(files: Iterable[Path]) -> list[str]:
    """Return the slowest tests of several runs, one a line, with the run."""
    taken = [(seconds, name, run) for run, results in _read(files) for name, seconds in results["seconds"].items()]
    return [f"{seconds:6.1f} s  {name}  ({run})" for seconds, name, run in sorted(taken, reverse=True)[:LISTED]]


def failures(files: Iterable[Path]) -> list[str]:
    """Return what failed in several runs, one a line, with the run."""
    return [f"FAILED {name}  ({run})" for run, results in _read(files) for name in results["failed"]]


def totals(files: Iterable[Path]) -> str:
    """Return one line with how many tests of all runs came out how, failed ones first, as pytest says it of one run."""
    counts = Counter[str]()
    for _run, results in _read(files):
        counts.update(results["counts"])
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count or outcome == "failed")
