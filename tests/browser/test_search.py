"""The search in a real browser: its key, its page, and the paragraph that a result opens, seen by axe-core."""

import pytest
from playwright.sync_api import Browser

from lms.instance import Instance
from tests.support.builders import publish
from tests.support.chromium import Live, visitor
from tests.support.folders import a_folder


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme", "width"), [("es", "light", 1280), ("en", "dark", 360)])
def test_the_key_opens_the_search_and_a_result_its_paragraph(
    chromium: Browser, live: Live, instance: Instance, language: str, scheme: str, width: int
) -> None:
    publish(instance, a_folder())
    person = visitor(chromium, live, language=language, width=width, scheme=scheme)
    page = person.page
    person.open("/courses")

    page.focus("main input[type=search]")
    page.keyboard.press("Control+k")
    assert page.query_selector("dialog[open]") is None, "while somebody types, the keys are the field's"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.name") == "q"
    person.checked.clear()
    person.check()
    page.keyboard.type("nada")
    page.keyboard.press("Escape")
    assert page.query_selector("dialog[open]") is None

    page.keyboard.press("Control+k")
    page.fill("dialog input", "ducha" if language == "es" else "shower")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    person.check()
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "q", "on its own page the key leads to the field"
    with page.expect_navigation():
        page.click("section li h3 a")
    person.check()
    marked = page.evaluate(
        "[document.querySelector(':target').innerText, getComputedStyle(document.querySelector(':target')).backgroundColor]"
    )
    assert ("ducha" if language == "es" else "shower") in marked[0]
    assert marked[1] != "rgba(0, 0, 0, 0)"


@pytest.mark.slow
def test_without_scripts_the_same_page_finds_the_same(chromium: Browser, live: Live, instance: Instance) -> None:
    publish(instance, a_folder())
    person = visitor(chromium, live, script=False)
    person.open("/courses")
    with person.page.expect_navigation():
        person.page.click("a[data-find]")
    person.page.fill("main input[name=q]", "zzz ducha")
    with person.page.expect_navigation():
        person.page.click("main form[role=search] button")
    assert "Nada con «zzz ducha»" in person.page.inner_text("main")
    with person.page.expect_navigation():
        person.page.click("text=Solo «ducha»")
    assert person.page.locator("mark").count() > 0
