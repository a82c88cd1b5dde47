"""`lms quizzes`: what looks at marks (analysis.cli), what translates questions (standards.cli), and variants made in a course folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.cli import group
from standards import cli as standards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from courses.content.model import CourseFolder
    from questions.content.variants import VariantPlan

quizzes = group(standards.commands())
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@quizzes.command()
@click.argument("folder", type=FOLDER)
@click.argument("key")
@click.option("--draws", type=int, help="Draw so many variants.")
@click.option("--table", type=FILE, help="Take the values of a CSV file, with a column for each variable.")
@click.option("--dry-run", is_flag=True, help="Only show the variants.")
def variants(folder: Path, key: str, draws: int | None, table: Path | None, dry_run: bool) -> None:
    """Make variants with fixed values of the calculated question KEY in the course FOLDER, as one family in the same bank."""
    from kernel.errors import DomainError
    from kernel.i18n import _
    from questions.content.variants import plan_drawn, plan_from_table

    if (draws is None) == (table is None):
        raise click.ClickException("Give either --draws or --table.")
    try:
        course = _course(folder)
        plan = plan_drawn(course, key, draws or 0) if table is None else plan_from_table(course, key, table.read_bytes())
        for line in _lines(plan):
            click.echo(line)
        if dry_run:
            click.echo(_("Nothing was written: this was a dry run."))
        else:
            _write(folder / plan.path, plan)
    except DomainError as refused:
        raise click.ClickException(_(refused.text, **refused.facts)) from refused


def _course(folder: Path) -> CourseFolder:
    from courses.cli import read
    from courses.content.reader import read_folder
    from kernel import clock
    from kernel.i18n import site_day
    from lms.course_commands import course_kinds

    course = read_folder(read(folder), *course_kinds(), today=site_day(clock.now())).course
    if course is None:
        raise click.ClickException(f"{folder}: correct the folder first (lms courses check {folder})")
    return course


def _lines(plan: VariantPlan) -> Iterator[str]:
    """Write the variants as a table of tabs, then what is to be looked at."""
    from kernel.i18n import _
    from questions.views.variants import count_words, variants_view

    view = variants_view(plan)
    yield count_words(plan)
    yield "\t".join(
        ["", *view.variables, _("Right answer"), *(_("Wrong: %(expression)s", expression=expression) for expression in view.mistakes)]
    )
    for name, values, right, mistakes in view.rows:
        yield "\t".join([name, *values, right, *mistakes])
    yield from view.remarks
    yield view.pattern


def _write(bank: Path, plan: VariantPlan) -> None:
    """Write the bank anew; it is whole at any moment."""
    from courses.content.editing import add_entries, find_entry, list_entries, replace_entry
    from questions.content.variants import written_pattern, written_variants

    text = bank.read_text(encoding="utf-8")
    entries = list_entries(text, "questions")
    index = find_entry(entries, plan.pattern.key)
    assert index is not None
    entry = entries[index].text
    text = add_entries(replace_entry(text, "questions", index, written_pattern(entry, plan)), "questions", written_variants(entry, plan))
    partial = bank.with_name(f".{bank.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(bank)
