"""Work that waits for a course's team in its quizzes: attempts to mark, and questions that their analysis finds fault with."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.queries.outlines import list_outlines
from courses.queries.waiting import TeamCourse, WaitingItem, edited
from kernel.i18n import choose, ngettext
from kernel.permissions import Actor
from quizzes.models import QuizAnalysisCache
from quizzes.queries.teaching import UnmarkedAttempts, list_unmarked


@dataclass(frozen=True, slots=True)
class QuizFindings:
    """The number of findings that stand out in a quiz, and since when there are so many."""

    course_id: int
    activity_key: str
    findings: int
    found_at: datetime


def list_findings(session: Session, course_ids: Collection[int]) -> list[QuizFindings]:
    """List the quizzes of courses with findings, by what was computed last of the newest composition of each."""
    cache = QuizAnalysisCache
    statement = (
        select(cache.course_id, cache.activity_key, cache.findings, cache.found_at)
        .where(cache.course_id.in_(course_ids), cache.version.is_not(None))
        .order_by(cache.course_id, cache.activity_key, cache.version)
    )
    newest = {(row.course_id, row.activity_key): row for row in session.execute(statement)}
    return [QuizFindings(row.course_id, row.activity_key, row.findings, row.found_at) for row in newest.values() if row.found_at]


Row = TypeVar("Row", UnmarkedAttempts, QuizFindings)


def _with_titles(
    session: Session, courses: Mapping[int, TeamCourse], rows: Sequence[Row]
) -> Iterator[tuple[Row, TeamCourse, Mapping[str, str]]]:
    """Yield rows with their course and the title of their quiz in its published version; its key where that has it no more."""
    found = [courses[course_id] for course_id in {row.course_id for row in rows}]
    outlines = list_outlines(session, [course.version_id for course in found if course.version_id is not None])
    for row in rows:
        course = courses[row.course_id]
        outline = outlines.get(course.version_id or 0)
        activity = outline.by_key.get(outline.renames.get(row.activity_key, row.activity_key)) if outline else None
        yield row, course, activity.title if activity else {"es": row.activity_key}


def _to_mark(count: int, quiz: Mapping[str, str]) -> str:
    return ngettext("%(count)s attempt to mark in “%(quiz)s”", "%(count)s attempts to mark in “%(quiz)s”", count, quiz=choose(quiz))


def _about_questions(count: int, quiz: Mapping[str, str]) -> str:
    return ngettext(
        "%(count)s finding about the questions of “%(quiz)s”",
        "%(count)s findings about the questions of “%(quiz)s”",
        count,
        quiz=choose(quiz),
    )


def _to_mark_in_several(attempts: int, quizzes: int) -> str:
    return ngettext(
        "%(count)s attempt to mark in %(quizzes)s quizzes", "%(count)s attempts to mark in %(quizzes)s quizzes", attempts, quizzes=quizzes
    )


def waiting_attempts(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the attempts of others that wait to be marked, those of a course together: its quiz, or how many quizzes."""
    mine, by_course = {course.id: course for course in courses}, dict[int, list[tuple[UnmarkedAttempts, Mapping[str, str]]]]()
    for row, course, title in _with_titles(session, mine, list_unmarked(session, actor, mine) if mine else []):
        by_course.setdefault(course.id, []).append((row, title))
    for course_id, found in by_course.items():
        course, rows = mine[course_id], [row for row, _title in found]
        count, since, latest = sum(row.count for row in rows), min(row.since for row in rows), max(row.latest for row in rows)
        if len(found) == 1:
            path = f"/courses/{course.slug}/quizzes/{rows[0].activity_key}/marking"
            yield WaitingItem(course, partial(_to_mark, count, found[0][1]), path, since, latest)
        else:
            yield WaitingItem(course, partial(_to_mark_in_several, count, len(found)), f"/teaching/{course.slug}/quizzes", since, latest)


def waiting_findings(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the quizzes with questions that the last analysis found fault with."""
    mine = edited(actor, courses)
    for row, course, title in _with_titles(session, mine, list_findings(session, mine) if mine else []):
        yield WaitingItem(
            course,
            partial(_about_questions, row.findings, title),
            f"/courses/{course.slug}/quizzes/{row.activity_key}/statistics",
            row.found_at,
            row.found_at,
        )
