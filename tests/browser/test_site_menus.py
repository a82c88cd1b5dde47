"""The head of the site, Campus, Administration and the form of the front page in a real browser."""

import pytest
from playwright.sync_api import Browser

from tests.support.builders import a_course, a_teacher, an_administrator
from tests.support.chromium import Live, press, signed_in, visitor
from tests.support.lessons import a_picture
from tests.support.wording import in_spanish

FORM = "/administration/site/front-page"
LOOKS = [("es", 1280, "light"), ("en", 360, "dark"), ("es", 360, "light"), ("en", 1280, "dark")]


@pytest.mark.long
@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_the_pages_of_the_site_are_readable_by_everybody(chromium: Browser, live: Live, language: str, width: int, scheme: str) -> None:
    """axe-core finds nothing and nothing runs out of the window, with the menus open too."""
    for slug in ("uno", "dos"):
        a_course(live.instance, slug, modules=1)
    an_administrator(live.instance)
    options = {"language": language, "width": width, "scheme": scheme}
    guest = visitor(chromium, live, **options)  # type: ignore[arg-type]  # fields by name
    for path in ("/", "/campus", "/sign-up"):
        guest.open(path)
    boss = signed_in(chromium, live, "admin@example.org", **options)
    for path in ("/campus", "/administration", "/administration/site", "/administration/people/new"):
        boss.open(path)
        if width < 1000:
            boss.page.click("details.only-s > summary")
        boss.page.click("details:has(> summary):not(.only-s) > summary:visible >> nth=0")
        boss.checked.clear()
        boss.check()
    boss.open(FORM)
    boss.page.set_input_files("[name=upload]", {"name": "foto.png", "mimeType": "image/png", "buffer": a_picture(size=(900, 500))})
    boss.page.fill("[name=front_titles_es]", "Aprenda en el Páramo")
    boss.checked.clear()
    boss.press("button[value=preview] >> nth=0")
    assert boss.page.locator("#preview .front-picture").count() == 1
    boss.press("#preview > .row button[value=save]")
    guest.open("/")
    assert guest.page.locator("h1").inner_text() == "Aprenda en el Páramo"


def test_management_opens_by_the_keyboard(chromium: Browser, live: Live) -> None:
    an_administrator(live.instance)
    boss = signed_in(chromium, live, "admin@example.org")
    boss.open("/campus")
    boss.page.focus("nav.nav summary")
    boss.page.keyboard.press("Enter")
    boss.page.keyboard.press("Tab")
    with boss.page.expect_navigation():
        boss.page.keyboard.press("Enter")

    assert boss.page.url.endswith("/teaching")


@pytest.mark.parametrize("width", [360, 1280])
def test_everything_works_without_scripts(chromium: Browser, live: Live, width: int) -> None:
    an_administrator(live.instance)
    boss = signed_in(chromium, live, "admin@example.org", width=width, script=False)
    boss.open("/campus")
    if width < 1000:
        boss.page.click("details.only-s > summary")
    boss.page.click(f"summary:visible:has-text('{in_spanish('Management')}')")
    with boss.page.expect_navigation():
        boss.page.click(f"a:visible:has-text('{in_spanish('Administration')}')")
    assert boss.page.url.endswith("/administration")
    boss.open(FORM)
    boss.page.fill("[name=front_titles_es]", "Sin programas")
    press(boss, in_spanish("Preview"))
    assert "Sin programas" in boss.page.inner_text("#preview")


@pytest.mark.slow
def test_escape_closes_a_menu_and_leads_back_to_its_heading(chromium: Browser, live: Live) -> None:
    an_administrator(live.instance)
    boss = signed_in(chromium, live, "admin@example.org")
    boss.open("/campus")
    menu = boss.page.locator("header details.user:visible").last
    menu.locator("summary").click()
    boss.page.keyboard.press("Tab")
    assert menu.evaluate("(menu) => menu.open && menu.querySelector('ul').contains(document.activeElement)")

    boss.page.keyboard.press("Escape")

    assert menu.evaluate("(menu) => !menu.open && menu.querySelector('summary') === document.activeElement")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_small_links_are_large_enough_for_a_finger(chromium: Browser, live: Live, width: int) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, of the links of the way back."""
    course = a_course(live.instance, modules=1)
    a_teacher(live.instance, course)
    editor = signed_in(chromium, live, width=width)
    sizes = []
    for path in ("/teaching/prueba/outline", "/teaching/prueba/lessons/leccion-1", "/courses/prueba"):
        editor.open(path)
        sizes += editor.page.locator(".crumbs a").evaluate_all("(links) => links.map((link) => link.getBoundingClientRect().height)")

    assert sizes
    assert min(sizes) >= 24
