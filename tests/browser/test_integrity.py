"""In a real browser: a declaration, what the page counts while one answers, and both tests of a learner and of a class side by side."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from kernel import clock
from quizzes.models import Attempt
from quizzes.rules.states import IntegrityRecord, read_record
from tests.support.builders import a_teacher
from tests.support.chromium import Live, press, signed_in
from tests.support.learning import a_learner
from tests.support.paired_tests import FINAL, INITIAL, a_class_of_pairs, a_paired_course
from tests.support.quizzes import NUMBER, a_quiz_asking
from tests.support.soon import until
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
ALL = "attempts: 2\nintegrity: {honour: true, times: true, focus: true, sessions: true}\n"
LEAVE = """hidden => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def record_of(live: Live) -> IntegrityRecord:
    with live.instance.database.unit_of_work(write=False) as session:
        return read_record(session.scalars(select(Attempt.integrity_record)).one())


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_leaving_the_page_is_said_at_once_and_kept(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    """spec/selection 6.2, 6.3 and 6.5: the box is needed, the notice is polite, the own review lists it."""
    a_learner(live.instance, a_quiz_asking(live.instance, NUMBER, ALL))
    person = signed_in(chromium, live, "ana@example.org", width=width, scheme=scheme)
    person.open(QUIZ)
    person.check()
    person.press('role=link[name="Empezar"]')
    press(person, "Empezar")
    assert in_spanish("Accept the declaration to begin. No attempt has been used.") in person.page.inner_text("main")
    person.page.get_by_label(in_spanish("I accept this declaration")).check()
    press(person, "Empezar")

    person.page.locator("[name=p1]").first.fill("2,4")
    person.page.evaluate(LEAVE, True)
    person.page.wait_for_timeout(1600)
    person.page.evaluate(LEAVE, False)

    assert person.page.locator("#away").get_attribute("aria-live") == "polite"
    until(lambda: person.page.locator("#away").inner_text() != "")
    until(lambda: record_of(live).absent == 1)
    person.check()
    press(person, "Revisar y enviar")
    person.check()
    press(person, "Enviar mis respuestas")
    assert in_spanish("What was recorded beside your answers") in person.page.inner_text("main")
    for unfolded in person.page.locator("main summary").all():
        unfolded.click()
    person.check()
    assert 1 in record_of(live).times()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_both_tests_side_by_side(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    """spec/selection 7.3 and 7.4: nothing runs out of the window, and axe-core finds nothing."""
    now = clock.now() - timedelta(days=1)
    course = a_paired_course(live.instance, now=now)
    a_class_of_pairs(live.instance, course, 34, now=now)
    a_teacher(live.instance, course)
    staff = signed_in(chromium, live, "profe@example.org", width=width, scheme=scheme)
    for key in (INITIAL, FINAL):
        staff.open(f"/courses/prueba/quizzes/{key}/statistics")

    for person, path in (
        (staff, f"{QUIZ}/gain"),
        (signed_in(chromium, live, "persona2@example.org", width=width, scheme=scheme), f"{QUIZ}/comparison"),
    ):
        person.open(path)
        assert person.page.locator("svg.chart").count() == 1
        person.check()
