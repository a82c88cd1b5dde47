"""Item analysis of guessing: whether the best get a question right by chance alone, as a test of equivalence.

That a test does not reject is no proof of chance: a small class rejects nothing. It has to be shown that the best are surely worse
than if half of those who do not guess it knew it, and that the question surely says little about who knows.
"""

from decimal import Decimal, localcontext
from fractions import Fraction

from quizzes.rules.significance import LEAST, fishers_z
from quizzes.rules.tails import PRECISION, artanh, as_decimal, binomial_at_least, binomial_at_most

POOR = Fraction(1, 5)
"""Correlation with the rest below which a question is poor (Ebel and Frisbie 1991)."""
OFF = Fraction(1, 100)
"""Probability from which on what the best did is not what guessing gives."""
_NINETY_FIVE = Decimal("1.644854")
"""What a normal value stays below in 95 of 100 cases."""


def chance_tail(right: int, best: int, guess: Fraction, square: Fraction, answered: int) -> Fraction | None:
    """Return how often half of those who do not guess it knowing gives as few right answers of the best; None where it is not chance.

    ``right`` of the ``best`` have it right, guessing gives ``guess``; ``square`` is the signed square of its correlation with the rest
    among all who answered. It is chance only where that correlation is surely below POOR (one side, 95 %, Fisher's z), and the
    best do what guessing gives (exact binomial, OFF on each side). Both are conditions; the p-value is P(Bin(best, (1 + guess)/2) ≤ right).
    """
    if answered < LEAST or not best or not 0 < guess < 1 or not is_surely_poor(square, answered):
        return None
    if min(binomial_at_most(right, best, guess), binomial_at_least(right, best, guess)) <= OFF:
        return None
    return binomial_at_most(right, best, (1 + guess) / 2)


def is_surely_poor(square: Fraction, answered: int) -> bool:
    """Say whether a correlation, from its signed square, lies below POOR with 95 % certainty."""
    with localcontext() as context:
        context.prec = PRECISION
        return fishers_z(square) + _NINETY_FIVE / Decimal(answered - 3).sqrt() < artanh(as_decimal(POOR))
