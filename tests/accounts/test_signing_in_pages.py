"""Signing in: what is refused, and the limits of trying (spec/security 2.2, 2.3)."""

import re
import threading
import time
from datetime import UTC, datetime

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from accounts import passwords
from accounts.models import Person, SecondFactor
from accounts.people import AccountVerb
from accounts.signin import FAILURES_OF_ADDRESS
from kernel import audit, db, locks
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms.app import create_app, open_instance
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in_through_pages
from tests.support.meanwhile import before_the_lock
from tests.support.people import devices, is_signed_in, suspend
from tests.support.soon import PATIENCE, until

WRONG = "esta no es la clave"


START = datetime(2026, 11, 20, 10, tzinfo=UTC)


def try_to_sign_in(browser: Browser, email: str, password: str = WRONG, status: int = 422) -> None:
    browser.get("/sign-in")
    browser.submit("/sign-in", {"email": email, "password": password}, status=status)


def test_signing_in_opens_a_session_and_leads_to_what_was_asked_for(browser: Browser, instance: Instance) -> None:
    person = a_person(instance)
    browser.get("/profile")
    browser.submit("/sign-in", {"email": " ANA@Example.org ", "password": PASSWORD})

    assert browser.path == "/profile"
    device = devices(instance)[0]
    assert device.person_id == person.id
    assert device.label == "Firefox · Linux"
    assert device.address == "198.51.100.0"  # the network only


def test_only_a_path_of_this_site_is_gone_to(browser: Browser, instance: Instance) -> None:
    """spec/security 3.3."""
    a_person(instance)
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        visitor = browser.another()
        visitor.get(f"/sign-in?next={target}")
        assert "evil" not in visitor.page.html
        visitor.page.form("/sign-in").fields.append(("next", target))
        visitor.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
        assert visitor.path == "/learning"


