"""Reads and writes invitations to enrol; nothing done for an address depends on whether it has an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from accounts import invitations
from accounts.invitations import InvitationKind
from accounts.models import AccountMerge, Person, RoleGrant
from accounts.people import CONFIRMS_SINCE, confirms_addresses, is_confirmed_condition
from courses.models import Course, CourseStaff
from courses.team import EDITING, may_still_act
from enrolments import editions
from enrolments.access import EnrolmentInvitationContext, InvitedContext
from enrolments.editions import EnrolOutcome
from enrolments.enrolment import enrol
from enrolments.learners import get_learner_context
from enrolments.models import Edition, Enrolment, EnrolmentInvitation, WaitingPlace
from kernel import audit, clock, outbox
from kernel.compiled_statements import compile_once
from kernel.db import UtcDateTime, connection_of, count_rows
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.own_records import note_left_out
from kernel.permissions import Actor, ActorChannel, SiteRole

PORTION = 500
"""Addresses asked for in one statement."""
MOST_OWN = 100
A_DAY = timedelta(days=1)
PersonNumber: TypeAlias = int | ColumnElement[int] | None
INVITATIONS = InvitationKind(EnrolmentInvitation, EnrolmentInvitation.accepted_at, timedelta(days=30))
UNANSWERED = INVITATIONS.unanswered


def is_upheld() -> ColumnElement[bool]:
    """Return the condition that who sent an invitation may still enrol people in its course (spec/security 1.4)."""
    sender = aliased(Person)
    stayed = select(AccountMerge.kept_id).where(AccountMerge.closed_id == EnrolmentInvitation.invited_by).scalar_subquery()
    leads = select(RoleGrant.id).where(RoleGrant.person_id == sender.id, RoleGrant.role == SiteRole.ADMINISTRATOR.value).exists()
    teaches = select(CourseStaff.id).where(
        CourseStaff.person_id == sender.id, CourseStaff.course_id == EnrolmentInvitation.course_id, CourseStaff.role.in_(EDITING)
    )
    statement = select(sender.id).where(sender.id == func.coalesce(stayed, EnrolmentInvitation.invited_by), sender.suspended_at.is_(None))
    return statement.where(or_(leads, teaches.exists())).correlate(EnrolmentInvitation).exists()


def list_taken(session: Session, course_id: int, addresses: Sequence[str], *, now: datetime) -> tuple[set[str], set[str]]:
    """Return which of these addresses take a course, as its list of learners shows them, and which are invited to it.

    Whether others have an account is not looked at.
    """
    enrolled, invited = set[str](), set[str]()
    learners = select(Person.email).join(Enrolment, Enrolment.person_id == Person.id)
    learners = learners.where(Enrolment.course_id == course_id, Enrolment.left_at.is_(None))
    waiting = select(EnrolmentInvitation.email).where(EnrolmentInvitation.course_id == course_id, *INVITATIONS.open_at(now))
    for begin in range(0, len(addresses), PORTION):
        portion = addresses[begin : begin + PORTION]
        enrolled.update(session.scalars(learners.where(Person.email.in_(portion))))
        invited.update(session.scalars(waiting.where(EnrolmentInvitation.email.in_(portion))))
    return enrolled, invited


def list_unanswered(
    session: Session, course_id: int, list_uuid: UUID | None, *, offset: int, limit: int
) -> Sequence[Row[EnrolmentInvitation, str, bool]]:
    """List the invitations of a course, or of one of its lists, that nobody has accepted or withdrawn, the newest first.

    Each comes with the name of its `edition`, if it is for one, and whether it `is_upheld`.
    """
    row = EnrolmentInvitation
    statement = (
        select(row, Edition.name.label("edition"), is_upheld().label("is_upheld"))
        .outerjoin(Edition, Edition.id == row.edition_id)
        .where(row.course_id == course_id, *UNANSWERED)
        .order_by(row.id.desc())
        .offset(offset)
        .limit(limit)
    )
    if list_uuid is not None:
        statement = statement.where(row.list_uuid == list_uuid)
    return session.execute(statement).all()


@dataclass(frozen=True, slots=True)
class InvitationCounts:
    """The number of invitations of a list, of those accepted, of those nobody has answered, and of those without a link yet."""

    sent: int = 0
    accepted: int = 0
    unanswered: int = 0
    unlinked: int = 0


def count_list(session: Session, course_id: int, list_uuid: UUID) -> InvitationCounts:
    """Count the invitations of a list."""
    row = EnrolmentInvitation
    unanswered = row.accepted_at.is_(None) & row.withdrawn_at.is_(None)
    conditions = (row.accepted_at.is_not(None), unanswered, unanswered & row.secret_hash.is_(None))
    counts = (func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in conditions)
    statement = select(func.count(), *counts).select_from(row).where(row.course_id == course_id, row.list_uuid == list_uuid)
    return InvitationCounts(*session.execute(statement).one())


def count_invited_since(session: Session, person_id: int | None, moment: datetime) -> int:
    """Count the addresses that a person invited after a moment."""
    mine = (EnrolmentInvitation.invited_by == person_id, EnrolmentInvitation.invited_at > moment)
    return count_rows(session, EnrolmentInvitation, *mine)


def get_invitation_context(session: Session, actor: Actor, slug: str, invitation: UUID) -> EnrolmentInvitationContext:
    """Return an unanswered invitation of a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    statement = select(EnrolmentInvitation).where(EnrolmentInvitation.course_id == context.course_id, *UNANSWERED)
    row = require_found(session.scalar(statement.where(EnrolmentInvitation.uuid == invitation)))
    return EnrolmentInvitationContext(context, row)


