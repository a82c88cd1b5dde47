"""Signing up, confirming, and the first administrator (spec/security 2.2, 2.3, 2.5, 7.2)."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from accounts import accounts, people
from accounts.accounts import SignUp
from accounts.models import Consent, Person, Token, TokenPurpose
from accounts.rules import NOTICE, NOTICE_VERSION
from accounts.views.signing import SIGN_UPS
from kernel import clock
from kernel.outbox import Job
from kernel.permissions import Actor
from kernel.settings import Settings, load
from lms import serve
from lms.app import create_app, open_instance
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, an_administrator, sign_in_through_pages
from tests.support.wording import in_spanish

ROSA = {
    "given_names": "Rosa Elvira",
    "first_surname": "Guamán",
    "second_surname": "Ñúñez",
    "email": "rosa@example.org",
    "password": PASSWORD,
    "consent": "y",
}


def sign_up(browser: Browser, status: int = 200, **given: object) -> None:
    browser.get("/sign-up")
    browser.submit("/sign-up", {**ROSA, **given}, status=status)


def person(instance: Instance, email: str = "rosa@example.org") -> Person | None:
    with instance.database.unit_of_work(write=False) as session:
        return people.find_person_by_email(session, email)


def count(instance: Instance, table: type) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def press(browser: Browser, status: int = 200, **typed: object) -> None:
    """Press the button of the page that a link in a mail opens."""
    browser.submit("", typed, form=next(form for form in browser.page.forms if "/confirm/" in form.action), status=status)


def test_signing_up_makes_an_account_that_its_owner_confirms(browser: Browser, instance: Instance) -> None:
    sign_up(browser, email="  Rosa@Example.ORG ")
    made = person(instance)
    assert made is not None
    assert made.email_confirmed_at is None
    assert made.full_name == "Rosa Elvira Guamán Ñúñez"
    assert made.language == "es"
    link = browser.link_in_mail("confirm")

    browser.get(link)
    unconfirmed = person(instance)
    assert unconfirmed is not None
    assert unconfirmed.email_confirmed_at is None  # opening the link is not enough: mail scanners open links
    press(browser)
    confirmed = person(instance)
    assert confirmed is not None
    assert confirmed.email_confirmed_at is not None
    assert browser.path == "/learning"  # signed in: the password was chosen in this browser


def is_confirmed(instance: Instance) -> bool:
    found = person(instance)
    return found is not None and found.email_confirmed_at is not None


def test_in_another_browser_the_password_that_was_chosen_confirms_the_address(browser: Browser, instance: Instance) -> None:
    """A stranger may have signed up with the address, and would enter with the password of their choice."""
    sign_up(browser)
    owner = browser.another()
    owner.get(browser.link_in_mail("confirm"))
    for wrong in ("", "no es esta clave"):
        press(owner, status=422, password=wrong)
        assert owner.page.html.count("aria-invalid") == 1
        assert in_spanish("Error:") in owner.page.title
    assert not is_confirmed(instance)

    press(owner, password=PASSWORD)
    assert is_confirmed(instance)
    assert owner.path == "/learning"


def test_whoever_did_not_sign_up_confirms_with_a_password_of_their_own(browser: Browser, instance: Instance) -> None:
    """Also where they signed up after the stranger, in whose account nothing changed by it."""
    own = "la clave de quien recibe"
    stranger, owner = browser, browser.another()
    sign_up(stranger)
    link = stranger.link_in_mail("confirm")
    sign_in_through_pages(stranger, ROSA["email"])
    sign_up(owner, password=own)
    owner.get(link)
    press(owner, status=422, password=own)
    assert owner.page.has_link("/password/forgotten")
    owner.get("/password/forgotten")
    owner.submit("/password/forgotten", {"email": ROSA["email"]})
    reset = owner.link_in_mail("password/reset")
    owner.get(reset)
    owner.submit(reset, {"password": own})

    assert is_confirmed(instance)
    assert stranger.get("/profile").title == stranger.get("/sign-in").title  # signed out
    stranger.submit("/sign-in", {"email": ROSA["email"], "password": PASSWORD}, status=422)
    assert sign_in_through_pages(owner, ROSA["email"], own).path == "/learning"


def test_confirming_has_the_limit_of_signing_in(browser: Browser) -> None:
    """spec/security 2.3: the same limits at every door."""
    sign_up(browser)
    owner = browser.another()
    owner.get(browser.link_in_mail("confirm"))
    for _turn in range(10):
        press(owner, status=422, password="no es esta clave")

    press(owner, status=429, password=PASSWORD)
    other = browser.another()
    other.get("/sign-in")
    other.submit("/sign-in", {"email": ROSA["email"], "password": PASSWORD}, status=429)


def test_the_version_of_the_notice_that_was_accepted_is_kept(browser: Browser, instance: Instance) -> None:
    """spec/security 7.2."""
    sign_up(browser)
    made = person(instance)
    with instance.database.unit_of_work(write=False) as session:
        consent = session.scalars(select(Consent)).one()

    assert made is not None
    assert (consent.person_id, consent.notice, consent.version) == (made.id, NOTICE, NOTICE_VERSION)


def test_the_notice_stands_before_the_first_field(browser: Browser) -> None:
    html = browser.get("/sign-up").html

    assert 0 < html.index(NOTICE_VERSION) < html.index('name="given_names"')


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_names", ""),
        ("given_names", " \t "),
        ("given_names", "\u200b\u202e"),
        ("first_surname", ""),
        ("first_surname", "x" * 101),
        ("second_surname", "x" * 101),
        ("email", ""),
        ("email", "rosa"),
        ("email", "rosa@"),
        ("email", "@example.org"),
        ("email", "rosa@example..org"),
        ("email", "rosa@example.org, evil@example.org"),
        ("email", "rosa@example.org\r\nBcc: evil@example.org"),
        ("email", "rosita@" + "a" * 250 + ".org"),
        ("email", "josé@example.org"),
        ("password", ""),
        ("password", "siete77"),
        ("password", "password"),
        ("password", "guaman-guaman"),
        ("password", "rosa@example.org"),
        ("password", "x" * 129),
        ("consent", None),
    ],
)
def test_each_fault_is_told_beside_its_field_and_keeps_what_was_typed(
    browser: Browser, instance: Instance, field: str, value: str | None
) -> None:
    sign_up(browser, status=422, **{field: value})

    page = browser.page
    assert page.html.count("aria-invalid") == 1
    assert f'id="{field}-error"' in page.html
    assert f'href="#{field}"' in page.html
    assert in_spanish("Error:") in page.title
    fields = dict(page.form("/sign-up").fields)
    assert fields["password"] == ""
    for name in {"second_surname", "given_names", "first_surname", "email"} - {field}:
        assert fields[name] == ROSA[name]
    assert PASSWORD not in page.html
    assert count(instance, Person) == 0
    assert "<h1" in page.html
    english = ("It must have", "Enter your", "Not a valid", "This field", "Use at most", "Enter an email")
    assert not any(words in page.text for words in english)


def test_several_faults_are_told_at_once(browser: Browser) -> None:
    sign_up(browser, status=422, given_names="", email="x", password="x")

    assert browser.page.html.count("aria-invalid") == 3


def test_an_address_with_a_domain_beyond_ascii_is_one_address(browser: Browser, instance: Instance) -> None:
    sign_up(browser, email="rosa@ÑANDÚ.example")
    assert person(instance, "rosa@ñandú.example") is not None
    sign_up(browser.another(), email="rosa@xn--and-6ma2c.example")

    assert count(instance, Person) == 1
    assert len(browser.mails()) == 2


def test_no_answer_tells_whether_an_address_has_an_account(browser: Browser, instance: Instance) -> None:
    """spec/security 2.2 (V6.3.8): same status, same page, same number of mails; an existing account is as it was."""
    a_person(instance, "ana@example.org")
    known, unknown = browser.another(), browser.another()
    sign_up(known, email="ana@example.org", given_names="Otra")
    sign_up(unknown, email="nadie@example.org", given_names="Otra")

    assert known.path == unknown.path == "/sign-up"
    assert known.response.status_code == unknown.response.status_code
    pages = [without_tokens(page.html).replace(name, "NAME") for page, name in ((known.page, "ana"), (unknown.page, "nadie"))]
    assert pages[0] == pages[1]
    mails = known.mails()
    assert len(mails) == 2
    ana = person(instance, "ana@example.org")
    assert ana is not None
    assert ana.given_names == "Ana"
    assert sum("/password/forgotten" in mail for mail in mails) == 1
    assert sum("/confirm/" in mail for mail in mails) == 1


def without_tokens(html: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]+"', "", html)


def test_who_signs_up_eight_times_at_the_same_moment_gets_one_account(instance: Instance) -> None:
    gate = threading.Barrier(8)
    failures: list[Exception] = []
    command = SignUp("rosa@example.org", "hash", "Rosa", "Guamán", "", "es", "America/Guayaquil")

    def work() -> None:
        gate.wait()
        try:
            with instance.database.unit_of_work() as session:
                accounts.sign_up(session, Actor(), command, now=clock.now())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert count(instance, Person) == 1
    with instance.database.unit_of_work(write=False) as session:
        kinds = sorted(session.scalars(select(Job.kind)))
    assert kinds == ["accounts.send_confirmation"] + ["accounts.send_known_address"] * 7


def test_a_class_signs_up_from_one_address_and_is_slowed_down_after_sixty(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: nobody waits an hour, and what was typed comes back."""
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as moment:
        for _turn in range(60):
            browser.app.extensions["limits"].count(SIGN_UPS, browser.address)
        sign_up(browser, email="p1@example.org")
        sign_up(browser, status=429, email="p2@example.org")
        assert 0 < int(browser.response.headers["Retry-After"]) <= 10
        assert in_spanish("Too many attempts. You can go on in %(seconds)s s.", seconds=10) in browser.page.text
        assert dict(browser.page.form("/sign-up").fields)["email"] == "p2@example.org"
        elsewhere = Browser(browser.app, instance, address="203.0.113.9")
        sign_up(elsewhere, email="p6@example.org")
        moment.shift(timedelta(seconds=11))
        browser.submit("/sign-up", {"password": PASSWORD})

    assert count(instance, Person) == 3


