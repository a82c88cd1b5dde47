"""Many tests at once: which findings may be reported so that few of them are false.

Benjamini and Hochberg 1995, «Controlling the false discovery rate: a practical and powerful approach to multiple testing».
"""

from collections.abc import Sequence
from fractions import Fraction

RATE = Fraction(1, 20)
"""Share of false ones among what is told that is borne on average; where nothing is true, how often anything is told."""


def adjusted(values: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return p-values adjusted for being made together, in the order given: a finding stands out where its value is at most RATE."""
    order = sorted(range(len(values)), key=lambda at: values[at], reverse=True)
    adjusted_values = [Fraction(1)] * len(values)
    least = Fraction(1)
    for rank, at in zip(range(len(values), 0, -1), order, strict=True):
        least = min(least, values[at] * len(values) / rank)
        adjusted_values[at] = least
    return tuple(adjusted_values)
