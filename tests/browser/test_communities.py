"""Pages of communities in a real browser, on a phone and a desk, in both languages: nothing runs out, axe-core finds nothing."""

import pytest
from playwright.sync_api import Browser

from communities import communities, members
from communities.models import Community, CommunityLevel, CommunityState
from kernel import clock
from tests.support.builders import a_person, an_administrator
from tests.support.chromium import Live, signed_in, visitor
from tests.support.communities import a_community, a_member, actor_of, write_thread

PAGE, ASKED = "/communities/estadistica-actuarial", "/communities/pensiones"


def _fill(live: Live) -> tuple[int, str]:
    """Add communities of three states with a thread, a member and a request; return the number of a member, and a draft's address."""
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
        communities.submit(session, actor_of(ana), session.get_one(Community, draft.id), alone=False, now=clock.now())
    return number, f"/communities/{draft.slug}/manage"


@pytest.mark.parametrize(("width", "language"), [(360, "es"), (1280, "en")])
def test_no_page_of_communities_runs_out_or_is_inaccessible(chromium: Browser, live: Live, width: int, language: str) -> None:
    number, draft = _fill(live)
    runs = [
        *("/communities", "/communities/new", PAGE, f"{PAGE}/members", f"{PAGE}/members/{number}", f"{PAGE}/manage", f"{PAGE}/manage/log"),
        *(f"{PAGE}/manage/settings", f"{PAGE}/manage/note", f"{PAGE}/manage/conditions", f"{PAGE}/manage/archive", f"{PAGE}/leave"),
        *(f"{ASKED}/manage/requests", draft, "/communities/lo-que-termino", f"{PAGE}/discussions"),
    ]
    ana = signed_in(chromium, live, "ana@example.org", width=width, language=language)
    boss = signed_in(chromium, live, "admin@example.org", width=width, language=language)
    stranger = visitor(chromium, live, width=width, language=language)
    for person, pages in ((ana, runs), (boss, ["/administration/communities", draft]), (stranger, ["/communities", PAGE])):
        for page in pages:
            person.open(page)

    assert len(ana.checked) == len(runs)
