"""Reading where questions come from (spec/selection 2.2)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from quizzes.selection_models import QuestionOrigin


@dataclass(frozen=True, slots=True)
class QuestionOriginRow:
    """The origin of a question of a course, and whether the question is reserved for some quizzes there."""

    origin: str
    reserved: bool = False


def find_origins(session: Session, course_id: int) -> dict[str, QuestionOriginRow]:
    """Return the origins of a course's questions, by key."""
    statement = select(QuestionOrigin.key, QuestionOrigin.origin, QuestionOrigin.reserved).where(QuestionOrigin.course_id == course_id)
    return {row.key: QuestionOriginRow(row.origin, row.reserved) for row in session.execute(statement)}
