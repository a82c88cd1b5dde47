"""Runs of the suite: what is run on which database; the slowest and the failed tests in the last lines of `make test`."""

import json
import re
import subprocess
import sys
from pathlib import Path, PurePath
from statistics import mean

import pytest
from _pytest.mark.expression import Expression

from scripts import run_tests
from tests.support import matrix, run_results
from tests.support.databases import BOTH, OTHERS, is_of_pages
from tests.support.project import ROOT
from tests.support.run_progress import Estimate, RunNotes


def test_what_is_left_out_on_postgresql_is_there() -> None:
    assert {name for name in OTHERS | BOTH if not (ROOT / "tests" / name).is_file()} == set()
    assert {name for name in OTHERS if not is_of_pages(PurePath(name))} == {name for name in BOTH if is_of_pages(PurePath(name))} == set()
    assert is_of_pages(PurePath("courses/test_lessons_pages.py"))
    assert not is_of_pages(PurePath("courses/test_publishing.py"))


def chosen(run: run_tests.Run, *markers: str) -> bool:
    """Return whether a run takes a test with these markers."""
    return Expression.compile(run.marks).evaluate(lambda name, **_kwargs: name in markers)


@pytest.mark.parametrize(
    ("markers", "runs"),
    [
        ("unit", "fast everything"),
        ("unit content", "fast courses everything"),
        ("database", "fast database everything everything"),
        ("http", "fast queries everything everything"),
        ("http pages", "fast everything everything"),
        ("http matrix", "fast database everything everything"),
        ("http pages matrix", "fast database everything everything"),
        ("browser", "browser everything everything"),
        ("browser slow", "browser everything everything"),
        ("unit slow", "slow everything"),
        ("database slow", "slow slow everything everything"),
        ("http slow", "slow slow everything everything"),
        ("http pages slow", "slow everything everything"),
        ("database long", ""),
        ("unit processes", ""),
    ],
)
def test_each_kind_of_test_is_in_the_runs_that_prove_something(markers: str, runs: str) -> None:
    """`make test` has no browser; on PostgreSQL it has what depends on the database, and the access matrix, however its module is named."""
    every = (run_tests.FAST, run_tests.DATABASE, *run_tests.REST, *run_tests.ALL)

    assert [run.title.split()[0].rstrip(",") for run in every if chosen(run, *markers.split())] == runs.split()


def test_together_the_runs_of_continuous_integration_leave_out_what_make_test_all_repeats() -> None:
    """Pages and browsers on PostgreSQL; every run of everything makes a fresh application for each test."""
    assert all(run_tests.FRESH in run.options for run in run_tests.ALL)
    assert [run.is_on_postgres for run in (run_tests.FAST, run_tests.DATABASE, *run_tests.ALL)] == [False, True, False, True]


