"""Passwords tried at many accounts from one address: slowed by pauses, told to administrators, and no office shut out.

spec/security 2.3.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from accounts import signin
from accounts.people import AccountVerb
from kernel.audit import AuditEntry
from kernel.errors import TooMany
from kernel.web.limits import Limiter
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, an_administrator, sign_in_through_pages
from tests.support.project import ROOT
from tests.support.stores import a_redis
from tests.support.wording import in_spanish

OFFICE = "198.51.100.7"
START = datetime(2026, 11, 20, 14, tzinfo=UTC)
WRONG = "Bienvenido 2026"


@contextmanager
def from_office(app: Flask, address: str = OFFICE) -> Iterator[None]:
    """Let what follows come from a browser that no account knows."""
    with app.test_request_context("/sign-in", method="POST", environ_base={"REMOTE_ADDR": address}):
        yield


def try_once(app: Flask, email: str, *, right: bool, address: str = OFFICE) -> int:
    """Try a password as every door does; return the seconds that the visitor is told to wait, 0 where it was looked at."""
    with from_office(app, address):
        try:
            signin.count_try(email)
        except TooMany as refused:
            return int(refused.facts["retry_after"])
        (signin.forgive_tries if right else signin.note_failure)(email)
    return 0


def spray(app: Flask, count: int, first: int = 0) -> list[int]:
    """Try one password at so many accounts."""
    return [try_once(app, f"victima.{number}@example.org", right=False) for number in range(first, first + count)]


def notes(instance: Instance) -> list[AuditEntry]:
    """Return what the audit log tells of it."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.query(AuditEntry).filter_by(verb=AccountVerb.PASSWORDS_SPRAYED.value))


@pytest.mark.slow
def test_one_password_for_a_hundred_and_twelve_accounts_meets_a_pause(browser: Browser, instance: Instance) -> None:
    browser.checks = False
    statuses = []
    with time_machine.travel(START, tick=False):
        form = dict(browser.get("/sign-in").form("/sign-in").fields)
        for number in range(112):
            fields = {**form, "email": f"victima.{number}@example.org", "password": WRONG}
            statuses.append(browser._request("POST", "/sign-in", data=fields).status_code)

    assert statuses == [422] * 100 + [429] * 12
    assert browser.response.headers["Retry-After"] == "5"
    assert [entry.address for entry in notes(instance)] == ["198.51.100.0"]


def test_one_account_tried_often_is_no_spraying(app: Flask) -> None:
    """Its own limit stops it; nobody else at the address waits."""
    for _turn in range(3):
        assert spray(app, 60) == [0] * 60

    assert try_once(app, "ana@example.org", right=True) == 0


def test_pauses_grow_to_a_minute_and_let_people_in_between(app: Flask) -> None:
    told = []
    with time_machine.travel(START, tick=False) as moment:
        spray(app, 100)
        for turn in range(8):
            told.append(try_once(app, "ana@example.org", right=True))
            moment.shift(told[-1] + 0.1)
            assert try_once(app, f"persona.{turn}@example.org", right=True) == 0
            moment.shift(signin.OPEN_SECONDS)
            spray(app, 2, 1000 + 10 * turn)

    assert told == [5, 10, 20, 40, 60, 60, 60, 60]


def test_whoever_waited_comes_in_even_where_others_go_on_failing(app: Flask) -> None:
    """The first wrong password after a pause does not begin the next one."""
    with time_machine.travel(START, tick=False) as moment:
        spray(app, 100)
        moment.shift(5.1)

        assert spray(app, 30, 1000) == [0] * 30
        assert try_once(app, "ana@example.org", right=True) == 0


def test_a_browser_that_the_account_knows_never_waits(browser: Browser, instance: Instance, app: Flask) -> None:
    a_person(instance)
    a_person(instance, "luis@example.org")
    sign_in_through_pages(browser)
    browser.submit("/sign-out")
    spray(app, 100)

    browser.get("/sign-in")
    browser.submit("/sign-in", {"email": "luis@example.org", "password": PASSWORD}, status=429)
    sign_in_through_pages(browser)
    assert browser.path == "/learning"


