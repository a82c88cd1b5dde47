"""Previews by the course's team go without a trace: they count nowhere (spec/quiz-engine 5.2.7)."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from enrolments.access import ActivityContext
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem, MarkEvent
from quizzes.selection_models import SelfAssessment


def delete_previews_of(session: Session, person_id: int, subject: ActivityContext) -> None:
    """Delete a person's previews of a quiz (spec/quiz-engine 5.2.7): they count nowhere, and their numbers are free again."""
    mine = (Attempt.person_id == person_id, Attempt.course_id == subject.context.course_id, Attempt.activity_key == subject.activity.key)
    delete_person_attempts(session, list(session.scalars(select(Attempt.id).where(*mine, Attempt.preview))))


def delete_person_attempts(session: Session, attempts: Sequence[int]) -> None:
    """Delete attempts that count nowhere, with all that was answered and marked in them."""
    items = select(AttemptItem.id).where(AttemptItem.attempt_id.in_(attempts))
    for table in (MarkEvent, AnswerEvent, AnswerFile, SelfAssessment):
        session.execute(delete(table).where(table.item_id.in_(items)))
    session.execute(delete(AttemptItem).where(AttemptItem.attempt_id.in_(attempts)))
    session.execute(delete(Attempt).where(Attempt.id.in_(attempts)))
