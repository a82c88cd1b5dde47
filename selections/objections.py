"""Objections as participants make, extend and withdraw them, their term, and the authors of a question (spec/selection 5)."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session, aliased

from courses.models import Course, CourseVersion, DraftFileVersion, DraftRevision
from kernel import audit
from kernel.errors import N_, Conflict, NotFound
from kernel.i18n import choose, find_zone, format_date
from kernel.permissions import Actor
from questions.models import Question, QuestionVersion
from questions.rules.answers import OBJECTION, objection_in
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempts import IS_RESPONSE, LoadedAttempt, takes_objections
from quizzes.effective_settings import outline_of_activity
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.rules.settings import ReviewMoment, flags_for
from quizzes.rules.states import ENDED_STATES, AttemptState
from quizzes.snapshots import find_published_snapshot
from selections.access import OwnObjectionsContext
from selections.audit_verbs import ObjectionVerb
from selections.models import (
    ActaKind,
    ActaState,
    Objection,
    ObjectionAuthor,
    ObjectionGroup,
    ObjectionProposal,
    Selection,
    SelectionActa,
    SelectionActaEntry,
)
from selections.rules.objections import (
    UNDECIDED_STATES,
    ObjectionGround,
    ObjectionOutcome,
    ObjectionState,
    ObjectionTerm,
    find_block,
    term_of,
)
from selections.selections import list_of_enrolment


def list_authors(session: Session, question_version_id: int) -> list[int]:
    """List the authors of a question version by number: who published it, and whose saves made its text what it was then.

    Versions without a revision, as folders published by command have them, know their publisher alone.

    Authors do not decide on objections to it.
    """
    version, question = session.execute(
        select(QuestionVersion, Question)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.id == question_version_id)
    ).one()
    before = select(QuestionVersion.created_at).where(
        QuestionVersion.question_id == version.question_id, QuestionVersion.number == version.number - 1
    )
    published = _published_with(session, question.course_id, [version.created_at, session.scalar(before)])
    made = published.get(version.created_at)
    if made is None:
        return []
    former = next((publisher for at, publisher in published.items() if at != version.created_at), None)
    authors = {made.published_by}
    if made.draft_revision is not None:
        since = former.draft_revision if former is not None else None
        authors |= _changed_by(session, question, since or 0, made.draft_revision)
    return sorted(author for author in authors if author is not None)


def _published_with(session: Session, course_id: int, moments: Sequence[object]) -> dict[object, CourseVersion]:
    known = [moment for moment in moments if moment is not None]
    statement = select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.published_at.in_(known))
    return {row.published_at: row for row in session.scalars(statement.order_by(CourseVersion.number.desc()))}


def _changed_by(session: Session, question: Question, since: int, until: int) -> set[int | None]:
    """Return who saved another text of the question after one revision and up to another; files are read one after the other."""
    holds = (
        DraftFileVersion.course_id == question.course_id,
        DraftFileVersion.path.like("%.yaml"),
        DraftFileVersion.body.contains(question.key, autoescape=True),
    )
    last = session.scalar(select(func.max(DraftFileVersion.revision)).where(*holds, DraftFileVersion.revision <= since))
    statement = (
        select(DraftFileVersion.revision, DraftFileVersion.body, DraftRevision.changed_by)
        .join(
            DraftRevision,
            (DraftRevision.course_id == DraftFileVersion.course_id) & (DraftRevision.number == DraftFileVersion.revision),
        )
        .where(*holds, DraftFileVersion.revision.between(last or 0, until))
        .order_by(DraftFileVersion.revision)
        .execution_options(yield_per=20)
    )
    text, authors = "", set[int | None]()
    for row in session.execute(statement):
        block = find_block(row.body or "", question.key)
        if block and block != text:
            text = block
            if row.revision > since:
                authors.add(row.changed_by)
    return authors


def get_own_objections(session: Session, actor: Actor, attempt: UUID, *, lock: bool = False) -> OwnObjectionsContext:
    """Return the objections of an attempt before an actor; raise NotFound for one that is still open, or takes no objections."""
    loaded = (attempts.lock_attempt if lock else attempts.get_attempt)(session, actor, attempt)
    if not takes_objections(loaded) or loaded.state not in ENDED_STATES:
        raise NotFound
    selection_id, term = find_term(session, loaded) or (0, None)
    return OwnObjectionsContext(loaded, attempts.history_of(session, loaded), term, selection_id)


def get_own_objection(session: Session, actor: Actor, attempt: UUID, position: int, *, lock: bool = False) -> OwnObjectionsContext:
    """Return a question of an attempt that may be objected to; raise NotFound."""
    context = get_own_objections(session, actor, attempt, lock=lock)
    item = context.loaded.item_at(position)
    if item is None or item.number is None:
        raise NotFound
    return replace(context, item=item)


def find_term(session: Session, loaded: LoadedAttempt) -> tuple[int, ObjectionTerm] | None:
    """Return the latest term in which the questions of an attempt may be objected to, with its selection; None where none has begun.

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
    return row.selection_id, term_of(row.published_at, visible_at, rules, zone)


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
    opened = find_term(session, loaded)
    if opened is not None:
        return now < opened[1].ends_at
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


