"""The report and the statistics of many attempts, in memory that does not grow with them; `make bench` measures 36,000."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest

from analysis import statistics
from analysis.rules.statistics import CountedAttempts
from courses.models import Course
from kernel.tables import write_csv, write_xlsx
from lms.instance import Instance
from quizzes import reports
from quizzes.report_page import REPORT
from quizzes.reports import ReportFilter, ReportOrder
from tests.support import sizes
from tests.support.crowds import MODELS, QUIZ_KEY, a_model_class, copy_class

FEW = 240
SECONDS = {"csv": 20, "xlsx": 60, "statistics": 45}
"""Bars for 36,000, of processor time: downloads within a minute, the statistics within the lease of a job."""
PEAK = 150_000_000
"""Bytes that the statistics of 36,000 attempts may take at most."""


def report_as(kind: str, instance: Instance, course: Course) -> BytesIO:
    """Write the report into memory that is counted apart."""
    target = BytesIO()
    with instance.database.unit_of_work(write=False) as session:
        stream = reports.stream_report(session, course.id, QUIZ_KEY, ReportFilter(), ReportOrder())
        (name, headings, rows), _dictionary = REPORT.sheets(stream)
        if kind == "csv":
            write_csv(target, headings, rows)
        else:
            write_xlsx(target, [(name, headings, rows)])
    return target


def statistics_of(instance: Instance, course: Course) -> int:
    """Compute the statistics; return how many attempts they are of."""
    with instance.database.unit_of_work(write=False) as session:
        quiz = statistics.list_compositions(session, course.id, QUIZ_KEY)
        found = statistics.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0])
        return statistics.compute_statistics(session, found).quiz.attempts


@pytest.fixture
def traced() -> Iterator[Callable[[Callable[[], object]], int]]:
    """Measure the peak of memory that a function takes."""

    def peak(act: Callable[[], object]) -> int:
        tracemalloc.start()
        act()
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    yield peak
    tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_attempts(instance: Instance, traced: Callable[[Callable[[], object]], int]) -> None:
    """Six times as many attempts cost the statistics and the report's rows no more memory."""
    course = a_model_class(instance)

    def rows() -> None:
        with instance.database.unit_of_work(write=False) as session:
            stream = reports.stream_report(session, course.id, QUIZ_KEY, ReportFilter(), ReportOrder())
            _name, _headings, rows = REPORT.sheets(stream)[0]
            assert sum(1 for _row in rows) > MODELS

    copy_class(instance, FEW // 3)
    statistics_of(instance, course)  # fills what a process keeps
    few = traced(lambda: statistics_of(instance, course)), traced(rows)
    copy_class(instance, FEW * 5 // 3)
    many = traced(lambda: statistics_of(instance, course)), traced(rows)

    assert statistics_of(instance, course) == MODELS + FEW // 3 + FEW * 5 // 3
    assert many[0] < few[0] * 1.5 + statistics.BATCH * 3000, (few, many)
    assert many[1] < few[1] * 1.5 + reports.BATCH * 3000, (few, many)


def test_many_attempts_are_reported_in_time(
    instance: Instance, traced: Callable[[Callable[[], object]], int], say: Callable[[str], None]
) -> None:
    """The report of 36,000 attempts streams; its statistics stay within the lease of a job."""
    course = a_model_class(instance)
    copy_class(instance, sizes.ATTEMPTS - MODELS)

    def timed(act: Callable[[], object]) -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    seconds = {
        "csv": timed(lambda: report_as("csv", instance, course)),
        "xlsx": timed(lambda: report_as("xlsx", instance, course)),
        "statistics": timed(lambda: statistics_of(instance, course)),
    }
    peak = traced(lambda: statistics_of(instance, course))
    if sizes.ATTEMPTS > FEW:
        each = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        say(f"reports of {sizes.ATTEMPTS} attempts, processor time: {each}; statistics at most {peak / 1e6:.0f} MB")

    assert report_as("csv", instance, course).getvalue().count(b"\r\n") == sizes.ATTEMPTS + 1
    assert {name: value for name, value in seconds.items() if value > SECONDS[name]} == {}
    assert peak < PEAK
