"""`lms selection`: verify actas of selections as files, without a site (spec/selection 4.13)."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from lms.console import NOT_JUDGED, JudgingCommand

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def selection() -> None:
    """Verify actas of selections as files."""


@selection.command(cls=JudgingCommand)
@click.argument("file", type=FILE)
@click.option(
    "--key", "keys", multiple=True, required=True, type=FILE, help="A public key of the institution, as PEM; several may be given."
)
@click.option("--signature", type=FILE, help="The signature of FILE; by default the file of the same name with .sig at its end.")
@click.option("--previous", type=FILE, help="The document that FILE follows, to be compared with what FILE says of it.")
@click.option("--line", type=FILE, help="A text file with a person's line as its owner keeps it; needs --salt.")
@click.option("--salt", default="", help="The salt of the line, 32 hexadecimal digits.")
def verify(file: Path, keys: tuple[Path, ...], signature: Path | None, previous: Path | None, line: Path | None, salt: str) -> None:
    """Judge the signed document of an acta (JSON) by a public key. Neither a site nor an instance is needed.

    Exits with 0 where all that was asked holds, 1 where something does not, 64 where a file cannot be read.
    """
    from lms.selection_files import SelectionFileUnreadable, judge_acta

    try:
        judged = judge_acta(
            file.read_bytes(),
            (signature or file.with_name(f"{file.name}.sig")).read_bytes(),
            "".join(path.read_text("utf-8") for path in keys),
            previous=None if previous is None else previous.read_bytes(),
            line=None if line is None else line.read_text("utf-8"),
            salt=salt,
        )
    except (SelectionFileUnreadable, OSError, UnicodeDecodeError) as error:
        click.echo(f"{file}: cannot be read: {error}", err=True)
        sys.exit(NOT_JUDGED)
    for name, holds in judged.checks:
        click.echo(f"{'yes' if holds else 'NO ':<4}{name}")
    click.echo(_facts(judged.document))
    sys.exit(0 if judged.holds else 1)


def _facts(document: dict[str, Any]) -> str:
    shown = {name: document.get(name) for name in ("acta", "kind", "number", "frozen_at", "whom", "people", "previous", "reason")}
    return json.dumps({name: value for name, value in shown.items() if value}, ensure_ascii=False, indent=1)
