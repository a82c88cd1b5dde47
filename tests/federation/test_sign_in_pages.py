"""The way in by an institution: to the provider and back, linked, made, refused, left."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from accounts import second_factor, signin
from accounts.access import MergePair
from accounts.models import Device, Person
from federation.links import OwnProofNeeded, unlink
from federation.models import ExternalIdentity, FederatedSession, IdentityProvider
from federation.providers import switch
from kernel import clock, jose
from kernel.audit import AuditEntry
from kernel.outgoing import OutgoingFault
from kernel.permissions import SYSTEM, Actor
from kernel.settings import secret_keys
from lms import erasure
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.fake_provider import CLIENT_SECRET, FakeProvider
from tests.support.institution_sign_in import KEY, come_in, is_in, links_of, proves, to_provider
from tests.support.wording import in_spanish


def test_a_person_is_linked_by_a_proven_address_and_comes_in_without_a_password(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    ana = a_person(instance)
    proves(fake)
    assert in_spanish("Sign in with %(institution)s", institution="Instituto de prueba") in browser.get("/sign-in?next=/profile").text

    come_in(browser, fake, f"/sign-in/{KEY}?next=/profile")

    assert browser.path.endswith("/profile")
    assert links_of(instance) == [("a1", ana.id)]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(FederatedSession.device_id)).one() == session.scalars(select(Device.id)).one()
    fake.claims["email"] = "otra@example.org"
    assert is_in(come_in(browser.another(), fake)), "after linking the address is no identity"
    assert links_of(instance) == [("a1", ana.id)]


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_address_that_is_not_proven_links_nobody(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, verified: object
) -> None:
    a_person(instance)
    fake.claims |= {} if verified is None else {"email_verified": verified}

    come_in(browser, fake, status=403)

    assert in_spanish("Your account is not on this site") in browser.page.text
    assert links_of(instance) == []
    with instance.database.unit_of_work(write=False) as session:
        recorded = repr([row.facts for row in session.scalars(select(AuditEntry))])
    assert "a1" not in recorded, "the page says that nothing of them was stored"
    assert "Quinde" not in recorded
    assert not is_in(browser)


def test_whoever_is_not_known_gets_an_account_where_the_provider_may_make_one(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    proves(fake, email="nueva@example.org", given_name="Nueva", family_name="Persona Inventada")
    come_in(browser, fake, status=403)
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).creates = True

    come_in(browser.another(), fake)

    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
    assert person.full_name == "Nueva Persona Inventada"
    assert links_of(instance) == [("a1", person.id)]


def test_staff_sign_in_once_with_their_password_and_link_from_inside(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the refusal says is what the person then does: its button leads through the password to the page that links."""
    ada = an_administrator(instance)
    proves(fake, email=ada.email, given_name="Ada", family_name="Ministra")

    come_in(browser, fake, status=403)
    assert in_spanish(OwnProofNeeded.message) in browser.page.text
    assert links_of(instance) == []
    way = next(href for href, _words in browser.page.links if href.startswith("/sign-in?password=1"))
    browser.get(way)
    browser.submit("/sign-in", {"email": ada.email, "password": "cuatro palabras sin relación"})
    assert browser.path == "/profile/institutions"
    browser.submit(f"/profile/institutions/{KEY}", {"current_password": "cuatro palabras sin relación"})
    way = next(href for href, _words in browser.page.links if "purpose=link" in href)
    back = fake.authorize(to_provider(browser, way))
    with monkeypatch.context() as later:
        later.setattr(signin, "PROOF_LIFE", timedelta(0))
        assert in_spanish("It took too long, and nothing was linked: enter your password again.") in browser.get(back).text
    assert links_of(instance) == []
    come_in(browser, fake, way)
    linked = in_spanish("Your account is linked with %(institution)s", institution="Instituto de prueba")
    assert linked in browser.page.text

    assert links_of(instance) == [("a1", ada.id)]
    assert is_in(come_in(browser.another(), fake))


def test_two_people_are_refused_and_administrators_learn_it(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis", surname="Toa")
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).claims = {"national_id": "cedula"}
        from accounts.models import NationalIdentity

        session.add(NationalIdentity(person_id=luis.id, number="1710034065"))
    proves(fake, cedula="1710034065")

    come_in(browser, fake, status=403)

    assert links_of(instance) == []
    administrator = sign_in(browser.another(), "admin@example.org")
    shown = administrator.get("/notices").text
    text = "What the institution says of one person belongs to accounts of different people: %(names)s. Have it corrected there."
    assert in_spanish(text, names=f"{ana.full_name}, {luis.full_name}") in shown


