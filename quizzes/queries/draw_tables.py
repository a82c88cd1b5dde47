"""Reading the draw tables of a quiz version: the first stands in it, those of the nights after it in a table (spec/selection 1.10)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course, CourseVersion
from enrolments.models import Enrolment
from quizzes.models import Attempt, QuizVersion
from quizzes.queries.facilities import KIND
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.selection_models import DrawTable

KEPT_TABLES = 500
MOST_TABLES = 1_000
"""Draw tables of a quiz version that a page lists at most, some years of nights."""


def balance_by(session: Session, quiz_version_id: int, balance: FrozenBalance | None, number: int) -> FrozenBalance | None:
    """Return the balance of a quiz version with the facilities of one of its draw tables; those in memory cost nothing."""
    if balance is None or number == 1:
        return balance
    cached = cast("dict[tuple[int, int], Mapping[str, int]]", session.info["draw_tables"])
    facilities = cached.get((quiz_version_id, number))
    if facilities is None:
        statement = select(DrawTable.facilities).where(DrawTable.quiz_version_id == quiz_version_id, DrawTable.number == number)
        facilities = json.loads(session.execute(statement).scalar_one())
        if len(cached) >= KEPT_TABLES:
            cached.clear()  # at once, because other threads read it
        cached[quiz_version_id, number] = facilities
    return replace(balance, facilities=facilities)


@dataclass(frozen=True, slots=True)
class DrawTableRow:
    """A draw table of a night: its number, its facilities in percent by key, and whether attempts are drawn by it."""

    number: int
    made_at: datetime
    facilities: Mapping[str, int]
    in_use: bool


def find_newest_table(session: Session, quiz_version_id: int) -> DrawTableRow | None:
    """Return the newest draw table of a quiz version after its first, in use or not; None without any."""
    tables = list_tables(session, quiz_version_id, limit=1)
    return tables[0] if tables else None


def list_tables(session: Session, quiz_version_id: int, *, limit: int = MOST_TABLES) -> list[DrawTableRow]:
    """List the draw tables of a quiz version after its first, the newest one first."""
    statement = select(DrawTable.number, DrawTable.made_at, DrawTable.facilities, DrawTable.in_use)
    rows = session.execute(statement.where(DrawTable.quiz_version_id == quiz_version_id).order_by(DrawTable.number.desc()).limit(limit))
    return [DrawTableRow(row.number, row.made_at, json.loads(row.facilities), row.in_use) for row in rows]


def count_attempts(session: Session, quiz_version_id: int) -> dict[int, int]:
    """Count the attempts of learners at a quiz version by the draw table by which they were drawn; those with a parallel form are none."""
    statement = (
        select(Attempt.draw_table, func.count())
        .where(Attempt.quiz_version_id == quiz_version_id, ~Attempt.preview, Attempt.form == "")
        .group_by(Attempt.draw_table)
    )
    return dict(session.execute(statement).all())


def list_balanced(session: Session, *, after: int, limit: int) -> list[int]:
    """List the balanced quiz versions at which attempts may begin: of published and of followed versions of courses, from behind one."""
    followed = select(Enrolment.course_version_id).where(Enrolment.left_at.is_(None), Enrolment.superseded_at.is_(None))
    statement = (
        select(QuizVersion.id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(QuizVersion.id > after, QuizVersion.entries.contains(f'"{KIND}"', autoescape=True), Course.archived_at.is_(None))
        .where(or_(Course.published_version_id == CourseVersion.id, CourseVersion.id.in_(followed)))
        .order_by(QuizVersion.id)
        .limit(limit)
    )
    return list(session.scalars(statement))
