"""Forgotten and changed passwords (spec/security 2.2, 2.3, 2.5, 2.6)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from accounts import accounts, passwords, people
from accounts.models import Person
from kernel import clock
from kernel.audit import AuditEntry
from kernel.outbox import Job
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_person, sign_in_through_pages
from tests.support.meanwhile import Writers

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
NEW = "otra frase bien distinta"


def ask(browser: Browser, email: str = "ana@example.org", status: int = 200) -> None:
    browser.get("/password/forgotten")
    browser.submit("/password/forgotten", {"email": email}, status=status)


def is_signed_in(browser: Browser) -> bool:
    return browser._request("GET", "/profile").status_code == 200


def knows(instance: Instance, password: str, email: str = "ana@example.org") -> bool:
    with instance.database.unit_of_work(write=False) as session:
        found = people.find_credentials(session, email)
    return found is not None and passwords.verify_password(found.password_hash, password)


def jobs(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Job.kind).order_by(Job.id)))


def test_a_forgotten_password_is_replaced_by_a_link(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    browser.submit(link, {"password": NEW})
    assert browser.path == "/sign-in"
    assert knows(instance, NEW)
    assert not knows(instance, PASSWORD)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": NEW})
    assert browser.path == "/learning"


class Watched(PasswordHasher):
    """Argon2, while which somebody else writes; every hash is an old one."""

    def __init__(self, others: Writers) -> None:
        super().__init__(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._others = others

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self._others.write()
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 - argon2's name
        self._others.write()
        return bool(super().verify(hash, password))

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002 - argon2's name
        return bool(hash)


def test_others_write_while_a_password_is_hashed(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every door: SQLite's only turn to write is not held meanwhile."""
    a_person(instance)
    others = Writers(instance)
    monkeypatch.setattr(passwords, "_HASHER", Watched(others))
    browser.checks = False
    hashed = {}

    def count(door: str) -> None:
        hashed[door] = len(others.kept) - sum(hashed.values())

    for email, password, status in (
        ("nadie@example.org", PASSWORD, 422),
        ("ana@example.org", NEW, 422),
        ("ana@example.org", PASSWORD, 303),
    ):
        browser.get("/sign-in")
        browser.submit("/sign-in", {"email": email, "password": password}, **({} if status == 303 else {"status": status}))
    count("sign-in")
    browser.get("/profile/password")
    browser.submit("/profile/password", {"current_password": PASSWORD, "password": NEW})
    count("change")
    visitor = browser.another()
    visitor.checks = False
    ask(visitor)
    link = visitor.link_in_mail("password/reset")
    visitor.get(link)
    visitor.submit(link, {"password": PASSWORD})
    count("reset")
    visitor.get("/sign-up")
    names = {"given_names": "Rosa", "first_surname": "Guamán", "email": "rosa@example.org"}
    visitor.submit("/sign-up", {**names, "password": NEW, "consent": "y"})
    count("sign-up")

    assert hashed == {"sign-in": 4, "change": 2, "reset": 1, "sign-up": 1}
    assert all(others.kept)


def test_no_answer_tells_whether_an_address_has_an_account(browser: Browser, instance: Instance) -> None:
    """spec/security 2.2: as much is written for each, and the typed address is kept nowhere."""
    a_person(instance)
    a_person(instance, "luis@example.org")
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "luis@example.org").values(suspended_at=clock.now()))
    pages, written = [], []
    counter = every_statement(instance.database)
    for email in ("ana@example.org", "nadie@example.org", "luis@example.org"):
        visitor = browser.another()
        visitor.get("/password/forgotten")
        counter.reset()
        visitor.submit("/password/forgotten", {"email": email})
        written.append(list(counter.statements))
        pages.append(re.sub(r'name="csrf_token" value="[^"]+"', "", visitor.page.html))
        assert email not in visitor.page.html

    assert pages[0] == pages[1] == pages[2]
    assert written[0] == written[1] == written[2], "nor does its time"
    assert jobs(instance) == ["accounts.send_reset"] * 3
    assert len(browser.mails()) == 1
    with instance.database.unit_of_work(write=False) as session:
        kept = [*session.scalars(select(Job.arguments)), *session.scalars(select(AuditEntry.facts))]
    assert "example.org" not in "".join(kept)


