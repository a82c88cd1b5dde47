"""Quizzes whose statistics are not of their present attempts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course
from quizzes.models import Attempt
from quizzes.queries.analysis import AnalysedAttempts, attempt_set, find_examination, list_compositions
from quizzes.rules.attempts import AttemptState
from quizzes.rules.statistics import CountedAttempts


@dataclass(frozen=True, slots=True)
class TakenQuiz:
    """A quiz of a published course that somebody has handed in."""

    activity_id: int
    course_id: int
    activity_key: str


def list_taken(session: Session, *, after: int, limit: int) -> list[TakenQuiz]:
    """List the quizzes of courses that are not archived, in the order of their activities, from behind one of these."""
    handed_in = exists().where(
        Attempt.course_id == Course.id,
        Attempt.activity_key == Activity.key,
        Attempt.state == AttemptState.FINISHED.value,
        ~Attempt.preview,
    )
    statement = (
        select(Activity.id, Course.id, Activity.key)
        .join(Course, Course.published_version_id == Activity.version_id)
        .where(Activity.kind == "quiz", Activity.id > after, Course.archived_at.is_(None), handed_in)
        .order_by(Activity.id)
        .limit(limit)
    )
    return [TakenQuiz(*row) for row in session.execute(statement)]


def list_outdated(session: Session, quizzes: Sequence[TakenQuiz]) -> Iterator[tuple[AnalysedAttempts, datetime | None]]:
    """Yield the attempts of quizzes whose analysis is of other ones, or was never computed, and when it was computed last."""
    for quiz in quizzes:
        compositions = list_compositions(session, quiz.course_id, quiz.activity_key)
        analysed = attempt_set(session, compositions, CountedAttempts.FIRST, compositions.choices[0])
        cached = find_examination(session, analysed)
        if analysed.attempts and (cached is None or not cached.is_current):
            yield analysed, cached.computed_at if cached else None
