"""Reading what changed a question or its marks: versions, regrades and annulments, marks by hand (spec/selection 2.6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses.models import CourseVersion
from quizzes.models import Attempt, AttemptItem, MarkEvent, Question, QuestionVersion, Regrade, RegradeDryRunMark
from quizzes.queries.attempts import get_questions
from quizzes.rules.definitions import QuestionDefinition

MOST_LOGGED = 200


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a question: who published it, '' where nobody did yet or the system did, and what it asks."""

    id: int
    at: datetime
    number: int
    person: str
    is_published: bool
    """False where it was made to mark by, and no quiz asks it yet."""
    question: QuestionDefinition


@dataclass(frozen=True, slots=True)
class RegradeRow:
    """A committed regrade or annulment that touched the question: of which version, in how many attempts, and who undid it when."""

    at: datetime
    kind: str
    whole_quiz: bool
    target: int | None
    """Number of the version by which answers were judged, where that was another one."""
    person: str
    reason: str
    attempts: int
    for_objection: bool
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class HandMarkRow:
    """Marks of a version that one person replaced by hand: the first, the last, and in how many attempts."""

    first_at: datetime
    last_at: datetime
    version: int
    person: str
    attempts: int


def list_question_versions(session: Session, *question_ids: int) -> list[VersionRow]:
    """List the newest versions of a question, and of what it was under other keys, the oldest of them first, with who published them."""
    statement = (
        select(QuestionVersion.id, QuestionVersion.number, QuestionVersion.created_at, CourseVersion.id.label("published"), Person)
        .join(Question, Question.id == QuestionVersion.question_id)
        .outerjoin(
            CourseVersion,
            and_(CourseVersion.course_id == Question.course_id, CourseVersion.published_at == QuestionVersion.created_at),
        )
        .outerjoin(Person, Person.id == CourseVersion.published_by)
        .where(QuestionVersion.question_id.in_(question_ids))
        .order_by(QuestionVersion.id.desc())
        .limit(MOST_LOGGED)
    )
    rows = session.execute(statement).all()
    questions = get_questions(session, [row.id for row in rows])
    return [
        VersionRow(
            row.id, row.created_at, row.number, row.Person.full_name if row.Person else "", row.published is not None, questions[row.id]
        )
        for row in reversed(rows)
    ]


def list_question_regrades(session: Session, course_id: int, question_id: int) -> list[RegradeRow]:
    """List the committed regrades and annulments of a question, and those of whole quizzes that changed a mark of it, the newest first."""
    touched = (
        select(RegradeDryRunMark.regrade_id, func.count(RegradeDryRunMark.attempt_id.distinct()).label("attempts"))
        .join(AttemptItem, AttemptItem.id == RegradeDryRunMark.item_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .where(QuestionVersion.question_id == question_id)
        .group_by(RegradeDryRunMark.regrade_id)
        .subquery()
    )
    undoer, target = aliased(Person), aliased(QuestionVersion)
    statement = (
        select(Regrade, func.coalesce(touched.c.attempts, 0), target.number, Person, undoer)
        .outerjoin(touched, touched.c.regrade_id == Regrade.id)
        .outerjoin(target, target.id == Regrade.target_id)
        .outerjoin(Person, Person.id == Regrade.committed_by)
        .outerjoin(undoer, undoer.id == Regrade.undone_by)
        .where(Regrade.course_id == course_id, Regrade.committed_at.is_not(None))
        .where(or_(Regrade.question_id == question_id, and_(Regrade.question_id.is_(None), touched.c.attempts > 0)))
        .order_by(Regrade.id.desc())
        .limit(MOST_LOGGED)
    )
    return [
        RegradeRow(
            at=row.committed_at or row.created_at,
            kind=row.kind,
            whole_quiz=row.question_id is None,
            target=number,
            person=person.full_name if person else "",
            reason=row.reason,
            attempts=attempts,
            for_objection=row.for_objection,
            undone_at=row.undone_at,
            undone_by=by.full_name if by else "",
        )
        for row, attempts, number, person, by in session.execute(statement)
    ]


def list_hand_marks(session: Session, question_id: int) -> list[HandMarkRow]:
    """List by whom marks of a question were replaced by hand, the newest first; a first mark by hand corrects nothing."""
    earlier = aliased(MarkEvent)
    replaced = exists().where(earlier.item_id == MarkEvent.item_id, earlier.id < MarkEvent.id, earlier.fraction.is_not(None))
    last = func.max(MarkEvent.marked_at)
    statement = (
        select(func.min(MarkEvent.marked_at), last, QuestionVersion.number, Person, func.count(AttemptItem.attempt_id.distinct()))
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(Person, Person.id == MarkEvent.marked_by)
        .where(QuestionVersion.question_id == question_id, MarkEvent.origin == "manual", ~Attempt.preview, replaced)
        .group_by(QuestionVersion.number, Person.id)
        .order_by(last.desc(), Person.id)
        .limit(MOST_LOGGED)
    )
    return [
        HandMarkRow(first, at, number, person.full_name, attempts) for first, at, number, person, attempts in session.execute(statement)
    ]
