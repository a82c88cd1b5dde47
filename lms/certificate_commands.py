"""`lms certificates`: judge files without the web, and write the page that does (spec/certificates V1, V8)."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lms.console import CommandInstance, JudgingCommand

if TYPE_CHECKING:
    from lms.certificate_files import FileReport

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificates() -> None:
    """Verify certificates, badges and transcripts as files."""


@certificates.command(cls=JudgingCommand)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--list", "lists", multiple=True, type=FILE, help="A signed status list; of several of one number the newest counts.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of lines.")
@click.pass_obj
def verify(opened: CommandInstance, files: tuple[Path, ...], lists: tuple[Path, ...], as_json: bool) -> None:
    """Judge FILES (PDF, JSON, JWT, PNG, SVG) by the keys of this instance, and their state by status lists.

    Exits with 0 where all are genuine and in force; else with the first of these that is true of one: 1 altered, not issued here, or on a
    sheet without a seal; 64 unreadable; 2 revoked, replaced or expired; 3 state unknown. 64 too where nothing could be judged.
    """
    from kernel import clock
    from kernel.i18n import reading, site_locale
    from lms.certificate_files import exit_code, judge_paths

    instance, address = opened.instance, _address(opened)
    addresses = [address, *instance.present_settings.former_addresses]
    with reading(site_locale().languages[0]):
        reports = judge_paths(files, lists, instance.keys, instance.seal_keys, addresses, now=clock.now())
    if as_json:
        click.echo(json.dumps([report.as_document() for report in reports], ensure_ascii=False, indent=1))
    else:
        for report in reports:
            click.echo(_line(report))
    sys.exit(exit_code(reports))


@certificates.command("offline-page")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write; one that is there is replaced."
)
@click.pass_obj
def offline_page(opened: CommandInstance, out: Path) -> None:
    """Write the page that verifies certificates without a network, with the keys and status lists of now.

    Its bytes are those of /verify/offline.html at the same time; their SHA-256 and signature are printed, as on the page /verify.
    """
    from certificates.offline import page_of_today
    from kernel import clock

    instance, address = opened.instance, _address(opened)
    with instance.database.unit_of_work(write=False) as session:
        page = page_of_today(session, instance.present_settings, address, instance.keys, instance.seal_keys, now=clock.now())
    out.write_bytes(page.content)
    click.echo(f"{out}: {len(page.content)} bytes\nSHA-256: {page.sha256}\nSignature (Ed25519): {instance.keys.sign(page.content)}")


def _address(opened: CommandInstance) -> str:
    """Return the address of the site; raise UsageError where it is not known."""
    address = opened.instance.present_settings.public_url
    if not address:
        raise click.UsageError("The address of the site is not known, which credentials name: set LMS_PUBLIC_URL.")
    return address


def _line(report: "FileReport") -> str:
    facts = f" — {report.person_name}, {report.title}, {report.code}" if report.person_name else ""
    reason = f" ({report.fault})" if report.fault else ""
    records = "".join(f"\n  {record['code']} {record['then']}, now {record['now']}: {record['title']}" for record in report.records)
    return f"{report.file}: {report.words}{reason}{facts}{records}"
