"""Attempts with their items and answers, read and locked: open, due or submitted ones, their history, and a question that is reported."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.kinds import SubmittedWork
from courses.models import Activity, CourseStaff, StaffRole
from enrolments.access import ActivityContext, AnsweredQuestionContext
from enrolments.models import Enrolment
from kernel.compiled_statements import compile_once
from kernel.db import connection_of, shared_alias
from kernel.entity_rows import entity_of
from kernel.errors import N_, Conflict, NotFound, SignInNeeded
from kernel.permissions import Actor
from questions.models import Question, QuestionVersion
from questions.question_bank import KEPT_LAYOUTS
from questions.rules.encoding import decode
from questions.rules.item_layout import ItemLayout, LoadedItem
from quizzes.access import AttemptContext
from quizzes.effective_settings import (
    PersonQuizColumns,
    PersonQuizKey,
    accommodation_of,
    find_setting_sources,
    list_overrides,
    outline_of_activity,
    overrides_for,
    setting_sources_of,
    with_release,
)
from quizzes.models import (
    Accommodation,
    AnswerEvent,
    Attempt,
    AttemptItem,
    DrawTable,
    MarkEvent,
    QuizOverride,
    QuizVersion,
    Regrade,
    VoidedQuestion,
)
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.settings import EffectiveSettings, SettingSources
from quizzes.rules.states import OPEN_STATES, AttemptClock, AttemptState, end_of
from quizzes.snapshots import QuizSnapshot, get_snapshot


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A response of an item as it was saved."""

    id: int
    item_id: int
    page_epoch: int
    counter: int
    payload: object
    """As it was typed. None of history: an answer that is neither its item's response nor was checked is known by its place alone."""
    server_time: datetime
    checked: int | None = None
    """The mark event that came of it, where the learner had it checked; a later check has a higher one."""
    offline_in_time: bool = False
    """It came after the end, with the device's proof that it was written before (spec/quiz-engine 5.3.9)."""


_LATER = shared_alias(AnswerEvent)
_RESPONSE = (
    select(_LATER.id)
    .where(_LATER.item_id == AnswerEvent.item_id)
    .order_by(_LATER.lease.desc(), _LATER.seq.desc())
    .limit(1)
    .scalar_subquery()
)
IS_RESPONSE = AnswerEvent.id == _RESPONSE
"""Of the answers of an item its response, which is the last one."""
ANSWER_COLUMNS = (
    AnswerEvent.id.label("answer_id"),
    AnswerEvent.item_id,
    AnswerEvent.lease,
    AnswerEvent.seq,
    case((or_(MarkEvent.id.is_not(None), IS_RESPONSE), AnswerEvent.payload)).label("payload"),
    AnswerEvent.server_time,
    MarkEvent.id.label("checked"),
    AnswerEvent.proved,
)
"""The columns of an answer, for statements that join `AnswerEvent` and, of an answer that was checked, its `MarkEvent`."""
_ANSWERS = (
    select(*ANSWER_COLUMNS)
    .outerjoin(MarkEvent, MarkEvent.answer_id == AnswerEvent.id)
    .where(AnswerEvent.item_id.in_(bindparam("items", expanding=True)))
    .order_by(AnswerEvent.item_id, AnswerEvent.lease, AnswerEvent.seq)
)


def list_answers(session: Session, item_ids: Sequence[int]) -> list[StoredAnswer]:
    """List every answer event of some items, oldest first by place, with the check that came of it.

    A long text is saved hundreds of times: what it was before stays in the database.
    """
    return [stored_answer(row) for row in connection_of(session).execute(_ANSWERS, {"items": item_ids})]


def stored_answer(row: Row[*tuple[object, ...]]) -> StoredAnswer:
    """Return the answer of a row with the columns of one."""
    payload = None if row.payload is None else json.loads(row.payload)
    return StoredAnswer(
        id=row.answer_id,
        item_id=row.item_id,
        page_epoch=row.lease,
        counter=row.seq,
        payload=payload,
        server_time=row.server_time,
        checked=row.checked,
        offline_in_time=row.proved,
    )


