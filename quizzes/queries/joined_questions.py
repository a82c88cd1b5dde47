"""Reading which questions are the same one, under other keys and in other courses, and what is said of their versions (2.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses.models import Activity, Course
from quizzes.models import Question, QuestionVersion, QuizVersion, Slot, SlotCandidate
from quizzes.permissions import ItemHistoryContext
from quizzes.queries.attempts import get_questions
from quizzes.rules.segments import SegmentVersion, content_digest
from quizzes.selection_models import QuestionOrigin, WordingOnly

MOST_JOINED = 500


@dataclass(frozen=True, slots=True)
class JoinedQuestions:
    """The questions that share an origin: those of the course, and the copies in other courses with the address of their course."""

    own: tuple[int, ...]
    copies: dict[int, str]


def find_joined(session: Session, context: ItemHistoryContext, *, with_reserved: bool) -> JoinedQuestions:
    """Return the questions that are the same as one of a course; of those that are reserved in another course only `with_reserved`.

    spec/selection 2.2 and 12.
    """
    mine = select(QuestionOrigin.origin).where(QuestionOrigin.course_id == context.id, QuestionOrigin.key == context.key)
    statement = (
        select(Question.id, Question.course_id, Course.slug, QuestionOrigin.reserved)
        .join(QuestionOrigin, and_(QuestionOrigin.course_id == Question.course_id, QuestionOrigin.key == Question.key))
        .join(Course, Course.id == Question.course_id)
        .where(QuestionOrigin.origin == mine.scalar_subquery())
        .order_by(Question.id)
        .limit(MOST_JOINED)
    )
    rows = session.execute(statement).all()
    own = tuple(row.id for row in rows if row.course_id == context.id)
    copies = {row.id: row.slug for row in rows if row.course_id != context.id and (with_reserved or not row.reserved)}
    return JoinedQuestions(own or (context.question_id,), copies)


def list_copied_versions(session: Session, version_ids: Collection[int]) -> list[SegmentVersion]:
    """List versions of copies of a question, as segments are made of them."""
    statement = (
        select(QuestionVersion.id, Course.slug)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(Course, Course.id == Question.course_id)
        .where(QuestionVersion.id.in_(version_ids))
        .order_by(QuestionVersion.id)
        .limit(MOST_JOINED)
    )
    rows = session.execute(statement).all()
    questions = get_questions(session, [row.id for row in rows])
    return [SegmentVersion(row.id, content_digest(questions[row.id], row.slug)) for row in rows]


def find_present_version(session: Session, context: ItemHistoryContext) -> int | None:
    """Return the version of a question that the published quizzes of its course ask, the newest of several; None where they ask none."""
    statement = (
        select(func.max(QuestionVersion.id))
        .join(SlotCandidate, SlotCandidate.question_version_id == QuestionVersion.id)
        .join(Slot, Slot.id == SlotCandidate.slot_id)
        .join(QuizVersion, QuizVersion.id == Slot.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .join(Course, Course.published_version_id == Activity.version_id)
        .where(Course.id == context.id, QuestionVersion.question_id == context.question_id)
    )
    return session.scalar(statement)


@dataclass(frozen=True, slots=True)
class WordingRow:
    """An editor's word that a version changed only the wording; who took it back, and when, where somebody did."""

    version_id: int
    said_at: datetime
    said_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str


def list_wordings(session: Session, question_ids: Collection[int]) -> list[WordingRow]:
    """List what editors said of the versions of questions, the oldest first; what was taken back is there too."""
    other = aliased(Person)
    statement = (
        select(WordingOnly, Person, other)
        .join(QuestionVersion, QuestionVersion.id == WordingOnly.question_version_id)
        .join(Person, Person.id == WordingOnly.created_by)
        .outerjoin(other, other.id == WordingOnly.ended_by)
        .where(QuestionVersion.question_id.in_(question_ids))
        .order_by(WordingOnly.id)
        .limit(MOST_JOINED)
    )
    return [
        WordingRow(row.question_version_id, row.created_at, person.full_name, row.ended_at, by.full_name if by else "")
        for row, person, by in session.execute(statement)
    ]
