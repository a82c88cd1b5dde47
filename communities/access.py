"""Permissions of communities, on their reach, level and state, and on what somebody is in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from accounts.models import Person
from communities import models
from discussions.access import BoardAction
from kernel import clock
from kernel.errors import N_
from kernel.permissions import (
    Actor,
    AllowedRoles,
    Permission,
    Predicate,
    Roles,
    Verdict,
    administrator,
    allow_if,
    open_to_strangers,
    roles_tried,
    signed_in,
)


class DirectoryAction(StrEnum):
    """Acts in the directory of specialists."""

    COUNT = "directory:count"
    """See how many specialists there are."""
    VIEW = "directory:view"
    CONTACT = "directory:contact"
    EDIT_OWN = "directory:edit_own"


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
    READ_PLAN = "community:plan_view"
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

    community: models.Community
    member: models.CommunityMember | None
    """Nobody who no longer belongs to its institution is a member, unless invited from outside."""
    belongs: bool
    """To the institution for which it is; of others this says nothing."""
    is_banned: bool
    pending: models.CommunityRequest | None
    is_invited: bool = False
    """By an invitation that is open, to an address of the actor's."""
    parent: models.Community | None = None
    """Of a working group."""
    in_parent: bool = False
    runs_parent: bool = False
    is_private_item: bool = False
    """It is something in the community that its members alone read."""

    @property
    def administers(self) -> bool:
        """Return whether the actor is its administrator."""
        return self.member is not None and self.member.role == models.CommunityRole.ADMINISTRATOR

    @property
    def is_active(self) -> bool:
        """Return whether it is neither a draft nor archived."""
        return self.community.state == models.CommunityState.ACTIVE and not self.is_archived

    @property
    def is_archived(self) -> bool:
        """Return whether it is archived, or the community of which it is a working group."""
        return any(row is not None and row.state == models.CommunityState.ARCHIVED for row in (self.community, self.parent))

    def inactive_since(self, last_content: datetime) -> datetime | None:
        """Return when something was last written where that is more than a year ago; None of any other and of what is not active."""
        return last_content if self.is_active and last_content < clock.now() - models.INACTIVE_AFTER else None

    def why_refused(self, actor: Actor) -> str:
        """Return why acts are refused to those inside, empty where it is for what they are."""
        is_inside = actor.is_administrator or self.member is not None
        return N_("The community is archived: nothing is added or changed.") if self.is_archived and is_inside else ""

    def way_on(self, actor: Actor) -> tuple[str, str] | None:
        """Return the name and address of its front page for those outside who see that, else None."""
        sees = not _is_inside(actor, self) and _view(actor, self) is Verdict.ALLOW
        return (self.community.name, f"/communities/{self.community.slug}") if sees else None


@dataclass(frozen=True, slots=True)
class MemberContext(CommunityContext):
    """A member of a community, before another one."""

    other: models.CommunityMember = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class RequestContext(CommunityContext):
    """A request to join a community."""

    request: models.CommunityRequest = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityInvitationContext(CommunityContext):
    """An invitation to a community, before one of its administrators."""

    invitation: models.CommunityInvitation = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityInvitedContext(CommunityContext):
    """A person before an invitation to a community."""

    invitation: models.CommunityInvitation = field(kw_only=True)
    is_for_reader: bool = field(kw_only=True)
    is_open: bool = field(kw_only=True)
    """It can still be accepted."""


@dataclass(frozen=True, slots=True)
class CommunityFileContext(CommunityContext):
    """A file of a community."""

    file: models.CommunityFile = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityPageContext(CommunityContext):
    """A page of a community."""

    page: models.CommunityPage = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommunityLinkContext(CommunityContext):
    """A link of a community: a related one, a course, a supporter or a tool."""

    link: models.CommunityLink = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PlanContext(CommunityContext):
    """A line of the plan of a community."""

    line: models.PlanEntry = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class DirectoryContext:
    """An entry in the directory, with its person."""

    entry: models.DirectoryEntry
    person: Person


Condition = Callable[[Actor, CommunityContext], bool]


