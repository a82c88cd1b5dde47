"""Threads about a question of a quiz: read while one's review shows its right answer and no open attempt of one's own asks it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, SQLColumnExpression, String, and_, bindparam, case, exists, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from courses.models import Activity
from discussions.boards import ThreadGuard
from discussions.models import Board, BoardState, Thread
from enrolments.models import CourseBoard, Enrolment
from kernel import clock
from kernel.db import UtcDateTime, shared_alias
from questions.models import Question, QuestionVersion
from questions.rules.feedback import ReviewFlag
from quizzes.effective_settings import accommodation_of
from quizzes.models import Accommodation, Attempt, AttemptItem, QuizOverride, QuizVersion
from quizzes.rules.settings import IMMEDIATELY, Behaviour, ReviewMoment, ReviewOptions, ReviewPreset, flags_for
from quizzes.rules.states import ENDED_STATES, OPEN_STATES
from spaces.spaces import Number

KIND = "question"
"""The kind of anchors that are questions of a quiz: their key is the quiz's, their part the question's."""
EXTENDED = timedelta(days=7)
"""How long after the close the right answers count as shown to who has more time: no attempt of theirs goes on so long."""

_OPEN, _ENDED = ([state.value for state in states] for states in (OPEN_STATES, ENDED_STATES))


class _JsonText(FunctionElement[str]):
    """The value at a path in a column with a JSON document, as text; NULL where there is none. Arguments: the column, the names."""

    type = String()
    name = "json_text"
    inherit_cache = True


@compiles(_JsonText)
def _json_text(element: _JsonText, compiler: SQLCompiler, **options: Any) -> str:
    document, *names = (compiler.process(clause, **options) for clause in element.clauses)
    return f"jsonb_extract_path_text(CAST({document} AS JSONB), {', '.join(names)})"


@compiles(_JsonText, "sqlite")
def _json_text_of_sqlite(element: _JsonText, compiler: SQLCompiler, **options: Any) -> str:
    document, *names = (compiler.process(clause, **options) for clause in element.clauses)
    path = " || '.' || ".join(names)
    return f"json_extract({document}, '$.' || {path})"


def _shows_answer(moment: ReviewMoment) -> ColumnElement[bool]:
    """Return the condition on `QuizVersion` that its review shows learners right answers at a moment."""
    own = _JsonText(QuizVersion.settings, literal("review"), literal("overrides"), literal(moment.value))
    preset = _JsonText(QuizVersion.settings, literal("review"), literal("preset"))
    known = [row.value for row in ReviewPreset if ReviewFlag.RIGHT_ANSWER in flags_for(ReviewOptions(row), moment, Behaviour.DEFERRED)]
    shown = [own.contains(f'"{flag.value}"') for flag in (ReviewFlag.ATTEMPT, ReviewFlag.RIGHT_ANSWER)]
    return or_(and_(own.is_(None), preset.in_(known)), and_(*shown))


def _is_dated(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that another close may be set for the learner of an attempt; also one that was ended by themself."""
    of_quiz = (QuizOverride.course_id == Attempt.course_id, QuizOverride.activity_key == Attempt.activity_key, QuizOverride.sets_closes)
    for_them = or_(QuizOverride.person_id.is_(None), QuizOverride.person_id == Attempt.person_id)
    in_force = or_(QuizOverride.ended_at.is_(None), QuizOverride.ended_by == Attempt.person_id)
    return exists().where(*of_quiz, for_them, in_force, *conditions).correlate_except(QuizOverride)