IS_DECISION = and_(ObjectionProposal.group_id == ObjectionGroup.id, ObjectionProposal.state == "decided")
"""The condition that joins objections decided together to the proposal that was decided."""


def list_decided_versions(session: Session, course_id: int, activity_key: str) -> list[int]:
    """Return the question versions of a quiz about which objections are decided, whatever was decided."""
    decided = ObjectionGroup.state.in_((ObjectionState.DECIDED.value, ObjectionState.TOLD.value))
    of_quiz = (ObjectionGroup.course_id == course_id, ObjectionGroup.activity_key == activity_key)
    return list(session.scalars(select(ObjectionGroup.question_version_id).where(decided, *of_quiz).distinct()))


OwnObjectionRow = Row[Objection, ObjectionGroup, ObjectionProposal | None, str]
"""A learner's objection, the proposal that was decided, and why the jury took its last decision back (`taken_back`, '' if it did not)."""


def list_own_objections(session: Session, attempt_id: int) -> Sequence[OwnObjectionRow]:
    """List the objections to the questions of an attempt, with what was decided."""
    return _list_own(session, Objection.attempt_id == attempt_id)


def find_own_objection(session: Session, item_id: int) -> OwnObjectionRow | None:
    """Return the objection to a question of an attempt, with what was decided."""
    return next(iter(_list_own(session, Objection.item_id == item_id)), None)


