"""Reading where a question of a course is asked: quizzes, people who were shown it, what item analysis says of it (spec/selection 2.7)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from courses.models import Activity, Course, CourseVersion
from enrolments.models import Edition, EditionPlace
from quizzes.models import Attempt, AttemptItem, QuestionVersion, QuizAnalysisCache, QuizVersion, Slot, SlotCandidate
from quizzes.rules.encoding import decode
from quizzes.rules.quiz_analysis import VERSION, QuizAnalysis

EXPOSURE_DAYS = 365
MOST_USES, MOST_EDITIONS, MOST_QUIZZES = 5_000, 200, 20


@dataclass(frozen=True, slots=True)
class ItemUseRow:
    """A quiz that may ask a question: its title in the newest version that does, and the quiz versions."""

    key: str
    title: Mapping[str, str]
    is_current: bool
    """Whether the published version of the course has it there."""
    is_drawn: bool
    """Whether it is one of several that a draw may take; else every attempt has it."""
    quiz_version_ids: tuple[int, ...]


def list_uses(session: Session, course_id: int, question_id: int) -> list[ItemUseRow]:
    """List the quizzes of a course that may ask a question in any published version, those of the newest version first."""
    other = aliased(SlotCandidate)
    drawn = exists().where(other.slot_id == Slot.id, other.question_version_id != SlotCandidate.question_version_id)
    statement = (
        select(
            *(Activity.key, Activity.title, QuizVersion.id.label("quiz_version_id"), CourseVersion.number),
            *((Course.published_version_id == CourseVersion.id).label("is_current"), drawn.label("is_drawn")),
        )
        .select_from(CourseVersion)
        .join(Course, Course.id == CourseVersion.course_id)
        .join(Activity, Activity.version_id == CourseVersion.id)
        .join(QuizVersion, QuizVersion.activity_id == Activity.id)
        .join(Slot, Slot.quiz_version_id == QuizVersion.id)
        .join(SlotCandidate, SlotCandidate.slot_id == Slot.id)
        .join(QuestionVersion, QuestionVersion.id == SlotCandidate.question_version_id)
        .where(CourseVersion.course_id == course_id, QuestionVersion.question_id == question_id)
        .order_by(CourseVersion.number.desc(), Activity.key, Slot.position)
        .limit(MOST_USES)
    )
    rows_by_quiz: dict[str, list[Any]] = {}
    for row in session.execute(statement):
        rows_by_quiz.setdefault(row.key, []).append(row)
    return [
        ItemUseRow(key, rows[0].title, rows[0].is_current, rows[0].is_drawn, tuple(dict.fromkeys(row.quiz_version_id for row in rows)))
        for key, rows in rows_by_quiz.items()
    ]


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """A population of the last year: the people who began a quiz that may ask the question, and those who were shown it."""

    edition: str | None
    """None: the whole course; '' who was in no edition."""
    shown: int
    started: int


def list_exposure(
    session: Session, course_id: int, question_id: int, quiz_version_ids: Sequence[int], *, now: datetime
) -> list[ExposureRow]:
    """List the exposure of a question, of the course first and then of each edition (spec/selection 2.13); one statement."""
    shown = exists().where(
        AttemptItem.attempt_id == Attempt.id,
        AttemptItem.question_version_id.in_(select(QuestionVersion.id).where(QuestionVersion.question_id == question_id)),
    )
    columns = (
        func.count(case((shown, Attempt.person_id)).distinct()).label("shown"),
        func.count(Attempt.person_id.distinct()).label("started"),
    )
    counted = (
        Attempt.course_id == course_id,
        Attempt.quiz_version_id.in_(quiz_version_ids),
        Attempt.started_at > now - timedelta(days=EXPOSURE_DAYS),
        ~Attempt.preview,
    )
    whole = select(literal(0).label("place"), literal(None).label("edition"), *columns).where(*counted)
    editions = (
        select(literal(1), func.coalesce(Edition.name, ""), *columns)
        .select_from(Attempt)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Attempt.enrolment_id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .where(*counted)
        .group_by(Edition.id, Edition.name)
    )
    rows: Sequence[Any] = session.execute(union_all(whole, editions).order_by("place", "edition").limit(MOST_EDITIONS)).all()
    return [ExposureRow(row.edition, row.shown, row.started) for row in rows]


@dataclass(frozen=True, slots=True)
class CachedAnalysisRow:
    """The analysis of a quiz as computed last, of its newest composition: of its questions only those that were asked for."""

    key: str
    analysis: QuizAnalysis
    computed_at: datetime


def list_cached_analyses(session: Session, course_id: int, keys: Collection[str], version_ids: Collection[int]) -> list[CachedAnalysisRow]:
    """List what was computed last of the first attempts of all learners at quizzes, with the analysis of these question versions."""
    cache = aliased(QuizAnalysisCache)
    newest = select(func.max(cache.version)).where(
        cache.course_id == QuizAnalysisCache.course_id, cache.activity_key == QuizAnalysisCache.activity_key
    )
    statement = (
        select(QuizAnalysisCache.activity_key, QuizAnalysisCache.document, QuizAnalysisCache.computed_at)
        .where(
            QuizAnalysisCache.course_id == course_id,
            QuizAnalysisCache.activity_key.in_(keys),
            QuizAnalysisCache.version == newest.correlate(QuizAnalysisCache).scalar_subquery(),
            func.substr(QuizAnalysisCache.attempt_set, 1, len(str(VERSION)) + 1) == f"{VERSION}:",
        )
        .order_by(QuizAnalysisCache.activity_key)
        .limit(MOST_QUIZZES)
    )
    return [
        CachedAnalysisRow(row.activity_key, _analysis_of(row.document, version_ids), row.computed_at) for row in session.execute(statement)
    ]


def _analysis_of(document: str, version_ids: Collection[int]) -> QuizAnalysis:
    """Read an analysis without the questions that are not asked for: decoding them is what costs."""
    fields = json.loads(document)
    chosen = [question for question in fields["questions"] if question["version"] in version_ids]
    return decode(QuizAnalysis, fields | {"questions": chosen, "findings": []})
