"""Write the pages of docs/ that follow from the code: settings and commands.

python scripts/documents.py write    write them
python scripts/documents.py check    exit with 1 where one is not what the code says
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import SecretStr

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel.settings import Settings  # noqa: E402 - the checkout comes first
from lms.cli import lms  # noqa: E402

OPERATIONS = ROOT / "docs" / "operations"
NOTE = "<!-- Written by `make fix` from the code (scripts/documents.py). Change it there. -->\n"


def settings() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings\n",
        NOTE,
        "Every setting is an environment variable. A name that begins with `LMS_` and is not listed here stops the start, with the name",
        "that was probably meant. `lms settings` prints all of them with their present values; passwords are shown as `***`.\n",
        "| Name | Meaning | Default |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = "" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        lines.append(f"| `LMS_{name.upper()}` | {field.description} | {shown} |")
    return "\n".join(lines) + "\n"


def leaves(command: click.Command, path: tuple[str, ...], context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command with its whole name."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command, context
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name), click.Context(found, parent=context, info_name=name))


def commands() -> str:
    """Return the page of commands."""
    lines = ["# Commands\n", NOTE, "`make run` makes the program `.venv/bin/lms`; a wheel installs it as `lms`.\n"]
    for name, command, context in leaves(lms, ("lms",), click.Context(lms, info_name="lms")):
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        lines += [f"## `{name}`\n", f"{command.help}\n", f"    {usage}\n"]
        records = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
        options = [record for record in records if record[0].startswith("--") and "--help" not in record[0]]
        if options:
            lines += [
                "| Option | Meaning |",
                "|---|---|",
                *(f"| `{names}` | {meaning.replace('|', ' or ')} |" for names, meaning in options),
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


PAGES = {OPERATIONS / "settings.md": settings, OPERATIONS / "commands.md": commands}


def main() -> int:
    """Run the command."""
    if sys.argv[1:] == ["write"]:
        OPERATIONS.mkdir(parents=True, exist_ok=True)
        for path, page in PAGES.items():
            path.write_text(page(), "utf-8")
        return 0
    stale = [path for path, page in PAGES.items() if not path.exists() or path.read_text("utf-8") != page()]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is not what the code says: make fix")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
