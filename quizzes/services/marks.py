"""Marks as they are written: exact fractions rounded once to the seven decimals that the database holds (spec/quiz-engine 5.1.5)."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from kernel.codes import rounded_units
from quizzes.models import Attempt
from quizzes.rules.behaviours import AnsweringState
from quizzes.rules.grades import MARK_DECIMALS, Grade, written_exactly
from quizzes.rules.results import Marking


def as_decimal(value: Fraction) -> Decimal:
    """Return a mark as the database holds it."""
    return Decimal(rounded_units(value, MARK_DECIMALS)).scaleb(-MARK_DECIMALS)


def write_grade(row: Attempt, grade: Grade) -> None:
    """Write what the marks of an attempt make together; nothing of it while something waits for a grader."""
    row.raw = None if grade.pending else as_decimal(grade.raw)
    row.maximum = as_decimal(grade.maximum)
    row.percent = None if grade.percent is None else as_decimal(grade.percent)
    row.passed = grade.passed


def mark_row(
    item_id: int, marking: AnsweringState | Marking, now: datetime, *, answer_id: int | None = None, regrade_id: int | None = None
) -> dict[str, object]:
    """Return the row of a mark that the rules give; with `answer_id` the mark of a check, with `regrade_id` of a void question."""
    return {
        "item_id": item_id,
        "origin": "auto" if regrade_id is None else "regrade",
        "answer_id": answer_id,
        "fraction": None if marking.fraction is None else as_decimal(marking.fraction),
        "exact": written_exactly(marking.fraction),
        "state": marking.state.value,
        "marked_at": now,
        "marked_by": None,
        "reason": "",
        "comment": "",
        "levels": "",
        "regrade_id": regrade_id,
    }
