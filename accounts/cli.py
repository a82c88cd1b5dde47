"""`lms accounts`: administrators without a browser."""

from typing import Protocol

import click

from accounts import passwords, queries, services
from accounts.forms import PASSWORD_FAULTS
from accounts.services import SignUp
from kernel import clock
from kernel.db import Database
from kernel.permissions import SYSTEM, SiteRole


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
@click.option("--given-names", prompt=True)
@click.option("--surname", prompt=True)
@click.password_option(help="Asked for when it is not given.")
@click.pass_obj
def create_admin(opened: Opened, email: str, given_names: str, surname: str, password: str) -> None:
    """Make an administrator, or make one of a person who has an account already."""
    fault = passwords.fault_of(password, (email, given_names, surname))
    if fault is not None:
        raise click.ClickException(PASSWORD_FAULTS[fault])
    command = SignUp(email.strip().lower(), passwords.hash_password(password), given_names.strip(), surname.strip(), "", "es", "America/Guayaquil")
    with opened.database.unit_of_work() as session:
        if queries.find_person_by_email(session, command.email) is not None:
            raise click.ClickException("This address has an account. Use: lms accounts grant-admin --email …")
        services.create_administrator(session, SYSTEM, command, now=clock.now())
    click.echo(f"Administrator {command.email} can sign in.")


@accounts.command("grant-admin")
@click.option("--email", prompt=True)
@click.pass_obj
def grant_admin(opened: Opened, email: str) -> None:
    """Make an administrator of a person who has an account."""
    with opened.database.unit_of_work() as session:
        person = queries.find_person_by_email(session, email.strip().lower())
        if person is None:
            raise click.ClickException("No account has this address.")
        services.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    click.echo(f"{person.email} is an administrator.")
