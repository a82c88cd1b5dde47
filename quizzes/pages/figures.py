"""Exact numbers as words and as cells: rounded once, half up; what is missing is a dash or an empty cell."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kernel.codes import round_half_up
from kernel.i18n import number, percent

MISSING = "–"


def decimal(value: Fraction | None, digits: int = 7) -> Decimal | None:
    """Return a number for a cell, rounded half up, without zeros at its end."""
    if value is None:
        return None
    exact = round_half_up(value, digits)
    cut = (Decimal(exact.numerator) / Decimal(exact.denominator)).normalize() + 0
    return cut if cut.as_tuple().exponent in range(-digits, 1) else cut.quantize(Decimal(1))


def figure(value: Fraction | int | None, digits: int = 2) -> str:
    """Write a number with at most so many decimals."""
    exact = decimal(None if value is None else Fraction(value), digits)
    return MISSING if exact is None else number(exact)


def percentage(value: Fraction | None, digits: int = 1) -> str:
    """Write hundredths with at most so many decimals."""
    exact = decimal(value, digits)
    return MISSING if exact is None else percent(exact, max(0, -int(exact.as_tuple().exponent)))


@dataclass(frozen=True, slots=True)
class IntervalPoint:
    """A point of a chart with its interval: its place from 0 to 1, and value, low and high in %."""

    place: float
    value: float
    low: float
    high: float
    name: str