def _addresses_of(person_id: PersonNumber, confirmed: ColumnElement[bool]) -> CompoundSelect[str]:
    """Select the addresses that count as a person's own, those of accounts merged into theirs too (`accounts.people.counts_as_theirs`).

    Two selects, each by an index: with one condition on both tables every person would be read through.
    """
    merged = (
        select(Person.email).join(AccountMerge, AccountMerge.closed_id == Person.id).where(AccountMerge.kept_id == person_id, confirmed)
    )
    return select(Person.email).where(Person.id == person_id, confirmed).union_all(merged)


def is_for(session: Session, person_id: int | None) -> ColumnElement[bool]:
    """Return the condition that an invitation is for a person: for an address of theirs, or used up by them; none that they sent."""
    return _is_for(person_id, is_confirmed_condition(session))


def _is_for(person_id: PersonNumber, confirmed: ColumnElement[bool]) -> ColumnElement[bool]:
    row = EnrolmentInvitation
    return or_(row.email.in_(_addresses_of(person_id, confirmed)), row.accepted_by == person_id) & (row.invited_by != person_id)


_PERSON, _NOW = bindparam("person_id", type_=Integer), bindparam("now", type_=UtcDateTime)
_ANY_ADDRESS = bindparam("any_address", type_=Boolean)
"""Whether addresses count that nobody confirmed."""
_OWN_PENDING = compile_once(
    union_all(
        select(
            literal(True).label("invited"),
            EnrolmentInvitation.id.label("number"),
            Course.slug,
            Course.title,
            Edition.name.label("edition"),
            EnrolmentInvitation.uuid,
            EnrolmentInvitation.expires_at.label("moment"),
        )
        .join(Course, Course.id == EnrolmentInvitation.course_id)
        .outerjoin(Edition, Edition.id == EnrolmentInvitation.edition_id)
        .where(_is_for(_PERSON, or_(Person.email_confirmed_at.is_not(None), _ANY_ADDRESS)))
        .where(*UNANSWERED, EnrolmentInvitation.expires_at > _NOW, is_upheld())
        .where(Course.published_version_id.is_not(None), Course.archived_at.is_(None)),
        select(
            literal(False).label("invited"),
            WaitingPlace.id.label("number"),
            Course.slug,
            Course.title,
            Edition.name.label("edition"),
            Edition.uuid,
            WaitingPlace.since.label("moment"),
        )
        .join(Edition, Edition.id == WaitingPlace.edition_id)
        .join(Course, Course.id == Edition.course_id)
        .where(WaitingPlace.person_id == _PERSON),
    )
    .order_by("number")
    .limit(MOST_OWN)
)