def _list_own(session: Session, condition: ColumnElement[bool]) -> Sequence[OwnObjectionRow]:
    reopening = aliased(ObjectionProposal)
    taken_back = (
        select(reopening.ground)
        .where(reopening.group_id == ObjectionGroup.id, reopening.outcome == ObjectionOutcome.REOPEN.value, reopening.state == "reopened")
        .order_by(reopening.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(Objection, ObjectionGroup, ObjectionProposal, func.coalesce(taken_back, "").label("taken_back"))
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .where(condition)
        .order_by(Objection.id)
    )
    return session.execute(statement).all()


def list_noted(session: Session, selection: Selection, people: Sequence[int]) -> dict[int, tuple[UUID, int]]:
    """Return the last attempt of each of these people who submitted one, and to how many questions they objected while answering."""
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
    return {person: (row.uuid, noted[row.id]) for person, row in last.items()}


class TermNotBegun(Conflict):
    """An objection before the term."""

    message = N_("You can object to questions once the provisional acta is published and you can see your result.")


class TermOver(Conflict):
    """An objection after the term."""

    message = N_("The time to object ended at midnight at the end of %(day)s. Whom to write to: %(contact)s")


class ObjectionWithdrawn(Conflict):
    """Another objection to a question whose objection was withdrawn."""

    message = N_("You withdrew your objection to this question. It cannot be made again.")


class ObjectionDecided(Conflict):
    """An objection that is decided, or about to be."""

    message = N_("Your objection to this question is being decided or has been decided, so it can't be changed any more.")


def require_term(subject: OwnObjectionsContext, *, now: datetime) -> ObjectionTerm:
    """Return the term of an attempt that runs now; raise TermNotBegun or TermOver."""
    if subject.term is None or now < subject.term.begins_at:
        raise TermNotBegun
    if not subject.term.is_running(now):
        raise TermOver(day=format_date(subject.term.last_day), contact=choose(subject.contact))
    return subject.term


def object_to(
    session: Session, actor: Actor, subject: OwnObjectionsContext, ground: ObjectionGround, reason: str, *, now: datetime
) -> Objection:
    """Object to a question of a locked attempt, or extend the objection that there is; the same words again change nothing.

    Raise TermNotBegun, TermOver, ObjectionWithdrawn or ObjectionDecided.
    """
    assert subject.item is not None
    term, present = require_term(subject, now=now), find_own_objection(session, subject.item.id)
    if present is None:
        return _open(session, actor, subject, ground, reason, due_at=term.due_at, now=now)
    group = lock_group(session, present.ObjectionGroup.id)
    row: Objection = present.Objection
    if row.withdrawn_at is not None:
        raise ObjectionWithdrawn
    if not ObjectionState(group.state).is_undecided:
        raise ObjectionDecided
    if (row.ground, row.reason) != (ground.value, reason):
        row.ground, row.reason, row.extended_at = ground.value, reason, now
        audit.record(session, actor, ObjectionVerb.EXTENDED, row, now=now, selection=row.selection_id, ground=row.ground)
    return row


def _open(
    session: Session, actor: Actor, subject: OwnObjectionsContext, ground: ObjectionGround, reason: str, *, due_at: datetime, now: datetime
) -> Objection:
    assert subject.item is not None
    loaded = subject.loaded
    row = Objection(
        selection_id=subject.selection_id,
        group_id=_group_of(session, subject, now=now).id,
        attempt_id=loaded.id,
        item_id=subject.item.id,
        person_id=loaded.person_id,
        ground=ground.value,
        reason=reason,
        opened_at=now,
        due_at=due_at,
    )
    session.add(row)
    session.flush()
    facts = {"selection": row.selection_id, "group": row.group_id, "question": subject.item.question_version_id, "ground": row.ground}
    audit.record(session, actor, ObjectionVerb.OPENED, row, now=now, **facts)
    return row


def _group_of(session: Session, subject: OwnObjectionsContext, *, now: datetime) -> ObjectionGroup:
    """Return the undecided objections to the question's version, or begin them; of two who object at once one waits for the other."""
    assert subject.item is not None
    version, loaded = subject.item.question_version_id, subject.loaded
    session.execute(select(QuestionVersion.id).where(QuestionVersion.id == version).with_for_update(key_share=True))
    statement = select(ObjectionGroup).where(
        ObjectionGroup.course_id == loaded.course_id,
        ObjectionGroup.activity_key == loaded.row.activity_key,
        ObjectionGroup.question_version_id == version,
        ObjectionGroup.state.in_(UNDECIDED_STATES),
    )
    present = session.scalar(statement.with_for_update(key_share=True).execution_options(populate_existing=True))
    if present is not None:
        return present
    row = ObjectionGroup(
        course_id=loaded.course_id,
        activity_key=loaded.row.activity_key,
        question_version_id=version,
        state=ObjectionState.OPEN.value,
        opened_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(ObjectionAuthor(group_id=row.id, person_id=person) for person in list_authors(session, version))
    return row


def withdraw(session: Session, actor: Actor, subject: OwnObjectionsContext, *, now: datetime) -> None:
    """Withdraw an objection before an outcome is proposed; a second time changes nothing. Raise ObjectionDecided afterwards."""
    assert subject.item is not None
    present = find_own_objection(session, subject.item.id)
    if present is None or present.Objection.withdrawn_at is not None:
        return
    group, row = lock_group(session, present.ObjectionGroup.id), present.Objection
    if group.state != ObjectionState.OPEN.value:
        raise ObjectionDecided
    row.withdrawn_at = now
    session.flush()
    if not count_objections(session, group.id):
        group.state = ObjectionState.WITHDRAWN.value
    audit.record(session, actor, ObjectionVerb.WITHDRAWN, row, now=now, selection=row.selection_id)


def count_objections(session: Session, group_id: int) -> int:
    """Count the objections that are decided together; withdrawn ones are left out."""
    return session.scalar(select(func.count()).where(Objection.group_id == group_id, Objection.withdrawn_at.is_(None))) or 0


def lock_group(session: Session, group_id: int) -> ObjectionGroup:
    """Return objections that are decided together, after every other change of them."""
    statement = select(ObjectionGroup).where(ObjectionGroup.id == group_id).with_for_update(key_share=True)
    return session.scalars(statement.execution_options(populate_existing=True)).one()
