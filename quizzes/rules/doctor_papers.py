"""The question doctor on how papers differ: the numbers of a calculated question, and which option stood first.

Both are drawn for each attempt and have nothing to do with who learns, so that halves and places can be compared directly.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

from quizzes.rules.ailments import Ailment, Finding, strength_of
from quizzes.rules.evidence import Evidence
from quizzes.rules.significance import LEAST, ONE_PERCENT, Scale, means_square

MOVED = Fraction(3, 20)
"""Difference between two halves from which it is told."""
DRAWN = Fraction(1, 20)
"""Share of all answers that the first place has to draw to itself, beyond what its options draw elsewhere."""
_NOTHING = Fraction(0)


def paper_findings(evidence: Evidence) -> Iterator[Finding]:
    """Find what is wrong with the values that a question draws, and whether its first option is taken for standing there."""
    for name, counted in evidence.values.items():
        yield from _about_values(name, counted)
    yield from _about_first_place(evidence.firsts)


def _about_values(name: str, counted: Mapping[tuple[Fraction, Fraction], int]) -> Iterator[Finding]:
    """Compare the attempts with the lower values of a variable with those that had higher ones."""
    cut = _median(counted)
    low, high = (
        _scale([(share, often) for (value, share), often in counted.items() if (value <= cut) is below]) for below in (True, False)
    )
    if min(low.count, high.count) < LEAST:
        return
    square, difference = means_square(low, high), low.mean - high.mean
    if abs(square) >= ONE_PERCENT and abs(difference) >= MOVED:
        yield Finding(Ailment.VALUES, strength_of(square), low.count + high.count, answer=f"{name} {cut}", share=difference)


def _median(counted: Mapping[tuple[Fraction, Fraction], int]) -> Fraction:
    """Return the value that at least half of the attempts do not exceed."""
    often: Counter[Fraction] = Counter()
    for (value, _share), count in counted.items():
        often[value] += count
    below, cut = 0, _NOTHING
    for value in sorted(often):
        below, cut = below + often[value], value
        if 2 * below >= often.total():
            break
    return cut


def _scale(values: list[tuple[Fraction, int]]) -> Scale:
    whole = sum((value * often for value, often in values), _NOTHING)
    return Scale(sum(often for _value, often in values), whole, sum((value * value * often for value, often in values), _NOTHING))


def _about_first_place(firsts: Mapping[tuple[str, str], int]) -> Iterator[Finding]:
    """Compare how often the option in the first place was taken with how often it would be if the place drew nobody.

    ``firsts`` counts attempts by the option taken and the one that stood first. Without an effect of the place, an option is taken
    as often where it stands first as elsewhere: where the order is always the same there is nothing to compare, and nothing is said.
    """
    count = sum(firsts.values())
    taken: Counter[str] = Counter()
    stood: Counter[str] = Counter()
    for (option, first), often in firsts.items():
        taken[option] += often
        stood[first] += often
    observed = sum(often for (option, first), often in firsts.items() if option == first)
    chances = [(often, Fraction(stood[option], count)) for option, often in taken.items()]
    expected = sum((often * chance for often, chance in chances), _NOTHING)
    variance = sum((often * chance * (1 - chance) for often, chance in chances), _NOTHING)
    if count < LEAST or not variance or observed - expected < DRAWN * count:
        return
    square = (observed - expected) ** 2 / variance
    if square >= ONE_PERCENT:
        yield Finding(Ailment.FIRST_PLACE, strength_of(square), count, count=observed, share=(observed - expected) / count)
