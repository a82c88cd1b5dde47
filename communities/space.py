"""The community as a space: what somebody is in it, and the rules of who finds, reads, writes and runs it.

Each condition names the tables that are its own, so that it stands at any depth of a statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, literal, or_, select

from communities.models import (
    INACTIVE_AFTER,
    Community,
    CommunityInvitation,
    CommunityLevel,
    CommunityMember,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    CommunityState,
)
from kernel import clock
from kernel.db import shared_alias
from kernel.errors import N_
from kernel.permissions import Actor
from spaces.spaces import SITE_ADMINISTRATORS, Number, Space, SpaceRule, always, belongs, belongs_anywhere, column_in

OWNER = "community"
Item = TypeVar("Item")
_MINE, _PARENT, _ABOVE = shared_alias(CommunityMember), shared_alias(Community), shared_alias(CommunityMember)
"""Each is made once: to make one takes longer than to run the statement in which it stands."""


class CommunityAction(StrEnum):
    """Acts on communities."""

    LIST = "community:list"
    LIST_OWN = "community:own_list"
    LIST_ENTRY = "community:list_entry"
    """Find it in the list of communities."""
    VIEW = "community:front_page_view"
    READ = "community:content_view"
    ADD_FILE = "community:file_add"
    CHANGE_FILE = "community:file_change"
    WRITE_PAGE = "community:page_write"
    LIST_MEMBERS = "community:members_list"
    """See what its members alone see: each other, and their plan."""
    """See what its members alone see: each other, and their plan."""
    JOIN_BUTTON = "community:join_button"
    JOIN = "community:join_at_once"
    REQUEST = "community:request_join"
    WITHDRAW_REQUEST = "community:withdraw_request"
    LEAVE = "community:leave"
    CHANGE_MEMBERSHIP = "community:own_membership"
    """See one's own membership, and say what the list of members has of it."""
    FOUND = "community:found"
    EDIT = "community:edit"
    SUBMIT = "community:submit"
    DELETE = "community:delete"
    MANAGE = "community:manage"
    """See what waits for its administrators, and the log of their decisions."""
    EXPORT = "community:export"
    """Take a copy of it along."""
    DECIDE = "community:approve_member"
    INVITE = "community:invite"
    ANNOUNCE = "community:announce"
    LIST_GROUPS = "community:groups_list"
    FOUND_GROUP = "community:group_found"
    ACCEPT_INVITATION = "community:accept_invitation"
    SET_ROLE = "community:set_role"
    REMOVE = "community:remove_member"
    ARCHIVE = "community:archive"
    REACTIVATE = "community:reactivate"
    OVERSEE = "community:oversee"
    """See which communities wait for their activation, or have nobody to look after them."""
    ACTIVATE = "community:activate"


@dataclass(frozen=True, slots=True)
class CommunityContext:
    """A community, and what the actor is to it now."""

    community: Community
    member: CommunityMember | None
    """Nobody who no longer belongs to its institution is a member, unless invited from outside."""
    belongs: bool
    """To the institution for which it is; of others this says nothing."""
    is_banned: bool
    pending: CommunityRequest | None
    is_invited: bool = False
    """By an invitation that is open, to an address of the actor's."""
    parent: Community | None = None
    """Of a working group."""
    role_in_parent: str | None = None
    """The actor's role in it; None for those who are no members of it."""
    reading_note: Callable[[Any], None] | None = None
    """Notes that a site administrator opened it, where that is on record."""
    is_private_item: bool = False
    """It is something in the community that its members alone read."""

    @property
    def in_parent(self) -> bool:
        """Return whether the actor is a member of the community of which it is a working group."""
        return self.role_in_parent is not None

    @property
    def runs_parent(self) -> bool:
        """Return whether the actor administers the community of which it is a working group."""
        return self.role_in_parent == CommunityRole.ADMINISTRATOR

    @property
    def administers(self) -> bool:
        """Return whether the actor is its administrator."""
        return self.member is not None and self.member.role == CommunityRole.ADMINISTRATOR

    @property
    def is_active(self) -> bool:
        """Return whether it is neither a draft nor archived."""
        return self.community.state == CommunityState.ACTIVE and not self.is_archived

    @property
    def is_archived(self) -> bool:
        """Return whether it is archived, or the community of which it is a working group."""
        return any(row is not None and row.state == CommunityState.ARCHIVED for row in (self.community, self.parent))

    def inactive_since(self, last_content: datetime) -> datetime | None:
        """Return when something was last written where that is more than a year ago; None of any other and of what is not active."""
        return last_content if self.is_active and last_content < clock.now() - INACTIVE_AFTER else None

    def why_refused(self, actor: Actor) -> str:
        """Return why acts are refused to those inside, empty where it is for what they are."""
        is_inside = INSIDE.holds(actor, self)
        return N_("The community is archived: nothing is added or changed.") if self.is_archived and is_inside else ""

    def way_on(self, actor: Actor) -> tuple[str, str] | None:
        """Return the name and address of its front page for those outside who see that, else None."""
        sees = not INSIDE.holds(actor, self) and may_view(actor, self)
        return (self.community.name, f"/communities/{self.community.slug}") if sees else None


