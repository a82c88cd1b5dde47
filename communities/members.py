"""Members: joined, requested and decided on, given roles, left and removed; what becomes of them with their account."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, case, delete, exists, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.people import by_name, find_merge, name_matches
from communities import acts, communities, space, standing
from communities.communities import (
    Endings,
    close_request,
    list_running_people,
    notify,
    notify_of_end,
    own_key,
    run_key,
)
from communities.models import PENDING, PRESENT, Community, CommunityMember, CommunityRequest, CommunityRole, CommunityState, RequestState
from communities.space import CommunityAction, CommunityContext, MemberContext, RequestContext
from communities.standing import address_hashes, is_banned
from discussions.models import Subscription
from kernel import clock
from kernel.audit import Fact, Verb
from kernel.clock import LAST_DAY
from kernel.db import KeysetPage, PageDirection, Stretch, count_rows
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _, format_date, format_datetime, in_every_language
from kernel.permissions import Actor
from kernel.row_versions import change_row, require_version
from spaces.acts import SpaceAct, lock_person
from spaces.spaces import belongs

MOST_COMMUNITIES = 200
MOST_ADMINISTRATORS = 10
MOST_LISTED = 200
AGAIN = timedelta(days=30)
MOST_REQUESTS = 3
"""Requests of one person that are rejected, before they can ask no more."""


ROLE_NAMES: Mapping[CommunityRole, str] = {
    CommunityRole.MEMBER: N_("member"),
    CommunityRole.MODERATOR: N_("moderator"),
    CommunityRole.ADMINISTRATOR: N_("administrator"),
}


class MemberVerb(
    Verb,
    facts={
        "person_id": Fact(N_("Person"), table="person"),
        "role": Fact(values=ROLE_NAMES),
        "shows_institution": N_("Shows their institution"),
    },
):
    """The audit verbs of members; what a request says is never recorded."""

    JOINED = "community_member.joined", N_("Joined a community")
    REQUESTED = "community_member.requested", N_("Asked to join a community")
    WITHDRAWN = "community_member.withdrawn", N_("Withdrew a request to join a community")
    APPROVED = "community_member.approved", N_("Approved a request to join a community")
    REJECTED = "community_member.rejected", N_("Rejected a request to join a community")
    LEFT = "community_member.left", N_("Left a community")
    REMOVED = "community_member.removed", N_("Removed a member of a community")
    BANNED = "community_member.banned", N_("Removed a member of a community, who cannot join again")
    BAN_LIFTED = "community_member.ban_lifted", N_("Let a person who was removed join a community again")
    INVITED = "community_member.invited", N_("Invited people to a community")
    LINKS_MADE = "community_member.links_made", N_("Made links of invitations to a community")
    INVITATION_WITHDRAWN = "community_member.invitation_withdrawn", N_("Withdrew invitations to a community")
    ACCEPTED = "community_member.accepted", N_("Joined a community by invitation")
    DECLINED = "community_member.declined", N_("Declined an invitation to a community")
    SHOWN = "community_member.shown", N_("Changed what the list of members shows of them")
    ROLE_CHANGED = "community_member.role_changed", N_("Changed the role of a member of a community")


MEMBERSHIP_ENDED: Endings = (N_("You are no longer a member: %(name)s"), N_("You are no longer a member of a community"))


class TooManyCommunities(Conflict):
    """A person is in as many communities as they can."""

    message = N_("You are in 200 communities. Leave one first.")


class LastAdministrator(Conflict):
    """A community keeps an administrator."""

    message = N_("You are the last administrator: name another one first, or archive the community.")


class TooManyAdministrators(Conflict):
    """A community has as many administrators as it can."""

    message = N_("A community has at most ten administrators.")


class BannedFromCommunity(Conflict):
    """A person was removed for a time that is not over."""

    message = N_("People who were removed for some time cannot join before it is over.")


class RequestedTooOften(Conflict):
    """A request was rejected lately, or three times."""

    message = N_("Your request was rejected. You can ask again 30 days later, three times at most.")


class RequestDecided(Conflict):
    """A request was decided or withdrawn before, or ended."""

    message = N_("This request ended: %(time)s.")


class CannotJoin(Conflict):
    """The author of a request cannot be let in any more; the request stays."""


def find_member(session: Session, community_id: int, person_id: int | None) -> CommunityMember | None:
    """Return the open membership of a person as it is now."""
    mine = (CommunityMember.community_id == community_id, CommunityMember.person_id == person_id, PRESENT)
    return session.scalar(select(CommunityMember).where(*mine), execution_options={"populate_existing": True})


def add_member(session: Session, actor: Actor, row: Community, person_id: int, how: str, *, external: bool = False, now: datetime) -> bool:
    """Make somebody a member of a locked community; return whether they were none. A request of theirs that waits ends.

    Raise TooManyCommunities, BannedFromCommunity.
    """
    if find_member(session, row.id, person_id) is not None or not _is_in_parent(session, row, person_id):
        return False
    lock_person(session, person_id)
    if is_banned(session, row.id, person_id, now):
        raise BannedFromCommunity
    if count_rows(session, CommunityMember, CommunityMember.person_id == person_id, PRESENT) >= MOST_COMMUNITIES:
        raise TooManyCommunities
    role = CommunityRole.MEMBER.value
    session.add(CommunityMember(community_id=row.id, person_id=person_id, role=role, external=external, how=how, since=now))
    _end_requests_of(session, person_id, CommunityRequest.community_id == row.id, now=now)
    session.flush()
    return True


def _end_requests_of(session: Session, person_id: int, which: ColumnElement[bool], *, now: datetime) -> None:
    for request in session.scalars(select(CommunityRequest).where(CommunityRequest.person_id == person_id, PENDING, which)).all():
        close_request(session, request, RequestState.ENDED, now=now)


def _is_in_parent(session: Session, row: Community, person_id: int) -> bool:
    """Return whether somebody may be in a community: of a working group, whose parent is locked, the members of that alone."""
    return session.scalar(select(Community.id).where(Community.id == row.id, standing.may_be_in(literal(person_id)))) is not None


def join(session: Session, actor: Actor, context: CommunityContext, *, now: datetime) -> bool:
    """Make the actor a member at once; return whether they were none. Raise TooManyCommunities, NoLongerAllowed, BannedFromCommunity."""
    assert actor.person_id is not None
    act = acts.begin(session, actor, context, now=now)
    if find_member(session, act.row.id, actor.person_id) is not None:
        return False
    acts.require_still(session, actor, context, CommunityAction.JOIN)
    add_member(session, actor, act.row, actor.person_id, "joined", now=now)
    act.note(MemberVerb.JOINED)
    return True


def request_to_join(session: Session, actor: Actor, context: CommunityContext, request_text: str, *, now: datetime) -> bool:
    """Ask the administrators of a community; return whether this was the first of its kind. Raise RequestedTooOften, NoLongerAllowed."""
    assert actor.person_id is not None
    act = acts.begin(session, actor, context, now=now)
    row = act.row
    if is_banned(session, row.id, actor.person_id, now):
        raise BannedFromCommunity
    mine = (CommunityRequest.community_id == row.id, CommunityRequest.person_id == actor.person_id)
    if count_rows(session, CommunityRequest, *mine, PENDING):
        return False
    acts.require_still(session, actor, context, CommunityAction.REQUEST)
    if was_rejected(session, row.id, actor.person_id, now=now):
        raise RequestedTooOften
    state = RequestState.PENDING.value
    request = CommunityRequest(community_id=row.id, person_id=actor.person_id, text=request_text, sent_at=now, state=state)
    session.add(request)
    act.note(MemberVerb.REQUESTED)
    key, subject = run_key(row.id, f"request:{request.uuid}"), N_("Someone asks to join: %(name)s")
    text = in_every_language(lambda: _("Read the request, and approve or reject it."))
    notify(session, row, list_running_people(session, row), key, subject, text, page="/manage/requests", now=now)
    return True


def was_rejected(session: Session, community_id: int, person_id: int | None, *, now: datetime) -> bool:
    """Return whether somebody cannot ask to join for now: a request of theirs was rejected lately, or three were."""
    row = CommunityRequest
    rejected = (row.community_id == community_id, row.person_id == person_id, row.state == RequestState.REJECTED.value)
    return count_rows(session, row, *rejected) >= MOST_REQUESTS or count_rows(session, row, *rejected, row.decided_at > now - AGAIN) > 0


def withdraw_request(session: Session, actor: Actor, context: CommunityContext, *, now: datetime) -> bool:
    """Withdraw the actor's request, and the notifications of it; return whether it still waited."""
    act = acts.begin(session, actor, context, now=now)
    request = context.pending
    if request is None:
        return False
    session.refresh(request)
    if request.state != RequestState.PENDING:
        return False
    close_request(session, request, RequestState.WITHDRAWN, now=now)
    act.note(MemberVerb.WITHDRAWN)
    return True


