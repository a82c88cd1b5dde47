"""A tiny simulation of each kind, and what the command makes of a figure that does not hold (spec/selection 1.18, 3.7, 3.8, 3.13, 3.16)."""

import pytest

from scripts import documents
from tests.simulations import __main__ as command
from tests.simulations.__main__ import SEED, SIMULATIONS
from tests.simulations.figures import SHORT, TINY, SimulatedFigure, formatted, mean_tolerance, share_tolerance

FIGURES = {"draws": 20, "decisions": 21, "attempts": 24, "guessing": 32, "sound_classes": 4}
"""How many each gives; of decisions only classes of 48 are so small."""


@pytest.mark.parametrize("name", list(SIMULATIONS))
def test_each_simulation_compares_its_figures_with_the_stated_ones(name: str) -> None:
    found = list(SIMULATIONS[name](TINY, SEED))

    assert len(found) == FIGURES[name]
    assert list(SIMULATIONS[name](TINY, SEED)) == found, "the seed decides everything"
    assert all(one.what and one.tolerance > 0 and one.stated >= 0 for one in found)
    assert len({one.what for one in found}) == len(found)


def test_the_best_of_several_attempts_lets_more_pass_by_luck_as_stated() -> None:
    """spec/selection 3.8: in the short run already."""
    found = {one.what: one for one in SIMULATIONS["attempts"](SHORT, SEED)}

    assert {one.verdict for one in found.values()} == {"holds"}
    assert found["false passes, best of 3, 40 items"].found > 2 * found["false passes, best of 1, 40 items"].found


def test_a_figure_that_is_out_fails_the_command_and_stands_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fine, out = SimulatedFigure("3.7", "one", 0.5, 0.55, 0.1), SimulatedFigure("3.7", "other", 0.5, 0.65, 0.1)
    monkeypatch.setattr(command, "SIMULATIONS", {"draws": lambda _size, _seed: iter([fine, out])})

    assert command.main(["--size", "short"]) == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["verdict", "holds", "OUT"]
    assert "| 3.7 | other | 0.5000 | 0.6500 | 0.1000 | **out** |" in documents.simulated({"draws": {"rows": [out.recorded()]}})


def test_a_whole_run_is_recorded_and_its_history_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(command, "record", lambda *given, **named: kept.append((given, named)))
    monkeypatch.setattr(command, "SIMULATIONS", {"draws": lambda _size, _seed: iter([SimulatedFigure("3.7", "one", 0.5, 0.5, 0.1)])})

    assert command.main(["--size", "whole"]) == command.main(["--size", "short"]) == 0
    ((given, named),) = kept
    assert given[:2] == ("simulations", "draws")
    assert [row["what"] for row in given[2]["rows"]] == ["one"]
    assert (named["run"]["figures"], named["run"]["out"], "rows" in named["run"]) == (1, 0, False)


def test_tolerances_are_standard_errors() -> None:
    assert share_tolerance(0.5, 0.5, 100, 100) == pytest.approx(4 * (0.25 * 2 / 100) ** 0.5)
    assert share_tolerance(0.0, 0.0, 100, 50) > 0
    assert mean_tolerance([1.0, 3.0], 2) == pytest.approx(4 * 2**0.5)
    assert mean_tolerance([1.0, 1.0], 2, least=0.5) == 0.5
    most = SimulatedFigure("3.13", "one", 0.05, 0.0, 0.03, is_most=True)
    assert most.verdict == "holds"
    assert "at most 0.0500" in formatted([most])