def list_own_pending(session: Session, actor: Actor, *, now: datetime) -> tuple[list[Row[*tuple[Any, ...]]], list[Row[*tuple[Any, ...]]]]:
    """List the open invitations of a person to courses that take people, and their places on waiting lists, in one statement.

    The `uuid` is that of the invitation, or of the edition; the `moment` is when the invitation expires, or since when the person waits.
    """
    values = {"person_id": actor.person_id, "now": now, "any_address": not confirms_addresses(session)}
    rows = connection_of(session).execute(_OWN_PENDING, values).all()
    return [row for row in rows if row.invited], [row for row in rows if not row.invited]


def _invited(session: Session, actor: Actor) -> Select[EnrolmentInvitation, Course, Edition, bool, bool]:
    return (
        select(EnrolmentInvitation, Course, Edition, is_for(session, actor.person_id), is_upheld())
        .join(Course, Course.id == EnrolmentInvitation.course_id)
        .outerjoin(Edition, Edition.id == EnrolmentInvitation.edition_id)
    )


def get_own_invitation(session: Session, actor: Actor, invitation: UUID) -> InvitedContext:
    """Return an invitation as the actor stands before it; raise NotFound."""
    return _get(session, actor, EnrolmentInvitation.uuid == invitation)


def get_by_secret(session: Session, actor: Actor, secret: str) -> InvitedContext:
    """Return the invitation that a link leads to; raise NotFound."""
    return _get(session, actor, INVITATIONS.has_secret(secret))


def _get(session: Session, actor: Actor, condition: ColumnElement[bool]) -> InvitedContext:
    values = require_found(session.execute(_invited(session, actor).where(condition)).one_or_none())
    row, course, edition, mine, upheld = values
    now = clock.now()
    return InvitedContext(
        row,
        course,
        edition,
        is_for_reader=bool(mine),
        is_open=bool(upheld) and INVITATIONS.is_open(row, now),
        is_closed=course.published_version_id is None or course.archived_at is not None or _takes_nobody(edition, now),
    )


def _takes_nobody(edition: Edition | None, now: datetime) -> bool:
    """Return whether an edition is closed or over; whether it is full decides who accepts."""
    return edition is not None and (edition.closed_at is not None or (edition.ends_at is not None and edition.ends_at <= now))


def is_from_administrator(session: Session, invitation: EnrolmentInvitation) -> bool:
    """Return whether an invitation lets somebody sign up where only administrators add people: one of them sent it."""
    return may_still_act(session, invitation.invited_by, invitation.course_id, lambda sender, _role: sender.is_administrator)


def list_signed_up(session: Session, person_id: int, *, now: datetime) -> list[UUID]:
    """List the open invitations with whose links a person asked for the account whose address they have confirmed."""
    statement = select(EnrolmentInvitation.uuid).where(
        is_for(session, person_id), *INVITATIONS.open_at(now), EnrolmentInvitation.signed_up_at.is_not(None)
    )
    return list(session.scalars(statement.order_by(EnrolmentInvitation.id).limit(MOST_OWN)))


def get_to_send(session: Session, invitation_id: int, *, now: datetime) -> tuple[EnrolmentInvitation, Course] | None:
    """Return an invitation with its course, where it is still open and who sent it may still invite."""
    statement = select(EnrolmentInvitation, Course).join(Course, Course.id == EnrolmentInvitation.course_id)
    row = session.execute(statement.where(EnrolmentInvitation.id == invitation_id, *INVITATIONS.open_at(now), is_upheld())).one_or_none()
    return None if row is None else (row[0], row[1])


MOST_A_DAY = 2_000
"""Addresses that a member of a course team invites in a day, in all courses; administrators are not limited."""
MOST_LINKS, MOST_IN_FILE = 500, 5_000
"""Links that are made for one page, or one file."""


