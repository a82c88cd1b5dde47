"""The head of the site is drawn once for a reader and kept: it is always theirs, and its forms always have the page's own token."""

import re

import pytest

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in


def tokens(browser: Browser) -> set[str]:
    """Return the tokens of all forms of the page."""
    return set(re.findall(r'name="csrf_token" value="([^"]+)"', browser.page.html))


def test_readers_in_turn_see_their_own_head_with_a_token_that_is_taken(browser: Browser, instance: Instance) -> None:
    a_person(instance, "ana@example.org", given="Ana", surname="Quinde")
    a_person(instance, "luz@example.org", given="Luz <b>", surname="Ñato")
    ana, luz = sign_in(browser, "ana@example.org"), sign_in(browser.another(), "luz@example.org")

    for _turn in range(2):
        for reader, own, other in ((ana, "Ana Quinde", "Ñato"), (luz, "Luz &lt;b&gt; Ñato", "Quinde")):
            reader.get("/courses")
            header = reader.page.html.split("</header>")[0]
            assert own in header
            assert other not in header
            assert len(tokens(reader)) == 1
    luz.submit("/sign-out")
    luz.get("/courses")

    assert "Ñato" not in luz.page.html
    assert any(link.endswith("/sign-in") for link, _words in luz.page.links)


@pytest.mark.slow
def test_the_place_and_the_language_are_those_of_the_page(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    for path, here in (("/courses", "Cursos"), ("/recordings", "Grabaciones"), ("/courses", "Cursos")):
        browser.get(path)
        assert re.findall(r'aria-current="page">([^<]+)</a>', browser.page.html.split("</header>")[0])[0] == here
    browser.submit("/language", {"language": "en"})
    browser.get("/courses")

    assert 'aria-current="page">Courses</a>' in browser.page.html


def test_a_page_below_a_place_marks_it_and_a_course_marks_none(browser: Browser, instance: Instance) -> None:
    a_course(instance, "prueba")
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    for path, here in (
        ("/administration/people", "Administración"),
        ("/teaching/prueba/gradebook", "Enseñanza"),
        ("/courses/prueba", None),
    ):
        browser.get(path)
        header = browser.page.html.split("</header>")[0]
        assert re.findall(r'aria-current="true">([^<]+)</a>', header) == ([here] * 2 if here else []), "on a wide screen and in the menu"
        assert 'aria-current="page"' not in header