def get_request(session: Session, actor: Actor, slug: str, request: UUID) -> RequestContext:
    """Return a request to join a community; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    statement = select(CommunityRequest).where(CommunityRequest.community_id == context.community.id, CommunityRequest.uuid == request)
    return RequestContext(**communities.within(context), request=require_found(session.scalar(statement)))


_DECIDED = {
    RequestState.APPROVED: N_("%(name)s approved this request: %(time)s."),
    RequestState.REJECTED: N_("%(name)s rejected this request: %(time)s."),
    RequestState.WITHDRAWN: N_("Its author withdrew this request: %(time)s."),
}


def _require_pending(session: Session, request: CommunityRequest) -> None:
    """Raise RequestDecided, which says who decided and when, where a request waits no more."""
    if request.state == RequestState.PENDING:
        return
    person = session.get(Person, request.decided_by) if request.decided_by else None
    time = format_datetime(request.decided_at, "short") if request.decided_at else ""
    raise RequestDecided(_DECIDED.get(RequestState(request.state)), name=person.full_name if person else "", time=time)


def _let_in(session: Session, actor: Actor, row: Community, person_id: int, *, now: datetime) -> None:
    """Make the author of a request a member. Raise CannotJoin."""
    if not _is_in_parent(session, row, person_id):
        raise CannotJoin(N_("This person is no longer a member of the community above: the request stays."))
    if row.organisation_id and not session.scalar(select(belongs(literal(person_id), literal(row.organisation_id)))):
        raise CannotJoin(N_("This person no longer belongs to the institution: the request stays. You can invite them from outside."))
    try:
        add_member(session, actor, row, person_id, "requested", now=now)
    except BannedFromCommunity as refused:
        raise CannotJoin(N_("This person was removed for some time that is not over: the request stays.")) from refused
    except TooManyCommunities as refused:
        raise CannotJoin(N_("This person is in 200 communities and has to leave one first: the request stays.")) from refused


def decide_request(session: Session, actor: Actor, context: RequestContext, *, approves: bool, reason: str, now: datetime) -> None:
    """Approve or reject a request, and notify who wrote it. Raise RequestDecided, NoLongerAllowed, CannotJoin."""
    act = acts.begin(session, actor, context, now=now)
    row, request = act.row, context.request
    session.refresh(request)
    _require_pending(session, request)
    acts.require_still(session, actor, context, CommunityAction.DECIDE)
    if approves:
        _let_in(session, actor, row, request.person_id, now=now)
        subject = N_("You are a member now: %(name)s")
        text = in_every_language(lambda: _("Your request to join was approved."))
    else:
        subject = N_("Your request to join was rejected: %(name)s")
        text = in_every_language(lambda: _("Reason: %(reason)s", reason=reason) if reason else _("No reason was given."))
    state, verb = (RequestState.APPROVED, MemberVerb.APPROVED) if approves else (RequestState.REJECTED, MemberVerb.REJECTED)
    request.state, request.decided_at, request.decided_by, request.reason = state.value, now, actor.person_id, reason
    act.take_notices_back(run_key(row.id, f"request:{request.uuid}"))
    act.note(verb, person_id=request.person_id)
    notify(session, row, [request.person_id], own_key(row.id, f"request:{request.uuid}"), subject, text, now=now)


def list_own(session: Session, actor: Actor) -> tuple[list[Row[CommunityMember, Community]], list[Row[CommunityRequest, Community]]]:
    """List the communities of a person with their memberships, and their requests that wait or were decided in the last 30 days.

    What they may not know of any more stands in neither.
    """
    of_person = select(CommunityMember, Community).join(Community, Community.id == CommunityMember.community_id)
    mine = of_person.where(CommunityMember.person_id == actor.person_id, PRESENT, space.is_member(literal(actor.person_id or 0)))
    requested_rows = select(CommunityRequest, Community).join(Community, Community.id == CommunityRequest.community_id)
    lately = or_(PENDING, CommunityRequest.sent_at > clock.now() - AGAIN)
    sent = requested_rows.where(
        CommunityRequest.person_id == actor.person_id,
        lately,
        CommunityRequest.state != RequestState.APPROVED.value,
        space.is_found_by(actor),
    )
    return (
        list(session.execute(mine.order_by(Community.name_key, Community.id))),
        list(session.execute(sent.order_by(CommunityRequest.id.desc()).limit(50))),
    )


def list_requests(session: Session, community_id: int) -> list[Row[CommunityRequest, Person]]:
    """List the requests that wait with their authors, the oldest first."""
    statement = select(CommunityRequest, Person).join(Person, Person.id == CommunityRequest.person_id).order_by(CommunityRequest.id)
    return list(session.execute(statement.where(CommunityRequest.community_id == community_id, PENDING).limit(200)))


def count_requests(session: Session, community_id: int) -> int:
    """Count the requests that wait."""
    return count_rows(session, CommunityRequest, CommunityRequest.community_id == community_id, PENDING)


def list_members(session: Session, community_id: int, name: str, part: KeysetPage, *, limit: int) -> Stretch[Row[CommunityMember, Person]]:
    """List some of the members with their names, those with a name or all: administrators first, then moderators."""
    ranks = {CommunityRole.ADMINISTRATOR.value: 0, CommunityRole.MODERATOR.value: 1, CommunityRole.MEMBER.value: 2}
    order = (case(ranks, value=CommunityMember.role), *by_name())
    of_it = (CommunityMember.community_id == community_id, PRESENT)
    joined = select(CommunityMember, Person).join(Person, Person.id == CommunityMember.person_id).where(*of_it)
    statement = joined.where(*name_matches(name, with_address=False))
    if part.row is not None and part.way is not PageDirection.LAST:
        position = session.execute(joined.with_only_columns(*order).where(Person.uuid == part.row)).one_or_none()
        if position is not None:
            here, there = tuple_(*order), tuple_(*position)
            statement = statement.where(here < there if part.is_backwards else here > there)
    ways = [column.desc() if part.is_backwards else column for column in order]
    numbers = statement.with_only_columns(CommunityMember.id).order_by(*ways).limit(limit + 1)  # whole rows take long to sort
    return part.of(session.execute(joined.where(CommunityMember.id.in_(numbers)).order_by(*ways)).all(), limit)


def list_departed(session: Session, community_id: int, people: Collection[int]) -> set[int]:
    """Return which of these members no longer belong to the institution of a community, and are members no more until they do."""
    statement = select(Person.id).join(Community, Community.id == community_id)
    return set(session.scalars(statement.where(Person.id.in_(people), ~space.is_member(Person.id))))


def show_institution(session: Session, actor: Actor, context: CommunityContext, shows: bool, *, now: datetime) -> bool:
    """Show the actor's institution in the list of members, or not; return whether that changed anything."""
    act = acts.begin(session, actor, context, now=now)
    member = find_member(session, act.row.id, actor.person_id)
    if member is None or member.shows_institution == shows:
        return False
    member.shows_institution = shows
    act.note(MemberVerb.SHOWN, shows_institution=shows)
    return True


