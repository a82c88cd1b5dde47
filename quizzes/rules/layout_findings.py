"""Item analysis of how layouts differ: the numbers of a calculated question, and the option shown first.

Both are drawn for each attempt and have nothing to do with the learner, so that halves and places can be compared directly.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

from quizzes.rules.finding_kinds import NOT_MET, FindingKind, Outcome, outcome
from quizzes.rules.item_evidence import ItemEvidence
from quizzes.rules.significance import LEAST, Scale, means_tail
from quizzes.rules.tails import normal_tail

MOVED = Fraction(3, 20)
"""Difference between two halves from which it is told."""
DRAWN = Fraction(1, 20)
"""Share of all answers that the first place has to draw to itself, beyond what its options draw elsewhere."""
_NOTHING = Fraction(0)


def layout_outcomes(evidence: ItemEvidence) -> Iterator[Outcome]:
    """Test the values that a question draws, and whether its first option is taken for being first."""
    for name, counted in evidence.values.items():
        yield _about_values(name, counted)
    if evidence.firsts:
        yield _about_first_place(evidence.firsts)


def _about_values(name: str, counted: Mapping[tuple[Fraction, Fraction], int]) -> Outcome:
    """Compare the attempts with the lower values of a variable with those that had higher ones."""
    cut = _median(counted)
    low, high = (
        _scale([(share, often) for (value, share), often in counted.items() if (value <= cut) is below]) for below in (True, False)
    )
    if min(low.count, high.count) < LEAST:
        return NOT_MET
    difference, met = low.mean - high.mean, abs(low.mean - high.mean) >= MOVED
    return outcome(means_tail(low, high), FindingKind.VALUES, low.count + high.count, met=met, answer=f"{name} {cut}", share=difference)


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


def _about_first_place(firsts: Mapping[tuple[str, str], int]) -> Outcome:
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
        return NOT_MET
    p = normal_tail((observed - expected) ** 2 / variance)
    return outcome(p, FindingKind.FIRST_PLACE, count, count=observed, share=(observed - expected) / count)
