"""Front pages: tabs with counters, picture, supporters, tools, related communities, courses, sharing (spec/communities C6, C24, C33)."""

import io

import pytest
from lxml import html
from sqlalchemy import select

from accounts.models import Person
from communities import communities, panels
from communities.models import Community, CommunityLevel, CommunityLink, CommunityReach
from communities.panels import PANELS, Panel
from communities.space import CommunityAction, CommunityContext
from kernel.files import StoredFile, files_of
from lms.instance import Instance
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import a_course, a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, send_file, send_form, write_thread
from tests.support.lessons import a_picture
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
LINKS, FILES = f"{PAGE}/manage/links", f"{PAGE}/files"


def tabs(visitor: Browser) -> dict[str, str]:
    """Return the tabs of the present page with their counters."""
    counts = {}
    for link in html.fromstring(visitor.page.html).xpath("//nav[@aria-label=$name]/a", name=in_spanish("Parts of the community")):
        count = "".join(link.xpath(".//*[@class='num']/text()"))
        counts[link.text_content().strip().removesuffix(count).strip()] = count
    return counts


def meta(visitor: Browser, name: str) -> str:
    """Return what the present page says for social networks; empty where it says nothing."""
    return "".join(html.fromstring(visitor.page.html).xpath("//meta[@property=$name]/@content", name=name))


def add(visitor: Browser, kind: str, *, status: int = 200, **values: str) -> None:
    """Add a link by its form."""
    visitor.get(LINKS)
    send_form(visitor, f"{LINKS}/{kind}", {f"{kind}-{name}": value for name, value in values.items()}, status=status)


def upload(visitor: Browser, address: str, field: str, content: bytes, *, status: int = 200, **values: str) -> None:
    """Send a form of the page of links with a file."""
    visitor.get(LINKS)
    known = dict(visitor.page.form(address).fields)
    sent = {**known, **values, field: (io.BytesIO(content), "plaza.png")}
    visitor.post(address, sent, status=status, content_type="multipart/form-data")


def links(instance: Instance) -> list[CommunityLink]:
    return read(instance, lambda session: list(session.scalars(select(CommunityLink).order_by(CommunityLink.position, CommunityLink.id))))


