"""More requests in hand than a process does at once: who is not in yet waits at the door, who has begun goes on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from kernel import clock
from kernel.web.crowd import Crowd
from kernel.web.request import Plumbing
from lms.app import House
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_course, a_learner_in, a_person

pytestmark = pytest.mark.settings(crowd=2)


@pytest.fixture
def crowd(browser: Browser) -> Iterator[Crowd]:
    """Keep the door as it stands; whatever a test has asked for must be out of hand at its end."""
    plumbing: Plumbing = browser.app.extensions["plumbing"]
    yield plumbing.crowd
    assert plumbing.crowd._inside == 0


def fill(crowd: Crowd) -> None:
    """Take as many in hand as may be."""
    crowd.enter()
    crowd.enter()


def empty(crowd: Crowd) -> None:
    """Be done with them."""
    crowd.leave()
    crowd.leave()


def test_a_newcomer_is_asked_to_wait_without_a_statement_and_the_page_tries_again(browser: Browser, house: House, crowd: Crowd) -> None:
    counter = every_statement(house.database)
    browser.get("/")
    counter.reset()
    fill(crowd)

    page = browser.get("/courses?q=presupuesto", status=503)

    seconds = browser.response.headers["Retry-After"]
    assert 10 <= int(seconds) <= 20
    assert browser.response.headers["Refresh"] == seconds
    assert "Está entrando muchísima gente" in page.text
    assert 'href="/courses?q=presupuesto"' in page.html
    assert counter.statements == []
    assert browser.another("en").get("/", status=503).title.startswith("A great many people are coming in")
    browser._request("GET", "/", headers={"Accept": "application/json"})
    assert (browser.response.status_code, browser.response.json["code"]) == (503, "crowded")
    assert "Retry-After" in browser.response.headers
    empty(crowd)
    browser.get("/")


def test_who_is_in_or_sends_the_form_of_signing_in_goes_on(browser: Browser, house: House, crowd: Crowd) -> None:
    course = a_course(house)
    learner, late = a_learner_in(browser, course), browser.another()
    a_person(house, "tarde@example.org")
    late.get("/sign-in")
    fill(crowd)

    learner.get("/learning")
    late.submit("/sign-in", {"email": "tarde@example.org", "password": PASSWORD})
    late.get(f"/courses/{course.slug}")
    learner.get("/profile")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        late.get("/learning", status=503)
    learner.submit("/sign-out", status=503)  # leads to the home page, for which there is no room now
    empty(crowd)


def test_what_is_sent_files_and_probes_are_never_turned_away(browser: Browser, crowd: Crowd) -> None:
    sheet = next(link for link in browser.get("/").html.split('"') if link.endswith(".css"))
    fill(crowd)

    browser._request("POST", "/sign-in", data={"email": "ana@example.org"})
    assert browser.response.status_code == 400  # its token: the form comes back
    for address in (sheet, "/health/live", "/health/ready"):
        browser._request("GET", address)
        assert browser.response.status_code == 200, address
    empty(crowd)


def test_requests_that_fail_are_out_of_hand_too(browser: Browser, crowd: Crowd) -> None:
    browser.get("/nowhere", status=404)
    browser._request("POST", "/sign-in")
    browser.get("/profile/data")
    browser._request("GET", "/", headers={"Host": "elsewhere.example"})

    assert crowd._inside == 0


def test_a_house_may_ask_nobody_to_wait() -> None:
    crowd = Crowd(0)
    for _one in range(300):
        crowd.enter()

    assert not crowd.is_full
