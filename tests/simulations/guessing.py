"""How often the finding that a question is guessed is told, of sound questions and of guessed ones (spec/selection 3.16; chance.csv)."""

from collections.abc import Iterator, Mapping
from random import Random

from tests.simulations.figures import RunSize, SimulatedFigure, share_tolerance
from tests.support.golden_bank import rows
from tests.support.item_classes import Item, p_values

ITEMS: Mapping[str, Item] = {
    "true/false sound": Item(0.5),
    "single of 4 sound": Item(0.25),
    "true/false, all guess": Item(0.5, slope=0.0),
    "single of 4, all guess": Item(0.25, slope=0.0),
}
LARGEST = 120
LEVELS = {"told_sign_5%": 0.05, "told_likely_1%": 0.01}


def simulate(size: RunSize, seed: int) -> Iterator[SimulatedFigure]:
    """Yield false alarms and power by number of learners, at the levels of sign and likely."""
    for row in rows("chance.csv"):
        name, learners = row["item"], int(row["N"])
        if name not in ITEMS or learners > LARGEST:
            continue
        found = list(p_values(ITEMS[name], learners, size.guessing, Random(f"{seed} {name} {learners}")))  # noqa: S311 - no secrets
        for column, level in LEVELS.items():
            told, stated = sum(p is not None and p <= level for p in found) / len(found), float(row[column])
            what = f"{column.removeprefix('told_').replace('_', ' at ')}, {name}, {learners} learners"
            yield SimulatedFigure("3.16", what, stated, told, share_tolerance(stated, told, int(row["classes"]), len(found)))
