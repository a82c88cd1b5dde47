"""Verbs of invitations to enrol: send, renew, withdraw, accept. What they do for an address never depends on whether it has an account."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import hash_of
from accounts.rules import DELETED
from courses.models import Course
from enrolments.models import Edition, EnrolmentInvitation
from enrolments.permissions import InvitedContext
from enrolments.queries import invitations as queries
from enrolments.queries.learning import get_learner_context
from enrolments.services import editions
from enrolments.services.editions import EnrolOutcome
from enrolments.services.learning import enrol
from kernel import audit, outbox
from kernel.errors import N_, Conflict, NotFound
from kernel.own_records import note_left_out
from kernel.permissions import Actor, ActorChannel

INVITATION_LIFE = timedelta(days=30)
MOST_A_DAY = 2_000
"""Addresses that a member of a course team invites in a day, in all courses; administrators are not limited."""
MOST_LINKS, MOST_IN_FILE = 500, 5_000
"""Links that are made for one page, or one file."""


class InvitationVerb(StrEnum):
    """The audit verbs of invitations to enrol."""

    SENT = "enrolment_invitation.sent"
    RENEWED = "enrolment_invitation.renewed"
    LINKS_MADE = "enrolment_invitation.links_made"
    WITHDRAWN = "enrolment_invitation.withdrawn"
    SIGNED_UP = "enrolment_invitation.signed_up"
    ACCEPTED = "enrolment_invitation.accepted"


class TooManyInvitations(Conflict):
    """A member of a course team would invite more people in a day than one may."""

    code = "too_many_invitations"
    message = N_("You can invite %(limit)s people in 24 hours, and %(left)s more now. Send a shorter list, or ask an administrator.")


@dataclass(frozen=True, slots=True)
class InvitationBatch:
    """The course, edition and list for which people are invited together."""

    course_id: int
    edition: Edition | None
    list_uuid: UUID


def require_invitation_quota(session: Session, actor: Actor, count: int, *, now: datetime) -> None:
    """Raise TooManyInvitations where an actor may not invite so many more people today."""
    left = max(MOST_A_DAY - queries.count_invited_since(session, actor.person_id, now - queries.A_DAY), 0)
    if count > left and not actor.is_administrator:
        raise TooManyInvitations(limit=MOST_A_DAY, left=left)


def invite(session: Session, actor: Actor, batch: InvitationBatch, names: Mapping[str, str], *, now: datetime) -> int:
    """Invite some hundreds of addresses at most, given with names, to a published course; return how many are new.

    Those who take the course or are invited already stay as they are; the actor's own address is left out.
    Where mail is sent, each gets the same message.
    """
    editions.require_open_course(session, batch.course_id)
    course = session.get_one(Course, batch.course_id, with_for_update=True)  # one open invitation for each address
    sender = session.get_one(Person, actor.person_id)
    taken = queries.list_taken(session, course.id, list(names), now=now)
    to_invite = {address: name for address, name in names.items() if address not in taken.enrolled and address not in taken.invited}
    if to_invite.pop(sender.email, None) is not None:
        note_left_out(session, actor, batch.edition or course, now=now)
    if not to_invite:
        return 0
    rows = [
        {
            "course_id": course.id,
            "edition_id": batch.edition.id if batch.edition else None,
            "list_uuid": batch.list_uuid,
            "email": address,
            "name": name,
            "language": sender.language,
            "invited_by": sender.id,
            "invited_at": now,
            "expires_at": now + INVITATION_LIFE,
        }
        for address, name in to_invite.items()
    ]
    made = session.scalars(insert(EnrolmentInvitation).returning(EnrolmentInvitation.id), rows).all()
    facts = {"count": len(rows), "edition": rows[0]["edition_id"], "list": str(batch.list_uuid)}
    audit.record(session, actor, InvitationVerb.SENT, course, now=now, **facts)
    for invitation_id in made if _sends_mail(session) else ():
        _enqueue(session, invitation_id, now)
    return len(rows)


def _sends_mail(session: Session) -> bool:
    return session.info["confirms_since"]() is not None


def _enqueue(session: Session, invitation_id: int, now: datetime) -> None:
    outbox.enqueue(session, "enrolments.send_invitation", {"invitation": invitation_id}, now=now)


def make_secret(session: Session, invitation_id: int) -> str:
    """Make the secret of an invitation's link, when its mail is written or the link is shown; an earlier one ends."""
    secret = secrets.token_urlsafe(32)
    session.get_one(EnrolmentInvitation, invitation_id).secret_hash = hash_of(secret)
    return secret