def test_who_is_signed_in_already_goes_on(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    browser.get("/sign-in?next=/profile")
    assert browser.path == "/profile"
    browser.get("/sign-in?next=//evil.example")
    assert browser.path == "/learning"


@pytest.mark.parametrize("fields", [{}, {"email": ""}, {"email": "ana"}, {"email": "ana@example.org", "password": ""}])
def test_an_incomplete_form_comes_back_with_its_faults(browser: Browser, fields: dict[str, str]) -> None:
    browser.get("/sign-in")
    browser.submit("/sign-in", fields, status=422)

    assert "aria-invalid" in browser.page.html
    if fields.get("email"):
        assert dict(browser.page.form("/sign-in").fields)["email"] == fields["email"]


def test_every_failure_looks_the_same(browser: Browser, instance: Instance) -> None:
    """spec/security 2.2: wrong password, unknown and suspended: same status, same page; the typed address stays, the password does not."""
    a_person(instance, "ana@example.org")
    a_person(instance, "luis@example.org")
    suspend(instance, "luis@example.org")
    pages = []
    for email, password in (("ana@example.org", "esta no es la clave"), ("nadie@example.org", PASSWORD), ("luis@example.org", PASSWORD)):
        visitor = browser.another()
        try_to_sign_in(visitor, email, password)
        assert dict(visitor.page.form("/sign-in").fields)["email"] == email
        assert password not in visitor.page.html
        pages.append(re.sub(r'name="csrf_token" value="[^"]+"', "", visitor.page.html).replace(email, "EMAIL"))

    assert pages[0] == pages[1] == pages[2]
    assert 'id="password-error"' in pages[0]
    try_to_sign_in(browser, "ana@example.org", PASSWORD, status=200)


@pytest.mark.hashes
def test_an_unknown_address_costs_the_time_of_a_wrong_password(instance: Instance) -> None:
    stored = passwords.hash_password(PASSWORD)

    def shortest(kept: str | None) -> float:
        times = []
        for _turn in range(5):
            began = time.process_time()
            passwords.verify_password(kept, "esta no es la clave")
            times.append(time.process_time() - began)
        return min(times)

    assert 0.5 < shortest(None) / shortest(stored) < 2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody give up waiting for the database, however busy the machine is."""
    monkeypatch.setattr(db, "POOL_TURN", PATIENCE)
    monkeypatch.setattr(locks, "WRITERS_TURN", PATIENCE)
    monkeypatch.setitem(db.PATIENCE, "connect_timeout", int(PATIENCE))


@pytest.mark.usefixtures("patient")
def test_many_unknown_addresses_at_once_are_all_answered(app: Flask, instance: Instance) -> None:
    """The pool of hashing threads is small; no try may wait for itself in it."""
    statuses: list[int] = []

    def work(number: int) -> None:
        visitor = Browser(app, instance, address=f"203.0.113.{number}")
        try_to_sign_in(visitor, f"nadie{number}@example.org")
        statuses.append(visitor.response.status_code)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: not any(thread.is_alive() for thread in threads))

    assert statuses == [422] * 6


def test_an_instance_with_one_connection_signs_people_in(instance: Instance) -> None:
    """A try gives its connection back while its password is hashed: were it kept, enough of them would wait for each other for ever."""
    a_person(instance)
    narrow = open_instance(instance.settings.model_copy(update={"database_pool": 1}))
    try:
        visitor = Browser(create_app(narrow), narrow)
        visitor.checks = False
        try_to_sign_in(visitor, "ana@example.org")
        try_to_sign_in(visitor, "nadie@example.org")
        sign_in_through_pages(visitor)
        visitor.get("/administration", status=403)
        visitor.get("/profile/password")
        visitor.submit("/profile/password", {"current_password": PASSWORD, "password": "otra frase bien distinta"})
        assert visitor.path == "/profile"
    finally:
        narrow.database.dispose()


def test_failures_and_successes_are_in_the_audit_log(browser: Browser, instance: Instance) -> None:
    """spec/security 8.1; the failed one outlives its refusal, and no address that was typed is kept."""
    person = a_person(instance)
    try_to_sign_in(browser, "nadie@example.org")
    try_to_sign_in(browser, "ana@example.org")
    sign_in_through_pages(browser)
    with instance.database.unit_of_work(write=False) as session:
        entries = list(session.scalars(select(AuditEntry).where(AuditEntry.verb.like("account.sign%")).order_by(AuditEntry.id)))

    found = [(entry.verb, entry.actor_id, entry.subject_id) for entry in entries if entry.verb != "account.signed_up"]
    assert found == [
        ("account.sign_in_failed", None, None),
        ("account.sign_in_failed", None, person.id),
        ("account.signed_in", person.id, person.id),
    ]
    assert all(entry.address == "198.51.100.0" and len(entry.request_id) == 16 for entry in entries if entry.verb != "account.signed_up")
    assert not any("nadie" in entry.facts for entry in entries)


def test_ten_failures_shut_an_account_for_fifteen_minutes_for_the_right_password_too(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3."""
    a_person(instance)
    a_person(instance, "luis@example.org")
    with time_machine.travel(START, tick=False) as moment:
        for _turn in range(10):
            try_to_sign_in(browser, "ana@example.org")
        moment.shift(60)
        elsewhere = Browser(browser.app, instance, address="203.0.113.9")
        try_to_sign_in(elsewhere, "ANA@example.org", PASSWORD, status=429)
        assert int(elsewhere.response.headers["Retry-After"]) == 14 * 60
        assert not is_signed_in(elsewhere)
        try_to_sign_in(browser, "luis@example.org", PASSWORD, status=200)  # nobody else is shut out
        moment.shift(14 * 60 + 1)
        try_to_sign_in(elsewhere, "ana@example.org", PASSWORD, status=200)


def test_an_unknown_address_is_shut_in_the_same_way(browser: Browser) -> None:
    """The limit too must not tell who has an account."""
    for _turn in range(10):
        try_to_sign_in(browser, "nadie@example.org")
    try_to_sign_in(browser, "nadie@example.org", status=429)


def test_whoever_goes_on_trying_does_not_make_the_lock_longer(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        for _turn in range(10):
            try_to_sign_in(browser, "ana@example.org")
        for _turn in range(14):
            moment.shift(60)
            try_to_sign_in(browser, "ana@example.org", status=429)
        moment.shift(61)
        try_to_sign_in(browser, "ana@example.org", PASSWORD, status=200)


@pytest.mark.slow
def test_who_fails_for_ever_elsewhere_shuts_the_owner_out_nowhere_they_were_before(
    browser: Browser, instance: Instance, app: Flask
) -> None:
    """spec/security 2.3: a lock never lets one person lock another out for longer; the owner's own browser counts apart."""
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        sign_in_through_pages(browser)
        browser.submit("/sign-out")
        stranger = Browser(app, instance, address="203.0.113.9")
        for _turn in range(40):  # one hour, one try every 90 seconds: the window is never empty
            moment.shift(90)
            stranger.get("/sign-in")
            stranger._request("POST", "/sign-in", data=fields_of(stranger, "ana@example.org", WRONG))
        for _turn in range(10):
            stranger._request("POST", "/sign-in", data=fields_of(stranger, "ana@example.org", WRONG))
        assert stranger.response.status_code == 429
        try_to_sign_in(browser, "ana@example.org", PASSWORD, status=200)


def fields_of(browser: Browser, email: str, password: str) -> dict[str, str]:
    return {**dict(browser.page.form("/sign-in").fields), "email": email, "password": password}


def test_a_known_browser_has_ten_tries_too_and_knows_only_its_accounts(browser: Browser, instance: Instance, app: Flask) -> None:
    a_person(instance)
    a_person(instance, "luis@example.org")
    sign_in_through_pages(browser)
    browser.submit("/sign-out")
    for _turn in range(10):
        try_to_sign_in(browser, "ana@example.org")
    try_to_sign_in(browser, "ana@example.org", PASSWORD, status=429)
    thief = Browser(app, instance, address="203.0.113.9")
    known = browser.client.get_cookie("__Host-known")
    assert known is not None
    thief.client.set_cookie("__Host-known", known.value, domain="localhost", secure=True)
    try_to_sign_in(thief, "ana@example.org", PASSWORD, status=429)  # the same browser's count
    for _turn in range(10):
        try_to_sign_in(browser.another(), "luis@example.org")
    try_to_sign_in(browser, "luis@example.org", PASSWORD, status=429)  # it was never Luis's


@pytest.mark.parametrize("value", ["", "x", "W10.aa.bb", "ñ", "a" * 3000])
def test_a_forged_known_cookie_is_worth_nothing(browser: Browser, instance: Instance, value: str) -> None:
    a_person(instance)
    for _turn in range(10):
        try_to_sign_in(browser.another(), "ana@example.org")
    browser.client.set_cookie("__Host-known", value, domain="localhost", secure=True)
    try_to_sign_in(browser, "ana@example.org", PASSWORD, status=429)


def test_a_mailed_link_opens_a_way_around_a_lock(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    for _turn in range(10):
        try_to_sign_in(browser.another(), "ana@example.org")
    browser.get("/password/forgotten")
    browser.submit("/password/forgotten", {"email": "ana@example.org"})
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    browser.submit(link, {"password": "otra frase bien distinta"})
    browser.submit("/sign-in", {"email": "ana@example.org", "password": "otra frase bien distinta"})

    assert browser.path == "/learning"


def test_signing_in_rightly_forgives_the_mistakes_before(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    for _turn in range(3):
        for _mistake in range(9):
            try_to_sign_in(browser.another(), "ana@example.org")
        visitor = browser.another()
        try_to_sign_in(visitor, "ana@example.org", PASSWORD, status=200)


def test_guesses_at_the_same_moment_are_counted_too(app: Flask, instance: Instance) -> None:
    a_person(instance)
    statuses: list[int] = []
    gate = threading.Barrier(24)

    def work(number: int) -> None:
        visitor = Browser(app, instance, address=f"203.0.113.{number}")
        visitor.checks = False
        visitor.get("/sign-in")
        gate.wait()
        token = dict(visitor.page.form("/sign-in").fields)["csrf_token"]
        fields = {"email": "ana@example.org", "password": f"guess number {number}", "csrf_token": token}
        statuses.append(visitor._request("POST", "/sign-in", data=fields).status_code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [422] * 10 + [429] * 14


def test_after_a_hundred_failures_an_account_has_three_tries_from_there_and_nobody_else_is_refused(
    browser: Browser, instance: Instance
) -> None:
    """spec/security 2.3: a whole office shares one address."""
    a_person(instance)
    a_person(instance, "blas@example.org", given="Blas")
    a_person(instance, "celia@example.org", given="Celia")
    limiter = browser.app.extensions["limits"]
    try_to_sign_in(browser, "blas@example.org", PASSWORD, status=200)  # a browser that is known from now on
    browser.submit("/sign-out")
    for _turn in range(99):
        limiter.count(FAILURES_OF_ADDRESS, "198.51.100.7")
    for _turn in range(9):
        try_to_sign_in(browser, "blas@example.org")
    for _turn in range(3):
        try_to_sign_in(browser.another(), "ana@example.org")

    try_to_sign_in(browser.another(), "ana@example.org", PASSWORD, status=429)
    try_to_sign_in(browser, "blas@example.org", PASSWORD, status=200)
    for _turn in range(5):
        try_to_sign_in(browser.another(), "celia@example.org", PASSWORD, status=200)
    elsewhere = Browser(browser.app, instance, address="203.0.113.9")
    try_to_sign_in(elsewhere, "ana@example.org", PASSWORD, status=200)


@pytest.mark.hashes
def test_a_password_whose_hash_is_old_is_hashed_anew_at_signing_in(browser: Browser, instance: Instance) -> None:
    person = a_person(instance)
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(password_hash=weak))
    sign_in_through_pages(browser)

    with instance.database.unit_of_work(write=False) as session:
        stored = session.get_one(Person, person.id).password_hash
    assert stored != weak
    assert not passwords.outdated(stored)
    sign_in_through_pages(browser.another())


@pytest.mark.parametrize(("change", "status"), [("suspended", 409), ("another password", 409), ("a second step", 200)])
def test_what_happens_before_a_sign_in_has_the_lock_counts_as_if_it_had_come_before(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, change: str, status: int
) -> None:
    """SQLite's one writer is taken late; whoever decides before looks again."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    person = a_person(instance)
    values = {"suspended": {"suspended_at": START}, "another password": {"password_hash": passwords.hash_password("otra clave larga")}}

    def meanwhile() -> None:
        with instance.database.unit_of_work() as session:
            if change in values:
                session.execute(update(Person).where(Person.id == person.id).values(**values[change]))
            else:
                session.add(SecondFactor(person_id=person.id, kind="app", name="Teléfono", secret="x", counter=0, created_at=START))
                audit.record(session, SYSTEM, AccountVerb.FACTOR_ADDED, person, now=START)

    browser.get("/sign-in")
    happened = before_the_lock(monkeypatch, meanwhile)
    browser._request(
        "POST", "/sign-in", data={**dict(browser.page.form("/sign-in").fields), "email": "ana@example.org", "password": PASSWORD}
    )

    assert happened == ["meanwhile"]
    assert browser.response.status_code == status
    assert not is_signed_in(browser)
    assert devices(instance) == []
