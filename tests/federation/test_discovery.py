"""What the way in by an institution costs others: nothing is held while a provider is called, and few statements (spec/identity 12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from flask import Flask

from federation import discovery
from federation.models import IdentityProvider
from kernel import db, jose
from kernel.outgoing import OutgoingReach, Reply
from kernel.web import active_requests
from kernel.web.request import services_of_app
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.fake_provider import FakeProvider
from tests.support.held import NOTHING, Held, held_by
from tests.support.institution_sign_in import KEY, come_in, is_in, proves, to_provider

MOST_STATEMENTS = 12


@dataclass
class Watch:
    """What was held during each call to the provider."""

    app: Flask
    fake: FakeProvider
    calls: list[tuple[str, Held]] = field(default_factory=list)

    def fetch(
        self, url: str, reach: OutgoingReach, *, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Look, and let the provider answer."""
        self.calls.append((url.removeprefix(self.fake.issuer), held_by(self.app)))
        return self.fake.fetch(url, reach, method=method, body=body, headers=headers)


@pytest.fixture
def watch(app: Flask, provider: IdentityProvider, fake: FakeProvider, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return what looks at each call; it begins with nothing held by what other tests left behind."""
    monkeypatch.setattr(db, "_threads", {})
    monkeypatch.setattr(active_requests, "_open", active_requests._ThreadState())
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).uses_userinfo = True
    watch = Watch(app, fake)
    monkeypatch.setattr(discovery, "fetch", watch.fetch)
    return watch


def first_sign_in(browser: Browser, fake: FakeProvider) -> None:
    assert is_in(come_in(browser, fake))


def with_changed_keys(act: Callable[[Browser, FakeProvider], None]) -> Callable[[Browser, FakeProvider], None]:
    """Return an act once somebody has come in and the provider has changed its keys."""

    def change(browser: Browser, fake: FakeProvider) -> None:
        come_in(browser.another(), fake)
        fake.keys = [jose.make_key("ES256")]
        act(browser, fake)

    return change


def log_out(browser: Browser, fake: FakeProvider) -> None:
    browser.checks = False
    response = browser._request("POST", f"/sign-in/{KEY}/logout", data={"logout_token": fake.logout_token(sub="a1")})
    assert response.status_code == 200


def check(browser: Browser, _fake: FakeProvider) -> None:
    administrator = sign_in(browser, "admin@example.org")
    administrator.get(f"/administration/providers/{KEY}")
    administrator.checks = False  # what the provider publishes is kept without an entry in the audit log
    administrator.post(f"/administration/providers/{KEY}/check")


PUBLISHED = ["/.well-known/openid-configuration", "/keys"]
ACTS: Mapping[str, tuple[Callable[[Browser, FakeProvider], None], list[str]]] = {
    "first sign-in": (first_sign_in, [*PUBLISHED, "/token", "/userinfo"]),
    "sign-in after changed keys": (with_changed_keys(first_sign_in), ["/token", *PUBLISHED, "/userinfo"]),
    "logout after changed keys": (with_changed_keys(log_out), PUBLISHED),
    "check by an administrator": (check, PUBLISHED),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_held_while_the_provider_is_called(
    browser: Browser, instance: Instance, watch: Watch, fake: FakeProvider, act: str
) -> None:
    """Bar I2 of spec/identity 12: however long a provider takes, nobody waits for a connection or a turn because of it."""
    a_person(instance)
    an_administrator(instance)
    proves(fake)
    do, pages = ACTS[act]

    do(browser, fake)

    assert [page for page, _held in watch.calls][-len(pages) :] == pages
    assert {page: held for page, held in watch.calls if held != NOTHING} == {}


def test_what_is_held_is_seen(instance: Instance, watch: Watch, fake: FakeProvider) -> None:
    """Of both engines, and of the turns: else the test above could not fail."""
    services, reach = services_of_app(watch.app), OutgoingReach.of(instance.settings)

    def held() -> Held:
        discovery.call(f"{fake.issuer}/keys", reach)
        return watch.calls[-1][1]

    assert held() == NOTHING
    for write in (False, True):
        with services.database.unit_of_work(write=write) as session:
            session.connection()
            assert held() == Held(1, 0, by_this_thread=True)
    with services.database.writing.connect():
        assert held() == Held(1, 0, by_this_thread=False)
    with services.concurrency.admitted(writes=True):
        assert held() == Held(0, 1, by_this_thread=True)
    assert held() == NOTHING


def test_the_return_of_who_is_linked_takes_few_statements(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Bar I1 of spec/identity 12, its statements; its processor time is measured by `make bench`."""
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    visitor = browser.another()
    path = fake.authorize(to_provider(visitor))
    counter = every_statement(instance.database)

    response = visitor._request("GET", path)

    taken = list(counter.statements)
    assert response.status_code == 303
    assert is_in(visitor)
    assert 0 < len(taken) <= MOST_STATEMENTS, taken
