"""Read the marks of items and the marking queue, write marks, those of void questions too, and keep self-assessments."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, full_name
from kernel import audit
from kernel.bulk_rows import insert_rows
from kernel.codes import rounded_units
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of
from kernel.errors import N_, Invalid, NotFound, require_found
from kernel.permissions import Actor
from questions import question_bank
from questions.models import Question, QuestionVersion
from questions.rules.answers import Parts, says_the_same, translated
from questions.rules.definitions import QuestionDefinition
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import BY_HAND, Marking, MarkState, has_rule, is_self_reviewed
from quizzes import attempts
from quizzes.access import AttemptContext, MarkingContext, QuizContext
from quizzes.attempts import LoadedAttempt, StoredAnswer, read_payloads
from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, SelfAssessment, VoidedQuestion
from quizzes.rules.grades import MARK_DECIMALS, AnsweringState, Grade, QuestionMarker, is_judged_by_rule, read_exactly, written_exactly
from quizzes.rules.regrade import PresentMark, RegradeKind, can_regrade, void_marking, void_unless_lower
from quizzes.rules.states import AttemptState


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """One marking of an item, and who made it; nobody where the program did."""

    id: int
    item_id: int
    origin: str
    fraction: Fraction | None
    state: MarkState
    marked_at: datetime
    by: str
    reason: str
    comment: str
    levels: Mapping[str, int]
    regrade_id: int | None


_MARKS = select(*columns_of(MarkEvent), Person.given_names, Person.first_surname, Person.second_surname).outerjoin(
    Person, Person.id == MarkEvent.marked_by
)


def share(row: MarkEvent | Row[*tuple[Any, ...]]) -> Fraction | None:
    """Return the share of a marking as exactly as it was given."""
    return read_exactly(row.exact, None if row.fraction is None else Fraction(row.fraction))


def _mark(row: Row[*tuple[Any, ...]]) -> MarkRecord:
    return MarkRecord(
        id=row.id,
        item_id=row.item_id,
        origin=row.origin,
        fraction=share(row),
        state=MarkState(row.state),
        marked_at=row.marked_at,
        by="" if row.given_names is None else full_name(row.given_names, row.first_surname, row.second_surname),
        reason=row.reason,
        comment=row.comment,
        levels=json.loads(row.levels or "{}"),
        regrade_id=row.regrade_id,
    )


def list_marks(session: Session, item_id: int) -> list[MarkRecord]:
    """List every marking of an item, the oldest first."""
    return [_mark(row) for row in session.execute(_MARKS.where(MarkEvent.item_id == item_id).order_by(MarkEvent.id))]


_LAST = select(func.max(MarkEvent.id)).where(MarkEvent.item_id.in_(bindparam("items", expanding=True))).group_by(MarkEvent.item_id)
_CURRENT = compile_once(_MARKS.where(MarkEvent.id.in_(_LAST)))


def current_events(session: Session, item_ids: Sequence[int]) -> dict[int, MarkRecord]:
    """Return the last marking of each item that has one."""
    return {mark.item_id: mark for mark in map(_mark, connection_of(session).execute(_CURRENT, {"items": item_ids}))}


def find_valid_manual_marks(session: Session, loaded: LoadedAttempt, responses: Mapping[int, object]) -> dict[int, Marking]:
    """Return by item the last manual marks that still count: the responses say what was marked (spec/quiz-engine 5.11.1).

    A void that came after such a mark does not take it away. An attempt that was never reopened costs no statement.
    """
    if not loaded.marked_by_hand:
        return {}
    by_hand = {item_id: marks for item_id, marks in _own_marks(session, loaded).items() if marks[-1].origin == "manual"}
    answers = {item_id: _marked_answer(loaded, item_id, marks) for item_id, marks in by_hand.items()}
    marked_answers = [answer for answer in answers.values() if answer is not None]
    payloads = read_payloads(session, marked_answers, {answer.id for answer in marked_answers})
    return {
        item_id: Marking(MarkState(marks[-1].state), share(marks[-1]))
        for item_id, marks in by_hand.items()
        if says_the_same(payloads[answer.id] if (answer := answers[item_id]) else None, responses.get(item_id))
    }


def _own_marks(session: Session, loaded: LoadedAttempt) -> dict[int, list[MarkEvent]]:
    """Return by item its marks without those of the void in force, the oldest first."""
    voided_by = {item.id: item.voided_by for item in loaded.items}
    marks: dict[int, list[MarkEvent]] = {}
    for event in session.scalars(select(MarkEvent).where(MarkEvent.item_id.in_(voided_by)).order_by(MarkEvent.id)):
        if event.regrade_id is None or event.regrade_id != voided_by[event.item_id]:
            marks.setdefault(event.item_id, []).append(event)
    return marks


def _marked_answer(loaded: LoadedAttempt, item_id: int, marks: Sequence[MarkEvent]) -> StoredAnswer | None:
    """Return the response that was submitted before a person marked it: the last one that the program marked at the end."""
    handed_in = max(event.marked_at for event in marks if event.origin == "auto" and event.answer_id is None)
    answers = [answer for answer in loaded.answers if answer.item_id == item_id and answer.server_time <= handed_in]
    return answers[-1] if answers else None


@dataclass(frozen=True)
class MarkedItem(LoadedAttempt, MarkingContext):
    """One question of a submitted attempt, loaded for marking."""

    item: LoadedItem = field(kw_only=True)


def _marked_item(session: Session, loaded: LoadedAttempt, position: int) -> MarkedItem:
    item = loaded.item_at(position)
    if item is None or item.number is None or loaded.state is not AttemptState.FINISHED:
        raise NotFound
    kind = question_bank.get_questions(session, [item.question_version_id])[item.question_version_id].kind
    known = {member.name: getattr(loaded, member.name) for member in fields(LoadedAttempt)}
    return MarkedItem(**known, is_by_hand=kind in BY_HAND, item=item)


def get_marked_item(session: Session, actor: Actor, attempt: UUID, position: int) -> MarkedItem:
    """Return the question in a place of a submitted attempt; raise NotFound, or SignInNeeded."""
    return _marked_item(session, attempts.get_attempt(session, actor, attempt), position)


def lock_marked_item(session: Session, actor: Actor, attempt: UUID, position: int) -> MarkedItem:
    """Return the question in a place, its attempt locked."""
    return _marked_item(session, attempts.lock_attempt(session, actor, attempt), position)


class MarkingFilter(StrEnum):
    """The answers that a marking list shows."""

    WAITING = "waiting"
    MARKED = "marked"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class MarkingQueue:
    """An order in which answers are marked: those to one question, or learner by learner; perhaps without names."""

    question: str = ""
    """Key of the question; empty: every question, learner by learner."""
    show: MarkingFilter = MarkingFilter.WAITING
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class MarkingQueueRow:
    """One answer in a queue; ``fraction`` is None while it waits."""

    item_id: int
    attempt: UUID
    place: int
    question_version_id: int
    name: str
    number: int
    submitted_at: datetime
    state: MarkState
    fraction: Fraction | None
    maximum: Fraction


_LAST_EVENT = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()
_WAITS = MarkEvent.state == MarkState.NEEDS_GRADING.value
_BY_PERSON = MarkEvent.origin == "manual"


def _by_hand(subject: QuizContext) -> tuple[ColumnElement[bool], ...]:
    """Return the statement that selects a quiz's answers for a person to mark; empty ones are worth nothing and do not wait."""
    return (
        Attempt.course_id == subject.course_id,
        Attempt.activity_key == subject.key,
        Attempt.state == AttemptState.FINISHED.value,
        ~Attempt.preview,
        QuestionVersion.kind.in_([kind.value for kind in BY_HAND]),
        or_(_WAITS, _BY_PERSON),
    )


