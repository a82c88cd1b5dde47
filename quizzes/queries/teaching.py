"""Reading a quiz as those who teach and grade work on it: all its versions and everybody's attempts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from courses.permissions import CourseContext
from courses.queries import catalogue as course_catalogue
from courses.queries import outlines as course_outlines
from courses.rules import Outline
from kernel.errors import NotFound
from kernel.own_records import of_others
from kernel.permissions import Actor
from quizzes.models import Attempt, AttemptItem, Question, QuestionVersion
from quizzes.permissions import QuizContext
from quizzes.queries.open_attempts import AWAITS_GRADING
from quizzes.rules.attempts import ENDED_STATES, OPEN_STATES, AttemptState

MOST_QUIZZES = 500


def get_taught_quiz(session: Session, actor: Actor, slug: str, key: str) -> QuizContext:
    """Return a quiz for the course team, by the newest version of its course that has it; raise NotFound."""
    statement = (
        select(Course.id, Activity.id.label("activity_id"), Activity.version_id, CourseStaff.role)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .join(Activity, Activity.version_id == CourseVersion.id)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & (CourseStaff.person_id == actor.person_id))
        .where(Course.slug == slug, Activity.key == key, Activity.kind == "quiz")
        .order_by(CourseVersion.number.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return QuizContext(
        course_id=row.id,
        slug=slug,
        key=key,
        activity_id=row.activity_id,
        outline=course_outlines.get_outline(session, row.version_id),
        staff_role=StaffRole(row.role) if row.role else None,
    )


def get_published_course(session: Session, actor: Actor, slug: str) -> CourseContext:
    """Return a published course with what the actor is in it; raise NotFound, or SignInNeeded whether or not there is such a course."""
    context = course_catalogue.get_taught_course(session, actor, slug)
    if course_catalogue.get_course(session, context.id).published_version_id is None:
        raise NotFound
    return context


def published_outline(session: Session, course: CourseContext) -> Outline:
    """Return the published version of a course that has one."""
    version = course_catalogue.get_course(session, course.id).published_version_id
    assert version is not None, "get_published_course looked"
    return course_outlines.get_outline(session, version)


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """The number of attempts of a quiz, and of previews apart from them."""

    open: int
    ended: int
    waiting: int
    """Handed in, with something that a person must mark."""
    previews: int


def count_attempts(session: Session, subject: QuizContext) -> AttemptCounts:
    """Count the attempts of a quiz, all learners and versions together."""
    row = session.execute(
        select(
            func.count().filter(Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview),
            func.count().filter(Attempt.state.in_([state.value for state in ENDED_STATES]), ~Attempt.preview),
            func.count().filter(AWAITS_GRADING),
            func.count().filter(Attempt.preview),
        ).where(Attempt.course_id == subject.course_id, Attempt.activity_key == subject.key)
    ).one()
    return AttemptCounts(*row)


@dataclass(frozen=True, slots=True)
class UnmarkedAttempts:
    """A quiz's attempts that wait to be marked: how many, and when the oldest and the newest of them were submitted."""

    course_id: int
    activity_key: str
    count: int
    since: datetime
    latest: datetime


def list_unmarked(session: Session, actor: Actor, course_ids: Collection[int]) -> list[UnmarkedAttempts]:
    """List the quizzes of courses with attempts that the actor may mark, which are those of others; the longest waiting first."""
    since = func.min(Attempt.submitted_at)
    statement = (
        select(Attempt.course_id, Attempt.activity_key, func.count(), since, func.max(Attempt.submitted_at))
        .where(Attempt.course_id.in_(course_ids), AWAITS_GRADING, of_others(actor, Attempt.person_id))
        .group_by(Attempt.course_id, Attempt.activity_key)
        .order_by(since, Attempt.course_id, Attempt.activity_key)
        .limit(MOST_QUIZZES)
    )
    return [
        UnmarkedAttempts(course_id, key, count, oldest, newest)
        for course_id, key, count, oldest, newest in session.execute(statement)
        if oldest is not None and newest is not None
    ]


def count_submitted(session: Session, course_id: int) -> dict[str, int]:
    """Count the attempts that learners submitted, by the key of the quiz."""
    statement = (
        select(Attempt.activity_key, func.count())
        .where(Attempt.course_id == course_id, Attempt.state.in_([state.value for state in ENDED_STATES]), ~Attempt.preview)
        .group_by(Attempt.activity_key)
    )
    return dict(session.execute(statement).all())


def count_attempts_by_question(session: Session, course_id: int, questions: Sequence[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Count the submitted attempts that asked questions of a course, by question key: quiz keys, each with its number."""
    if not questions:
        return {}
    statement = (
        select(Question.key, Attempt.activity_key, func.count(Attempt.id.distinct()))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Question.course_id == course_id, Question.key.in_(questions), Attempt.course_id == course_id)
        .where(Attempt.state == AttemptState.FINISHED.value, Attempt.enrolment_id.is_not(None), ~Attempt.preview)
        .group_by(Question.key, Attempt.activity_key)
        .order_by(Question.key, Attempt.activity_key)
    )
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for key, activity, count in session.execute(statement):
        found[key] = (*found.get(key, ()), (activity, count))
    return found
