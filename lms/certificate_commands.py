"""`lms certificates`: judge files without the web (spec/certificates V1)."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lms.console import CommandInstance

if TYPE_CHECKING:
    from lms.certificate_files import FileReport

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificates() -> None:
    """Verify certificates and badges as files."""


@certificates.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--list", "lists", multiple=True, type=FILE, help="A signed status list; of several of one number the newest counts.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of lines.")
@click.pass_obj
def verify(opened: CommandInstance, files: tuple[Path, ...], lists: tuple[Path, ...], as_json: bool) -> None:
    """Judge FILES (PDF, JSON, JWT, PNG, SVG) by the keys of this instance, and their state by status lists.

    Exits with 0 where all are genuine and in force; else with the first of these that is true of one: 1 altered, not issued here, or on a
    sheet without a seal; 64 unreadable; 2 revoked, replaced or expired; 3 state unknown.
    """
    from kernel import clock
    from lms.certificate_files import exit_code, judge_paths

    instance = opened.instance
    address = instance.present_settings.public_url
    if not address:
        raise click.UsageError("The address of the site is not known, which credentials name: set LMS_PUBLIC_URL.")
    reports = judge_paths(
        files, lists, instance.keys, instance.seal_keys, [address, *instance.present_settings.former_addresses], now=clock.now()
    )
    if as_json:
        click.echo(json.dumps([report.as_document() for report in reports], ensure_ascii=False, indent=1))
    else:
        for report in reports:
            click.echo(_line(report))
    sys.exit(exit_code(reports))


def _line(report: "FileReport") -> str:
    facts = f" — {report.person_name}, {report.title}, {report.code}" if report.person_name else ""
    reason = f" ({report.fault})" if report.fault else ""
    state = f", {report.state}" if report.state else ""
    return f"{report.file}: {report.verdict}{state}{reason}{facts}"
