"""Training officers and auditors in a real browser: named on the page of a place, led to the audiences of their institution."""

import pytest
from playwright.sync_api import Browser

from organisations.rules.units import TrainingRole
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.chromium import Live, press, signed_in
from tests.support.obligations import an_audience_of
from tests.support.places import a_place, give_training
from tests.support.wording import in_spanish


@pytest.mark.slow
def test_an_officer_is_named_with_the_keyboard_and_finds_the_audiences(chromium: Browser, live: Live) -> None:
    """spec/compulsory 16: on the page of the place, at both widths, light and dark."""
    an_administrator(live.instance)
    root = a_place(live.instance, "Instituto Ecuatoriano de Seguridad Social", code="IESS")
    officer, auditor = (a_person(live.instance, f"{name}@example.org", given=name.title()) for name in ("ofelia", "aldo"))
    give_training(live.instance, auditor, root, TrainingRole.AUDITOR)
    boss = signed_in(chromium, live, "admin@example.org")
    boss.open(f"/administration/organisations/{root.uuid}")
    boss.page.fill("#training-email", officer.email)
    press(boss, in_spanish("Name an officer or auditor"))
    assert boss.page.get_by_text(in_spanish("%(name)s is now training officer here.", name=officer.full_name)).is_visible()
    narrow = signed_in(chromium, live, "admin@example.org", language="en", width=360, scheme="dark")
    narrow.open(f"/administration/organisations/{root.uuid}")

    for email, width, scheme in ((officer.email, 1280, "light"), (auditor.email, 360, "dark")):
        person = signed_in(chromium, live, email, width=width, scheme=scheme)
        person.open("/administration/audiences")
        assert person.page.get_by_role("link", name=in_spanish("New audience")).count() == int(email == officer.email)


@pytest.mark.slow
def test_a_course_for_audiences_is_set_up_and_led_to_by_nobody_else(chromium: Browser, live: Live) -> None:
    """spec/compulsory 2.7: the settings fit on a phone, and a stranger's link leads to sign-in."""
    an_administrator(live.instance)
    an_audience_of(live.instance, a_place(live.instance), "inspectores")
    a_course(live.instance, modules=1)
    boss = signed_in(chromium, live, "admin@example.org", width=360)
    boss.open("/teaching/prueba/settings")
    boss.page.select_option("[name=visibility]", "audience")
    boss.page.click("details:has([name=audiences]) > summary")
    boss.page.locator("[name=audiences]").first.fill("inspectores")
    press(boss, in_spanish("Save in the draft"))

    boss.open("/teaching/prueba/publishing")
    assert boss.page.get_by_text("C904").count() == 0