def _queue(subject: QuizContext, queue: MarkingQueue) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            AttemptItem.id,
            Attempt.uuid,
            AttemptItem.position,
            AttemptItem.question_version_id,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
            Attempt.number,
            Attempt.submitted_at,
            MarkEvent.state,
            MarkEvent.fraction,
            MarkEvent.exact,
            AttemptItem.maximum,
        )
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(MarkEvent, MarkEvent.id == _LAST_EVENT)
        .where(*_by_hand(subject))
    )
    if queue.question:
        statement = statement.join(Question, Question.id == QuestionVersion.question_id).where(Question.key == queue.question)
    if queue.show is not MarkingFilter.ALL:
        statement = statement.where(_WAITS if queue.show is MarkingFilter.WAITING else ~_WAITS)
    return statement


def _order(queue: MarkingQueue) -> tuple[Any, ...]:
    """Return the order of a marking queue. Without names the order must not reveal them either."""
    if queue.anonymous:
        return (Attempt.uuid, AttemptItem.id)
    if queue.question:
        return (Attempt.submitted_at, AttemptItem.id)
    return (Person.first_surname, Person.given_names, Attempt.id, AttemptItem.id)


def _line(row: Row[*tuple[Any, ...]], queue: MarkingQueue) -> MarkingQueueRow:
    return MarkingQueueRow(
        item_id=row.id,
        attempt=row.uuid,
        place=row.position,
        question_version_id=row.question_version_id,
        name="" if queue.anonymous else full_name(row.given_names, row.first_surname, row.second_surname),
        number=row.number,
        submitted_at=row.submitted_at,
        state=MarkState(row.state),
        fraction=share(row),
        maximum=Fraction(row.maximum),
    )


