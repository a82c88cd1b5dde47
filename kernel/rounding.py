"""Rounding of exact fractions."""

from fractions import Fraction


def rounded_units(value: Fraction, decimals: int) -> int:
    """Return how many units of the last of so many decimals a fraction makes, halves away from zero, exactly."""
    numerator, denominator = value.numerator, value.denominator
    units: int = (2 * abs(numerator) * 10**decimals + denominator) // (2 * denominator)
    return units if numerator >= 0 else -units


def round_half_up(value: Fraction, decimals: int) -> Fraction:
    """Round to so many decimals, halves away from zero, exactly (spec/quiz-engine 5.1.5)."""
    return Fraction(rounded_units(value, decimals), 10**decimals)
