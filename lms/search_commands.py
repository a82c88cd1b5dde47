"""`lms search`: look after the search's index."""

import click

from lms.console import CommandInstance


@click.group()
def search() -> None:
    """Look after the search."""


@search.command()
@click.pass_obj
def reindex(opened: CommandInstance) -> None:
    """Make the index of lessons, terms and recordings anew; the server keeps it by itself."""
    from lms.search import reindex as make_anew

    versions, entries = make_anew(opened.database)
    click.echo(f"{entries} passages of {versions} versions can be found.")
