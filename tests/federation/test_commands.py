"""`lms identity`, also when no administrator can come in."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts.models import Device
from federation import cli
from federation.discovery import DiscoveryLacks, check_discovery
from federation.models import IdentityProvider
from federation.providers import list_faults
from kernel.outgoing import OutgoingFault
from lms.cli import lms
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person
from tests.support.fake_provider import FakeProvider


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
