"""Reads and writes the groups of a course and the learners in them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, true
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from enrolments.access import GroupContext, GroupMemberContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.learners import get_learner_context
from enrolments.models import UNTIL, Enrolment, FormerPlace, GroupMember, LearnerGroup
from kernel import audit
from kernel.db import HookList, count_rows
from kernel.errors import N_, Conflict, require_found
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """A learner of a course in a list of its staff."""

    enrolment_id: int
    person_id: int
    uuid: UUID
    name: str
    email: str


def list_learners(session: Session, course_id: int, query: str = "", *, offset: int = 0, limit: int) -> list[LearnerRow]:
    """List those who take a course, by name; all or those whom a search finds."""
    return _learners(session, [Enrolment.course_id == course_id, *name_matches(query, with_address=True)], offset, limit)


def list_members(session: Session, group_id: int, *, offset: int = 0, limit: int) -> list[LearnerRow]:
    """List the learners of a group, by name."""
    members = select(GroupMember.enrolment_id).where(GroupMember.group_id == group_id)
    return _learners(session, [Enrolment.id.in_(members)], offset, limit)


def list_outside(session: Session, group: LearnerGroup, query: str, *, offset: int = 0, limit: int) -> list[LearnerRow]:
    """List the learners of a group's course who are not in it and whom a search finds."""
    members = select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id)
    return _learners(
        session,
        [Enrolment.course_id == group.course_id, Enrolment.id.not_in(members), *name_matches(query, with_address=True)],
        offset,
        limit,
    )


def _learners(session: Session, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int) -> list[LearnerRow]:
    statement = (
        select(Enrolment.id, Person.id, Person.uuid, Person.given_names, Person.first_surname, Person.second_surname, Person.email)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.left_at.is_(None), *conditions)
        .order_by(*by_name(), Enrolment.id)
        .offset(offset)
        .limit(limit)
    )
    return [LearnerRow(row[0], row[1], row[2], full_name(row[3], row[4], row[5]), row[6]) for row in session.execute(statement)]


MOST_GROUPS = 500


def list_groups(session: Session, course_id: int) -> Sequence[Row[int, UUID, str, int]]:
    """List the groups of a course by name, each with how many `members` it has."""
    statement = (
        select(LearnerGroup.id, LearnerGroup.uuid, LearnerGroup.name, func.count(Enrolment.id).label("members"))
        .outerjoin(GroupMember, GroupMember.group_id == LearnerGroup.id)
        .outerjoin(Enrolment, (Enrolment.id == GroupMember.enrolment_id) & Enrolment.left_at.is_(None))
        .where(LearnerGroup.course_id == course_id, LearnerGroup.former_name.is_(None))
        .group_by(LearnerGroup.id, LearnerGroup.uuid, LearnerGroup.name)
        .order_by(func.lower(LearnerGroup.name), LearnerGroup.id)
        .limit(MOST_GROUPS)
    )
    return session.execute(statement).all()


def find_group(session: Session, course_id: int, group: UUID) -> LearnerGroup | None:
    """Return a group of a course by what addresses name it."""
    in_use = (LearnerGroup.course_id == course_id, LearnerGroup.former_name.is_(None))
    return session.scalar(select(LearnerGroup).where(*in_use, LearnerGroup.uuid == group))


