"""Sessions: their cookie, how long they last, signing out, what ends them (spec/security 1.4, 3.1)."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from accounts import accounts
from accounts.models import Device, Person
from accounts.people import hash_of
from kernel import clock
from kernel.permissions import SYSTEM, SiteRole
from lms.app import create_app
from lms.instance import Instance
from tests.support.browser import Browser, Counter
from tests.support.builders import PASSWORD, a_person, sign_in_through_pages
from tests.support.people import devices, is_signed_in, suspend

SITE = "https://localhost"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)


def cookie_of(browser: Browser) -> str:
    found = browser.client.get_cookie("__Host-session")
    return "" if found is None else found.value


def test_the_cookie_is_bound_to_the_host_and_out_of_reach_of_scripts(browser: Browser, instance: Instance) -> None:
    """spec/security 3.1."""
    a_person(instance)
    browser.get("/sign-in")
    browser._request(
        "POST", "/sign-in", data={**dict(browser.page.form("/sign-in").fields), "email": "ana@example.org", "password": PASSWORD}
    )
    headers = sorted(browser.response.headers.getlist("Set-Cookie"))

    assert [header.partition("=")[0] for header in headers] == ["__Host-known", "__Host-session"]
    for header in headers:
        attributes = {part.strip().lower() for part in header.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)
    assert "max-age" not in headers[1].lower()
    assert "ana@" not in headers[0]


def test_the_cookie_names_a_random_secret_of_which_only_the_hash_is_kept(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    with browser.client.session_transaction(base_url=SITE) as kept:
        secret = kept["_user_id"]
        assert PASSWORD not in str(dict(kept))
        assert "ana@" not in str(dict(kept))

    assert len(secret) >= 22  # 128 bits and more
    assert devices(instance)[0].secret_hash == hash_of(secret)


def test_a_cookie_from_before_signing_in_is_worth_nothing_afterwards(browser: Browser, instance: Instance, app: Flask) -> None:
    """Session fixation: signing in makes a new secret and a new form token."""
    a_person(instance)
    browser.get("/sign-in")
    planted = cookie_of(browser)
    token = dict(browser.page.form("/sign-in").fields)["csrf_token"]
    sign_in_through_pages(browser)
    assert cookie_of(browser) != planted
    thief = Browser(app, instance)
    thief.client.set_cookie("__Host-session", planted, domain="localhost", secure=True)
    assert not is_signed_in(thief)

    browser.checks = False
    browser._request("POST", "/profile", data={"csrf_token": token, "given_names": "Ladrona"})
    assert browser.response.status_code == 400


def test_signing_in_again_ends_the_session_before(browser: Browser, instance: Instance) -> None:
    """One browser holds one session; another person's begins with nothing of the first's."""
    a_person(instance)
    a_person(instance, "luis@example.org", given="Luis")
    sign_in_through_pages(browser)
    before = cookie_of(browser)
    fields = {"email": "luis@example.org", "password": PASSWORD}
    browser.get("/learning")
    browser.post("/sign-in", fields)
    assert "Luis" in browser.page.text

    thief = browser.another()
    thief.client.set_cookie("__Host-session", before, domain="localhost", secure=True)
    assert not is_signed_in(thief)
    assert [device.ended_at is None for device in devices(instance)] == [False, True]


def test_a_new_secret_key_signs_nobody_out(browser: Browser, instance: Instance) -> None:
    """spec/security 8.3: the old key stays on the second line of its file until the sessions of its time are over."""
    a_person(instance)
    sign_in_through_pages(browser)
    path = instance.settings.data_dir / "secret.key"
    path.write_bytes(secrets.token_urlsafe(48).encode() + b"\n" + path.read_bytes())
    later = Browser(create_app(instance), instance)
    later.client.set_cookie("__Host-session", cookie_of(browser), domain="localhost", secure=True)
    assert is_signed_in(later)
    path.write_bytes(secrets.token_urlsafe(48).encode())
    forgotten = Browser(create_app(instance), instance)
    forgotten.client.set_cookie("__Host-session", cookie_of(browser), domain="localhost", secure=True)

    assert not is_signed_in(forgotten)


def test_a_changed_cookie_signs_nobody_in(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    value = cookie_of(browser)
    for forged in (value[:-3] + "AAA", value.split(".")[0], "", "x" * 4000, "ñ"):
        thief = browser.another()
        thief.client.set_cookie("__Host-session", forged, domain="localhost", secure=True)
        assert not is_signed_in(thief)
    assert is_signed_in(browser)


def test_signing_out_is_a_post_and_ends_the_session_at_the_server(browser: Browser, instance: Instance) -> None:
    """spec/security 3.1."""
    a_person(instance)
    sign_in_through_pages(browser)
    kept = cookie_of(browser)
    assert browser._request("GET", "/sign-out").status_code == 405
    assert is_signed_in(browser)
    browser.get("/learning")
    browser._request("POST", "/sign-out", data=dict(browser.page.form("/sign-out").fields))
    assert browser.response.status_code == 303
    assert browser.response.headers["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(browser)

    thief = browser.another()
    thief.client.set_cookie("__Host-session", kept, domain="localhost", secure=True)
    assert not is_signed_in(thief)
    assert devices(instance)[0].ended_at is not None


def test_signing_out_needs_a_token_and_twice_is_fine(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    browser.checks = False
    browser._request("POST", "/sign-out")
    assert browser.response.status_code == 400
    assert is_signed_in(browser)
    browser.get("/learning")
    browser.post("/sign-out")
    browser.post("/sign-out")
    assert browser.response.status_code == 200


def test_the_language_of_the_browser_outlives_signing_in_and_out(browser: Browser, instance: Instance) -> None:
    a_person(instance, language="es")
    browser.get("/")
    browser.post("/language", {"language": "en", "next": "/"})
    assert browser.page.language == "en"
    sign_in_through_pages(browser)
    assert browser.page.language == "es"  # the person's own
    browser.submit("/sign-out")

    assert browser.page.language == "en"


@pytest.mark.parametrize(("minutes", "stays"), [(59, True), (61, False)])
def test_a_session_without_a_request_for_an_hour_ends(browser: Browser, instance: Instance, minutes: int, stays: bool) -> None:
    """spec/security 3.1."""
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        sign_in_through_pages(browser)
        moment.shift(timedelta(minutes=minutes))
        assert is_signed_in(browser) is stays


def test_a_session_that_is_used_goes_on_for_twelve_hours_and_no_longer(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        sign_in_through_pages(browser)
        for _turn in range(14):  # 11 hours 40 minutes
            moment.shift(timedelta(minutes=50))
            assert is_signed_in(browser)
        moment.shift(timedelta(minutes=19))
        assert is_signed_in(browser)
        moment.shift(timedelta(minutes=2))
        assert not is_signed_in(browser)


def test_an_old_copy_of_the_cookie_does_not_live_on_with_the_new_one(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        sign_in_through_pages(browser)
        copy = cookie_of(browser)
        moment.shift(timedelta(minutes=40))
        assert is_signed_in(browser)
        moment.shift(timedelta(minutes=40))
        thief = browser.another()
        thief.client.set_cookie("__Host-session", copy, domain="localhost", secure=True)
        assert not is_signed_in(thief)
        assert is_signed_in(browser)


def test_the_stamp_is_renewed_every_five_minutes_at_most(browser: Browser, instance: Instance) -> None:
    """spec/security 3.1: most requests set no cookie and write nothing."""
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        sign_in_through_pages(browser)
        moment.shift(timedelta(minutes=5))
        browser._request("GET", "/profile")
        assert "Set-Cookie" not in browser.response.headers
        assert devices(instance)[0].last_seen_at == START
        moment.shift(timedelta(seconds=1))
        browser._request("GET", "/profile")
        assert "Set-Cookie" in browser.response.headers
        assert devices(instance)[0].last_seen_at == START + timedelta(minutes=5, seconds=1)


def test_a_suspended_person_is_out_at_the_next_request(browser: Browser, instance: Instance) -> None:
    """spec/security 1.4."""
    a_person(instance)
    sign_in_through_pages(browser)
    assert is_signed_in(browser)
    suspend(instance, "ana@example.org")

    assert not is_signed_in(browser)
    assert browser._request("GET", "/learning").headers["Location"].startswith("/sign-in")


def test_a_new_role_counts_from_the_next_request(browser: Browser, instance: Instance) -> None:
    person = a_person(instance)
    sign_in_through_pages(browser)
    browser.get("/administration", status=403)
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, person.id), SiteRole.ADMINISTRATOR, now=clock.now())
    browser.get("/administration")


def test_each_signed_in_request_costs_one_statement(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in_through_pages(browser)
    counter = Counter(instance.database.reading)
    browser._request("GET", "/help")

    assert len(counter.statements) == 1


def test_no_other_cookie_signs_anybody_in(browser: Browser, instance: Instance) -> None:
    """The sign-in library can remember people by a cookie of its own; we set none and take none."""
    a_person(instance)
    sign_in_through_pages(browser)
    with browser.client.session_transaction(base_url=SITE) as kept:
        secret = kept["_user_id"]
    stranger = browser.another()
    stranger.client.set_cookie("remember_token", f"{secret}|{'0' * 128}", domain="localhost", secure=True)

    assert not is_signed_in(stranger)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Device)) == 1
