"""Permissions of communities, on their reach, level and state, and on what somebody is in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach, CommunityRequest, CommunityRole, CommunityState
from discussions.access import BoardAction
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


class CommunityAction(StrEnum):
    """Acts on communities."""

    LIST = "community:list"
    LIST_ENTRY = "community:list_entry"
    """Find it in the list of communities."""
    VIEW = "community:front_page_view"
    READ = "community:content_view"
    LIST_MEMBERS = "community:members_list"
    JOIN_BUTTON = "community:join_button"
    JOIN = "community:join_at_once"
    REQUEST = "community:request_join"
    WITHDRAW_REQUEST = "community:withdraw_request"
    LEAVE = "community:leave"
    FOUND = "community:found"
    EDIT = "community:edit"
    SUBMIT = "community:submit"
    DELETE = "community:delete"
    MANAGE = "community:manage"
    """See what waits for its administrators, and the log of their decisions."""
    DECIDE = "community:approve_member"
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

    @property
    def administers(self) -> bool:
        """Return whether the actor is its administrator."""
        return self.member is not None and self.member.role == CommunityRole.ADMINISTRATOR

    @property
    def is_active(self) -> bool:
        """Return whether it is neither a draft nor archived."""
        return self.community.state == CommunityState.ACTIVE


@dataclass(frozen=True, slots=True)
class MemberContext(CommunityContext):
    """A member of a community, before another one."""

    other: CommunityMember


@dataclass(frozen=True, slots=True)
class RequestContext(CommunityContext):
    """A request to join a community."""

    request: CommunityRequest


Condition = Callable[[Actor, CommunityContext], bool]


def _see(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the front page: within the reach, spec/communities C2."""
    community = subject.community
    if actor.is_administrator or subject.member is not None:
        return Verdict.ALLOW
    if community.state == CommunityState.DRAFT or community.reach == CommunityReach.HIDDEN:
        return Verdict.HIDE
    if community.reach == CommunityReach.INSTITUTION and not subject.belongs:
        return Verdict.FORBID if actor.is_anonymous else Verdict.HIDE
    return Verdict.ALLOW


def _if(condition: Condition, *, for_strangers: bool = False) -> Predicate:
    """Return a predicate that asks a condition of actors who see the community."""

    def decide(actor: Actor, subject: CommunityContext) -> Verdict:
        seen = _see(actor, subject)
        is_known = for_strangers or not actor.is_anonymous
        return allow_if(is_known and condition(actor, subject)) if seen is Verdict.ALLOW else seen

    return open_to_strangers(decide) if for_strangers else decide


