"""A person's quizzes in the copy of their data, marks and results as far as they may see them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import ActivityResult, Completion, Enrolment, LearnerNote, ManualGrade, ManualGradeItem, ResultOverride
from kernel.personal import PersonalTables, of, own_rows
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


def select_own_data(person_id: int) -> PersonalTables:
    """Select the data that is kept of somebody who answers quizzes, a statement a table; without marks."""
    mine, course, attempt, position = (
        Attempt.person_id == person_id,
        of(Course, course="slug"),
        of(Attempt, attempt="uuid"),
        AttemptItem.position,
    )
    ways = of(Attempt, "activity_key number form state started_at submitted_at declared_at", recorded_beside_the_answers="integrity_record")
    file = (*attempt, position, *of(AnswerFile, folder="uuid"), *of(AnswerFile, "name uploaded_at"))
    granted = of(Accommodation, "factor extra_attempts break_seconds reason created_at ended_at")
    override = (*course, *of(QuizOverride, "activity_key opens_at closes_at limit_seconds attempts reason created_at ended_at"))
    time = (*attempt, *of(Incident, "seconds reason created_at undone_at"))
    settled = and_(Enrolment.person_id == person_id, CertificateReview.settled_by.is_not(None))
    review, levels = of(CertificateReview, "code settled_at note"), of(SelfAssessment, "levels assessed_at")
    return {
        "attempts": own_rows(Attempt, Course, columns=(Attempt.uuid, *course, Enrolment.take, *ways), mine=mine).outerjoin(
            Enrolment, Enrolment.id == Attempt.enrolment_id
        ),
        "answers": own_rows(
            AnswerEvent, AttemptItem, Attempt, columns=(*attempt, position, *of(AnswerEvent, "seq payload server_time")), mine=mine
        ),
        "answer_files": own_rows(AnswerFile, AttemptItem, Attempt, columns=file, mine=mine),
        "proofs_of_attempts": own_rows(AttemptProof, Attempt, columns=(*attempt, *of(AttemptProof, "code made_at")), mine=mine),
        "self_assessments": own_rows(SelfAssessment, AttemptItem, Attempt, columns=(*attempt, position, *levels), mine=mine),
        "accommodations": own_rows(Accommodation, columns=granted, mine=Accommodation.person_id == person_id),
        "settings_of_quizzes": own_rows(QuizOverride, Course, columns=override, mine=QuizOverride.person_id == person_id),
        "time_given": own_rows(IncidentAttempt, Incident, Attempt, columns=time, mine=mine),
        "certificate_reviews": own_rows(CertificateReview, Enrolment, columns=review, mine=settled),
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
