"""Queries of starting an attempt, once no other request of the learner starts one or begins a further take."""

from dataclasses import asdict, dataclass

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.models import Enrolment
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from quizzes.models import Attempt, AttemptItem, Question, QuestionVersion
from quizzes.queries.attempts import HISTORY_COLUMNS, IN_HISTORY, AttemptRow, row_of
from quizzes.queries.effective_settings import PersonQuizKey
from quizzes.selection_models import DrawTable

_NEWEST_TABLE = (
    select(func.max(DrawTable.number))
    .where(DrawTable.quiz_version_id == bindparam("quiz_version_id"), DrawTable.in_use)
    .scalar_subquery()
    .label("draw_table")
)
_TAKE_WITH_HISTORY = compile_once(
    select(Enrolment.superseded_at, _NEWEST_TABLE, *HISTORY_COLUMNS)
    .select_from(Person)
    .outerjoin(Enrolment, Enrolment.id == bindparam("enrolment_id"))
    .outerjoin(Attempt, and_(*IN_HISTORY))
    .where(Person.id == bindparam("person_id"))
    .order_by(Attempt.number)
)


@dataclass(frozen=True, slots=True)
class QuizHistory:
    """A learner's attempts at a quiz in their take of its course, and the number of the draw table that is in use."""

    attempts: list[AttemptRow]
    draw_table: int


def find_history(session: Session, key: PersonQuizKey, quiz_version_id: int) -> QuizHistory | None:
    """Return what a new attempt goes by; None where the learner's take is superseded.

    It is read after the lock of the learner: a take that began meanwhile is seen (spec/compulsory 6.2).
    """
    rows = connection_of(session).execute(_TAKE_WITH_HISTORY, {**asdict(key), "quiz_version_id": quiz_version_id}).all()
    if any(row.superseded_at is not None for row in rows):
        return None
    return QuizHistory([row_of(row) for row in rows if row.uuid is not None], rows[0].draw_table or 1)


_SEEN = compile_once(
    select(Question.key, func.count())
    .join(QuestionVersion, QuestionVersion.question_id == Question.id)
    .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
    .join(Attempt, Attempt.id == AttemptItem.attempt_id)
    .where(Attempt.person_id == bindparam("person_id"), Attempt.course_id == bindparam("course_id"), ~Attempt.preview)
    .group_by(Question.key)
)
_SEEN_BEFORE = compile_once(_SEEN.where(Attempt.id < bindparam("before")))


def count_seen(session: Session, person_id: int, course_id: int, *, before: int | None = None) -> dict[str, int]:
    """Return how often a learner met each question of a course in earlier attempts: all, or those before one."""
    values = {"person_id": person_id, "course_id": course_id, "before": before}
    return dict(connection_of(session).execute(_SEEN if before is None else _SEEN_BEFORE, values).all())


def list_letters(session: Session, enrolment_id: int | None, activity_key: str) -> list[str]:
    """Return the letters of the forms of the attempts at a quiz in a take of its course, the first one first; '' for a draw."""
    mine = (Attempt.enrolment_id == enrolment_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    return list(session.scalars(select(Attempt.form).where(*mine).order_by(Attempt.id)))


def list_questions_of(session: Session, enrolment_id: int | None, activity_key: str) -> set[str]:
    """Return the keys of the questions that a quiz has asked in a take of its course."""
    statement = (
        select(Question.key)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.enrolment_id == enrolment_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    )
    return set(session.scalars(statement))


def list_seeds(session: Session, person_id: int, course_id: int, activity_key: str) -> list[int]:
    """Return the seeds, as stored, of a person's attempts at a quiz in all their takes of its course, the first one first."""
    mine = (Attempt.person_id == person_id, Attempt.course_id == course_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    return list(session.scalars(select(Attempt.seed).where(*mine).order_by(Attempt.id)))