def read_payloads(session: Session, answers: Sequence[StoredAnswer], answer_ids: Collection[int]) -> dict[int, object]:
    """Return the contents of some of these answers, by their ids; those that came with it cost nothing, history one statement."""
    payloads = {answer.id: answer.payload for answer in answers if answer.id in answer_ids}
    missing = [answer_id for answer_id, payload in payloads.items() if payload is None]
    if missing:
        rows = session.execute(select(AnswerEvent.id, AnswerEvent.payload).where(AnswerEvent.id.in_(missing)))
        payloads |= {row.id: json.loads(row.payload) for row in rows}
    return payloads


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt in a list of one learner's attempts at a quiz."""

    uuid: UUID
    number: int
    state: AttemptState
    preview: bool
    started_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None
    raw: Fraction | None
    maximum: Fraction
    percent: Fraction | None
    passed: bool | None
    extra_seconds: int
    quiz_version_id: int


HISTORY_COLUMNS = (
    Attempt.uuid,
    Attempt.number,
    Attempt.state,
    Attempt.preview,
    Attempt.started_at,
    Attempt.submitted_at,
    Attempt.finished_at,
    Attempt.raw,
    Attempt.maximum,
    Attempt.percent,
    Attempt.passed,
    Attempt.extra_seconds,
    Attempt.quiz_version_id,
)
IN_HISTORY = (
    Attempt.person_id == bindparam("person_id"),
    Attempt.course_id == bindparam("course_id"),
    Attempt.activity_key == bindparam("activity_key"),
    or_(Attempt.enrolment_id == bindparam("enrolment_id"), Attempt.preview),
)
_HISTORY = compile_once(select(*HISTORY_COLUMNS).where(*IN_HISTORY).order_by(Attempt.number))


def list_attempts(session: Session, key: PersonQuizKey) -> list[AttemptRow]:
    """List one learner's attempts at a quiz in one take of its course, and their previews, the first one first (spec/compulsory 6.3)."""
    return [row_of(row) for row in connection_of(session).execute(_HISTORY, asdict(key))]


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def row_of(row: Attempt | Row[*tuple[Any, ...]]) -> AttemptRow:
    """Return the row of a list for an attempt."""
    return AttemptRow(
        uuid=row.uuid,
        number=row.number,
        state=AttemptState(row.state),
        preview=row.preview,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        finished_at=row.finished_at,
        raw=_fraction(row.raw),
        maximum=Fraction(row.maximum),
        percent=_fraction(row.percent),
        passed=row.passed,
        extra_seconds=row.extra_seconds,
        quiz_version_id=row.quiz_version_id,
    )


@dataclass(frozen=True)
class LoadedAttempt(AttemptContext):
    """An attempt with its items, the answers saved in it, and its quiz: what every page and service of an attempt works on."""

    row: Attempt
    items: tuple[LoadedItem, ...]
    answers: tuple[StoredAnswer, ...]
    """Every saved answer; of each item the oldest first, so that the last one is its response."""
    snapshot: QuizSnapshot
    setting_sources: SettingSources
    """The sources of the settings that hold now, which a later publication may have changed; questions stay those of `snapshot`
    (spec/quiz-engine 5.3.1)."""
    has_left: bool
    """Whether its learner does not take the course any more, or takes it again."""
    is_superseded: bool
    """Whether it belongs to an earlier take of the course (spec/compulsory 6.1)."""
    marked_by_hand: bool
    """Whether a person has marked any of its answers: then it was handed in before."""
    has_corrections: bool
    """Whether a regrade in force has answers of its quiz judged by another version of their question."""

    @property
    def access(self) -> EffectiveSettings:
        """Return the dates, the limit and the attempts that hold for it now."""
        return self.setting_sources.effective_settings(self.row.started_at)

    @property
    def end(self) -> datetime | None:
        """Return when its time ends, by the settings of now."""
        return end_of(self.access, self.row.started_at, exempt=self.row.preview, extra=self.row.extra_seconds)

    @property
    def clock(self) -> AttemptClock:
        """Return the clock that decides about its time."""
        return AttemptClock(
            AttemptState(self.row.state),
            self.end,
            self.setting_sources.at_end,
            self.setting_sources.grace,
            self.setting_sources.offline_window_seconds,
        )

    @property
    def pages(self) -> int:
        """Count its pages."""
        return max((item.page for item in self.items), default=1)

    @property
    def responses(self) -> dict[int, StoredAnswer]:
        """Return the response of each item that has one."""
        return {answer.item_id: answer for answer in self.answers}

    def checked(self, item_id: int) -> list[StoredAnswer]:
        """Return the answers to an item that the learner had checked, in the order of the checks."""
        checked_answers = [(answer.checked, answer) for answer in self.answers if answer.item_id == item_id and answer.checked is not None]
        return [answer for _event, answer in sorted(checked_answers, key=lambda pair: pair[0])]

    def item_at(self, position: int) -> LoadedItem | None:
        """Return the item in a place, counted from 1."""
        return self.items[position - 1] if 1 <= position <= len(self.items) else None


