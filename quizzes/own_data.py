"""A person's quizzes in the copy of their data, marks and results as far as they may see them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import ActivityResult, Completion, Enrolment, LearnerNote, ManualGrade, ManualGradeItem, ResultOverride
from kernel.personal import PersonalTables
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempt_page import flags_of
from quizzes.marks import current_events
from quizzes.models import (
    Accommodation,
    AnswerEvent,
    AnswerFile,
    Attempt,
    AttemptItem,
    AttemptProof,
    CertificateReview,
    Incident,
    IncidentAttempt,
    QuizOverride,
    SelfAssessment,
)
from quizzes.rules.settings import Reader
from quizzes.rules.states import ENDED_STATES

Rows = list[dict[str, Any]]
_OF_TAKE = (Course.slug.label("course"), Enrolment.take)


def select_own_data(person_id: int) -> PersonalTables:  # long: one statement a table
    """Return what is kept of somebody who answers quizzes, a statement a table; without marks."""
    return {
        "attempts": select(
            Attempt.uuid,
            Course.slug.label("course"),
            Enrolment.take,
            Attempt.activity_key,
            Attempt.number,
            Attempt.form,
            Attempt.state,
            Attempt.started_at,
            Attempt.submitted_at,
            Attempt.declared_at,
            Attempt.integrity_record.label("recorded_beside_the_answers"),
        )
        .join(Course, Course.id == Attempt.course_id)
        .outerjoin(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Attempt.person_id == person_id),
        "answers": select(
            Attempt.uuid.label("attempt"), AttemptItem.position, AnswerEvent.seq, AnswerEvent.payload, AnswerEvent.server_time
        )
        .join(AttemptItem, AttemptItem.id == AnswerEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "answer_files": select(
            Attempt.uuid.label("attempt"), AttemptItem.position, AnswerFile.uuid.label("folder"), AnswerFile.name, AnswerFile.uploaded_at
        )
        .join(AttemptItem, AttemptItem.id == AnswerFile.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "proofs_of_attempts": select(Attempt.uuid.label("attempt"), AttemptProof.code, AttemptProof.made_at)
        .join(Attempt, Attempt.id == AttemptProof.attempt_id)
        .where(Attempt.person_id == person_id),
        "self_assessments": select(Attempt.uuid.label("attempt"), AttemptItem.position, SelfAssessment.levels, SelfAssessment.assessed_at)
        .join(AttemptItem, AttemptItem.id == SelfAssessment.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "accommodations": select(
            Accommodation.factor,
            Accommodation.extra_attempts,
            Accommodation.break_seconds,
            Accommodation.reason,
            Accommodation.created_at,
            Accommodation.ended_at,
        ).where(Accommodation.person_id == person_id),
        "settings_of_quizzes": select(
            Course.slug.label("course"),
            QuizOverride.activity_key,
            QuizOverride.opens_at,
            QuizOverride.closes_at,
            QuizOverride.limit_seconds,
            QuizOverride.attempts,
            QuizOverride.reason,
            QuizOverride.created_at,
            QuizOverride.ended_at,
        )
        .join(Course, Course.id == QuizOverride.course_id)
        .where(QuizOverride.person_id == person_id),
        "time_given": select(Attempt.uuid.label("attempt"), Incident.seconds, Incident.reason, Incident.created_at, Incident.undone_at)
        .join(IncidentAttempt, IncidentAttempt.incident_id == Incident.id)
        .join(Attempt, Attempt.id == IncidentAttempt.attempt_id)
        .where(Attempt.person_id == person_id),
        "certificate_reviews": select(CertificateReview.code, CertificateReview.settled_at, CertificateReview.note)
        .join(Enrolment, Enrolment.id == CertificateReview.enrolment_id)
        .where(Enrolment.person_id == person_id, CertificateReview.settled_by.is_not(None)),
    }


def list_own_results(session: Session, person_id: int, *, now: datetime) -> Mapping[str, Rows]:
    """Return a person's marks and results as far as they may see them now, and what the team wrote about them."""
    marks, questions, withheld = _attempts(session, person_id, now)
    return {
        "attempt_marks": marks,
        "question_marks": questions,
        "activity_scores": _visible_rows(_rows(session, _scores(person_id)), withheld),
        "completions": _completions(session, person_id, {(course, take) for course, take, _activity in withheld}),
        "results_set_by_the_team": _visible_rows(_rows(session, _overrides(person_id)), withheld),
        "marks_by_hand": _rows(
            session,
            select(
                Enrolment.take,
                ManualGradeItem.title,
                ManualGrade.points,
                ManualGradeItem.maximum,
                ManualGrade.comment,
                ManualGrade.marked_at,
            )
            .join(ManualGradeItem, ManualGradeItem.id == ManualGrade.item_id)
            .join(Enrolment, Enrolment.id == ManualGrade.enrolment_id)
            .where(Enrolment.person_id == person_id),
        ),
        "notes_of_the_team": _rows(
            session,
            select(*_OF_TAKE, LearnerNote.words, LearnerNote.written_at)
            .join(Enrolment, Enrolment.id == LearnerNote.enrolment_id)
            .join(Course, Course.id == Enrolment.course_id)
            .where(Enrolment.person_id == person_id),
        ),
    }


def _rows(session: Session, statement: Any) -> Rows:
    return [dict(row) for row in session.execute(statement).mappings()]


def _visible_rows(rows: Rows, withheld: Collection[tuple[str, int, str]]) -> Rows:
    return [row for row in rows if (row["course"], row["take"], row["activity_key"]) not in withheld]


def _completions(session: Session, person_id: int, withheld: Collection[tuple[str, int]]) -> Rows:
    """Return which courses a person completed; the grade stays away while a mark that it may rest on is not shown."""
    statement = (
        select(*_OF_TAKE, Completion.completed_at, Completion.achieved_at, Completion.grade)
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
    shown = (
        ActivityResult.activity_key,
        ActivityResult.score,
        ActivityResult.passed,
        ActivityResult.overridden_at,
    )
    return (
        select(*_OF_TAKE, *shown)
        .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id, ActivityResult.score.is_not(None))
    )


def _overrides(person_id: int) -> Any:
    shown = (ResultOverride.activity_key, ResultOverride.score, ResultOverride.reason, ResultOverride.made_at)
    return (
        select(*_OF_TAKE, *shown)
        .join(Enrolment, Enrolment.id == ResultOverride.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id)
    )
