"""Reading the history of a question of a course: its sums by month, version and quiz (spec/selection 2.4 to 2.7)."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course, CourseStaff, StaffRole
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from quizzes.models import Question, QuestionVersion, QuizVersion
from quizzes.permissions import ItemHistoryContext
from quizzes.rules.item_history import HistorySums
from quizzes.selection_models import HistoryState, ItemHistory

MOST_ROWS = 20_000
SUMS = tuple(HistorySums.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ItemHistoryRow:
    """Sums of a question: of one of its versions by number and key, in a version of a quiz, by edition, language and month."""

    version_id: int
    version: int
    key: str
    quiz: str
    quiz_version_id: int
    edition_id: int
    language: str
    month: str
    sums: HistorySums
    is_waiting: bool = False
    """Whether corrected marks of its quiz version wait to be counted by the night's job."""


def get_question(session: Session, actor: Actor, slug: str, key: str) -> ItemHistoryContext:
    """Return a published question of a course before an actor; raise NotFound, or SignInNeeded whether or not there is one."""
    if actor.is_anonymous:
        raise SignInNeeded
    statement = (
        select(Course.id, Course.slug, CourseStaff.role, Question.id.label("question_id"))
        .join(Question, Question.course_id == Course.id)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & (CourseStaff.person_id == actor.person_id))
        .where(Course.slug == slug, Question.key == key)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return ItemHistoryContext(row.id, row.slug, StaffRole(row.role) if row.role else None, key, row.question_id)


def list_history(session: Session, question_ids: Collection[int]) -> list[ItemHistoryRow]:
    """List the sums of a question, and of what it was under other keys, by version, quiz and month."""
    statement = (
        select(
            ItemHistory.question_version_id,
            QuestionVersion.number,
            Question.key.label("question"),
            Activity.key,
            ItemHistory.quiz_version_id,
            ItemHistory.edition_id,
            ItemHistory.language,
            ItemHistory.month,
            func.coalesce(HistoryState.filled, True).label("is_filled"),
            *(getattr(ItemHistory, name).label(f"sum_{name}") for name in SUMS),
        )
        .join(QuestionVersion, QuestionVersion.id == ItemHistory.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(QuizVersion, QuizVersion.id == ItemHistory.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .outerjoin(HistoryState, HistoryState.quiz_version_id == ItemHistory.quiz_version_id)
        .where(QuestionVersion.question_id.in_(question_ids), ItemHistory.variant == "")
        .order_by(QuestionVersion.id, Activity.key, ItemHistory.quiz_version_id, ItemHistory.month, ItemHistory.language)
        .limit(MOST_ROWS)
    )
    return [
        ItemHistoryRow(
            row.question_version_id,
            row.number,
            row.question,
            row.key,
            row.quiz_version_id,
            row.edition_id,
            row.language,
            row.month,
            HistorySums(*(getattr(row, f"sum_{name}") for name in SUMS)),
            is_waiting=not row.is_filled,
        )
        for row in session.execute(statement)
    ]
