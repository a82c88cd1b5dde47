"""Figures that commands record: the newest of each part, a history, and tables that hide no missed bar."""

import json
from pathlib import Path

import pytest

from scripts import documents, figures
from tests.bench.__main__ import replaced
from tests.bench.crowd import p95_of_minutes
from tests.bench.paired import lines
from tests.bench.table import Row, told_where_no_bar_binds
from tests.loadtest.measures import Measures


def test_the_newest_figures_replace_those_of_the_same_key(tmp_path: Path) -> None:
    figures.record("faults", "sqlite", {"a": 1, "b": 2}, folder=tmp_path)
    figures.record("faults", "sqlite", {"b": 3}, folder=tmp_path)
    figures.record("faults", "postgres", {"a": 4}, folder=tmp_path)

    assert figures.newest("faults", tmp_path) == {"sqlite": {"a": 1, "b": 3}, "postgres": {"a": 4}}


def test_a_whole_run_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    figures.record("mutation", "rules", {"gone": 1}, folder=tmp_path)
    figures.record("mutation", "rules", {"marking": 2}, whole=True, folder=tmp_path)

    assert figures.newest("mutation", tmp_path) == {"rules": {"marking": 2}}


def test_every_run_stays_in_the_history(tmp_path: Path) -> None:
    for value in (1, 2):
        figures.record("faults", "sqlite", {"a": value}, folder=tmp_path)

    runs = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text("utf-8").splitlines()]
    assert [(run["name"], run["part"], run["figures"]) for run in runs] == [("faults", "sqlite", {"a": 1}), ("faults", "sqlite", {"a": 2})]
    assert all(run["at"] for run in runs)


def test_a_part_of_the_benchmark_replaces_its_own_figures_alone(tmp_path: Path) -> None:
    stored = [{"number": "K6", "what": what, "value": 9.0} for what in ("report of 3600 people", "status list")]
    rows = replaced(stored, [Row("K6", "report of 36000 people", 2.0, 3, 3), Row("K8", "home", 1.5, 2, 1.5)])
    figures.record("performance", "sqlite", {"rows": rows}, run={"only": "training"}, folder=tmp_path)

    stored_now = figures.newest("performance", tmp_path)["sqlite"]["rows"]
    assert [(row["what"], row["value"]) for row in stored_now] == [("status list", 9.0), ("report of 36000 people", 2.0), ("home", 1.5)]
    assert json.loads((tmp_path / "history.jsonl").read_text("utf-8"))["figures"] == {"only": "training"}


def test_a_bar_that_is_not_met_stays_visible() -> None:
    row = {"number": "P1", "what": "lesson page", "value": 3.13, "bar": 3, "goal": 2, "numbers": "4 ms against 1 ms", "verdict": "NOT MET"}
    table = documents.bars({"sqlite": {"accounts": 36000, "rows": [row]}})

    assert "| # | What | Bar (goal) | SQLite, 36,000 people | PostgreSQL | No database |" in table
    assert "| P1 | lesson page | 3 (2) | 3.13 **not met** (4 ms against 1 ms) |" in table


def test_each_recorded_line_of_a_test_is_a_row() -> None:
    table = documents.figures_as_list(
        {"postgres": {"tests/faults/test_killed.py::test_killed_while_people_work": ["killed 6 times: nothing lost"]}}
    )

    assert "| killed while people work (`tests/faults/test_killed.py`) | PostgreSQL | killed 6 times: nothing lost |" in table


@pytest.mark.parametrize(
    ("bar", "goal", "value", "verdict"),
    [(2.5, 2, 2.6, "NOT MET"), (2.5, 2, 2.1, "met"), (2.5, 2, 2, "goal met"), (1.4, 1.6, 1.3, "NOT MET"), (1.4, 1.6, 1.5, "met")],
)
def test_a_bar_is_the_most_that_a_figure_may_be_or_the_least_where_the_goal_is_higher(
    bar: float, goal: float, value: float, verdict: str
) -> None:
    row = Row("P1", "lesson page", value, bar, goal).recorded()

    assert row["verdict"] == verdict
    assert ("**not met**" in documents.bars({"sqlite": {"accounts": 1, "rows": [row]}})) == (verdict == "NOT MET")


def test_bars_that_bind_on_sqlite_judge_nothing_on_a_server_beside_the_program() -> None:
    """spec/performance P1 and P2: the first is told on PostgreSQL, the second binds there too."""
    rows = [Row("P1", "lesson page", 9, 2.5, 2), Row("P2", "course page", 9, 5, 3)]

    assert [row.verdict for row in told_where_no_bar_binds(rows, "postgres")] == ["told", "NOT MET"]
    assert [row.verdict for row in told_where_no_bar_binds(rows, "sqlite")] == ["NOT MET", "NOT MET"]


def test_a_figure_that_only_tells_stays_so_where_the_bar_binds() -> None:
    rows = told_where_no_bar_binds([Row("P10", "more than this machine can do", 99, 12, 8, binds=False)], "sqlite")

    assert [row.verdict for row in rows] == ["told"]


def test_a_disturbed_minute_does_not_count_for_the_others() -> None:
    """Three minutes of a hundred lessons, the second of them disturbed; who came in the last is answered after its end."""
    measures = Measures()
    for number in range(300):
        measures.note("lesson", number * 0.6 + 1, 2.0 if 100 <= number < 200 else 0.01 * (1 + number % 100))

    assert p95_of_minutes(measures, "lesson", 180) == pytest.approx([0.95, 2.0, 0.95], abs=0.021)
    assert len(p95_of_minutes(measures, "lesson", 40)) == 1


def test_two_versions_are_compared_pair_by_pair() -> None:
    """One pair in ten was disturbed: the median of the pairs and its interval do not see it."""
    pairs = [({"whole": 10.0, "database server": 0.0}, {"whole": 8.0, "database server": 0.0})] * 18
    disturbed = ({"whole": 10.0, "database server": 0.0}, {"whole": 40.0, "database server": 0.0})

    (whole,) = [line.split() for line in lines([*pairs, disturbed, disturbed]) if line.startswith("whole")]

    assert whole == ["whole", "10000.00", "8000.00", "20.0", "20.0", "to", "20.0"]
