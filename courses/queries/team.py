"""Reading who works on a course, who is invited, and what the audit log says of the course."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, union
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, Person
from accounts.people import AccountVerb, by_name, counts_as_theirs, has_role_condition, hash_of
from courses.models import Course, CourseInvitation, CourseStaff, StaffRole
from courses.permissions import InvitationContext, owns
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor, ActorChannel, SiteRole

EDITING = (StaffRole.OWNER.value, StaffRole.EDITOR.value)
RANKS: Mapping[StaffRole, int] = {StaffRole.GRADER: 1, StaffRole.EDITOR: 2, StaffRole.OWNER: 3}
MOST_STAFF = 500


def list_editors(session: Session, course_id: int) -> Sequence[int]:
    """List the people who may publish a course, by number."""
    statement = select(CourseStaff.person_id).where(CourseStaff.course_id == course_id, CourseStaff.role.in_(EDITING))
    return list(session.scalars(statement.order_by(CourseStaff.person_id).limit(MOST_STAFF)))


def count_owners(session: Session, course_id: int) -> int:
    """Count the owners of a course."""
    statement = select(func.count()).select_from(CourseStaff)
    return session.scalar(statement.where(CourseStaff.course_id == course_id, CourseStaff.role == StaffRole.OWNER.value)) or 0


def may_still_act(session: Session, person_id: int, course_id: int, rule: Callable[[Actor, StaffRole | None], bool]) -> bool:
    """Return whether a person who made a request may still act in a course, by their present role (spec/security 1.4).

    A suspended account may do nothing; a merged one what the remaining account may.
    """
    stayed = select(AccountMerge.kept_id).where(AccountMerge.closed_id == person_id).scalar_subquery()
    row = session.execute(
        select(Person.id, has_role_condition(SiteRole.ADMINISTRATOR).label("leads"), CourseStaff.role)
        .outerjoin(CourseStaff, (CourseStaff.person_id == Person.id) & (CourseStaff.course_id == course_id))
        .where(Person.id == func.coalesce(stayed, person_id), Person.suspended_at.is_(None))
    ).one_or_none()
    if row is None:
        return False
    actor = Actor(person_id=row.id, roles=frozenset({SiteRole.ADMINISTRATOR} if row.leads else ()), via=ActorChannel.JOB)
    return rule(actor, StaffRole(row.role) if row.role else None)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a course team."""

    uuid: UUID
    name: str
    email: str
    role: str
    since: datetime


def list_members(session: Session, course_id: int) -> list[Member]:
    """List a course's team, by name."""
    statement = (
        select(CourseStaff, Person)
        .join(Person, Person.id == CourseStaff.person_id)
        .where(CourseStaff.course_id == course_id)
        .order_by(*by_name(), CourseStaff.id)
        .limit(MOST_STAFF)
    )
    return [Member(person.uuid, person.full_name, person.email, staff.role, staff.since) for staff, person in session.execute(statement)]


def get_member_id(session: Session, course_id: int, person: UUID) -> int:
    """Return the id of a member of a course team; raise NotFound."""
    statement = select(Person.id).join(CourseStaff, CourseStaff.person_id == Person.id)
    person_id = session.scalar(statement.where(Person.uuid == person, CourseStaff.course_id == course_id))
    if person_id is None:
        raise NotFound
    return person_id


