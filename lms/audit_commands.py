"""`lms audit`: is the log whole, and what does it say."""

import sys
from datetime import UTC, datetime

import click

from lms.console import CommandInstance

DAY = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.group()
def audit() -> None:
    """Verify and export the audit log."""


@audit.command()
@click.option(
    "--expect", "expected", multiple=True, metavar="HASH", help="A seal noted elsewhere that has to be in the log; several may be given."
)
@click.pass_obj
def verify(opened: CommandInstance, expected: tuple[str, ...]) -> None:
    """Compare every seal with its entries; exit with 1 where one was changed, or is missing.

    That the end of the log was cut off shows where a seal is known from elsewhere: from the data folder, which is looked at always, from a
    backup (lms verify-backup) or from the program's log (audit_sealed).
    """
    from kernel import audit as audit_seals
    from kernel import clock

    own = audit_seals.known_newest(opened.instance.settings.data_dir)
    known = [digest.strip().lower() for digest in expected] + ([own.hash] if own else [])
    with opened.database.unit_of_work(write=False) as session:
        verification = audit_seals.verify(session, opened.instance.keys, now=clock.now(), known=known)
    for fault in verification.broken:
        click.echo(f"Entries {fault.first} to {fault.last}: {fault.reason}.")
    for unseen in verification.unseen:
        click.echo(f"No seal of the log is {unseen}: its end was cut off, or it is an older log.")
    click.echo(
        f"{verification.sealed} entries under {verification.seals} seals, {verification.open} entries not sealed yet. "
        f"Last seal: {verification.last_hash}"
    )
    if verification.broken or verification.unseen:
        raise click.ClickException("The audit log is not what was sealed. See: docs/operations/incident.md")


@audit.command()
@click.option("--from", "since", type=DAY, help="First day or moment, in UTC.")
@click.option("--to", "until", type=DAY, help="Moment before which entries are taken, in UTC.")
@click.option("--user", "email", help="Address of an account: what it did, and what was done to it.")
@click.pass_obj
def export(opened: CommandInstance, since: datetime | None, until: datetime | None, email: str | None) -> None:
    """Write entries as CSV to the standard output. That it was exported is written down too."""
    from kernel import clock
    from kernel.permissions import SYSTEM
    from lms import auditing

    moments = [moment and moment.replace(tzinfo=UTC) for moment in (since, until)]
    with opened.database.unit_of_work() as session:
        selected = auditing.audit_filter(session, since=moments[0], until=moments[1], email=email)
        auditing.note_export(session, SYSTEM, selected, now=clock.now())
    with opened.database.unit_of_work(write=False) as session:
        for line in auditing.lines(session, selected):
            sys.stdout.write(line)
