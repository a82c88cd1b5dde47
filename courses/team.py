"""Reads and writes the members of course teams and the invitations into them; a course that has an owner keeps one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from accounts import invitations
from accounts.invitations import InvitationKind
from accounts.models import AccountMerge, Person
from accounts.people import by_name, counts_as_theirs, find_person_by_email, has_role_condition
from courses.access import InvitationContext, edits, owns
from courses.audit_verbs import CourseVerb
from courses.catalogue import lock_course
from courses.models import Course, CourseInvitation, CourseStaff, StaffRole
from kernel import audit, clock, outbox
from kernel.db import HookList, count_rows
from kernel.errors import N_, Conflict, NotFound, SignInNeeded, require_found
from kernel.permissions import Actor, ActorChannel, SiteRole
from kernel.personal import PersonalTables, of, own_rows

EDITING = (StaffRole.OWNER.value, StaffRole.EDITOR.value)
RANKS: Mapping[StaffRole, int] = {StaffRole.GRADER: 1, StaffRole.EDITOR: 2, StaffRole.OWNER: 3}
MOST_STAFF = 500


@dataclass(frozen=True, slots=True)
class TeamPage:
    """An entry of the navigation of a course's team, for those of the team whom `is_for` admits; the bar has them by position."""

    endpoint: str
    title: str
    position: int
    is_for: Callable[[Actor, StaffRole | None], bool] = edits
    below: str = ""
    """The pages that belong to it besides its own, with spaces between: endpoints, and blueprints with all that has no entry of its own."""
    needs_version: bool = False
    """It exists once the course is published."""


TEAM_PAGES = HookList[TeamPage]("team_pages")
"""Gives the entries of the navigation of a course's team."""
PAGES_BELOW = HookList[tuple[str, str]]("pages_below")
"""Gives further pages below an entry of another package: its endpoint, and their names as in `TeamPage.below`."""


def works_on_a_course() -> ColumnElement[bool]:
    """Return the condition that a person of the statement is in the team of any course, or may make courses."""
    return or_(exists().where(CourseStaff.person_id == Person.id), has_role_condition(SiteRole.INSTRUCTOR))


def list_editors(session: Session, course_id: int) -> Sequence[int]:
    """List the people who may publish a course, by number."""
    statement = select(CourseStaff.person_id).where(CourseStaff.course_id == course_id, CourseStaff.role.in_(EDITING))
    return list(session.scalars(statement.order_by(CourseStaff.person_id).limit(MOST_STAFF)))


def count_owners(session: Session, course_id: int) -> int:
    """Count the owners of a course."""
    return count_rows(session, CourseStaff, CourseStaff.course_id == course_id, CourseStaff.role == StaffRole.OWNER.value)


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


def list_members(session: Session, course_id: int) -> Sequence[Row[CourseStaff, Person]]:
    """List a course's team, by name."""
    statement = (
        select(CourseStaff, Person)
        .join(Person, Person.id == CourseStaff.person_id)
        .where(CourseStaff.course_id == course_id)
        .order_by(*by_name(), CourseStaff.id)
        .limit(MOST_STAFF)
    )
    return session.execute(statement).all()


def get_member_id(session: Session, course_id: int, person: UUID) -> int:
    """Return the id of a member of a course team; raise NotFound."""
    statement = select(Person.id).join(CourseStaff, CourseStaff.person_id == Person.id)
    return require_found(session.scalar(statement.where(Person.uuid == person, CourseStaff.course_id == course_id)))


TEAM_INVITATIONS = InvitationKind(CourseInvitation, CourseInvitation.used_at, timedelta(days=14))


