"""In a real browser: numbers follow the sliders and agree with the server; everything works without a script as well."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.workshops import slide
from tests.simulators import task_folders
from tests.support.builders import PASSWORD, a_person, publish
from tests.support.chromium import Live, visitor

TOOL = "/simulators/social-budget"
TABS = (TOOL, f"{TOOL}/rollout", f"{TOOL}/contributory", f"{TOOL}/comparison?c=1&c=1_vc0.85")


FIGURES = """
[...document.querySelectorAll('[data-output], [data-bars] strong, [data-bars] [aria-label]')]
  .map((one) => one.getAttribute('aria-label') || one.textContent)
"""


def figures(page: Page) -> list[str]:
    """Return every number that the script keeps up, and the words of the charts."""
    found: list[str] = page.evaluate(FIGURES)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("language", ["es", "en"])
def test_numbers_follow_the_sliders_and_are_those_of_the_server(chromium: Browser, live: Live, language: str) -> None:
    """simulator.md: server and browser agree: the value in an output, and a Calculate button."""
    person = visitor(chromium, live, language=language)
    page = person.page
    person.open(TOOL)
    slide(page, "vejez.captacion", "85.5")
    page.fill("[name='vejez.tramos.1.factor_linea']", "75")
    page.fill("[name='vejez.admin']", "12,5" if language == "es" else "12.5")
    live_figures = figures(page)

    assert page.locator("output[for=vejez-captacion]").inner_text() == ("85,5\u00a0%" if language == "es" else "85.5%")
    assert page.locator("[data-stale]").is_visible()
    person.press("button[value=calculate]")
    assert page.url.endswith("?s=1_vfA0.75_vc0.855_va0.125&b=vejez#result")
    assert figures(page) == live_figures
    assert not page.locator("[data-stale]").is_visible()


@pytest.mark.slow
def test_a_slider_that_nobody_moved_says_and_counts_all_its_decimals(chromium: Browser, live: Live) -> None:
    person = visitor(chromium, live)
    page = person.page
    person.open(f"{TOOL}?s=1_vc0.123456")
    page.fill("[name='vejez.meses']", "13")
    live_figures = figures(page)

    assert page.locator("output[for=vejez-captacion]").inner_text() == "12,3456\u00a0%"
    person.press("button[value=calculate]")
    assert page.url.endswith("?s=1_vc0.123456_vm13&b=vejez#result")
    assert figures(page) == live_figures


@pytest.mark.slow
def test_phasing_in_follows_too(chromium: Browser, live: Live) -> None:
    person = visitor(chromium, live)
    person.open(f"{TOOL}/rollout")
    person.page.fill("[name='despliegue.pasos.1']", "35")
    live_figures = figures(person.page)
    person.press("button[value=calculate]")

    assert figures(person.page) == live_figures


@pytest.mark.slow
def test_what_cannot_be_read_yet_changes_nothing(chromium: Browser, live: Live) -> None:
    person = visitor(chromium, live)
    person.open(TOOL)
    before = figures(person.page)
    person.page.fill("[name='vejez.meses']", "1e")
    person.page.fill("[name='vejez.admin']", "99")

    assert figures(person.page) == before
    assert person.page.locator("[data-behind]").is_visible()
    assert not person.page.locator("[data-stale]").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_is_accessible_and_fits(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    person = visitor(chromium, live, width=width, scheme=scheme)
    for tab in TABS:
        person.open(tab)


def test_tool_works_without_a_script(chromium: Browser, live: Live) -> None:
    person = visitor(chromium, live, script=False)
    page = person.page
    page.goto(live.url + TOOL)
    page.fill("[name='vejez.tramos.1.factor_linea']", "80")
    page.click("button[value=calculate]")

    assert page.url.endswith("?s=1_vfA0.8&b=vejez#result")
    assert "0,78\u00a0%" in page.locator(".tiles").inner_text()


@pytest.mark.slow
def test_goals_of_a_task_light_up_while_one_works(chromium: Browser, live: Live) -> None:
    publish(live.instance, task_folders.folder())
    a_person(live.instance)
    person = visitor(chromium, live)
    page = person.page
    page.goto(live.url + "/sign-in")
    page.fill("[name=email]", "ana@example.org")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")
    page.goto(live.url + "/courses/prueba")
    with page.expect_navigation():
        page.click("form[action$=enrolment] button")
    person.open("/courses/prueba/simulators/tarea-1")

    assert page.locator(".checks > .ok").count() == 1
    slide(page, "vejez.elegible", "100")
    slide(page, "vejez.captacion", "90")
    page.fill("[name='vejez.tramos.1.factor_linea']", "75")
    assert page.locator(".checks > .ok").count() == 2
    page.fill("[name='ask.linea']", "99,54")
    with page.expect_event("dialog") as asked, page.expect_navigation():
        page.once("dialog", lambda dialog: dialog.accept())
        page.click("nav.crumbs a")
    assert asked.value.type == "beforeunload", "what is typed and not sent does not go without a question"
    page.go_back()
    slide(page, "vejez.elegible", "100")
    slide(page, "vejez.captacion", "90")
    page.fill("[name='vejez.tramos.1.factor_linea']", "75")
    page.fill("[name='ask.linea']", "99,54")
    person.press("button[value=submit]")
    assert "5 de 5" in page.locator("h1").inner_text()
