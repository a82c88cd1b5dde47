"""Marks as they are written: exact fractions rounded once to the seven decimals that the database holds (5.1.5)."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from quizzes.rules.behaviours import Standing
from quizzes.rules.grades import stored


def as_decimal(value: Fraction) -> Decimal:
    """Return a mark as the database holds it."""
    exact = stored(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.0000001"))


def mark_row(item_id: int, standing: Standing, now: datetime, *, answer_id: int | None = None) -> dict[str, object]:
    """Return the row of a mark that the rules give; with `answer_id` the mark of a check."""
    return {
        "item_id": item_id,
        "origin": "auto",
        "answer_id": answer_id,
        "fraction": None if standing.fraction is None else as_decimal(standing.fraction),
        "state": standing.state.value,
        "marked_at": now,
        "marked_by": None,
        "reason": "",
    }