def test_a_second_subject_never_takes_a_person_who_is_linked(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    ana = a_person(instance)
    proves(fake)
    come_in(browser, fake)
    fake.claims["sub"] = "otra"

    come_in(browser.another(), fake, status=403)

    assert links_of(instance) == [("a1", ana.id)]


def test_the_answer_of_a_provider_is_taken_once(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake)
    path = fake.authorize(to_provider(browser))
    browser.get(path)
    assert is_in(browser)
    browser.checks = True

    browser.get(path)

    assert browser.path.endswith(("/learning", "/")) or "learning" in browser.path
    stranger = browser.another()
    page = stranger.get(path, status=400)
    assert in_spanish("This sign-in has ended or expired. Begin again.") in page.text


def test_two_tabs_come_back_in_any_order_and_a_fourth_ends_the_first(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake)
    tabs = [fake.authorize(to_provider(browser)) for _tab in range(4)]
    browser.get(tabs[0], status=400)
    browser.get(tabs[2])
    assert is_in(browser)


def test_codes_of_faults_are_shown_and_free_text_never(browser: Browser, provider: IdentityProvider, fake: FakeProvider) -> None:
    state = parse_qs(urlsplit(to_provider(browser)).query)["state"][0]
    page = browser.get(f"/sign-in/{KEY}/return?state={state}&error=access_denied%3Cb%3E&error_description=Llame+al+1800", status=403)
    assert "access_deniedb" in page.text
    assert "Llame" not in page.html


def test_a_provider_that_went_away_is_said_on_our_page(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1, although what it publishes is kept: it is looked at once a minute before a browser is sent there."""
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    visitor = browser.another()
    fake.fault = OutgoingFault.UNREACHABLE
    to_provider(visitor)
    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    for _time in range(2):
        page = visitor.get(f"/sign-in/{KEY}", status=503)
        assert in_spanish("%(institution)s does not answer", institution="Instituto de prueba") in page.text


def test_a_site_that_the_provider_refuses_is_said_to_administrators(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    a_person(instance)
    proves(fake)
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).secret = ""

    page = come_in(browser, fake, status=403).page

    assert in_spanish("Your institution did not accept this site. Tell an administrator this reference.") in page.text
    shown = sign_in(browser.another(), "admin@example.org").get("/notices").text
    assert "invalid_client" in shown


def test_an_address_that_is_not_confirmed_is_said_to_administrators_alone(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    a_person(instance)
    fake.claims["email"] = "nadie@example.org"
    page = come_in(browser, fake, status=403).page.text
    fake.claims["email"] = "ana@example.org"
    other = come_in(browser.another(), fake, status=403).page.text
    assert _plain(page) == _plain(other), "nobody learns who has an account"
    text = "People were refused because it does not confirm their addresses. Enter its own domains, or let it send email_verified."
    assert in_spanish(text) in sign_in(browser.another(), "admin@example.org").get("/notices").text


def _plain(text: str) -> str:
    return re.sub(r"[0-9a-f]{16}", "", text)


def test_a_person_learns_that_their_account_was_linked_and_unlinked(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    linked = in_spanish("Your account is linked with %(institution)s", institution="Instituto de prueba")
    assert linked in browser.get("/notices").text
    assert "Instituto de prueba" in browser.get("/profile/institutions").text
    with instance.database.unit_of_work() as session:
        unlink(session, SYSTEM, session.scalars(select(ExternalIdentity)).one(), reason="Otra persona.", now=clock.now())
    removed = in_spanish("The link with %(institution)s was removed", institution="Instituto de prueba")
    assert removed in sign_in(browser.another()).get("/notices").text


def test_the_link_of_a_merged_account_is_its_holder_s_to_remove(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    boss = Actor(person_id=an_administrator(instance).id)
    ana, luis = a_person(instance), a_person(instance, "luis@example.org", given="Luis")
    proves(fake)
    come_in(browser, fake)
    with instance.database.unit_of_work() as session:
        pair = MergePair(kept=session.get_one(Person, luis.id), closed=session.get_one(Person, ana.id))
        erasure.merge(session, boss, pair, "Es la misma persona.", now=clock.now())
    visitor = sign_in(browser.another(), luis.email)
    visitor.get("/profile/institutions")
    visitor.submit("/removal", {})
    assert in_spanish("The link was removed.") in visitor.page.text
    assert links_of(instance) == []
    removed = in_spanish("The link with %(institution)s was removed", institution="Instituto de prueba")
    assert removed in visitor.get("/notices").text


def test_the_issuer_stays_while_people_come_in_by_it(browser: Browser, instance: Instance, provider: IdentityProvider) -> None:
    an_administrator(instance)
    administrator = sign_in(browser, "admin@example.org")
    path = f"/administration/providers/{KEY}"
    administrator.get(path)
    fields = dict(administrator.page.form(path).fields)
    fields |= {"current_password": "cuatro palabras sin relación", "issuer": "https://otra.example.org", "new_secret": "nuevo"}
    page = administrator.post(path, fields, status=409)
    assert in_spanish("While it is on, or people are linked, the issuer stays: connect another one as a provider of its own.") in page.text
    assert in_spanish("Type it again: it is not kept while something else has to be corrected.") in page.text
    assert "https://otra.example.org" in page.html


@pytest.mark.parametrize("fault", [OutgoingFault.UNREACHABLE, OutgoingFault.TLS, OutgoingFault.TOO_SLOW])
def test_a_provider_that_is_away_leaves_the_password(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, fault: OutgoingFault
) -> None:
    a_person(instance)
    inside = sign_in(browser.another())
    fake.fault = fault
    page = browser.get(f"/sign-in/{KEY}", status=503)
    assert in_spanish("%(institution)s does not answer", institution="Instituto de prueba") in page.text
    assert page.has_link("/sign-in?password=1")
    assert is_in(inside)


def honest(fake: FakeProvider) -> None:
    """Change nothing."""


def other_claim(name: str, value: object) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        def tamper(claims: dict[str, object]) -> None:
            claims[name] = value

        fake.tamper = tamper

    return change


def foreign_key(fake: FakeProvider) -> None:
    fake.signed_by = jose.make_key("ES256")


ATTACKS = {
    "foreign key": foreign_key,
    "other client": other_claim("aud", "otra"),
    "several without azp": other_claim("aud", ["aulario", "otra"]),
    "nonce": other_claim("nonce", "otro"),
    "issuer with a slash": other_claim("iss", "https://entrada.example.org/realms/iess/"),
    "expired": other_claim("exp", 1),
    "issued long ago": other_claim("iat", int(clock.now().timestamp()) - 1_000),
    "no subject": other_claim("sub", ""),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_is_not_as_it_must_be_lets_nobody_in(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider, attack: str
) -> None:
    """The honest case passes first (spec/identity 9)."""
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    assert is_in(browser)
    before = links_of(instance)
    ATTACKS[attack](fake)

    visitor = come_in(browser.another(), fake, status=403)

    assert not is_in(visitor)
    assert links_of(instance) == before


def test_changed_keys_are_fetched_once_a_minute(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    fake.keys = [jose.make_key("ES256")]

    assert is_in(come_in(browser.another(), fake))

    fetched = fake.calls.count(f"{fake.issuer}/keys")
    fake.keys = [jose.make_key("ES256")]
    come_in(browser.another(), fake, status=403)
    assert fake.calls.count(f"{fake.issuer}/keys") == fetched


def test_changed_keys_are_fetched_for_a_token_that_names_none(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake)
    fake.header = {"kid": None}
    come_in(browser, fake)
    fake.keys = [jose.make_key("ES256")]

    assert is_in(come_in(browser.another(), fake))

    fake.signed_by = jose.make_key("ES256")
    assert not is_in(come_in(browser.another(), fake, status=403))


def test_the_provider_ends_the_session_that_it_names(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    proves(fake, sid="una")
    come_in(browser, fake)
    fake.claims["sid"] = "dos"
    other = come_in(browser.another(), fake)
    sender = browser.another()
    sender.checks = False

    def log_out(token: str) -> int:
        return int(sender._request("POST", f"/sign-in/{KEY}/logout", data={"logout_token": token}).status_code)

    token = fake.logout_token(sid="una")
    assert log_out(fake.logout_token(sid="una", nonce="n")) == 400
    assert log_out(fake.logout_token(sid="una", aud="otra")) == 400
    assert log_out(fake.logout_token(sid="una", events={})) == 400
    assert is_in(browser)
    assert log_out(token) == 200
    assert sender.response.headers["Cache-Control"] == "no-store"
    assert log_out(token) == 400, "sent again"
    assert not is_in(browser)
    assert is_in(other)
    assert log_out(fake.logout_token(sub="a1", jti="otro")) == 200
    assert not is_in(other)


def test_a_provider_that_is_switched_off_ends_its_sessions_alone(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    a_person(instance)
    proves(fake)
    come_in(browser, fake)
    administrator = sign_in(browser.another(), "admin@example.org")
    administrator.get(f"/administration/providers/{KEY}")
    values = {"current_password": "cuatro palabras sin relación", "on": "no"}
    page = administrator.post(f"/administration/providers/{KEY}/switch", values)
    assert in_spanish("It is off: its sessions have ended.") in page.text
    assert not is_in(browser)
    assert is_in(administrator)
    assert browser._request("GET", f"/sign-in/{KEY}").status_code == 404


def test_administrators_learn_of_a_clock_that_differs(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    an_administrator(instance)
    a_person(instance)
    proves(fake)

    def late(claims: dict[str, object]) -> None:
        now = clock.now() + timedelta(minutes=7)
        claims |= {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300}

    fake.tamper = late
    come_in(browser, fake, status=403)
    administrator = sign_in(browser.another(), "admin@example.org")
    assert "+7" in administrator.get("/notices").text


HARM = ("", "x", "<script>alert(1)</script>", "\x00", "a.b.c", "…" * 400, "eyJhbGciOiJub25lIn0.e30.", "[" * 5_000)


@pytest.mark.parametrize("harm", HARM)
def test_whatever_is_sent_to_the_way_in_is_answered_without_a_failure(
    browser: Browser, provider: IdentityProvider, fake: FakeProvider, harm: str
) -> None:
    """What is right passes in the tests above."""
    browser.checks = False
    browser.get("/sign-in")
    answers = [
        browser._request("GET", f"/sign-in/{KEY}/return", query_string={"state": harm, "code": harm, "iss": harm, "error": harm}),
        browser._request("GET", f"/sign-in/{KEY}", query_string={"next": harm, "purpose": harm}),
        browser._request("POST", f"/sign-in/{KEY}/logout", data={"logout_token": harm}),
    ]
    browser.client.set_cookie("__Host-federation", "basura", domain="localhost", secure=True)
    answers.append(browser._request("GET", f"/sign-in/{KEY}/return", query_string={"state": "a"}))
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert all(harm not in answer.get_data(as_text=True) for answer in answers if "<" in harm)


def test_switching_loses_nothing_that_was_typed(browser: Browser, instance: Instance, provider: IdentityProvider) -> None:
    an_administrator(instance)
    administrator = sign_in(browser, "admin@example.org")
    administrator.get(f"/administration/providers/{KEY}")
    fields = dict(administrator.page.form(f"/administration/providers/{KEY}").fields)
    fields |= {"current_password": "cuatro palabras sin relación", "on": "no", "name_es": "Otro nombre"}
    page = administrator.post(f"/administration/providers/{KEY}/switch", fields, status=422)
    assert in_spanish("Save first what you have changed below.") in page.text
    assert "Otro nombre" in page.html
    page = administrator.post(f"/administration/providers/{KEY}/switch", {**fields, "name_es": "Instituto de prueba"})
    assert in_spanish("It is off: its sessions have ended.") in page.text


def test_staff_with_a_second_step_link_from_inside(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """spec/identity 5: a password alone, with a provider that vouches, must not pass by the second step."""
    ada = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        factor = second_factor.app_factor(secret_keys(instance.settings), "Aplicación", second_factor.new_app_secret(), 0)
        second_factor.add(session, SYSTEM, session.get_one(Person, ada.id), factor, now=clock.now())
        session.get_one(IdentityProvider, provider.id).factor_values = ("mfa",)
    proves(fake, email=ada.email, amr=["mfa"])

    come_in(browser, fake, status=403)

    assert in_spanish(OwnProofNeeded.message) in browser.page.text
    assert links_of(instance) == []


def test_a_logout_of_a_subject_that_names_no_object_is_refused(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    with instance.database.unit_of_work() as session:
        row = session.get_one(IdentityProvider, provider.id)
        row.uses_object_id, row.key_set = True, json.dumps({"keys": [dict(jose.public_key(key)) for key in fake.keys]})
    browser.checks = False
    response = browser._request("POST", f"/sign-in/{KEY}/logout", data={"logout_token": fake.logout_token(sub="a1")})
    assert response.status_code == 400


def test_a_secret_is_locked_and_shown_on_no_page(browser: Browser, instance: Instance, provider: IdentityProvider) -> None:
    an_administrator(instance)
    page = sign_in(browser, "admin@example.org").get(f"/administration/providers/{KEY}")
    assert CLIENT_SECRET not in page.html
    with instance.database.unit_of_work(write=False) as session:
        assert CLIENT_SECRET not in session.get_one(IdentityProvider, provider.id).secret


def test_the_sign_in_page_asks_nothing_of_the_database_for_its_buttons(
    browser: Browser, instance: Instance, provider: IdentityProvider
) -> None:
    """Bar I3 of spec/identity 12; a provider that is switched off is gone from the page at once."""
    browser.get("/sign-in")
    counter = every_statement(instance.database)
    assert browser.get("/sign-in").has_link(f"/sign-in/{KEY}")
    assert counter.statements == []
    with instance.database.unit_of_work() as session:
        switch(session, SYSTEM, instance.settings, provider, is_on=False, now=clock.now())
    assert not browser.get("/sign-in").has_link(f"/sign-in/{KEY}")
