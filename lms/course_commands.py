"""`lms courses`: what looks at folders only (courses.cli), and what needs the instance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from courses.cli import FOLDER, as_lines, group
from lms.console import OpenedHouse, told_in_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from courses.kinds import ActivityKind, FolderPart

NATURES = ("correction", "improvement")
ROLES = ("owner", "editor", "grader")
"""As in courses.models, which a list of options need not import; a test compares them."""


def plugs() -> tuple[Sequence[ActivityKind], Sequence[FolderPart]]:
    """Return the kinds of activity and parts of a folder that this house knows."""
    from lms.app import KINDS

    return KINDS.kinds, KINDS.parts


courses = group(plugs)


@courses.command()
@click.argument("folder", type=FOLDER)
@click.option("--note", default="", help="What changes, for the list of versions.")
@click.option(
    "--nature",
    type=click.Choice(NATURES),
    default="improvement",
    show_default=True,
    help="A correction moves everybody; an improvement reaches newcomers.",
)
@click.pass_obj
def publish(opened: OpenedHouse, folder: Path, note: str, nature: str) -> None:
    """Import FOLDER, check it and publish it as a new version."""
    from courses.models import Nature
    from lms.publishing import publish_folder

    with told_in_one_line():
        published = publish_folder(opened.house, folder, nature=Nature(nature), note=note)
    if published.findings:
        click.echo(as_lines(published.findings))
    if published.version is None:
        raise click.ClickException("Nothing was published: the errors above come first.")
    state = "published" if published.is_new else "is published already: nothing has changed"
    click.echo(f"{folder.name}: version {published.version.number} {state}.")


@courses.command("import")
@click.argument("folder", type=FOLDER)
@click.pass_obj
def import_(opened: OpenedHouse, folder: Path) -> None:
    """Make FOLDER a course's draft; publish it on the web or with `publish`."""
    from lms.publishing import import_folder

    with told_in_one_line():
        findings = import_folder(opened.house, folder)
    if findings:
        click.echo(as_lines(findings))
    if any(finding.refuses_import for finding in findings):
        raise click.ClickException("Nothing was imported: the errors above come first.")
    click.echo(f"{folder.name}: the draft is imported.")


@courses.command()
@click.argument("key")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(opened: OpenedHouse, key: str, folder: Path) -> None:
    """Write the draft of the course KEY into FOLDER, which must be new or empty."""
    from lms.publishing import export_course

    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty.")
    try:
        count = export_course(opened.house, key, folder)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror}).") from error
    if not count:
        raise click.ClickException(f"There is no course {key}.")
    click.echo(f"{count} files written to {folder}.")


@courses.command("add-staff")
@click.argument("key")
@click.option("--email", required=True, help="Address of somebody who has an account.")
@click.option("--role", type=click.Choice(ROLES), default="editor", show_default=True, help="What they may do for the course.")
@click.pass_obj
def add_staff(opened: OpenedHouse, key: str, email: str, role: str) -> None:
    """Put a person into the team of the course KEY."""
    from accounts import queries as account_queries
    from courses import queries, services
    from courses.models import StaffRole
    from kernel import clock
    from kernel.permissions import SYSTEM

    with told_in_one_line(), opened.database.unit_of_work() as session:
        course = queries.find_course(session, key)
        person = account_queries.find_person_by_email(session, email.strip().lower())
        if course is None or person is None:
            raise click.ClickException(f"There is no course {key}." if course is None else f"No account has the address {email}.")
        services.add_staff(session, SYSTEM, course, person.id, StaffRole(role), now=clock.now())
    click.echo(f"{email} is {role} of {key}.")
