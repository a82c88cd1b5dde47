"""Reading who is named for a selection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel.errors import NotFound
from kernel.permissions import Actor
from selections.models import MemberRole, SelectionMember
from selections.permissions import SelectionMemberContext
from selections.queries.selections import get_selection

MOST_MEMBERS = 200


@dataclass(frozen=True, slots=True)
class SelectionMemberRow:
    """A person who is named for a selection."""

    uuid: UUID
    selection_id: int
    person_id: int
    name: str
    email: str
    role: MemberRole
    since: datetime


def list_members(session: Session, selection_ids: Sequence[int]) -> list[SelectionMemberRow]:
    """List who is named for selections at present, juries first, by name."""
    statement = (
        select(SelectionMember, Person)
        .join(Person, Person.id == SelectionMember.person_id)
        .where(SelectionMember.selection_id.in_(selection_ids), SelectionMember.ended_at.is_(None))
        .order_by(SelectionMember.role, Person.name_key, SelectionMember.id)
        .limit(MOST_MEMBERS)
    )
    return [
        SelectionMemberRow(row.uuid, row.selection_id, person.id, person.full_name, person.email, MemberRole(row.role), row.named_at)
        for row, person in session.execute(statement)
    ]


def list_jury(session: Session, selection_id: int) -> list[int]:
    """List the people who are named for a jury, by number: whom a task is told to."""
    statement = select(SelectionMember.person_id).where(
        SelectionMember.selection_id == selection_id, SelectionMember.role == MemberRole.JURY.value, SelectionMember.ended_at.is_(None)
    )
    return list(session.scalars(statement.order_by(SelectionMember.id).limit(MOST_MEMBERS)))


def get_member(session: Session, actor: Actor, selection: UUID, member: UUID) -> SelectionMemberContext:
    """Return a person named for a selection, before who may end that; raise NotFound."""
    context = get_selection(session, actor, selection)
    statement = select(SelectionMember.id).where(SelectionMember.selection_id == context.id, SelectionMember.uuid == member)
    row = session.scalar(statement)
    if row is None:
        raise NotFound
    return SelectionMemberContext(context, row)