def get_group_context(session: Session, actor: Actor, slug: str, group: UUID) -> GroupContext:
    """Return the page context of a group of a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    learner_group = require_found(find_group(session, context.course_id, group))
    return GroupContext(context, learner_group)


def group_name_is_taken(session: Session, course_id: int, name: str) -> bool:
    """Return whether a course has a group of this name, whatever its case."""
    names = session.scalars(select(LearnerGroup.name).where(LearnerGroup.course_id == course_id))
    return name.casefold() in {other.casefold() for other in names}


def get_group_members(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    """Return the page context of all who are in a group: their own record, where they are in it."""
    group_context = get_group_context(session, actor, slug, group)
    mine = (
        select(GroupMember.group_id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(GroupMember.group_id == group_context.group.id, Enrolment.person_id == actor.person_id)
    )
    return GroupMemberContext(group_context.context, group_context.group, actor.person_id if session.scalar(mine) is not None else None)


class GroupInUse(Conflict):
    """Something that was set for a group holds now."""

    message = N_("A quiz override or an announcement that is being sent still uses this group. End it first.")


class GroupNameConflict(Conflict):
    """Two groups of a course would have one name."""

    code = "group_name_taken"
    message = N_("The course already has a group with this name.")


GROUP_GUARDS = HookList[Callable[[Session, LearnerGroup, Collection[int]], None]]("group_guards")
"""Refuse, by a Conflict, to put these takes into a group or to take them out of it."""


def _mind_guards(session: Session, group: LearnerGroup, enrolment_ids: Collection[int]) -> None:
    for guard in GROUP_GUARDS.of(session) if enrolment_ids else ():
        guard(session, group, enrolment_ids)


def make_group(session: Session, actor: Actor, course_id: int, name: str, *, now: datetime) -> LearnerGroup:
    """Add an empty group to a course; raise GroupNameConflict."""
    if group_name_is_taken(session, course_id, name):
        raise GroupNameConflict
    group = LearnerGroup(course_id=course_id, name=name, created_at=now)
    session.add(group)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.GROUP_MADE, group, now=now, name=name)
    return group


def rename_group(session: Session, actor: Actor, group: LearnerGroup, name: str, *, now: datetime) -> None:
    """Give a group another name; raise GroupNameConflict."""
    if name.casefold() != group.name.casefold() and group_name_is_taken(session, group.course_id, name):
        raise GroupNameConflict
    audit.record(session, actor, EnrolmentVerb.GROUP_RENAMED, group, now=now, before=group.name, after=name)
    session.get_one(LearnerGroup, group.id).name = name


def delete_group(session: Session, actor: Actor, group: LearnerGroup, *, now: datetime) -> None:
    """Delete a group, its learners stay in the course; raise GroupInUse where anything that was set for it holds.

    What held for it once still names it: then its row stays under its former name, without members and out of every list.
    """
    if _is_named(session, group, in_force=True):
        raise GroupInUse
    row, members = session.get_one(LearnerGroup, group.id), GroupMember.group_id == group.id
    count = count_rows(session, GroupMember, members)
    audit.record(session, actor, EnrolmentVerb.GROUP_DELETED, row, now=now, course=row.course_id, name=row.name, learners=count)
    session.execute(delete(GroupMember).where(members))
    session.execute(delete(FormerPlace).where(FormerPlace.group_id == group.id))  # nothing asks for them: no selection is of it
    if _is_named(session, group):
        row.former_name, row.name = row.name, str(row.uuid)
    else:
        session.delete(row)


def _is_named(session: Session, group: LearnerGroup, *, in_force: bool = False) -> bool:
    """Return whether a row of any table but its members' names a group, or one that holds; who owns such tables stands on floors above."""
    own = {LearnerGroup.__tablename__, GroupMember.__tablename__, FormerPlace.__tablename__}
    keys = (key for table in LearnerGroup.metadata.tables.values() if table.name not in own for key in table.foreign_keys)
    named = [key.parent for key in keys if key.column.table.name == LearnerGroup.__tablename__]
    holds = {column: column.table.c[column.info[UNTIL]].is_(None) if in_force and UNTIL in column.info else true() for column in named}
    return any(session.scalar(select(column).where(column == group.id, held).limit(1)) is not None for column, held in holds.items())


def add_to_group(session: Session, actor: Actor, group: LearnerGroup, people: Sequence[UUID], *, now: datetime) -> int:
    """Put learners of the group's course into it, and return how many were not in it before; others are passed over.

    The actor's own record is left out (`kernel.own_records`). Raise the Conflict by which a package above refuses one of them.
    """
    within = select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id)
    statement = (
        select(Enrolment.id, Enrolment.person_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Person.uuid.in_(people), Enrolment.course_id == group.course_id, Enrolment.left_at.is_(None), Enrolment.id.not_in(within))
        .order_by(Enrolment.id)
    )
    chosen = session.execute(statement).all()
    fresh = [row for row in chosen if not is_own(actor, row.person_id)]
    if len(fresh) < len(chosen):
        note_left_out(session, actor, group, now=now)
    _mind_guards(session, group, [row.id for row in fresh])
    if fresh:
        session.execute(insert(GroupMember), [{"group_id": group.id, "enrolment_id": row.id, "added_at": now} for row in fresh])
        audit.record(session, actor, EnrolmentVerb.GROUP_CHANGED, group, now=now, added=[row.person_id for row in fresh])
    return len(fresh)


def take_out_of_group(session: Session, actor: Actor, group: LearnerGroup, person: UUID, *, now: datetime) -> None:
    """Take a learner out of a group; a second time changes nothing. Raise the Conflict by which a package above refuses it."""
    theirs = select(GroupMember.enrolment_id).join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
    theirs = theirs.join(Person, Person.id == Enrolment.person_id).where(Person.uuid == person, GroupMember.group_id == group.id)
    _mind_guards(session, group, session.scalars(theirs).all())
    gone = delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.enrolment_id.in_(theirs))
    enrolment_id = session.scalar(gone.returning(GroupMember.enrolment_id))
    if enrolment_id is not None:
        session.add(FormerPlace(enrolment_id=enrolment_id, group_id=group.id, ended_at=now))
        person_id = session.get_one(Enrolment, enrolment_id).person_id
        audit.record(session, actor, EnrolmentVerb.GROUP_CHANGED, group, now=now, removed=[person_id])
