"""A recording in a real browser: what is seen is counted, whatever becomes of the session meanwhile."""

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from accounts.models import Device
from kernel import clock
from tests.support.builders import PASSWORD, a_person, publish
from tests.support.chromium import Live, Visitor, sign_in_learner, visitor
from tests.support.folders import COURSE, changed
from webinars.models import WatchedSpan

TALK = "/courses/agua-en-casa/recordings/charla"
PLAY = """([from, to]) => {
  const media = document.getElementById('media');
  const at = { from, now: from };
  Object.defineProperties(media, { currentTime: { configurable: true, get: () => at.now, set: (to) => { at.now = to; } },
    paused: { configurable: true, value: false }, seeking: { configurable: true, value: false },
    readyState: { configurable: true, value: 4 } });
  for (; at.now <= to; at.now += 0.5) media.dispatchEvent(new Event('timeupdate'));
  Object.defineProperty(media, 'paused', { configurable: true, value: true });
  media.dispatchEvent(new Event('pause'));
}"""


@pytest.fixture
def watching(chromium: Browser, live: Live) -> Visitor:
    """Return a learner before a recording that counts as done from a share on."""
    publish(live.instance, changed(COURSE, "closes: 2026-12-31\n", ""))
    a_person(live.instance)
    person = visitor(chromium, live)
    sign_in_learner(person)
    person.open("/courses/agua-en-casa")
    person.press("form[action$='/enrolment'] button")
    person.open(TALK)
    return person


def play(page: Page, start: int, end: int) -> None:
    """Let the recording run from one second to another, as its events tell it, and stop there."""
    page.evaluate(PLAY, [start, end])


def spans(live: Live) -> list[tuple[int, int]]:
    """Return what the server knows to have been seen."""
    with live.instance.database.unit_of_work(write=False) as session:
        return [(start, finish) for start, finish in session.execute(select(WatchedSpan.start, WatchedSpan.finish))]


@pytest.mark.parametrize("ended", [True, False])
def test_what_is_seen_after_the_session_ended_is_counted_after_signing_in_again(watching: Visitor, live: Live, *, ended: bool) -> None:
    """The server ended it, or the browser forgot it."""
    page = watching.page
    play(page, 0, 4)
    expect(page.locator("#watched-words")).to_contain_text("40")
    if ended:
        with live.instance.database.unit_of_work() as session:
            session.execute(update(Device).values(ended_at=clock.now()))
    else:
        page.context.clear_cookies()
    play(page, 4, 6)
    expect(page.locator("#watched-trouble")).not_to_be_empty()
    assert spans(live) == [(0, 4)]

    sign_in_learner(Visitor(page.context.new_page(), live.url, set()))
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.locator("#watched-words")).to_contain_text("60")
    expect(page.locator("#watched-trouble")).to_be_empty()
    assert spans(live) == [(0, 6)]


@pytest.mark.slow
def test_what_one_person_saw_is_not_told_as_somebody_elses(watching: Visitor, live: Live) -> None:
    page = watching.page
    page.context.clear_cookies()
    a_person(live.instance, "otra@example.org", given="Otra")
    beside = Visitor(page.context.new_page(), live.url, set())
    beside.open("/sign-in")
    beside.page.fill("#email", "otra@example.org")
    beside.page.fill("#password", PASSWORD)
    beside.press("form[action='/sign-in'] button[type=submit]")
    beside.open("/courses/agua-en-casa")
    beside.press("form[action$='/enrolment'] button")

    play(page, 0, 4)

    expect(page.locator("#watched-trouble")).not_to_be_empty()
    assert not spans(live)


def test_going_to_another_part_of_the_page_leaves_the_recording_where_it_is(watching: Visitor) -> None:
    page = watching.page
    play(page, 0, 5)
    page.keyboard.press("Home")
    page.locator("a.skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#contenido")

    assert page.evaluate("document.getElementById('media').currentTime") >= 5


def test_on_a_phone_the_length_of_a_recording_leaves_its_sign_free(watching: Visitor) -> None:
    """In the list of recordings at 360 px the sign of a thumbnail stands above the length, nothing over it."""
    page = watching.page
    page.set_viewport_size({"width": 360, "height": 800})
    watching.open("/recordings")

    sign, length = (page.locator(f".thumb > {part}").first.bounding_box() for part in ("svg.i", ".len"))

    assert sign is not None
    assert length is not None
    assert sign["y"] + sign["height"] <= length["y"]