def renew(session: Session, actor: Actor, invitation: EnrolmentInvitation, *, now: datetime) -> str:
    """Let an invitation last its whole time again, sent by the actor; mail its link, or return the secret where no mail is sent."""
    editions.require_open_course(session, invitation.course_id)
    row = session.get_one(EnrolmentInvitation, invitation.id, with_for_update=True)
    assert actor.person_id is not None
    row.invited_by, row.invited_at, row.expires_at = actor.person_id, now, now + INVITATION_LIFE
    audit.record(session, actor, InvitationVerb.RENEWED, session.get_one(Course, row.course_id), now=now, invitation=row.id)
    if not _sends_mail(session):
        return make_secret(session, row.id)
    _enqueue(session, row.id, now)
    return ""


def make_links(
    session: Session, actor: Actor, course_id: int, list_uuid: UUID, *, again: bool = False, limit: int = MOST_LINKS, now: datetime
) -> list[tuple[EnrolmentInvitation, str]]:
    """Make links for the invitations of a list that have none yet, some at a time, to be handed over; `again`: for all of them."""
    row = EnrolmentInvitation
    of_list = (row.course_id == course_id, row.list_uuid == list_uuid, *queries.is_open(now))
    if again:
        session.execute(update(row).where(*of_list).values(secret_hash=None))
    unlinked = session.scalars(select(row).where(*of_list, row.secret_hash.is_(None)).order_by(row.id).limit(limit)).all()
    if unlinked:
        course = session.get_one(Course, course_id)
        audit.record(session, actor, InvitationVerb.LINKS_MADE, course, now=now, count=len(unlinked), list=str(list_uuid))
    return [(invitation, make_secret(session, invitation.id)) for invitation in unlinked]


def withdraw(session: Session, actor: Actor, course_id: int, *which: ColumnElement[bool], now: datetime) -> int:
    """Withdraw unanswered invitations of a course; return how many. A second time changes nothing."""
    ended = update(EnrolmentInvitation).where(EnrolmentInvitation.course_id == course_id, *queries.UNANSWERED, *which)
    count = len(session.scalars(ended.values(withdrawn_at=now).returning(EnrolmentInvitation.id)).all())
    if count:
        audit.record(session, actor, InvitationVerb.WITHDRAWN, session.get_one(Course, course_id), now=now, count=count)
    return count


def record_sign_up(session: Session, actor: Actor, invitation: EnrolmentInvitation, *, now: datetime) -> None:
    """Note that an account was asked for with an invitation's link: confirming the address accepts it. The course team does not see it."""
    row = session.get_one(EnrolmentInvitation, invitation.id)
    row.signed_up_at = row.signed_up_at or now
    audit.record(session, actor, InvitationVerb.SIGNED_UP, row, now=now)


def accept(session: Session, actor: Actor, invited: InvitedContext, *, now: datetime) -> EnrolOutcome:
    """Enrol the invited person, or put them on the waiting list of a full edition; a second time changes nothing.

    Raise NotFound where the invitation is over, Conflict where the course or the edition is closed.
    """
    assert actor.person_id is not None
    row = session.get_one(EnrolmentInvitation, invited.invitation.id, with_for_update=True)
    if row.accepted_by == actor.person_id:
        return EnrolOutcome.ENROLLED
    if not invited.is_open or row.accepted_at is not None or row.withdrawn_at is not None:
        raise NotFound
    _course, version_id = editions.require_open_course(session, row.course_id)
    if invited.is_closed:
        raise Conflict(N_("Enrolment is closed."))
    row.accepted_at, row.accepted_by, row.email, row.name = now, actor.person_id, "", ""
    audit.record(session, actor, InvitationVerb.ACCEPTED, invited.course, now=now, person=actor.person_id)
    if invited.edition is not None:
        return editions.join(session, actor, invited.edition, version_id, now=now)
    enrol(session, actor, get_learner_context(session, actor, invited.course.slug), now=now)
    return EnrolOutcome.ENROLLED


def accept_at_confirmation(session: Session, person_id: int, invitation: UUID, *, now: datetime) -> None:
    """Accept the invitation with whose link a person asked for the account that they have confirmed; where it cannot be, it stays."""
    actor = Actor(person_id=person_id, via=ActorChannel.JOB)
    invited = queries.get_own_invitation(session, actor, invitation)
    if invited.is_for_reader and invited.is_open and not invited.is_closed:
        accept(session, actor, invited, now=now)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many."""
    gone = delete(EnrolmentInvitation).where(EnrolmentInvitation.expires_at < moment)
    return len(session.scalars(gone.returning(EnrolmentInvitation.id)).all())


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Remove a person's address and name from all invitations to enrol, and withdraw those that are open."""
    row = EnrolmentInvitation
    session.execute(update(row).where(row.email == person.email, *queries.UNANSWERED).values(withdrawn_at=now))
    session.execute(update(row).where(row.email == person.email).values(email=f"{person.uuid}{DELETED}", name=""))
