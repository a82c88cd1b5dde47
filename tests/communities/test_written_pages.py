"""Pages that a community writes, and the history of its front page: nothing is overwritten (spec/communities C7, C26, C32)."""

from sqlalchemy import select

from communities.models import CommunityLevel, CommunityPage, CommunityPageVersion
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import LONG, a_community, a_member
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
PAGES = f"{PAGE}/pages"


def write(visitor: Browser, title: str = "Fuentes de datos", text: str = "## Encuestas\n\nLa de empleo.", **values: str) -> None:
    """Write a page by its form."""
    visitor.get(f"{PAGES}/new")
    visitor.submit(f"{PAGES}/new", {"title": title, "text": text, **values})


def test_a_page_is_written_read_and_kept_in_all_its_texts(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    a_member(instance, row, a_person(instance, "eva@example.org"))
    ana, eva = sign_in(browser), sign_in(browser.another(), "eva@example.org")
    write(ana, category="Datos")
    assert "Fuentes de datos" in eva.get(PAGES).text
    assert "<h2" in eva.get(f"{PAGES}/fuentes-de-datos").html
    eva.checks = False
    eva.get(f"{PAGES}/new", status=403)
    ana.get(f"{PAGES}/fuentes-de-datos/edit")
    ana.submit(f"{PAGES}/fuentes-de-datos/edit", {"text": "## Encuestas\n\nLa de hogares."})

    eva.checks = True
    page = eva.get(f"{PAGES}/fuentes-de-datos/history").html
    assert "La de empleo." in page
    assert "La de hogares." in page
    assert (
        len(read(instance, lambda session: session.scalars(select(CommunityPageVersion).where(CommunityPageVersion.html != "")).all())) == 2
    )


def test_of_two_who_write_at_once_the_second_one_sees_both(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    first, second = sign_in(browser), sign_in(browser.another(), "ana@example.org")
    write(first)
    edit = f"{PAGES}/fuentes-de-datos/edit"
    first.get(edit)
    second.get(edit)
    first.submit(edit, {"text": "El texto de la primera."})
    second.submit(edit, {"text": "El texto de la segunda."}, status=409)

    assert "El texto de la primera." in second.page.text
    assert "El texto de la segunda." in second.page.html
    assert "El texto de la primera." in first.get(f"{PAGES}/fuentes-de-datos").text
    second.submit(edit, {"text": "Los dos textos."})
    assert "Los dos textos." in first.get(f"{PAGES}/fuentes-de-datos").text


def test_a_page_for_members_does_not_exist_for_others_who_read_the_rest(browser: Browser, instance: Instance) -> None:
    """spec/communities C7."""
    a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    ana, stranger = sign_in(browser), browser.another()
    write(ana, "Tabla libre")
    write(ana, "Tabla cerrada", members_only="y")

    page = stranger.get(PAGES).text
    assert "Tabla libre" in page
    assert "Tabla cerrada" not in page
    stranger.get(f"{PAGES}/tabla-libre")
    stranger.checks = False
    for address in ("tabla-cerrada", "tabla-cerrada/history"):
        stranger.get(f"{PAGES}/{address}", status=404)


def test_members_write_where_the_settings_let_them_and_a_deleted_page_can_be_restored(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    for name in ("eva", "luis"):
        a_member(instance, row, a_person(instance, f"{name}@example.org"))
    ana, eva = sign_in(browser), sign_in(browser.another(), "eva@example.org")
    ana.get(f"{PAGE}/manage/discussions")
    ana.submit(f"{PAGE}/manage/discussions", {"members_write": "y"})
    write(eva)
    eva.get(f"{PAGES}/fuentes-de-datos")
    eva.submit(f"{PAGES}/fuentes-de-datos/deletion", button=("act", "delete"))
    assert in_spanish("There are no pages here yet") in ana.get(PAGES).text
    assert ana.page.has_link(f"{PAGES}/fuentes-de-datos"), "among those that can be restored"
    ana.get(f"{PAGES}/fuentes-de-datos")
    ana.submit(f"{PAGES}/fuentes-de-datos/deletion", button=("act", "restore"))

    assert "Fuentes de datos" in eva.get(PAGES).text


def test_the_front_page_keeps_its_former_texts(browser: Browser, instance: Instance) -> None:
    """spec/communities C26."""
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    ana.get(f"{PAGE}/manage/note")
    ana.submit(f"{PAGE}/manage/note", {"purpose": f"{LONG} Otra meta."})

    page = ana.get(f"{PAGE}/about/history").text
    assert "Otra meta." in page
    assert in_spanish("added:") in page
    assert in_spanish("Purpose") in page
    assert "## purpose" not in page
    assert not ana.get(PAGES).has_link(f"{PAGES}/")


def test_a_text_that_cannot_be_shown_is_refused_and_stays(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    ana.get(f"{PAGES}/new")
    ana.submit(f"{PAGES}/new", {"title": "Hondo", "text": "> " * 400 + "Hondo."}, status=422)

    assert "Hondo." in ana.page.html
    assert not read(instance, lambda session: [row for row in session.scalars(select(CommunityPage)) if row.slug])


def test_what_of_a_text_is_not_shown_is_said_when_it_is_saved(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    write(ana, "Con foto", "Antes.\n\n![Una foto](foto.png)\n\nDespués.")

    assert "foto.png" in ana.page.text
    assert "Después." in ana.page.text