def test_tabs_count_what_their_reader_finds(browser: Browser, instance: Instance) -> None:
    """spec/communities C33: what is for members alone is in no counter of others, and who may not open a part finds no tab."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    a_member(instance, row, a_person(instance, "eva@example.org"))
    eva, stranger = sign_in(browser.another(), "eva@example.org"), browser.another()
    send_file(eva, f"{FILES}/new", b"edad;tasa\n60;0,012\n", title="Para quien es miembro", members_only="y")
    send_file(eva, f"{FILES}/new", b"edad;tasa\n61;0,013\n", title="De libre lectura")
    write_thread(instance, row, "Un debate")

    eva.get(PAGE)
    inside = tabs(eva)
    stranger.get(PAGE)
    outside = tabs(stranger)

    names = {name: in_spanish(name) for name in ("Files", "Discussions", "Members", "Plan", "Announcements", "About the community")}
    assert (inside[names["Files"]], outside[names["Files"]]) == ("2", "1")
    assert (inside[names["Discussions"]], inside[names["Announcements"]], inside[names["Members"]]) == ("1", "0", "2")
    assert names["About the community"] in outside
    assert not {names["Members"], names["Plan"]} & set(outside)


def test_a_part_of_a_package_above_is_a_tab_with_its_own_counter(instance: Instance) -> None:
    row, ana = a_community(instance, a_person(instance)), a_person(instance, "otra@example.org")
    recordings = Panel("recordings", "Recordings", "video", endpoint="webinars.recordings", order=45, count=panels._count_members)
    closed = Panel("closed", "Closed", "lock", endpoint="webinars.recordings", order=46)

    def may(action: CommunityAction, context: CommunityContext) -> bool:
        return action is CommunityAction.READ

    with instance.database.unit_of_work(write=False) as session:
        session.info = {**session.info, PANELS: (*PANELS.of(session), recordings)}
        context = communities.get_community(session, actor_of(ana), row.slug)
        head = panels.get_head(session, actor_of(ana), context, may)
        none = panels.get_head(session, actor_of(ana), context, lambda _action, _context: False)

    keys = [tab.panel.key for tab in head.tabs]
    assert keys.index("pages") < keys.index("recordings") < keys.index("tools")
    assert [tab.count for tab in head.tabs if tab.panel is recordings] == [1]
    assert closed.key not in keys
    assert none.tabs == []


def test_a_related_community_is_shown_to_those_who_find_it(browser: Browser, instance: Instance) -> None:
    """spec/communities C33."""
    ana, luis = a_person(instance), a_person(instance, "luis@example.org")
    a_community(instance, ana)
    a_community(instance, ana, "Pensiones rurales")
    hidden = a_community(instance, ana, "La reservada", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    sign_in(browser)
    for number in (2, 3):
        add(browser, "related", target=str(number))
    assert [link.other_id for link in links(instance)] == [2, hidden.id]

    assert "La reservada" in browser.get(f"{PAGE}/about").text
    stranger, other = browser.another(), sign_in(browser.another(), luis.email)
    for visitor in (stranger, other):
        page = visitor.get(PAGE).text
        assert "Pensiones rurales" in page
        assert "La reservada" not in page
    other.get("/communities/pensiones-rurales")
    browser.get(LINKS)
    token = dict(browser.page.form(f"{LINKS}/tool").fields)["csrf_token"]
    browser.post(f"{LINKS}/related", {"csrf_token": token, "related-target": "2"}, status=409)
    assert in_spanish("It is there already.") in browser.page.text


def test_one_names_only_communities_and_courses_that_one_finds(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    a_community(instance, a_person(instance, "luis@example.org"), "La reservada", reach=CommunityReach.HIDDEN)
    sign_in(browser)
    browser.get(LINKS)
    assert "La reservada" not in browser.page.text
    token = dict(browser.page.form(f"{LINKS}/tool").fields)["csrf_token"]
    for kind, number in (("related", "2"), ("related", "1"), ("related", "99"), ("course", "99"), ("course", "x")):
        browser.post(f"{LINKS}/{kind}", {"csrf_token": token, f"{kind}-target": number}, status=422)
        assert in_spanish("Choose one of the list.") in browser.page.text
    assert links(instance) == []


def test_the_page_of_a_course_names_the_communities_that_name_it(browser: Browser, instance: Instance) -> None:
    """spec/communities C24: to those who see their front pages; nothing follows for membership."""
    course, ana = a_course(instance), a_person(instance)
    a_community(instance, ana)
    a_community(instance, ana, "La reservada", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    sign_in(browser)
    add(browser, "course", target=str(course.id))
    browser.get("/communities/la-reservada/manage/links")
    send_form(browser, "/communities/la-reservada/manage/links/course", {"course-target": str(course.id)})
    stranger = browser.another()

    assert "Estadística actuarial" in stranger.get("/courses/prueba").text
    assert "La reservada" not in stranger.page.text
    assert "La reservada" in browser.get("/courses/prueba").text
    assert stranger.get(PAGE).has_link("/courses/prueba")
    assert in_spanish("You are a member") not in sign_in(browser.another(), a_person(instance, "eva@example.org").email).get(PAGE).text


def test_pages_of_courses_that_no_community_names_ask_nothing(browser: Browser, instance: Instance) -> None:
    a_course(instance)
    a_course(instance, "otra")
    counter: Counter = every_statement(instance.database)
    costs = []
    for _time in range(2):
        counter.reset()
        browser.get("/courses/prueba")
        costs.append([statement for statement in counter.statements if "community" in statement])
    assert costs[1] == []


def test_supporters_stand_on_the_front_page_with_their_logos(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    sign_in(browser)
    values = {"title": "Universidad de los Valles", "address": "https://example.org/valles", "text": "Da las aulas."}
    prefixed = {f"supporter-{name}": value for name, value in values.items()}
    upload(browser, f"{LINKS}/supporter", "supporter-logo", a_picture(), **prefixed)
    (link,) = links(instance)
    stranger = browser.another()

    assert stranger.get(PAGE).has_link("https://example.org/valles")
    stranger._request("GET", f"{PAGE}/links/{link.id}/logo")
    assert stranger.response.mimetype == "image/png"
    assert b"Quito" not in stranger.response.get_data()

    upload(browser, f"{LINKS}/supporter", "supporter-logo", b"no es una imagen", status=422, **{"supporter-title": "Una escuela"})
    assert in_spanish("Choose a PNG or SVG file.") in browser.page.text
    assert dict(browser.page.form(f"{LINKS}/supporter").fields)["supporter-title"] == "Una escuela"
    assert len(links(instance)) == 1


def test_tools_are_for_readers_and_stand_in_the_order_that_is_chosen(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    sign_in(browser)
    for title, address in (("Simulador", "/courses"), ("Actas", "https://example.org/actas")):
        add(browser, "tool", title=title, address=address)
    for address in ("javascript:alert(1)", "//example.org", "example.org"):
        add(browser, "tool", title="Mala", address=address, status=422)
        assert dict(browser.page.form(f"{LINKS}/tool").fields)["tool-address"] == address
    browser.get(LINKS)
    send_form(browser, f"{LINKS}/{links(instance)[1].id}", act=("act", "up"))

    page = browser.get(f"{PAGE}/tools").text
    assert 0 < page.index("Actas") < page.index("Simulador")
    stranger = browser.another()
    assert "Simulador" not in stranger.get(f"{PAGE}/tools").text
    browser.get(LINKS)
    send_form(browser, f"{LINKS}/{links(instance)[0].id}", act=("act", "remove"))
    assert [link.title for link in links(instance)] == ["Simulador"]


def test_there_are_thirty_tools_at_most(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    sign_in(browser)
    with instance.database.unit_of_work() as session:
        session.add_all(CommunityLink(community_id=row.id, kind="tool", title=f"T{number}", address="/") for number in range(30))
    add(browser, "tool", title="Una más", address="/courses", status=409)
    assert "30" in browser.page.text
    assert len(links(instance)) == 30


def _picture_of(instance: Instance) -> Community:
    return read(instance, lambda session: session.scalars(select(Community)).one())


def test_the_picture_is_shown_to_those_who_see_the_front_page(browser: Browser, instance: Instance) -> None:
    """spec/communities C6, C40: no cache keeps the one of a community that not everyone finds."""
    row, eva = a_community(instance, a_person(instance)), a_person(instance, "eva@example.org")
    sign_in(browser)
    upload(browser, f"{PAGE}/manage/picture", "picture", a_picture(size=(300, 200)), alt="La plaza")
    number = _picture_of(instance).picture_id
    stranger = browser.another()
    assert 'alt="La plaza"' in stranger.get(PAGE).html
    assert meta(stranger, "og:image").endswith(f"{PAGE}/picture/{number}")
    stranger._request("GET", f"{PAGE}/picture/{number}")
    assert stranger.response.headers["Cache-Control"].startswith("public")

    with instance.database.unit_of_work() as session:
        session.get_one(Community, row.id).reach = CommunityReach.HIDDEN.value
    stranger._request("GET", f"{PAGE}/picture/{number}")
    assert stranger.response.status_code in (401, 404)
    visitor = sign_in(browser.another(), eva.email)
    visitor._request("GET", f"{PAGE}/picture/{number}")
    assert visitor.response.status_code == 404
    browser._request("GET", f"{PAGE}/picture/{number}")
    assert browser.response.headers["Cache-Control"] == "private, no-store"


def test_of_two_who_change_the_picture_the_second_is_refused(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    sign_in(browser)
    browser.get(LINKS)
    former = dict(browser.page.form(f"{PAGE}/manage/picture").fields)
    upload(browser, f"{PAGE}/manage/picture", "picture", a_picture(), alt="La plaza")
    browser.post(f"{PAGE}/manage/picture", {**former, "alt": "Un río"}, status=409, content_type="multipart/form-data")
    assert dict(browser.page.form(f"{PAGE}/manage/picture").fields)["alt"] == "Un río"
    assert _picture_of(instance).picture_alt == "La plaza"


def test_a_picture_that_is_removed_or_replaced_is_gone(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    sign_in(browser)
    stored = read(instance, lambda session: len(session.scalars(select(StoredFile)).all()))
    for size in ((30, 20), (40, 20)):
        upload(browser, f"{PAGE}/manage/picture", "picture", a_picture(size=size), alt="")
        browser.deliver_jobs()
    rows = read(instance, lambda session: session.scalars(select(StoredFile).order_by(StoredFile.id)).all())
    assert len(rows) == stored + 1
    browser.get(LINKS)
    send_form(browser, f"{PAGE}/manage/picture", act=("act", "remove"))
    browser.deliver_jobs()
    assert _picture_of(instance).picture_id is None
    assert not files_of(instance.settings).holds(rows[-1].sha256)


@pytest.mark.parametrize(
    ("reach", "level", "is_shared"),
    [
        (CommunityReach.EVERYONE, CommunityLevel.PRIVATE, True),
        (CommunityReach.HIDDEN, CommunityLevel.PRIVATE, False),
    ],
)
def test_a_front_page_is_shared_where_everyone_finds_it(
    browser: Browser, instance: Instance, reach: CommunityReach, level: CommunityLevel, is_shared: bool
) -> None:
    """spec/communities C6: meta for social networks, and an address and text to copy."""
    a_community(instance, a_person(instance), reach=reach, level=level)
    page = sign_in(browser).get(f"{PAGE}/about")

    assert (meta(browser, "og:title") == "Estadística actuarial") is is_shared
    assert ("share-text" in page.html) is is_shared


def test_the_front_page_says_who_is_a_person_of_it_and_no_more(browser: Browser, instance: Instance) -> None:
    """spec/communities C6: administrators by name, nothing of the content, no counts of it, no member's name."""
    row: Community = a_community(instance, a_person(instance))
    eva: Person = a_person(instance, "eva@example.org", given="Evangelina")
    a_member(instance, row, eva)
    write_thread(instance, row, "Un tema reservado")
    page = browser.another().get(PAGE).text

    assert "Ana" in page
    assert "Evangelina" not in page
    assert "Un tema reservado" not in page
    visitor = browser.another()
    visitor.get(PAGE)
    assert tabs(visitor) == {}
