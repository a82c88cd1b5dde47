"""The pages on which a jury asks a person about their attempt, in a real browser: wide and narrow, light and dark, both languages."""

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Person
from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt
from quizzes.rules.states import AnsweringSession, IntegrityRecord, PageAbsence, write_record
from selections.models import Selection, SelectionIncident
from tests.support.builders import a_person
from tests.support.chromium import Live, Visitor, follow, press, signed_in
from tests.support.editions import a_learner_of, an_edition, end_edition
from tests.support.selections import a_selecting_course, a_selection, add_factor, answer, appoint
from tests.support.wording import in_spanish

RECORD = IntegrityRecord(
    absences=(PageAbsence(10, 95),),
    absent=1,
    absent_seconds=95,
    sessions=(AnsweringSession(1, "198.51.100.0", 1, 0, 40), AnsweringSession(2, "203.0.113.0", 2, 20, 45)),
    encounters=(45,),
)


def a_selection_that_is_over(instance: Instance) -> Selection:
    """Make a selection that is over, of two people of whom something was recorded."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    for email, right in (("ana@example.org", 5), ("berta@example.org", 3)):
        answer(instance, a_learner_of(instance, course, edition, email), right)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(integrity_record=write_record(RECORD)))
    end_edition(instance)
    return a_selection(instance, course, edition)


def a_juror(chromium: Browser, live: Live, selection: Selection, email: str, **look: object) -> Visitor:
    """Sign in somebody who is then named for the jury, with a second factor."""
    person = a_person(live.instance, email)
    signed = signed_in(chromium, live, email, **look)
    appoint(live.instance, selection, add_factor(live.instance, person))
    return signed


def words(person: Visitor, message: str) -> str:
    """Return a message in the language of the person's page."""
    return in_spanish(message) if person.page.locator("html").get_attribute("lang") == "es" else message


@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark"), ("es", 360, "light")])
@pytest.mark.slow
def test_a_jury_asks_and_decides_by_keyboard(
    chromium: Browser, live: Live, instance: Instance, language: str, width: int, scheme: str
) -> None:
    """spec/selection 6.10 and 6.11: signs, question, answer, proposal, decision, with the keyboard; axe-core finds nothing."""
    selection = a_selection_that_is_over(instance)
    look = {"language": language, "width": width, "scheme": scheme}
    julia, hugo = (a_juror(chromium, live, selection, f"{name}@example.org", **look) for name in ("julia", "hugo"))
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    julia.open(f"/selections/{selection.uuid}")
    follow(julia, words(julia, "Questions about the sitting"))
    follow(julia, words(julia, "Ask"))
    press(julia, words(julia, "Send the question"))
    incident = julia.page.url.removeprefix(live.url)

    ana = signed_in(chromium, live, "ana@example.org", **look)
    ana.open(f"{incident}/answer")
    ana.page.fill("[name=answer]", "Cambié del computador al teléfono.")
    press(ana, words(ana, "Send the answer"))
    julia.open(incident)
    julia.page.check("[name=outcome][value=nothing]")
    julia.page.fill("[name=ground]", "Se cortó la red de la oficina.")
    press(julia, words(julia, "Propose"))
    hugo.open(incident)
    press(hugo, words(hugo, "Decide as proposed"))
    ana.open(f"{incident}/answer")

    with instance.database.unit_of_work(write=False) as session:
        row = session.query(SelectionIncident).one()
    assert (row.outcome, row.decided_at is not None, row.decided_at is None or row.decided_at <= clock.now()) == ("nothing", True, True)
