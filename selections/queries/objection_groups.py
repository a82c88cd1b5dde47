"""Reading objections before those who decide: together for each version of a question, without names (spec/selection 5.4 and 5.5)."""

import json
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person, SecondFactor
from enrolments.models import Enrolment
from kernel.errors import NotFound
from kernel.files import StoredFile
from kernel.permissions import Actor
from questions.models import Question, QuestionVersion
from questions.rules.answers import Parts, clean_parts
from questions.rules.encoding import decode
from questions.rules.item_layout import ItemLayout, LoadedItem
from quizzes.attempts import IS_RESPONSE
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem, MarkEvent, Regrade
from quizzes.rules.states import AttemptState
from selections.models import MemberRole, Selection, SelectionMember
from selections.objection_models import Objection, ObjectionAuthor, ObjectionGroup, ObjectionProposal
from selections.objection_permissions import ObjectionFileContext, ObjectionGroupContext, ProposalRow
from selections.queries.objections import IS_DECISION
from selections.queries.selections import get_selection, is_among, people_of
from selections.rules.objections import UNDECIDED_STATES, DeciderHindrances, ObjectionOutcome, ObjectionRecord, ObjectionState

MOST_GROUPS, MOST_OBJECTIONS, MOST_PROPOSALS, MOST_MEMBERS = 200, 200, 50, 200


