"""Situations of communities: somebody comes in, asks, goes, founds one; an administrator of it decides; one of the site activates."""

from __future__ import annotations

from accounts.models import Person
from communities import communities, members
from communities.models import Community, CommunityLevel, CommunityState
from kernel import clock
from tests.support.communities import LONG, a_community, a_member, actor_of
from tests.support.situations import Room, Scene, Stage

VALUES = {"name": "Otra comunidad", "language": "es", "reach": "everyone", "organisation": "", "level": "public"}
NOTE = {"overview": LONG, "purpose": LONG, "strategy": LONG}


def _community(
    stage: Stage, level: CommunityLevel = CommunityLevel.PUBLIC, state: CommunityState = CommunityState.ACTIVE
) -> tuple[Community, Person]:
    founder = stage.person()
    return a_community(stage.instance, founder, f"Comunidad {stage.number()}", level=level, state=state), founder


def _of_founder(stage: Stage, page: str, good: dict[str, str] | None = None, state: CommunityState = CommunityState.ACTIVE) -> Scene:
    row, founder = _community(stage, state=state)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}{page}", good or {})


def a_public_one(stage: Stage) -> Scene:
    """Somebody joins at once."""
    row, _founder = _community(stage)
    return Scene(stage.signed_in(), f"/communities/{row.slug}")


def one_that_is_asked(stage: Stage) -> Scene:
    """Somebody asks to join."""
    row, _founder = _community(stage, CommunityLevel.SEMIPRIVATE)
    return Scene(stage.signed_in(), f"/communities/{row.slug}/request", {"text": "Quiero aprender."})


def _asked(stage: Stage) -> tuple[Community, Person, Person]:
    row, founder = _community(stage, CommunityLevel.SEMIPRIVATE)
    person = stage.person()
    with stage.instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), row.slug)
        members.request_to_join(session, actor_of(person), context, "Por favor.", now=clock.now())
    return row, founder, person


def a_request_of_ones_own(stage: Stage) -> Scene:
    """Somebody withdraws a request."""
    row, _founder, person = _asked(stage)
    return Scene(stage.signed_in(person), f"/communities/{row.slug}")


def a_request(stage: Stage) -> Scene:
    """An administrator decides on a request."""
    row, founder, _person = _asked(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/requests", {"act": "approve", "reason": ""})


def a_membership_of_ones_own(stage: Stage) -> Scene:
    """A member leaves."""
    row, _founder = _community(stage)
    person = stage.person()
    a_member(stage.instance, row, person)
    return Scene(stage.signed_in(person), f"/communities/{row.slug}/leave")


def _membership(stage: Stage, good: dict[str, str]) -> Scene:
    row, founder = _community(stage)
    number = a_member(stage.instance, row, stage.person())
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/members/{number}", good)


def a_role(stage: Stage) -> Scene:
    """An administrator gives a member a role."""
    return _membership(stage, {"role": "moderator"})


def a_removal(stage: Stage) -> Scene:
    """An administrator removes a member."""
    return _membership(stage, {"reason": "Publicidad.", "days": "30"})


def a_new_one(stage: Stage) -> Scene:
    """Somebody founds a community."""
    return Scene(stage.signed_in(), "/communities/new", VALUES, is_used_up=True)


def its_settings(stage: Stage) -> Scene:
    """An administrator changes the settings."""
    return _of_founder(stage, "/manage/settings", {**VALUES, "name": f"Otro nombre {stage.number()}"})


def its_note(stage: Stage) -> Scene:
    """An administrator writes the concept note."""
    return _of_founder(stage, "/manage/note", NOTE)


def a_draft(stage: Stage) -> Scene:
    """A draft that is submitted or deleted."""
    return _of_founder(stage, "/manage", state=CommunityState.DRAFT)


def a_submitted_draft(stage: Stage) -> Scene:
    """An administrator of the site activates a draft."""
    row, founder = _community(stage, state=CommunityState.DRAFT)
    with stage.instance.database.unit_of_work() as session:
        communities.submit(session, actor_of(founder), session.get_one(Community, row.id), alone=False, now=clock.now())
    return Scene(stage.boss, f"/communities/{row.slug}/manage", {"act": "activate", "reason": ""})


def one_to_archive(stage: Stage) -> Scene:
    """An administrator archives a community."""
    return _of_founder(stage, "/manage/archive", {"reason": "Terminó."})


def an_archived_one(stage: Stage) -> Scene:
    """An administrator reactivates a community."""
    return _of_founder(stage, "/manage", state=CommunityState.ARCHIVED)


COMMUNITIES: Room = {
    "communities.ask": one_that_is_asked,
    "communities.join": a_public_one,
    "communities.leave": a_membership_of_ones_own,
    "communities.withdraw": a_request_of_ones_own,
    "communities_managing.activate": a_submitted_draft,
    "communities_managing.archive": one_to_archive,
    "communities_managing.decide": a_request,
    "communities_managing.delete": a_draft,
    "communities_managing.new": a_new_one,
    "communities_managing.reactivate": an_archived_one,
    "communities_managing.remove": a_removal,
    "communities_managing.set_role": a_role,
    "communities_managing.settings": its_settings,
    "communities_managing.submit": a_draft,
    "communities_managing.texts": its_note,
}
