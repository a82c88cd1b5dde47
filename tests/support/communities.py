"""Communities for tests: of a level, reach and state, with members in their roles."""

import io
from collections.abc import Mapping

from sqlalchemy import select

from accounts.models import Person
from communities import communities, files, invitations, pages
from communities.communities import CommunityValues
from communities.models import (
    CONDITIONS,
    NOTE,
    Community,
    CommunityFile,
    CommunityInvitation,
    CommunityLevel,
    CommunityMember,
    CommunityPage,
    CommunityReach,
    CommunityRole,
    CommunityState,
)
from discussions.models import Board, Thread
from kernel import clock
from kernel.files import files_of
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.address_lists import ListedAddress
from tests.support.boards import a_thread
from tests.support.browser import Browser

LONG = "Personas que preparan estadísticas de seguridad social y comparten cómo las hacen, qué fuentes usan y qué aprenden de ellas."
TEXTS = dict.fromkeys((*NOTE, *CONDITIONS), LONG)


def actor_of(person: Person, *, is_staff: bool = False) -> Actor:
    """Return a person as an actor."""
    return Actor(person_id=person.id, person_uuid=person.uuid, name=person.full_name, language="es", is_staff_anywhere=is_staff)


def a_community(
    instance: Instance,
    founder: Person,
    name: str = "Estadística actuarial",
    *,
    level: CommunityLevel = CommunityLevel.PUBLIC,
    reach: CommunityReach = CommunityReach.EVERYONE,
    state: CommunityState = CommunityState.ACTIVE,
    organisation_id: int | None = None,
) -> Community:
    """Add a community with all its texts."""
    now, actor = clock.now(), actor_of(founder)
    with instance.database.unit_of_work() as session:
        values = CommunityValues(name, "es", CommunityReach.EVERYONE, level)
        row = communities.found_community(session, actor, values, now=now)
        pages.change_texts(session, actor, row, TEXTS, seen=str(row.row_version), now=now)
        row.reach, row.organisation_id, row.state = reach.value, organisation_id, state.value
        row.activated_at = now if state is not CommunityState.DRAFT else None
        row.archived_at = now if state is CommunityState.ARCHIVED else None
        session.flush()
        return row


def a_member(
    instance: Instance, community: Community, person: Person, role: CommunityRole = CommunityRole.MEMBER, *, external: bool = False
) -> int:
    """Make a person a member; return the number of the membership."""
    with instance.database.unit_of_work() as session:
        row = CommunityMember(
            community_id=community.id, person_id=person.id, role=role.value, external=external, how="joined", since=clock.now()
        )
        session.add(row)
        session.flush()
        return row.id


def an_invitation(instance: Instance, community: Community, sender: Person, email: str, *, by_mail: bool = False) -> CommunityInvitation:
    """Invite an address in a person's name."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(Community, community.id)
        invitations.invite(session, actor_of(sender), row, [ListedAddress(1, email)], "", by_mail=by_mail, now=clock.now())
        return session.scalars(select(CommunityInvitation).where(CommunityInvitation.email == email)).one()


def send_form(
    visitor: Browser, start: str, fields: Mapping[str, object] | None = None, *, act: tuple[str, str] | None = None, status: int = 200
) -> None:
    """Send the form of the present page whose address begins so."""
    form = next(form for form in visitor.page.forms if form.action.startswith(start))
    visitor.submit("", fields, form=form, button=act, status=status)


FILE_FIELDS = {"title": "Tablas", "description": "", "category": "Datos", "language": "es", "licence": "internal"}


def send_file(visitor: Browser, address: str, content: bytes, name: str = "tablas.csv", status: int = 200, **values: str) -> None:
    """Send the form of a file with a content."""
    visitor.get(address)
    token = dict(visitor.page.form(address).fields)["csrf_token"]
    sent = {"csrf_token": token, **FILE_FIELDS, **values, "file": (io.BytesIO(content), name)}
    visitor.post(address, sent, status=status, content_type="multipart/form-data")


def fresh(instance: Instance, community: Community) -> Community:
    """Return a community as it is now."""
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Community, community.id)


def write_thread(instance: Instance, community: Community, title: str, author: Person | None = None) -> str:
    """Open a thread on the board of a community, by its founder unless somebody is named; return its key."""
    with instance.database.unit_of_work() as session:
        board = session.get_one(Board, community.board_id)
        number = session.scalar(
            select(CommunityMember.person_id).where(CommunityMember.community_id == community.id).order_by(CommunityMember.id).limit(1)
        )
        person = author or session.get_one(Person, number)
    post = a_thread(instance, board, person, title, f"El texto de «{title}».", kind="discussion")
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Thread, post.thread_id).key


def bring_file(
    instance: Instance, community: Community, person: Person, title: str = "Tablas", *, members_only: bool = True, **values: str
) -> CommunityFile:
    """Bring a file into a community in a person's name."""
    stored = files.store_content(files_of(instance.settings), "tablas.csv", f"edad;tasa\n{title};1\n".encode())
    said = files.FileValues(
        **{"title": title, "description": "", "category": "", "language": "es", "licence": "internal", **values}, members_only=members_only
    )
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), community.slug)
        return files.add_file(session, actor_of(person), context, said, stored, now=clock.now())


def write_page(
    instance: Instance,
    community: Community,
    person: Person,
    title: str = "Fuentes",
    text: str = "Las encuestas.",
    *,
    members_only: bool = False,
) -> CommunityPage:
    """Write a page of a community in a person's name."""
    values = pages.PageValues(title, text, members_only=members_only)
    html = str(pages.render_page(text, community.language).html)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), community.slug)
        return pages.add_page(session, actor_of(person), context, values, html, now=clock.now())
