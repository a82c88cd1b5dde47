"""Simulate the rules in force, print the table and record it in docs/figures/simulations.json.

python -m tests.simulations [--size short|whole] [--only draws|decisions|attempts|guessing|sound_classes] [--seed 20261125]
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import process_time

from scripts.figures import record
from tests.simulations import attempts, decisions, draws, guessing, sound_classes
from tests.simulations.figures import SIZES, RunSize, SimulatedFigure, formatted

SEED = 20261125
SIMULATIONS: Mapping[str, Callable[[RunSize, int], Iterator[SimulatedFigure]]] = {
    "draws": draws.simulate,
    "decisions": decisions.simulate,
    "attempts": attempts.simulate,
    "guessing": guessing.simulate,
    "sound_classes": sound_classes.simulate,
}


def main(arguments: Sequence[str]) -> int:
    """Simulate what is named; return how many figures are out, with which the program fails. A whole run is recorded."""
    parser = ArgumentParser(prog="python -m tests.simulations")
    parser.add_argument("--size", choices=list(SIZES), default="short", help="short: under two minutes; whole: as the stated figures")
    parser.add_argument("--only", choices=list(SIMULATIONS), help="simulate a part")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    size, found = SIZES[given.size], list[SimulatedFigure]()
    for name in [given.only] if given.only else SIMULATIONS:
        began = process_time()
        figures = list(SIMULATIONS[name](size, given.seed))
        seconds = round(process_time() - began)
        sys.stderr.write(f"  {name}: {len(figures)} figures in {seconds} s\n")
        found += figures
        if given.size == "whole":
            run = {"seed": given.seed, "seconds": seconds, "figures": len(figures), "out": sum(one.verdict == "OUT" for one in figures)}
            record("simulations", name, {**run, "rows": [one.recorded() for one in figures]}, whole=True, run=run)
    sys.stdout.write(formatted(found) + "\n")
    return sum(one.verdict == "OUT" for one in found)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
