"""Read a quiz as its course team works on it: all versions, everybody's attempts, and the use of each question."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from courses import catalogue, versions
from courses.access import CourseContext
from courses.content.model import CourseFolder
from courses.models import Activity, Course, CourseStaff, CourseVersion, StaffRole
from courses.rules import Outline
from courses.versions import list_outlines
from courses.waiting import TeamCourse, WaitingItem
from kernel.errors import NotFound, require_found
from kernel.i18n import choose, ngettext
from kernel.own_records import of_others
from kernel.permissions import Actor
from questions.content.banks import questions_of
from questions.models import Question, QuestionVersion
from questions.question_bank import QuestionUsage, QuestionUses
from quizzes.access import QuizContext
from quizzes.attempts import AWAITS_GRADING
from quizzes.content.pools import quiz_keys
from quizzes.models import Attempt, AttemptItem, QuizVersion, Slot, SlotCandidate
from quizzes.rules.states import ENDED_STATES, OPEN_STATES, AttemptState


def count_seen_elsewhere(session: Session, course_id: int, folder: CourseFolder) -> dict[str, int]:
    """Return how many people had each reserved question of a draft in an attempt at another quiz, previews left out."""
    known, groups = quiz_keys(folder), defaultdict[tuple[str, ...], list[str]](list)
    for key, question in questions_of(folder).items():
        if question.selection.only:
            groups[tuple(name for quiz in question.selection.only for name in known.get(quiz, (quiz,)))].append(key)
    return _count(session, course_id, groups) if groups else {}


def _count(session: Session, course_id: int, groups: Mapping[tuple[str, ...], Sequence[str]]) -> dict[str, int]:
    elsewhere = [and_(Question.key.in_(keys), Attempt.activity_key.not_in(quizzes)) for quizzes, keys in groups.items()]
    statement = (
        select(Question.key, func.count(Attempt.person_id.distinct()))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Question.course_id == course_id, ~Attempt.preview, or_(*elsewhere))
        .group_by(Question.key)
    )
    return dict(session.execute(statement).all())


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
    row = require_found(session.execute(statement).one_or_none())
    return QuizContext(
        course_id=row.id,
        slug=slug,
        key=key,
        activity_id=row.activity_id,
        outline=versions.get_outline(session, row.version_id),
        staff_role=StaffRole(row.role) if row.role else None,
    )


def get_published_course(session: Session, actor: Actor, slug: str) -> CourseContext:
    """Return a published course with what the actor is in it; raise NotFound, or SignInNeeded whether or not there is such a course."""
    context = catalogue.get_taught_course(session, actor, slug)
    if catalogue.get_course(session, context.id).published_version_id is None:
        raise NotFound
    return context


def published_outline(session: Session, course: CourseContext) -> Outline:
    """Return the published version of a course that has one."""
    version = catalogue.get_course(session, course.id).published_version_id
    assert version is not None, "get_published_course looked"
    return versions.get_outline(session, version)


def count_attempts(session: Session, subject: QuizContext) -> Row[int, int, int, int]:
    """Count the attempts of a quiz, all learners and versions together: `open`, `ended`, `waiting` for a grader, and `previews` apart."""
    return session.execute(
        select(
            func.count().filter(Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview).label("open"),
            func.count().filter(Attempt.state.in_([state.value for state in ENDED_STATES]), ~Attempt.preview).label("ended"),
            func.count().filter(AWAITS_GRADING).label("waiting"),
            func.count().filter(Attempt.preview).label("previews"),
        ).where(Attempt.course_id == subject.course_id, Attempt.activity_key == subject.key)
    ).one()


def list_unmarked(session: Session, actor: Actor, course_ids: Collection[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the quizzes of courses with attempts that the actor may mark, which are those of others; the longest waiting first.

    A row has how many `attempts` wait, and when the oldest and the newest of them were submitted: `since` and `latest`.
    """
    since = func.min(Attempt.submitted_at)
    statement = (
        select(
            *(Attempt.course_id, Attempt.activity_key, func.count().label("attempts")),
            *(since.label("since"), func.max(Attempt.submitted_at).label("latest")),
        )
        .where(Attempt.course_id.in_(course_ids), AWAITS_GRADING, of_others(actor, Attempt.person_id))
        .group_by(Attempt.course_id, Attempt.activity_key)
        .having(since.is_not(None))
        .order_by(since, Attempt.course_id, Attempt.activity_key)
        .limit(MOST_QUIZZES)
    )
    return session.execute(statement).all()


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
    counts: dict[str, tuple[tuple[str, int], ...]] = {}
    for key, activity, count in session.execute(statement):
        counts[key] = (*counts.get(key, ()), (activity, count))
    return counts