@cache
def _running() -> Select[Person]:
    """Build once what selects those who administer a community."""
    statement = select(Person).join(CommunityMember, CommunityMember.person_id == Person.id)
    runs = (Community.id == bindparam("community", type_=Integer()), standing.runs(CommunityMember))
    return statement.join(Community, Community.id == CommunityMember.community_id).where(*runs).order_by(*by_name()).limit(10)


def list_running(session: Session, community_id: int) -> list[str]:
    """List the names of those who administer a community, as its front page has them."""
    return [person.full_name for person in session.scalars(_running(), {"community": community_id})]


def get_member(session: Session, actor: Actor, slug: str, member: int) -> MemberContext:
    """Return an open membership of a community by its number; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    present = (CommunityMember.id == member, CommunityMember.community_id == context.community.id, PRESENT)
    return MemberContext(**communities.within(context), other=require_found(session.scalar(select(CommunityMember).where(*present))))


def _is_banned_row(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return CommunityMember.until.is_not(None), CommunityMember.banned_until > now, CommunityMember.address_hash.is_(None)


def list_banned(session: Session, community_id: int, *, now: datetime) -> list[Row[CommunityMember, Person]]:
    """List those who were removed and cannot join again yet, the latest first."""
    statement = select(CommunityMember, Person).join(Person, Person.id == CommunityMember.person_id)
    statement = statement.where(CommunityMember.community_id == community_id, *_is_banned_row(now))
    return list(session.execute(statement.order_by(CommunityMember.until.desc(), CommunityMember.id.desc()).limit(MOST_LISTED)))


def get_banned(session: Session, actor: Actor, slug: str, member: int) -> MemberContext:
    """Return the ended membership of somebody who cannot join again yet; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    of_it = (CommunityMember.id == member, CommunityMember.community_id == context.community.id, *_is_banned_row(clock.now()))
    return MemberContext(**communities.within(context), other=require_found(session.scalar(select(CommunityMember).where(*of_it))))


