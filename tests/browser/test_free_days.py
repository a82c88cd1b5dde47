"""Free days and a reminder that is sent now in a real browser: every page fits, axe-core finds nothing, with no script either."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from compliance.models import FreeDay
from kernel import clock
from organisations.audiences import today_of
from organisations.rules.units import OrganisationKind
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.chromium import Live, signed_in
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place

LIST = "fecha;nombre;provincia\n25/12/2026;Navidad;\n09/10/2026;Independencia de Guayaquil;Guayas\n31/02/2026;Nunca;\n"


def an_institution(live: Live) -> str:
    """Add an institution with free days and somebody to remind; return the address of the reminder."""
    instance, today = live.instance, today_of(clock.now())
    an_administrator(instance)
    root, person = a_place(instance, "Instituto Ecuatoriano de Seguridad Social", code="IESS"), a_person(instance)
    a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE)
    terms = replace(rules_of(a_course(instance, modules=1)), starts=today, deadline=today + timedelta(days=60), effective_on=today)
    audience = an_audience_of(instance, root)
    obligation = an_obligation(instance, audience, terms)
    let_stay(instance, audience, person, today)
    compute(instance, obligation, [person.id], now=clock.now())
    with instance.database.unit_of_work() as session:
        for day, name, province in ((date(2026, 1, 1), "Año nuevo", ""), (date(2026, 10, 9), "Independencia de Guayaquil", "guayas")):
            session.add(FreeDay(day=day, province=province, name=name, added_at=clock.now()))
    return f"/training/reminders?obligation={obligation.uuid}&state="


@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 360, "light"), ("en", 1280, "dark")])
def test_free_days_and_a_reminder_fit(chromium: Browser, live: Live, language: str, width: int, scheme: str) -> None:
    """spec/compulsory 11.4: at 360 and 1,280 pixels, light and dark."""
    reminder = an_institution(live)
    boss = signed_in(chromium, live, "admin@example.org", language=language, width=width, scheme=scheme)
    boss.open("/administration/free-days?year=2026")
    boss.page.set_input_files("[name=file]", files=[{"name": "f.csv", "mimeType": "text/csv", "buffer": LIST.encode()}])
    boss.press("form[action*='/lists'] button[type=submit]")
    boss.press("form[action*='/lists'] button[type=submit]")
    assert boss.page.locator("form[action*='/deletion']").count() == 3

    boss.open(reminder)
    boss.page.fill("[name=words]", "Nos vemos el viernes.")
    boss.press("form[action*='/training/reminders'] button[type=submit]")