def test_a_link_works_once_for_thirty_minutes_and_a_new_one_ends_it(browser: Browser, instance: Instance) -> None:
    """spec/security 2.5."""
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        ask(browser)
        first = browser.link_in_mail("password/reset")
        ask(browser)
        second = browser.link_in_mail("password/reset")
        assert first != second
        browser.get(first, status=404)
        moment.shift(timedelta(minutes=30))
        browser.get(second, status=404)
        assert browser.page.has_link("/password/forgotten")
        moment.shift(timedelta(seconds=-1))
        browser.get(second)
        browser.submit(second, {"password": NEW})
        browser.get(second, status=404)
        browser.post(second, {"password": PASSWORD}, status=404)

    assert knows(instance, NEW)


def test_a_link_ends_with_the_password_it_was_asked_for(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    visitor = sign_in_through_pages(browser.another())
    change(visitor)

    browser.get(link, status=404)


def test_a_reset_ends_every_session_and_tells_the_owner(browser: Browser, instance: Instance) -> None:
    """spec/security 2.6."""
    a_person(instance)
    phone, computer = sign_in_through_pages(browser.another()), sign_in_through_pages(browser.another())
    ask(phone)
    link = phone.link_in_mail("password/reset")
    phone.get(link)
    phone.submit(link, {"password": NEW})

    assert not is_signed_in(phone)
    assert not is_signed_in(computer)
    assert "/password/forgotten" in browser.mails()[-1]
    with instance.database.unit_of_work(write=False) as session:
        verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"account.reset_asked", "account.password_changed"} <= verbs


def test_a_reset_confirms_the_address_it_went_to(browser: Browser, instance: Instance) -> None:
    person = a_person(instance, confirmed=False)
    with instance.database.unit_of_work() as session:
        accounts.record_consent(session, person, now=clock.now())
    ask(browser)
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    browser.submit(link, {"password": NEW})

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email_confirmed_at is not None


PERSONAL = ["quinde2026", "ana@example.org", "0123456789-1710034065"]


@pytest.mark.parametrize("password", ["", "siete77", "password", "x" * 129, *PERSONAL])
def test_a_reset_refuses_what_signing_up_refuses_and_keeps_the_link(browser: Browser, instance: Instance, password: str) -> None:
    """spec/security 2.1: also name, address and identity number."""
    a_person(instance)
    give_number(browser)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    browser.submit(link, {"password": password}, status=422)
    assert 'id="password-error"' in browser.page.html
    assert dict(browser.page.form(link).fields)["password"] == ""
    assert knows(instance, PASSWORD)
    browser.submit(link, {"password": NEW})

    assert knows(instance, NEW)


def give_number(browser: Browser) -> None:
    visitor = sign_in_through_pages(browser.another())
    visitor.get("/profile")
    visitor.submit("/profile", {"national_id": "1710034065"})


SIGNS = ["ñandú ñandú ñandú", "contrasen\u0303a larga", "  dos espacios  ", "🐢🐢🐢🐢🐢🐢🐢🐢", "<b>&\"'</b>"]


@pytest.mark.parametrize("password", SIGNS)
def test_any_sign_in_a_password_works_from_end_to_end(browser: Browser, instance: Instance, password: str) -> None:
    a_person(instance)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    browser.submit(link, {"password": password})
    browser.submit("/sign-in", {"email": "ana@example.org", "password": password})

    assert browser.path == "/learning"


