"""What a person has to complete, and why, in a real browser: two widths, light and dark, both languages, without a script."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from accounts.models import Person
from kernel import clock
from kernel.durations import Duration
from lms.instance import Instance
from organisations.models import AudienceVersion
from tests.support.builders import a_course, a_person
from tests.support.certificates import complete
from tests.support.chromium import Live, follow, press, signed_in
from tests.support.editions import enrol
from tests.support.learning import actor_of, mark_done
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.wording import in_spanish


def a_person_under_four(instance: Instance) -> None:
    """Ask four things of somebody: one overdue, one begun, one not begun, one done."""
    a_person(instance, "autora@example.org")
    a_person(instance, "otra@example.org")
    today = clock.now().date()
    done = a_course(instance, "hecho", modules=1, settings="attempts: 0\n")
    complete(instance, done)
    with instance.database.unit_of_work(write=False) as session:
        person = session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one()
    begun = a_course(instance, "empezado")
    learner = actor_of(person)
    enrol(instance, begun, [learner])
    mark_done(instance, learner, begun.slug, "leccion-1")
    last = {"hecho": date(2026, 12, 15), "empezado": today + timedelta(days=22), "nuevo": today + timedelta(days=40)}
    for key, course in (
        ("hecho", done),
        ("empezado", begun),
        ("nuevo", a_course(instance, "nuevo")),
        ("vencido", a_course(instance, "vencido")),
    ):
        audience = an_audience_of(instance, a_place(instance, key), key)
        with instance.database.unit_of_work() as session:
            rule = "all:\n- province: Guayas\n- unit: GYE\n"
            session.add(AudienceVersion(audience_id=audience.id, number=1, rule=rule, effective_on=date(2026, 1, 1), recorded_at=BEGINNING))
        let_stay(instance, audience, person)
        terms = replace(rules_of(course), deadline=last.get(key, today - timedelta(days=3)), validity=Duration(months=12))
        compute(instance, an_obligation(instance, audience, terms, key=key), [person.id], now=clock.now())


@pytest.mark.slow
def test_what_is_to_complete_is_read_on_a_phone_in_the_dark_and_at_a_desk(chromium: Browser, live: Live) -> None:
    """spec/compulsory 11 and 11.1: axe-core finds nothing, nothing runs out of the window."""
    a_person_under_four(live.instance)
    for language, width, scheme, script in (("es", 360, "dark", True), ("en", 1280, "light", True), ("es", 1280, "light", False)):
        with live.instance.database.unit_of_work() as session:
            session.execute(update(Person).where(Person.email == "ana@example.org").values(language=language))
        person = signed_in(chromium, live, "ana@example.org", language=language, width=width, scheme=scheme, script=script)
        for path in ("/learning", "/learning/compulsory", "/courses/empezado"):
            person.open(path)
        person.open("/learning/compulsory")
        follow(person, in_spanish("Why?") if language == "es" else "Why?")
        person.page.locator("summary", has_text=in_spanish("Another day") if language == "es" else "Another day").press("Enter")
        person.page.fill("#day", "2026-11-10")
        press(person, in_spanish("Show") if language == "es" else "Show")
        assert "/past?" in person.page.url
    assert in_spanish("Overdue") in person.page.goto(f"{live.url}/learning/compulsory").text()  # type: ignore[union-attr]  # it answers
