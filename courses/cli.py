"""Commands that look at course folders on the disk: `check`, `format`, `stamp`."""

import json
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

import click

from courses.content.model import Finding, Severity
from courses.content.pages import KIND as PAGE
from courses.content.reader import format_folder, read_directory, read_folder
from courses.content.stamps import write_stamp
from courses.kinds import ActivityKind, FolderPart
from kernel import clock
from kernel.errors import N_, DomainError
from kernel.i18n import _

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SEVERITIES = {Severity.ERROR: N_("error"), Severity.WARNING: N_("warning"), Severity.INFORMATION: N_("info")}


def group(kinds: Sequence[ActivityKind], parts: Sequence[FolderPart]) -> click.Group:
    """Return the commands `courses …` for these kinds of activity and parts of a folder."""
    courses = click.Group("courses", help=_("Course folders: check them, bring them into canonical form, stamp translations."))

    @courses.command()
    @click.argument("folder", type=FOLDER)
    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help=_("How findings are written."))
    @click.option("--strict", is_flag=True, help=_("Warnings fail too."))
    def check(folder: Path, form: str, strict: bool) -> None:
        """Tell everything that is wrong or notable in FOLDER."""
        try:
            findings = read_folder(read_directory(folder), kinds, parts, today=clock.now().date()).findings
        except DomainError as refused:
            raise click.ClickException(_(refused.text)) from refused
        click.echo(as_json(findings) if form == "json" else as_lines(findings))
        bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        sys.exit(any(finding.severity in bad for finding in findings))

    @courses.command("format")
    @click.argument("folder", type=FOLDER)
    def write_canonical(folder: Path) -> None:
        """Write the YAML of FOLDER in canonical form."""
        for path, content in format_folder(read_directory(folder), kinds, parts, today=clock.now().date()).items():
            (folder / path).write_bytes(content)
            click.echo(path)

    @courses.command()
    @click.argument("file", type=FILE)
    def stamp(file: Path) -> None:
        """Write into the translated lesson FILE that it is up to date with its source."""
        try:
            click.echo(write_stamp(file))
        except DomainError as refused:
            raise click.ClickException(_(refused.text)) from refused

    return courses


def as_lines(findings: Iterable[Finding]) -> str:
    """Write findings one a line: place, code, severity, what, and what to do."""
    return "\n".join(_line(finding) for finding in findings)


def _line(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    words = " ".join(part for part in (finding.message, finding.fix) if part)
    return f"{place}: {finding.code} {_(SEVERITIES[finding.severity])}: {words}"


def as_json(findings: Iterable[Finding]) -> str:
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


def main() -> None:
    """Run the commands with all kinds of this house (`python -m courses.cli`)."""
    quizzes, webinars = import_module("quizzes.content.kinds"), import_module("webinars.content")
    group([PAGE, quizzes.KIND, webinars.KIND], [quizzes.BANKS])()


if __name__ == "__main__":
    main()