def lift_ban(session: Session, actor: Actor, context: MemberContext, *, now: datetime) -> None:
    """Let somebody who was removed join again, and notify them where they find the community. Raise NoLongerAllowed."""
    act, member = acts.begin(session, actor, context, CommunityAction.REMOVE, now=now), context.other
    row = act.row
    session.refresh(member)
    if not change_row(member, {"banned_until": None}):
        return
    act.note(MemberVerb.BAN_LIFTED, person_id=member.person_id)
    text = in_every_language(lambda: _("An administrator decided so."))
    notify(session, row, [member.person_id], own_key(row.id, f"ban:{member.id}"), N_("You can join again: %(name)s"), text, now=now)


def _begin(
    session: Session, actor: Actor, context: MemberContext, action: CommunityAction, *, seen: str, now: datetime
) -> SpaceAct[Community]:
    """Begin an act on a community and a member of it."""
    act = acts.begin(session, actor, context, now=now)
    session.refresh(context.other)
    require_version(context.other if context.other.until is None else None, seen)
    acts.require_still(session, actor, context, action)
    return act


def list_run_alone(session: Session, person_id: int) -> Sequence[Row[str, str]]:
    """List the names and slugs of the communities that are not archived and that a person administers alone."""
    row, other = aliased(CommunityMember), aliased(CommunityMember)
    others = exists().where(standing.runs(other), other.person_id != person_id).correlate_except(other)
    alone = (row.person_id == person_id, ~others, Community.state != CommunityState.ARCHIVED.value, space.is_present())
    statement = select(Community.name, Community.slug).join(row, standing.runs(row)).where(*alone)
    return session.execute(statement.order_by(Community.name_key, Community.id)).all()


