"""The pages of an acta in a real browser: for its jury, its people and the public; wide and narrow, light and dark, both languages."""

from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Person
from kernel.codes import printed_code
from lms.instance import Instance
from tests.support.browser import Browser as Client
from tests.support.builders import a_person
from tests.support.chromium import Live, signed_in, visitor
from tests.support.selections import a_final, a_sat_selection, add_factor, all_actas, appoint, sign_by_two, void


@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark"), ("es", 360, "light")])
@pytest.mark.slow
def test_pages_of_an_acta_and_its_amendment(
    chromium: Browser, live: Live, browser: Client, instance: Instance, language: str, width: int, scheme: str
) -> None:
    """spec/selection 4.9, 4.10 and 4.14: nothing runs out of the window, axe-core finds nothing, what changed is shown before and after."""
    look: dict[str, Any] = {"language": language, "width": width, "scheme": scheme}
    selection = a_sat_selection(instance)
    reader = a_person(instance, "rita@example.org")
    rita, berta = (signed_in(chromium, live, email, **look) for email in ("rita@example.org", "berta@example.org"))
    appoint(instance, selection, add_factor(instance, reader))
    julia = a_final(browser, instance, selection)
    void(instance, "p5")
    julia.deliver_jobs()
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    home, final = f"/selections/{selection.uuid}", all_actas(instance)[-1]

    rita.open(home)
    rita.open(f"{home}/amendment")
    assert "→" in rita.page.locator("table").inner_text()
    amendment = sign_by_two(browser, instance, selection, julia, "La pregunta 5 admitía dos respuestas.")
    rita.open(f"{amendment}?show=changed")
    assert rita.page.locator("tbody tr").count() > 0
    berta.open(f"{home}/own-line")
    assert "La pregunta 5 admitía dos respuestas." in berta.page.inner_text("main")
    public = visitor(chromium, live, **look)
    public.open(f"/acta/selection/{printed_code(final.code)}")
    assert printed_code(all_actas(instance)[-1].code) in public.page.inner_text("main")