def test_one_address_is_signed_up_five_times_in_a_quarter_of_an_hour(browser: Browser) -> None:
    """spec/security 2.3: its owner is not flooded with mail, whether or not it has an account."""
    for _turn in range(5):
        sign_up(browser.another())

    sign_up(browser.another(), status=429)


def test_a_name_that_no_certificate_can_print_is_refused_where_it_is_typed(browser: Browser) -> None:
    """spec/certificates N2: another font has a sign, or its plain twin stands for it; where neither is, the signs are named."""
    sign_up(browser, status=422, given_names="王小明", first_surname="محمد")
    assert in_spanish("Documents cannot print these signs: %(signs)s. Write it with Latin letters.", signs="王小明") in browser.page.text

    sign_up(browser, given_names="G̃uarã", first_surname="Παπά", second_surname="Ana\u2011María")


def test_a_mistake_in_the_form_uses_nothing_of_the_limit(browser: Browser) -> None:
    for _turn in range(7):
        sign_up(browser, status=422, email="x")
    sign_up(browser)


def test_a_confirmation_link_works_once_and_for_thirty_minutes(browser: Browser, instance: Instance) -> None:
    """spec/security 2.5."""
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as moment:
        sign_up(browser)
        link = browser.link_in_mail("confirm")
        browser.get(link)
        moment.shift(timedelta(minutes=30))
        browser.get(link, status=404)
        moment.shift(timedelta(seconds=-1))
        browser.get(link)
        press(browser)
        browser.get(link, status=404)
        browser.post(link, status=404)


