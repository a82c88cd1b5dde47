"""Whether the estimate of how alike decisions are tells the truth (spec/selection 3.7; decision-check.csv).

The same people answer two papers of the same questions: what the first is estimated to say, beside how alike both decide. Ability is
N(0, 1); a question of slope 1.2 and difficulty N(shift, sd 0.8) is right with P = g + (1 − g)/(1 + exp(−1.2·(θ − b))), g by guessing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp
from random import Random

from analysis.rules.decision_quality import decision_quality, spread_of, true_scores
from tests.simulations.figures import RunSize, SimulatedFigure, mean_tolerance
from tests.support.golden_bank import rows

CUT = Fraction(7, 10)
SLOPE = 1.2
SHIFTS: Mapping[tuple[int, float], float] = {(14, 0.25): -0.6, (20, 0.3): -0.6, (40, 0.25): -0.4, (40, 0.0): -1.2, (60, 0.25): -0.4}
"""By number of questions and guess rate, the mean difficulty."""


@dataclass(frozen=True, slots=True)
class _Agreement:
    """Of a class: consistency and accuracy, estimated from one paper and as they really are."""

    consistency: float
    consistency_real: float
    accuracy: float
    accuracy_real: float


def simulate(size: RunSize, seed: int) -> Iterator[SimulatedFigure]:
    """Yield consistency and accuracy by questions, guess rate and size of the class, and how much the estimate flatters on average."""
    gaps, stated_gaps = list[float](), list[float]()
    for row in rows("decision-check.csv"):
        items, guess, people = int(row["items"]), float(row["guess"]), int(row["N"])
        if people > size.largest:
            continue
        chance = Random(f"{seed} {items} {guess} {people}")  # noqa: S311 - no secrets
        classes = [_agreement(items, guess, people, chance) for _class in range(min(size.decisions, int(row["classes"])))]
        found = [one for one in classes if one is not None]
        for kind in ("consistency", "accuracy"):
            for column, name in ((f"{kind}_estimated", kind), (f"{kind}_real", f"{kind}_real")):
                values = [getattr(one, name) for one in found]
                what = f"{column.replace('_', ' ')}, {items} questions, guess rate {guess:g}, {people} people"
                tolerance = mean_tolerance(values, int(row["classes"]), least=0.004)
                yield SimulatedFigure("3.7", what, float(row[column]), sum(values) / len(values), tolerance)
        gaps.append(sum(one.consistency_real - one.consistency for one in found) / len(found))
        stated_gaps.append(float(row["consistency_real"]) - float(row["consistency_estimated"]))
    stated, tolerance = sum(stated_gaps) / len(stated_gaps), mean_tolerance(gaps, len(gaps), least=0.004)
    yield SimulatedFigure("3.7", "points by which the estimate is too low, mean of all classes", stated, sum(gaps) / len(gaps), tolerance)


def _agreement(items: int, guess: float, people: int, chance: Random) -> _Agreement | None:
    """Simulate a class; None where its answers carry no model."""
    difficulties = [chance.gauss(SHIFTS[items, guess], 0.8) for _item in range(items)]
    right, pairs, levels = [0] * items, list[tuple[int, int]](), list[float]()
    for _person in range(people):
        ability = chance.gauss(0, 1)
        chances = [guess + (1 - guess) / (1 + exp(-SLOPE * (ability - difficulty))) for difficulty in difficulties]
        first = [chance.random() < one for one in chances]
        pairs.append((sum(first), sum(chance.random() < one for one in chances)))
        levels.append(sum(chances) / items)
        right = [count + got for count, got in zip(right, first, strict=True)]
    totals = Counter(Fraction(one) for one, _other in pairs)
    spread = spread_of(totals, Fraction(items), items, _alpha(right, totals, people))
    model = None if spread is None else true_scores(spread, CUT)
    if model is None:
        return None
    quality, needed = decision_quality(model), ceil(items * CUT)
    return _Agreement(
        quality.consistency,
        sum((one >= needed) == (other >= needed) for one, other in pairs) / people,
        quality.accuracy,
        sum((one >= needed) == (level >= CUT) for (one, _other), level in zip(pairs, levels, strict=True)) / people,
    )


def _alpha(right: list[int], totals: Counter[Fraction], people: int) -> Fraction:
    """Return Cronbach's alpha of questions that are right or wrong."""
    whole, squares = (sum(often * total**power for total, often in totals.items()) for power in (1, 2))
    variance = (squares - Fraction(whole * whole) / people) / (people - 1)
    own = sum(Fraction(count * (people - count), people * (people - 1)) for count in right)
    return Fraction(len(right), len(right) - 1) * (1 - own / variance) if variance else Fraction(0)
