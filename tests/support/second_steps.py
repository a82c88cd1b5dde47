"""Second steps for tests: an application or a passkey, set up through the pages by somebody who proved their password."""

import html
import re

import pyotp

from kernel import clock
from lms.instance import Instance
from tests.support.authenticator import Authenticator
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in


def secret_on(browser: Browser) -> str:
    """Return the secret that a page shows for an application."""
    found = re.search(r"secret=([A-Z2-7]+)", html.unescape(browser.page.html))
    assert found
    return found[1]


def code_of(secret: str) -> str:
    """Return the code that an application shows now."""
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()))


def prove_password(browser: Browser) -> None:
    """Give the password again, as changes of the second step ask for."""
    browser.get("/second-step")
    browser.submit("/second-step/password", {"current_password": PASSWORD})


def set_up_app(browser: Browser) -> tuple[str, list[str]]:
    """Set up an application; return its secret and the recovery codes."""
    browser.get("/second-step/app")
    secret = secret_on(browser)
    browser.submit("/second-step/app", {"code": code_of(secret)})
    return secret, re.findall(r"<li>([0-9A-Z-]{29})</li>", browser.page.html)


def with_app(browser: Browser, instance: Instance, email: str = "ana@example.org") -> tuple[str, list[str]]:
    """Add a person with an application; return its secret and the recovery codes."""
    a_person(instance, email)
    sign_in(browser, email)
    prove_password(browser)
    return set_up_app(browser)


def request_options(browser: Browser, path: str) -> dict[str, str]:
    """Ask for what a passkey is to sign."""
    browser.post(path)
    found: dict[str, str] = browser.response.get_json()
    return found


def with_passkey(browser: Browser, instance: Instance) -> Authenticator:
    """Add a person with a passkey."""
    a_person(instance)
    sign_in(browser)
    prove_password(browser)
    key = Authenticator()
    browser.post("/second-step/passkey", {"credential": key.create(request_options(browser, "/second-step/passkey/request"))})
    return key