@dataclass(frozen=True, slots=True)
class MemberContext(CommunityContext):
    """A member of a community, before another one."""

    other: CommunityMember = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class RequestContext(CommunityContext):
    """A request to join a community."""

    request: CommunityRequest = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityInvitationContext(CommunityContext):
    """An invitation to a community, before one of its administrators."""

    invitation: CommunityInvitation = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityInvitedContext(CommunityContext):
    """A person before an invitation to a community."""

    invitation: CommunityInvitation = field(kw_only=True)
    is_for_reader: bool = field(kw_only=True)
    is_open: bool = field(kw_only=True)
    """It can still be accepted."""


@dataclass(frozen=True, slots=True)
class RowContext(CommunityContext, Generic[Item]):
    """A row of something in a community: a file, a page, a line of its plan, a link."""

    row: Item = field(kw_only=True)


def is_present() -> ColumnElement[bool]:
    """Return the condition on `Community` that it was not deleted: what is left of it in the background nobody finds."""
    return Community.deleted_at.is_(None)


def _in_parent(person: Number) -> Select[str]:
    """Select the role in which a person is a member of the community of which `Community` is a working group."""
    parent, row = _PARENT, _MINE
    mine = (parent.id == Community.parent_id, row.community_id == parent.id, row.person_id == person, row.until.is_(None))
    still = or_(parent.reach != CommunityReach.INSTITUTION.value, row.external, belongs(person, parent.organisation_id))
    return select(row.role).where(*mine, still).correlate_except(parent, row)


def is_in_parent(person: Number) -> ColumnElement[bool]:
    """Return the condition on `Community`, a working group, that a person is a member of its community."""
    return _in_parent(person).exists()


def role_in_parent(person: Number) -> ScalarSelect[str]:
    """Return the role of a person in the community of which `Community` is a working group, null for all others."""
    return _in_parent(person).scalar_subquery()


def is_member(person: Number, *roles: CommunityRole) -> ColumnElement[bool]:
    """Return the condition on `Community` that a person is its member, in some roles or in any.

    Who no longer belongs to its institution reads as a stranger from that moment, but those invited from outside. The members of a
    working group are those of its community: for them its institution counts, and how they came into it. One flat condition: SQLite
    reads statements a hundred parentheses deep at most.
    """
    row, parent, above = _MINE, _PARENT, _ABOVE
    mine = [row.community_id == Community.id, row.person_id == person, row.until.is_(None)]
    if roles:
        mine.append(row.role.in_([role.value for role in roles]))
    is_above = and_(above.community_id == parent.id, above.person_id == person, above.until.is_(None))
    reach, external = func.coalesce(parent.reach, Community.reach), func.coalesce(above.external, row.external)
    institution = func.coalesce(parent.organisation_id, Community.organisation_id)
    statement = select(row.id).outerjoin(parent, parent.id == Community.parent_id).outerjoin(above, is_above)
    in_both = or_(Community.parent_id.is_(None), above.id.is_not(None))
    still = or_(reach != CommunityReach.INSTITUTION.value, external, belongs(person, institution))
    return statement.where(*mine, in_both, still).correlate_except(row, parent, above).exists()


