"""`lms accounts`: administrators without a browser, and what it says of bad input (spec/security 2.5)."""

from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from accounts import passwords, people
from accounts.cli import accounts
from accounts.models import Consent, Person, RoleGrant
from kernel.audit import AuditEntry
from kernel.db import Database
from kernel.settings import Settings
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in


@dataclass
class Opened:
    """What the roof passes to commands."""

    database: Database
    settings: Settings


def run(instance: Instance, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(accounts, list(arguments), obj=Opened(instance.database, instance.settings), input=typed)


def create(instance: Instance, **given: str) -> Result:
    values = {"email": "ada@example.org", "given-names": "Ada", "surname": "Ministra", "password": PASSWORD, **given}
    return run(instance, "create-admin", *(f"--{name}={value}" for name, value in values.items()))


def count(instance: Instance, table: type) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_administrator_made_on_the_command_line_signs_in(browser: Browser, instance: Instance) -> None:
    result = create(instance, email=" ADA@Example.org ")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    sign_in(browser, "ada@example.org")
    browser.get("/administration")

    with instance.database.unit_of_work(write=False) as session:
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [(entry.verb, entry.via) for entry in entries][:2] == [("account.signed_up", "cli"), ("account.role_granted", "cli")]
    assert count(instance, Consent) == 0  # nobody was shown the notice


def test_what_is_not_given_is_asked_for_and_the_password_twice(instance: Instance) -> None:
    result = run(instance, "create-admin", typed=f"ada@example.org\nAda\nMinistra\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    with instance.database.unit_of_work(write=False) as session:
        found = people.find_credentials(session, "ada@example.org")

    assert found is not None
    assert passwords.verify_password(found.password_hash, PASSWORD)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("email", "ada"),
        ("email", ""),
        ("email", "josé@example.org"),
        ("given-names", "  "),
        ("given-names", "x" * 101),
        ("surname", ""),
        ("surname", "\u202e"),
        ("password", "short"),
        ("password", "password"),
        ("password", "ada@example.org"),
        ("password", "ministra-ministra"),
    ],
)
def test_bad_input_is_told_in_a_line_and_makes_nobody(instance: Instance, option: str, value: str) -> None:
    result = create(instance, **{option: value})

    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert "Error:" in result.output
    assert count(instance, Person) == 0


def test_an_address_with_an_account_is_told_what_to_do(instance: Instance) -> None:
    a_person(instance, "ada@example.org")
    result = create(instance)

    assert result.exit_code == 1
    assert "grant-admin --email ada@example.org" in result.output
    assert count(instance, RoleGrant) == 0


def test_a_person_becomes_administrator_once(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    for _turn in range(2):
        result = run(instance, "grant-admin", "--email", "ANA@example.org")
        assert result.exit_code == 0, result.output
        assert result.output == "ana@example.org is an administrator.\n"
    assert count(instance, RoleGrant) == 1
    sign_in(browser)

    browser.get("/administration")


@pytest.mark.parametrize("email", ["nadie@example.org", "ada"])
def test_nobody_becomes_administrator_by_a_wrong_address(instance: Instance, email: str) -> None:
    result = run(instance, "grant-admin", "--email", email)

    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert count(instance, RoleGrant) == 0
