"""Reading the history of a question of a course: its sums by month, version and quiz (spec/selection 2.4 to 2.7)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Activity
from courses.permissions import CourseContext
from courses.queries import catalogue
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Question, QuestionVersion, QuizVersion
from quizzes.permissions import ItemHistoryContext
from quizzes.rules.item_history import HistorySums
from quizzes.selection_models import HistoryState, ItemHistory

MOST_ROWS = 20_000
SUMS = tuple(HistorySums.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ItemHistoryRow:
    """Sums of a question: of one of its versions, in a version of a quiz, by edition, language and month."""

    version: int
    quiz: str
    quiz_version_id: int
    edition_id: int
    language: str
    month: str
    sums: HistorySums


def get_question(session: Session, actor: Actor, slug: str, key: str) -> ItemHistoryContext:
    """Return a published question of a course for its team; raise NotFound."""
    course: CourseContext = catalogue.get_taught_course(session, actor, slug)
    question_id = session.scalar(select(Question.id).where(Question.course_id == course.id, Question.key == key))
    if question_id is None:
        raise NotFound
    return ItemHistoryContext(course.id, course.slug, course.staff_role, key, question_id)


def list_history(session: Session, question_id: int) -> list[ItemHistoryRow]:
    """List the sums of a question, by version, quiz and month."""
    statement = (
        select(
            QuestionVersion.number,
            Activity.key,
            ItemHistory.quiz_version_id,
            ItemHistory.edition_id,
            ItemHistory.language,
            ItemHistory.month,
            *(getattr(ItemHistory, name).label(f"sum_{name}") for name in SUMS),
        )
        .join(QuestionVersion, QuestionVersion.id == ItemHistory.question_version_id)
        .join(QuizVersion, QuizVersion.id == ItemHistory.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .where(QuestionVersion.question_id == question_id, ItemHistory.variant == "")
        .order_by(QuestionVersion.number, Activity.key, ItemHistory.quiz_version_id, ItemHistory.month, ItemHistory.language)
        .limit(MOST_ROWS)
    )
    return [
        ItemHistoryRow(
            row.number,
            row.key,
            row.quiz_version_id,
            row.edition_id,
            row.language,
            row.month,
            HistorySums(*(getattr(row, f"sum_{name}") for name in SUMS)),
        )
        for row in session.execute(statement)
    ]


def is_being_counted(session: Session, question_id: int) -> bool:
    """Return whether corrected marks of the question wait to be counted by the night's job."""
    waiting = (
        select(HistoryState.quiz_version_id)
        .join(ItemHistory, ItemHistory.quiz_version_id == HistoryState.quiz_version_id)
        .join(QuestionVersion, QuestionVersion.id == ItemHistory.question_version_id)
        .where(QuestionVersion.question_id == question_id, HistoryState.filled.is_(False))
    )
    return session.scalar(waiting.limit(1)) is not None