def is_open(course_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what selects the invitations of a course that can still be accepted."""
    waits = (CourseInvitation.used_at.is_(None), CourseInvitation.withdrawn_at.is_(None), CourseInvitation.expires_at > now)
    return (CourseInvitation.course_id == course_id, *waits)


def list_invitations(session: Session, course_id: int, *, now: datetime) -> list[CourseInvitation]:
    """List who is invited into a course's team and has not answered."""
    return list(session.scalars(select(CourseInvitation).where(*is_open(course_id, now)).order_by(CourseInvitation.id).limit(MOST_STAFF)))


def find_invitation(session: Session, course_id: int, invitation: UUID) -> CourseInvitation:
    """Return an invitation of a course; raise NotFound."""
    row = session.scalar(select(CourseInvitation).where(CourseInvitation.course_id == course_id, CourseInvitation.uuid == invitation))
    if row is None:
        raise NotFound
    return row


def get_invitation(session: Session, invitation_id: int) -> tuple[CourseInvitation, Course]:
    """Return an invitation that is known to exist, with its course."""
    row = session.get_one(CourseInvitation, invitation_id)
    return row, session.get_one(Course, row.course_id)


def is_still_authorised(session: Session, invitation: CourseInvitation) -> bool:
    """Say whether who invited may still decide on the team; what the command line invited is upheld."""
    by = invitation.invited_by
    return by is None or may_still_act(session, by, invitation.course_id, owns)


def is_expired_condition(session: Session, invitations: Collection[CourseInvitation]) -> set[UUID]:
    """Return which of a course's invitations are upheld no more; one statement for each who invited."""
    of_each = {invitation.invited_by: invitation for invitation in invitations}
    gone = {by for by, invitation in of_each.items() if not is_still_authorised(session, invitation)}
    return {invitation.uuid for invitation in invitations if invitation.invited_by in gone}


def get_invited(session: Session, actor: Actor, secret: str) -> InvitationContext:
    """Return an invitation by its link's secret; raise NotFound where it cannot be accepted any more, SignInNeeded for the anonymous."""
    if actor.is_anonymous:
        raise SignInNeeded
    now = clock.now()
    row = session.execute(
        select(CourseInvitation, Course, Person)
        .join(Course, Course.id == CourseInvitation.course_id)
        .join(Person, Person.id == actor.person_id)
        .where(CourseInvitation.secret_hash == hash_of(secret))
    ).one_or_none()
    if row is None:
        raise NotFound
    invitation, course, person = row
    is_over = invitation.used_at is not None or invitation.withdrawn_at is not None or invitation.expires_at <= now
    if is_over or not is_still_authorised(session, invitation):
        raise NotFound
    is_mine = person.email == invitation.email and counts_as_theirs(session, person)
    return InvitationContext(invitation.id, course.id, course.title, course.slug, StaffRole(invitation.role), is_mine)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An act in a course's log; `by` is empty where the system or the command line did it."""

    at: datetime
    by: str
    verb: str
    facts: Mapping[str, object]
    person: str
    """The name of the person whom the facts speak of, where they do."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A package's addition to the course log: which entries belong to a course, and the sentence for each verb."""

    entries: Callable[[int], Sequence[ColumnElement[bool]]]
    sentences: Mapping[str, Callable[[LogEntry], str]]


def list_log(session: Session, course_id: int, parts: Sequence[LogPart], *, offset: int, limit: int) -> list[LogEntry]:
    """List what the audit log says of a course and of what belongs to it, the newest first."""
    begun = select(Course.created_at).where(Course.id == course_id).scalar_subquery()  # the number of a deleted one may be given again
    own = (AuditEntry.subject_kind == Course.__tablename__) & (AuditEntry.subject_id == course_id) & (AuditEntry.at >= begun)
    own &= AuditEntry.verb != AccountVerb.LIST_LOOKED_AT.value  # told to those who stand in the list
    conditions = [own, *(condition for part in parts for condition in part.entries(course_id))]
    entries = union(*(select(AuditEntry.id).where(condition) for condition in conditions)).subquery()
    statement = select(AuditEntry).where(AuditEntry.id.in_(select(entries.c.id))).order_by(AuditEntry.id.desc())
    return log_entries(session, session.scalars(statement.offset(offset).limit(limit)))


def find_last_entry(session: Session, course_id: int, verb: str) -> LogEntry | None:
    """Return the last thing of a kind that was done to a course."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.subject_kind == Course.__tablename__, AuditEntry.subject_id == course_id, AuditEntry.verb == verb)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return next(iter(log_entries(session, session.scalars(statement))), None)


def log_entries(session: Session, entries: Iterable[AuditEntry]) -> list[LogEntry]:
    """Return entries of the audit log with the names of those who acted and of whom their facts speak."""
    rows = [(row, json.loads(row.facts)) for row in entries]
    person_ids = {number for row, facts in rows for number in (row.actor_id, facts.get("person")) if isinstance(number, int)}
    people = session.scalars(select(Person).where(Person.id.in_(person_ids))) if person_ids else ()
    names = {person.id: person.full_name for person in people}
    return [
        LogEntry(row.at, names.get(row.actor_id or 0, ""), row.verb, facts, names.get(facts.get("person", 0), "")) for row, facts in rows
    ]