_ATTEMPT_COLUMNS = PersonQuizColumns(Attempt.person_id, Attempt.enrolment_id, Attempt.course_id, Attempt.activity_key)
_MARKED_BY_HAND = (
    exists()
    .where(AttemptItem.attempt_id == Attempt.id, MarkEvent.item_id == AttemptItem.id, MarkEvent.origin == "manual")
    .correlate(Attempt)
    .label("marked_by_hand")
)
_HAS_CORRECTIONS = (
    exists()
    .where(Regrade.course_id == Attempt.course_id, Regrade.activity_key == Attempt.activity_key)
    .where(Regrade.kind == RegradeKind.OTHER.value, Regrade.state == "committed")
    .correlate(Attempt)
    .label("has_corrections")
)
_ATTEMPT = (
    select(CourseStaff.role, QuizVersion.id, Enrolment.left_at, Enrolment.superseded_at, _MARKED_BY_HAND, _HAS_CORRECTIONS)
    .add_columns(Accommodation.id, QuizOverride.id)
    .add_columns(*Attempt.__table__.columns)
    .select_from(Attempt)
    .outerjoin(CourseStaff, (CourseStaff.course_id == Attempt.course_id) & (CourseStaff.person_id == bindparam("actor_id")))
    .outerjoin(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .outerjoin(Activity, (Activity.version_id == Enrolment.course_version_id) & (Activity.key == Attempt.activity_key))
    .outerjoin(QuizVersion, QuizVersion.activity_id == Activity.id)
    .outerjoin(Accommodation, accommodation_of(Attempt.person_id))
    .outerjoin(QuizOverride, overrides_for(_ATTEMPT_COLUMNS))
    .order_by(QuizOverride.id)
)
"""One row, or one for each override; the quiz is that in the version which the learner follows now."""
_ATTEMPT_BY_UUID = compile_once(_ATTEMPT.where(Attempt.uuid == bindparam("attempt")))
_LOCKED_ATTEMPT = compile_once(_ATTEMPT.where(Attempt.uuid == bindparam("attempt")).with_for_update(of=Attempt))
_ATTEMPT_BY_ID = compile_once(_ATTEMPT.where(Attempt.id == bindparam("attempt")))
_ITEM = (
    AttemptItem.id,
    AttemptItem.position,
    AttemptItem.number,
    AttemptItem.page,
    AttemptItem.section,
    AttemptItem.question_version_id,
    AttemptItem.maximum,
    case((or_(AnswerEvent.id.is_(None), IS_RESPONSE), AttemptItem.layout)).label("layout"),
    AttemptItem.flagged,
    AttemptItem.require_previous,
    VoidedQuestion.effect,
    VoidedQuestion.regrade_id,
)
_ITEMS = compile_once(
    select(*_ITEM, *ANSWER_COLUMNS)
    .select_from(AttemptItem)
    .outerjoin(
        VoidedQuestion,
        (VoidedQuestion.course_id == bindparam("course_id"))
        & (VoidedQuestion.activity_key == bindparam("activity_key"))
        & (VoidedQuestion.question_version_id == AttemptItem.question_version_id)
        & VoidedQuestion.lifted_at.is_(None),
    )
    .outerjoin(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
    .outerjoin(MarkEvent, MarkEvent.answer_id == AnswerEvent.id)
    .where(AttemptItem.attempt_id == bindparam("attempt_id"))
    .order_by(AttemptItem.position, AnswerEvent.lease, AnswerEvent.seq)
)
"""One row for each answer of an item, or one for an item that has none; how it was laid out stands on the last one."""


def get_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt as the actor finds it; raise NotFound, or SignInNeeded whether or not there is such an attempt."""
    return _load_attempt(session, actor, attempt, _ATTEMPT_BY_UUID)


def lock_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt, locked: everything that changes an attempt starts here."""
    return _load_attempt(session, actor, attempt, _LOCKED_ATTEMPT)


def load_attempt(session: Session, attempt_id: int) -> LoadedAttempt:
    """Return an attempt for the system itself."""
    return _read_attempt(session, _ATTEMPT_BY_ID, {"attempt": attempt_id, "actor_id": None})


def _load_attempt(session: Session, actor: Actor, attempt: UUID, statement: Select[*tuple[Any, ...]]) -> LoadedAttempt:
    if actor.is_anonymous:
        raise SignInNeeded
    return _read_attempt(session, statement, {"attempt": attempt, "actor_id": actor.person_id})


def _read_attempt(session: Session, statement: Select[*tuple[Any, ...]], bound: Mapping[str, object]) -> LoadedAttempt:
    rows = connection_of(session).execute(statement, bound).all()
    if not rows:
        raise NotFound
    role, followed, left_at, superseded_at, marked_by_hand, has_corrections, accommodation_id, override_id, *columns = rows[0]
    attempt = entity_of(session, Attempt, columns)
    accommodation = None if accommodation_id is None else session.get_one(Accommodation, accommodation_id)
    overrides = [] if override_id is None else list_overrides(session, [row[7] for row in rows])
    items, answers = _read_items(session, attempt)
    snapshot = get_snapshot(session, attempt.quiz_version_id)
    current = snapshot if followed is None else get_snapshot(session, followed)
    setting_sources = setting_sources_of(current.published_settings, current.settings, overrides, accommodation)
    if AttemptState(attempt.state) not in OPEN_STATES:
        outline = outline_of_activity(session, current.activity_id)
        setting_sources = with_release(session, setting_sources, attempt.enrolment_id, outline, current.activity_key, current.pair)
    return LoadedAttempt(
        id=attempt.id,
        uuid=attempt.uuid,
        person_id=attempt.person_id,
        course_id=attempt.course_id,
        state=AttemptState(attempt.state),
        preview=attempt.preview,
        staff_role=StaffRole(role) if role else None,
        row=attempt,
        items=items,
        answers=answers,
        snapshot=snapshot,
        setting_sources=setting_sources,
        has_left=left_at is not None,
        is_superseded=superseded_at is not None,
        marked_by_hand=marked_by_hand,
        has_corrections=has_corrections,
    )


def _read_items(session: Session, attempt: Attempt) -> tuple[tuple[LoadedItem, ...], tuple[StoredAnswer, ...]]:
    bound = {"attempt_id": attempt.id, "course_id": attempt.course_id, "activity_key": attempt.activity_key}
    rows = connection_of(session).execute(_ITEMS, bound).all()
    items = {row.id: row for row in rows}  # of each the last row
    return tuple(map(_item, items.values())), tuple(stored_answer(row) for row in rows if row.answer_id is not None)


@lru_cache(maxsize=KEPT_LAYOUTS)
def _layout(stored: str) -> ItemLayout:
    """Read how a question was laid out; an attempt asks it with each of its requests."""
    return decode(ItemLayout, json.loads(stored))


def _item(row: Row[*tuple[Any, ...]]) -> LoadedItem:
    return LoadedItem(
        id=row.id,
        position=row.position,
        number=row.number,
        page=row.page,
        section=row.section,
        question_version_id=row.question_version_id,
        maximum=Fraction(row.maximum),
        layout=_layout(row.layout),
        flagged=row.flagged,
        require_previous=row.require_previous,
        void_effect=row.effect or "",
        voided_by=row.regrade_id,
    )


def history_of(session: Session, loaded: LoadedAttempt) -> list[AttemptRow]:
    """List the attempts of the same learner at the same quiz in the same take of its course, the first one first."""
    return list_attempts(session, PersonQuizKey(loaded.person_id, loaded.row.enrolment_id, loaded.course_id, loaded.row.activity_key))


def person_quiz_key(actor: Actor, subject: ActivityContext) -> PersonQuizKey:
    """Return the actor at a quiz, in the take of its course that is theirs now."""
    return PersonQuizKey(actor.person_id or 0, subject.context.enrolment_id, subject.context.course_id, subject.activity.key)


def effective_settings_at(session: Session, actor: Actor, subject: ActivityContext, snapshot: QuizSnapshot) -> SettingSources:
    """Return the effective settings of the actor at a quiz now."""
    key = person_quiz_key(actor, subject)
    setting_sources = find_setting_sources(session, snapshot.published_settings, snapshot.settings, key)
    return with_release(session, setting_sources, key.enrolment_id, subject.outline, key.activity_key, snapshot.pair)


AWAITS_GRADING = and_(Attempt.state == AttemptState.FINISHED.value, Attempt.raw.is_(None), ~Attempt.preview)
"""Attempts of learners that are submitted and wait for a person to mark them."""
_IS_OPEN = and_(Attempt.state.in_([state.value for state in OPEN_STATES]), ~Attempt.preview)


class LeftCourse(Conflict):
    """Refusal to continue an attempt after being taken out of the course; saved answers wait for the learner's return."""

    message = N_(
        "You are no longer enrolled in this course, so this attempt accepts no answers and can't be "
        "submitted. What was saved before is kept."
    )


def get_answerable_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in; raise NotFound, SignInNeeded or LeftCourse."""
    return _require_not_left(actor, get_attempt(session, actor, attempt))


def lock_answerable_attempt(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt to answer in, locked."""
    return _require_not_left(actor, lock_attempt(session, actor, attempt))


def _require_not_left(actor: Actor, loaded: LoadedAttempt) -> LoadedAttempt:
    """Return the attempt; raise LeftCourse for an open one of the actor who left. All others are as for everyone."""
    if loaded.has_left and loaded.state in OPEN_STATES and loaded.person_id == actor.person_id:
        raise LeftCourse
    return loaded


def find_answering(session: Session, enrolment_id: int, keys: Collection[str]) -> set[str]:
    """Return the keys of those quizzes of which the learner of an enrolment has an attempt open; previews count nowhere."""
    statement = select(Attempt.activity_key).where(Attempt.enrolment_id == enrolment_id, _IS_OPEN)
    return set(session.scalars(statement.where(Attempt.activity_key.in_(keys))))


def is_answering(session: Session, enrolment_id: int) -> bool:
    """Return whether the learner of an enrolment has an attempt at any quiz of the course open."""
    return session.scalar(select(Attempt.id).where(Attempt.enrolment_id == enrolment_id, _IS_OPEN).limit(1)) is not None


def find_ungraded(session: Session, enrolments: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the keys of quizzes with a submitted attempt that waits to be graded, by enrolment."""
    statement = select(Attempt.enrolment_id, Attempt.activity_key).where(Attempt.enrolment_id.in_(enrolments), AWAITS_GRADING).distinct()
    keys_by_enrolment: defaultdict[int, set[str]] = defaultdict(set)
    for enrolment_id, key in session.execute(statement):
        keys_by_enrolment[cast("int", enrolment_id)].add(key)
    return {enrolment_id: frozenset(keys) for enrolment_id, keys in keys_by_enrolment.items()}


def list_due(session: Session, *, now: datetime, after: int, limit: int) -> list[int]:
    """List open attempts whose time, as computed last, has passed, in the order of their ids, beginning after one."""
    statement = (
        select(Attempt.id)
        .where(Attempt.state.in_((AttemptState.IN_PROGRESS.value, AttemptState.OVERDUE.value)), Attempt.due_at < now, Attempt.id > after)
        .order_by(Attempt.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def has_open(history: Sequence[AttemptRow]) -> bool:
    """Return whether one of a learner's attempts is open; previews do not count."""
    return any(row.state in OPEN_STATES and not row.preview for row in history)


def takes_objections(loaded: LoadedAttempt) -> bool:
    """Return whether a learner may object to the questions of an attempt (spec/selection 5.2)."""
    use = loaded.snapshot.selection
    return use is not None and use.objections is not None and not loaded.row.preview


def list_submitted(session: Session, enrolment_id: int) -> Mapping[str, Sequence[SubmittedWork]]:
    """Return the submitted attempts of an enrolment by the key of the quiz, each with the address of its review."""
    columns = (Attempt.activity_key, Attempt.uuid, Attempt.number, Attempt.submitted_at)
    ended = Attempt.state.in_((AttemptState.SUBMITTED.value, AttemptState.FINISHED.value))
    statement = select(*columns).where(Attempt.enrolment_id == enrolment_id, ended).order_by(Attempt.number)
    submitted: dict[str, list[SubmittedWork]] = defaultdict(list)
    for row in session.execute(statement):
        submitted[row.activity_key].append(SubmittedWork(f"/attempts/{row.uuid}/review", row.number, cast("datetime", row.submitted_at)))
    return submitted


_NEWEST_TABLE = (
    select(func.max(DrawTable.number))
    .where(DrawTable.quiz_version_id == bindparam("quiz_version_id"), DrawTable.in_use)
    .scalar_subquery()
    .label("draw_table")
)
_TAKE_WITH_HISTORY = compile_once(
    select(Enrolment.superseded_at, _NEWEST_TABLE, *HISTORY_COLUMNS)
    .select_from(Person)
    .outerjoin(Enrolment, Enrolment.id == bindparam("enrolment_id"))
    .outerjoin(Attempt, and_(*IN_HISTORY))
    .where(Person.id == bindparam("person_id"))
    .order_by(Attempt.number)
)


def find_history(session: Session, key: PersonQuizKey, quiz_version_id: int) -> tuple[list[AttemptRow], int] | None:
    """Return the history that a new attempt goes by: the learner's attempts in their take of the course, and the draw table in use.

    Return None if the take is superseded.
    It is read after the lock of the learner: a take that began meanwhile is seen (spec/compulsory 6.2).
    """
    rows = connection_of(session).execute(_TAKE_WITH_HISTORY, {**asdict(key), "quiz_version_id": quiz_version_id}).all()
    if any(row.superseded_at is not None for row in rows):
        return None
    return [row_of(row) for row in rows if row.uuid is not None], rows[0].draw_table or 1


_SEEN = compile_once(
    select(Question.key, func.count())
    .join(QuestionVersion, QuestionVersion.question_id == Question.id)
    .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
    .join(Attempt, Attempt.id == AttemptItem.attempt_id)
    .where(Attempt.person_id == bindparam("person_id"), Attempt.course_id == bindparam("course_id"), ~Attempt.preview)
    .group_by(Question.key)
)
_SEEN_BEFORE = compile_once(_SEEN.where(Attempt.id < bindparam("before")))


def count_seen(session: Session, person_id: int, course_id: int, *, before: int | None = None) -> dict[str, int]:
    """Return how often a learner met each question of a course in earlier attempts: all, or those before one."""
    values = {"person_id": person_id, "course_id": course_id, "before": before}
    return dict(connection_of(session).execute(_SEEN if before is None else _SEEN_BEFORE, values).all())


def list_letters(session: Session, enrolment_id: int | None, activity_key: str) -> list[str]:
    """Return the letters of the forms of the attempts at a quiz in a take of its course, the first one first; '' for a draw."""
    mine = (Attempt.enrolment_id == enrolment_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    return list(session.scalars(select(Attempt.form).where(*mine).order_by(Attempt.id)))


def list_questions_of(session: Session, enrolment_id: int | None, activity_key: str) -> set[str]:
    """Return the keys of the questions that a quiz has asked in a take of its course."""
    statement = (
        select(Question.key)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.enrolment_id == enrolment_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    )
    return set(session.scalars(statement))


def list_seeds(session: Session, person_id: int, course_id: int, activity_key: str) -> list[int]:
    """Return the seeds, as stored, of a person's attempts at a quiz in all their takes of its course, the first one first."""
    mine = (Attempt.person_id == person_id, Attempt.course_id == course_id, Attempt.activity_key == activity_key, ~Attempt.preview)
    return list(session.scalars(select(Attempt.seed).where(*mine).order_by(Attempt.id)))


@dataclass(frozen=True, slots=True)
class ReportedQuestion(AnsweredQuestionContext):
    """A question of an attempt, with its key and the number of its version."""

    loaded: LoadedAttempt
    item: LoadedItem
    question_key: str
    question_number: int


def get_reported_question(session: Session, actor: Actor, attempt: UUID, position: int) -> ReportedQuestion:
    """Return a question of an attempt by its place; raise NotFound, for words between the questions too."""
    loaded = get_attempt(session, actor, attempt)
    item = loaded.item_at(position)
    if item is None or item.number is None:
        raise NotFound
    statement = select(Question.key, QuestionVersion.number).join(QuestionVersion, QuestionVersion.question_id == Question.id)
    key, number = session.execute(statement.where(QuestionVersion.id == item.question_version_id)).one()
    history = history_of(session, loaded)
    is_over = loaded.state not in OPEN_STATES and not has_open(history)
    return ReportedQuestion(person_id=loaded.person_id, is_over=is_over, loaded=loaded, item=item, question_key=key, question_number=number)