def _require_another(session: Session, row: Community, member: CommunityMember) -> None:
    """Raise LastAdministrator where nobody else administers a locked community."""
    if list_running_people(session, row) == [member.person_id]:
        raise LastAdministrator


def set_role(session: Session, actor: Actor, context: MemberContext, role: CommunityRole, *, seen: str, now: datetime) -> bool:
    """Give a member a role, and notify them; return whether anything changed.

    Raise RowWasChanged, NoLongerAllowed, LastAdministrator, TooManyAdministrators.
    """
    act, member = _begin(session, actor, context, CommunityAction.SET_ROLE, seen=seen, now=now), context.other
    row = act.row
    if member.role == role:
        return False
    _require_another(session, row, member)
    running = (CommunityMember.community_id == row.id, PRESENT, CommunityMember.role == CommunityRole.ADMINISTRATOR.value)
    if role is CommunityRole.ADMINISTRATOR and count_rows(session, CommunityMember, *running) >= MOST_ADMINISTRATORS:
        raise TooManyAdministrators
    former = member.role
    change_row(member, {"role": role.value})
    act.note(MemberVerb.ROLE_CHANGED, person_id=member.person_id, former=former, role=role.value)
    if member.person_id != actor.person_id:
        key, subject = own_key(row.id, f"role:{member.id}:{member.row_version}"), N_("Your role changed: %(name)s")
        text = in_every_language(lambda: _("You are now: %(role)s.", role=_(ROLE_NAMES[role])))
        notify(session, row, [member.person_id], key, subject, text, now=now)
    return True


