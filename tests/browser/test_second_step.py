"""The second step in Chromium: a passkey of its virtual authenticator, and an application's codes without scripts."""

import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from playwright.sync_api import Browser, Page

from kernel import clock
from tests.support.builders import PASSWORD, a_person
from tests.support.chromium import Live, Visitor, visitor


def by_name(live: Live) -> Live:
    """Passkeys hold for names, not for numbers: the same server as localhost."""
    return Live(live.url.replace("127.0.0.1", "localhost"), live.instance)


def enter(someone: Visitor) -> None:
    someone.open("/sign-in")
    someone.page.fill("#email", "ana@example.org")
    someone.page.fill("#password", PASSWORD)
    someone.press("main button[type=submit]")


def prove(someone: Visitor) -> None:
    someone.open("/second-step")
    someone.page.fill("#current_password", PASSWORD)
    someone.press("form[action='/second-step/password'] button")


def with_authenticator(page: Page) -> None:
    """Give the page's browser a security key that says yes at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "es"), (360, "dark", "en")])
def test_a_passkey_lets_its_owner_in(chromium: Browser, live: Live, width: int, scheme: str, language: str) -> None:
    a_person(live.instance, language=language)
    someone = visitor(chromium, by_name(live), width=width, scheme=scheme, language=language)
    with_authenticator(someone.page)
    enter(someone)
    prove(someone)
    someone.press("form[data-passkey=create] button")
    assert someone.page.locator("ol.mono li").count() == 8
    someone.page.context.clear_cookies()
    enter(someone)
    assert someone.page.locator("form[data-passkey=get] button").is_visible()
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        someone.press("form[data-passkey=get] button")
        assert someone.page.url.endswith("/sign-in")
    enter(someone)
    someone.press("form[data-passkey=get] button")

    assert someone.page.url.endswith("/learning")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_an_application_needs_no_script(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    a_person(live.instance)
    someone = visitor(chromium, live, width=width, scheme=scheme, script=width == 1280)
    enter(someone)
    prove(someone)
    someone.open("/second-step/app")
    address = someone.page.get_attribute("a[href^='otpauth:']", "href") or ""
    found = re.search(r"secret=([A-Z2-7]+)", address)
    assert found
    someone.page.fill("#code", pyotp.TOTP(found[1]).at(int(clock.now().timestamp())))
    someone.press("form[action='/second-step/app'] button")
    assert someone.page.locator("ol.mono li").count() == 8
    code = someone.page.locator("ol.mono li").first.inner_text()
    someone.page.context.clear_cookies()
    enter(someone)
    assert "second-step" not in someone.page.url or someone.page.locator("#code").is_visible()
    someone.page.fill("#code", code)
    someone.press("form[action='/sign-in/second-step'] button")

    assert someone.page.url.endswith("/learning")


def test_a_passkey_that_is_refused_says_so(chromium: Browser, live: Live) -> None:
    """Without an authenticator the browser gives none: the page says what else can be done."""
    a_person(live.instance)
    someone = visitor(chromium, by_name(live))
    session = someone.page.context.new_cdp_session(someone.page)
    session.send("WebAuthn.enable")
    enter(someone)
    prove(someone)
    someone.page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('no')); }")
    someone.page.click("form[data-passkey=create] button")
    someone.page.get_by_text("No se creó la clave de acceso").wait_for()

    assert someone.page.locator("form[data-passkey=create] button").is_enabled()
    someone.check()