def test_the_tests_of_the_courses_are_left_out_until_a_course_or_one_of_them_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setattr(run_tests, "TESTED_COURSES", tmp_path / "tests/content/tested.sha256")
    for name in ("content/lesson.md", "tests/content/test_lesson.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("before")
    assert run_tests.fast_run() == run_tests.FAST

    run_tests.TESTED_COURSES.write_text(f"{run_tests.courses_digest()}\n")
    assert run_tests.fast_run().options == ("--ignore=tests/content",)

    for name in ("content/lesson.md", "tests/content/test_lesson.py"):
        (tmp_path / name).write_text("after!")
        assert run_tests.fast_run() == run_tests.FAST
        (tmp_path / name).write_text("before")


def a_report(name: str, when: str, seconds: float) -> pytest.TestReport:
    """Return a report of a phase of a test; the last one, of what it takes down, says how much processor all of it took."""
    used = [(run_results.PROCESSOR, seconds)] if when == "teardown" else []
    return pytest.TestReport(name, ("", None, ""), {}, "passed", None, when, user_properties=used)  # type: ignore[arg-type]  # when is a literal


def test_a_test_takes_what_it_sets_up_runs_and_takes_down() -> None:
    reports = [a_report(name, when, seconds) for name, seconds in (("one", 3.5), ("two", 3)) for when in ("setup", "call", "teardown")]

    assert run_results.seconds_by_test([*reports, "deselected"]) == {"one": 3.5, "two": 3}


def test_the_twenty_slowest_of_all_runs_are_listed_together(tmp_path: Path) -> None:
    first, second = tmp_path / "SQLite.json", tmp_path / "PostgreSQL.json"
    run_results.write(first, {"passed": [a_report(f"test-{number}", "teardown", number) for number in range(15)]})
    run_results.write(second, {"passed": [a_report(f"test-{number}", "teardown", number + 0.5) for number in range(15)]})

    lines = run_results.slowest([first, second, tmp_path / "none.json"])

    assert len(lines) == run_results.LISTED
    assert [line.split() for line in lines[:2]] == [["14.5", "s", "test-14", "(PostgreSQL)"], ["14.0", "s", "test-14", "(SQLite)"]]
    assert "test-4 " not in "\n".join(lines)


def test_everything_that_failed_is_listed_with_its_run(tmp_path: Path) -> None:
    """A cell of the matrix that nobody tried is no failed test, but it makes a run fail, so it is listed with them."""
    first, second = tmp_path / "SQLite.json", tmp_path / "PostgreSQL.json"
    passed = [a_report("one", "call", 1), a_report("two", "call", 1)]
    run_results.write(first, {"passed": passed, "failed": [a_report("three", "call", 1)]}, ["not tried: a cell"])
    run_results.write(second, {"passed": passed, "error": [a_report("four", "setup", 1)], "skipped": [a_report("five", "setup", 0)]})

    assert run_results.failures([first, second]) == [
        "FAILED three  (SQLite)",
        "FAILED not tried: a cell  (SQLite)",
        "FAILED four  (PostgreSQL)",
    ]
    assert run_results.totals([first, second]) == "2 failed, 4 passed, 1 skipped"


def a_run(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: dict[str, float], **noted: object) -> run_tests.Run:
    """Return a run that wrote results and notes."""
    monkeypatch.setattr(run_tests, "RESULTS", folder)
    run = run_tests.FAST
    run.results.write_text(json.dumps({"seconds": seconds, "failed": [], "counts": {"failed": 0, "passed": len(seconds)}}))
    RunNotes(**noted).write(run.results)  # type: ignore[arg-type]  # fields by name
    return run


def test_long_cases_are_counted_and_those_not_marked_slow_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = next(iter(matrix.callers_of_the_cast()))
    usual = {f"usual {number}": 0.02 for number in range(900)}
    seconds = {**usual, "a": 0.6, "b": 0.61, "d": 4.0, "e": 9.0, cell: 4.0, "tests/structure/x": 5.0}
    run = a_run(tmp_path, monkeypatch, seconds, marked_slow=["e"], slow_cases=run_tests.SLOW_CASES)
    lines = list(run_tests.closing_lines([run], 75))
    times = 4.0 / mean(seconds.values())

    assert lines[0] == "\n5 cases over 0.6 s of processor; the longest of all:"
    assert any(re.fullmatch(r"0 failed, 906 passed in 1 min 15 s, with .* of processor on \d+ cores", line) for line in lines)
    assert [line for line in lines if "marked slow" in line] == [
        f"ought to be marked slow: {times:.0f} times the mean: d  (fast tests, on SQLite)"
    ]
    assert run_tests.too_many_slow_cases([run]) == [], "a crowded machine refuses nothing"


def test_more_slow_cases_than_may_be_are_a_fault_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(tmp_path, monkeypatch, {}, slow_cases=run_tests.SLOW_CASES + 1)

    assert run_tests.too_many_slow_cases([run]) == ["651 cases are marked slow; 650 may be."]


def test_the_last_lines_name_what_could_not_be_run_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(tmp_path, monkeypatch, {}, lacking={"openssl is missing (apt-get install openssl)": 2}, without_time=7)

    assert list(run_tests.closing_lines([run], 1))[-2:] == [
        "not run: 2 of fast tests, on SQLite: openssl is missing (apt-get install openssl)",
        "not run: 7 of fast tests, on SQLite: no time was left",
    ]


def test_runs_that_find_no_time_left_are_not_begun_and_each_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []
    clock = iter((100.0, 130.0, 400.0, 401.0))
    monkeypatch.setattr(run_tests.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(run_tests, "perform", lambda _run, _arguments, until: limits.append(until) or len(limits) == 1)

    failed, left_out = run_tests.perform_while_time_is_left(run_tests.REST[:4], [], 400)

    assert limits == [100 + 300 / 4, 130 + 270 / 3]
    assert failed == [run_tests.REST[1]]
    assert left_out == list(run_tests.REST[2:4])


def test_progress_is_told_in_proportion_to_the_seconds_that_were_recorded() -> None:
    estimate = Estimate({"short": 1.0, "long": 9.0})
    estimate.expect(["short", "long"])
    estimate.expect(["long", "short"])  # by another process
    assert estimate.seconds_left(3) is None
    estimate_of_many = Estimate({})
    estimate_of_many.expect(str(number) for number in range(1000))
    estimate_of_many.finish("0")
    assert estimate_of_many.line(50, 0) == "1 of 1,000 tests, 50 s gone"
    estimate.finish("short")

    assert estimate.line(20, 0) == "1 of 2 tests, 20 s gone, about 3 min 00 s left"
    estimate.finish("long")
    assert estimate.line(3605, 2) == "2 of 2 tests, 60 min 05 s gone, about 0 s left, 2 failed"


def test_progress_is_told_by_the_count_where_nothing_was_recorded() -> None:
    estimate = Estimate({})
    estimate.expect(map(str, range(1000)))
    for number in range(250):
        estimate.finish(str(number))

    assert estimate.line(60, 0) == "250 of 1,000 tests, 1 min 00 s gone, about 3 min 00 s left"


SAMPLE = """
import pytest
from tests.support.missing import note

@pytest.mark.parametrize("number", range(3))
def test_passes(number):
    pass

@pytest.mark.slow
def test_takes_long():
    pass

def test_fails():
    assert False

def test_lacks():
    pytest.skip(note("openssl is missing (apt-get install openssl)"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_prints_lines_of_progress_and_notes_what_results_leave_out(tmp_path: Path, processes: str) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    results = tmp_path / "results" / "sample.json"
    options = ["-q", "-n", processes, "-p", "no:randomly", "-p", "tests.support.run_progress", "--progress-seconds", "0"]
    command = [sys.executable, "-m", "pytest", *options, "-c", str(ROOT / "pyproject.toml"), str(tmp_path)]
    environment = {"TEST_RESULTS": str(results), "PATH": ""}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    notes = RunNotes.read(results)
    assert done.returncode == 1
    assert re.search(r"^\d of 6 tests, \d s gone, about \d+ s left", done.stdout, re.MULTILINE)
    assert re.search(r"^FAILED .*test_sample.py::test_fails \(call\)$", done.stdout, re.MULTILINE)
    assert not re.search(r"^[.sF]+", done.stdout.replace("FAILED", ""), re.MULTILINE)
    assert [name.rpartition("::")[2] for name in notes.marked_slow] == ["test_takes_long"]
    assert (notes.slow_cases, notes.lacking) == (1, {"openssl is missing (apt-get install openssl)": 1})


@pytest.mark.slow
def test_the_last_lines_of_a_run_name_its_slowest_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "tests/kernel/test_codes.py"])
    monkeypatch.delenv("CI", raising=False)

    run_tests.main()

    lines = capfd.readouterr().out.partition("over 0.6 s of processor")[2].splitlines()
    assert "tests/kernel/test_codes.py::" in lines[1]
    assert lines[1].endswith("(fast tests, on SQLite)")
    assert any(re.fullmatch(r"0 failed, \d+ passed in (\d+ min )?\d+ s, with .+ of processor on \d+ cores", line) for line in lines)
    assert "Left to another command: pages in Chromium: make browser" in lines