def list_quizzes_with_question(session: Session, course: Course, key: str) -> Sequence[QuestionUsage]:
    """List the quizzes of the published version that give a question."""
    if course.published_version_id is None:
        return []
    pool = select(func.count()).where(SlotCandidate.slot_id == Slot.id).correlate(Slot).scalar_subquery()
    statement = (
        select(Activity.key, Activity.title, Slot.draws, pool.label("candidates"))
        .join(QuizVersion, QuizVersion.activity_id == Activity.id)
        .join(Slot, Slot.quiz_version_id == QuizVersion.id)
        .join(SlotCandidate, SlotCandidate.slot_id == Slot.id)
        .join(QuestionVersion, QuestionVersion.id == SlotCandidate.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Activity.version_id == course.published_version_id, Question.key == key)
        .order_by(Activity.id, Slot.position)
    )
    return session.execute(statement).all()


def count_attempts_of_questions(session: Session, course_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Count the attempts that had each question, in any version, without previews."""
    statement = (
        select(Question.key, func.count())
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Question.course_id == course_id, Question.key.in_(keys), ~Attempt.preview)
        .group_by(Question.key)
    )
    return dict(session.execute(statement).all())


USES_IN_QUIZZES = QuestionUses(list_quizzes_with_question, count_attempts_of_questions)


def with_titles(
    session: Session, courses: Mapping[int, TeamCourse], rows: Sequence[Row[*tuple[Any, ...]]]
) -> Iterator[tuple[Row[*tuple[Any, ...]], TeamCourse, Mapping[str, str]]]:
    """Yield rows about quizzes, each with its course and the title of its quiz in the published version; its key where that has it no more.

    A row has the `course_id` and `activity_key` of its quiz.
    """
    waiting = [courses[course_id] for course_id in {row.course_id for row in rows}]
    outlines = list_outlines(session, [course.version_id for course in waiting if course.version_id is not None])
    for row in rows:
        course = courses[row.course_id]
        outline = outlines.get(course.version_id or 0)
        activity = outline.by_key.get(outline.renames.get(row.activity_key, row.activity_key)) if outline else None
        yield row, course, activity.title if activity else {"es": row.activity_key}


def _to_mark(count: int, quiz: Mapping[str, str]) -> str:
    return ngettext("%(count)s attempt to mark in “%(quiz)s”", "%(count)s attempts to mark in “%(quiz)s”", count, quiz=choose(quiz))


def _to_mark_in_several(attempts: int, quizzes: int) -> str:
    return ngettext(
        "%(count)s attempt to mark in %(quizzes)s quizzes", "%(count)s attempts to mark in %(quizzes)s quizzes", attempts, quizzes=quizzes
    )


def waiting_attempts(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the attempts of others that wait to be marked, those of a course together: its quiz, or how many quizzes."""
    mine, by_course = {course.id: course for course in courses}, dict[int, list[tuple[Row[*tuple[Any, ...]], Mapping[str, str]]]]()
    for row, course, title in with_titles(session, mine, list_unmarked(session, actor, mine) if mine else []):
        by_course.setdefault(course.id, []).append((row, title))
    for course_id, waiting in by_course.items():
        course, rows = mine[course_id], [row for row, _title in waiting]
        count, since, latest = sum(row.attempts for row in rows), min(row.since for row in rows), max(row.latest for row in rows)
        if len(waiting) == 1:
            path = f"/courses/{course.slug}/quizzes/{rows[0].activity_key}/marking"
            yield WaitingItem(course, partial(_to_mark, count, waiting[0][1]), path, since, latest)
        else:
            yield WaitingItem(course, partial(_to_mark_in_several, count, len(waiting)), f"/teaching/{course.slug}/quizzes", since, latest)