def _close(session: Session, row: Community, member: CommunityMember, how: str, by: int | None, *, now: datetime) -> None:
    """End a membership, those of its working groups, requests to join these, and what its person follows of the board."""
    change_row(member, {"until": now, "ended_how": how, "ended_by": by})
    session.flush()
    mine = (Subscription.person_id == member.person_id, Subscription.board_id == row.board_id)
    for subscription in session.scalars(select(Subscription).where(*mine)).all():
        session.delete(subscription)
    working_groups = select(Community.id).where(Community.parent_id == row.id)
    _end_requests_of(session, member.person_id, CommunityRequest.community_id.in_(working_groups), now=now)
    groups = select(CommunityMember, Community).join(Community, Community.id == CommunityMember.community_id)
    below = (Community.parent_id == row.id, CommunityMember.person_id == member.person_id, PRESENT)
    for group in session.execute(groups.where(*below)).all():
        _close(session, group.Community, group.CommunityMember, how, by, now=now)


def leave(session: Session, actor: Actor, context: CommunityContext, *, now: datetime) -> bool:
    """Leave a community: one gets nothing more, and one's posts stay. Return whether this did. Raise LastAdministrator."""
    act = acts.begin(session, actor, context, now=now)
    member = find_member(session, act.row.id, actor.person_id)
    if member is None:
        return False
    _require_another(session, act.row, member)
    _close(session, act.row, member, "left", actor.person_id, now=now)
    act.note(MemberVerb.LEFT)
    return True


def remove(session: Session, actor: Actor, context: MemberContext, *, reason: str, days: int | None, seen: str, now: datetime) -> None:
    """Remove a member with a reason that they read; for `days` (0: for good, None: not at all) they cannot join again.

    Raise RowWasChanged, NoLongerAllowed, LastAdministrator.
    """
    act, member = _begin(session, actor, context, CommunityAction.REMOVE, seen=seen, now=now), context.other
    row = act.row
    _require_another(session, row, member)
    member.reason = reason
    if days is not None:
        member.banned_until = now + timedelta(days=days) if days else datetime.combine(LAST_DAY, datetime.min.time(), now.tzinfo)
    _close(session, row, member, "banned" if days is not None else "removed", actor.person_id, now=now)
    verb = MemberVerb.REMOVED if days is None else MemberVerb.BANNED
    act.note(verb, person_id=member.person_id, reason=reason, days=days)
    text = in_every_language(lambda: _text_of_end(member))
    notify_of_end(session, row, member.person_id, f"end:{member.id}", MEMBERSHIP_ENDED, text, now=now)


def _text_of_end(member: CommunityMember) -> str:
    """Return why a membership ended, and from when on its person can join again where they cannot at once."""
    parts = [_("Reason: %(reason)s", reason=member.reason)]
    if member.banned_until is not None:
        until = _("You cannot join again before %(day)s.", day=format_date(member.banned_until))
        parts.append(_("You cannot join again.") if member.is_banned_for_good else until)
    return " ".join(parts)


