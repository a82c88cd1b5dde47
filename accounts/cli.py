"""`lms accounts`: administrators without a browser. Commands import what they need when they run, so that `--help` answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from kernel import clock

if TYPE_CHECKING:
    from kernel.db import Database


class Opened(Protocol):
    """The opened instance that the roof passes to commands."""

    @property
    def database(self) -> Database:
        """Return its database."""


@click.group()
def accounts() -> None:
    """Make administrators."""


@accounts.command("create-admin")
@click.option("--email", prompt=True, help="Address with which the administrator signs in.")
@click.option("--given-names", prompt=True, help="Given names, as on a certificate.")
@click.option("--surname", prompt=True, help="Surname, as on a certificate.")
@click.password_option(help="Asked for when it is not given.")
@click.pass_obj
def create_admin(opened: Opened, email: str, given_names: str, surname: str, password: str) -> None:
    """Make an administrator who can sign in at once; `grant-admin` is for people who have an account."""
    from accounts import passwords, queries, services
    from accounts.forms import PASSWORD_FAULTS
    from accounts.services import SignUp
    from kernel.permissions import SYSTEM

    fault = passwords.fault_of(password, (email, given_names, surname))
    if fault is not None:
        raise click.ClickException(PASSWORD_FAULTS[fault])
    command = SignUp(
        email.strip().lower(), passwords.hash_password(password), given_names.strip(), surname.strip(), "", "es", "America/Guayaquil"
    )
    with opened.database.unit_of_work() as session:
        if queries.find_person_by_email(session, command.email) is not None:
            raise click.ClickException("This address has an account. Use: lms accounts grant-admin --email …")
        services.create_administrator(session, SYSTEM, command, now=clock.now())
    click.echo(f"Administrator {command.email} can sign in.")


@accounts.command("grant-admin")
@click.option("--email", prompt=True, help="Address of the account.")
@click.pass_obj
def grant_admin(opened: Opened, email: str) -> None:
    """Make an administrator of a person who has an account."""
    from accounts import queries, services
    from kernel.permissions import SYSTEM, SiteRole

    with opened.database.unit_of_work() as session:
        person = queries.find_person_by_email(session, email.strip().lower())
        if person is None:
            raise click.ClickException("No account has this address.")
        services.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    click.echo(f"{person.email} is an administrator.")
