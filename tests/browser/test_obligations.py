"""Obligations in a real browser: written, tried, activated with the keyboard, on a phone in the dark and on a wide screen."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from kernel import clock
from organisations.audiences import today_of
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.chromium import Live, follow, press, signed_in
from tests.support.obligations import an_audience_of, let_stay
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

ROOT = "/compulsory-training/obligations"
TWO_LINES = 80


@pytest.mark.slow
def test_one_writes_it_on_a_phone_and_another_activates_it(chromium: Browser, live: Live) -> None:
    """spec/compulsory 4.8 and 11: from the form to what is in force, without a mouse; axe-core finds nothing on the way."""
    root, course = a_place(live.instance, "IESS", code="IESS"), a_course(live.instance)
    audience = an_audience_of(live.instance, root)
    for number in range(3):
        person = a_person(live.instance, f"p{number}@example.org")
        put(live.instance, person, root)
        if number:
            let_stay(live.instance, audience, person)
    for email in ("autora@example.org", "segunda@example.org"):
        an_administrator(live.instance, email)
    author = signed_in(chromium, live, "autora@example.org", width=360, scheme="dark")
    author.open(ROOT)
    follow(author, in_spanish("New compulsory training"))
    press(author, in_spanish("Save the draft"))
    author.page.fill("[name=title_es]", "Gobernanza de datos")
    author.page.get_by_role("checkbox", name=course.title["es"]).check()
    author.page.fill("[name=deadline_on]", (today_of(clock.now()) + timedelta(days=60)).isoformat())
    press(author, in_spanish("Save the draft"))
    press(author, in_spanish("See what activating it would change"))

    second = signed_in(chromium, live, "segunda@example.org")
    second.open(author.page.url.removeprefix(live.url))
    press(second, in_spanish("Apply"))
    live.deliver_jobs()
    follow(second, "Gobernanza de datos")

    assert in_spanish("%(count)s person has not begun.", 2) in second.page.inner_text("main")
    second.open(ROOT)
    head = second.page.locator("header.site").bounding_box()
    assert head is not None
    assert head["height"] < TWO_LINES, "the menu of an administrator stands in one line of a usual window"
    follow(second, "Gobernanza de datos")
    follow(second, in_spanish("Change"))
    second.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    second.page.set_viewport_size({"width": 360, "height": 900})
    second.check()
