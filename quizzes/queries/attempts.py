"""Reading quizzes, questions and attempts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, case, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from courses.models import Activity, Course, CourseStaff, StaffRole
from enrolments.access import ActivityContext
from enrolments.models import Enrolment
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import entity_of
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from quizzes.models import (
    Accommodation,
    AnswerEvent,
    Attempt,
    AttemptItem,
    MarkEvent,
    Question,
    QuestionVersion,
    QuizOverride,
    QuizVersion,
    Slot,
    SlotCandidate,
    VoidedQuestion,
)
from quizzes.permissions import AttemptContext
from quizzes.queries.answers import ANSWER_COLUMNS, IS_RESPONSE, StoredAnswer, stored_answer
from quizzes.queries.effective_settings import (
    PersonQuizColumns,
    PersonQuizKey,
    accommodation_of,
    find_setting_sources,
    list_overrides,
    lock_setting_sources,
    overrides_for,
    setting_sources_of,
)
from quizzes.queries.entries import read_entries
from quizzes.queries.final_tests import outline_of_activity, with_release
from quizzes.rules import definitions
from quizzes.rules.access import EffectiveSettings, SettingSources
from quizzes.rules.attempts import OPEN_STATES, AttemptClock, AttemptState, end_of
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.rules.encoding import decode, from_document
from quizzes.rules.integrity import IntegrityRules
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.layout import Entry
from quizzes.rules.paired_tests import PairedTests
from quizzes.rules.selection import ResultUse
from quizzes.rules.settings import QuizSettings

MOST_SNAPSHOTS, MOST_QUESTIONS, KEPT_LAYOUTS = 1000, 20_000, 4096


@dataclass(frozen=True, slots=True)
class QuizSnapshot:
    """A published quiz: settings, dates and what an attempt draws from. Immutable, so it may be kept in memory."""

    quiz_version_id: int
    activity_id: int
    activity_key: str
    settings: QuizSettings
    instructions: Mapping[str, str]
    entries: tuple[Entry, ...]
    balance: FrozenBalance | None
    selection: ResultUse | None
    pair: PairedTests | None
    integrity: IntegrityRules
    opens_at: datetime | None
    closes_at: datetime | None

    @property
    def published_settings(self) -> EffectiveSettings:
        """Return dates, limit and attempts as they were published."""
        own = self.settings
        return EffectiveSettings(opens=self.opens_at, closes=self.closes_at, limit=own.limit, attempts=own.attempts, pause=own.pause)


_SNAPSHOT = select(QuizVersion, Activity.key, Activity.opens_at, Activity.closes_at).join(Activity, Activity.id == QuizVersion.activity_id)
_CANDIDATES = (
    select(
        Slot.position,
        Slot.draws,
        Slot.mark,
        Slot.require_previous,
        Question.key,
        QuestionVersion.id,
        QuestionVersion.mark.label("own_mark"),
        QuestionVersion.kind,
    )
    .join(SlotCandidate, SlotCandidate.slot_id == Slot.id)
    .join(QuestionVersion, QuestionVersion.id == SlotCandidate.question_version_id)
    .join(Question, Question.id == QuestionVersion.question_id)
    .where(Slot.quiz_version_id == bindparam("quiz_version_id"))
    .order_by(Slot.position)
)


def get_snapshot_of_activity(session: Session, activity_id: int) -> QuizSnapshot:
    """Return the quiz of an activity; raise NotFound."""
    return _cached_snapshot(session, QuizVersion.activity_id, activity_id)


def find_published_snapshot(session: Session, course: Course, key: str) -> QuizSnapshot | None:
    """Return a quiz of a course's published version; None where it has none such."""
    statement = select(Activity.id).join(QuizVersion, QuizVersion.activity_id == Activity.id)
    activity_id = session.scalar(statement.where(Activity.version_id == course.published_version_id, Activity.key == key))
    return get_snapshot_of_activity(session, activity_id) if activity_id is not None else None


def get_snapshot(session: Session, quiz_version_id: int) -> QuizSnapshot:
    """Return a published quiz by its version; raise NotFound."""
    return _cached_snapshot(session, QuizVersion.id, quiz_version_id)


