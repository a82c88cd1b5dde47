"""Reading who is in a group of a course."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrolments.models import Enrolment, GroupMember
from enrolments.permissions import GroupMemberContext
from enrolments.queries.learning import get_group_context
from kernel.permissions import Actor


def get_group_members(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    """Return the page context of all who are in a group: their own record, where they are in it."""
    group_context = get_group_context(session, actor, slug, group)
    mine = (
        select(GroupMember.group_id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(GroupMember.group_id == group_context.group.id, Enrolment.person_id == actor.person_id)
    )
    return GroupMemberContext(group_context.context, group_context.group, actor.person_id if session.scalar(mine) is not None else None)
