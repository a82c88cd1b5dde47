"""Balanced draws for everybody: the table of a quiz, and the question sets of 36,000 attempts from it (spec/selection 12)."""

import time
from fractions import Fraction
from random import Random
from statistics import median

from quizzes.rules.balanced_draw import Balance, QuestionSets, draw_set, plan_draws
from quizzes.rules.layout import Candidate, SlotEntry
from tests.bench.table import Row

DRAWS, POOL, TAKEN = 10, 60, 4
ATTEMPTS = 36_000
ROUNDS = 3
SEED = 20261125


def draws(attempts: int = ATTEMPTS) -> list[Row]:
    """spec/selection 12: seconds of processor of a draw table, and milliseconds of each draw; every set lies within the bound."""
    chance = Random(SEED)  # noqa: S311 - no secrets
    facilities = {f"{draw:02}-{item:02}": chance.randint(25, 97) for draw in range(DRAWS) for item in range(POOL)}
    pools = [[f"{draw:02}-{item:02}" for item in range(POOL)] for draw in range(DRAWS)]
    entries = [SlotEntry(tuple(Candidate(name, 1, Fraction(1)) for name in pool), TAKEN) for pool in pools]
    balance, counting = Balance(Fraction(1)), list[float]()
    plan = plan_draws(entries, facilities, balance)
    for _round in range(ROUNDS):
        began = time.process_time()
        sets = QuestionSets(plan)
        counting.append(time.process_time() - began)
    target, began = sum(TAKEN * Fraction(sum(facilities[name] for name in pool), POOL) for pool in pools), time.process_time()
    drawn = [draw_set(sets, chance.getrandbits(64)) for _attempt in range(attempts)]
    each = (time.process_time() - began) * 1000 / attempts
    slack = balance.within * DRAWS * TAKEN + Fraction(1, 2)  # the target is rounded
    for found in drawn:
        assert found is not None
        names = [one.question for cell in found.cells for one in cell]
        assert len(set(names)) == DRAWS * TAKEN
        assert abs(sum(facilities[name] for name in names) - target) <= slack, names
    size = f"{DRAWS} draws of {TAKEN} from {POOL}"
    return [
        Row("S1", f"seconds of the draw table, {size}", median(counting), 2, 0.5),
        Row("S2", f"ms of a balanced draw, {size}", each, 2, 0.5, f"{attempts:,} question sets, all within the bound"),
    ]
