"""More requests in hand than a process does at once: who is not in yet waits at the door, who has begun goes on."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask, request, request_started

from kernel import clock
from kernel.web.active_requests import BACK_A_SECOND, ActiveRequests
from kernel.web.request import RequestServices
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_course, a_learner_in, a_person
from tests.support.wording import in_spanish

pytestmark = pytest.mark.settings(max_active_requests=2)


@pytest.fixture
def active_requests(browser: Browser) -> Iterator[ActiveRequests]:
    """Keep the door as it stands; whatever a test has asked for must be out of hand at its end."""
    services: RequestServices = browser.app.extensions["plumbing"]
    yield services.active_requests
    assert services.active_requests._inside == 0


def fill(active_requests: ActiveRequests) -> None:
    """Take as many in hand as may be."""
    active_requests.enter()
    active_requests.enter()


def empty(active_requests: ActiveRequests) -> None:
    """Be done with them."""
    active_requests.leave()
    active_requests.leave()


def test_a_newcomer_is_asked_to_wait_without_a_statement_and_the_page_tries_again(
    browser: Browser, instance: Instance, active_requests: ActiveRequests
) -> None:
    counter = every_statement(instance.database)
    browser.get("/")
    counter.reset()
    fill(active_requests)

    page = browser.get("/courses?q=presupuesto", status=503)

    seconds = browser.response.headers["Retry-After"]
    assert 10 <= int(seconds) <= 20
    assert browser.response.headers["Refresh"] == seconds
    assert in_spanish("The site is very busy") in page.text
    assert ("", in_spanish("Try again now")) in page.links  # this very address, with its query
    assert counter.statements == []
    assert browser.another("en").get("/", status=503).title.startswith("The site is very busy")
    browser._request("GET", "/", headers={"Accept": "application/json"})
    assert (browser.response.status_code, browser.response.json["code"]) == (503, "crowded")
    assert "Retry-After" in browser.response.headers
    empty(active_requests)
    browser.get("/")


def test_who_is_in_or_sends_the_form_of_signing_in_goes_on(browser: Browser, instance: Instance, active_requests: ActiveRequests) -> None:
    course = a_course(instance)
    learner, late = a_learner_in(browser, course), browser.another()
    a_person(instance, "tarde@example.org")
    late.get("/sign-in")
    fill(active_requests)

    learner.get("/learning")
    late.submit("/sign-in", {"email": "tarde@example.org", "password": PASSWORD})
    late.get(f"/courses/{course.slug}")
    learner.get("/profile")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        late.get("/learning", status=503)
    learner.submit("/sign-out", status=503)  # leads to the home page, for which there is no room now
    empty(active_requests)


def test_what_is_sent_files_and_probes_are_never_turned_away(browser: Browser, active_requests: ActiveRequests) -> None:
    sheet = next(link for link in browser.get("/").html.split('"') if link.endswith(".css"))
    fill(active_requests)

    browser._request("POST", "/sign-in", data={"email": "ana@example.org"})
    assert browser.response.status_code == 400  # its token: the form comes back
    for address in (sheet, "/health/live", "/health/ready"):
        browser._request("GET", address)
        assert browser.response.status_code == 200, address
    empty(active_requests)


def test_requests_that_fail_are_out_of_hand_too(browser: Browser, active_requests: ActiveRequests) -> None:
    browser.get("/nowhere", status=404)
    browser._request("POST", "/sign-in")
    browser.get("/profile/data")
    browser._request("GET", "/", headers={"Host": "elsewhere.example"})

    assert active_requests._inside == 0


def test_the_page_is_drawn_once_for_all_and_says_nothing_of_who_got_it_first(browser: Browser, active_requests: ActiveRequests) -> None:
    """Turning thousands away costs what they wait for, unless it costs nothing."""
    browser.get("/courses")
    with_cookie = browser.another()
    with_cookie.get("/sign-in")
    fill(active_requests)
    drawn = list[str]()

    def note(_app: Flask) -> None:
        drawn.append(request.path)

    request_started.connect(note, browser.app)
    for visitor, path in ((browser, "/courses?q=uno"), (with_cookie, "/sign-in?next=/learning"), (browser.another(), "/")) * 3:
        page = visitor.get(path, status=503)
        assert "csrf" not in page.html
        assert path == "/" or path not in page.html
        assert "Set-Cookie" not in visitor.response.headers
        assert "no-store" in visitor.response.headers["Cache-Control"]

    assert len(drawn) == 1
    assert browser.another("en").get("/", status=503).language == "en"
    browser._request("HEAD", "/")
    assert (browser.response.status_code, browser.response.get_data()) == (503, b"")
    browser._request("GET", "/", headers={"Host": "elsewhere.example"})
    assert browser.response.status_code == 400
    empty(active_requests)
    asked = {"method": "GET", "endpoint": "door", "status": "503"}
    assert browser.app.extensions["metrics"].registry.get_sample_value("aulario_requests_total", asked) == 11


def test_those_who_wait_come_back_one_after_the_other_within_two_minutes() -> None:
    active_requests = ActiveRequests(1)
    first = [active_requests.turn_away() for _one in range(100)]
    many = [active_requests.turn_away() for _one in range(1900)]
    late = [active_requests.turn_away() for _one in range(3000)]

    assert all(10 <= seconds <= 20 for seconds in first)
    assert all(10 <= seconds <= 120 for seconds in (*many, *late))
    assert all(seconds >= 90 for seconds in late)
    assert max(Counter(many).values()) <= 2 * BACK_A_SECOND + 20


def test_a_house_may_ask_nobody_to_wait() -> None:
    active_requests = ActiveRequests(0)
    for _one in range(300):
        active_requests.enter()

    assert not active_requests.is_full
