"""Reading the question of an attempt that its learner reports a mistake of."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrolments.access import AnsweredQuestionContext
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Question, QuestionVersion
from quizzes.queries import attempts
from quizzes.queries.attempts import LoadedAttempt, LoadedItem
from quizzes.queries.open_attempts import has_open
from quizzes.rules.attempts import OPEN_STATES


@dataclass(frozen=True, slots=True)
class ReportedQuestion(AnsweredQuestionContext):
    """A question of an attempt, with its key and the number of its version."""

    loaded: LoadedAttempt
    item: LoadedItem
    question_key: str
    question_number: int


def get_reported_question(session: Session, actor: Actor, attempt: UUID, position: int) -> ReportedQuestion:
    """Return a question of an attempt by its place; raise NotFound, for words between the questions too."""
    loaded = attempts.get_attempt(session, actor, attempt)
    item = loaded.item_at(position)
    if item is None or item.number is None:
        raise NotFound
    statement = select(Question.key, QuestionVersion.number).join(QuestionVersion, QuestionVersion.question_id == Question.id)
    key, number = session.execute(statement.where(QuestionVersion.id == item.question_version_id)).one()
    history = attempts.history_of(session, loaded)
    is_over = loaded.state not in OPEN_STATES and not has_open(history)
    return ReportedQuestion(loaded.person_id, is_over, loaded, item, key, number)
