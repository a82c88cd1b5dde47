"""Membership of course teams: add, change, remove, invite. A course that has an owner keeps one."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import find_person_by_email, hash_of
from accounts.rules import DELETED
from courses.audit_verbs import CourseVerb
from courses.models import Course, CourseInvitation, CourseStaff, StaffRole
from courses.permissions import InvitationContext
from courses.queries import team as queries
from courses.queries.catalogue import lock_course
from kernel import audit, outbox
from kernel.errors import N_, Conflict, NotFound
from kernel.permissions import Actor

INVITATION_LIFE = timedelta(days=14)


class LastOwner(Conflict):
    """A course would be left without an owner."""

    code = "last_owner"
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
    if leaving.role == StaffRole.OWNER and queries.count_owners(session, course.id) <= 1:
        raise LastOwner


def add_or_invite(session: Session, actor: Actor, course: Course, email: str, role: StaffRole, *, language: str, now: datetime) -> bool:
    """Add the account with an address to a locked course's team, or invite the address; return whether there was an account.

    A new invitation replaces an earlier one to the same address. Its link goes out by mail; see `secret_to_hand_over`.
    """
    person = find_person_by_email(session, email)
    if person is not None and person.email_confirmed_at is not None:
        add_staff(session, actor, course, person.id, role, now=now)
        return True
    session.execute(
        update(CourseInvitation).where(*queries.is_open(course.id, now), CourseInvitation.email == email).values(withdrawn_at=now)
    )
    row = CourseInvitation(
        course_id=course.id,
        email=email,
        role=role.value,
        language=language,
        invited_by=actor.person_id,
        invited_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    session.add(row)
    session.flush()  # the job and the audit entry name it
    audit.record(session, actor, CourseVerb.STAFF_INVITED, course, now=now, invitation=row.id, role=role.value)
    outbox.enqueue(session, "courses.send_invitation", {"invitation": row.id}, now=now)
    return False


def secret_to_hand_over(session: Session, course: Course, email: str, *, now: datetime) -> str:
    """Return the secret of the open invitation to an address, for who invited and hands the link over where no mail is sent."""
    row = session.scalars(select(CourseInvitation).where(*queries.is_open(course.id, now), CourseInvitation.email == email)).one()
    return make_secret(session, row.id)


def make_secret(session: Session, invitation_id: int) -> str:
    """Make the secret of an invitation's link, when its mail is written; an earlier one ends."""
    secret = secrets.token_urlsafe(32)
    session.get_one(CourseInvitation, invitation_id).secret_hash = hash_of(secret)
    return secret


def withdraw_invitation(session: Session, actor: Actor, course: Course, invitation: CourseInvitation, *, now: datetime) -> None:
    """Take an invitation back; a second time changes nothing."""
    if invitation.withdrawn_at is None and invitation.used_at is None:
        session.get_one(CourseInvitation, invitation.id).withdrawn_at = now
        audit.record(session, actor, CourseVerb.INVITATION_WITHDRAWN, course, now=now, invitation=invitation.id)


def accept_invitation(session: Session, actor: Actor, invited: InvitationContext, *, now: datetime) -> None:
    """Join a course's team with an invitation, which is used up; who is in the team with more stays so. Raise NotFound where it is gone."""
    assert actor.person_id is not None
    course = lock_course(session, invited.course_id)
    open_one = (CourseInvitation.id == invited.invitation_id, *queries.is_open(course.id, now))
    used = session.execute(update(CourseInvitation).where(*open_one).values(used_at=now).returning(CourseInvitation)).scalar_one_or_none()
    if used is None or not queries.is_still_authorised(session, used):
        raise NotFound
    present = session.scalar(select(CourseStaff.role).where(CourseStaff.course_id == course.id, CourseStaff.person_id == actor.person_id))
    if present is None or queries.RANKS[StaffRole(present)] < queries.RANKS[invited.role]:
        add_staff(session, actor, course, actor.person_id, invited.role, now=now)


def transfer_team_membership(session: Session, actor: Actor, context: CourseStaff, taker: int, *, now: datetime) -> None:
    """Transfer a person's team membership to another; a member with a higher role keeps it."""
    course = session.get_one(Course, context.course_id)
    present = session.scalar(select(CourseStaff.role).where(CourseStaff.course_id == course.id, CourseStaff.person_id == taker))
    if present is None or queries.RANKS[StaffRole(present)] < queries.RANKS[StaffRole(context.role)]:
        add_staff(session, actor, course, taker, StaffRole(context.role), now=now)
        session.flush()  # an owner may be counted
    remove_staff(session, actor, course, context.person_id, now=now)


def follow_address(session: Session, old: str, new: str) -> None:
    """Move the invitations that a person accepted to their new address, so that they are found and erased with the account.

    An open one was for the address: its later owner may accept it, nobody else.
    """
    session.execute(update(CourseInvitation).where(CourseInvitation.email == old, CourseInvitation.used_at.is_not(None)).values(email=new))


def forget_invitations_before(session: Session, moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many."""
    return len(session.scalars(delete(CourseInvitation).where(CourseInvitation.expires_at < moment).returning(CourseInvitation.id)).all())


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Remove a person's address from all invitations; the fact of an invitation stays."""
    invited = update(CourseInvitation).where(CourseInvitation.email == person.email)
    session.execute(invited.where(CourseInvitation.used_at.is_(None), CourseInvitation.withdrawn_at.is_(None)).values(withdrawn_at=now))
    session.execute(invited.values(email=f"{person.uuid}{DELETED}"))