def is_ended() -> ColumnElement[bool]:
    """Return the condition on `Community` that it is archived, or the community of which it is a working group."""
    archived = CommunityState.ARCHIVED.value
    above = exists().where(_PARENT.id == Community.parent_id, _PARENT.state == archived).correlate_except(_PARENT)
    return or_(Community.state == archived, above)


def is_public() -> ColumnElement[bool]:
    """Return the condition on `Community` that everybody reads its content."""
    return and_(
        is_present(),
        Community.state != CommunityState.DRAFT.value,
        Community.level == CommunityLevel.OPEN.value,
        Community.reach == CommunityReach.EVERYONE.value,
    )


def is_joined_freely() -> ColumnElement[bool]:
    """Return the condition on `Community` that people come in by themselves: no administrator looked at them."""
    free = [CommunityLevel.OPEN.value, CommunityLevel.PUBLIC.value]
    return and_(Community.level.in_(free), Community.reach != CommunityReach.HIDDEN.value)


def member(*roles: CommunityRole) -> SpaceRule[CommunityContext]:
    """Return the rule that somebody is a member, in some roles or in any."""

    def holds(_actor: Actor, subject: CommunityContext) -> bool:
        return subject.member is not None and (not roles or subject.member.role in roles)

    return SpaceRule(holds, lambda person: is_member(person, *roles))


def _is(column: Any, *values: str) -> SpaceRule[CommunityContext]:
    return column_in(column, *values, of=lambda subject: subject.community)


PRESENT: SpaceRule[CommunityContext] = always(is_present)
LIVING = PRESENT & ~_is(Community.state, CommunityState.DRAFT.value)
BELONGS: SpaceRule[CommunityContext] = SpaceRule(
    lambda _actor, subject: subject.belongs, lambda person: belongs(person, Community.organisation_id)
)
IN_PARENT: SpaceRule[CommunityContext] = SpaceRule(lambda _actor, subject: subject.in_parent, is_in_parent)
EVERYWHERE = _is(Community.reach, CommunityReach.EVERYONE.value)
OF_INSTITUTION = _is(Community.reach, CommunityReach.INSTITUTION.value)
WITHIN_REACH = LIVING & (EVERYWHERE | OF_INSTITUTION & BELONGS | _is(Community.reach, CommunityReach.PARENT.value) & IN_PARENT)
"""The people for whom it is."""
MEMBER = member()
INSIDE = MEMBER | SITE_ADMINISTRATORS
RUNS = member(CommunityRole.ADMINISTRATOR) | SITE_ADMINISTRATORS
MODERATES = member(CommunityRole.ADMINISTRATOR, CommunityRole.MODERATOR) | SITE_ADMINISTRATORS
FINDS = WITHIN_REACH | PRESENT & INSIDE
"""Who finds it, and reads its front page."""
READS = WITHIN_REACH & _is(Community.level, CommunityLevel.OPEN.value) | PRESENT & INSIDE
"""Who reads its content."""


def may_view(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether an actor reads the front page, which those who are invited do whatever the reach is, unless they are banned."""
    is_shown = subject.is_invited and not subject.is_banned and subject.community.state != CommunityState.DRAFT
    return is_shown or FINDS.holds(actor, subject)


def is_found_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Community` that an actor finds it."""
    return is_present() if actor.is_administrator else FINDS.condition(literal(actor.person_id or 0))


def is_closed() -> ColumnElement[bool]:
    """Return the condition on `Community` that nothing new is written there: it is a draft or archived."""
    return or_(Community.state != CommunityState.ACTIVE.value, is_ended())


SPACE = Space(
    kind=OWNER,
    table=Community,
    board=Community.board_id,
    reads=READS,
    writes=PRESENT & INSIDE,
    moderates=PRESENT & MODERATES,
    administers=PRESENT & RUNS,
    is_public=is_public,
    knows=lambda person: or_(belongs_anywhere(person), ~is_joined_freely()),
    is_closed=is_closed,
    is_discreet=lambda: Community.reach == CommunityReach.HIDDEN.value,
)
