"""`lms identity`: providers on the server, also when no administrator can come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from federation.models import IdentityProvider
    from kernel.db import Database
    from kernel.settings import Settings


class ServedInstance(Protocol):
    """The opened instance that the roof passes to commands."""

    @property
    def database(self) -> Database:
        """Return its database."""

    @property
    def settings(self) -> Settings:
        """Return its settings."""


@click.group()
def identity() -> None:
    """See, check and switch off identity providers, and remove links."""


def _get(session: Session, key: str) -> IdentityProvider:
    from federation.providers import find_provider

    provider = find_provider(session, key)
    if provider is None:
        raise click.ClickException(f"There is no provider {key}.")
    return provider


@identity.command("list")
@click.pass_obj
def list_all(opened: ServedInstance) -> None:
    """List the providers, each on or off, with how many people are linked."""
    from federation import links, providers

    with opened.database.unit_of_work(write=False) as session:
        linked = links.count_links(session)
        for provider in providers.list_providers(session):
            state = "on" if provider.is_on else "off"
            click.echo(f"{provider.key}  {state}  {linked.get(provider.id, 0)} linked  {provider.issuer}")


@identity.command()
@click.argument("key")
@click.pass_obj
def check(opened: ServedInstance, key: str) -> None:
    """Fetch what a provider publishes, and compare its clock; exit with 1 where something is wrong."""
    with opened.database.unit_of_work(write=False) as session:
        provider = _get(session, key)
    from federation import providers

    _columns, fault = providers.check(provider, opened.settings)
    if fault is not None:
        raise click.ClickException(str(fault))
    click.echo("It answers, and publishes all that is needed.")


@identity.command()
@click.argument("key")
@click.pass_obj
def off(opened: ServedInstance, key: str) -> None:
    """Switch a provider off: its sessions end, and people come in by their passwords."""
    from federation import providers
    from kernel import clock
    from kernel.permissions import SYSTEM

    with opened.database.unit_of_work() as session:
        providers.switch(session, SYSTEM, opened.settings, _get(session, key), is_on=False, now=clock.now())
    click.echo(f"{key} is off.")


@identity.command()
@click.option("--email", required=True, help="Address of the account.")
@click.option("--provider", "key", required=True, help="Key of the provider.")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@click.pass_obj
def unlink(opened: ServedInstance, email: str, key: str, reason: str) -> None:
    """Remove the link of a person with a provider."""
    from accounts.people import find_person_by_email
    from federation import links
    from kernel import clock
    from kernel.permissions import SYSTEM

    with opened.database.unit_of_work() as session:
        provider, person = _get(session, key), find_person_by_email(session, email.strip().lower())
        rows = [row.ExternalIdentity for row in links.list_links(session, person.id)] if person else []
        link = next((row for row in rows if row.provider_id == provider.id), None)
        if link is None:
            raise click.ClickException("This account has no link with that provider.")
        links.unlink(session, SYSTEM, link, reason=reason, now=clock.now())
    click.echo("The link was removed.")


@identity.command()
@click.argument("key")
@click.pass_obj
def report(opened: ServedInstance, key: str) -> None:
    """Count who is linked, who has an account and is not, codes without a unit, and roles that were given."""
    from federation import links, mapping

    with opened.database.unit_of_work(write=False) as session:
        provider = _get(session, key)
        linked, others = links.count_links(session).get(provider.id, 0), links.count_unlinked(session, provider)
        click.echo(f"{linked} linked, {others} of the institution not linked; roles given: {links.count_roles(session, provider)}")
        for code, people in mapping.list_unknown_units(session, provider):
            click.echo(f"no unit has the code {code}; people: {people}")
