"""Reading typed answers that may be compared otherwise than when they were marked (spec/quiz-engine 5.11.6)."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session, aliased

from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent, Regrade
from quizzes.queries.answers import IS_RESPONSE
from quizzes.queries.regrading import PRESENT, covered
from quizzes.rules.regrade import RegradeKind


def list_committed(session: Session, quiz: Regrade) -> Sequence[Regrade]:
    """List the regrades of a quiz that are in force and judged answers, the oldest first."""
    of_quiz = (Regrade.course_id == quiz.course_id, Regrade.activity_key == quiz.activity_key, Regrade.state == "committed")
    judging = Regrade.kind.in_((RegradeKind.SAME.value, RegradeKind.OTHER.value))
    return session.scalars(select(Regrade).where(*of_quiz, judging).order_by(Regrade.committed_at, Regrade.id)).all()


def stream_marked_by_rule(session: Session, quiz: Regrade, versions: Collection[int]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield rows of `PRESENT` with each answer that counted, its `payload`: the response, and what was checked before; none by hand."""
    check = aliased(MarkEvent)
    statement = (
        PRESENT.add_columns(AnswerEvent.payload)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        .where(*covered(quiz), AttemptItem.question_version_id.in_(versions), MarkEvent.origin != "manual")
        .where(or_(IS_RESPONSE, exists().where(check.answer_id == AnswerEvent.id)))
        .order_by(AttemptItem.id, AnswerEvent.id)
    )
    yield from session.execute(statement.execution_options(yield_per=1000))
