"""Permissions of communities, on their reach, level and state, and on what somebody is in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.models import Person
from communities import models, space
from communities.space import FINDS, INSIDE, MEMBER, READS, RUNS, CommunityAction, CommunityContext, CommunityInvitedContext
from discussions.access import BoardAction
from kernel import clock
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


@dataclass(frozen=True, slots=True)
class DirectoryContext:
    """An entry in the directory, with its person."""

    entry: models.DirectoryEntry
    person: Person


Condition = Callable[[Actor, CommunityContext], bool]


def judge_finding(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the front page: within the reach, spec/communities C2; strangers are led to sign in where an institution finds it."""
    if FINDS.holds(actor, subject):
        return Verdict.ALLOW
    leads_to_sign_in = actor.is_anonymous and space.OF_INSTITUTION.holds(actor, subject) and space.LIVING.holds(actor, subject)
    return Verdict.FORBID if leads_to_sign_in else Verdict.HIDE


def _view(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the front page itself."""
    return Verdict.ALLOW if space.may_view(actor, subject) else judge_finding(actor, subject)


def _if(condition: Condition) -> Predicate:
    """Return a predicate that asks a condition of actors who have signed in and find the community."""

    def decide(actor: Actor, subject: CommunityContext) -> Verdict:
        verdict = judge_finding(actor, subject)
        return allow_if(not actor.is_anonymous and condition(actor, subject)) if verdict is Verdict.ALLOW else verdict

    return decide


def _read(actor: Actor, subject: CommunityContext) -> Verdict:
    """Decide on the content; what is for members alone does not exist for others who read the rest."""
    seen = judge_finding(actor, subject)
    if seen is not Verdict.ALLOW or not READS.holds(actor, subject) or actor.is_suspended:
        return allow_if(False, seen if seen is not Verdict.ALLOW else Verdict.FORBID)
    return allow_if(not subject.is_private_item or INSIDE.holds(actor, subject), Verdict.HIDE)


def _change_file(actor: Actor, subject: Any) -> Verdict:
    """Let those replace, delete or restore a file who brought it in and are members, or administer."""
    is_own = subject.member is not None and subject.row.person_id == actor.person_id
    seen = judge_finding(actor, subject)
    return allow_if(not subject.is_archived and (is_own or RUNS.holds(actor, subject))) if seen is Verdict.ALLOW else seen


def _writes_pages(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody writes pages: who administers, and members where it is said so."""
    return not subject.is_archived and (RUNS.holds(actor, subject) or (subject.member is not None and subject.community.members_write))


def _runs_active(actor: Actor, subject: CommunityContext) -> bool:
    return RUNS.holds(actor, subject) and subject.is_active


def _may_archive(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody may archive it: of a working group those who administer its community too, where they see it."""
    return subject.is_active and (RUNS.holds(actor, subject) or subject.runs_parent)


def _is_outside(actor: Actor, subject: CommunityContext, *levels: models.CommunityLevel) -> bool:
    """Return whether somebody may come in by themselves at some levels: nobody whom a decision keeps or lets wait."""
    free = not INSIDE.holds(actor, subject) and not subject.is_banned and subject.pending is None
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
    return RUNS.holds(actor, subject) and subject.community.state == models.CommunityState.DRAFT


def _delete(actor: Actor, subject: CommunityContext) -> bool:
    """Return whether somebody may delete it: a draft who runs it, else those who administer the site."""
    may = RUNS.holds(actor, subject) if subject.community.state == models.CommunityState.DRAFT else actor.is_administrator
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
    CommunityAction.LIST_ENTRY: Permission(open_to_strangers(judge_finding), _cells((NOT_ARCHIVED, COMMUNITY), (HIDDEN, MEMBERS.hidden))),
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
    CommunityAction.ADD_FILE: Permission(
        _if(lambda actor, subject: INSIDE.holds(actor, subject) and not subject.is_archived),
        _cells((NOT_ARCHIVED, MEMBERS), (ARCHIVED, NOBODY), (HIDDEN, MEMBERS.hidden)),
    ),
    CommunityAction.CHANGE_FILE: Permission(_change_file, {"of_another": ADMINISTRATORS, "own": MEMBERS}),
    CommunityAction.WRITE_PAGE: Permission(
        _if(_writes_pages), _cells((("public",), ADMINISTRATORS), (("public_members_write",), MEMBERS), (("archived_public",), NOBODY))
    ),
    CommunityAction.LIST_MEMBERS: Permission(_if(INSIDE.holds), _cells((NOT_ARCHIVED, MEMBERS), (HIDDEN, MEMBERS.hidden))),
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
    CommunityAction.LEAVE: Permission(_if(MEMBER.holds), {"public": COMMUNITY.only("community_member", "community_admin")}),
    CommunityAction.CHANGE_MEMBERSHIP: Permission(_if(MEMBER.holds), {"public": COMMUNITY.only("community_member", "community_admin")}),
    CommunityAction.FOUND: Permission(signed_in, {"any": Roles.SIGNED_IN.because("up to five drafts each")}),
    CommunityAction.EDIT: Permission(
        _if(lambda actor, subject: RUNS.holds(actor, subject) and not subject.is_archived),
        {**_RUN, **_DRAFT, **_cells((ARCHIVED, NOBODY))},
    ),
    CommunityAction.SUBMIT: Permission(_if(_submit), _DRAFT),
    CommunityAction.DELETE: Permission(
        _if(_delete),
        {**_DRAFT, "open": NOBODY, "archived_open": NOBODY, "archived_long_open": COMMUNITY.only("site_admin")},
    ),
    CommunityAction.MANAGE: Permission(_if(RUNS.holds), {**_RUN, **_DRAFT}),
    CommunityAction.EXPORT: Permission(_if(RUNS.holds), {**_RUN, **_DRAFT, **_cells((ARCHIVED, ADMINISTRATORS))}),
    CommunityAction.DECIDE: Permission(_if(_runs_active), _cells((("pending_request",), ADMINISTRATORS), (ARCHIVED, NOBODY))),
    CommunityAction.LIST_GROUPS: Permission(
        _if(lambda actor, subject: subject.parent is None and INSIDE.holds(actor, subject)), _cells((NOT_ARCHIVED, MEMBERS))
    ),
    CommunityAction.FOUND_GROUP: Permission(
        _if(lambda _actor, subject: subject.parent is None and subject.administers and subject.is_active),
        _cells((("public",), COMMUNITY.only("community_admin").because("its founder is a member")), (("archived_public",), NOBODY)),
    ),
    CommunityAction.ANNOUNCE: Permission(_if(_runs_active), {"active": ADMINISTRATORS}),
    CommunityAction.INVITE: Permission(
        _if(lambda actor, subject: RUNS.holds(actor, subject) and not subject.is_archived),
        {**_RUN, **_DRAFT, **_cells((ARCHIVED, NOBODY))},
    ),
    CommunityAction.ACCEPT_INVITATION: Permission(
        _accept_invitation, {"private": COMMUNITY.only("community_invited").because("the invitation is for one person, single use")}
    ),
    CommunityAction.SET_ROLE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.REMOVE: Permission(_if(_runs_active), {"public": ADMINISTRATORS, "archived_public": NOBODY}),
    CommunityAction.ARCHIVE: Permission(_if(_may_archive), _cells((tuple(f"active_{level}" for level in NOT_ARCHIVED), ADMINISTRATORS))),
    CommunityAction.REACTIVATE: Permission(
        _if(lambda actor, subject: RUNS.holds(actor, subject) and subject.community.state == models.CommunityState.ARCHIVED),
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
