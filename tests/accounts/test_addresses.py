"""Another address for an account (spec/security 2.6): password again, a link at the new address, told to the old one,
other sessions end.
"""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from accounts.models import Person
from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in_through_pages
from tests.support.wording import in_spanish

NEW = "ana.nueva@example.org"


def ask(browser: Browser, email: str = NEW, password: str = PASSWORD, status: int = 200) -> None:
    browser.get("/profile/address")
    browser.submit("/profile/address", {"email": email, "current_password": password}, status=status)


def address(instance: Instance, person: Person) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person.email).where(Person.id == person.id)).one()


def test_the_address_changes_by_a_link_and_other_sessions_end(browser: Browser, instance: Instance) -> None:
    person, other = a_person(instance), browser.another()
    sign_in_through_pages(other)
    sign_in_through_pages(browser)
    ask(browser)
    assert address(instance, person) == "ana@example.org"
    link = browser.link_in_mail("address/")
    browser.get(link)
    assert NEW in browser.page.text
    assert browser.response.headers["Referrer-Policy"] == "no-referrer"
    browser.submit(link)

    assert address(instance, person) == NEW
    assert browser.path == "/profile"
    assert other._request("GET", "/profile").status_code == 303
    told = [text for text in browser.mails() if text.startswith("Se cambió el correo")]
    assert len(told) == 1
    raw = [path.read_text() for path in (instance.settings.data_dir / "mail").glob("*.eml")]
    assert sum("To: ana@example.org" in text for text in raw) == 1
    with instance.database.unit_of_work(write=False) as session:
        entries = session.execute(select(AuditEntry.verb, AuditEntry.facts).where(AuditEntry.verb.startswith("account.address"))).all()
    assert [entry.verb for entry in entries] == ["account.address_asked", "account.address_changed"]
    assert "example.org" not in "".join(entry.facts for entry in entries)
    browser.get(link, status=404)  # works once
    other.get("/sign-in")
    other.submit("/sign-in", {"email": NEW, "password": PASSWORD})


def test_without_the_password_nothing_is_sent(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    ask(browser, password="no es esta", status=422)
    assert in_spanish("This is not your current password.") in browser.page.text
    assert NEW in dict(browser.page.form("/profile/address").fields).values()
    ask(browser, email="sin arroba", status=422)
    ask(browser, email="Ana@Example.org", status=422)

    assert browser.mails() == []
    assert browser.another().get("/profile/address").title.startswith(in_spanish("Sign in"))


def test_nobody_learns_that_an_address_has_an_account(browser: Browser, instance: Instance) -> None:
    """spec/security 2.2."""
    a_person(instance)
    a_person(instance, "luis@example.org", given="Luis")
    sign_in_through_pages(browser)
    ask(browser)
    free = browser.page.text
    ask(browser, email="luis@example.org")

    assert browser.page.text == free
    assert any("luis" not in text.lower() or "cuenta" in text for text in browser.mails())
    assert sum("/address/" in text for text in browser.mails()) == 1


def test_a_link_ends_with_its_time_with_the_password_and_with_another_owner(browser: Browser, instance: Instance) -> None:
    person = a_person(instance)
    sign_in_through_pages(browser)
    ask(browser)
    link = browser.link_in_mail("address/")
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        browser.another().get(link, status=404)
    browser.another().get(f"{link[:-4]}AAAA", status=404)
    stranger = browser.another()
    stranger.get(link)
    a_person(instance, NEW, given="Otra")
    stranger.submit(link, status=404)

    assert address(instance, person) == "ana@example.org"


def test_a_changed_password_ends_the_link(browser: Browser, instance: Instance) -> None:
    person = a_person(instance)
    sign_in_through_pages(browser)
    ask(browser)
    link = browser.link_in_mail("address/")
    browser.get("/profile/password")
    browser.submit("/profile/password", {"current_password": PASSWORD, "password": "otras cinco palabras sin orden"})
    browser.get(link, status=404)

    assert address(instance, person) == "ana@example.org"


def test_a_right_link_opens_after_a_hundred_wrong_ones_from_the_same_office(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: a whole institution may share an address."""
    person = a_person(instance)
    sign_in_through_pages(browser)
    ask(browser)
    link = browser.link_in_mail("address/")
    stranger = browser.another()
    for turn in range(101):
        stranger.get(f"/address/wrong-{turn}", status=404 if turn < 100 else 429)
    browser.get(link)
    browser.submit(link)

    assert address(instance, person) == NEW
