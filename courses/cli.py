"""Commands that look at course folders on the disk: `check`, `figures`, `format`, `stamp`.

They import what they need when they run, so that `--help` answers at once.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernel import clock
from kernel.errors import N_, DomainError
from kernel.i18n import site_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from fractions import Fraction

    from courses.content.kinds import ActivityKind, FolderPart
    from courses.content.model import Finding, FolderReadResult

Plugs = Callable[[], "tuple[Sequence[ActivityKind], Sequence[FolderPart]]"]
"""Returns the kinds of activity and the parts of a folder."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
SEVERITIES = {"error": N_("error"), "warning": N_("warning"), "info": N_("info")}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def group(plugs: Plugs) -> click.Group:
    """Return the commands `courses …` for these kinds of activity and parts of a folder."""
    courses = click.Group("courses", help="Check, import, publish and export courses.")

    @courses.command()
    @click.argument("folder", type=FOLDER)
    @click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How findings are written."
    )
    @click.option("--strict", is_flag=True, help="Warnings fail too.")
    @click.option(
        "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Check as on this day: figures due for review, dates. [default: today]"
    )
    def check(folder: Path, form: str, strict: bool, day: datetime | None) -> None:
        """Report every finding in FOLDER."""
        reading = _read_folder(folder, plugs, day.date() if day else site_day(clock.now()))
        for line in _report(reading, form):
            click.echo(line)
        bad = {"error", "warning"} if strict else {"error"}
        sys.exit(any(finding.severity.value in bad for finding in reading.findings))

    @courses.command("figures")
    @click.argument("folder", type=FOLDER)
    @click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Say what this value would change; may be repeated.")
    def list_figures(folder: Path, given: tuple[str, ...]) -> None:
        """List the figures of FOLDER, or what other values would change; write nothing."""
        for line in _figures(folder, plugs, given):
            click.echo(line)

    @courses.command("format")
    @click.argument("folder", type=FOLDER)
    def write_canonical(folder: Path) -> None:
        """Write the YAML of FOLDER in canonical form; list the files that changed."""
        for path, content in _canonical(folder, plugs).items():
            (folder / path).write_bytes(content)
            click.echo(path)

    @courses.command()
    @click.argument("file", type=FILE)
    def stamp(file: Path) -> None:
        """Write into the translated lesson FILE that it is up to date with its source."""
        from courses.content.translations import write_stamp
        from kernel.i18n import _

        try:
            click.echo(write_stamp(file))
        except DomainError as refused:
            raise click.ClickException(_(refused.text)) from refused

    return courses


def read(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder; raise ClickException where they may not be read."""
    from courses.content.reader import FolderRefusedError, read_directory
    from kernel.i18n import _

    try:
        return dict(read_directory(folder))
    except FolderRefusedError as refused:
        raise click.ClickException(f"{folder}: {_(refused.text)}") from refused


def _read_folder(folder: Path, plugs: Plugs, today: date) -> "FolderReadResult":
    from courses.content.reader import read_folder

    return read_folder(read(folder), *plugs(), today=today)


def _report(reading: "FolderReadResult", form: str) -> "Iterator[str]":
    if form == "json":
        yield as_json(reading.findings)
        return
    if reading.findings:
        yield as_lines(reading.findings)
    if reading.course is not None:
        from courses.content.translations import share_lines

        yield from share_lines(reading.course)


def _figures(folder: Path, plugs: Plugs, given: Sequence[str]) -> "Iterator[str]":
    from courses.content.lists import changed_parameters, list_uses
    from courses.content.reader import read_folder

    files = read(folder)
    course = read_folder(files, *plugs(), today=site_day(clock.now())).course
    if course is None:
        raise click.ClickException(f"{folder}: correct the folder first (lms courses check {folder})")
    if not given:
        yield from (
            f"{parameter.name} = {parameter.written} {parameter.unit}, {parameter.year}"
            + (f" = {parameter.formula}" if parameter.formula else "")
            for parameter in course.parameters
        )
        return
    values = dict(_given_figure(text, {parameter.name for parameter in course.parameters}) for text in given)
    changes = changed_parameters(course.parameters, values)
    yield from (f"{name}: {before} -> {after or 'cannot be calculated'}" for name, (before, after) in changes.items())
    yield from (f"{path}:{line}: {text}" for path, line, text in list_uses(files, changes))


def _given_figure(text: str, names: "Collection[str]") -> "tuple[str, tuple[Fraction, str]]":
    from courses.content import scalars

    name, _sign, digits = text.partition("=")
    if name not in names:
        raise click.BadParameter(f"{name} is no figure of the course", param_hint="--set")
    try:
        return name, (scalars.number(digits), digits)
    except scalars.RefusedError as refused:
        raise click.BadParameter(f"{digits} is no number", param_hint="--set") from refused


def _canonical(folder: Path, plugs: Plugs) -> dict[str, bytes]:
    from courses.content.reader import format_folder

    return dict(format_folder(read(folder), *plugs(), today=site_day(clock.now())))


def as_lines(findings: "Iterable[Finding]") -> str:
    """Write findings one a line: place, code, severity, what, and what to do."""
    return "\n".join(_line(finding) for finding in findings)


def _line(finding: "Finding") -> str:
    from kernel.i18n import _

    position = f"{finding.file}:{finding.line}" if finding.line else finding.file
    text = " ".join(part for part in (finding.message, finding.fix) if part)
    return f"{position}: {finding.code} {_(SEVERITIES[finding.severity.value])}: {text}"


def as_json(findings: "Iterable[Finding]") -> str:
    """Write findings as a JSON list of objects."""
    rows = [
        {
            "file": finding.file,
            "line": finding.line,
            "column": finding.column,
            "field": finding.field,
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "fix": finding.fix,
        }
        for finding in findings
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    raise SystemExit("Run: lms courses check FOLDER")
