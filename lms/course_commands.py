"""`lms courses`: what looks at folders only (courses.cli), and what needs the instance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from courses.cli import FOLDER, as_lines, group, read
from lms.console import CommandInstance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from courses.content.folder_formats import ConvertedFolder
    from courses.content.kinds import ActivityKind, FolderPart
    from courses.folders import ImportPlan
    from lms.importing import EditConflictPolicy, ImportResult

NATURES = ("correction", "improvement")
PREFERENCES = ("draft", "folder")
LANGUAGES = ("es", "en")
ROLES = ("owner", "editor", "grader")
"""As in courses.models, which a list of options need not import; a test compares them."""


def course_kinds() -> tuple[Sequence[ActivityKind], Sequence[FolderPart]]:
    """Return the kinds of activity and parts of a folder that this instance knows."""
    from lms.app import KINDS

    return KINDS.kinds, KINDS.parts


courses = group(course_kinds)


@courses.command()
@click.argument("key")
@click.pass_obj
def translations(opened: CommandInstance, key: str) -> None:
    """Show what has changed in the originals of the course KEY since they were translated, and how much of each module is."""
    from courses import catalogue
    from lms.translation_report import translation_report

    with opened.instance.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, key)
    if course is None:
        raise click.ClickException(f"There is no course {key}.")
    for line in translation_report(opened.instance, course):
        click.echo(line)


@courses.command("publish-shipped", hidden=True)
@click.argument("folder", type=FOLDER)
def publish_shipped(folder: Path) -> None:
    """Publish FOLDER, a course that comes with the program, for the job that starts this; print its outcome as JSON."""
    import json
    from dataclasses import asdict

    from kernel.settings import load
    from lms.publishing_apart import publish_apart

    click.echo(json.dumps(asdict(publish_apart(load(), folder))))


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
@click.option("--replace", is_flag=True, help="The folder alone counts: overwrites what was edited since, and says whose it was.")
@click.pass_obj
def publish(opened: CommandInstance, folder: Path, note: str, nature: str, *, replace: bool) -> None:
    """Import FOLDER, check it and publish it as a new version."""
    from courses.models import PublicationNature
    from lms.publishing import publish_folder

    published = publish_folder(opened.instance, folder, nature=PublicationNature(nature), note=note, over_edits=replace)
    if published.findings:
        click.echo(as_lines(published.findings))
    if published.version is None:
        raise click.ClickException("Nothing was published: the errors above come first.")
    if replace and published.plan is not None:
        _report_overwritten(published.plan)
    state = "published" if published.is_new else "is published already: nothing has changed"
    click.echo(f"{folder.name}: version {published.version.number} {state}.")
    if published.is_unsigned:
        click.echo("No one signs the certificates of this course today: they are issued without a signature.")


class Undecided(click.ClickException):
    """A decision that the user must make first; exit code 3."""

    exit_code = 3


@courses.command("import")
@click.argument("folder", type=FOLDER)
@click.option("--dry-run", is_flag=True, help="Tell what would change and write nothing.")
@click.option("--merge", is_flag=True, help="Put the changes of folder and draft together; refused where they meet in a line.")
@click.option("--prefer", type=click.Choice(PREFERENCES), help="With --merge: whose lines are taken where both changed the same.")
@click.option("--replace", is_flag=True, help="The draft becomes the folder: overwrites what was edited since, and says whose it was.")
@click.option(
    "--base", type=click.IntRange(min=1), help="The draft's revision that the folder was made from, where it lost its mark (.aulario)."
)
@click.option("--from-markdown", is_flag=True, help="FOLDER holds Markdown lessons of another tool: make a course of them.")
@click.option("--key", default="", help="With --from-markdown: the course's address. [default: made of its title]")
@click.option("--title", default="", help="With --from-markdown: its title. [default: as the folder says]")
@click.option("--language", type=click.Choice(LANGUAGES), default="es", show_default=True, help="With --from-markdown: of the lessons.")
@click.option("--author", default="", help="With --from-markdown: who wrote them. [default: as the lessons say]")
@click.option("--licence", default="CC-BY-4.0", show_default=True, help="With --from-markdown: under which licence they are.")
@click.pass_obj
def import_(
    opened: CommandInstance,
    /,
    folder: Path,
    prefer: str | None,
    base: int | None,
    *,
    dry_run: bool,
    merge: bool,
    replace: bool,
    from_markdown: bool,
    **about: str,
) -> None:
    """Make FOLDER a course's draft; publish it on the web or with `publish`.

    Lists each file that changes. A folder that was exported knows the revision it was made from. Where the draft was edited since,
    nothing is written until --merge or --replace says what to do (exit code 3); a folder with errors is refused (exit code 1).
    """
    from courses.content.merging import ConflictResolution
    from lms.importing import EditConflictPolicy, ImportOptions, import_contents, import_folder, in_words_of

    if replace and (merge or prefer or base):
        raise click.UsageError("--replace goes without --merge, --prefer and --base.")
    if prefer and not merge:
        raise click.UsageError("--prefer goes with --merge.")
    way = EditConflictPolicy.MERGE if merge else EditConflictPolicy.REPLACE if replace else EditConflictPolicy.ASK
    options = ImportOptions(way, ConflictResolution(prefer) if prefer else None, base, dry_run)
    if from_markdown:
        converted = _converted(folder, about)
        imported = in_words_of(import_contents(opened.instance, converted.files, options), converted)
    else:
        imported = import_folder(opened.instance, folder, options)
    _report_import(imported, folder.name, way, dry=dry_run)


def _converted(folder: Path, about: Mapping[str, str]) -> ConvertedFolder:
    """Return the course that a folder of Markdown lessons becomes; report by kind, file and line what was not understood."""
    from courses.content.folder_formats import ConversionOptions, group_remarks
    from kernel.i18n import ngettext
    from standards.markdown_folder.read import convert_folder

    converted = convert_folder(read(folder), ConversionOptions(**about, name=folder.resolve().name))
    for kind in group_remarks(converted.remarks):
        click.echo(f"{kind.title} ({len(kind.remarks)}):")
        for remark in kind.remarks:
            click.echo(f"  {remark.file}:{remark.line}: {remark.message}")
    count = sum(converted.attributes.values())
    if count:
        labels = ngettext(
            "%(count)s attribute from another tool has no meaning here and was left out:",
            "%(count)s attributes from another tool have no meaning here and were left out:",
            count,
        )
        click.echo(f"{labels} {', '.join(f'{text} × {number}' for text, number in converted.attributes.items())}")
    return converted


def _report_import(imported: ImportResult, name: str, way: EditConflictPolicy, *, dry: bool) -> None:
    from kernel.i18n import _
    from lms.importing import ImportOutcome, describe_import

    if imported.findings:
        click.echo(as_lines(imported.findings))
    if imported.outcome is ImportOutcome.REFUSED:
        raise click.ClickException("Nothing was imported: the errors above come first.")
    if imported.plan is not None:
        for line in describe_import(imported.plan, imported.course, everything_as_folder=way.value == "replace"):
            click.echo(line)
    if imported.outcome is ImportOutcome.UNDECIDED and imported.plan is not None:
        raise Undecided("\n".join(_undecided(imported.plan, way)))
    if imported.plan is not None and way.value == "replace":
        _report_overwritten(imported.plan)
    if imported.outcome is ImportOutcome.UNCHANGED:
        click.echo(f"{name}: " + _("nothing to import, the draft is the same."))
    else:
        click.echo(f"{name}: " + (_("nothing is written yet.") if dry else f"the draft is imported (revision {imported.revision})."))
        if way.value == "merge" and imported.plan is not None and imported.plan.draft_was_edited and not dry:
            click.echo(
                _("The folder does not contain other people's edits to the draft. Export the course again before you continue editing.")
            )
    if imported.mark_stays:
        click.echo(
            _(
                "The folder cannot be written to, so this revision was not recorded in it. Export the course again "
                "before you continue editing."
            )
        )


def _report_overwritten(plan: ImportPlan) -> None:
    """Report whose changes a folder that alone counts takes away; the history keeps them."""
    from kernel.i18n import _
    from lms.importing import describe_edits

    if plan.edits:
        click.echo(_("Overwritten by the folder, kept in the history of the draft:"))
        for line in describe_edits(plan):
            click.echo(line)


def _undecided(plan: ImportPlan, way: EditConflictPolicy) -> Iterator[str]:
    """Describe what to do about edits that a folder does not know: what keeps them comes first."""
    from kernel.i18n import _
    from lms.importing import describe_edits

    if way.value == "merge":
        yield _(
            "Nothing was imported: the draft and the folder changed the same lines. Choose which to keep: "
            "--prefer draft or --prefer folder."
        )
    else:
        yield _("Nothing was imported: the draft was edited after this folder was created. --merge combines both without losing anything.")
    if plan.is_guess:
        yield _(
            "The folder does not say which revision it was created from. If you know the number shown by export, "
            "specify it with --base NUMBER."
        )
    yield (
        _("The folder does not include these changes; --replace would overwrite them:")
        if way.value == "ask"
        else _("The folder does not include these changes:")
    )
    yield from describe_edits(plan)


@courses.command()
@click.argument("key")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--origins", is_flag=True, help="Say of each question where it comes from, for a copy that becomes another course.")
@click.pass_obj
def export(opened: CommandInstance, key: str, folder: Path, origins: bool) -> None:
    """Write the draft of the course KEY into FOLDER, which must be new or empty."""
    from lms.publishing import export_course

    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty.")
    try:
        exported = export_course(opened.instance, key, folder, origins=origins)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror}).") from error
    if not exported.files:
        raise click.ClickException(f"There is no course {key}.")
    click.echo(f"{exported.files} files written to {folder} (revision {exported.revision}).")


@courses.command("add-staff")
@click.argument("key")
@click.option("--email", required=True, help="Address of somebody who has an account.")
@click.option("--role", type=click.Choice(ROLES), default="editor", show_default=True, help="What they may do for the course.")
@click.pass_obj
def add_staff(opened: CommandInstance, key: str, email: str, role: str) -> None:
    """Put a person into the team of the course KEY."""
    from accounts import people
    from courses import catalogue, team
    from courses.models import StaffRole
    from kernel import clock
    from kernel.permissions import SYSTEM

    with opened.database.unit_of_work() as session:
        course = catalogue.find_course(session, key)
        person = people.find_person_by_email(session, email.strip().lower())
        if course is None or person is None:
            raise click.ClickException(f"There is no course {key}." if course is None else f"No account has the address {email}.")
        team.add_staff(session, SYSTEM, course, person.id, StaffRole(role), now=clock.now())
    click.echo(f"{email} is {role} of {key}.")
