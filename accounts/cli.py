"""`lms accounts`: administrators without a browser. Commands import what they need when they run, so that `--help` answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from kernel import clock

if TYPE_CHECKING:
    from kernel.db import Database
    from kernel.settings import Settings


class OpenInstance(Protocol):
    """The opened instance that the roof passes to commands."""

    @property
    def database(self) -> Database:
        """Return its database."""

    @property
    def settings(self) -> Settings:
        """Return its settings."""


class Email(click.ParamType[str]):
    """An address of an account."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address in the form that is kept."""
        from accounts.rules import normal_email

        try:
            return normal_email(value.strip())
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Name(click.ParamType[str]):
    """A part of a name, from 1 to 100 characters."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name without what cannot be seen."""
        from kernel.web.forms import clean_text

        cleaned = clean_text(value)
        if not 1 <= len(cleaned) <= 100:
            self.fail("Use from 1 to 100 characters.", param, ctx)
        return cleaned


@click.group()
def accounts() -> None:
    """Make administrators, and help those who lost their second factor."""


@accounts.command("create-admin")
@click.option("--email", prompt=True, type=Email(), help="Address with which the administrator signs in.")
@click.option("--given-names", prompt=True, type=Name(), help="Given names, as on a certificate.")
@click.option("--surname", prompt=True, type=Name(), help="Surname, as on a certificate.")
@click.password_option(help="Asked for when it is not given.")
@click.pass_obj
def create_admin(opened: OpenInstance, email: str, given_names: str, surname: str, password: str) -> None:
    """Make an account that is administrator."""
    from accounts import accounts as accounts_accounts
    from accounts import passwords, people
    from accounts.accounts import SignUp
    from accounts.forms import PASSWORD_FAULTS
    from kernel.i18n import DEFAULT_LANGUAGE, site_zone_name
    from kernel.permissions import SYSTEM

    fault = passwords.fault_of(password, (email, given_names, surname), opened.settings.breached_passwords_file)
    if fault is not None:
        raise click.ClickException(f"Password: {PASSWORD_FAULTS[fault]}")
    command = SignUp(
        email,
        passwords.hash_password(password),
        given_names,
        first_surname=surname,
        second_surname="",
        language=DEFAULT_LANGUAGE,
        zone=site_zone_name(),
    )
    with opened.database.unit_of_work() as session:
        if people.find_person_by_email(session, email) is not None:
            raise click.ClickException(f"This address has an account. Use: lms accounts grant-admin --email {email}")
        accounts_accounts.create_administrator(session, SYSTEM, command, now=clock.now())
    click.echo(f"Administrator {email} can sign in.")


@accounts.command("grant-admin")
@click.option("--email", prompt=True, type=Email(), help="Address of the account.")
@click.pass_obj
def grant_admin(opened: OpenInstance, email: str) -> None:
    """Make an administrator of a person who has an account."""
    from accounts import accounts as accounts_accounts
    from accounts import people
    from kernel.permissions import SYSTEM, SiteRole

    with opened.database.unit_of_work() as session:
        person = people.find_person_by_email(session, email)
        if person is None:
            raise click.ClickException("No account has this address.")
        accounts_accounts.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    click.echo(f"{email} is an administrator.")


@accounts.command("remove-second-step")
@click.option("--email", prompt=True, type=Email(), help="Address of the account.")
@click.pass_obj
def remove_second_step(opened: OpenInstance, email: str) -> None:
    """Remove the second factors and recovery codes of a person who lost them. Verify their identity first."""
    from accounts import people, second_factor
    from accounts.accounts import LocalAdministratorNeeded
    from kernel.permissions import SYSTEM

    with opened.database.unit_of_work() as session:
        person = people.find_person_by_email(session, email)
        if person is None:
            raise click.ClickException("No account has this address.")
        try:
            second_factor.remove_all(session, SYSTEM, person, now=clock.now())
        except LocalAdministratorNeeded:
            raise click.ClickException(
                "No other administrator has a second step, and people come in by an institution (lms identity list). Switch each one that "
                "is on off first: lms identity off KEY. Switch it on again once this administrator has a second step."
            ) from None
    click.echo(f"{email} signs in with the password alone, and sets up a second step again where the role asks for it.")
