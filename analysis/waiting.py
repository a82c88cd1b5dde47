"""Work that waits for a course's team in its quizzes: questions that their analysis finds fault with, and draws that follow no answers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, func, literal, select, union_all
from sqlalchemy.orm import Session

from analysis.models import QuizAnalysisCache
from courses.models import Activity, Course
from courses.waiting import TeamCourse, WaitingItem, edited
from kernel.i18n import _, choose, ngettext
from kernel.permissions import Actor
from quizzes.models import DrawTable, QuizVersion
from quizzes.teaching import with_titles

OF_DRAWS = -1
"""What stands for findings where the newest draw table of a quiz is not in use."""


def list_findings(session: Session, course_ids: Collection[int]) -> list[Row[*tuple[Any, ...]]]:
    """List the quizzes of courses with findings, by what was computed last of the newest composition of each; and those whose newest draw
    table would allow no question set (spec/selection 1.16). One statement, because the page of all teams asks it.

    A row has how many `findings` stand out, or OF_DRAWS, and since when there are so many: `found_at`.
    """
    cache = QuizAnalysisCache
    analysed = select(cache.course_id, cache.activity_key, cache.findings.label("findings"), cache.found_at, cache.version).where(
        cache.course_id.in_(course_ids), cache.version.is_not(None)
    )
    newest_table = select(func.max(DrawTable.number)).where(DrawTable.quiz_version_id == QuizVersion.id).correlate(QuizVersion)
    refused = (
        select(Course.id, Activity.key, literal(OF_DRAWS), DrawTable.made_at, literal(None))
        .join(Activity, Activity.version_id == Course.published_version_id)
        .join(QuizVersion, QuizVersion.activity_id == Activity.id)
        .join(DrawTable, DrawTable.quiz_version_id == QuizVersion.id)
        .where(Course.id.in_(course_ids), DrawTable.in_use.is_(False), DrawTable.number == newest_table.scalar_subquery())
    )
    rows: Sequence[Row[*tuple[Any, ...]]] = session.execute(union_all(analysed, refused)).all()
    newest = {(row.course_id, row.activity_key): row for row in sorted(rows, key=lambda row: row.version or 0) if row.findings != OF_DRAWS}
    listed = [*(row for row in newest.values() if row.found_at), *(row for row in rows if row.findings == OF_DRAWS)]
    return sorted(listed, key=lambda row: (row.course_id, row.activity_key, row.findings))


def _about_questions(count: int, quiz: Mapping[str, str]) -> str:
    return ngettext(
        "%(count)s finding about the questions of “%(quiz)s”",
        "%(count)s findings about the questions of “%(quiz)s”",
        count,
        quiz=choose(quiz),
    )


def _about_draws(quiz: Mapping[str, str]) -> str:
    return _("The draws of “%(quiz)s” cannot follow the newest answers", quiz=choose(quiz))


def waiting_findings(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the quizzes with questions that the last analysis found fault with, or with draws that cannot follow the newest answers.

    Such draws cannot follow the newest answers, because the newest draw table would allow no question set.
    """
    mine = edited(actor, courses)
    for row, course, title in with_titles(session, mine, list_findings(session, mine) if mine else []):
        is_of_draws = row.findings == OF_DRAWS
        sentence = partial(_about_draws, title) if is_of_draws else partial(_about_questions, row.findings, title)
        page = "draws" if is_of_draws else "statistics"
        yield WaitingItem(course, sentence, f"/courses/{course.slug}/quizzes/{row.activity_key}/{page}", row.found_at, row.found_at)
