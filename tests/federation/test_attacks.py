"""Twenty-two attacks on the way in by an institution (spec/identity 9): the honest case passes first, then the attack leaves no row.

| # | Test here | Beside it |
|---|---|---|
| 1–5, 15, 16 | `test_a_forged_token_lets_nobody_in` | `tests/kernel/test_jose.py`, where each docstring has the number |
| 6 | `test_a_code_of_another_browser_is_refused` | |
| 7 | `test_a_code_is_taken_once` | |
| 8 | `test_the_answer_of_one_provider_is_none_of_another` | |
| 9 | `test_no_exchange_goes_without_a_challenge` | |
| 10 | `test_the_state_of_another_browser_is_refused` | |
| 11 | `test_a_target_elsewhere_is_not_followed` | |
| 12–14 | `test_an_address_that_is_not_proven_links_no_administrator` | `test_mapping.py` |
| 17 | `test_keys_beyond_the_fiftieth_are_not_read` | `tests/kernel/test_jose.py` |
| 18 | `test_a_configuration_that_leads_elsewhere_is_not_followed` | `tests/kernel/test_outgoing.py` |
| 19–21 | `test_a_logout_token_that_is_none_ends_no_session` | `test_sign_in_pages.py` |
| 22 | `test_groups_never_give_a_role_but_instructor` | `test_mapping.py` |
"""

import hmac
import json
import socket
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import select

from accounts.models import RoleGrant
from federation.claims import ClaimField
from federation.links import OwnProofNeeded
from federation.models import IdentityProvider
from federation.providers import add_provider
from federation.views import COOKIE
from kernel import clock, jose, outgoing
from kernel.permissions import SYSTEM, SiteRole
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.support.foreign_server import a_foreign_server, http
from tests.support.institution_sign_in import KEY, come_in, count_rows, is_in, links_of, proves, to_provider
from tests.support.wording import in_spanish

Claims = dict[str, Any]
Attack = Callable[[FakeProvider, Claims], None]
"""Changes the provider; it gets the claims of the token that was honest."""
EVIL = "https://mal.example.net/keys"


