"""Reading objections as their learner meets them: the term of an attempt, and what they objected to (spec/selection 5.1 to 5.3)."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from courses.models import Course
from kernel.errors import NotFound
from kernel.i18n import find_zone
from kernel.permissions import Actor
from questions.rules.answers import OBJECTION, objection_in
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempts import IS_RESPONSE, LoadedAttempt, takes_objections
from quizzes.effective_settings import outline_of_activity
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.rules.settings import ReviewMoment, flags_for
from quizzes.rules.states import ENDED_STATES, AttemptState
from quizzes.snapshots import find_published_snapshot
from selections.models import ActaKind, ActaState, Selection, SelectionActa, SelectionActaEntry
from selections.objection_models import Objection, ObjectionGroup, ObjectionProposal
from selections.objection_permissions import AttemptTerm, OwnObjectionsContext
from selections.queries.selections import list_of_enrolment
from selections.rules.objections import ObjectionOutcome, ObjectionState, ObjectionTerm, term_of


def get_own_objections(session: Session, actor: Actor, attempt: UUID, *, lock: bool = False) -> OwnObjectionsContext:
    """Return the objections of an attempt before an actor; raise NotFound for one that is still open, or takes no objections."""
    loaded = (attempts.lock_attempt if lock else attempts.get_attempt)(session, actor, attempt)
    if not takes_objections(loaded) or loaded.state not in ENDED_STATES:
        raise NotFound
    return OwnObjectionsContext(loaded, attempts.history_of(session, loaded), find_term(session, loaded))


def get_own_objection(session: Session, actor: Actor, attempt: UUID, position: int, *, lock: bool = False) -> OwnObjectionsContext:
    """Return a question of an attempt that may be objected to; raise NotFound."""
    context = get_own_objections(session, actor, attempt, lock=lock)
    item = context.loaded.item_at(position)
    if item is None or item.number is None:
        raise NotFound
    return OwnObjectionsContext(context.loaded, context.history, context.term, item)


def find_term(session: Session, loaded: LoadedAttempt) -> AttemptTerm | None:
    """Return the latest term in which the questions of an attempt may be objected to; None where none has begun.

    It is of a provisional acta in which the learner has a line and which saw the attempt.
    """
    use = loaded.snapshot.selection
    rules = use.objections if use is not None else None
    visible_at = _marks_visible_at(session, loaded)
    if rules is None or visible_at is None:
        return None
    statement = (
        select(SelectionActa.selection_id, SelectionActa.published_at)
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .join(SelectionActaEntry, SelectionActaEntry.acta_id == SelectionActa.id)
        .where(
            SelectionActaEntry.person_id == loaded.person_id,
            Selection.course_id == loaded.course_id,
            Selection.activity_key == loaded.row.activity_key,
            SelectionActa.kind == ActaKind.PROVISIONAL.value,
            SelectionActa.state == ActaState.IN_FORCE.value,
            SelectionActa.frozen_at >= loaded.row.finished_at,
        )
        .order_by(SelectionActa.published_at.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    if row is None or row.published_at is None:
        return None
    zone = find_zone(outline_of_activity(session, loaded.snapshot.activity_id).zone)
    return AttemptTerm(row.selection_id, term_of(row.published_at, visible_at, rules, zone))


def find_open_objecting(session: Session, selection: Selection, person_id: int, *, now: datetime) -> tuple[UUID, date] | None:
    """Return the newest ended attempt of a person in a selection whose term runs, and its last day; None where none runs."""
    term = find_term_of(session, selection)
    if term is None or not term.is_running(now):
        return None
    newest = (
        select(Attempt.uuid)
        .where(
            Attempt.person_id == person_id,
            Attempt.course_id == selection.course_id,
            Attempt.activity_key == selection.activity_key,
            Attempt.state.in_([state.value for state in ENDED_STATES]),
            Attempt.preview.is_(False),
        )
        .order_by(Attempt.finished_at.desc())
        .limit(1)
    )
    attempt = session.scalar(newest)
    return None if attempt is None else (attempt, term.last_day)


def may_be_objected_to(session: Session, loaded: LoadedAttempt, now: datetime) -> bool:
    """Return whether questions of an attempt may be objected to now or later: the term runs, or its acta is still to come."""
    attempt_term = find_term(session, loaded)
    if attempt_term is not None:
        return now < attempt_term.term.ends_at
    if loaded.row.enrolment_id is None:
        return False
    mine = [selection.id for selection in list_of_enrolment(session, loaded.row.enrolment_id, loaded.row.activity_key)]
    in_force = (SelectionActa.selection_id.in_(mine), SelectionActa.state == ActaState.IN_FORCE.value)
    begun = set(session.scalars(select(SelectionActa.selection_id).where(*in_force))) if mine else set()
    return bool(set(mine) - begun)


def find_term_of(session: Session, selection: Selection) -> ObjectionTerm | None:
    """Return the term that the provisional acta of a selection opened for everybody; None where there is none.

    Of a quiz whose marks are visible once it closes, not before that.
    """
    published_at = session.scalar(
        select(func.max(SelectionActa.published_at)).where(
            SelectionActa.selection_id == selection.id,
            SelectionActa.kind == ActaKind.PROVISIONAL.value,
            SelectionActa.state == ActaState.IN_FORCE.value,
        )
    )
    snapshot = find_published_snapshot(session, session.get_one(Course, selection.course_id), selection.activity_key)
    use = snapshot.selection if snapshot is not None else None
    if published_at is None or snapshot is None or use is None or use.objections is None:
        return None
    zone = find_zone(outline_of_activity(session, snapshot.activity_id).zone)
    settings, closes = snapshot.settings, snapshot.closes_at
    early = any(ReviewFlag.MARKS in flags_for(settings.review, moment, settings.behaviour) for moment in _BEFORE_CLOSE)
    return term_of(published_at, closes if closes is not None and not early else published_at, use.objections, zone)


_BEFORE_CLOSE = (ReviewMoment.AFTER, ReviewMoment.LATER)


def _marks_visible_at(session: Session, loaded: LoadedAttempt) -> datetime | None:
    """Return when the marks of an attempt became visible to its learner; None while they are not.

    A quiz whose review never shows them shows them in the acta, so that nothing later than the end of the attempt counts.
    """
    row, settings = loaded.row, loaded.snapshot.settings
    ended = row.finished_at
    if ended is None or row.raw is None:
        return None
    graded = _graded_at(session, loaded) if loaded.marked_by_hand else None
    known = max(ended, graded or ended)
    if loaded.setting_sources.awaits_final:
        held = loaded.setting_sources.final_submitted_at
        return None if held is None else max(known, held)
    shows = {moment for moment in ReviewMoment if ReviewFlag.MARKS in flags_for(settings.review, moment, settings.behaviour)}
    closes = loaded.setting_sources.review_closes(row.started_at)
    if shows & {ReviewMoment.AFTER, ReviewMoment.LATER} or ReviewMoment.CLOSED not in shows or closes is None:
        return known
    return max(known, closes)


def _graded_at(session: Session, loaded: LoadedAttempt) -> datetime | None:
    """Return when the last question that a person marks had its first mark."""
    first = (
        select(func.min(MarkEvent.marked_at).label("at"))
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .where(AttemptItem.attempt_id == loaded.id, MarkEvent.origin == "manual")
        .group_by(MarkEvent.item_id)
        .subquery()
    )
    moment: datetime | None = session.scalar(select(func.max(first.c.at)))
    return moment


@dataclass(frozen=True, slots=True)
class OwnObjectionRow:
    """A learner's objection with its outcome."""

    objection: Objection
    group: ObjectionGroup
    proposal: ObjectionProposal | None
    """The one that was decided."""
    taken_back: str
    """Why the jury took its last decision back; '' where it did not."""