def _is_inside(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator or subject.member is not None


def _reads(actor: Actor, subject: CommunityContext) -> bool:
    return _is_inside(actor, subject) or (subject.community.is_open and not actor.is_suspended)


def _runs(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator or subject.administers


def _runs_active(actor: Actor, subject: CommunityContext) -> bool:
    return _runs(actor, subject) and subject.is_active


def _is_outside(actor: Actor, subject: CommunityContext, *levels: CommunityLevel) -> bool:
    """Return whether somebody may come in by themselves at some levels: nobody whom a decision keeps or lets wait."""
    free = not _is_inside(actor, subject) and not subject.is_banned and subject.pending is None
    return free and subject.is_active and subject.community.level in levels


def _join(actor: Actor, subject: CommunityContext) -> Verdict:
    if subject.community.reach == CommunityReach.HIDDEN:
        return Verdict.HIDE
    return _if(lambda actor, subject: _is_outside(actor, subject, CommunityLevel.OPEN, CommunityLevel.PUBLIC))(actor, subject)


def _submit(actor: Actor, subject: CommunityContext) -> bool:
    return _runs(actor, subject) and subject.community.state == CommunityState.DRAFT


def _delete(actor: Actor, subject: CommunityContext) -> bool:
    return _runs(actor, subject) and subject.community.state == CommunityState.DRAFT


def _activate(actor: Actor, subject: CommunityContext) -> bool:
    return actor.is_administrator and subject.community.state == CommunityState.DRAFT and subject.community.submitted_at is not None


def _always(_actor: Actor, _subject: object) -> Verdict:
    return Verdict.ALLOW


COMMUNITY = roles_tried(
    *("anonymous", "learner", "site_admin", "community_invited", "community_pending", "community_member", "community_removed"),
    *("community_admin", "other_community_admin"),
)
"""Everybody before one community."""
ADMINISTRATORS = COMMUNITY.only("site_admin", "community_admin")
MEMBERS = ADMINISTRATORS | COMMUNITY.only("community_member")
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
    CommunityAction.LIST_ENTRY: Permission(open_to_strangers(_see), _cells((NOT_ARCHIVED, COMMUNITY), (HIDDEN, MEMBERS.hidden))),
    CommunityAction.VIEW: Permission(
        open_to_strangers(_see),
        _cells((NOT_ARCHIVED, COMMUNITY), (ARCHIVED, COMMUNITY), (HIDDEN, MEMBERS.hidden), (("draft",), ADMINISTRATORS.hidden)),
    ),
    CommunityAction.READ: Permission(
        _if(_reads, for_strangers=True),
        _cells(
            (("private", "semiprivate", "public", "archived_private", "archived_semiprivate", "archived_public"), MEMBERS),
            (("open", "archived_open"), COMMUNITY),
            (HIDDEN, MEMBERS.hidden),
        ),
    ),
    CommunityAction.LIST_MEMBERS: Permission(_if(_is_inside), _cells((NOT_ARCHIVED, MEMBERS), (HIDDEN, MEMBERS.hidden))),
    CommunityAction.JOIN_BUTTON: Permission(
        _if(lambda actor, subject: _is_outside(actor, subject, CommunityLevel.OPEN, CommunityLevel.PUBLIC, CommunityLevel.SEMIPRIVATE)),
        _cells((("private", *ARCHIVED), NOBODY), (("semiprivate", "public", "open"), OUTSIDERS)),
    ),
    CommunityAction.JOIN: Permission(
        _join, _cells((("semiprivate", *ARCHIVED), NOBODY), (("public", "open"), OUTSIDERS), (HIDDEN, NOBODY.hidden))
    ),
    CommunityAction.REQUEST: Permission(
        _if(lambda actor, subject: _is_outside(actor, subject, CommunityLevel.SEMIPRIVATE)),
        _cells((("semiprivate",), OUTSIDERS), (ARCHIVED, NOBODY)),
    ),
    CommunityAction.WITHDRAW_REQUEST: Permission(
        _if(lambda _actor, subject: subject.pending is not None), {"own_pending": COMMUNITY.only("community_pending")}
    ),
    CommunityAction.LEAVE: Permission(
        _if(lambda _actor, subject: subject.member is not None), {"public": COMMUNITY.only("community_member", "community_admin")}
    ),
    CommunityAction.FOUND: Permission(signed_in, {"any": Roles.SIGNED_IN.because("up to five drafts each")}),
    CommunityAction.EDIT: Permission(
        _if(lambda actor, subject: _runs(actor, subject) and subject.community.state != CommunityState.ARCHIVED),
        {**_RUN, **_DRAFT, **_cells((ARCHIVED, NOBODY))},
    ),
    CommunityAction.SUBMIT: Permission(_if(_submit), _DRAFT),
    CommunityAction.DELETE: Permission(_if(_delete), {**_DRAFT, "open": NOBODY}),
    CommunityAction.MANAGE: Permission(_if(_runs), {**_RUN, **_DRAFT}),
    CommunityAction.DECIDE: Permission(_if(_runs_active), _cells((("pending_request",), ADMINISTRATORS), (ARCHIVED, NOBODY))),
    CommunityAction.SET_ROLE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.REMOVE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.ARCHIVE: Permission(_if(_runs_active), _cells((tuple(f"active_{level}" for level in NOT_ARCHIVED), ADMINISTRATORS))),
    CommunityAction.REACTIVATE: Permission(
        _if(lambda actor, subject: _runs(actor, subject) and subject.community.state == CommunityState.ARCHIVED),
        _cells((ARCHIVED, ADMINISTRATORS)),
    ),
    CommunityAction.OVERSEE: Permission(administrator, _SITE),
    CommunityAction.ACTIVATE: Permission(_if(_activate), {"submitted": COMMUNITY.only("site_admin").hidden_but(ADMINISTRATORS)}),
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
