"""Runs of the suite: what is run on which database; the slowest and the failed tests in the last lines of `make test`."""

import sys
from pathlib import Path, PurePath

import pytest

from scripts import run_tests
from tests.support import run_results
from tests.support.databases import BOTH, OTHERS, is_of_pages
from tests.support.project import ROOT


def test_what_is_left_out_on_postgresql_is_there() -> None:
    assert {name for name in OTHERS | BOTH if not (ROOT / "tests" / name).is_file()} == set()
    assert {name for name in OTHERS if not is_of_pages(PurePath(name))} == {name for name in BOTH if is_of_pages(PurePath(name))} == set()
    assert is_of_pages(PurePath("courses/test_views_lessons.py"))
    assert not is_of_pages(PurePath("courses/test_services.py"))
    assert run_tests.on("SQLite", run_tests.FAST) == run_tests.FAST
    assert run_tests.on("PostgreSQL", run_tests.FAST) == f"(database or http) and not pages and {run_tests.FAST}"


def a_report(name: str, when: str, seconds: float) -> pytest.TestReport:
    return pytest.TestReport(name, ("", None, ""), {}, "passed", None, when, duration=seconds)  # type: ignore[arg-type]  # when is a literal


def test_a_test_takes_what_it_sets_up_runs_and_takes_down() -> None:
    reports = [a_report("one", "setup", 1), a_report("one", "call", 2), a_report("one", "teardown", 0.5), a_report("two", "call", 3)]

    assert run_results.seconds_by_test([*reports, "deselected"]) == {"one": 3.5, "two": 3}


def test_the_twenty_slowest_of_all_runs_are_listed_together(tmp_path: Path) -> None:
    first, second = tmp_path / "SQLite.json", tmp_path / "PostgreSQL.json"
    run_results.write(first, {"passed": [a_report(f"test-{number}", "call", number) for number in range(15)]})
    run_results.write(second, {"passed": [a_report(f"test-{number}", "call", number + 0.5) for number in range(15)]})

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


@pytest.mark.slow
def test_the_last_lines_of_a_run_name_its_slowest_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "tests/kernel/test_codes.py"])
    monkeypatch.setenv("TEST_POSTGRES_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    monkeypatch.delenv("CI", raising=False)

    run_tests.main()

    lines = capfd.readouterr().out.partition("The slowest tests")[2].splitlines()
    assert "tests/kernel/test_codes.py::" in lines[1]
    assert lines[1].endswith("(fast tests, on SQLite)")
    assert any(line.startswith("0 failed, ") and line.endswith(" passed") for line in lines)
