"""Sign-in by institutions: what the return step costs, and what is held while a provider is slow (spec/identity 12)."""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import Person
from federation import discovery
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import add_provider
from kernel import clock, outgoing
from kernel.outgoing import Reply
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms.app import create_app
from lms.instance import Instance
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.bench.pages import SIGN_INS, in_turns
from tests.bench.processes import Process, product
from tests.bench.table import Row, ratio
from tests.loadtest.command import LoadTestInstance
from tests.support.browser import every_statement
from tests.support.builders import a_person
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.support.foreign_server import Authority
from tests.support.held import held_by
from tests.support.served_provider import served

KEY = "iess"
SLOW = 9.0
"""Seconds that a provider takes: just less than it may."""
LOOKS = 40
"""How often it is looked meanwhile at what is held."""


def return_step(instance: Instance, load_instance: LoadTestInstance, folder: Path, url: str) -> list[Row]:
    """spec/identity I1: processor time of the way back from a provider, its call over TLS included, against a sign-in with a password."""
    sys.stderr.write("  Return step of a sign-in by an institution.\n")
    fake = FakeProvider()
    with tempfile.TemporaryDirectory() as roots:
        authority = Authority(Path(roots))
        with served(fake, authority.context("127.0.0.1")):
            _add_provider(instance, fake)
            instance.database.dispose()
            reach = {"LMS_OUTGOING_ALLOW": "127.0.0.1", "SSL_CERT_FILE": str(authority.root)}
            with product(folder, 1, LMS_DATABASE_URL=url, **reach) as ours:
                ours.settle()
                by_provider, by_password = _ways(instance, load_instance, ours, fake)
                by_provider()  # the first ones fill the memories
                by_password()
                pairs = in_turns(by_provider, by_password)
        instance.database.dispose()
    row = ratio("I1", "return step against a sign-in with a password", pairs, 0.5, 0.5)
    return [replace(row, numbers=f"{row.numbers}, {load_instance.learners} people")]


def _ways(
    instance: Instance, load_instance: LoadTestInstance, ours: Process, fake: FakeProvider
) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what signs people in who have not come yet, by the provider and with their passwords; each answers what one costs."""

    def by_provider() -> float:
        emails = load_instance.take(SIGN_INS)
        _link(instance, *emails)
        ways = []
        for email in emails:
            visitor = ours.visitor()
            ways.append((visitor, email, fake.authorize(visitor.ask("GET", f"/sign-in/{KEY}").location)))
        before = ours.cpu()
        for visitor, email, path in ways:
            fake.claims = _claims(email)
            assert visitor.ask("GET", path).status == 303
        spent = ours.cpu() - before
        assert visitor.ask("GET", "/profile").status == 200, "nobody came in"
        return spent / SIGN_INS

    def by_password() -> float:
        people = [(ours.visitor(), email) for email in load_instance.take(SIGN_INS)]
        forms = [(visitor, {"csrf_token": visitor.token("/sign-in"), "email": email}) for visitor, email in people]
        before = ours.cpu()
        for visitor, fields in forms:
            assert visitor.ask("POST", "/sign-in", {**fields, "password": load_instance.password}).status == 303
        return (ours.cpu() - before) / SIGN_INS

    return by_provider, by_password


def waiting(instance: Instance) -> list[Row]:
    """spec/identity I1 and I2: statements of the return step; connections and turns held while as many as may wait 9 s for a provider."""
    app, fake = create_app(instance), FakeProvider(claims=_claims("ana@example.org"))
    a_person(instance)
    with served(fake):
        _add_provider(instance, fake)
        _link(instance, "ana@example.org")
        client, path = _way(app.test_client(), fake)
        statements = every_statement(instance.database)
        _come_back(client, path)
        taken = len(statements.statements)
        assert client.get("/profile", base_url="https://localhost").status_code == 200, "nobody came in"
        ways = [_way(app.test_client(), fake) for _person in range(discovery.AT_ONCE)]
        return [Row("I1", "statements of the return step", taken, 12, 12), *_held_meanwhile(app, fake, ways)]


def _held_meanwhile(app: Flask, fake: FakeProvider, ways: list[tuple[FlaskClient, str]]) -> list[Row]:
    together, held_by_callers = Barrier(len(ways) + 1), list[bool]()
    answer = fake._token

    def slow(*arguments: Any) -> Reply:
        time.sleep(SLOW)
        return answer(*arguments)

    def looking(*arguments: Any, **options: Any) -> Reply:
        """Look at what the caller holds; then all call at the same moment."""
        held_by_callers.append(held_by(app).by_this_thread)
        together.wait(60)
        return outgoing.fetch(*arguments, **options)

    stranger = app.test_client()
    with patch.object(fake, "_token", slow), patch.object(discovery, "fetch", looking), ThreadPoolExecutor(len(ways)) as people:
        arrived = [people.submit(_come_back, *way) for way in ways]
        together.wait(60)
        assert stranger.get("/sign-in", base_url="https://localhost").status_code == 200, "others do not wait"
        looks = []
        for _look in range(LOOKS):
            time.sleep((SLOW - 1) / LOOKS)
            looks.append(held_by(app))
        assert not any(person.done() for person in arrived), "the provider did not take so long"
        for person in arrived:
            person.result(60)
    how_many = f"looked {LOOKS} times, {len(ways)} people"
    turns = max(look.turns for look in looks) + sum(held_by_callers)
    return [
        Row("I2", "connections in use while a provider takes 9 s", max(look.connections for look in looks), 0, 0, how_many),
        Row("I2", "turns held meanwhile", turns, 0, 0, how_many),
    ]


def _way(client: FlaskClient, fake: FakeProvider) -> tuple[FlaskClient, str]:
    """Return a browser that has signed in at the provider, and the path to which it leads back."""
    response = client.get(f"/sign-in/{KEY}", base_url="https://localhost")
    return client, fake.authorize(response.headers["Location"])


def _come_back(client: FlaskClient, path: str) -> None:
    response = client.get(path, base_url="https://localhost")
    assert (response.status_code, response.headers.get("Location")) == (303, "/"), response.get_data(as_text=True)[:500]


def _claims(email: str) -> dict[str, Any]:
    return {"sub": email, "given_name": "Ana", "family_name": "Quinde", "email": email, "email_verified": True, "sid": f"sesion-{email}"}


def _add_provider(instance: Instance, fake: FakeProvider) -> None:
    """Let people come in by the provider, which answers already."""
    now, values = clock.now(), UnitValues("Instituto de la entrada", "IE")
    with instance.database.unit_of_work() as session:
        institution = make(session, SYSTEM, None, OrganisationKind.INSTITUTION, values, now=now)
        columns = {"key": KEY, "institution_id": institution.id, "names": {"es": institution.name}, "is_on": True}
        issued = {"issuer": fake.issuer, "client_id": CLIENT_ID}
        add_provider(session, SYSTEM, {**columns, **issued}, CLIENT_SECRET, secret_keys(instance.settings), now=now)


def _link(instance: Instance, *emails: str) -> None:
    """Link people with their accounts at the provider."""
    now = clock.now()
    with instance.database.unit_of_work() as session:
        number = session.scalars(select(IdentityProvider.id).where(IdentityProvider.key == KEY)).one()
        people = session.execute(select(Person.id, Person.email).where(Person.email.in_(emails)))
        session.add_all(
            ExternalIdentity(provider_id=number, subject=row.email, person_id=row.id, linked_at=now, last_seen_at=now) for row in people
        )
