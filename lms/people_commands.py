"""`lms people`: lists of people and units, brought in without the web."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lms.console import CommandInstance, NothingRead, NumberNeeded, read_list_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernel.left_out import LineFault
    from organisations.list_checking import ListReview
    from organisations.list_reading import PeopleListRows, UnitListRows


@click.group()
def people() -> None:
    """Bring in lists of people and units."""


@people.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--units", is_flag=True, help="FILE is a list of units.")
@click.option("--dry-run", is_flag=True, help="Tell what would change and write nothing.")
@click.option("--complete", metavar="INSTITUTION", default="", help="FILE names everybody of it (code or name): others leave.")
@click.option("--confirm", type=click.IntRange(min=0), help="How many people the list concerns, as it says, where it changes much.")
@click.option("--strict", is_flag=True, help="Write nothing where a line has an error.")
@click.pass_obj
def load(opened: CommandInstance, file: Path, complete: str, confirm: int | None, *, units: bool, dry_run: bool, strict: bool) -> NoReturn:
    """Bring in FILE, a list of people or units (CSV or XLSX).

    Exit code 0: all is well; 1: some lines have errors; 2: nothing could be read; 3: the list changes so much that --confirm is needed.
    """
    from kernel import clock
    from kernel.permissions import SYSTEM
    from organisations.list_checking import apply_people, apply_units
    from organisations.list_reading import PeopleListRows

    if units and complete:
        raise click.UsageError("--complete goes with lists of people.")
    now, rows = clock.now(), _read(file, units=units)
    complete_of = _institution(opened, complete) if complete else None
    review = _review(opened, rows, complete_of)
    _report(review)
    code = 1 if review.faults else 0
    if dry_run:
        _report_training(opened, rows, complete_of)
    if dry_run or (strict and review.faults):
        click.echo("Nothing was written.")
        click.get_current_context().exit(code)
    if review.effects.asks and confirm != review.effects.number:
        number = review.effects.number
        concerned = "leave, move, or were obliged on other days before today" if review.effects.past.count else "leave or move"
        raise NumberNeeded(f"{number} people {concerned}. Nothing was written. Look at it, then: --confirm {number}")
    write = opened.database.unit_of_work
    if isinstance(rows, PeopleListRows):
        counts = apply_people(write, SYSTEM, rows, complete_of, now=now)
    else:
        counts = apply_units(write, SYSTEM, rows, file.name, now=now)
    click.echo(f"Brought in: {counts.made} new, {counts.changed} changed, {counts.left} left.")
    if counts.skipped_names:
        click.echo(f"Corrected names that stayed as they are: {len(counts.skipped_names)} (lines {', '.join(counts.skipped_names)}).")
    click.get_current_context().exit(code)


def _read(file: Path, *, units: bool) -> PeopleListRows | UnitListRows:
    from kernel import clock
    from organisations.list_checking import read_rows
    from organisations.rules.units import UnitListKind

    return read_list_file(file, partial(read_rows, UnitListKind.UNITS if units else UnitListKind.PEOPLE, now=clock.now()))


def _institution(opened: CommandInstance, name: str) -> int:
    from organisations import tree
    from organisations.list_reading import UnitDirectory

    with opened.database.unit_of_work(write=False) as session:
        roots = [node for node in tree.list_tree(session) if node.parent_id is None]
    unit = UnitDirectory(roots).find(name)
    if unit is None:
        raise NothingRead(f"There is no institution called {name}.")
    return unit.id


def _review(opened: CommandInstance, rows: PeopleListRows | UnitListRows, complete_of: int | None) -> ListReview:
    from kernel import clock
    from organisations.list_checking import review_rows

    with opened.database.unit_of_work(write=False) as session:
        return review_rows(session, rows, complete_of, now=clock.now())


def _report(review: ListReview) -> None:
    """Tell what a list would do, as the page shows it."""
    check, effects = review.check, review.effects
    click.echo(f"New: {len(check.new)}. Changed: {len(check.changed)}. Same: {check.same}. Errors: {len(review.faults)}.")
    for line in check.changed:
        facts = "; ".join(f"{column}: {old or '–'} → {new}" for column, old, new in line.facts)
        click.echo(f"  line {line.line}: {line.name}: {facts or 'name confirmed'}")
    for differing in getattr(check, "differences", ()):
        why = "seems to be another person; nothing of the line comes in" if differing.is_other else "was corrected and stays"
        click.echo(f"  line {differing.line}: {differing.shown}: {differing.corrected} {why}; the list says {differing.listed}")
    if effects.is_complete:
        click.echo(f"Leaving: {len(effects.leavers)}. Moving: {effects.moved}. Units left empty: {', '.join(effects.emptied) or 'none'}.")
    if effects.past.count:
        click.echo(f"Obliged on other days before today: {effects.past.count}.")
    for left_out in review.rows.left_out:
        click.echo(f"  left out: {left_out.english}", err=True)
    _list_faults("told", review.remarks)
    _list_faults("error", review.faults)


def _report_training(opened: CommandInstance, rows: PeopleListRows | UnitListRows, complete_of: int | None) -> None:
    """Tell what a list would do to compulsory training, as the page shows it."""
    from kernel import clock
    from kernel.i18n import choose, reading
    from kernel.permissions import SYSTEM
    from organisations import list_trials
    from organisations.audience_preview import TrainingEffect, join_effects

    now, effects = clock.now(), list[TrainingEffect]()
    with opened.database.unit_of_work(write=False) as session:
        portions = list_trials.list_portions(session, SYSTEM, rows, complete_of, now=now)
    for portion in portions:
        with opened.database.unit_of_work() as session:
            effects += portion(session)
    with reading("en"):
        for effect in join_effects(effects):
            click.echo(f"Compulsory training “{choose(effect.title)}”: {effect.kind.value} {effect.people}: {', '.join(effect.names)}")


def _list_faults(what: str, faults: Sequence[LineFault]) -> None:
    for fault in faults:
        reasons = " ".join(part.message % part.facts if part.facts else part.message for part in fault.all)
        click.echo(f"  line {fault.line}: {what}: {reasons}", err=what == "error")
