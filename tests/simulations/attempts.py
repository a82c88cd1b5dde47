"""What the best of several attempts does to decisions, and what their average does (spec/selection 3.8; attempts.csv).

Each attempt has other questions of the same kind, and nothing is learned between them. Who passes stops.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from random import Random

from tests.simulations.figures import RunSize, SimulatedFigure, share_tolerance
from tests.support.golden_bank import rows

CASES = ("final of 14 items", "40 items", "60 items")
EXACT = 10**9
"""The stated figures are integrals: as of so many people."""
MOST = 3
THIRTY = 30
"""Questions of the shipped final tests."""
OF_THIRTY = {"best of 1": (0.05322, 0.09052), f"best of {MOST}": (0.11491, 0.00978), f"average of {MOST}": (0.07418, 0.02613)}
"""False passes and false fails of thirty questions like those of the first case (3.8), by what counts."""


def simulate(size: RunSize, seed: int) -> Iterator[SimulatedFigure]:
    """Yield false passes and false fails with the best of one, two and three attempts, and of thirty questions with the average."""
    models = {row["case"]: row for row in rows("decision.csv")}
    stated = {(row["case"], int(row["best_of"])): row for row in rows("attempts.csv")}
    for case in CASES:
        chance, row = Random(f"{seed} {case}"), models[case]  # noqa: S311 - no secrets
        cut, length, needed = float(row["cut"]) / 100, int(row["n"]), int(row["c"])
        people = list(_people(row, size.people, length, chance))
        for allowed in range(1, MOST + 1):
            passes = [(level, max(scores[:allowed]) >= needed) for level, scores in people]
            for name, column, found in zip(("passes", "fails"), ("false_pass", "false_fail"), _errors(passes, cut), strict=True):
                share = float(stated[case, allowed][column])
                what = f"false {name}, best of {allowed}, {case}"
                yield SimulatedFigure("3.8", what, share, found, share_tolerance(share, found, size.people, EXACT))
    yield from _of_thirty(models[CASES[0]], size.people, Random(f"{seed} average"))  # noqa: S311 - no secrets


def _of_thirty(row: dict[str, str], count: int, chance: Random) -> Iterator[SimulatedFigure]:
    cut, length = Fraction(row["cut"]) / 100, floor(Fraction(row["length"]) * THIRTY / int(row["items"]) + Fraction(1, 2))
    needed = ceil(cut * length)
    people = list(_people(row, count, length, chance))
    passes = {
        "best of 1": [(level, scores[0] >= needed) for level, scores in people],
        f"best of {MOST}": [(level, max(scores) >= needed) for level, scores in people],
        f"average of {MOST}": [
            (level, any(sum(scores[:tried]) >= cut * length * tried for tried in range(1, MOST + 1))) for level, scores in people
        ],
    }
    for counted, stated in OF_THIRTY.items():
        for name, share, found in zip(("passes", "fails"), stated, _errors(passes[counted], float(cut)), strict=True):
            what = f"false {name}, {counted}, thirty questions"
            yield SimulatedFigure("3.8", what, share, found, share_tolerance(share, found, count, EXACT))


def _people(row: dict[str, str], count: int, length: int, chance: Random) -> Iterator[tuple[float, list[int]]]:
    """Yield true levels, each with the right answers of three attempts."""
    for _person in range(count):
        level = chance.betavariate(float(row["beta_a"]), float(row["beta_b"]))
        yield level, [sum(chance.random() < level for _question in range(length)) for _attempt in range(MOST)]


def _errors(passes: list[tuple[float, bool]], cut: float) -> tuple[float, float]:
    """Return the shares of people who pass below the pass mark, and who fail although they reach it."""
    return (
        sum(passed and level < cut for level, passed in passes) / len(passes),
        sum(not passed and level >= cut for level, passed in passes) / len(passes),
    )
