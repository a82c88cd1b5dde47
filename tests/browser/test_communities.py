"""Pages of communities in a real browser, on a phone and a desk, in both languages: nothing runs out, axe-core finds nothing."""

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from accounts.models import Person
from communities import communities, directory, files, groups, life, links, members, pages, plan
from communities.communities import CommunityValues
from communities.directory import DirectoryValues
from communities.links import LinkValues
from communities.models import Community, CommunityLevel, CommunityLinkKind, CommunityReach, CommunityState, MarkKind
from discussions.files import CheckedFile
from kernel import clock
from kernel.files import files_of
from kernel.i18n import site_day
from tests.support.builders import a_person, an_administrator
from tests.support.chromium import Live, signed_in, visitor
from tests.support.communities import a_community, a_member, actor_of, an_invitation, write_thread
from tests.support.lessons import a_picture

PAGE, ASKED = "/communities/estadistica-actuarial", "/communities/pensiones"


def _work(live: Live, row: Community, ana: Person) -> list[str]:
    """Give a community a file, a page, a plan, a group, an announcement and invitations, and two people an entry; return the addresses."""
    now, actor, instance = clock.now(), actor_of(ana), live.instance
    stored = files.store_content(files_of(instance.settings), "tablas de mortalidad de 2026.csv", b"edad;tasa\n60;0,012\n")
    texts = ("Tablas de mortalidad de personas que reciben una pensión", "Con notas sobre las fuentes.", "Datos", "es", "cc-by")
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, row.slug)
        file = files.add_file(session, actor, context, files.FileValues(*texts, members_only=False), stored, now=now)
        values = pages.PageValues("Fuentes de datos", "## Encuestas\n\nLa de empleo.", "Datos")
        pages.add_page(session, actor, context, values, str(pages.render_page(values.source, "es").html), now=now)
        plan.add_first_days(session, actor, context, site_day(now), now=now)
        group = CommunityValues("Tablas de mortalidad por provincia", "es", CommunityReach.PARENT, CommunityLevel.SEMIPRIVATE)
        group_slug = groups.found_group(session, actor, context, group, now=now).slug
        marks = {MarkKind.SUBJECT: ["Proyecciones actuariales"], MarkKind.COUNTRY: ["EC"], MarkKind.LANGUAGE: ["es", "qu"]}
        entry = directory.save_entry(
            session, actor, DirectoryValues("Trabajo en pensiones.", shows_institution=False, contact=True, marks=marks), now=now
        )
    _link(live, row, ana)
    an_invitation(instance, row, ana, "evangelina.monserrate.de.la.torre@example.org")
    return [
        *(f"{PAGE}/files", f"{PAGE}/files/{file.uuid}", f"{PAGE}/files/{file.uuid}/edit", f"{PAGE}/files/new", f"{PAGE}/pages"),
        *(f"{PAGE}/pages/new", f"{PAGE}/pages/fuentes-de-datos", f"{PAGE}/pages/fuentes-de-datos/edit", f"{PAGE}/about/history"),
        *(f"{PAGE}/pages/fuentes-de-datos/history", f"{PAGE}/plan", f"{PAGE}/plan/new", f"{PAGE}/groups", f"{PAGE}/groups/new"),
        *(f"/communities/{group_slug}", f"{PAGE}/membership", f"{PAGE}/manage/invitations", f"{PAGE}/manage/health"),
        *(f"{PAGE}/manage/discussions", f"{PAGE}/announcements/new", "/learning/communities", "/search?q=tablas"),
        *("/directory", f"/directory/{entry.uuid}", "/profile/directory", f"{PAGE}/about", f"{PAGE}/tools", f"{PAGE}/manage/links"),
    ]


def _link(live: Live, row: Community, ana: Person) -> None:
    """Give a community a picture, a supporter with a logo, a tool and a related community."""
    now, actor, store, picture = clock.now(), actor_of(ana), files_of(live.instance.settings), a_picture(size=(1200, 500))
    stored = CheckedFile("", store.put(picture), len(picture), "image/png")
    with live.instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, row.slug)
        links.set_picture(session, actor, context, stored, "Una plaza con personas", seen=str(row.row_version), now=now)
        university = LinkValues(CommunityLinkKind.SUPPORTER, None, "Universidad de los Valles", "Da las aulas.", "https://example.org")
        links.add_link(session, actor, context, university, stored, now=now)
        tool = LinkValues(CommunityLinkKind.TOOL, None, "Simulador de presupuesto social", "Para probar escenarios", "/courses")
        links.add_link(session, actor, context, tool, now=now)
        other = session.scalars(select(Community).where(Community.slug == "pensiones")).one()
        links.add_link(session, actor, context, LinkValues(CommunityLinkKind.RELATED, other.id), now=now)


def _fill(live: Live) -> tuple[int, str, list[str]]:
    """Add communities of three states with all that they hold; return the number of a member, a draft's address, and pages of work."""
    ana, eva = a_person(live.instance), a_person(live.instance, "eva@example.org", given="Evangelina Monserrate")
    an_administrator(live.instance)
    row = a_community(live.instance, ana)
    number = a_member(live.instance, row, eva)
    write_thread(live.instance, row, "Cómo se estima la mortalidad de quienes reciben una pensión")
    requested = a_community(live.instance, ana, "Pensiones", level=CommunityLevel.SEMIPRIVATE)
    a_community(live.instance, ana, "Lo que terminó", state=CommunityState.ARCHIVED)
    draft = a_community(live.instance, ana, "Salud y riesgos del trabajo en provincias pequeñas", state=CommunityState.DRAFT)
    with live.instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(eva), requested.slug)
        members.request_to_join(session, actor_of(eva), context, "Trabajo con estos datos desde hace años.", now=clock.now())
        life.submit(session, actor_of(ana), session.get_one(Community, draft.id), alone=False, now=clock.now())
    return number, f"/communities/{draft.slug}/manage", _work(live, row, ana)


@pytest.mark.parametrize(("width", "language"), [(360, "es"), (1280, "en")])
def test_no_page_of_communities_runs_out_or_is_inaccessible(chromium: Browser, live: Live, width: int, language: str) -> None:
    number, draft, work = _fill(live)
    runs = [
        *("/communities", "/communities/new", PAGE, f"{PAGE}/members", f"{PAGE}/members/{number}", f"{PAGE}/manage", f"{PAGE}/manage/log"),
        *(f"{PAGE}/manage/settings", f"{PAGE}/manage/note", f"{PAGE}/manage/conditions", f"{PAGE}/manage/archive", f"{PAGE}/leave"),
        *(f"{ASKED}/manage/requests", draft, "/communities/lo-que-termino", f"{PAGE}/discussions"),
        *work,
    ]
    ana = signed_in(chromium, live, "ana@example.org", width=width, language=language)
    boss = signed_in(chromium, live, "admin@example.org", width=width, language=language)
    stranger = visitor(chromium, live, width=width, language=language)
    for person, addresses in (
        (ana, runs),
        (boss, ["/administration/communities", draft]),
        (stranger, ["/communities", PAGE, "/directory"]),
    ):
        for page in addresses:
            person.open(page)

    assert len(ana.checked) == len(runs)