def list_queue(session: Session, subject: QuizContext, queue: MarkingQueue, *, offset: int, limit: int) -> list[MarkingQueueRow]:
    """List answers that a person marks, in the order of the queue."""
    statement = _queue(subject, queue).order_by(*_order(queue)).offset(offset).limit(limit)
    return [_line(row, queue) for row in session.execute(statement)]


def neighbours(session: Session, subject: QuizContext, queue: MarkingQueue, item_id: int) -> list[MarkingQueueRow | None]:
    """Return the answers before and after one in a queue, None at its ends, whether or not it is in the queue; three statements."""
    order = _order(queue)
    here = session.execute(
        select(*order)
        .select_from(AttemptItem)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(AttemptItem.id == item_id)
    ).one()
    statement = _queue(subject, queue).limit(1)
    before = session.execute(
        statement.where(_beyond(order, here, later=False)).order_by(*(column.desc() for column in order))
    ).one_or_none()
    after = session.execute(statement.where(_beyond(order, here, later=True)).order_by(*order)).one_or_none()
    return [None if row is None else _line(row, queue) for row in (before, after)]


def _beyond(order: Sequence[Any], here: Sequence[Any], *, later: bool) -> ColumnElement[bool]:
    """Return the condition on the rows after (or before) a place in an order of several columns."""
    return or_(
        *(
            and_(
                *(column == value for column, value in zip(order[:at], here[:at], strict=True)), _further(order[at], here[at], later=later)
            )
            for at in range(len(order))
        )
    )


def _further(column: Any, value: Any, *, later: bool) -> ColumnElement[bool]:
    further: ColumnElement[bool] = column > value if later else column < value
    return further