_Followed, _Open, _Asked = shared_alias(Activity), shared_alias(Attempt), shared_alias(Attempt)
_REVIEWED = (
    select(literal(1))
    .select_from(Attempt)
    .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
    .join(Activity, Activity.id == QuizVersion.activity_id)
    .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
    .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
    .join(Question, Question.id == QuestionVersion.question_id)
    .outerjoin(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .outerjoin(_Followed, and_(_Followed.version_id == Enrolment.course_version_id, _Followed.key == Attempt.activity_key))
    .outerjoin(Accommodation, accommodation_of(Attempt.person_id))
)
"""A question as it was asked in an attempt, with the quiz as its learner follows it now."""
_JOINED = (Attempt, QuizVersion, Activity, AttemptItem, QuestionVersion, Question, Enrolment, _Followed, Accommodation)


def _moment(ago: timedelta = timedelta()) -> BindParameter[datetime]:
    """Return the moment at which a statement is executed, or one before it: statements are kept."""
    return bindparam(None, callable_=lambda: clock.now() - ago, type_=UtcDateTime(), unique=True)


def _is_shown_now() -> ColumnElement[bool]:
    """Return the condition on `_REVIEWED` that its review shows right answers now; where SQL cannot tell, it does not.

    That is so of an initial test that waits for the final one, where questions may be objected to, and of closes that may be another's.
    """
    now, closes = _moment(), _Followed.closes_at
    same = (_Open.person_id == Attempt.person_id, _Open.course_id == Attempt.course_id, _Open.activity_key == Attempt.activity_key)
    goes_on = exists().where(*same, _Open.state.in_(_OPEN), ~_Open.preview).correlate_except(_Open)
    is_closed = or_(and_(closes <= now, Accommodation.id.is_(None)), closes <= _moment(EXTENDED))
    later = _is_dated(or_(QuizOverride.closes_at.is_(None), QuizOverride.closes_at > now))
    is_open = and_(or_(closes.is_(None), closes > now), ~_is_dated())
    waits = QuizVersion.entries.contains(literal('"initial": "') + Activity.key + literal('"'))
    after, late, closed = (_shows_answer(moment) for moment in (ReviewMoment.AFTER, ReviewMoment.LATER, ReviewMoment.CLOSED))
    shown = case(
        (and_(is_closed, ~later, ~goes_on), closed),
        (and_(~is_open, ~closed), False),
        (Attempt.finished_at > _moment(IMMEDIATELY), after),
        else_=late,
    )
    return and_(~QuizVersion.entries.contains('"objections": {'), ~waits, shown)


Text = SQLColumnExpression[str]


def _is_reviewed(person: Number, course_id: Number, quiz: Text, question: Text) -> ColumnElement[bool]:
    """Return the condition that a person's review of a quiz shows the right answer of a question now."""
    ended = (Attempt.person_id == person, Attempt.state.in_(_ENDED), Attempt.finished_at.is_not(None), ~Attempt.preview)
    of_question = (Attempt.course_id == course_id, or_(Attempt.activity_key == quiz, Activity.key == quiz), Question.key == question)
    return _REVIEWED.where(*ended, *of_question, _is_shown_now()).exists().correlate_except(*_JOINED)


def _is_in_open_attempt(person: Number, course_id: Number, question: Text) -> ColumnElement[bool]:
    """Return the condition that an open attempt of a person asks a question."""
    has_item = (AttemptItem.attempt_id == _Asked.id, QuestionVersion.id == AttemptItem.question_version_id)
    same = (Question.id == QuestionVersion.question_id, Question.course_id == course_id, Question.key == question)
    mine = exists().where(_Asked.person_id == person, _Asked.state.in_(_OPEN), *has_item, *same)
    return mine.correlate_except(_Asked, AttemptItem, QuestionVersion, Question)


def _is_about_question() -> ColumnElement[bool]:
    return Thread.anchor_kind == KIND


def _hides(person: Number) -> ColumnElement[bool]:
    course_id = select(CourseBoard.course_id).where(CourseBoard.board_id == Thread.board_id).correlate_except(CourseBoard).scalar_subquery()
    shown = _is_reviewed(person, course_id, Thread.anchor_key, Thread.anchor_part)
    return and_(_is_about_question(), or_(~shown, _is_in_open_attempt(person, course_id, Thread.anchor_part)))


GUARD = ThreadGuard(_hides, _is_about_question)


def list_askable(session: Session, attempt: Attempt, keys: Collection[str]) -> set[str]:
    """Return about which of these questions of an attempt its learner can ask: they would read the thread, on a board that takes it."""
    person, of = literal(attempt.person_id), aliased(Question)
    takes_part = (Enrolment.person_id == person, Enrolment.course_id == attempt.course_id, Enrolment.left_at.is_(None))
    on = (CourseBoard.course_id == attempt.course_id, Board.id == CourseBoard.board_id, Board.state == BoardState.OPEN.value)
    shown = _is_reviewed(person, of.course_id, literal(attempt.activity_key), of.key)
    of_attempt = (of.course_id == attempt.course_id, of.key.in_(keys), ~_is_in_open_attempt(person, of.course_id, of.key))
    return set(session.scalars(select(of.key).where(*of_attempt, exists().where(*on), exists().where(*takes_part), shown)))
