"""Sign-in by identity providers that others wrote, in Chromium: connected, entered, keys changed, left (spec/identity 13)."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select

from federation import discovery
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import add_provider
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import Settings, load, secret_keys
from lms.instance import Instance
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.builders import PASSWORD, a_person, an_administrator
from tests.support.chromium import Live, Visitor, press, signed_in, visitor
from tests.support.far import served
from tests.support.foreign_providers import CLIENT_ID, CLIENT_SECRET, KINDS, CertifiedProvider, ForeignProvider, running
from tests.support.server import free_port
from tests.support.soon import until
from tests.support.wording import in_spanish

KEY, NAME = "iess", "Instituto de prueba"
ACCOUNTS = {
    "a1": {
        "email": "ana@example.org",
        "email_verified": True,
        "given_name": "Ana",
        "family_name": "Quinde",
        "locale": "es-EC",
        "staff_number": "0042",
        "groups": ["7"],
    },
    "b2": {"email": "otra@example.org", "email_verified": True, "given_name": "Otra", "family_name": "Persona"},
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Return settings with the address under which this test's server is reached, as a provider has to know it."""
    return load(data_dir=tmp_path, database_url=database_url, public_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def live(app: Flask, instance: Instance) -> Iterator[Live]:
    """Serve the instance of this test at its address."""
    discovery._DONE_AT.clear()
    with served(app, urlsplit(instance.settings.public_url).port or 0):
        yield Live(instance.settings.public_url, instance)


@pytest.fixture
def institution(instance: Instance) -> Organisation:
    """Return the institution of the provider."""
    with instance.database.unit_of_work() as session:
        return make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues(NAME, "IP"), now=clock.now())


@pytest.fixture(params=KINDS)
def foreign(request: pytest.FixtureRequest, live: Live) -> Iterator[ForeignProvider]:
    """Return each of the providers, which runs."""
    with running(KINDS[request.param](live.url, KEY, ACCOUNTS)) as provider:
        yield provider


@pytest.fixture
def certified(live: Live) -> Iterator[ForeignProvider]:
    """Return the certified provider, which runs."""
    with running(CertifiedProvider(live.url, KEY, ACCOUNTS)) as provider:
        yield provider


def connect(live: Live, institution: Organisation, foreign: ForeignProvider) -> None:
    """Let people come in by a provider."""
    columns = {
        "key": KEY,
        "institution_id": institution.id,
        "names": {"es": NAME},
        "issuer": foreign.issuer,
        "client_id": CLIENT_ID,
        "is_on": True,
        "uses_userinfo": not foreign.has_claims_in_token,
    }
    keys = secret_keys(live.instance.settings)
    with live.instance.database.unit_of_work() as session:
        add_provider(session, SYSTEM, columns, CLIENT_SECRET, keys, now=clock.now())


def come_in(person: Visitor, foreign: ForeignProvider, subject: str = "a1") -> None:
    """Press the button of the sign-in page, sign in at the provider and come back."""
    person.open("/sign-in?next=/profile")
    person.page.get_by_role("link", name=in_spanish("Sign in with %(institution)s", institution=NAME)).click()
    person.page.wait_for_url(f"{foreign.issuer}/**")
    foreign.sign_in(person.page, subject)
    person.page.wait_for_url(f"{person.url}/**")
    person.check()


def is_in(person: Visitor) -> bool:
    """Return whether a page of one's own opens."""
    person.open("/profile")
    return urlsplit(person.page.url).path == "/profile"


def links_of(live: Live) -> list[tuple[str, int]]:
    with live.instance.database.unit_of_work(write=False) as session:
        return [(row.subject, row.person_id) for row in session.scalars(select(ExternalIdentity))]


def test_an_administrator_connects_a_provider_and_a_person_comes_in(
    chromium: Browser, live: Live, institution: Organisation, foreign: ForeignProvider
) -> None:
    an_administrator(live.instance)
    ana = a_person(live.instance)
    boss = signed_in(chromium, live, "admin@example.org")
    boss.open("/administration/providers/new")
    typed = {"key": KEY, "name_es": NAME, "issuer": foreign.issuer, "client_id": CLIENT_ID, "new_secret": CLIENT_SECRET}
    for name, value in typed.items():
        boss.page.fill(f"[name={name}]", value)
    if not foreign.has_claims_in_token:
        boss.page.locator("main form summary").first.click()
        boss.page.check("[name=uses_userinfo]")
    if boss.page.locator("[name=current_password]").count():
        boss.page.fill("[name=current_password]", PASSWORD)
    press(boss, in_spanish("Save"))
    press(boss, in_spanish("Check the connection"))
    assert boss.page.get_by_text(in_spanish("It answers, and publishes all that is needed.")).is_visible()
    press(boss, in_spanish("Switch on"))
    assert boss.page.get_by_text(in_spanish("People come in by it from now on.")).is_visible()
    person = visitor(chromium, live)

    come_in(person, foreign)

    assert urlsplit(person.page.url).path == "/profile"
    assert links_of(live) == [("a1", ana.id)]


