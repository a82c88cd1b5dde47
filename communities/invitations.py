"""Invitations to communities: lists judged, invitations sent at a pace or handed over, accepted, declined, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, insert, literal, not_, or_, select, true, update
from sqlalchemy.orm import Session

from accounts import invitations
from accounts.invitations import InvitationKind
from accounts.models import AccountMerge, Person
from accounts.people import CONFIRMS_SINCE, is_confirmed_condition
from communities import acts, communities, space, standing
from communities.communities import Endings, notify_of_end
from communities.members import MemberVerb, add_member
from communities.models import PRESENT, Community, CommunityInvitation, CommunityMember, CommunityState
from communities.space import CommunityInvitationContext, CommunityInvitedContext
from kernel import clock, outbox
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.i18n import _, in_every_language
from kernel.left_out import LineFault
from kernel.permissions import Actor
from kernel.personal import PersonalTables
from organisations.address_lists import ListedAddress, clean_list
from spaces.acts import SpaceAct

INVITATIONS = InvitationKind(CommunityInvitation, CommunityInvitation.accepted_at, timedelta(days=30))
MOST_ADDRESSES = 2_000
MOST_TIMES = 3
"""Times that a link is made for one address: the first, and two repeated."""
AN_HOUR = 200
"""Mails of one community in an hour."""
PORTION = 500
SEND = "communities.send_invitation"
INVITATION_ENDED: Endings = (N_("Your invitation ended: %(name)s"), N_("Your invitation to a community ended"))


class TooManyToInvite(Invalid):
    """A list has more addresses than one takes."""

    message = N_("The list has %(count)s addresses; the limit is %(limit)s.")


class RepeatedEnough(Conflict):
    """An invitation was repeated twice."""

    message = N_("An invitation is repeated twice at most. It can be withdrawn.")


@dataclass(frozen=True, slots=True)
class InvitationListCheck:
    """A list of addresses, judged: those to invite, of members, banned or invited already, and faults by line."""

    to_invite: tuple[ListedAddress, ...]
    members: tuple[ListedAddress, ...]
    banned: tuple[ListedAddress, ...]
    invited: tuple[ListedAddress, ...]
    faults: tuple[LineFault, ...]


def check_list(session: Session, actor: Actor, community_id: int, entries: Sequence[ListedAddress]) -> InvitationListCheck:
    """Compare a list with the members of a community and those invited to it; nothing is written. Raise TooManyToInvite.

    Whether an address has an account is not looked at but for those of members and former ones, whom the list of members names.
    """
    if len(entries) > MOST_ADDRESSES:
        raise TooManyToInvite(count=len(entries), limit=MOST_ADDRESSES)
    clean, faults = clean_list(entries)
    own = clean.pop(actor.email, None)
    if own is not None:
        faults.append(LineFault(own.line, own.address, N_("This is your own address.")))
    now, members, banned, invited = clock.now(), set[str](), set[str](), set[str]()
    of_members = (
        select(Person.email, CommunityMember.until, CommunityMember.banned_until)
        .outerjoin(AccountMerge, AccountMerge.closed_id == Person.id)
        .join(CommunityMember, CommunityMember.person_id == func.coalesce(AccountMerge.kept_id, Person.id))
        .where(CommunityMember.community_id == community_id)
    )
    waiting = select(CommunityInvitation.email).where(CommunityInvitation.community_id == community_id, *INVITATIONS.open_at(now))
    addresses = list(clean)
    for begin in range(0, len(addresses), PORTION):
        portion = addresses[begin : begin + PORTION]
        for row in session.execute(of_members.where(Person.email.in_(portion))):
            if row.until is None:
                members.add(row.email)
            elif row.banned_until is not None and row.banned_until > now:
                banned.add(row.email)
        invited.update(session.scalars(waiting.where(CommunityInvitation.email.in_(portion))))
    if hashes := standing.list_banned_hashes(session, community_id, now):
        banned.update(address for address in addresses if hashes.intersection(standing.address_hashes(session, address)))
    if (parent := session.get_one(Community, community_id).parent_id) is not None:
        strangers = set(clean) - _members_among(session, parent, addresses)
        text = N_("This is not the address of a member of the community.")
        faults += (LineFault(clean[address].line, address, text) for address in sorted(strangers))
        clean = {address: entry for address, entry in clean.items() if address not in strangers}

    def of(addresses: set[str]) -> tuple[ListedAddress, ...]:
        return tuple(entry for address, entry in clean.items() if address in addresses)

    return InvitationListCheck(
        of(set(clean) - members - banned - invited),
        of(members),
        of(banned - members),
        invited=of(invited - members - banned),
        faults=tuple(sorted(faults, key=lambda fault: fault.line)),
    )


def _members_among(session: Session, community_id: int, addresses: Sequence[str]) -> set[str]:
    statement = select(Person.email).join(CommunityMember, CommunityMember.person_id == Person.id)
    statement = statement.where(CommunityMember.community_id == community_id, PRESENT)
    portions = (addresses[begin : begin + PORTION] for begin in range(0, len(addresses), PORTION))
    return {email for portion in portions for email in session.scalars(statement.where(Person.email.in_(portion)))}


def invite(
    session: Session, actor: Actor, community: Community, entries: Sequence[ListedAddress], added_text: str, *, by_mail: bool, now: datetime
) -> InvitationListCheck:
    """Invite the addresses of a list that are new; return how it was judged. Those of a draft go out at its activation.

    Raise TooManyToInvite, Conflict where the community is archived.
    """
    act = acts.begin(session, actor, community, now=now)
    row = act.row
    if row.state == CommunityState.ARCHIVED:
        raise Conflict(N_("The community is archived: no one is invited."))
    checked = check_list(session, actor, row.id, entries)
    if checked.to_invite:
        sender = session.get_one(Person, actor.person_id)
        common = {"community_id": row.id, "language": row.language, "added_text": added_text, "invited_by": sender.id, "by_mail": by_mail}
        dates = {"sent": 0, "invited_at": now, "expires_at": now + INVITATIONS.life}
        rows = [{**common, **dates, "email": entry.address, "name": entry.name} for entry in checked.to_invite]
        numbers = sorted(session.scalars(insert(CommunityInvitation).returning(CommunityInvitation.id), rows))
        act.note(MemberVerb.INVITED, count=len(checked.to_invite))
        if row.state == CommunityState.ACTIVE and by_mail:
            _enqueue(session, row.id, numbers, now=now)
    return checked


def send_prepared(session: Session, community_id: int, *, now: datetime) -> None:
    """Enqueue the mails that were prepared in a draft; their days begin now."""
    row = CommunityInvitation
    prepared = (row.community_id == community_id, row.sent == 0, *INVITATIONS.unanswered)
    session.execute(update(row).where(*prepared).values(invited_at=now, expires_at=now + INVITATIONS.life))
    _enqueue(session, community_id, session.scalars(select(row.id).where(*prepared, row.by_mail).order_by(row.id)).all(), now=now)


def _enqueue(session: Session, community_id: int, numbers: Sequence[int], *, now: datetime) -> None:
    """Enqueue mails of a community, so many in an hour, after those that went out lately or wait."""
    if CONFIRMS_SINCE.of(session)() is None or not numbers:
        return
    row = CommunityInvitation
    waits = and_(row.sent == 0, row.id < min(numbers), *INVITATIONS.unanswered)
    before = (row.community_id == community_id, row.by_mail, or_(row.mailed_at > now - timedelta(hours=1), waits))
    begun = count_rows(session, row, *before)
    for ahead, number in enumerate(numbers, start=begun):
        at = now + timedelta(hours=ahead // AN_HOUR)
        outbox.enqueue(session, SEND, {"invitation": number}, now=now, at=at, unique_key=f"{SEND}:{number}:0")


def get_to_send(session: Session, invitation_id: int, *, now: datetime) -> tuple[CommunityInvitation, Community] | None:
    """Return an invitation with its community, where it is still open and its sender still administers it."""
    statement = select(CommunityInvitation, Community).join(Community, Community.id == CommunityInvitation.community_id)
    row = session.execute(statement.where(CommunityInvitation.id == invitation_id, *INVITATIONS.open_at(now), is_upheld())).one_or_none()
    return None if row is None else (row[0], row[1])


def is_upheld() -> ColumnElement[bool]:
    """Return the condition that the sender of an invitation may still invite, and its community takes members."""
    remaining = select(AccountMerge.kept_id).where(AccountMerge.closed_id == CommunityInvitation.invited_by).scalar_subquery()
    sender = func.coalesce(remaining, CommunityInvitation.invited_by)
    suspended = exists().where(Person.id == sender, Person.suspended_at.is_not(None)).correlate_except(Person)
    taking = (Community.id == CommunityInvitation.community_id, Community.state == CommunityState.ACTIVE.value, ~space.is_ended())
    inviting = (space.RUNS.condition(sender), ~suspended)
    return exists().where(*taking, *inviting).correlate_except(Community)


def make_link(session: Session, row: CommunityInvitation, *, mailed_at: datetime | None = None) -> str:
    """Make the secret of an invitation's link; an earlier one ends."""
    row.sent, row.mailed_at = row.sent + 1, mailed_at
    return invitations.make_secret(row)