def test_elsewhere_nobody_waits(app: Flask) -> None:
    spray(app, 100)

    assert try_once(app, "ana@example.org", right=True, address="203.0.113.9") == 0
    assert try_once(app, "ana@example.org", right=True) > 0


@pytest.mark.slow
def test_three_thousand_people_of_one_office_at_nine(app: Flask) -> None:
    """A twentieth mistypes, some of them twice; all come within ten minutes, and nobody waits."""
    chance = random.Random(9)  # noqa: S311 - the same people each time
    arrivals = sorted((chance.triangular(0, 600, 120), number) for number in range(3000))
    waits: list[int] = []
    with time_machine.travel(START, tick=False) as moment:
        for at, number in arrivals:
            moment.move_to(START.timestamp() + at)
            email = f"persona.{number}@example.org"
            mistakes = (chance.random() < 0.05) + (chance.random() < 0.005)
            waits += [try_once(app, email, right=place == mistakes) for place in range(mistakes + 1)]

    assert len(waits) > 3100
    assert max(waits) == 0


@pytest.mark.slow
def test_an_office_from_which_somebody_sprays_loses_a_minute_each(app: Flask) -> None:
    """A guess a second beside three thousand people who sign in: whoever is told to wait comes in after it."""
    chance = random.Random(9)  # noqa: S311 - the same people each time
    lost: list[float] = []
    waiting = sorted((chance.uniform(0, 900), 0.0, number) for number in range(3000))
    with time_machine.travel(START, tick=False) as moment:
        guess = 0.0
        while waiting:
            at, before, number = waiting.pop(0)
            while guess <= at:
                moment.move_to(START.timestamp() + guess)
                spray(app, 1, int(guess) + 10_000)
                guess += 1
            moment.move_to(START.timestamp() + at)
            told = try_once(app, f"persona.{number}@example.org", right=True)
            if told:
                waiting = sorted([*waiting, (at + told + 0.5, before + told + 0.5, number)])
            else:
                lost.append(before)

    assert len(lost) == 3000
    assert max(lost) <= 61


def test_every_door_counts_and_waits(browser: Browser, instance: Instance, app: Flask) -> None:
    """The password that deletes an account or changes it is looked at under the same limit; a wrong one counts."""
    person = a_person(instance)
    with from_office(app):
        for number in range(100):
            assert not signin.knows_password(f"victima.{number}@example.org", person.password_hash, WRONG)
        with pytest.raises(TooMany):
            signin.knows_password("ana@example.org", person.password_hash, PASSWORD)
    places = {
        path.relative_to(ROOT).as_posix()
        for package in ("accounts", "lms", "organisations", "courses", "enrolments", "quizzes", "certificates")
        for path in (ROOT / package).rglob("*.py")
        if "verify_password(" in path.read_text("utf-8")
    }

    assert places == {"accounts/passwords.py", "accounts/signin.py", "accounts/views/signing.py"}


def test_processes_that_share_redis_count_together(app: Flask, tmp_path: Path) -> None:
    with a_redis(tmp_path) as redis:
        told = []
        for number in range(102):
            app.extensions["limits"] = Limiter(redis.url) if number in (0, 50) else app.extensions["limits"]
            told += spray(app, 1, number)

    assert told[:100] == [0] * 100
    assert all(0 < seconds <= 5 for seconds in told[100:])


def test_the_state_page_tells_it(browser: Browser, instance: Instance, app: Flask) -> None:
    an_administrator(instance)
    sign_in_through_pages(browser, "admin@example.org")
    assert in_spanish("Passwords are being guessed") not in browser.get("/administration/state").text

    spray(app, 101)
    page = browser.get("/administration/state").text

    assert in_spanish("Passwords are being guessed") in page
    assert "198.51.100.0" in page
