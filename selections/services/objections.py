"""Objecting to questions of one's own attempt, extending that and withdrawing it, within the term (spec/selection 5.1 and 5.3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import choose, format_date
from kernel.permissions import Actor
from questions.models import QuestionVersion
from selections.audit_verbs import ObjectionVerb
from selections.objection_models import Objection, ObjectionAuthor, ObjectionGroup
from selections.objection_permissions import AttemptTerm, OwnObjectionsContext
from selections.queries.authors import list_authors
from selections.queries.objections import find_own_objection
from selections.rules.objections import UNDECIDED_STATES, ObjectionGround, ObjectionState


class TermNotBegun(Conflict):
    """An objection before the term."""

    code = "term_not_begun"
    message = N_("You can object to questions once the provisional acta is published and you can see your result.")


class TermOver(Conflict):
    """An objection after the term."""

    code = "term_over"
    message = N_("The time to object ended at midnight at the end of %(day)s. Whom to write to: %(contact)s")


class ObjectionWithdrawn(Conflict):
    """Another objection to a question whose objection was withdrawn."""

    code = "objection_withdrawn"
    message = N_("You withdrew your objection to this question. It cannot be made again.")


class ObjectionDecided(Conflict):
    """An objection that is decided, or about to be."""

    code = "objection_decided"
    message = N_("Your objection to this question is being decided or has been decided, so it can't be changed any more.")


@dataclass(frozen=True, slots=True)
class ObjectionValues:
    """The words of an objection: a ground and a reason."""

    ground: ObjectionGround
    reason: str


def require_term(subject: OwnObjectionsContext, *, now: datetime) -> AttemptTerm:
    """Return the term of an attempt that runs now; raise TermNotBegun or TermOver."""
    attempt_term = subject.term
    if attempt_term is None or now < attempt_term.term.begins_at:
        raise TermNotBegun
    if not attempt_term.term.is_running(now):
        use = subject.loaded.snapshot.selection
        raise TermOver(day=format_date(attempt_term.term.last_day), contact=choose(use.contact) if use is not None else "")
    return attempt_term


def object_to(session: Session, actor: Actor, subject: OwnObjectionsContext, values: ObjectionValues, *, now: datetime) -> Objection:
    """Object to a question of a locked attempt, or extend the objection that there is; the same words again change nothing.

    Raise TermNotBegun, TermOver, ObjectionWithdrawn or ObjectionDecided.
    """
    assert subject.item is not None
    attempt_term, present = require_term(subject, now=now), find_own_objection(session, subject.item.id)
    if present is None:
        return _open(session, actor, subject, attempt_term, values, now=now)
    group = lock_group(session, present.group.id)
    row = present.objection
    if row.withdrawn_at is not None:
        raise ObjectionWithdrawn
    if not ObjectionState(group.state).is_undecided:
        raise ObjectionDecided
    if (row.ground, row.reason) != (values.ground.value, values.reason):
        row.ground, row.reason, row.extended_at = values.ground.value, values.reason, now
        audit.record(session, actor, ObjectionVerb.EXTENDED, row, now=now, selection=row.selection_id, ground=row.ground)
    return row


def _open(
    session: Session, actor: Actor, subject: OwnObjectionsContext, attempt_term: AttemptTerm, values: ObjectionValues, *, now: datetime
) -> Objection:
    assert subject.item is not None
    loaded = subject.loaded
    row = Objection(
        selection_id=attempt_term.selection_id,
        group_id=_group_of(session, subject, now=now).id,
        attempt_id=loaded.id,
        item_id=subject.item.id,
        person_id=loaded.person_id,
        ground=values.ground.value,
        reason=values.reason,
        opened_at=now,
        due_at=attempt_term.term.due_at,
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
    if present is None or present.objection.withdrawn_at is not None:
        return
    group, row = lock_group(session, present.group.id), present.objection
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
