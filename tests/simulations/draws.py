"""What balancing gives when facilities are estimates, and how even exposure stays (spec/selection 1.12 to 1.18; draw-check.csv).

Seven draws of 2 from 28 questions, within one point. The true facility of a question is normal (0.70, sd 0.15) between 0.25 and 0.97;
its author calls it easy, medium or hard by where it lies.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import sqrt
from random import Random

from questions.rules.definitions import Difficulty
from quizzes.rules.balanced_draw import Balance, QuestionSets, draw_set, known_facility, plan_draws
from quizzes.rules.layout import Candidate, SlotEntry
from tests.simulations.figures import RunSize, SimulatedFigure, mean_tolerance
from tests.support.golden_bank import rows

DRAWS, POOL, TAKEN = 7, 28, 2
STATED_TABLES, STATED_SETS = 8, 1500
KNOWN = 10**6
"""So many answers are as good as all: the facility is known."""
REACH = 3.3
"""Standard errors of the outermost of some 1,500 questions."""


def simulate(size: RunSize, seed: int) -> Iterator[SimulatedFigure]:
    """Yield spread and exposure by how many answers stand behind each facility."""
    for row in rows("draw-check.csv"):
        answers = int(row["answers_behind_each_facility"])
        chance, free, balanced, exposures = Random(f"{seed} {answers}"), list[float](), list[float](), list[float]()  # noqa: S311 - no secrets
        for table in range(size.tables):
            one, other, exposure = _draw_from_a_table(answers, table, size.sets, chance)
            free.append(one)
            balanced.append(other)
            exposures += exposure
        behind = "facilities known" if answers == KNOWN else f"{answers} answers behind each facility"
        for name, column, found in (("free", "sd_free_draw", free), ("balanced", "sd_balanced", balanced)):
            stated = float(row[column])
            tolerance = mean_tolerance(found, STATED_TABLES, least=0.1 * stated)
            yield SimulatedFigure("1.18", f"points of spread, {name} draws, {behind}", stated, sum(found) / len(found), tolerance)
        for name, column, extreme in (("least", "least_exposure", min), ("most", "most_exposure(even_would_be_0.071)", max)):
            yield SimulatedFigure("1.18", f"{name} exposure, {behind}", float(row[column]), extreme(exposures), _reach(size.sets))


def _reach(sets: int) -> float:
    """Return how far apart the outermost exposures may be: two standard errors, and what fewer sets spread them further."""
    even = TAKEN / POOL
    here, stated = (sqrt(even * (1 - even) / count) for count in (sets, STATED_SETS))
    return 2 * here + REACH * max(0.0, here - stated)


def _draw_from_a_table(answers: int, table: int, sets: int, chance: Random) -> tuple[float, float, list[float]]:
    """Return the spread of the true expected scores of free and of balanced draws, and how often each question was drawn."""
    truth = {f"{draw}-{item:02}": min(0.97, max(0.25, chance.gauss(0.70, 0.15))) for draw in range(DRAWS) for item in range(POOL)}
    pools = [[f"{draw}-{item:02}" for item in range(POOL)] for draw in range(DRAWS)]
    facilities = {name: _estimate(share, answers, chance) for name, share in truth.items()}
    entries = [SlotEntry(tuple(Candidate(name, 1, Fraction(1)) for name in pool), TAKEN) for pool in pools]
    allowed, shown, scores = QuestionSets(plan_draws(entries, facilities, Balance(Fraction(1)))), Counter[str](), list[float]()
    for number in range(sets):
        drawn = draw_set(allowed, table * KNOWN + number)
        assert drawn is not None
        names = [one.question for cell in drawn.cells for one in cell]
        shown.update(names)
        scores.append(_score(truth[name] for name in names))
    free = [_score(truth[name] for pool in pools for name in chance.sample(pool, TAKEN)) for _set in range(sets)]
    return _spread(free), _spread(scores), [shown[name] / sets for name in truth]


def _estimate(share: float, answers: int, chance: Random) -> int:
    """Return what so many answers make of a facility that its author judged too."""
    if answers == KNOWN:
        return round(100 * share)
    difficulty = Difficulty.EASY if share > 0.78 else Difficulty.MEDIUM if share > 0.55 else Difficulty.HARD
    return known_facility(answers, Fraction(sum(chance.random() < share for _answer in range(answers))), difficulty)


def _score(shares: Iterator[float]) -> float:
    return 100 * sum(shares) / (DRAWS * TAKEN)


def _spread(scores: list[float]) -> float:
    mean = sum(scores) / len(scores)
    return sqrt(sum((one - mean) ** 2 for one in scores) / len(scores))
