"""Results for the copy of one's own data (spec/security 7.3): what is shown on the pages by now, and nothing that is not.

spec/security 5.1.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import ActivityResult, Completion, Enrolment, LearnerNote, ManualGrade, ManualGradeItem, ResultOverride
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempt_page import flags_of
from quizzes.marks import current_events
from quizzes.models import Attempt
from quizzes.rules.settings import Reader
from quizzes.rules.states import ENDED_STATES

Rows = list[dict[str, Any]]
OF_TAKE = (Course.slug.label("course"), Enrolment.take)


def results_of(session: Session, person_id: int, *, now: datetime) -> Mapping[str, Rows]:
    """Return a person's marks and results as far as they may see them now, and what the team wrote about them."""
    marks, questions, withheld = _attempts(session, person_id, now)
    return {
        "attempt_marks": marks,
        "question_marks": questions,
        "activity_scores": _visible_rows(_rows(session, _scores(person_id)), withheld),
        "completions": _completions(session, person_id, {(course, take) for course, take, _activity in withheld}),
        "results_set_by_the_team": _visible_rows(_rows(session, _overrides(person_id)), withheld),
        "marks_by_hand": _rows(session, _by_hand(person_id)),
        "notes_of_the_team": _rows(session, _notes(person_id)),
    }


def _rows(session: Session, statement: Any) -> Rows:
    return [dict(row) for row in session.execute(statement).mappings()]


def _visible_rows(rows: Rows, withheld: Collection[tuple[str, int, str]]) -> Rows:
    return [row for row in rows if (row["course"], row["take"], row["activity_key"]) not in withheld]


def _completions(session: Session, person_id: int, withheld: Collection[tuple[str, int]]) -> Rows:
    """Return which courses a person completed; the grade stays away while a mark that it may rest on is not shown."""
    statement = (
        select(*OF_TAKE, Completion.completed_at, Completion.achieved_at, Completion.grade)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id)
    )
    return [row | {"grade": None} if (row["course"], row["take"]) in withheld else row for row in _rows(session, statement)]


def _attempts(session: Session, person_id: int, now: datetime) -> tuple[Rows, Rows, set[tuple[str, int, str]]]:
    """Return the marks of attempts, of their questions, and the activities of takes some of whose marks are not shown yet."""
    marks: Rows = []
    questions: Rows = []
    withheld: set[tuple[str, int, str]] = set()
    statement = select(Attempt.id, Attempt.activity_key, Course.slug, Enrolment.take).join(Course, Course.id == Attempt.course_id)
    statement = statement.outerjoin(Enrolment, Enrolment.id == Attempt.enrolment_id)
    ended = Attempt.state.in_([state.value for state in ENDED_STATES])
    for row in session.execute(statement.where(Attempt.person_id == person_id, ended).order_by(Attempt.id)).all():
        loaded = attempts.load_attempt(session, row.id)
        flags, attempt = flags_of(loaded, Reader.LEARNER, attempts.history_of(session, loaded), now=now), loaded.row
        if ReviewFlag.MARKS not in flags:
            withheld.add((row.slug, row.take, row.activity_key))
            continue
        marks.append(
            {"attempt": attempt.uuid, "raw": attempt.raw, "maximum": attempt.maximum, "percent": attempt.percent, "passed": attempt.passed}
        )
        if ReviewFlag.ATTEMPT in flags:
            events = current_events(session, [item.id for item in loaded.items])
            questions += [
                {"attempt": attempt.uuid, "position": item.position, "fraction": event.fraction, "comment": event.comment}
                for item in loaded.items
                if (event := events.get(item.id)) is not None
            ]
    return marks, questions, withheld


def _scores(person_id: int) -> Any:
    shown = (ActivityResult.activity_key, ActivityResult.score, ActivityResult.passed, ActivityResult.overridden_at)
    return (
        select(*OF_TAKE, *shown)
        .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id, ActivityResult.score.is_not(None))
    )


def _overrides(person_id: int) -> Any:
    shown = (ResultOverride.activity_key, ResultOverride.score, ResultOverride.reason, ResultOverride.made_at)
    return (
        select(*OF_TAKE, *shown)
        .join(Enrolment, Enrolment.id == ResultOverride.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id)
    )


def _by_hand(person_id: int) -> Any:
    return (
        select(
            Enrolment.take, ManualGradeItem.title, ManualGrade.points, ManualGradeItem.maximum, ManualGrade.comment, ManualGrade.marked_at
        )
        .join(ManualGradeItem, ManualGradeItem.id == ManualGrade.item_id)
        .join(Enrolment, Enrolment.id == ManualGrade.enrolment_id)
        .where(Enrolment.person_id == person_id)
    )


def _notes(person_id: int) -> Any:
    return (
        select(*OF_TAKE, LearnerNote.words, LearnerNote.written_at)
        .join(Enrolment, Enrolment.id == LearnerNote.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id)
    )