def count_by_question(session: Session, subject: QuizContext) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count by question the answers `waiting` for a person who marks them, in the order in which the questions were made.

    Questions stay when all answers are marked; `version_id` is the newest wording answered.
    """
    statement = (
        select(Question.key, func.max(QuestionVersion.id).label("version_id"), func.count().filter(_WAITS).label("waiting"))
        .select_from(AttemptItem)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(MarkEvent, MarkEvent.id == _LAST_EVENT)
        .where(*_by_hand(subject))
        .group_by(Question.id, Question.key)
        .order_by(Question.id)
        .limit(500)
    )
    return session.execute(statement).all()


def as_decimal(value: Fraction) -> Decimal:
    """Return a mark as the database holds it."""
    return Decimal(rounded_units(value, MARK_DECIMALS)).scaleb(-MARK_DECIMALS)


def write_grade(row: Attempt, grade: Grade) -> None:
    """Write what the marks of an attempt make together; nothing of it while something waits for a grader."""
    row.raw = None if grade.pending else as_decimal(grade.raw)
    row.maximum = as_decimal(grade.maximum)
    row.percent = None if grade.percent is None else as_decimal(grade.percent)
    row.passed = grade.passed


def mark_row(
    item_id: int, marking: AnsweringState | Marking, now: datetime, *, answer_id: int | None = None, regrade_id: int | None = None
) -> dict[str, object]:
    """Return the row of a mark that the rules give; with `answer_id` the mark of a check, with `regrade_id` of a void question."""
    return {
        "item_id": item_id,
        "origin": "auto" if regrade_id is None else "regrade",
        "answer_id": answer_id,
        "fraction": None if marking.fraction is None else as_decimal(marking.fraction),
        "exact": written_exactly(marking.fraction),
        "state": marking.state.value,
        "marked_at": now,
        "marked_by": None,
        "reason": "",
        "comment": "",
        "levels": "",
        "regrade_id": regrade_id,
    }


def find_voided_items(session: Session, attempt_ids: Sequence[int]) -> dict[int, tuple[Marking, int]]:
    """Find the marks of void questions where voiding lowers none, by item, each with the regrade that gives them.

    What a person marked is not void unless the regrade took that too.
    """
    event = aliased(MarkEvent)
    last = (
        select(func.max(event.id))
        .where(event.item_id == AttemptItem.id, or_(event.regrade_id.is_(None), event.regrade_id != VoidedQuestion.regrade_id))
        .correlate(AttemptItem, VoidedQuestion)
        .scalar_subquery()
    )
    statement = (
        select(AttemptItem.id, VoidedQuestion.regrade_id, MarkEvent.fraction, MarkEvent.exact, MarkEvent.state)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(
            VoidedQuestion,
            (VoidedQuestion.course_id == Attempt.course_id)
            & (VoidedQuestion.activity_key == Attempt.activity_key)
            & (VoidedQuestion.question_version_id == AttemptItem.question_version_id),
        )
        .join(Regrade, Regrade.id == VoidedQuestion.regrade_id)
        .join(MarkEvent, MarkEvent.id == last)
        .where(AttemptItem.attempt_id.in_(attempt_ids))
        .where(VoidedQuestion.lifted_at.is_(None), VoidedQuestion.effect == RegradeKind.UNLESS_LOWER.value)
        .where(or_(Regrade.with_manual, MarkEvent.origin != "manual"))
    )
    return {row.id: (Marking(MarkState(row.state), share(row)), row.regrade_id) for row in session.execute(statement)}


def settle_voids(
    session: Session, marks: Mapping[int, PresentMark], voided: Mapping[int, tuple[Marking, int]], *, now: datetime
) -> Mapping[int, Marking]:
    """Return the marking of each such question of an attempt, and append those that differ from the present ones."""
    decided = void_unless_lower(marks) if voided else {}
    changed = [
        mark_row(item_id, marking, now, regrade_id=voided[item_id][1])
        for item_id, marking in decided.items()
        if (marking.fraction, marking.state) != (marks[item_id].fraction, marks[item_id].state)
    ]
    insert_rows(session, MarkEvent, changed)
    return decided


def counted_mark(
    session: Session, item: LoadedItem, question: QuestionDefinition, earned: AnsweringState | Marking, manual: Marking | None
) -> PresentMark:
    """Return the mark that counts of an item when its attempt is submitted: what its answer earned, or what voiding makes of that."""
    counted = void_mark_of(session, item, manual) or earned
    unless_lower = item.void_effect == RegradeKind.UNLESS_LOWER and has_rule(question) and not _is_spared(session, item, manual)
    own = Marking(earned.state, earned.fraction) if unless_lower else None
    return PresentMark(counted.fraction, counted.state, item.maximum, item.section, own)


def void_mark_of(session: Session, item: LoadedItem, manual: Marking | None) -> Marking | None:
    """Return the mark of a void item for everyone; manual marks stay unless they were to be taken too."""
    return None if _is_spared(session, item, manual) else void_marking(item.void_effect)


def _is_spared(session: Session, item: LoadedItem, manual: Marking | None) -> bool:
    """Return whether voiding leaves an item alone: a person marked it, and that was not to be taken (spec/quiz-engine 5.11.4)."""
    return manual is not None and item.voided_by is not None and not session.get_one(Regrade, item.voided_by).with_manual


@dataclass(frozen=True, slots=True)
class Correction:
    """A regrade in force that has answers to a version of a question judged by another one."""

    regrade: Regrade
    question: QuestionDefinition
    """The version that judges."""


def list_corrections(session: Session, loaded: LoadedAttempt, questions: Mapping[int, QuestionDefinition]) -> dict[int, list[Correction]]:
    """Return by question version the regrades that hold for an attempt that ends now, in the order in which they were committed.

    What a jury decided comes last. Where none is in force it costs no statement.
    """
    if not loaded.has_corrections:
        return {}
    about = (
        QuestionVersion.question_id == Regrade.question_id,
        or_(Regrade.version_id.is_(None), Regrade.version_id == QuestionVersion.id),
    )
    statement = (
        select(Regrade, QuestionVersion.id, Regrade.target_id)
        .join(QuestionVersion, and_(*about, QuestionVersion.created_at <= Regrade.created_at))
        .where(Regrade.course_id == loaded.course_id, Regrade.activity_key == loaded.row.activity_key, Regrade.state == "committed")
        .where(Regrade.kind == RegradeKind.OTHER.value, QuestionVersion.id.in_(questions), QuestionVersion.id != Regrade.target_id)
        .order_by(Regrade.for_objection, Regrade.committed_at, Regrade.id)
    )
    corrections: dict[int, list[Correction]] = {}
    for row, version, target_id in session.execute(statement):
        target = question_bank.get_questions(session, [target_id or 0])[target_id or 0]
        if is_judged_by_rule(target) and can_regrade(questions[version], target):
            corrections.setdefault(version, []).append(Correction(row, target))
    return corrections


def judge_by(marker: QuestionMarker, answered: QuestionDefinition, checked: Iterable[Parts], response: Parts | None) -> Marking:
    """Judge what a learner answered to one version as the marker's own version does: tries that were checked, then the last response."""

    def translated_parts(parts: Parts) -> Parts:
        return translated(answered, marker.question, marker.layout, parts)

    judged = marker.at_end([translated_parts(parts) for parts in checked], None if response is None else translated_parts(response))
    return Marking(judged.state, judged.fraction)