def encoded(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(fake: FakeProvider, _honest: Claims) -> None:
    fake.forge = lambda claims: f"{encoded({'alg': 'none', 'kid': json.loads(fake.keys[-1])['kid']})}.{encoded(claims)}."


def with_the_public_key(fake: FakeProvider, _honest: Claims) -> None:
    public = jose.public_key(fake.keys[-1])

    def forge(claims: Claims) -> str:
        text = f"{encoded({'alg': 'HS256', 'kid': public['kid']})}.{encoded(claims)}"
        return f"{text}.{encoded(hmac.digest(json.dumps(dict(public)).encode(), text.encode(), 'sha256'))}"

    fake.forge = forge


def of_another_provider(fake: FakeProvider, _honest: Claims) -> None:
    fake.signed_by, fake.header = jose.make_key("ES256"), {"kid": json.loads(fake.keys[-1])["kid"]}


def changed(**claims: object) -> Attack:
    def change(fake: FakeProvider, _honest: Claims) -> None:
        fake.tamper = lambda made: made.update(claims)

    return change


def replayed(fake: FakeProvider, honest: Claims) -> None:
    fake.forge = lambda _claims: jose.sign(honest, fake.keys[-1])


def brings_its_key(fake: FakeProvider, _honest: Claims) -> None:
    fake.signed_by = jose.make_key("ES256")
    fake.header = {"jku": EVIL, "x5u": EVIL, "jwk": dict(jose.public_key(fake.signed_by)), "kid": json.loads(fake.keys[-1])["kid"]}


FORGED: dict[str, Attack] = {
    "1 no signature": unsigned,
    "2 HS256 with the public key": with_the_public_key,
    "3 key of another provider": of_another_provider,
    "4 another client": changed(aud="otra"),
    "4 several clients": changed(aud=[CLIENT_ID, "otra"]),
    "4 presented by another": changed(aud=[CLIENT_ID, "otra"], azp="otra"),
    "5 replayed": replayed,
    "15 a megabyte": changed(filling="x" * 1_000_000),
    "16 brings its key": brings_its_key,
}


@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_token_lets_nobody_in(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, attack: str
) -> None:
    """Attacks 1 to 5, 15 and 16."""
    a_person(instance)
    fake.keys = [jose.make_key("RS256" if attack.startswith("2") else "ES256")]
    honest: Claims = {}
    fake.tamper = honest.update
    proves(fake)
    assert is_in(come_in(browser, fake))
    fake.tamper = lambda _claims: None
    before = count_rows(instance)
    FORGED[attack](fake, honest)

    visitor = come_in(browser.another(), fake, status=403)

    assert not is_in(visitor)
    assert count_rows(instance) == before
    assert EVIL not in fake.calls


def test_keys_beyond_the_fiftieth_are_not_read(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Attack 17."""
    a_person(instance)
    proves(fake)
    own = dict(jose.public_key(fake.keys[-1]))
    others = [{**own, "kid": f"k{number}"} for number in range(1_000)]
    fake.published = [*others[:49], own]
    assert is_in(come_in(browser, fake))
    fake.published = [*others, own]
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).fresh_until = None
    before = count_rows(instance)

    assert not is_in(come_in(browser.another(), fake, status=403))

    assert count_rows(instance) == before


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@pytest.mark.parametrize("is_careless", [False, True], ids=["provider checks the challenge", "nonce alone"])
def test_a_code_of_another_browser_is_refused(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, *, is_careless: bool
) -> None:
    """Attack 6, also where a careless provider does not compare the challenge."""
    a_person(instance)
    proves(fake)
    assert is_in(come_in(browser.another(), fake))
    before = count_rows(instance)
    fake.checks_challenge = not is_careless
    attacker = browser.another()
    stolen = query_of(fake.authorize(to_provider(browser)))["code"]
    own = query_of(to_provider(attacker))["state"]

    attacker.get(f"/sign-in/{KEY}/return?{urlencode({'code': stolen, 'state': own})}", status=403 if is_careless else 400)

    assert not is_in(attacker)
    assert count_rows(instance) == before


def test_a_code_is_taken_once(browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider) -> None:
    """Attack 7: with the same address, and with a cookie from before the first use, where the provider refuses it."""
    a_person(instance)
    proves(fake)
    path = fake.authorize(to_provider(browser))
    sealed = browser.client.get_cookie(COOKIE, "localhost")
    assert sealed is not None
    assert is_in(browser) is False
    browser.get(path)
    assert is_in(browser)
    before, exchanges = count_rows(instance), fake.calls.count(f"{fake.issuer}/token")
    thief = browser.another()

    thief.get(path, status=400)
    assert fake.calls.count(f"{fake.issuer}/token") == exchanges
    thief.client.set_cookie(COOKIE, sealed.value, domain="localhost", secure=True)
    thief.get(path, status=400)

    assert not is_in(thief)
    assert count_rows(instance) == before


@pytest.fixture
def other(instance: Instance, institution: Organisation, provider: IdentityProvider) -> FakeProvider:
    """Return a second provider that is on and answers, with the key «otra»."""
    second = FakeProvider("https://otra.example.net", claims={"sub": "a1", "email": "ana@example.org", "email_verified": True})
    columns = {"institution_id": institution.id, "names": {"es": "Otra"}, "issuer": second.issuer, "client_id": CLIENT_ID, "is_on": True}
    with instance.database.unit_of_work() as session:
        add_provider(session, SYSTEM, {"key": "otra", **columns}, CLIENT_SECRET, secret_keys(instance.settings), now=clock.now())
    return second


def test_the_answer_of_one_provider_is_none_of_another(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, other: FakeProvider
) -> None:
    """Attack 8: neither at the other's address nor under the other's name, and no provider gets a code of the other."""
    a_person(instance)
    proves(fake)
    assert is_in(come_in(browser, fake))
    with other.answering():
        to_provider(browser.another(), "/sign-in/otra")
    before, exchanges = count_rows(instance), fake.calls.count(f"{fake.issuer}/token")
    for changes, status in (({"key": "otra"}, 400), ({"iss": other.issuer}, 403)):
        victim = browser.another()
        path = fake.authorize(to_provider(victim), **({"iss": other.issuer} if "iss" in changes else {}))
        with other.answering():
            victim.get(path.replace(f"/{KEY}/", f"/{changes.get('key', KEY)}/"), status=status)
        assert not is_in(victim)

    assert f"{other.issuer}/token" not in other.calls
    assert fake.calls.count(f"{fake.issuer}/token") == exchanges
    assert count_rows(instance) == before


def test_the_same_subject_at_another_provider_is_somebody_else(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, other: FakeProvider
) -> None:
    """Beside attack 8: a subject names somebody within one provider alone."""
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis")
    proves(fake)
    come_in(browser, fake)
    other.claims["email"] = luis.email

    with other.answering():
        come_in(browser.another(), other, "/sign-in/otra")

    assert links_of(instance) == [("a1", ana.id), ("a1", luis.id)]


def test_no_exchange_goes_without_a_challenge(browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider) -> None:
    """Attack 9: a provider that publishes no S256 is not used; one that lost the challenge on the way refuses the verifier."""
    a_person(instance)
    proves(fake)
    first, second = query_of(to_provider(browser)), query_of(to_provider(browser))
    assert first["code_challenge_method"] == second["code_challenge_method"] == "S256"
    assert len({first["code_challenge"], second["code_challenge"]}) == 2
    assert is_in(come_in(browser, fake))
    before = count_rows(instance)
    attacker = browser.another()
    path = fake.authorize(to_provider(attacker))
    fake.codes[query_of(path)["code"]]["code_challenge"] = ""
    attacker.get(path, status=400)
    assert not is_in(attacker)
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        row.key_set = row.discovery = ""
    fake.document = {"code_challenge_methods_supported": ["plain"]}

    browser.another().get(f"/sign-in/{KEY}", status=503)

    assert count_rows(instance) == before


def test_the_state_of_another_browser_is_refused(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Attack 10: nobody comes into the attacker's account by an address that the attacker sends."""
    a_person(instance)
    proves(fake)
    attacker, victim = browser.another(), browser.another()
    path = fake.authorize(to_provider(attacker))
    to_provider(victim)
    before, calls = count_rows(instance), len(fake.calls)

    page = victim.get(path, status=400)

    assert page.has_link("/sign-in")
    assert not is_in(victim)
    assert (count_rows(instance), len(fake.calls)) == (before, calls)
    attacker.get(path)
    assert is_in(attacker), "the address was good in the browser that began"


@pytest.mark.parametrize("target", ["https://mal.example.net/", "//mal.example.net", "/\\mal.example.net", "/\t/mal.example.net"])
def test_a_target_elsewhere_is_not_followed(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, target: str
) -> None:
    """Attack 11."""
    a_person(instance)
    proves(fake)
    assert come_in(browser.another(), fake, f"/sign-in/{KEY}?next=/profile").path.endswith("/profile")
    visitor = browser.another()
    path = fake.authorize(to_provider(visitor, f"/sign-in/{KEY}?{urlencode({'next': target})}"))

    location = str(visitor._request("GET", path).headers["Location"])

    assert urlsplit(location).netloc in ("", "localhost")
    assert "mal.example.net" not in location
    assert is_in(visitor)


UNPROVEN: dict[str, Claims] = {
    "12 unverified": {"email_verified": False},
    "12 nothing said": {"email_verified": None},
    "12 a word": {"email_verified": "true"},
    "13 letters that look alike": {"email": "\uff41dmin@example.org"},
    "14 a list": {"email": ["nadie@example.org", "admin@example.org"]},
}


@pytest.mark.parametrize("attack", UNPROVEN)
@pytest.mark.parametrize("creates", [False, True])
def test_an_address_that_is_not_proven_links_no_administrator(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, attack: str, *, creates: bool
) -> None:
    """Attacks 12 to 14."""
    ada = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).creates = creates
    proves(fake, email=ada.email)
    assert in_spanish(OwnProofNeeded.message) in come_in(browser, fake, status=403).page.text, "proven, it is the administrator"
    before = count_rows(instance, "notification", "notice", "job")
    proves(fake, **UNPROVEN[attack])

    visitor = come_in(browser.another(), fake, status=403)

    assert "current_password" not in visitor.page.html
    assert not is_in(visitor)
    assert count_rows(instance, "notification", "notice", "job") == before


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses to which connections are begun."""
    addresses, connect = list[str](), socket.create_connection

    def note(address: tuple[str, int], timeout: float) -> socket.socket:
        addresses.append(address[0])
        return connect(address, timeout=timeout)

    monkeypatch.setattr(socket, "create_connection", note)
    return addresses


METADATA = "169.254.169.254"


@pytest.mark.parametrize("is_redirect", [True, False], ids=["redirects", "names it"])
def test_a_configuration_that_leads_elsewhere_is_not_followed(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, dialled: list[str], *, is_redirect: bool
) -> None:
    """Attack 18, over sockets."""
    with a_foreign_server() as server, patch("federation.discovery.fetch", outgoing.fetch):
        issuer = f"http://127.0.0.1:{server.port}"
        with instance.database.unit_of_work() as session:
            session.get_one(IdentityProvider, provider.id).issuer = issuer
        fake.issuer = issuer
        configuration, keys = fake.configuration(), json.dumps({"keys": [dict(jose.public_key(fake.keys[0]))]}).encode()

        def answer(connected: socket.socket) -> None:
            page = server.requests[-1].split(" ")[1]
            connected.sendall(http(keys if page == "/keys" else json.dumps(configuration).encode()))

        server.answer = answer
        assert to_provider(browser).startswith(issuer)
        with instance.database.unit_of_work() as session:
            row = session.get_one(IdentityProvider, provider.id)
            row.key_set = row.discovery = ""
        before = count_rows(instance)
        configuration["jwks_uri"] = f"http://{METADATA}/latest/meta-data"
        if is_redirect:
            server.answer = http(status="302 Found", head=f"Location: http://{METADATA}/latest/meta-data")

        browser.get(f"/sign-in/{KEY}", status=503)

    assert set(dialled) == {"127.0.0.1"}
    assert count_rows(instance) == before
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(IdentityProvider, provider.id).discovery == ""


def test_a_logout_token_that_is_none_ends_no_session(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Attacks 19 to 21."""
    a_person(instance)
    proves(fake, sid="una")
    come_in(browser, fake)
    sender = browser.another()
    sender.checks = False

    def send(token: str) -> int:
        return int(sender._request("POST", f"/sign-in/{KEY}/logout", data={"logout_token": token}).status_code)

    token = fake.logout_token(sid="una")
    assert send(token) == 200
    assert not is_in(browser)
    again = come_in(browser.another(), fake)
    before = count_rows(instance)
    refused = {
        "19 sent again": token,
        "without a session's name": fake.logout_token(sid="", jti="f"),
        "20 of another client": fake.logout_token(sid="una", aud="otra", jti="b"),
        "21 with a nonce": fake.logout_token(sid="una", nonce="n", jti="c"),
        "an ID token": fake.token("n"),
        "old": fake.logout_token(sid="una", iat=int(clock.now().timestamp()) - 301, jti="d"),
        "names nobody": fake.logout_token(jti="e"),
    }

    assert {name: send(text) for name, text in refused.items()} == dict.fromkeys(refused, 400)

    assert is_in(again)
    assert count_rows(instance) == before


def test_groups_never_give_a_role_but_instructor(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """Attack 22: by the name of a role, and by a group that is set for instructors beside it."""
    ana = a_person(instance)
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        row.claims, row.instructor_groups = {ClaimField.GROUPS.value: "groups"}, ("g-1",)

    def roles_with(*groups: str) -> list[str]:
        proves(fake, groups=[*groups])
        come_in(browser.another(), fake)
        with instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == ana.id)))

    every = [role.value for role in SiteRole]
    assert roles_with("g-1") == [SiteRole.INSTRUCTOR.value]
    assert roles_with("g-1", *every) == [SiteRole.INSTRUCTOR.value]
    before = count_rows(instance, "device", "federated_session", "role_grant", "provider_role", "job")
    assert roles_with(*every) == []
    assert count_rows(instance, "device", "federated_session", "role_grant", "provider_role", "job") == before
