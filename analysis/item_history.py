"""Read the history of a question by month, version and quiz, under other keys, in copies, and where it is asked."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from analysis.models import QuizAnalysisCache
from analysis.rules.quiz_analysis import VERSION, QuizAnalysis
from analysis.rules.segments import SegmentVersion, content_digest
from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from enrolments.models import Edition, EditionPlace
from kernel.errors import SignInNeeded, require_found
from kernel.permissions import Actor
from questions.models import Question, QuestionOrigin, QuestionVersion
from questions.question_bank import get_questions
from questions.rules.encoding import decode
from quizzes.access import ItemHistoryContext
from quizzes.models import Attempt, AttemptItem, HistoryState, ItemHistory, QuizVersion, Slot, SlotCandidate, WordingOnly
from quizzes.rules.item_history import HistorySums

MOST_ROWS = 20_000
SUMS = tuple(HistorySums.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ItemHistoryRow:
    """Sums of a question: of one of its versions by number and key, in a version of a quiz, by edition, language and month."""

    version_id: int
    version: int
    key: str
    quiz: str
    quiz_version_id: int
    edition_id: int
    language: str
    month: str
    sums: HistorySums
    is_waiting: bool = False
    """Whether corrected marks of its quiz version wait to be counted by the night's job."""


def get_question(session: Session, actor: Actor, slug: str, key: str) -> ItemHistoryContext:
    """Return a published question of a course before an actor; raise NotFound, or SignInNeeded whether or not there is one."""
    if actor.is_anonymous:
        raise SignInNeeded
    statement = (
        select(Course.id, Course.slug, CourseStaff.role, Question.id.label("question_id"))
        .join(Question, Question.course_id == Course.id)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & (CourseStaff.person_id == actor.person_id))
        .where(Course.slug == slug, Question.key == key)
    )
    row = require_found(session.execute(statement).one_or_none())
    return ItemHistoryContext(row.id, row.slug, StaffRole(row.role) if row.role else None, key, row.question_id)


def list_history(session: Session, question_ids: Collection[int]) -> list[ItemHistoryRow]:
    """List the sums of a question, and of what it was under other keys, by version, quiz and month."""
    statement = (
        select(
            ItemHistory.question_version_id,
            QuestionVersion.number,
            Question.key.label("question"),
            Activity.key,
            ItemHistory.quiz_version_id,
            ItemHistory.edition_id,
            ItemHistory.language,
            ItemHistory.month,
            func.coalesce(HistoryState.filled, True).label("is_filled"),
            *(getattr(ItemHistory, name).label(f"sum_{name}") for name in SUMS),
        )
        .join(QuestionVersion, QuestionVersion.id == ItemHistory.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(QuizVersion, QuizVersion.id == ItemHistory.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .outerjoin(HistoryState, HistoryState.quiz_version_id == ItemHistory.quiz_version_id)
        .where(QuestionVersion.question_id.in_(question_ids), ItemHistory.variant == "")
        .order_by(QuestionVersion.id, Activity.key, ItemHistory.quiz_version_id, ItemHistory.month, ItemHistory.language)
        .limit(MOST_ROWS)
    )
    return [
        ItemHistoryRow(
            row.question_version_id,
            row.number,
            row.question,
            quiz=row.key,
            quiz_version_id=row.quiz_version_id,
            edition_id=row.edition_id,
            language=row.language,
            month=row.month,
            sums=HistorySums(*(getattr(row, f"sum_{name}") for name in SUMS)),
            is_waiting=not row.is_filled,
        )
        for row in session.execute(statement)
    ]


MOST_JOINED = 500


def find_joined(session: Session, context: ItemHistoryContext, *, with_reserved: bool) -> tuple[list[int], list[int]]:
    """Return the questions that share an origin with one of a course: those of the course, and the copies in other courses.

    Copies that are reserved in their course only `with_reserved` (spec/selection 2.2 and 12).
    """
    mine = select(QuestionOrigin.origin).where(QuestionOrigin.course_id == context.id, QuestionOrigin.key == context.key)
    statement = (
        select(Question.id, Question.course_id, QuestionOrigin.reserved)
        .join(QuestionOrigin, and_(QuestionOrigin.course_id == Question.course_id, QuestionOrigin.key == Question.key))
        .where(QuestionOrigin.origin == mine.scalar_subquery())
        .order_by(Question.id)
        .limit(MOST_JOINED)
    )
    rows = session.execute(statement).all()
    own = [row.id for row in rows if row.course_id == context.id]
    copies = [row.id for row in rows if row.course_id != context.id and (with_reserved or not row.reserved)]
    return own or [context.question_id], copies


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


def list_wordings(session: Session, question_ids: Collection[int]) -> Sequence[Row[WordingOnly, Person, Person | None]]:
    """List what editors said of the versions of questions, and who took it back, the oldest first; what was taken back is there too."""
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
    return session.execute(statement).all()


EXPOSURE_DAYS = 365
MOST_USES, MOST_EDITIONS, MOST_QUIZZES = 5_000, 200, 20


def list_uses(session: Session, course_id: int, question_id: int) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Return by key the quizzes of a course that may ask a question in any published version, those of the newest version first.

    The rows of a quiz are its places for the question, the newest version first: `is_current` in the version that is published, `is_drawn`
    where it is one of several that a draw may take; else every attempt has it.
    """
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
    rows_by_quiz: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(statement):
        rows_by_quiz.setdefault(row.key, []).append(row)
    return rows_by_quiz


def list_exposure(
    session: Session, course_id: int, question_id: int, quiz_version_ids: Collection[int], *, now: datetime
) -> Sequence[Row[*tuple[Any, ...]]]:
    """List how many people `started` a quiz that may ask a question in the last year, and how many of them were `shown` it.

    The first row is of the whole course (`edition` None), then comes who was in no edition ('') and each edition; one statement
    (spec/selection 2.13).
    """
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
    return session.execute(union_all(whole, editions).order_by("place", "edition").limit(MOST_EDITIONS)).all()


def list_cached_analyses(
    session: Session, course_id: int, keys: Collection[str], version_ids: Collection[int]
) -> dict[str, tuple[QuizAnalysis, datetime]]:
    """Return by quiz what was computed last of the first attempts of all learners at its newest composition, and when.

    Of the questions only these versions are in it.
    """
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
    return {row.activity_key: (_analysis_of(row.document, version_ids), row.computed_at) for row in session.execute(statement)}


def _analysis_of(document: str, version_ids: Collection[int]) -> QuizAnalysis:
    """Read an analysis without the questions that are not asked for: decoding them is what costs."""
    fields = json.loads(document)
    chosen = [question for question in fields["questions"] if question["version"] in version_ids]
    return decode(QuizAnalysis, fields | {"questions": chosen, "findings": []})