@dataclass(frozen=True)
class SelfReviewedItem(AttemptContext):
    """The context of judging one's own text: a question of an attempt that nobody but its writer judges."""

    loaded: LoadedAttempt
    item: LoadedItem
    question: QuestionDefinition


def lock_self_reviewed(session: Session, actor: Actor, attempt: UUID, position: int) -> SelfReviewedItem:
    """Return a question of an attempt that its writer judges, the attempt locked; raise NotFound for every other question."""
    loaded = attempts.lock_attempt(session, actor, attempt)
    item = require_found(loaded.item_at(position))
    question = question_bank.get_questions(session, [item.question_version_id])[item.question_version_id]
    if not is_self_reviewed(question):
        raise NotFound
    facts = (loaded.id, loaded.uuid, loaded.person_id, loaded.course_id, loaded.state, loaded.preview, loaded.staff_role)
    return SelfReviewedItem(*facts, loaded, item, question)


def find_self_assessments(session: Session, item_ids: Sequence[int]) -> dict[int, Mapping[str, int]]:
    """Return by item the levels that its writer chose, by criterion the place of the level from 0; items without any are absent."""
    if not item_ids:
        return {}
    rows = session.execute(select(SelfAssessment.item_id, SelfAssessment.levels).where(SelfAssessment.item_id.in_(item_ids)))
    return {row.item_id: json.loads(row.levels) for row in rows}


class SelfAssessmentVerb(audit.Verb):
    """The audit verbs of self-assessments."""

    ASSESSED = "attempt.self_assessed", N_("Assessed their own text")


class NoLevelChosen(Invalid):
    """A self-assessment without a level for any criterion."""

    message = N_("Choose a level for at least one criterion.")


def assess_own_text(session: Session, actor: Actor, subject: SelfReviewedItem, levels: Mapping[str, int], *, now: datetime) -> None:
    """Keep the levels that a writer chose for their text, in place of earlier ones; raise NoLevelChosen, and nothing changes."""
    if not levels:
        raise NoLevelChosen
    row = session.get(SelfAssessment, subject.item.id)
    if row is None:
        row = SelfAssessment(item_id=subject.item.id, levels="", assessed_at=now)
        session.add(row)
    row.levels, row.assessed_at = json.dumps(dict(levels), sort_keys=True), now
    audit.record(session, actor, SelfAssessmentVerb.ASSESSED, subject.loaded.row, now=now, place=subject.item.position)