class InvitationVerb(audit.Verb):
    """The audit verbs of invitations to enrol."""

    SENT = "enrolment_invitation.sent"
    RENEWED = "enrolment_invitation.renewed"
    LINKS_MADE = "enrolment_invitation.links_made"
    WITHDRAWN = "enrolment_invitation.withdrawn"
    SIGNED_UP = "enrolment_invitation.signed_up", N_("Created an account from an invitation to a course")
    ACCEPTED = "enrolment_invitation.accepted"


class TooManyInvitations(Conflict):
    """A member of a course team would invite more people in a day than one may."""

    message = N_("You can invite %(limit)s people in 24 hours, and %(left)s more now. Send a shorter list, or ask an administrator.")


@dataclass(frozen=True, slots=True)
class InvitationBatch:
    """The course, edition and list for which people are invited together."""

    course_id: int
    edition: Edition | None
    list_uuid: UUID


def require_invitation_quota(session: Session, actor: Actor, count: int, *, now: datetime) -> None:
    """Raise TooManyInvitations where an actor may not invite so many more people today."""
    left = max(MOST_A_DAY - count_invited_since(session, actor.person_id, now - A_DAY), 0)
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
    enrolled, invited = list_taken(session, course.id, list(names), now=now)
    to_invite = {address: name for address, name in names.items() if address not in enrolled | invited}
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
            "expires_at": now + INVITATIONS.life,
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
    return CONFIRMS_SINCE.of(session)() is not None


def _enqueue(session: Session, invitation_id: int, now: datetime) -> None:
    outbox.enqueue(session, "enrolments.send_invitation", {"invitation": invitation_id}, now=now)


def make_secret(session: Session, invitation_id: int, *, mailed_at: datetime | None = None) -> str:
    """Make the secret of an invitation's link, when its mail is written or the link is shown; an earlier one ends."""
    row = session.get_one(EnrolmentInvitation, invitation_id)
    row.mailed_at = mailed_at
    return invitations.make_secret(row)


def renew(session: Session, actor: Actor, invitation: EnrolmentInvitation, *, now: datetime) -> str:
    """Let an invitation last its whole time again, sent by the actor; mail its link, or return the secret where no mail is sent."""
    editions.require_open_course(session, invitation.course_id)
    row = session.get_one(EnrolmentInvitation, invitation.id, with_for_update=True)
    assert actor.person_id is not None
    row.invited_by = actor.person_id
    invitations.renew(INVITATIONS, row, now=now)
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
    of_list = (row.course_id == course_id, row.list_uuid == list_uuid, *INVITATIONS.open_at(now))
    if again:
        session.execute(update(row).where(*of_list).values(secret_hash=None, mailed_at=None))
    unlinked = session.scalars(select(row).where(*of_list, row.secret_hash.is_(None)).order_by(row.id).limit(limit)).all()
    if unlinked:
        course = session.get_one(Course, course_id)
        audit.record(session, actor, InvitationVerb.LINKS_MADE, course, now=now, count=len(unlinked), list=str(list_uuid))
    return [(invitation, make_secret(session, invitation.id)) for invitation in unlinked]


def withdraw(session: Session, actor: Actor, course_id: int, *which: ColumnElement[bool], now: datetime) -> int:
    """Withdraw unanswered invitations of a course; return how many. A second time changes nothing."""
    count = invitations.withdraw(session, INVITATIONS, EnrolmentInvitation.course_id == course_id, *which, now=now)
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
    invited = get_own_invitation(session, actor, invitation)
    if invited.is_for_reader and invited.is_open and not invited.is_closed:
        accept(session, actor, invited, now=now)


def forget_invitations_before(session: Session, moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many."""
    return invitations.forget_before(session, INVITATIONS, moment)


def erase_invitations(session: Session, person: Person, *, now: datetime) -> None:
    """Remove a person's address and name from all invitations to enrol, and withdraw those that are open."""
    invitations.erase(session, INVITATIONS, person, now=now, name="")
