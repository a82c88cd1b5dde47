"""`lms courses`: what looks at folders only (courses.cli), and what needs the instance."""

import sys
from pathlib import Path
from typing import Any

import click

from accounts import queries as account_queries
from courses import queries as course_queries
from courses import services
from courses.cli import as_lines, group
from courses.models import Nature, StaffRole
from kernel import clock
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.publishing import export_course, import_folder, publish_folder

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

courses = group(KINDS.kinds, KINDS.parts)


@courses.command()
@click.argument("folder", type=FOLDER)
@click.option("--note", default="", help="What changes, for the list of versions.")
@click.option("--nature", type=click.Choice([nature.value for nature in Nature]), default=Nature.IMPROVEMENT.value, show_default=True, help="A correction moves everybody; an improvement reaches newcomers.")
@click.pass_obj
def publish(opened: Any, folder: Path, note: str, nature: str) -> None:
    """Import FOLDER, check it and publish it as a new version."""
    published = publish_folder(opened.house, folder, nature=Nature(nature), note=note)
    click.echo(as_lines(published.findings))
    if published.version is None:
        click.echo("Nothing was published.", err=True)
        sys.exit(1)
    state = "published" if published.is_new else "is published already: nothing has changed"
    click.echo(f"{folder.name}: version {published.version.number} {state}.")


@courses.command("import")
@click.argument("folder", type=FOLDER)
@click.pass_obj
def import_(opened: Any, folder: Path) -> None:
    """Make FOLDER a course's draft; publish it on the web or with `publish`."""
    findings = import_folder(opened.house, folder)
    click.echo(as_lines(findings))
    if any(finding.refuses_import for finding in findings):
        click.echo("Nothing was imported.", err=True)
        sys.exit(1)


@courses.command()
@click.argument("key")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def export(opened: Any, key: str, folder: Path) -> None:
    """Write the draft of the course KEY into FOLDER."""
    count = export_course(opened.house, key, folder)
    if not count:
        raise click.ClickException(f"There is no course {key}.")
    click.echo(f"{count} files written to {folder}.")


@courses.command("add-staff")
@click.argument("key")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in StaffRole]), default=StaffRole.EDITOR.value, show_default=True)
@click.pass_obj
def add_staff(opened: Any, key: str, email: str, role: str) -> None:
    """Put a person into the team of the course KEY."""
    with opened.house.database.unit_of_work() as session:
        course = course_queries.find_course(session, key)
        person = account_queries.find_person_by_email(session, email.strip().lower())
        if course is None or person is None:
            raise click.ClickException("There is no such course." if course is None else "No account has this address.")
        services.add_staff(session, SYSTEM, course, person.id, StaffRole(role), now=clock.now())
    click.echo(f"{email} is {role} of {key}.")
