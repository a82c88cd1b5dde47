"""Seven faults of providers (spec/identity 8): what is seen, and what goes on.

| # | Test |
|---|---|
| 1 | `test_a_provider_that_is_away_leaves_the_password`; its seconds in `tests/kernel/test_outgoing.py` |
| 2 | `test_changed_keys_are_fetched_once_a_minute` |
| 3 | `test_administrators_learn_of_a_clock_that_differs` |
| 4 | `test_the_address_to_register_is_the_one_that_is_sent` |
| 5 | `test_a_lost_cookie_begins_again` |
| 6 | `test_another_issuer_is_refused_and_a_new_provider_links_anew` |
| 7 | `test_the_thirty_third_at_once_tries_again` |

Those of 1 to 3 stand in `test_sign_in_pages.py`.
"""

import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import select

from accounts import signin
from accounts.models import Notification
from federation import discovery
from federation.discovery import AT_ONCE
from federation.models import IdentityProvider
from federation.providers import add_provider
from federation.views import COOKIE
from kernel import clock
from kernel.outgoing import OutgoingReach, Reply
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, an_administrator, sign_in
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, NotRegistered
from tests.support.institution_sign_in import KEY, come_in, count_rows, is_in, links_of, proves, to_provider
from tests.support.soon import until
from tests.support.wording import in_spanish


def test_the_address_to_register_is_the_one_that_is_sent(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Fault 4: the provider shows a page of its own; its page here shows the address, also after a check."""
    a_person(instance)
    an_administrator(instance)
    proves(fake)
    administrator = sign_in(browser.another(), "admin@example.org")
    fake.registered = f"http://localhost:8000/sign-in/{KEY}/return"
    assert is_in(come_in(browser, fake))
    before = count_rows(instance)
    fake.registered = "http://localhost:8000/otra"

    with pytest.raises(NotRegistered) as shown:
        fake.authorize(to_provider(browser.another()))

    assert count_rows(instance) == before
    administrator.get(f"/administration/providers/{KEY}")
    administrator.checks = False  # what the provider publishes is kept without an entry in the audit log
    page = administrator.post(f"/administration/providers/{KEY}/check")
    assert in_spanish("It answers, and publishes all that is needed.") in page.text
    assert str(shown.value) in page.html


@pytest.mark.parametrize("cookie", [None, "basura"])
def test_a_lost_cookie_begins_again(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, cookie: str | None
) -> None:
    """Fault 5."""
    a_person(instance)
    proves(fake)
    assert is_in(come_in(browser.another(), fake))
    before, path = count_rows(instance), fake.authorize(to_provider(browser))
    browser.client.delete_cookie(COOKIE, domain="localhost")
    if cookie:
        browser.client.set_cookie(COOKIE, cookie, domain="localhost", secure=True)

    page = browser.get(path, status=400)

    assert in_spanish("This sign-in has ended or expired. Begin again.") in page.text
    assert page.has_link("/sign-in")
    assert count_rows(instance) == before
    assert is_in(come_in(browser, fake)), "and it begins again"


def test_another_issuer_is_refused_and_a_new_provider_links_anew(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, institution: Organisation
) -> None:
    """Fault 6: administrators learn it once a day; people come in by their password, and by a new provider once it is set up."""
    ana = a_person(instance)
    an_administrator(instance)
    proves(fake)
    assert is_in(come_in(browser, fake))
    before = count_rows(instance, "notification", "notice", "job")
    moved = FakeProvider("https://nueva.example.org/realms/iess", keys=fake.keys, claims={**fake.claims, "sub": "n1"})
    fake.tamper = lambda claims: claims.update(iss=moved.issuer)

    for _time in range(2):
        assert not is_in(come_in(browser.another(), fake, status=403))

    assert count_rows(instance, "notification", "notice", "job") == before
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Notification.kind).where(Notification.kind != "link")).all() == ["provider"]
    assert is_in(sign_in(browser.another(), ana.email, PASSWORD))
    columns = {"institution_id": institution.id, "names": {"es": "Nueva"}, "issuer": moved.issuer, "client_id": CLIENT_ID, "is_on": True}
    with instance.database.unit_of_work() as session:
        add_provider(session, SYSTEM, {"key": "nueva", **columns}, CLIENT_SECRET, secret_keys(instance.settings), now=clock.now())
    with moved.answering():
        assert is_in(come_in(browser.another(), moved, "/sign-in/nueva"))
    assert links_of(instance) == [("a1", ana.id), ("n1", ana.id)]


def test_a_full_server_lets_in_who_comes_back(
    browser: Browser, instance: Instance, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 7: a code of the provider may expire while the waiting page waits."""

    def is_newcomer() -> bool:
        with browser.client.session_transaction(base_url="https://localhost") as cookie:
            return signin.is_newcomer(instance.settings, cookie)

    browser.get("/sign-in")
    assert is_newcomer()
    to_provider(browser)
    assert not is_newcomer()
    later = clock.now() + signin.PROOF_LIFE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert is_newcomer()


def test_the_thirty_third_at_once_tries_again(browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider) -> None:
    """Fault 7: thirty-two calls of a process wait for the provider; whoever is inside goes on, and the next one comes in later."""
    a_person(instance)
    proves(fake)
    inside = come_in(browser, fake)
    waiting, answered = [0], threading.Event()
    visitor = browser.another()
    path = fake.authorize(to_provider(visitor))
    lock = threading.Lock()

    def slow(url: str, reach: OutgoingReach, **options: object) -> Reply:
        with lock:
            waiting[0] += 1
        assert answered.wait(60)
        return Reply(200, {}, b"{}", None)

    reach = OutgoingReach.of(instance.settings)
    crowd = [threading.Thread(target=discovery.call, args=(f"{fake.issuer}/keys", reach), daemon=True) for _person in range(AT_ONCE)]
    with patch("federation.discovery.fetch", slow):
        for person in crowd:
            person.start()
        until(lambda: waiting[0] == AT_ONCE)
        before = count_rows(instance)
        page = visitor.get(path, status=503)
        assert in_spanish("Many people are signing in at this moment. Try again in a moment.") in page.text
        assert page.has_link(f"/sign-in/{KEY}")
        assert (waiting[0], count_rows(instance)) == (AT_ONCE, before) == (32, before)
        assert is_in(inside)
        assert not is_in(visitor)
        answered.set()
        for person in crowd:
            person.join(60)

    assert is_in(come_in(visitor, fake))