def is_open(course_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on the invitations of a course that can still be accepted."""
    return (CourseInvitation.course_id == course_id, *TEAM_INVITATIONS.open_at(now))


def list_invitations(session: Session, course_id: int, *, now: datetime) -> list[CourseInvitation]:
    """List who is invited into a course's team and has not answered."""
    return list(session.scalars(select(CourseInvitation).where(*is_open(course_id, now)).order_by(CourseInvitation.id).limit(MOST_STAFF)))


def find_invitation(session: Session, course_id: int, invitation: UUID) -> CourseInvitation:
    """Return an invitation of a course; raise NotFound."""
    return require_found(
        session.scalar(select(CourseInvitation).where(CourseInvitation.course_id == course_id, CourseInvitation.uuid == invitation))
    )


def get_invitation(session: Session, invitation_id: int) -> tuple[CourseInvitation, Course]:
    """Return an invitation that is known to exist, with its course."""
    row = session.get_one(CourseInvitation, invitation_id)
    return row, session.get_one(Course, row.course_id)


def is_still_authorised(session: Session, invitation: CourseInvitation) -> bool:
    """Return whether who invited may still decide on the team; what the command line invited is upheld."""
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
    row = require_found(
        session.execute(
            select(CourseInvitation, Course, Person)
            .join(Course, Course.id == CourseInvitation.course_id)
            .join(Person, Person.id == actor.person_id)
            .where(TEAM_INVITATIONS.has_secret(secret))
        ).one_or_none()
    )
    invitation, course, person = row
    if not TEAM_INVITATIONS.is_open(invitation, now) or not is_still_authorised(session, invitation):
        raise NotFound
    is_mine = person.email == invitation.email and counts_as_theirs(session, person)
    return InvitationContext(
        invitation.id, course.id, course.title, slug=course.slug, role=StaffRole(invitation.role), is_for_reader=is_mine
    )


class LastOwner(Conflict):
    """A course would be left without an owner."""

    message = N_("The course needs an owner. Make someone else its owner first.")


def add_staff(session: Session, actor: Actor, course: Course, person_id: int, role: StaffRole, *, now: datetime) -> None:
    """Add a person to a course team, or change their role in it; raise LastOwner."""
    present = session.scalar(select(CourseStaff).where(CourseStaff.course_id == course.id, CourseStaff.person_id == person_id))
    before = present.role if present is not None else None
    if before == role:
        return
    if present is None:
        session.add(CourseStaff(course_id=course.id, person_id=person_id, role=role.value, since=now))
    else:
        _keep_an_owner(session, course, present)
        present.role = role.value
    audit.record(session, actor, CourseVerb.STAFF_ADDED, course, now=now, person=person_id, role=role.value, before=before)


def remove_staff(session: Session, actor: Actor, course: Course, person_id: int, *, now: datetime) -> None:
    """Remove a person from a locked course's team; a second time changes nothing. Raise LastOwner."""
    present = session.scalar(select(CourseStaff).where(CourseStaff.course_id == course.id, CourseStaff.person_id == person_id))
    if present is None:
        return
    _keep_an_owner(session, course, present)
    session.execute(delete(CourseStaff).where(CourseStaff.id == present.id))
    audit.record(session, actor, CourseVerb.STAFF_REMOVED, course, now=now, person=person_id, before=present.role)


def _keep_an_owner(session: Session, course: Course, leaving: CourseStaff) -> None:
    if leaving.role == StaffRole.OWNER and count_owners(session, course.id) <= 1:
        raise LastOwner


def add_or_invite(session: Session, actor: Actor, course: Course, email: str, role: StaffRole, *, language: str, now: datetime) -> bool:
    """Add the account with an address to a locked course's team, or invite the address; return whether there was an account.

    A new invitation replaces an earlier one to the same address. Its link goes out by mail; see `secret_to_hand_over`.
    """
    person = find_person_by_email(session, email)
    if person is not None and person.email_confirmed_at is not None:
        add_staff(session, actor, course, person.id, role, now=now)
        return True
    session.execute(update(CourseInvitation).where(*is_open(course.id, now), CourseInvitation.email == email).values(withdrawn_at=now))
    row = CourseInvitation(
        course_id=course.id,
        email=email,
        role=role.value,
        language=language,
        invited_by=actor.person_id,
        invited_at=now,
        expires_at=now + TEAM_INVITATIONS.life,
    )
    session.add(row)
    session.flush()  # the job and the audit entry name it
    audit.record(session, actor, CourseVerb.STAFF_INVITED, course, now=now, invitation=row.id, role=role.value)
    outbox.enqueue(session, "courses.send_invitation", {"invitation": row.id}, now=now)
    return False


def secret_to_hand_over(session: Session, course: Course, email: str, *, now: datetime) -> str:
    """Return the secret of the open invitation to an address, for who invited and hands the link over where no mail is sent."""
    row = session.scalars(select(CourseInvitation).where(*is_open(course.id, now), CourseInvitation.email == email)).one()
    return invitations.make_secret(row)


def withdraw_invitation(session: Session, actor: Actor, course: Course, invitation: CourseInvitation, *, now: datetime) -> None:
    """Take an invitation back; a second time changes nothing."""
    if invitations.withdraw(session, TEAM_INVITATIONS, CourseInvitation.id == invitation.id, now=now):
        audit.record(session, actor, CourseVerb.INVITATION_WITHDRAWN, course, now=now, invitation=invitation.id)


def accept_invitation(session: Session, actor: Actor, invited: InvitationContext, *, now: datetime) -> None:
    """Join a course's team with an invitation, which is used up; who is in the team with more stays so. Raise NotFound where it is gone."""
    assert actor.person_id is not None
    course = lock_course(session, invited.course_id)
    open_one = (CourseInvitation.id == invited.invitation_id, *is_open(course.id, now))
    used = session.execute(update(CourseInvitation).where(*open_one).values(used_at=now).returning(CourseInvitation)).scalar_one_or_none()
    if used is None or not is_still_authorised(session, used):
        raise NotFound
    present = session.scalar(select(CourseStaff.role).where(CourseStaff.course_id == course.id, CourseStaff.person_id == actor.person_id))
    if present is None or RANKS[StaffRole(present)] < RANKS[invited.role]:
        add_staff(session, actor, course, actor.person_id, invited.role, now=now)


def transfer_team_membership(session: Session, actor: Actor, context: CourseStaff, taker: int, *, now: datetime) -> None:
    """Transfer a person's team membership to another; a member with a higher role keeps it."""
    course = session.get_one(Course, context.course_id)
    present = session.scalar(select(CourseStaff.role).where(CourseStaff.course_id == course.id, CourseStaff.person_id == taker))
    if present is None or RANKS[StaffRole(present)] < RANKS[StaffRole(context.role)]:
        add_staff(session, actor, course, taker, StaffRole(context.role), now=now)
        session.flush()  # an owner may be counted
    remove_staff(session, actor, course, context.person_id, now=now)


def transfer_team_memberships(session: Session, actor: Actor, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays the memberships of the one that closes."""
    for context in session.scalars(select(CourseStaff).where(CourseStaff.person_id == closed.id)).all():
        transfer_team_membership(session, actor, context, remaining.id, now=now)


def follow_address(session: Session, old: str, new: str) -> None:
    """Move the invitations that a person accepted to their new address, so that they are found and erased with the account.

    An open one was for the address: its later owner may accept it, nobody else.
    """
    session.execute(update(CourseInvitation).where(CourseInvitation.email == old, CourseInvitation.used_at.is_not(None)).values(email=new))


def forget_invitations_before(session: Session, moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many."""
    return invitations.forget_before(session, TEAM_INVITATIONS, moment)


def select_own_data(person_id: int) -> PersonalTables:
    """Return in which teams somebody is, and to which they were invited, a statement a table."""
    course, mine = of(Course, course="slug"), CourseStaff.person_id == person_id
    invited = (*course, *of(CourseInvitation, "role invited_at used_at"))
    to_them = own_rows(CourseInvitation, Course, columns=invited, mine=Person.id == person_id)
    return {
        "invitations": to_them.join(Person, Person.email == CourseInvitation.email),
        "teams": own_rows(CourseStaff, Course, columns=(*course, *of(CourseStaff, "role since")), mine=mine),
    }


def erase_invitations(session: Session, person: Person, *, now: datetime) -> None:
    """Remove a person's address from all invitations; the fact of an invitation stays."""
    invitations.erase(session, TEAM_INVITATIONS, person, now=now)
