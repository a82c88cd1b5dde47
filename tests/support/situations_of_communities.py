"""Situations of communities: somebody comes in, asks, goes, founds one; an administrator of it decides; one of the site activates."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from accounts.models import Person
from communities import communities, directory, life, links, members
from communities.directory import DirectoryValues
from communities.invitations import make_link
from communities.models import (
    Community,
    CommunityInvitation,
    CommunityLevel,
    CommunityLinkKind,
    CommunityState,
    DirectoryEntry,
    PlanEntry,
)
from kernel import clock
from kernel.i18n import site_day
from kernel.settings import secret_keys
from tests.support.communities import LONG, a_community, a_member, actor_of, an_invitation, bring_file, write_page
from tests.support.lessons import a_picture as a_png
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


def what_the_list_shows(stage: Stage) -> Scene:
    """A member shows their institution in the list."""
    return _of_founder(stage, "/membership", {"shows_institution": "y"})


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


def a_ban(stage: Stage) -> Scene:
    """An administrator lets somebody who was removed join again."""
    row, founder = _community(stage)
    number, actor = a_member(stage.instance, row, stage.person()), actor_of(founder)
    with stage.instance.database.unit_of_work() as session:
        context = members.get_member(session, actor, row.slug, number)
        members.remove(session, actor, context, reason="Publicidad.", days=0, seen="1", now=clock.now())
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/requests")


def a_new_one(stage: Stage) -> Scene:
    """Somebody founds a community."""
    return Scene(stage.signed_in(), "/communities/new", VALUES, is_used_up=True)


def its_settings(stage: Stage) -> Scene:
    """An administrator changes the settings."""
    return _of_founder(stage, "/manage/settings", {**VALUES, "name": f"Otro nombre {stage.number()}"})


def its_note(stage: Stage) -> Scene:
    """An administrator writes the concept note."""
    return _of_founder(stage, "/manage/note", NOTE)


def its_discussions(stage: Stage) -> Scene:
    """An administrator says how the discussions work."""
    return _of_founder(stage, "/manage/discussions", {"first_posts": "all", "categories": "Datos\nMétodos"})


def a_draft(stage: Stage) -> Scene:
    """A draft that is submitted."""
    return _of_founder(stage, "/manage", state=CommunityState.DRAFT)


def a_draft_to_delete(stage: Stage) -> Scene:
    """An administrator deletes a draft."""
    return _of_founder(stage, "/manage/deletion", state=CommunityState.DRAFT)


def its_copies(stage: Stage) -> Scene:
    """An administrator asks for a copy."""
    row, founder = _community(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/export", is_used_up=True)


def a_submitted_draft(stage: Stage) -> Scene:
    """An administrator of the site activates a draft."""
    row, founder = _community(stage, state=CommunityState.DRAFT)
    with stage.instance.database.unit_of_work() as session:
        life.submit(session, actor_of(founder), session.get_one(Community, row.id), alone=False, now=clock.now())
    return Scene(stage.boss, f"/communities/{row.slug}/manage", {"act": "activate", "reason": ""})


def one_to_archive(stage: Stage) -> Scene:
    """An administrator archives a community."""
    return _of_founder(stage, "/manage/archive", {"reason": "Terminó."})


def an_archived_one(stage: Stage) -> Scene:
    """An administrator reactivates a community."""
    return _of_founder(stage, "/manage", state=CommunityState.ARCHIVED)


def _address(stage: Stage) -> str:
    return f"invitada{stage.number()}@example.org"


def people_to_invite(stage: Stage) -> Scene:
    """An administrator invites addresses."""
    good = {"addresses": _address(stage), "added_text": "Venga.", "way": "links", "act": "invite"}
    return _of_founder(stage, "/manage/invitations", good)


def _invited(stage: Stage, email: str, *, is_linked: bool) -> tuple[Community, Person, CommunityInvitation]:
    row, founder = _community(stage, CommunityLevel.PRIVATE)
    an_invitation(stage.instance, row, founder, email)
    with stage.instance.database.unit_of_work() as session:
        invitation = session.scalars(select(CommunityInvitation).where(CommunityInvitation.email == email)).one()
        if is_linked:
            make_link(session, invitation)
    return row, founder, invitation


def links_to_hand_over(stage: Stage) -> Scene:
    """An administrator asks for the links."""
    row, founder, _invitation = _invited(stage, _address(stage), is_linked=False)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/invitations")


def an_invitation_sent(stage: Stage) -> Scene:
    """An administrator repeats or withdraws an invitation."""
    row, founder, _invitation = _invited(stage, _address(stage), is_linked=True)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/invitations")


def an_invitation_of_ones_own(stage: Stage) -> Scene:
    """Somebody accepts an invitation on the front page."""
    person = stage.person()
    row, _founder, _invitation = _invited(stage, person.email, is_linked=True)
    return Scene(stage.signed_in(person), f"/communities/{row.slug}", {"act": "accept"})


def a_new_group(stage: Stage) -> Scene:
    """An administrator founds a working group."""
    good = {"name": f"Grupo {stage.number()}", "language": "es", "reach": "parent", "level": "semiprivate"}
    return _of_founder(stage, "/groups/new", good)


def _line(stage: Stage) -> tuple[Community, Person, int]:
    row, founder = _community(stage)
    today = site_day(clock.now())
    with stage.instance.database.unit_of_work() as session:
        line = PlanEntry(community_id=row.id, starts_on=today, ends_on=today, title="Reunión", kind="meeting", responsible="")
        session.add(line)
        session.flush()
        return row, founder, line.id


LINE = {"title": "Seminario", "kind": "webinar", "starts_on": "2027-01-15", "ends_on": "", "responsible": "", "note": "", "address": ""}


def a_new_line(stage: Stage) -> Scene:
    """An administrator adds a line to the plan."""
    return _of_founder(stage, "/plan/new", LINE)


def a_line(stage: Stage) -> Scene:
    """An administrator changes a line of the plan."""
    row, founder, number = _line(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/plan/{number}", LINE)


def a_line_to_mark(stage: Stage) -> Scene:
    """An administrator ticks a line of the plan."""
    row, founder, _number = _line(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/plan", {"act": "done"})


ENTRY = {"text": "Pensiones.", "subjects": "Pensiones", "countries": "EC", "languages": "es", "contact": "y", "consent": "y"}


def an_own_entry(stage: Stage) -> Scene:
    """Somebody enters the directory."""
    return Scene(stage.signed_in(), "/profile/directory", ENTRY)


def _entry(stage: Stage) -> DirectoryEntry:
    person = stage.person()
    with stage.instance.database.unit_of_work() as session:
        values = DirectoryValues("Pensiones.", shows_institution=False, contact=True)
        return directory.save_entry(session, actor_of(person), values, now=clock.now())


def an_entry_to_write_to(stage: Stage) -> Scene:
    """Somebody writes to a specialist; this instance sends no mail, and says so."""
    good = {"text": "Hola.", "consent": "y"}
    return Scene(stage.signed_in(), f"/directory/{_entry(stage).uuid}/contact", good)


def a_mail_of_the_directory(stage: Stage) -> Scene:
    """A specialist ends the messages by the link of a mail."""
    token = directory.stop_token(secret_keys(stage.instance.settings)[0], _entry(stage))
    return Scene(stage.nobody(), f"/directory/stop/{token}")


FILE = {"title": "Tablas", "description": "", "category": "Datos", "language": "es", "licence": "internal", "members_only": "y"}


def a_new_file(stage: Stage) -> Scene:
    """A member brings in a file."""
    row, founder = _community(stage)
    sent = {"file": ("tablas.csv", f"edad;tasa\n{stage.number()};1\n".encode())}
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/files/new", FILE, files=sent)


def _file(stage: Stage) -> tuple[Community, Person, UUID]:
    row, founder = _community(stage)
    return row, founder, bring_file(stage.instance, row, founder, f"Tablas {stage.number()}").uuid


def a_file_to_change(stage: Stage) -> Scene:
    """A member changes what is said of a file."""
    row, founder, number = _file(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/files/{number}/edit", FILE)


def a_file_to_delete(stage: Stage) -> Scene:
    """A member deletes a file."""
    row, founder, number = _file(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/files/{number}")


WRITTEN = {"title": "Fuentes", "text": "Las encuestas.", "category": "", "position": ""}


def a_new_page(stage: Stage) -> Scene:
    """An administrator writes a page."""
    return _of_founder(stage, "/pages/new", WRITTEN)


def _page(stage: Stage, act: str, good: dict[str, str]) -> Scene:
    row, founder = _community(stage)
    write_page(stage.instance, row, founder)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/pages/fuentes{act}", good)


def a_page_to_write_on(stage: Stage) -> Scene:
    """An administrator writes another text of a page."""
    return _page(stage, "/edit", WRITTEN)


def a_page_to_delete(stage: Stage) -> Scene:
    """An administrator deletes a page."""
    return _page(stage, "", {})


def a_new_link(stage: Stage) -> Scene:
    """An administrator adds a tool."""
    good = {"tool-title": f"Actas {stage.number()}", "tool-address": "/courses", "tool-text": ""}
    row, founder = _community(stage)
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/links", good, is_used_up=True)


def a_link_to_move(stage: Stage) -> Scene:
    """An administrator removes a tool, or moves it up."""
    row, founder = _community(stage)
    values = links.LinkValues(CommunityLinkKind.TOOL, None, "Actas", "", "/courses")
    with stage.instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(founder), row.slug)
        links.add_link(session, actor_of(founder), context, values, now=clock.now())
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/links", {"act": "remove"})


def a_front_picture(stage: Stage) -> Scene:
    """An administrator gives the front page a picture."""
    row, founder = _community(stage)
    sent = {"picture": ("plaza.png", a_png())}
    return Scene(stage.signed_in(founder), f"/communities/{row.slug}/manage/links", {"alt": "Una plaza"}, files=sent)


COMMUNITIES: Room = {
    "communities_links.add_link": a_new_link,
    "communities_links.change_link": a_link_to_move,
    "communities_links.set_picture": a_front_picture,
    "communities.ask": one_that_is_asked,
    "communities.join": a_public_one,
    "communities.leave": a_membership_of_ones_own,
    "communities.membership": what_the_list_shows,
    "communities.withdraw": a_request_of_ones_own,
    "communities_invited.answer": an_invitation_of_ones_own,
    "communities_directory.contact": an_entry_to_write_to,
    "communities_directory.own_entry": an_own_entry,
    "communities_directory.stop": a_mail_of_the_directory,
    "communities_work.delete_file": a_file_to_delete,
    "communities_work.edit_file": a_file_to_change,
    "communities_work.add_file": a_new_file,
    "communities_managing.found_group": a_new_group,
    "communities_inviting.invite": people_to_invite,
    "communities_inviting.links": links_to_hand_over,
    "communities_inviting.repeat": an_invitation_sent,
    "communities_inviting.withdraw": an_invitation_sent,
    "communities_work.delete_page": a_page_to_delete,
    "communities_work.edit_page": a_page_to_write_on,
    "communities_work.add_page": a_new_page,
    "communities_work.edit_line": a_line,
    "communities_work.mark_line": a_line_to_mark,
    "communities_work.add_line": a_new_line,
    "communities_keeping.delete": a_draft_to_delete,
    "communities_keeping.export": its_copies,
    "communities_managing.activate": a_submitted_draft,
    "communities_managing.archive": one_to_archive,
    "communities_managing.board_settings": its_discussions,
    "communities_managing.decide": a_request,
    "communities_managing.lift_ban": a_ban,
    "communities_managing.new": a_new_one,
    "communities_managing.reactivate": an_archived_one,
    "communities_managing.remove": a_removal,
    "communities_managing.set_role": a_role,
    "communities_managing.settings": its_settings,
    "communities_managing.submit": a_draft,
    "communities_managing.texts": its_note,
}