def test_links_are_limited_to_three_in_a_quarter_of_an_hour_for_every_address_alike(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3."""
    a_person(instance)
    with time_machine.travel(START, tick=False) as moment:
        for email in ("ana@example.org", "nadie@example.org"):
            for _turn in range(3):
                ask(browser.another(), email)
            late = browser.another()
            ask(late, email.upper(), status=429)
            assert dict(late.page.form("/password/forgotten").fields)["email"].upper() == email.upper()
            assert int(late.response.headers["Retry-After"]) == 900
        moment.shift(timedelta(minutes=15, seconds=1))
        ask(browser)
    assert jobs(instance).count("accounts.send_reset") == 7


def test_strangers_do_not_use_up_the_links_of_a_browser_that_is_known(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: nobody locks another out."""
    a_person(instance)
    sign_in_through_pages(browser)
    browser.submit("/sign-out")
    for _turn in range(3):
        ask(browser.another())
    ask(browser.another(), status=429)

    ask(browser)

    assert jobs(instance).count("accounts.send_reset") == 4


def test_a_right_link_opens_after_a_hundred_wrong_ones_from_the_same_office(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: a whole institution may share an address."""
    a_person(instance)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    stranger = browser.another()
    for turn in range(101):
        stranger.get(f"/password/reset/wrong-{turn}", status=404 if turn < 100 else 429)

    browser.get(link)
    browser.submit(link, {"password": NEW})

    assert knows(instance, NEW)


@pytest.mark.parametrize("email", ["", "ana", "ana@"])
def test_a_wrong_address_is_told_and_kept(browser: Browser, email: str) -> None:
    ask(browser, email, status=422)

    assert 'id="email-error"' in browser.page.html
    assert dict(browser.page.form("/password/forgotten").fields)["email"] == email


def test_the_link_stands_in_no_job_and_no_log_and_tells_no_referrer(
    browser: Browser, instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    a_person(instance)
    ask(browser)
    link = browser.link_in_mail("password/reset")
    browser.get(link)
    assert browser.response.headers["Referrer-Policy"] == "no-referrer"
    secret = link.rpartition("/")[2]
    with instance.database.unit_of_work(write=False) as session:
        assert not any(secret in arguments for arguments in session.scalars(select(Job.arguments)))
    printed = capsys.readouterr()
    assert "accounts.reset" in printed.out
    assert secret not in printed.out + printed.err


def change(browser: Browser, status: int = 200, **given: object) -> None:
    browser.get("/profile/password")
    browser.submit("/profile/password", {"current_password": PASSWORD, "password": NEW, **given}, status=status)


def test_a_changed_password_ends_all_other_sessions_and_tells_the_owner(browser: Browser, instance: Instance) -> None:
    """spec/security 2.6: this one goes on."""
    a_person(instance)
    other = sign_in_through_pages(browser.another())
    sign_in_through_pages(browser)
    change(browser)

    assert browser.path == "/profile"
    assert is_signed_in(browser)
    assert not is_signed_in(other)
    assert knows(instance, NEW)
    assert len(browser.mails()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("current_password", ""),
        ("current_password", "no es esta"),
        ("password", ""),
        ("password", "siete77"),
        *(("password", word) for word in PERSONAL[:2]),
    ],
)
def test_a_change_needs_the_present_password_and_a_good_new_one(browser: Browser, instance: Instance, field: str, value: str) -> None:
    a_person(instance)
    other = sign_in_through_pages(browser.another())
    sign_in_through_pages(browser)
    change(browser, status=422, **{field: value})

    assert f'id="{field}-error"' in browser.page.html
    fields = dict(browser.page.form("/profile/password").fields)
    assert fields["password"] == fields["current_password"] == ""
    assert NEW not in browser.page.html
    assert knows(instance, PASSWORD)
    assert is_signed_in(other)


def test_guessing_the_present_password_is_limited_with_the_sign_in(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: the same limits at every door."""
    a_person(instance)
    sign_in_through_pages(browser)
    for _turn in range(10):
        change(browser, status=422, current_password="no es esta")
    change(browser, status=429)
    browser.get("/profile")
    browser.submit("/sign-out")
    browser.get("/sign-in")
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=429)

    assert knows(instance, PASSWORD)


def test_a_change_prepared_before_another_change_is_refused(browser: Browser, instance: Instance) -> None:
    """The password was verified outside of the transaction: it must still be that one inside."""
    person = a_person(instance)
    from kernel.errors import Conflict

    with instance.database.unit_of_work() as session:
        verified = session.get_one(Person, person.id).password_hash
        assert accounts.confirm_password(session, person.id, verified).id == person.id
        session.execute(update(Person).values(password_hash="meanwhile"))
        with pytest.raises(Conflict):
            accounts.confirm_password(session, person.id, verified)
        session.execute(update(Person).values(password_hash=verified, suspended_at=clock.now()))
        with pytest.raises(Conflict):
            accounts.confirm_password(session, person.id, verified)
        assert session.scalar(select(func.count()).select_from(Person)) == 1
