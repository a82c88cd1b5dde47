"""Passkeys: made, used, refused, and pages that need no script."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from accounts.models import SecondFactor
from kernel import clock
from lms.instance import Instance
from tests.support.authenticator import Authenticator
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.people import is_signed_in
from tests.support.second_steps import prove_password, request_options, with_passkey


def test_a_passkey_is_made_and_used(browser: Browser, instance: Instance) -> None:
    key = with_passkey(browser, instance)
    assert len(re.findall(r"<li>[0-9A-Z-]{29}</li>", browser.page.html)) == 8
    other = sign_in(browser.another())
    page = other.page.html
    answer = key.get(request_options(other, "/sign-in/passkey/request"))
    assert 'data-passkey="get"' in page
    other.post("/sign-in/passkey", {"credential": answer})
    assert is_signed_in(other)

    thief = sign_in(browser.another())
    thief.post("/sign-in/passkey", {"credential": answer}, status=422)  # the challenge is used up
    request_options(thief, "/sign-in/passkey/request")
    thief.post("/sign-in/passkey", {"credential": answer}, status=422)  # another challenge
    assert not is_signed_in(thief)


@pytest.mark.parametrize("wrong", ["origin", "host", "stranger", "copy", "late", "nothing"])
def test_a_passkey_that_is_not_right_is_refused(browser: Browser, instance: Instance, wrong: str) -> None:
    key = with_passkey(browser, instance)
    other = sign_in(browser.another())
    used = key.get(request_options(other, "/sign-in/passkey/request"))
    other.post("/sign-in/passkey", {"credential": used})
    thief = sign_in(browser.another())
    options = request_options(thief, "/sign-in/passkey/request")
    key.counter = {"copy": 0}.get(wrong, key.counter)
    key.origin = {"origin": "https://evil.example"}.get(wrong, key.origin)
    key.host = {"host": "evil.example"}.get(wrong, key.host)
    answer = (Authenticator() if wrong == "stranger" else key).get(options)
    with time_machine.travel(clock.now() + timedelta(minutes=6 if wrong == "late" else 0)):
        thief.post("/sign-in/passkey", {"credential": "[]" if wrong == "nothing" else answer}, status=422)

    assert not is_signed_in(thief)
    assert "Repita el intento" in thief.page.text


@pytest.mark.parametrize("wrong", ["[" * 5000, '{"a": ' * 51 + "1" + "}" * 51, "\ud800", "clave\0", "x" * 1400])
def test_an_answer_that_no_passkey_gives_is_refused(browser: Browser, instance: Instance, wrong: str) -> None:
    """spec/security 4.1: nested without end, or with a name that is not base64url; a database takes no half of a sign and no NUL."""
    key = with_passkey(browser, instance)
    other = sign_in(browser.another())
    answer = json.loads(key.get(request_options(other, "/sign-in/passkey/request")))
    sent = wrong if wrong.startswith(("[", "{")) else json.dumps({**answer, "id": wrong})

    page = other.post("/sign-in/passkey", {"credential": sent}, status=422)

    assert "Repita el intento" in page.text


def test_a_passkey_whose_name_is_longer_than_the_standard_allows_is_not_kept(browser: Browser, instance: Instance) -> None:
    """WebAuthn level 3, 7.1: at most 1023 bytes."""
    a_person(instance)
    sign_in(browser)
    prove_password(browser)
    for length, status in ((1024, 422), (1023, 200)):
        browser.get("/second-step")
        answer = Authenticator(credential=bytes(length)).create(request_options(browser, "/second-step/passkey/request"))
        browser.post("/second-step/passkey", {"credential": answer}, status=status)

    with instance.database.unit_of_work(write=False) as session:
        assert [len(name or "") for name in session.scalars(select(SecondFactor.credential))] == [1364]


def test_who_keeps_one_has_the_pages_without_scripts_too(browser: Browser, instance: Instance) -> None:
    """A passkey needs a script; the field for a recovery code stands without it."""
    with_passkey(browser, instance)
    other = sign_in(browser.another())
    assert [form.action for form in other.page.forms if "second-step" in form.action]
