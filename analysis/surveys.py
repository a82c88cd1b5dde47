"""The surveys of a quiz: which there are, and what was answered to each, counted by the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from analysis.rules.item_evidence import RowCounts, count_survey
from analysis.rules.statistics import CountedTakes
from analysis.statistics import in_takes
from courses.models import Activity, CourseVersion
from questions import question_bank
from questions.models import Question as QuestionRow
from questions.models import QuestionVersion
from questions.rules.answers import MatrixAnswer, answer_from_page, clean_parts, payload_of
from questions.rules.definitions import MatrixBody, QuestionDefinition, QuestionKind
from questions.rules.item_layout import ItemLayout
from quizzes.models import AnswerEvent, Attempt, AttemptItem, QuizVersion, Slot, SlotCandidate
from quizzes.rules.states import AttemptState


@dataclass(frozen=True, slots=True)
class Survey:
    """A version of a survey question, how many attempts had it, and what was answered."""

    key: str
    number: int
    question: QuestionDefinition
    attempts: int
    rows: tuple[RowCounts, ...]


def list_surveys(session: Session, course_id: int, activity_key: str, takes: CountedTakes = CountedTakes.PRESENT) -> list[Survey]:
    """Return the surveys that learners were asked in a quiz, in the order of their first place, the last handed-in attempt of each take.

    Equal answers are one row of the statement: memory does not grow with the attempts.
    """
    rank = func.row_number().over(partition_by=Attempt.enrolment_id, order_by=Attempt.number.desc()).label("place")
    ended = (Attempt.course_id == course_id) & (Attempt.activity_key == activity_key) & ~Attempt.preview
    ranked = select(Attempt.id, rank).where(ended, Attempt.state == AttemptState.FINISHED.value, *in_takes(takes)).subquery()
    answers = aliased(AnswerEvent)
    last = select(answers.id).where(answers.item_id == AttemptItem.id).order_by(answers.lease.desc(), answers.seq.desc()).limit(1)
    statement = (
        select(
            QuestionVersion.id,
            QuestionRow.key,
            QuestionVersion.number,
            AnswerEvent.payload,
            func.count().label("count"),
            func.min(AttemptItem.position).label("place"),
        )
        .select_from(ranked)
        .join(AttemptItem, AttemptItem.attempt_id == ranked.c.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(QuestionRow, QuestionRow.id == QuestionVersion.question_id)
        .outerjoin(AnswerEvent, AnswerEvent.id == last.scalar_subquery())
        .where(ranked.c.place == 1, QuestionVersion.kind == QuestionKind.MATRIX.value)
        .group_by(QuestionVersion.id, QuestionRow.key, QuestionVersion.number, AnswerEvent.payload)
    )
    groups: dict[int, list[Any]] = {}
    for row in session.execute(statement):
        groups.setdefault(row.id, []).append(row)
    questions = question_bank.get_questions(session, list(groups))
    versions = [
        (min(row.place for row in rows), _survey(rows, questions[version]))
        for version, rows in groups.items()
        if _is_survey(questions[version])
    ]
    return [survey for _place, survey in sorted(versions, key=lambda question: (question[0], question[1].key, question[1].number))]


def has_surveys(session: Session, course_id: int, activity_key: str) -> bool:
    """Return whether a version of a quiz asks a survey."""
    statement = (
        select(QuestionVersion.id)
        .join(SlotCandidate, SlotCandidate.question_version_id == QuestionVersion.id)
        .join(Slot, Slot.id == SlotCandidate.slot_id)
        .join(QuizVersion, QuizVersion.id == Slot.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .where(CourseVersion.course_id == course_id, Activity.key == activity_key, QuestionVersion.kind == QuestionKind.MATRIX.value)
        .distinct()
    )
    versions = session.scalars(statement).all()
    return any(_is_survey(question) for question in question_bank.get_questions(session, versions).values())


def _is_survey(question: QuestionDefinition) -> bool:
    return isinstance(question.body, MatrixBody) and question.body.survey


def _survey(rows: Sequence[Any], question: QuestionDefinition) -> Survey:
    assert isinstance(question.body, MatrixBody)
    answers = [(_chosen(question, row.payload), row.count) for row in rows]
    first = rows[0]
    return Survey(first.key, first.number, question, sum(row.count for row in rows), count_survey(question.body, answers))


def _chosen(question: QuestionDefinition, payload: str | None) -> Mapping[str, str]:
    """Return the column of each row that an answer gives."""
    answer = answer_from_page(question, ItemLayout(), payload_of(question, clean_parts(json.loads(payload or "null"))))
    return answer.rows if isinstance(answer, MatrixAnswer) else {}
