"""Reading the history of a question of a course: its sums by month, version and quiz, and corrections (spec/selection 2.4 to 2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from courses.models import Activity
from courses.permissions import CourseContext
from courses.queries import catalogue
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Question, QuestionVersion, QuizVersion, Regrade, RegradeDryRunRow
from quizzes.permissions import ItemHistoryContext
from quizzes.rules.item_history import HistorySums
from quizzes.selection_models import HistoryState, ItemHistory

MOST_ROWS = 20_000
MOST_LOGGED = 200
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


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """Something that changed a question or its marks: a version that was published, a regrade or an annulment, with who and how many."""

    at: datetime
    kind: str
    """`version`, or the kind of the regrade."""
    version: int | None
    person: str
    attempts: int
    undone: bool = False


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


def list_corrections(session: Session, question_id: int) -> list[CorrectionRow]:
    """List the versions of a question and the regrades and annulments that named it, the newest first (spec/selection 2.6)."""
    versions = select(QuestionVersion.number, QuestionVersion.created_at).where(QuestionVersion.question_id == question_id)
    found = [CorrectionRow(row.created_at, "version", row.number, "", 0) for row in session.execute(versions)]
    changed: Mapping[int, int] = dict(
        session.execute(
            select(RegradeDryRunRow.regrade_id, func.count())
            .join(Regrade, Regrade.id == RegradeDryRunRow.regrade_id)
            .where(Regrade.question_id == question_id, RegradeDryRunRow.changed)
            .group_by(RegradeDryRunRow.regrade_id)
        ).all()
    )
    regrades = (
        select(Regrade, Person.given_names, Person.first_surname, Person.second_surname)
        .join(Person, Person.id == Regrade.committed_by)
        .where(Regrade.question_id == question_id, Regrade.committed_at.is_not(None))
        .order_by(Regrade.id.desc())
        .limit(MOST_LOGGED)
    )
    for row, *names in session.execute(regrades):
        assert row.committed_at is not None
        found.append(CorrectionRow(row.committed_at, row.kind, None, full_name(*names), changed.get(row.id, 0), row.undone_at is not None))
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_LOGGED]