def get_group(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    """Return objections before an actor, by a selection of their quiz; raise NotFound."""
    return _context(session, actor, selection, group)


def lock_group(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    """Return objections before an actor, after every other change of them."""
    row = session.scalar(select(ObjectionGroup).where(ObjectionGroup.uuid == group).with_for_update(key_share=True))
    if row is None:
        raise NotFound
    return _context(session, actor, selection, group)


def _context(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    context = get_selection(session, actor, selection)
    newest = aliased(ObjectionProposal)
    of_group = newest.group_id == ObjectionGroup.id
    last = select(func.max(newest.id)).where(of_group).correlate(ObjectionGroup).scalar_subquery()
    columns = (
        ObjectionGroup,
        QuestionVersion.number,
        *_PROPOSAL,
        select(func.count(newest.id)).where(of_group).correlate(ObjectionGroup).scalar_subquery().label("proposals"),
        _takes_part(actor.person_id or 0).label("takes_part"),
        _wrote(actor.person_id or 0).label("is_author"),
        _marked(actor.person_id or 0).label("marked"),
        select(func.count(SelectionMember.person_id.distinct()))
        .join(Selection, Selection.id == SelectionMember.selection_id)
        .where(*_deciders())
        .correlate(ObjectionGroup)
        .scalar_subquery()
        .label("deciders"),
    )
    statement = (
        _with_people(
            select(*columns)
            .select_from(ObjectionGroup)
            .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
            .outerjoin(ObjectionProposal, ObjectionProposal.id == last)
        )
        .where(
            ObjectionGroup.uuid == group,
            ObjectionGroup.course_id == context.course_id,
            ObjectionGroup.activity_key == context.key,
        )
        .execution_options(populate_existing=True)
    )
    result = session.execute(statement).one_or_none()
    if result is None:
        raise NotFound
    row, number, proposal, person, answered, regrade = result[:6]
    proposed = proposal is not None and proposal.state == "standing" and proposal.proposed_by == actor.person_id
    return ObjectionGroupContext(
        selection=context,
        group=row,
        number=number,
        newest=ProposalRow(proposal, person.full_name, answered.full_name if answered else "", regrade) if proposal else None,
        proposals=result.proposals,
        facts=DeciderHindrances(result.takes_part or context.is_participant, result.is_author, result.marked, proposed),
        deciders=result.deciders,
    )


def get_objection_file(session: Session, actor: Actor, selection: UUID, group: UUID, file: UUID) -> ObjectionFileContext:
    """Return a file of an answer that is objected to, before those who decide; raise NotFound."""
    context = _context(session, actor, selection, group)
    statement = (
        select(Objection.person_id, AnswerFile.name, StoredFile.sha256, StoredFile.media_type)
        .join(AnswerFile, AnswerFile.item_id == Objection.item_id)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(Objection.group_id == context.group.id, Objection.withdrawn_at.is_(None), AnswerFile.uuid == file)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return ObjectionFileContext(
        *(context.selection, context.group, context.number, context.newest, context.proposals, context.facts, context.deciders),
        *(row.person_id, row.sha256, row.name, row.media_type),
    )


def _takes_part(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: the person has an attempt at its quiz."""
    return exists().where(
        Attempt.course_id == ObjectionGroup.course_id,
        Attempt.activity_key == ObjectionGroup.activity_key,
        Attempt.person_id == person_id,
        ~Attempt.preview,
    )


def _wrote(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return exists().where(ObjectionAuthor.group_id == ObjectionGroup.id, ObjectionAuthor.person_id == person_id)


def _marked(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: the person marked answers to the version by hand."""
    return exists(
        select(MarkEvent.id)
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .where(
            AttemptItem.question_version_id == ObjectionGroup.question_version_id,
            MarkEvent.origin == "manual",
            MarkEvent.marked_by == person_id,
        )
        .correlate(ObjectionGroup, SelectionMember)
    )


def _deciders() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `selection_member`, `selection` and `objection_group` that choose who may propose or decide."""
    member = SelectionMember
    return (
        Selection.course_id == ObjectionGroup.course_id,
        Selection.activity_key == ObjectionGroup.activity_key,
        member.role == MemberRole.JURY.value,
        member.ended_at.is_(None),
        ~_takes_part(member.person_id),
        ~_wrote(member.person_id),
        ~_marked(member.person_id),
        ~_sits(),
        exists().where(SecondFactor.person_id == member.person_id),
    )


@dataclass(frozen=True, slots=True)
class DeciderRow:
    """A person who may propose or decide, and the selection in whose jury they are; of several the newest."""

    person_id: int
    selection: UUID


def list_deciders(session: Session, group_id: int) -> list[DeciderRow]:
    """List the members of juries of the quiz who may propose or decide on these objections."""
    member = SelectionMember
    statement = (
        select(member.person_id, Selection.uuid)
        .join(Selection, Selection.id == member.selection_id)
        .join(ObjectionGroup, ObjectionGroup.id == group_id)
        .where(*_deciders())
        .order_by(Selection.id, member.person_id)
        .limit(MOST_MEMBERS)
    )
    newest = dict(session.execute(statement).all())
    return [DeciderRow(*row) for row in newest.items()]


def _sits() -> ColumnElement[bool]:
    """Return a condition on `selection_member` and `selection`: the member is among the people of the selection."""
    return exists().where(Enrolment.course_id == Selection.course_id, Enrolment.person_id == SelectionMember.person_id, is_among())


@dataclass(frozen=True, slots=True)
class ObjectionGroupRow:
    """Objections to a version in a list: which question, how many, in what state, until when."""

    uuid: UUID
    state: ObjectionState
    question_key: str
    question_version_id: int
    number: int
    """Of the version."""
    objections: int
    due_at: datetime
    outcome: str
    """Proposed or decided; '' before that."""
    is_late: bool


def list_groups(session: Session, selection_id: int) -> list[ObjectionGroupRow]:
    """List the objections of a selection, those that wait first, by their date."""
    newest = aliased(ObjectionProposal)
    last = select(func.max(newest.id)).where(newest.group_id == ObjectionGroup.id).correlate(ObjectionGroup).scalar_subquery()
    waits = ObjectionGroup.state.in_(UNDECIDED_STATES)
    statement = (
        select(
            *(ObjectionGroup.uuid, ObjectionGroup.state, Question.key, QuestionVersion.id, QuestionVersion.number),
            *(func.count(Objection.id), func.min(Objection.due_at), func.max(Objection.late_at)),
            *(ObjectionProposal.outcome, ObjectionProposal.state),
        )
        .join(Objection, Objection.group_id == ObjectionGroup.id)
        .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .outerjoin(ObjectionProposal, ObjectionProposal.id == last)
        .where(Objection.withdrawn_at.is_(None), _of_selection(selection_id))
        .group_by(ObjectionGroup.id, Question.id, QuestionVersion.id, ObjectionProposal.id)
        .order_by(waits.desc(), func.min(Objection.due_at), ObjectionGroup.id.desc())
        .limit(MOST_GROUPS)
    )
    return [
        ObjectionGroupRow(
            *(uuid, ObjectionState(state), key, version, number, count, due),
            outcome="" if state_of_it in ("returned", "reopened") else outcome or "",
            is_late=late is not None,
        )
        for uuid, state, key, version, number, count, due, late, outcome, state_of_it in session.execute(statement)
    ]


def _of_selection(selection_id: int) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: somebody of the selection objects."""
    other = aliased(Objection)
    return exists().where(other.group_id == ObjectionGroup.id, other.selection_id == selection_id)


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """An objection as those who decide see it: ground, reason and the answer that was given; a name only where it has to be seen."""

    objection: Objection
    item: LoadedItem
    language: str
    parts: Parts
    name: str


def list_objections(session: Session, group_id: int) -> list[ObjectionRow]:
    """List the objections that are decided together, in their order, with the answers; withdrawn ones are left out."""
    statement = (
        select(Objection, AttemptItem, Attempt.language, AnswerEvent.payload, Person)
        .join(AttemptItem, AttemptItem.id == Objection.item_id)
        .join(Attempt, Attempt.id == Objection.attempt_id)
        .join(Person, Person.id == Objection.person_id)
        .outerjoin(AnswerEvent, and_(AnswerEvent.item_id == AttemptItem.id, IS_RESPONSE))
        .where(Objection.group_id == group_id, Objection.withdrawn_at.is_(None))
        .order_by(Objection.id)
        .limit(MOST_OBJECTIONS)
    )
    return [
        ObjectionRow(row, _item(item), language, clean_parts(json.loads(payload) if payload else {}), person.full_name)
        for row, item, language, payload, person in session.execute(statement)
    ]


def _item(row: AttemptItem) -> LoadedItem:
    layout = decode(ItemLayout, json.loads(row.layout))
    return LoadedItem(
        row.id, row.position, row.number, row.page, row.section, row.question_version_id, Fraction(row.maximum), layout, flagged=False
    )


def list_proposals(session: Session, group_id: int) -> list[ProposalRow]:
    """List the proposals for objections, the newest first."""
    statement = _with_people(select(*_PROPOSAL).select_from(ObjectionProposal)).where(ObjectionProposal.group_id == group_id)
    rows = session.execute(statement.order_by(ObjectionProposal.id.desc()).limit(MOST_PROPOSALS))
    return [ProposalRow(row, person.full_name, answered.full_name if answered else "", regrade) for row, person, answered, regrade in rows]


_ANSWERED = aliased(Person)
_PROPOSAL = (ObjectionProposal, Person, _ANSWERED, Regrade)


def _with_people(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a statement of proposals with who made and answered them, and their dry runs."""
    return (
        statement.outerjoin(Person, Person.id == ObjectionProposal.proposed_by)
        .outerjoin(_ANSWERED, _ANSWERED.id == ObjectionProposal.answered_by)
        .outerjoin(Regrade, Regrade.id == ObjectionProposal.regrade_id)
    )


def list_records(session: Session, condition: ColumnElement[bool]) -> list[ObjectionRecord]:
    """List objections for statistics: a condition on `objection` and `objection_group`; withdrawn ones count nowhere."""
    statement = (
        select(Objection.opened_at, ObjectionGroup.decided_at, ObjectionProposal.outcome)
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .where(condition, Objection.withdrawn_at.is_(None))
    )
    return [
        ObjectionRecord(opened, at, has_effect=outcome not in (None, ObjectionOutcome.UPHOLD.value))
        for opened, at, outcome in session.execute(statement)
    ]


def count_answers(session: Session, selection: Selection) -> int:
    """Count the questions that the submitted attempts of a selection's people asked."""
    statement = (
        select(func.count(AttemptItem.id))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(people_of(selection), Attempt.activity_key == selection.activity_key, ~Attempt.preview)
        .where(Attempt.state == AttemptState.FINISHED.value, AttemptItem.number.is_not(None))
    )
    return session.scalar(statement) or 0


def list_versions(session: Session, question_version_id: int) -> dict[int, int]:
    """Return the versions of the question of a version: their numbers by id, the oldest first."""
    mine = select(QuestionVersion.question_id).where(QuestionVersion.id == question_version_id).scalar_subquery()
    statement = select(QuestionVersion.id, QuestionVersion.number).where(QuestionVersion.question_id == mine)
    return dict(session.execute(statement.order_by(QuestionVersion.number)).all())
