"""Whoever follows any link of any page arrives at a page: nothing is linked that does not exist or is not open to the reader."""

from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest

from lms.instance import Instance
from tests.support.answers import answer_right
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_teacher, an_administrator, folder, publish, sign_in

FILES = (".pdf", ".json", ".txt")
MOST = 800
QUERIES = 4
"""Pages of one address that differ in what they ask for (sorted, filtered, the next one) and are visited."""


def crawl(browser: Browser, start: str = "/") -> set[str]:
    """Follow every internal link from a page on; return what was visited. Each page is checked by the browser on arrival."""
    waiting, seen = deque([start]), {start}
    while waiting:
        path = waiting.popleft()
        browser.get(path)
        if browser.response.mimetype != "text/html":
            continue
        ids = set(browser.page.ids)
        for href, words in browser.page.links:
            parts = urlsplit(urljoin(f"https://localhost{path}", href))
            if parts.scheme not in ("http", "https") or parts.hostname != "localhost":
                continue
            if parts.path == urlsplit(path).path and parts.fragment and not parts.query:
                assert parts.fragment in ids, f"{path}: «{words.strip()}» leads to #{parts.fragment}, which is not there"
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            asked = sum(urlsplit(one).path == parts.path for one in seen)
            if target not in seen and asked <= QUERIES:
                seen.add(target)
                waiting.append(target)
        assert len(seen) < MOST, "the site has no end"
    return seen


@pytest.fixture
def course(instance: Instance) -> object:
    """Publish a course with a lesson that anybody may preview."""
    return publish(instance, folder(modules=2, preview=True))[0]


@pytest.mark.parametrize("language", ["es", "en"])
def test_for_a_stranger(browser: Browser, course: object, language: str) -> None:
    browser.language = language

    seen = crawl(browser)

    assert {"/courses/prueba", "/courses/prueba/activities/leccion-1", "/sign-up", "/verify", "/help", "/privacy"} <= seen


@pytest.mark.slow
@pytest.mark.parametrize("language", ["es", pytest.param("en", marks=pytest.mark.slow)])
def test_for_a_learner_with_results_and_a_certificate(browser: Browser, course: object, language: str) -> None:
    browser.language = language
    a_learner_in(browser, course)  # type: ignore[arg-type]  # the fixture's row
    for number in (1, 2):
        browser.get(f"/courses/prueba/activities/leccion-{number}")
        browser.submit(f"/leccion-{number}/done")
        answer_right(browser, f"/courses/prueba/quizzes/cuestionario-{number}")
    browser.deliver_jobs()

    seen = crawl(browser, "/learning")

    assert any(path.startswith("/certificates/") and path.endswith(".pdf") for path in seen)
    assert any(path.endswith("/review") for path in seen)


@pytest.mark.slow
def test_for_a_teacher(browser: Browser, instance: Instance, course: object) -> None:
    a_teacher(instance, course)  # type: ignore[arg-type]  # the fixture's row
    sign_in(browser, "profe@example.org")

    assert "/teaching/prueba/publishing" in crawl(browser, "/teaching")


@pytest.mark.slow
def test_for_an_administrator(browser: Browser, instance: Instance, course: object) -> None:
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    assert "/administration" in crawl(browser, "/administration")