def test_keys_that_the_provider_changes_are_fetched_at_the_next_sign_in(
    chromium: Browser, live: Live, institution: Organisation, foreign: ForeignProvider
) -> None:
    a_person(live.instance)
    connect(live, institution, foreign)
    person = visitor(chromium, live)
    come_in(person, foreign)
    assert is_in(person)
    before = keys_of(live)
    foreign.change_keys()
    other = visitor(chromium, live)

    come_in(other, foreign)

    assert is_in(other)
    assert keys_of(live) != before


def keys_of(live: Live) -> str:
    with live.instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(IdentityProvider.key_set)).one()


def test_who_is_not_known_reads_so_and_comes_back_to_the_password(
    chromium: Browser, live: Live, institution: Organisation, foreign: ForeignProvider
) -> None:
    a_person(live.instance)
    connect(live, institution, foreign)
    person = visitor(chromium, live)

    come_in(person, foreign, "b2")

    assert person.page.get_by_role("heading", name=in_spanish("Your account is not on this site")).is_visible()
    assert links_of(live) == []
    assert not is_in(person)


def test_the_certified_provider_takes_no_way_without_its_challenge(
    chromium: Browser, live: Live, institution: Organisation, certified: ForeignProvider
) -> None:
    """Its PKCE is required: what leads there has S256, and without it the provider answers with an error, whose code is shown."""
    a_person(live.instance)
    connect(live, institution, certified)
    person = visitor(chromium, live)
    person.open("/sign-in")
    person.page.get_by_role("link", name=in_spanish("Sign in with %(institution)s", institution=NAME)).click()
    person.page.wait_for_url(f"{certified.issuer}/interaction/*")
    address = person.page.context.request.get(f"{live.url}/sign-in/{KEY}", max_redirects=0).headers["location"]
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", asked["code_challenge"])
    bare = {name: value for name, value in asked.items() if not name.startswith("code_challenge")}

    person.page.goto(f"{address.partition('?')[0]}?{urlencode(bare)}")

    person.check()
    assert urlsplit(person.page.url).path == f"/sign-in/{KEY}/return"
    assert person.page.get_by_text(in_spanish("Your institution answered: %(code)s.", code="invalid_request")).is_visible()
    assert not is_in(person)


def test_a_logout_at_the_provider_ends_the_session_here(
    chromium: Browser, live: Live, institution: Organisation, certified: ForeignProvider
) -> None:
    assert isinstance(certified, CertifiedProvider)
    a_person(live.instance)
    connect(live, institution, certified)
    person, other = visitor(chromium, live), visitor(chromium, live)
    come_in(person, certified)
    come_in(other, certified)
    assert is_in(person)

    certified.sign_out(person.page)

    until(lambda: not is_in(person))
    assert urlsplit(person.page.url).path == "/sign-in"
    assert is_in(other), "the logout names one session"


def test_sign_out_here_offers_the_one_there(chromium: Browser, live: Live, institution: Organisation, foreign: ForeignProvider) -> None:
    a_person(live.instance)
    connect(live, institution, foreign)
    person = visitor(chromium, live)
    come_in(person, foreign)
    person.page.locator("form[action='/sign-out'] button").first.evaluate("button => button.form.submit()")
    person.page.wait_for_url(f"{live.url}/sign-out")
    person.check()

    person.page.get_by_role("link", name=in_spanish("Sign out of %(institution)s too", institution=NAME)).click()
    person.page.wait_for_url(f"{foreign.issuer}/**")
    foreign.confirm_sign_out(person.page)

    person.page.wait_for_url(f"{live.url}/")
    assert not is_in(person)
    person.page.get_by_role("link", name=in_spanish("Sign in with %(institution)s", institution=NAME)).click()
    person.page.wait_for_url(f"{foreign.issuer}/**")
    assert person.page.locator("form[method=post]").first.is_visible(), "the provider asks again who they are"
