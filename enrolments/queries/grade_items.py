"""Reading items that are marked by hand alone, and the marks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from accounts.people import by_name
from enrolments.models import ActivityResult, Completion, Enrolment, ManualGrade, ManualGradeItem
from enrolments.permissions import GradeItemContext
from enrolments.queries.gradebook import GradebookFilter, conditions_of
from enrolments.queries.learning import get_learner_context
from kernel.errors import NotFound
from kernel.permissions import Actor

MOST_ITEMS = 200


def get_item_context(session: Session, actor: Actor, slug: str, item: UUID) -> GradeItemContext:
    """Return the page context of an item of a course that is published; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = session.scalar(select(ManualGradeItem).where(ManualGradeItem.uuid == item, ManualGradeItem.course_id == context.course_id))
    if row is None or context.version_id is None:
        raise NotFound
    return GradeItemContext(context, row, actor.person_id if _counts_for(session, context.enrolment_id, row) else None)


def _counts_for(session: Session, enrolment_id: int | None, item: ManualGradeItem) -> bool:
    """Return whether an enrolment has a mark for an item now."""
    mark = select(ActivityResult.id).where(ActivityResult.enrolment_id == enrolment_id, ActivityResult.activity_key == item.key)
    return enrolment_id is not None and session.scalar(mark.where(ActivityResult.score.is_not(None))) is not None


def list_items(session: Session, course_id: int, *, retired: bool = False) -> Sequence[ManualGradeItem]:
    """List the items of a course that count, or those that do not any more, in the order in which they were made."""
    state = ManualGradeItem.retired_at.is_not(None) if retired else ManualGradeItem.retired_at.is_(None)
    return session.scalars(
        select(ManualGradeItem).where(ManualGradeItem.course_id == course_id, state).order_by(ManualGradeItem.id).limit(MOST_ITEMS)
    ).all()


def has_marks(session: Session, item_id: int) -> bool:
    """Say whether anybody was ever marked for an item."""
    return bool(session.scalar(select(exists().where(ManualGrade.item_id == item_id))))


def _last(item_id: int) -> Select[int]:
    return select(func.max(ManualGrade.id)).where(ManualGrade.item_id == item_id).group_by(ManualGrade.enrolment_id)


def present_marks(session: Session, item_id: int, enrolments: Sequence[int]) -> Mapping[int, ManualGrade]:
    """Return the marks that learners have now, by enrolment."""
    last = _last(item_id).where(ManualGrade.enrolment_id.in_(enrolments))
    return {row.enrolment_id: row for row in session.scalars(select(ManualGrade).where(ManualGrade.id.in_(last)))}


@dataclass(frozen=True, slots=True)
class LearnerMarkRow:
    """A learner with the mark that they have for an item."""

    enrolment_id: int
    person_id: int
    uuid: UUID
    name: str
    mark: ManualGrade | None


def list_marks(
    session: Session, item: ManualGradeItem, filters: GradebookFilter, *, unmarked: bool, now: datetime, offset: int, limit: int
) -> list[LearnerMarkRow]:
    """List some learners of an item's course by name with their marks; all, or those without one."""
    conditions = conditions_of(item.course_id, filters, now)
    if unmarked:
        conditions.append(ManualGrade.points.is_(None))
    return _mark_lines(session, item, conditions, offset, limit)


def list_marks_of(session: Session, item: ManualGradeItem, people: Sequence[UUID]) -> list[LearnerMarkRow]:
    """List these learners of an item's course by name with their marks."""
    mine = (Enrolment.course_id == item.course_id, Enrolment.left_at.is_(None), Person.uuid.in_(people))
    return _mark_lines(session, item, mine, 0, len(people))


def _mark_lines(
    session: Session, item: ManualGradeItem, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> list[LearnerMarkRow]:
    statement = (
        select(Enrolment.id, Person, ManualGrade)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(
            ManualGrade, (ManualGrade.enrolment_id == Enrolment.id) & (ManualGrade.item_id == item.id) & ManualGrade.id.in_(_last(item.id))
        )
        .where(*conditions)
        .order_by(*by_name(), Enrolment.id)
        .offset(offset)
        .limit(limit)
    )
    return [
        LearnerMarkRow(
            enrolment_id, person.id, person.uuid, full_name(person.given_names, person.first_surname, person.second_surname), mark
        )
        for enrolment_id, person, mark in session.execute(statement)
    ]


def count_marks(session: Session, course_id: int, items: Sequence[int]) -> Mapping[int, int]:
    """Count the learners who have a mark now for each of some items."""
    last = select(func.max(ManualGrade.id)).where(ManualGrade.item_id.in_(items)).group_by(ManualGrade.item_id, ManualGrade.enrolment_id)
    statement = (
        select(ManualGrade.item_id, func.count())
        .join(Enrolment, Enrolment.id == ManualGrade.enrolment_id)
        .where(ManualGrade.id.in_(last), ManualGrade.points.is_not(None), Enrolment.left_at.is_(None), Enrolment.course_id == course_id)
        .group_by(ManualGrade.item_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def list_stale(session: Session, *, limit: int) -> list[int]:
    """List enrolments whose course grade has to be computed again."""
    return list(session.scalars(select(Enrolment.id).where(Enrolment.grade_stale.is_(True)).order_by(Enrolment.id).limit(limit)))


def count_stale(session: Session, course_id: int) -> int:
    """Count the learners of a course whose grade has to be computed again."""
    statement = select(func.count()).select_from(Enrolment)
    return session.scalar(statement.where(Enrolment.course_id == course_id, Enrolment.grade_stale.is_(True))) or 0
