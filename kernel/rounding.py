"""Rounding of exact fractions."""

from fractions import Fraction


def round_half_up(value: Fraction, decimals: int) -> Fraction:
    """Round to so many decimals, halves away from zero, exactly (spec/quiz-engine 5.1.5)."""
    scale = 10**decimals
    magnitude = (abs(value) * scale * 2 + 1) // 2
    return Fraction(magnitude if value >= 0 else -magnitude, scale)
