"""In a real browser: objecting while answering, without a line and without a script (spec/selection 5.2)."""

from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Person
from lms.instance import Instance
from questions.rules.answers import ObjectionNote, objection_in
from tests.support.answers import sitting_of
from tests.support.browser import Browser as Client
from tests.support.builders import a_person
from tests.support.chromium import Live, Visitor, press, sign_in_learner, signed_in, visitor
from tests.support.objections import a_published_selection
from tests.support.selections import QUIZ, a_selecting_course, add_factor, appoint
from tests.support.soon import until
from tests.support.wording import in_spanish

OWN = "attempts: 1\nintegrity: {honour: false}\n"
OBJECT, WHY = (in_spanish(words) for words in ("I want to object to this question", "Why I object"))


def answering(chromium: Browser, live: Live, instance: Instance, **options: Any) -> Visitor:
    """Return a learner with an open attempt at a selecting quiz before the eyes."""
    a_selecting_course(instance, 2, OWN)
    a_person(instance)
    person = visitor(chromium, live, **options)
    sign_in_learner(person)
    person.open("/courses/prueba")
    person.press("form[action$='/enrolment'] button")
    person.open(QUIZ)
    person.press("form[action$='/attempts'] button")
    return person


def noted(instance: Instance, person: Visitor) -> list[ObjectionNote | None]:
    loaded, _questions = sitting_of(instance, person.page.url)
    return [objection_in(loaded.responses[item.id].payload) if item.id in loaded.responses else None for item in loaded.items]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.slow
def test_an_objection_without_a_line_stays_on_the_device_and_is_sent_later(
    chromium: Browser, live: Live, instance: Instance, width: int, scheme: str
) -> None:
    """spec/selection 5.2: offline as answers are (spec/quiz-engine 5.4.2)."""
    person = answering(chromium, live, instance, width=width, scheme=scheme)
    first = person.page.locator("[data-item='1']")

    person.page.context.set_offline(True)
    first.get_by_label(OBJECT).check()
    first.locator("summary").click()
    first.get_by_label(WHY).fill("Las dos opciones dicen lo mismo.")
    until(lambda: in_spanish("Saved on this device") in first.locator("[data-saved]").inner_text())
    person.check()
    assert noted(instance, person) == [None, None]
    person.page.context.set_offline(False)
    until(lambda: noted(instance, person) == [ObjectionNote("Las dos opciones dicen lo mismo."), None])

    assert "done" not in (person.page.locator(".qnav [data-place='1']").get_attribute("class") or "")
    person.page.reload()
    assert first.get_by_label(OBJECT).is_checked()


def test_without_a_script_the_page_saves_it(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/selection 5.2: the reason is there to be written once the box is ticked."""
    person = answering(chromium, live, instance, script=False)
    first = person.page.locator("[data-item='1']")
    assert not first.get_by_label(WHY).is_visible()

    first.get_by_label(OBJECT).check()
    person.press(".btn[name=go][value=save]")

    assert noted(instance, person) == [ObjectionNote(), None]
    assert first.get_by_label(OBJECT).is_checked()


def open_unfolded(person: Visitor, path: str) -> None:
    """Open a page with everything unfolded, and check it."""
    person.page.goto(person.url + path)
    person.page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    person.checked.clear()
    person.check()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "dark", "es"), (1280, "light", "en")])
def test_every_page_of_objections(
    chromium: Browser, live: Live, browser: Client, instance: Instance, width: int, scheme: str, language: str
) -> None:
    """spec/selection 12: list, proposal and decision with the dry run beside it, notice; nothing runs out of the window."""
    case = a_published_selection(browser, instance)
    case.object_to(5)
    case.object_to(4)
    jurors = [a_person(instance, f"{name}@example.org", given=name.title()) for name in ("lola", "paco")]
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    diana, lola, paco = (
        signed_in(chromium, live, f"{name}@example.org", width=width, scheme=scheme, language=language)
        for name in ("diana", "lola", "paco")
    )
    for juror in jurors:
        appoint(instance, case.selection, add_factor(instance, juror))
    own = f"/attempts/{case.attempt()}/objections"
    for path in (f"/attempts/{case.attempt()}/review", own, case.path(3), case.path(5)):
        open_unfolded(diana, path)
    diana.page.goto(diana.url + case.path(3))
    press(diana, {"es": "Objetar la pregunta", "en": "Object to the question"}[language])
    diana.check()
    for path in (f"/selections/{case.selection.uuid}", case.listing, case.page):
        open_unfolded(lola, path)
    press(lola, {"es": "Proponer", "en": "Propose"}[language])
    lola.checked.clear()
    lola.check()
    case.propose(outcome="removed")
    for person in (lola, paco):
        open_unfolded(person, case.page)
    case.decide(lowered="2")
    browser.deliver_jobs()
    open_unfolded(paco, case.page)
    for path in (own, "/notices"):
        open_unfolded(diana, path)