def test_only_the_hash_of_a_link_is_kept_and_a_new_one_ends_the_old(browser: Browser, instance: Instance) -> None:
    sign_up(browser)
    link = browser.link_in_mail("confirm")
    secret = link.rpartition("/")[2]
    assert len(secret) >= 22  # 128 bits and more
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Token)).one()
        assert secret not in (row.secret_hash, row.bound_to)
        owner = session.get_one(Person, row.person_id)
        accounts.make_token(session, TokenPurpose.CONFIRM, owner, now=clock.now())

    browser.get(link, status=404)


def test_a_link_for_one_thing_does_not_do_another(browser: Browser) -> None:
    sign_up(browser)
    secret = browser.link_in_mail("confirm").rpartition("/")[2]

    browser.get(f"/password/reset/{secret}", status=404)
    browser.get(f"/set-up/{secret}", status=404)
    browser.get(f"/confirm/{secret}")


def test_a_changed_password_ends_the_links_before_it(browser: Browser, instance: Instance) -> None:
    sign_up(browser)
    link = browser.link_in_mail("confirm")
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(password_hash="another"))

    browser.get(link, status=404)


def test_guessing_links_is_limited_and_a_right_one_uses_nothing(browser: Browser) -> None:
    sign_up(browser)
    link = browser.link_in_mail("confirm")
    browser.checks = False
    for _turn in range(105):
        browser._request("GET", link)
    assert browser.response.status_code == 200
    for turn in range(101):
        browser._request("GET", f"/confirm/guess{turn}")
    assert browser.response.status_code == 429
    browser._request("GET", "/password/reset/guess")
    assert browser.response.status_code == 429


