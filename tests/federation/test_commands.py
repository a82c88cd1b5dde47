"""`lms identity`, also when no administrator can come in."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts import cli as accounts_cli
from accounts.models import Device, SecondFactor
from federation import cli
from federation.discovery import DiscoveryLacks, check_discovery
from federation.models import IdentityProvider
from federation.providers import NoSecret, list_faults, switch
from federation.relying_party import SECRET_LOCK, SecretUnreadable
from kernel import clock
from kernel.crypto import lock_text
from kernel.outgoing import OutgoingFault
from kernel.permissions import SYSTEM
from lms import deployment
from lms.cli import lms
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.fake_provider import CLIENT_SECRET, FakeProvider
from tests.support.institution_sign_in import to_provider
from tests.support.wording import in_spanish


def run(instance: Instance, *arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(cli.identity, arguments, obj=instance)
    assert result.exit_code == status, result.output
    return result.output


def test_the_manual_s_commands_are_there() -> None:
    for name in ("list", "check", "off", "unlink", "report"):
        result = CliRunner().invoke(lms, ["identity", name, "--help"])
        assert result.exit_code == 0, result.output


def test_a_provider_is_listed_checked_and_switched_off(instance: Instance, provider: IdentityProvider, fake: FakeProvider) -> None:
    assert "iess  on  0 linked" in run(instance, "list")
    assert "It answers" in run(instance, "check", "iess")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(IdentityProvider.is_on)).all() == [True]
    fake.fault = OutgoingFault.TLS
    assert "not valid for its name" in run(instance, "check", "iess", status=1)
    assert list_faults(instance.database, instance.settings) == ("iess: The provider’s certificate is not valid for its name (TLS).",)
    run(instance, "off", "iess")
    assert list_faults(instance.database, instance.settings) == ()
    assert "iess  off" in run(instance, "list")
    assert "There is no provider otra" in run(instance, "off", "otra", status=1)


def test_a_secret_that_the_keys_do_not_open_is_said_and_not_sent(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    """As after a restore without the keys: the check, the status, the provider's page and a sign-in say it."""
    an_administrator(instance)
    administrator = sign_in(browser.another(), "admin@example.org")
    way = to_provider(browser)
    with instance.database.unit_of_work() as session:
        session.get_one(IdentityProvider, provider.id).secret = lock_text([b"k" * 40], SECRET_LOCK, CLIENT_SECRET)

    assert SecretUnreadable.message in run(instance, "check", "iess", status=1)
    assert list_faults(instance.database, instance.settings) == (f"iess: {SecretUnreadable.message}",)
    finding = next(rule.message for rule in deployment.RULES if rule.code == "identity-secret")
    assert in_spanish(finding, lost_secrets="iess") in administrator.get("/administration/state").text
    page = administrator.get("/administration/providers/iess")
    assert in_spanish("No sign-in by this institution is possible: its client secret cannot be read.") in page.text

    for path in (fake.authorize(way), "/sign-in/iess"):
        refused = browser.get(path, status=403)
        assert in_spanish("Your institution did not accept this site. Tell an administrator this reference.") not in refused.text
        assert in_spanish("This site cannot reach your institution until its connection is set up again.") in refused.text
    assert in_spanish(SecretUnreadable.message) in administrator.get("/notices").text
    run(instance, "off", "iess")
    with instance.database.unit_of_work() as session, pytest.raises(NoSecret):
        switch(session, SYSTEM, instance.settings, session.get_one(IdentityProvider, provider.id), is_on=True, now=clock.now())


def test_the_only_administrator_s_second_step_goes_once_the_providers_are_off(instance: Instance, provider: IdentityProvider) -> None:
    ada = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        session.add(SecondFactor(person_id=ada.id, kind="app", name="App", secret="", counter=0, created_at=clock.now()))
    command = ("remove-second-step", "--email", ada.email)
    refused = CliRunner().invoke(accounts_cli.accounts, command, obj=instance)
    assert refused.exit_code == 1
    assert "lms identity off KEY" in refused.output
    run(instance, "off", "iess")
    assert CliRunner().invoke(accounts_cli.accounts, command, obj=instance).exit_code == 0


def test_an_issuer_that_differs_by_one_sign_is_refused(instance: Instance, provider: IdentityProvider, fake: FakeProvider) -> None:
    fake.document = {"issuer": f"{fake.issuer}/"}
    assert fake.issuer in run(instance, "check", "iess", status=1)
    fake.document = {"code_challenge_methods_supported": ["plain"]}
    assert "S256" in run(instance, "check", "iess", status=1)
    fake.document = {"token_endpoint": "http://entrada.example.org/token"}
    with pytest.raises(DiscoveryLacks):
        check_discovery(fake.configuration(), fake.issuer)


def test_a_link_is_removed_with_a_reason_and_counted(
    browser: Browser, instance: Instance, provider: IdentityProvider, fake: FakeProvider
) -> None:
    a_person(instance)
    fake.claims["email_verified"] = True
    browser.get(fake.authorize(browser._request("GET", "/sign-in/iess").headers["Location"]))
    assert "1 linked" in run(instance, "report", "iess")
    run(instance, "unlink", "--email", "ana@example.org", "--provider", "iess", "--reason", "Otra persona.")
    assert "0 linked" in run(instance, "report", "iess")
    with instance.database.unit_of_work(write=False) as session:
        assert None not in session.scalars(select(Device.ended_at)).all()
    run(instance, "unlink", "--email", "ana@example.org", "--provider", "iess", "--reason", "x", status=1)