def _cached_snapshot(session: Session, column: InstrumentedAttribute[int], value: int) -> QuizSnapshot:
    cached, name = cast("dict[tuple[str, int], QuizSnapshot]", session.info.setdefault("quiz_snapshots", {})), (column.key, value)
    snapshot = cached.get(name)
    if snapshot is None:
        if (row := session.execute(_SNAPSHOT.where(column == value)).one_or_none()) is None:
            raise NotFound
        if len(cached) >= MOST_SNAPSHOTS:
            cached.clear()  # at once, because other threads read it
        snapshot = cached[name] = _read_snapshot(session, row)
    return snapshot


def _read_snapshot(session: Session, row: Row[*tuple[Any, ...]]) -> QuizSnapshot:
    quiz: QuizVersion = row[0]
    pools: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for candidate in session.execute(_CANDIDATES, {"quiz_version_id": quiz.id}):
        pools.setdefault(candidate.position, []).append(candidate)
    frozen = read_entries(json.loads(quiz.entries), pools)
    return QuizSnapshot(
        quiz_version_id=quiz.id,
        activity_id=quiz.activity_id,
        activity_key=row.key,
        settings=decode(QuizSettings, json.loads(quiz.settings)),
        instructions=quiz.instructions,
        entries=frozen.entries,
        balance=frozen.balance,
        selection=frozen.selection,
        pair=frozen.pair,
        integrity=frozen.integrity,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
    )


_DOCUMENTS = compile_once(
    select(QuestionVersion.id, QuestionVersion.document).where(QuestionVersion.id.in_(bindparam("versions", expanding=True)))
)


def get_questions(session: Session, version_ids: Sequence[int]) -> dict[int, definitions.QuestionDefinition]:
    """Return question versions by id; those in memory cost nothing, the others one statement."""
    cached = cast("dict[int, definitions.QuestionDefinition]", session.info.setdefault("questions", {}))
    questions = {version_id: cached[version_id] for version_id in version_ids if version_id in cached}
    missing = [version_id for version_id in dict.fromkeys(version_ids) if version_id not in questions]
    if not missing:
        return questions
    rows = connection_of(session).execute(_DOCUMENTS, {"versions": missing})
    read = {row.id: from_document(json.loads(row.document)) for row in rows}
    if len(cached) + len(read) > MOST_QUESTIONS:
        cached.clear()
    cached.update(read)
    return questions | read


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
    """Return what a list says of an attempt."""
    return AttemptRow(
        row.uuid,
        row.number,
        AttemptState(row.state),
        row.preview,
        row.started_at,
        row.submitted_at,
        row.finished_at,
        _fraction(row.raw),
        Fraction(row.maximum),
        _fraction(row.percent),
        row.passed,
        row.extra_seconds,
        row.quiz_version_id,
    )


@dataclass(frozen=True, slots=True)
class LoadedItem:
    """One question of an attempt, as laid out."""

    id: int
    position: int
    number: int | None
    page: int
    section: int
    question_version_id: int
    maximum: Fraction
    layout: ItemLayout
    flagged: bool
    require_previous: bool = False
    void_effect: str = ""
    """`full_credit` or `removed` where the question was voided (spec/quiz-engine 5.11.4), and the regrade that did it."""
    voided_by: int | None = None


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
        """Return what decides about its time."""
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
_ATTEMPT = (
    select(CourseStaff.role, QuizVersion.id, Enrolment.left_at, Enrolment.superseded_at, _MARKED_BY_HAND, Accommodation.id, QuizOverride.id)
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
    role, followed, left_at, superseded_at, marked_by_hand, accommodation_id, override_id, *columns = rows[0]
    attempt = entity_of(session, Attempt, columns)
    accommodation = None if accommodation_id is None else session.get_one(Accommodation, accommodation_id)
    overrides = [] if override_id is None else list_overrides(session, [row[6] for row in rows])
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
        row.id,
        row.position,
        row.number,
        row.page,
        row.section,
        row.question_version_id,
        Fraction(row.maximum),
        _layout(row.layout),
        row.flagged,
        row.require_previous,
        row.effect or "",
        row.regrade_id,
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


def locked_settings_at(session: Session, actor: Actor, subject: ActivityContext, snapshot: QuizSnapshot) -> SettingSources:
    """Return the actor's effective settings at a quiz once no other request of theirs is starting something."""
    return lock_setting_sources(session, snapshot.published_settings, snapshot.settings, person_quiz_key(actor, subject))