def repeat(session: Session, actor: Actor, context: CommunityInvitationContext, *, now: datetime) -> str:
    """Let an invitation last its whole time again, and mail it; return the secret of its new link where its sender hands that over.

    Raise RepeatedEnough, and NotFound where another administrator sent it, who alone knows its address.
    """
    act = acts.begin(session, actor, context.community, now=now)
    row = session.get_one(CommunityInvitation, context.invitation.id, populate_existing=True)
    if row.invited_by != actor.person_id or act.row.state != CommunityState.ACTIVE:
        raise NotFound
    if row.sent >= MOST_TIMES:
        raise RepeatedEnough
    key = f"{SEND}:{row.id}:{row.sent}"
    if outbox.is_known(session, key):  # it is on its way
        return ""
    invitations.renew(INVITATIONS, row, now=now)
    act.note(MemberVerb.INVITED, count=1)
    if not row.by_mail or CONFIRMS_SINCE.of(session)() is None:
        return make_link(session, row)
    outbox.enqueue(session, SEND, {"invitation": row.id}, now=now, unique_key=key)
    return ""


def _to_hand_over(session: Session, actor: Actor, community_id: int, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the open invitations that an actor sent and the site does not mail, and that have no link yet."""
    row = CommunityInvitation
    by_hand = true() if CONFIRMS_SINCE.of(session)() is None else row.by_mail.is_(False)
    return row.community_id == community_id, row.invited_by == actor.person_id, row.sent == 0, by_hand, *INVITATIONS.open_at(now)


def make_links(session: Session, actor: Actor, community: Community, *, limit: int, now: datetime) -> list[tuple[CommunityInvitation, str]]:
    """Make links for those whom an actor invited to hand them over; each is shown once."""
    act = acts.begin(session, actor, community, now=now)
    unlinked = select(CommunityInvitation).where(*_to_hand_over(session, actor, community.id, now=now)).order_by(CommunityInvitation.id)
    made = [(invitation, make_link(session, invitation)) for invitation in session.scalars(unlinked.limit(limit)).all()]
    if made:
        act.note(MemberVerb.LINKS_MADE, count=len(made))
    return made


def withdraw(session: Session, actor: Actor, community: Community, *which: ColumnElement[bool], now: datetime) -> int:
    """Withdraw unanswered invitations of a community; return how many."""
    count = invitations.withdraw(session, INVITATIONS, CommunityInvitation.community_id == community.id, *which, now=now)
    if count:
        SpaceAct(session, actor, now, community, community).note(MemberVerb.INVITATION_WITHDRAWN, count=count)
    return count


def count_open(session: Session, community: Community, *which: ColumnElement[bool], now: datetime) -> int:
    """Count open invitations of a community, all of them or some."""
    of_it = (CommunityInvitation.community_id == community.id, *INVITATIONS.open_at(now), *which)
    return count_rows(session, CommunityInvitation, *of_it)


def end(session: Session, actor: Actor, community: Community, *which: ColumnElement[bool], now: datetime) -> None:
    """Withdraw open invitations of a community that it takes nobody by any more, and notify those of them who have an account."""
    of_it = (CommunityInvitation.community_id == community.id, *INVITATIONS.open_at(now), *which)
    invited = select(Person.id, CommunityInvitation.uuid).join(CommunityInvitation, CommunityInvitation.email == Person.email)
    people = session.execute(invited.where(*of_it, is_confirmed_condition(session), CommunityInvitation.sent > 0)).all()
    withdraw(session, actor, community, *which, now=now)
    text = in_every_language(lambda: _("No one joins the community with it any more."))
    for person in people:
        notify_of_end(session, community, person.id, f"invitation:{person.uuid}", INVITATION_ENDED, text, now=now)


def list_unanswered(session: Session, community_id: int, *, offset: int, limit: int) -> list[Row[CommunityInvitation, Person]]:
    """List the invitations of a community that nobody accepted or withdrew, those declined too, the newest first, with their senders."""
    row = CommunityInvitation
    unanswered = (row.accepted_at.is_(None), or_(row.withdrawn_at.is_(None), row.declined_at.is_not(None)))
    statement = select(row, Person).join(Person, Person.id == row.invited_by).where(row.community_id == community_id, *unanswered)
    return list(session.execute(statement.order_by(row.id.desc()).offset(offset).limit(limit)))


def count_unlinked(session: Session, actor: Actor, community_id: int, *, now: datetime) -> int:
    """Count the invitations of an actor whose links are to be handed over and were not made yet."""
    return count_rows(session, CommunityInvitation, *_to_hand_over(session, actor, community_id, now=now))


def get_invitation(session: Session, actor: Actor, slug: str, invitation: UUID) -> CommunityInvitationContext:
    """Return an unanswered invitation of a community, before one of its administrators; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    mine = (CommunityInvitation.community_id == context.community.id, CommunityInvitation.uuid == invitation)
    row = session.scalar(select(CommunityInvitation).where(*mine, *INVITATIONS.unanswered))
    return CommunityInvitationContext(**communities.within(context), invitation=require_found(row))


def _own_addresses(session: Session, actor: Actor) -> Select[str]:
    return standing.own_addresses(is_confirmed_condition(session), literal(actor.person_id or 0))


def _invited(session: Session, actor: Actor, condition: ColumnElement[bool]) -> CommunityInvitedContext:
    is_own = CommunityInvitation.email.in_(_own_addresses(session, actor)).label("is_own")
    statement = select(CommunityInvitation, Community.slug, is_own, is_upheld().label("upheld"))
    statement = statement.join(Community, Community.id == CommunityInvitation.community_id)
    row = require_found(session.execute(statement.where(condition)).one_or_none())
    invitation = row.CommunityInvitation
    context = communities.get_community(session, actor, row.slug)
    may_be_in = not context.is_banned and (context.parent is None or context.in_parent)
    return CommunityInvitedContext(
        **communities.within(context),
        invitation=invitation,
        is_for_reader=bool(row.is_own) or (invitation.accepted_by is not None and invitation.accepted_by == actor.person_id),
        is_open=bool(row.upheld) and INVITATIONS.is_open(invitation, clock.now()) and may_be_in,
    )


def get_by_secret(session: Session, actor: Actor, secret: str) -> CommunityInvitedContext:
    """Return the invitation that a link leads to; raise NotFound."""
    return _invited(session, actor, INVITATIONS.has_secret(secret))


def get_own(session: Session, actor: Actor, invitation: UUID) -> CommunityInvitedContext:
    """Return an invitation as the actor stands before it; raise NotFound."""
    return _invited(session, actor, CommunityInvitation.uuid == invitation)


def list_own(session: Session, actor: Actor, *which: ColumnElement[bool], now: datetime) -> list[Row[CommunityInvitation, Community]]:
    """List the open invitations to a person's confirmed addresses, with their communities, but of those from which they are banned."""
    statement = select(CommunityInvitation, Community).join(Community, Community.id == CommunityInvitation.community_id)
    mine = (CommunityInvitation.email.in_(_own_addresses(session, actor)), *INVITATIONS.open_at(now), is_upheld())
    mine = (*mine, standing.may_be_in(literal(actor.person_id or 0)))
    rows = session.execute(statement.where(*mine, *which).order_by(CommunityInvitation.id).limit(100))
    return [row for row in rows if not standing.is_banned(session, row.Community.id, actor.person_id or 0, now)]


def accept(session: Session, actor: Actor, invited: CommunityInvitedContext, *, now: datetime) -> bool:
    """Make the invited person a member; return whether they were none.

    Raise NotFound where the invitation is over, TooManyCommunities, BannedFromCommunity.
    """
    assert actor.person_id is not None
    act = acts.begin(session, actor, invited.community, now=now)
    community = act.row
    row = session.get_one(CommunityInvitation, invited.invitation.id, populate_existing=True)
    if row.accepted_by == actor.person_id:
        return False
    present = communities.get_community(session, actor, community.slug, is_locked=True)
    is_outside = present.parent is not None and not present.in_parent
    if not invited.is_open or present.is_banned or not INVITATIONS.is_open(row, now) or not present.is_active or is_outside:
        raise NotFound
    outside = community.organisation_id is not None and not present.belongs
    joined = add_member(session, actor, community, actor.person_id, "invited", external=outside, now=now)
    row.accepted_at, row.accepted_by, row.email, row.name = now, actor.person_id, "", ""
    if joined:
        act.note(MemberVerb.ACCEPTED)
    return joined


def decline(session: Session, actor: Actor, invited: CommunityInvitedContext, *, now: datetime) -> bool:
    """Decline an invitation, which its sender sees in the list; return whether it was still open."""
    act = acts.begin(session, actor, invited.community, now=now)
    row = session.get_one(CommunityInvitation, invited.invitation.id, populate_existing=True)
    if not INVITATIONS.is_open(row, now):
        return False
    row.declined_at = row.withdrawn_at = now
    act.note(MemberVerb.DECLINED)
    return True


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the invitations that ended before a moment, with their addresses; return how many. Those prepared in a draft wait with it."""
    row = CommunityInvitation
    drafts = select(Community.id).where(Community.state == CommunityState.DRAFT.value)
    ended = func.coalesce(row.accepted_at, row.withdrawn_at, row.expires_at) < moment
    waits = and_(row.sent == 0, row.community_id.in_(drafts), *INVITATIONS.unanswered)
    return len(session.scalars(delete(row).where(ended, not_(waits)).returning(row.id)).all())


def erase(session: Session, person: Person, *, now: datetime) -> None:
    """Remove a person's address and name from all invitations, and withdraw those that are open."""
    invitations.erase(session, INVITATIONS, person, now=now, name="")


def select_own_data(person_id: int) -> PersonalTables:
    """Return the invitations to a person, or accepted by them, for the copy of their data."""
    row = CommunityInvitation
    now, ban = clock.now(), CommunityMember
    banned = exists().where(ban.community_id == Community.id, ban.person_id == person_id, ban.banned_until > now)
    name = standing.name_known_to(literal(person_id), and_(*INVITATIONS.open_at(now), ~banned)).label("community")
    columns: Select[str, str, str, datetime, datetime, datetime | None, datetime | None] = select(
        name, row.name, row.added_text, row.invited_at, row.expires_at, row.accepted_at, row.declined_at
    )
    mine = or_(Person.email == row.email, Person.id == row.accepted_by)
    statement = columns.join(Community, Community.id == row.community_id).join(Person, mine).where(Person.id == person_id)
    return {"community_invitations": statement}