def _see(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the front page: within the reach, spec/communities C2."""
    community = subject.community
    if actor.is_administrator or subject.member is not None:
        return Verdict.ALLOW
    if community.state == models.CommunityState.DRAFT or community.reach == models.CommunityReach.HIDDEN:
        return Verdict.HIDE
    if community.reach == models.CommunityReach.PARENT:
        return Verdict.ALLOW if subject.in_parent else Verdict.HIDE
    if community.reach == models.CommunityReach.INSTITUTION and not subject.belongs:
        return Verdict.FORBID if actor.is_anonymous else Verdict.HIDE
    return Verdict.ALLOW


def _view(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the front page itself, which those who are invited read whatever its reach is, unless they are banned."""
    is_shown = subject.is_invited and not subject.is_banned and subject.community.state != models.CommunityState.DRAFT
    return Verdict.ALLOW if is_shown else _see(actor, subject)


def _if(condition: Condition, *, for_strangers: bool = False) -> Predicate:
    """Return a predicate that asks a condition of actors who see the community."""

    def decide(actor: Actor, subject: CommunityContext) -> Verdict:
        seen = _see(actor, subject)
        is_known = for_strangers or not actor.is_anonymous
        return allow_if(is_known and condition(actor, subject)) if seen is Verdict.ALLOW else seen

    return open_to_strangers(decide) if for_strangers else decide


def _is_inside(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator or subject.member is not None


def _is_member(_actor: Actor, subject: CommunityContext) -> bool:
    return subject.member is not None


def _reads(actor: Actor, subject: CommunityContext) -> bool:
    return _is_inside(actor, subject) or (subject.community.is_open and not actor.is_suspended)


def _read(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the content; what is for members alone does not exist for others who read the rest."""
    seen = _if(_reads, for_strangers=True)(actor, subject)
    return Verdict.HIDE if seen is Verdict.ALLOW and subject.is_private_item and not _is_inside(actor, subject) else seen


def _change_file(actor: Actor, subject: CommunityFileContext) -> Verdict:
    """Let those replace, delete or restore a file who brought it in and are members, or administer."""
    is_own = subject.member is not None and subject.file.person_id == actor.person_id
    seen = _see(actor, subject)
    return allow_if(not subject.is_archived and (is_own or _runs(actor, subject))) if seen is Verdict.ALLOW else seen


def _writes_pages(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody writes pages: who administers, and members where it is said so."""
    return not subject.is_archived and (_runs(actor, subject) or (subject.member is not None and subject.community.members_write))


def _runs(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator or subject.administers


def _runs_active(actor: Actor, subject: CommunityContext) -> bool:
    return _runs(actor, subject) and subject.is_active


def _may_archive(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody may archive it: of a working group those who administer its community too, where they see it."""
    return subject.is_active and (_runs(actor, subject) or subject.runs_parent)


def _is_outside(actor: Actor, subject: CommunityContext, *levels: models.CommunityLevel) -> bool:
    """Return whether somebody may come in by themselves at some levels: nobody whom a decision keeps or lets wait."""
    free = not _is_inside(actor, subject) and not subject.is_banned and subject.pending is None
    free = free and (subject.parent is None or subject.in_parent)
    return free and subject.is_active and subject.community.level in levels


def _join(actor: Actor, subject: CommunityContext) -> Verdict:
    if subject.community.reach == models.CommunityReach.HIDDEN:
        return Verdict.HIDE
    return _if(lambda actor, subject: _is_outside(actor, subject, models.CommunityLevel.OPEN, models.CommunityLevel.PUBLIC))(actor, subject)


def _accept_invitation(actor: Actor, subject: CommunityInvitedContext) -> Verdict:
    """Let the person answer whose address was invited."""
    return allow_if(subject.is_for_reader and not actor.is_anonymous)


def _submit(actor: Actor, subject: CommunityContext) -> bool:
    return _runs(actor, subject) and subject.community.state == models.CommunityState.DRAFT


def _delete(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody may delete it: a draft who runs it, else those who administer the site."""
    may = _runs(actor, subject) if subject.community.state == models.CommunityState.DRAFT else actor.is_administrator
    return may and subject.community.is_deletable(clock.now())


def _activate(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator and subject.community.state == models.CommunityState.DRAFT and subject.community.submitted_at is not None


def _always(_actor: Actor, _subject: object) -> Verdict:
    return Verdict.ALLOW


COMMUNITY = roles_tried(
    *("anonymous", "learner", "site_admin", "community_invited", "community_pending", "community_member", "community_removed"),
    *("community_admin", "other_community_admin"),
)
"""Everybody before one community."""
ADMINISTRATORS = COMMUNITY.only("site_admin", "community_admin")
MEMBERS = ADMINISTRATORS | COMMUNITY.only("community_member")
INVITED = MEMBERS | COMMUNITY.only("community_invited")
OUTSIDERS = COMMUNITY.only("learner", "community_invited", "community_removed", "other_community_admin")
"""Those who have signed in and may come in by themselves."""
NOBODY = COMMUNITY.only()
NOT_ARCHIVED = ("private", "semiprivate", "public", "open")
ARCHIVED = tuple(f"archived_{level}" for level in NOT_ARCHIVED)
HIDDEN = ("hidden_private", "hidden_semiprivate", "hidden_public")


def _cells(*pairs: tuple[tuple[str, ...], AllowedRoles]) -> Mapping[str, AllowedRoles]:
    return {state: roles for states, roles in pairs for state in states}


_RUN = _cells((NOT_ARCHIVED, ADMINISTRATORS), (HIDDEN, ADMINISTRATORS.hidden_but(COMMUNITY.only("community_member"))))
_SITE = {"any": Roles.ADMINISTRATORS}
_DRAFT = {"draft": ADMINISTRATORS.hidden}
PERMISSIONS: Mapping[StrEnum, Permission] = {
    CommunityAction.LIST: Permission(open_to_strangers(_always), {"any": Roles.EVERYBODY.because("each sees what they may find")}),
    CommunityAction.LIST_OWN: Permission(signed_in, {"any": Roles.SIGNED_IN.because("each sees their own")}),
    CommunityAction.LIST_ENTRY: Permission(open_to_strangers(_see), _cells((NOT_ARCHIVED, COMMUNITY), (HIDDEN, MEMBERS.hidden))),
    CommunityAction.VIEW: Permission(
        open_to_strangers(_view),
        _cells((NOT_ARCHIVED, COMMUNITY), (ARCHIVED, COMMUNITY), (HIDDEN, INVITED.hidden), (("draft",), ADMINISTRATORS.hidden)),
    ),
    CommunityAction.READ: Permission(
        open_to_strangers(_read),
        _cells(
            (("private", "semiprivate", "public", "archived_private", "archived_semiprivate", "archived_public"), MEMBERS),
            (("open", "archived_open"), COMMUNITY),
            (("open_item_marked_private",), MEMBERS.hidden),
            (HIDDEN, MEMBERS.hidden),
        ),
    ),
    CommunityAction.READ_PLAN: Permission(_if(_is_inside), _cells((NOT_ARCHIVED, MEMBERS), (HIDDEN, MEMBERS.hidden))),
    CommunityAction.ADD_FILE: Permission(
        _if(lambda actor, subject: _is_inside(actor, subject) and not subject.is_archived),
        _cells((NOT_ARCHIVED, MEMBERS), (ARCHIVED, NOBODY), (HIDDEN, MEMBERS.hidden)),
    ),
    CommunityAction.CHANGE_FILE: Permission(_change_file, {"of_another": ADMINISTRATORS, "own": MEMBERS}),
    CommunityAction.WRITE_PAGE: Permission(
        _if(_writes_pages), _cells((("public",), ADMINISTRATORS), (("public_members_write",), MEMBERS), (("archived_public",), NOBODY))
    ),
    CommunityAction.LIST_MEMBERS: Permission(_if(_is_inside), _cells((NOT_ARCHIVED, MEMBERS), (HIDDEN, MEMBERS.hidden))),
    CommunityAction.JOIN_BUTTON: Permission(
        _if(
            lambda actor, subject: _is_outside(
                actor, subject, models.CommunityLevel.OPEN, models.CommunityLevel.PUBLIC, models.CommunityLevel.SEMIPRIVATE
            )
        ),
        _cells((("private", *ARCHIVED), NOBODY), (("semiprivate", "public", "open"), OUTSIDERS)),
    ),
    CommunityAction.JOIN: Permission(
        _join, _cells((("semiprivate", *ARCHIVED), NOBODY), (("public", "open"), OUTSIDERS), (HIDDEN, NOBODY.hidden))
    ),
    CommunityAction.REQUEST: Permission(
        _if(lambda actor, subject: _is_outside(actor, subject, models.CommunityLevel.SEMIPRIVATE)),
        _cells((("semiprivate",), OUTSIDERS), (ARCHIVED, NOBODY)),
    ),
    CommunityAction.WITHDRAW_REQUEST: Permission(
        _if(lambda _actor, subject: subject.pending is not None), {"own_pending": COMMUNITY.only("community_pending")}
    ),
    CommunityAction.LEAVE: Permission(_if(_is_member), {"public": COMMUNITY.only("community_member", "community_admin")}),
    CommunityAction.CHANGE_MEMBERSHIP: Permission(_if(_is_member), {"public": COMMUNITY.only("community_member", "community_admin")}),
    CommunityAction.FOUND: Permission(signed_in, {"any": Roles.SIGNED_IN.because("up to five drafts each")}),
    CommunityAction.EDIT: Permission(
        _if(lambda actor, subject: _runs(actor, subject) and not subject.is_archived),
        {**_RUN, **_DRAFT, **_cells((ARCHIVED, NOBODY))},
    ),
    CommunityAction.SUBMIT: Permission(_if(_submit), _DRAFT),
    CommunityAction.DELETE: Permission(
        _if(_delete),
        {**_DRAFT, "open": NOBODY, "archived_open": NOBODY, "archived_long_open": COMMUNITY.only("site_admin")},
    ),
    CommunityAction.MANAGE: Permission(_if(_runs), {**_RUN, **_DRAFT}),
    CommunityAction.EXPORT: Permission(_if(_runs), {**_RUN, **_DRAFT, **_cells((ARCHIVED, ADMINISTRATORS))}),
    CommunityAction.DECIDE: Permission(_if(_runs_active), _cells((("pending_request",), ADMINISTRATORS), (ARCHIVED, NOBODY))),
    CommunityAction.LIST_GROUPS: Permission(
        _if(lambda actor, subject: subject.parent is None and _is_inside(actor, subject)), _cells((NOT_ARCHIVED, MEMBERS))
    ),
    CommunityAction.FOUND_GROUP: Permission(
        _if(lambda _actor, subject: subject.parent is None and subject.administers and subject.is_active),
        _cells((("public",), COMMUNITY.only("community_admin").because("its founder is a member")), (("archived_public",), NOBODY)),
    ),
    CommunityAction.ANNOUNCE: Permission(_if(_runs_active), {"active": ADMINISTRATORS}),
    CommunityAction.INVITE: Permission(
        _if(lambda actor, subject: _runs(actor, subject) and not subject.is_archived),
        {**_RUN, **_DRAFT, **_cells((ARCHIVED, NOBODY))},
    ),
    CommunityAction.ACCEPT_INVITATION: Permission(
        _accept_invitation, {"private": COMMUNITY.only("community_invited").because("the invitation is for one person, single use")}
    ),
    CommunityAction.SET_ROLE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.REMOVE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.ARCHIVE: Permission(_if(_may_archive), _cells((tuple(f"active_{level}" for level in NOT_ARCHIVED), ADMINISTRATORS))),
    CommunityAction.REACTIVATE: Permission(
        _if(lambda actor, subject: _runs(actor, subject) and subject.community.state == models.CommunityState.ARCHIVED),
        _cells((ARCHIVED, ADMINISTRATORS)),
    ),
    CommunityAction.OVERSEE: Permission(administrator, _SITE),
    CommunityAction.ACTIVATE: Permission(_if(_activate), {"submitted": COMMUNITY.only("site_admin").hidden_but(ADMINISTRATORS)}),
}

DIRECTORY_PERMISSIONS: Mapping[StrEnum, Permission] = {
    DirectoryAction.COUNT: Permission(open_to_strangers(_always), {"any": Roles.EVERYBODY.because("strangers see the number alone")}),
    DirectoryAction.VIEW: Permission(signed_in, {"entry": Roles.SIGNED_IN.because("whose account has a confirmed address")}),
    DirectoryAction.CONTACT: Permission(
        lambda actor, subject: allow_if(not actor.is_anonymous and subject.entry.contact),
        {"entry": Roles.SIGNED_IN, "no_contact": Roles.NOBODY},
    ),
    DirectoryAction.EDIT_OWN: Permission(signed_in, {"own": Roles.SIGNED_IN.because("each edits their own entry")}),
}

_READING = (BoardAction.VIEW, BoardAction.READ)
_WRITING = (BoardAction.OPEN, BoardAction.WRITE)


def _cell(action: BoardAction, state: str) -> AllowedRoles:
    if state in HIDDEN:
        return (ADMINISTRATORS if action is BoardAction.VIEW_QUEUE else MEMBERS).hidden_but(
            COMMUNITY.only("community_member") if action is BoardAction.VIEW_QUEUE else NOBODY
        )
    if action in _READING:
        return COMMUNITY if state.endswith("open") else MEMBERS
    if action is BoardAction.VIEW_QUEUE:
        return ADMINISTRATORS
    return NOBODY if state in ARCHIVED else MEMBERS


BOARD_CELLS: Mapping[StrEnum, Mapping[str, AllowedRoles]] = {
    action: {f"community_{state}": _cell(action, state) for state in (*NOT_ARCHIVED, *ARCHIVED, *HIDDEN)}
    for action in (*_READING, *_WRITING, BoardAction.VIEW_QUEUE)
}
"""The roles that may act on the board of a community, by its reach, level and state."""
