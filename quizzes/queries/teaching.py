"""Reading a quiz as those who teach and grade work on it: all its versions and everybody's attempts."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from courses.queries import outlines as course_outlines
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.permissions import QuizContext
from quizzes.rules.attempts import ENDED_STATES, OPEN_STATES, AttemptState


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
    waits = (Attempt.state == AttemptState.FINISHED.value) & Attempt.raw.is_(None)
    row = session.execute(
        select(
            func.count().filter(Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview),
            func.count().filter(Attempt.state.in_([state.value for state in ENDED_STATES]), ~Attempt.preview),
            func.count().filter(waits, ~Attempt.preview),
            func.count().filter(Attempt.preview),
        ).where(Attempt.course_id == subject.course_id, Attempt.activity_key == subject.key)
    ).one()
    return AttemptCounts(*row)
