"""`lms compliance`: statuses computed again, compared with what is stored, what a draft would do, and bundles of evidence verified."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from compliance.assignments import ReplayMoments
    from compliance.bundles import BundleReplay
    from compliance.models import Obligation
    from kernel.crypto import PublicKeys
    from kernel.db import Database

DAY = click.DateTime(formats=["%Y-%m-%d"])
LISTED = 1000
"""Differences at most that are listed one by one."""


class OpenDatabase(Protocol):
    """The opened instance that the roof passes to commands."""

    @property
    def database(self) -> Database:
        """Return its database."""


@click.group()
def compliance() -> None:
    """Look after compulsory training: KEY is that of an obligation."""


@compliance.command()
@click.argument("key")
@click.pass_obj
def recompute(opened: OpenDatabase, key: str) -> None:
    """Compute the status of everybody under KEY again, a portion at a time; what has not changed is not written."""
    from compliance import assignments
    from compliance.assignments import list_people_after
    from compliance.records import get_rules
    from kernel import clock

    people, written, after = 0, 0, 0
    while True:
        with opened.database.unit_of_work() as session:
            obligation = _obligation(session, key, in_force=True)
            portion = list_people_after(session, obligation, after, assignments.PORTION)
            written += assignments.recompute(session, [get_rules(session, obligation)], portion, now=clock.now()).written
        people += len(portion)
        if len(portion) < assignments.PORTION:
            break
        after = portion[-1]
    click.echo(f"{people} people, {written} statuses written.")


@compliance.command()
@click.argument("key")
@click.option("--at", type=DAY, help="Compare the statuses of this day of the institution, at its end; else those of now.")
@click.option("--known", type=DAY, help="As they were known at the end of this day; else as they are known now.")
@click.pass_obj
def replay(opened: OpenDatabase, key: str, at: datetime | None, known: datetime | None) -> None:
    """Compare the stored statuses under KEY with those that the records give; exit with 1 where they differ, and list them."""
    from compliance.assignments import walk_differences

    moments = _moments(at, known)
    with opened.database.unit_of_work(write=False) as session:
        number = _obligation(session, key, in_force=True).id
    people = differing = 0
    for count, differences in walk_differences(opened.database, number, moments):
        people += count
        for row in differences[: max(LISTED - differing, 0)]:
            click.echo(f"person {row.person_id}: stored {row.stored or 'nothing'}, computed {row.computed or 'nothing'}")
        differing += len(differences)
    click.echo(f"{people} people, {differing} statuses differ.")
    if differing:
        raise click.ClickException(f"The stored statuses are not those of the records. Compute them again: lms compliance recompute {key}")


def _moments(at: datetime | None, known: datetime | None) -> ReplayMoments:
    from compliance.assignments import ReplayMoments
    from kernel import clock

    now = clock.now()
    known_at = now if known is None else min(_end_of(known), now)
    moment = known_at if at is None else min(_end_of(at), now)
    for option, day in (("--at", at), ("--known", known)):
        if day is not None and _end_of(day - timedelta(days=1)) > now:
            raise click.UsageError(f"{option} is a day to come.")
    if moment > known_at:
        raise click.UsageError("--known is before --at: nothing was known of a day to come.")
    return ReplayMoments(moment, known_at, now)


def _end_of(day: datetime) -> datetime:
    """Return the last instant of a day of the institution."""
    from kernel.i18n import site_locale

    return (day + timedelta(days=1)).replace(tzinfo=site_locale().zone) - timedelta(microseconds=1)


@compliance.command()
@click.argument("key")
@click.pass_obj
def preview(opened: OpenDatabase, key: str) -> None:
    """Tell what activating the draft KEY would do, or how many people are in which status under what is in force; write nothing."""
    from compliance.assignments import count_by_state
    from compliance.planned_changes import preview_activation
    from kernel import clock

    now = clock.now()
    with opened.database.unit_of_work(write=False) as session:
        obligation = _obligation(session, key)
        if obligation.state != "draft":
            for state, count in sorted(count_by_state(session, obligation, now).items()):
                click.echo(f"{state}: {count}")
            return
        outcome = preview_activation(session, obligation, now=now)
    click.echo(
        f"{outcome.people} people, of whom {outcome.changed} change, {outcome.moved} get another last day, {outcome.mailed} get mail."
    )
    for (_obligation_id, before, after), count in sorted(outcome.shifts.items()):
        click.echo(f"{before} → {after}: {count}")


class UnreadableBundle(click.ClickException):
    """A file that is no bundle of evidence; exit code 2."""

    exit_code = 2


@compliance.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--public-key", "key_file", type=click.Path(path_type=Path), help="Public keys of the instance, as lms secrets public-key writes them."
)
@click.option("--replay", "replays", is_flag=True, help="Also compute every state in it again from its facts.")
def verify(file: Path, key_file: Path | None, *, replays: bool) -> None:
    """Compare the bundle of evidence FILE with its checksums and its signature, without a database.

    Exit with 0 where it is sound, 1 where something in it was changed or it was signed with another key, 2 where it cannot be read.
    """
    from compliance.bundles import BundleUnreadable, replay_bundle, verify_bundle

    try:
        keys = None if key_file is None else _read_keys(key_file)
        with file.open("rb") as source:
            verified = verify_bundle(source, keys)
            for fault in verified.faults:
                click.echo(fault)
            if verified.manifest is None or verified.faults:
                raise click.ClickException("The bundle is not what was signed.")
            click.echo(f"{len(verified.manifest.files)} files are as they were signed with the key {verified.key_id}.")
            if key_file is None:
                click.echo("The bundle brings that key itself: compare it with the institution's own, or give that with --public-key.")
            if replays:
                _print_replay(replay_bundle(source, verified.manifest))
    except (BundleUnreadable, OSError) as error:
        raise UnreadableBundle(f"{file} is no bundle of evidence that can be read. {_reason_of(error)}") from error


def _reason_of(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else str(error)


def _read_keys(path: Path) -> PublicKeys:
    from kernel.crypto import read_public_keys

    try:
        keys = read_public_keys(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        keys = {}
    if not keys:
        raise UnreadableBundle(f"{path} holds no public key. The instance writes it: lms secrets public-key")
    return keys


def _print_replay(replayed: BundleReplay) -> None:
    for row in replayed.differing[:LISTED]:
        click.echo(
            f"states.csv: person {row.person}, {row.obligation}: {row.stored or 'nothing'} in it, {row.computed or 'nothing'} computed"
        )
    click.echo(f"{replayed.people} people, {len(replayed.differing)} states differ, {replayed.passed_over} people passed over.")
    if replayed.differing:
        raise click.ClickException("The states in the bundle are not those that its facts give.")


def _obligation(session: Session, key: str, *, in_force: bool = False) -> Obligation:
    from compliance.assignments import find_by_key

    obligation = find_by_key(session, key)
    if obligation is None:
        raise click.ClickException(f"There is no compulsory training with the key {key}.")
    if in_force and obligation.state == "draft":
        raise click.ClickException(f"{key} is a draft: nothing is computed before it is activated. See: lms compliance preview {key}")
    return obligation
