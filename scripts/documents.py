"""Write what follows from code and data: settings, commands and licences; the courses' lists of what to verify; tables of figures.

python scripts/documents.py write    write them
python scripts/documents.py check    exit with 1 where one is not what the code says
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel.settings import Settings  # noqa: E402 - the checkout comes first
from lms.cli import lms  # noqa: E402 - after the path is set

OPERATIONS = ROOT / "docs" / "operations"
CONTENT = ROOT / "content"
UNNAMED = {"huey": "MIT"}
"""Libraries whose licence stands in their licence file only."""
NOTE = "<!-- Written by `make fix` from the code (scripts/documents.py). Change it there. -->\n"


def settings() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings\n",
        NOTE,
        "Every setting is an environment variable. A name that begins with `LMS_` and is not listed here stops the start, with the name",
        "that was probably meant. `lms settings` prints all of them with their present values; passwords are shown as stars.\n",
        "| Name | Meaning | Default |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        shown = f"`{default}`" if default else ""
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


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


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
                *(f"| `{_cell(names)}` | {_cell(meaning)} |" for names, meaning in options),
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def licence_of(name: str) -> str:
    """Return how an installed library names its licence."""
    try:
        about = metadata(name).json
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed: {sys.executable} scripts/prepare.py requirements-dev.txt")
    classified = " or ".join(line.split(" :: ")[-1] for line in about.get("classifier", []) if line.startswith("License"))
    return str(about.get("license_expression") or UNNAMED.get(name) or classified or about.get("license", ""))


def licences() -> str:
    """Return the page of licences."""
    lines = [
        "# Licences\n",
        NOTE,
        "Aulario itself is under the MIT licence (`LICENSE`). The course in `content/` names its own licence in `course.yaml`.\n",
        "The libraries below are installed beside it, unmodified, from `requirements.txt`. psycopg (LGPL) is needed for PostgreSQL only;",
        "obstore and redis, which `requirements-scaled.txt` adds, for a bucket and for Redis only.",
        "pathspec (MPL) and the rest of hatchling's family are needed to install from a checkout only.\n",
        "The fonts are Literata, Atkinson Hyperlegible Next and Atkinson Hyperlegible Mono, under the SIL Open Font License 1.1; its text",
        "lies beside them in `static/fonts/` and `certificates/fonts/`. SortableJS (MIT) lies in `static/vendor/` with its licence.\n",
        "| Library | Version | Licence |",
        "|---|---|---|",
    ]
    text = (ROOT / "requirements-scaled.txt").read_text("utf-8")
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ]+)", text, re.MULTILINE)
    return "\n".join([*lines, *(f"| {name} | {pinned} | {licence_of(name)} |" for name, pinned in pins)]) + "\n"


def _filled(path: Path, parts: Mapping[str, str]) -> str:
    """Return a page whose marked parts (`<!-- name -->` to `<!-- /name -->`) are written anew; the rest stays as its authors wrote it."""
    page = path.read_text("utf-8")
    for name, text in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, after = page.split(begin, 1)[0], page.split(end, 1)[1]
        page = f"{before}{begin}\n{text}\n{end}{after}"
    return page


def _read_yaml(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path))


def unverified_addresses(resources: Mapping[str, Any]) -> str:
    """Return the addresses of a course that no one has opened, by site, the site with most of them first."""
    sites: dict[str, list[str]] = {}
    for key, resource in resources.items():
        if resource.get("url") and not resource["verified"]:
            line = f"- `{key}`: [{resource['title']['es']}](<{resource['url']}>). {resource['supports']['es']}"
            sites.setdefault(urlsplit(resource["url"]).netloc.removeprefix("www."), []).append(line)
    lines = [f"Son {sum(map(len, sites.values()))} en {len(sites)} sitios."]
    for site, listed in sorted(sites.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += ["", f"### {site}", "", *listed]
    return "\n".join(lines)


def dated_figures(parameters: Mapping[str, Any]) -> str:
    """Return the figures of a course that are tied to a year."""
    lines = ["| Parámetro | Valor | Año |", "|---|--:|--:|"]
    for name, figure in parameters.items():
        unit = "" if figure.get("unit", "none") == "none" else f" {figure['unit']}"
        lines.append(f"| `{name}` | {str(figure['value']).replace('.', ',')}{unit} | {figure['year']} |")
    return "\n".join(lines)


def to_verify(course: str) -> str:
    """Return a course's page of what nobody has confirmed yet."""
    folder = CONTENT / course
    addresses = unverified_addresses(_read_yaml(folder / "recursos.yaml"))
    return _filled(folder / "verificar.md", {"direcciones": addresses, "cifras": dated_figures(_read_yaml(folder / "parametros.yaml"))})


PAGES = {OPERATIONS / "settings.md": settings, OPERATIONS / "commands.md": commands, ROOT / "docs" / "licences.md": licences}
PAGES |= {path: partial(to_verify, path.parent.name) for path in sorted(CONTENT.glob("*/verificar.md"))}


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