def test_the_pages_of_a_link_do_not_tell_its_address_to_others(browser: Browser) -> None:
    """spec/security 2.5: never in `Referer`."""
    sign_up(browser)
    browser.get(browser.link_in_mail("confirm"))

    assert browser.response.headers["Referrer-Policy"] == "no-referrer"
    assert browser.response.headers["Cache-Control"] == "no-store"
    assert "noindex" in browser.page.html


@pytest.fixture
def posting(settings: Settings) -> Iterator[Instance]:
    """Return an instance that sends its mail."""
    instance = open_instance(load(**{**settings.model_dump(), "smtp_host": "127.0.0.1", "smtp_port": 9}))
    yield instance
    instance.database.dispose()


def test_with_a_mail_server_an_unconfirmed_account_may_not_sign_in(posting: Instance) -> None:
    """spec/security 2.2: and is told what a wrong password is told."""
    browser = Browser(create_app(posting), posting)
    a_person(posting, "ana@example.org", confirmed=False)
    a_person(posting, "luis@example.org")
    browser.get("/sign-in")
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=422)
    unconfirmed = without_tokens(browser.page.html)
    assert (
        in_spanish(
            "Have you just created your account? First open the link in the email we sent you. “I forgot my password” sends another one."
        )
        in browser.page.text
    )
    browser.submit("/sign-in", {"email": "ana@example.org", "password": "no es esta clave"}, status=422)
    assert without_tokens(browser.page.html) == unconfirmed
    with posting.database.unit_of_work() as session:
        owner = people.find_person_by_email(session, "ana@example.org")
        secret = accounts.make_token(session, TokenPurpose.CONFIRM, owner, now=clock.now())

    browser.get(f"/confirm/{secret}")
    press(browser, password=PASSWORD)
    assert browser.path == "/learning"


def test_without_a_mail_server_an_unconfirmed_account_may_sign_in(browser: Browser, instance: Instance) -> None:
    a_person(instance, confirmed=False)
    sign_in_through_pages(browser)

    assert browser.path == "/learning"


def set_up_link(instance: Instance) -> str:
    link = serve.first_link(instance)
    assert link is not None
    return link.removeprefix(instance.settings.public_url)


def test_the_first_administrator_is_made_with_the_link_of_the_start(browser: Browser, instance: Instance) -> None:
    link = set_up_link(instance)
    browser.get(link)
    browser.submit(link, ROSA)
    assert browser.path == "/sign-in"
    browser.submit("/sign-in", {"email": "rosa@example.org", "password": PASSWORD})
    browser.get("/administration")

    with instance.database.unit_of_work(write=False) as session:
        assert people.administrator_exists(session)
        assert session.scalars(select(Consent)).one().version == NOTICE_VERSION
    made = person(instance)
    assert made is not None
    assert made.email_confirmed_at is not None


def test_each_start_has_a_fresh_link_and_none_once_there_is_an_administrator(browser: Browser, instance: Instance) -> None:
    """spec/security 2.5: no default account, and the page is 404 afterwards."""
    first = set_up_link(instance)
    second = set_up_link(instance)
    browser.get(first, status=404)
    browser.get(second)
    an_administrator(instance)

    browser.get(second, status=404)
    browser.post(second, ROSA, status=404)
    assert serve.first_link(instance) is None
    assert person(instance) is None


def test_a_set_up_link_lasts_thirty_minutes(browser: Browser, instance: Instance) -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as moment:
        link = set_up_link(instance)
        browser.get(link)
        moment.shift(timedelta(minutes=31))
        browser.get(link, status=404)
        browser.post(link, ROSA, status=404)
    assert person(instance) is None


@pytest.mark.parametrize(
    ("field", "value"), [("password", "short"), ("email", "x"), ("given_names", ""), ("consent", None), ("email", "ana@example.org")]
)
def test_a_mistake_in_the_set_up_uses_nothing_up(browser: Browser, instance: Instance, field: str, value: str | None) -> None:
    a_person(instance, "ana@example.org")
    link = set_up_link(instance)
    browser.get(link)
    browser.submit(link, {**ROSA, field: value}, status=422)
    assert f'id="{field}-error"' in browser.page.html
    browser.submit(link, ROSA)

    assert browser.path == "/sign-in"


def test_the_forms_are_made_for_password_managers(browser: Browser, app: Flask) -> None:
    html = browser.get("/sign-up").html
    assert 'autocomplete="new-password"' in html
    assert 'autocomplete="email"' in html
    html = browser.get("/sign-in").html
    assert 'autocomplete="current-password"' in html
    assert 'autocomplete="username"' in html
    assert "onpaste" not in html