IS_DECISION = and_(ObjectionProposal.group_id == ObjectionGroup.id, ObjectionProposal.state == "decided")
"""The condition that joins objections decided together to the proposal that was decided."""


def list_decided_versions(session: Session, course_id: int, activity_key: str) -> list[int]:
    """Return the question versions of a quiz about which objections are decided, whatever was decided."""
    decided = ObjectionGroup.state.in_((ObjectionState.DECIDED.value, ObjectionState.TOLD.value))
    of_quiz = (ObjectionGroup.course_id == course_id, ObjectionGroup.activity_key == activity_key)
    return list(session.scalars(select(ObjectionGroup.question_version_id).where(decided, *of_quiz).distinct()))


def list_own_objections(session: Session, attempt_id: int) -> list[OwnObjectionRow]:
    """List the objections to the questions of an attempt, with what was decided."""
    return _list_own(session, Objection.attempt_id == attempt_id)


def find_own_objection(session: Session, item_id: int) -> OwnObjectionRow | None:
    """Return the objection to a question of an attempt, with what was decided."""
    return next(iter(_list_own(session, Objection.item_id == item_id)), None)


def _list_own(session: Session, condition: ColumnElement[bool]) -> list[OwnObjectionRow]:
    reopening = aliased(ObjectionProposal)
    taken_back = (
        select(reopening.ground)
        .where(reopening.group_id == ObjectionGroup.id, reopening.outcome == ObjectionOutcome.REOPEN.value, reopening.state == "reopened")
        .order_by(reopening.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(Objection, ObjectionGroup, ObjectionProposal, func.coalesce(taken_back, ""))
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .where(condition)
        .order_by(Objection.id)
    )
    return [OwnObjectionRow(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class SatAttempt:
    """The last attempt of a person at a selecting quiz, and to how many of its questions they objected while answering."""

    uuid: UUID
    noted: int


def list_noted(session: Session, selection: Selection, people: Sequence[int]) -> dict[int, SatAttempt]:
    """Return the last attempt of each of these people who submitted one, by number of person."""
    statement = (
        select(Attempt.id, Attempt.uuid, Attempt.person_id)
        .where(Attempt.person_id.in_(people), Attempt.course_id == selection.course_id, Attempt.activity_key == selection.activity_key)
        .where(Attempt.state == AttemptState.FINISHED.value, ~Attempt.preview)
        .order_by(Attempt.id)
    )
    last = {row.person_id: row for row in session.execute(statement)}
    answers = (
        select(AttemptItem.attempt_id, AnswerEvent.payload)
        .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        .where(AttemptItem.attempt_id.in_([row.id for row in last.values()]), IS_RESPONSE)
        .where(AnswerEvent.payload.contains(f'"{OBJECTION}"'))
    )
    noted = Counter(row.attempt_id for row in session.execute(answers) if objection_in(json.loads(row.payload)) is not None)
    return {person: SatAttempt(row.uuid, noted[row.id]) for person, row in last.items()}