def select_own_data(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return a person's memberships and requests for the copy of their data."""
    member, request, name = CommunityMember, CommunityRequest, standing.name_known_to(literal(person_id)).label("name")
    present = (member.role, member.external, member.shows_institution, member.how, member.since)
    past = (member.until, member.ended_how, member.reason, member.banned_until)
    sent = (request.text, request.sent_at, request.state, request.decided_at, request.reason)
    members = select(name, *present, *past).join(Community, Community.id == member.community_id)
    requests = select(name, *sent).join(Community, Community.id == request.community_id)
    return {
        "communities": members.where(member.person_id == person_id),
        "community_requests": requests.where(request.person_id == person_id),
    }


def erase_memberships(session: Session, person: Person, *, now: datetime) -> None:
    """End the memberships of somebody whose account is deleted; a ban of theirs is kept by a keyed hash of their address until its day.

    The bans of accounts that were merged stand with the one that stays: each of their addresses has a row of its own.
    """
    session.execute(update(CommunityMember).where(CommunityMember.person_id == person.id, PRESENT).values(until=now, ended_how="erased"))
    merge = find_merge(session, person.id)
    of_person = CommunityMember.person_id == (merge.kept_id if merge else person.id)
    bans = session.scalars(select(CommunityMember).where(of_person, CommunityMember.banned_until > now)).all()
    for ban in bans:
        row = ban
        if merge is not None:
            values = {name: getattr(ban, name) for name in ("community_id", "role", "how", "since", "until", "ended_how", "banned_until")}
            row = CommunityMember(person_id=person.id, **values)
            session.add(row)
        row.address_hash = address_hashes(session, person.email)[0]


def forget_requests_before(session: Session, moment: datetime) -> int:
    """Delete the requests to join that were decided, withdrawn or ended before a moment; return how many."""
    return len(session.scalars(delete(CommunityRequest).where(CommunityRequest.decided_at < moment).returning(CommunityRequest.id)).all())


def forget_bans(session: Session, *, now: datetime) -> None:
    """Forget the hashes of addresses whose ban is over."""
    over = (CommunityMember.address_hash.is_not(None), CommunityMember.banned_until <= now)
    session.execute(update(CommunityMember).where(*over).values(address_hash=None))


_RANKS = [CommunityRole.MEMBER.value, CommunityRole.MODERATOR.value, CommunityRole.ADMINISTRATOR.value]


def merge_memberships(session: Session, giver: int, taker: int) -> None:
    """Give one account's memberships to another: the higher role and the earlier day stay; what is closed moves as it is.

    A ban of either holds for both: it ends an open membership, and a request that waits.
    """
    rows = session.scalars(select(CommunityMember).where(CommunityMember.person_id == giver)).all()
    _merge_open(session, [row for row in rows if row.until is None], taker)
    for row in rows:
        row.person_id = taker
    session.flush()
    taken = set(session.scalars(select(CommunityRequest.community_id).where(CommunityRequest.person_id == taker, PENDING)))
    for request in session.scalars(select(CommunityRequest).where(CommunityRequest.person_id == giver)).all():
        if request.community_id in taken and request.state == RequestState.PENDING:
            request.state, request.decided_at = RequestState.ENDED.value, clock.now()
        request.person_id = taker
    session.flush()
    _end_banned(session, taker, now=clock.now())


def _end_banned(session: Session, person_id: int, *, now: datetime) -> None:
    """End open memberships and waiting requests of somebody where a ban of theirs is in force."""
    ban = (CommunityMember.person_id == person_id, CommunityMember.banned_until > now)
    banned = select(CommunityMember.community_id).where(*ban)
    for community in session.scalars(select(Community).where(Community.id.in_(banned)).order_by(Community.id)).all():
        member = find_member(session, community.id, person_id)
        if member is not None:
            _close(session, community, member, "banned", None, now=now)
    mine = (CommunityRequest.person_id == person_id, CommunityRequest.community_id.in_(banned), PENDING)
    session.execute(update(CommunityRequest).where(*mine).values(state=RequestState.ENDED.value, decided_at=now))


def _merge_open(session: Session, rows: Sequence[CommunityMember], taker: int) -> None:
    for row in rows:
        other = find_member(session, row.community_id, taker)
        if other is not None:
            row.until, row.ended_how = max(row.since, other.since), "merged"
            other.role = max(row.role, other.role, key=_RANKS.index)
            other.since = min(row.since, other.since)
    session.flush()


def name_of(session: Session, member: CommunityMember) -> str:
    """Return the name of a member."""
    return session.get_one(Person, member.person_id).full_name
