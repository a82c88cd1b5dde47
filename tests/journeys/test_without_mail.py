"""Where no mail is sent, no page claims that a message goes out by mail, and none shows a link that sets somebody's password."""

import re

import pytest

from courses.models import StaffRole
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.people import page_of_person
from tests.support.wording import in_spanish

CLAIMS = re.compile(r"(va|está|van) en camino|por correo|Revise su correo", re.IGNORECASE)
PAGES = [
    "/teaching/prueba/team",
    "/teaching/prueba/publishing",
    "/teaching/prueba/announcements",
    "/profile",
    "/profile/password",
    "/profile/address/sent",
    "/second-step",
    "/sign-up/sent",
    "/administration/lists",
]


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """An administrator, before a course that has an owner."""
    a_teacher(instance, a_course(instance, modules=1), "duena@example.org", StaffRole.OWNER)
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_claims_a_mail(boss: Browser, path: str) -> None:
    assert CLAIMS.findall(boss.get(path).text) == []


def test_who_asks_for_a_new_password_is_told_that_nothing_arrives_and_gets_no_link(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    browser.get("/password/forgotten")
    page = browser.submit("/password/forgotten", {"email": "ana@example.org"})

    assert CLAIMS.findall(page.text) == []
    assert in_spanish("This site does not send email") in page.text
    assert "/password/reset/" not in page.html


@pytest.mark.parametrize("act", ["reset", "invitation"])
def test_an_administrator_is_told_where_the_message_waits_and_sees_no_link(boss: Browser, instance: Instance, act: str) -> None:
    """Administrators neither set nor see a password, nor the link that sets one (ASVS V6.4.6)."""
    a_person(instance, confirmed=False)
    address = page_of_person(instance)
    boss.get(address)

    page = boss.submit(f"{address}/{act}")

    assert CLAIMS.findall(page.text) == []
    assert (
        in_spanish("This site does not send email. The message is in the server's mail folder; the server administrator must deliver it.")
        in page.text
    )
    assert "/password/reset/" not in page.html
    assert not re.search(r"/invitation/[\w-]{20}", page.html)
