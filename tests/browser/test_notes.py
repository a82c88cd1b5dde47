"""Notes of one's own in a real browser: what was typed is not lost by a link."""

import pytest
from playwright.sync_api import Browser

from tests.support.builders import a_course
from tests.support.chromium import Live, sign_in_learner, visitor
from tests.support.learning import a_learner

NOTES = "/courses/prueba/activities/leccion-1/notes"


@pytest.mark.slow
def test_a_page_with_a_typed_note_is_not_left_by_a_link_without_a_question(chromium: Browser, live: Live) -> None:
    a_learner(live.instance, a_course(live.instance, modules=1))
    ana = visitor(chromium, live)
    page, dialogs = ana.page, []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    sign_in_learner(ana)
    ana.open(NOTES)

    page.click("#text")
    page.keyboard.type("Un apunte")
    page.click("main form a.btn")
    assert dialogs == ["beforeunload"]
    assert page.input_value("#text") == "Un apunte"
    ana.press("main form button[type=submit]")
    ana.press("main form a.btn")

    assert dialogs == ["beforeunload"]
    assert NOTES not in page.url
