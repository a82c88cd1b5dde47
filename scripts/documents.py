"""Write what follows from code and data: settings, commands and licences; the courses' lists of what to verify; tables of figures.

python scripts/documents.py write    write them
python scripts/documents.py check    exit with 1 where one is not what the code says
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from courses.content.model import ParameterSource, ResourceSource  # noqa: E402 - the checkout comes first
from courses.content.reader import read_directory, read_unchecked  # noqa: E402 - after the path is set
from kernel import clock  # noqa: E402 - after the path is set
from kernel.settings import Settings  # noqa: E402 - after the path is set
from lms.app import KINDS  # noqa: E402 - after the path is set
from lms.cli import lms  # noqa: E402 - after the path is set
from tests.loadtest.measures import FIGURES as PLANNED  # noqa: E402 - after the path is set
from tests.loadtest.reconciliation import COUNTED, FAULTS  # noqa: E402 - after the path is set

OPERATIONS = ROOT / "docs" / "operations"
QUALITY = ROOT / "docs" / "developer" / "22-quality.md"
SIMULATIONS = ROOT / "docs" / "developer" / "23-simulations.md"
BROKEN_ON_PURPOSE = ROOT / "docs" / "developer" / "24-faults.md"
FIGURES = ROOT / "docs" / "figures"
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
        "The libraries below are installed beside it, unmodified, from `requirements.txt`. psycopg (LGPL) is needed for PostgreSQL only,",
        "svglib (LGPL) for figures on printed sheets;",
        "obstore and redis, which `requirements-scaled.txt` adds, for a bucket and for Redis only. What builds the project",
        "where it is installed (`requirements-build.txt`: hatchling, MIT, and its family, of which pathspec is MPL) is taken away again.\n",
        "The fonts are Literata, Atkinson Hyperlegible Next and Atkinson Hyperlegible Mono, under the SIL Open Font License 1.1, and",
        "signs of DejaVu Sans, under the licence of Bitstream Vera with changes in the public domain; their texts",
        "lie beside them in `static/fonts/` and `kernel/pdf/fonts/`. SortableJS (MIT) lies in `static/vendor/` with its licence.\n",
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


def unverified_addresses(resources: Iterable[ResourceSource]) -> str:
    """Return the addresses that a course cites and no one has opened, by site, the most first; what has no address yet stands last."""
    sites: dict[str, list[str]] = {}
    nowhere: list[str] = []
    for resource in resources:
        if not resource.verified and not resource.url:
            nowhere.append(f"- `{resource.key}`: [{resource.title['es']}], {resource.host['es']}. {resource.supports['es']}")
        elif resource.url and not resource.verified:
            line = f"- `{resource.key}`: [{resource.title['es']}](<{resource.url}>). {resource.supports['es']}"
            sites.setdefault(urlsplit(resource.url).netloc.removeprefix("www."), []).append(line)
    lines = [f"Son {sum(map(len, sites.values()))} en {len(sites)} sitios."]
    for site, listed in sorted(sites.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += ["", f"### {site}", "", *listed]
    lines += ["", "### Sin dirección todavía", "", *nowhere] if nowhere else []
    return "\n".join(lines)


def dated_figures(parameters: Iterable[ParameterSource]) -> str:
    """Return the figures of a course that are tied to a year."""
    lines = ["| Parámetro | Valor | Año |", "|---|--:|--:|"]
    for figure in parameters:
        unit = "" if figure.unit == "none" else f" {figure.unit}"
        lines.append(f"| `{figure.name}` | {figure.written.replace('.', ',')}{unit} | {figure.year} |")
    return "\n".join(lines)


def to_verify(course: str) -> str:
    """Return a course's page of what no one has confirmed yet."""
    files = {path: content for path, content in read_directory(CONTENT / course).items() if "/" not in path}
    folder, _places = read_unchecked(files, KINDS.kinds, KINDS.parts, today=clock.now().date())
    lists = {"direcciones": unverified_addresses(folder.resources), "cifras": dated_figures(folder.parameters)}
    return _filled(CONTENT / course / "verificar.md", lists)


def _figures(name: str) -> dict[str, dict[str, Any]]:
    """Return the newest figures that a command recorded (scripts/figures.py), by part."""
    return dict(json.loads((FIGURES / f"{name}.json").read_text("utf-8")))


def _table(*rows: Sequence[str]) -> str:
    """Return a table of Markdown; the first row is its head."""
    head, *rest = ("| " + " | ".join(map(_cell, row)) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest])


def _measured(row: Mapping[str, Any] | None) -> str:
    """Return a figure with what it was made of; a bar that is not met stands out."""
    if row is None:
        return ""
    value = "not measured" if row["value"] is None else f"{row['value']:,.2f}".removesuffix(".00")
    return value + (" **not met**" if row["verdict"] == "NOT MET" else "") + (f" ({row['numbers']})" if row["numbers"] else "")


CERTIFICATES = re.compile(r"C\d+|D5|V4")
"""Numbers of figures that stand on the page of certificates."""


def bars(figures: Mapping[str, Mapping[str, Any]], *, of_certificates: bool = False) -> str:
    """Return the figures of `make bench` beside their bars: one line for each figure, a column for each database."""
    names = {"sqlite": "SQLite", "postgres": "PostgreSQL", "without a database": "No database"}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in names:
        for row in figures.get(part, {"rows": []})["rows"]:
            if bool(CERTIFICATES.fullmatch(row["number"])) is of_certificates:
                found.setdefault((row["number"], row["what"]), {})[part] = row
    heads = [f"{name}, {figures[part]['accounts']:,} people" if part in figures else name for part, name in names.items()]
    lines = [["#", "What", "Bar (goal)", *heads]]
    for number, what in sorted(found, key=lambda key: (len(key[0]), key[0])):
        cells = found[number, what]
        one = next(iter(cells.values()))
        lines.append([number, what, f"{one['bar']:g} ({one['goal']:g})", *(_measured(cells.get(part)) for part in names)])
    return _table(*lines)


def deadline_day(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures that `make loadtest` held on each database."""
    days = {name: figures[part]["day"] for part, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")) if part in figures}

    def line(what: str, show: Callable[[Mapping[str, Any]], str]) -> list[str]:
        return [what, *(show(day) for day in days.values())]

    def waits(step: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda day: " / ".join(f"{day['steps'][step][part] * 1000:.0f}" for part in ("p50", "p95", "p99"))

    def rate(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda day: f"{day['rates'][name]:.1f}"

    def count(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda day: f"{day['found'][name]:,}" if name in day["found"] else "–"

    return _table(
        ["", *days],
        line("people", lambda day: f"{day['plan']['learners']:,}"),
        line("new learners a second", lambda day: f"{day['rate']:.1f}"),
        line("lesson, p50 / p95 / p99, ms", waits("lesson")),
        line("save, p50 / p95 / p99, ms", waits("save")),
        *(line(f"{words}, of {figure:.0f} planned", rate(name)) for name, words, figure in PLANNED),
        *(line(name, count(name)) for name in (*COUNTED, *FAULTS)),
        line("errors", lambda day: str(sum(day["errors"].values()))),
        line("asked to wait", lambda day: str(day["asked_to_wait"])),
    )


def figures_as_list(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the lines that tests recorded, by database; those of one test stand in one cell."""
    lines = [["Test", "Database", "Result"]]
    for part, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        for test, results in sorted(figures.get(part, {}).items()):
            path, _, function = test.partition("::test_")
            lines.append([f"{function.replace('_', ' ')} (`{path}`)", name, "<br>".join(results)])
    return _table(*lines)


def mutants(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how many mutants of each module no test noticed."""
    counts = figures["rules"]
    every = {key: sum(one[key] for one in counts.values()) for key in ("mutants", "standing")}
    return _table(
        ["Module", "Mutants", "Not noticed", "Noticed"],
        *(
            [name, f"{one['mutants']:,}", str(one["standing"]), f"{1 - one['standing'] / one['mutants']:.1%}"]
            for name, one in [*((f"`{name}`", counts[name]) for name in sorted(counts)), ("all", every)]
        ),
    )


def performance() -> str:
    """Return the page of performance with the newest figures."""
    tables = {
        "bench": bars(_figures("performance")),
        "scale": figures_as_list(_figures("scale")),
        "loadtest": deadline_day(_figures("loadtest")),
    }
    return _filled(OPERATIONS / "performance.md", tables)


def performance_of_certificates() -> str:
    """Return the page of performance of certificates with the newest figures."""
    return _filled(OPERATIONS / "performance-certificates.md", {"bench": bars(_figures("performance"), of_certificates=True)})


def quality() -> str:
    """Return the page of quality with the newest figures."""
    return _filled(QUALITY, {"mutation": mutants(_figures("mutation"))})


def broken_on_purpose() -> str:
    """Return the page of faults with the newest figures."""
    return _filled(BROKEN_ON_PURPOSE, {"faults": figures_as_list(_figures("faults"))})


def simulated(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the stated and the simulated value of each figure; one that lies further apart than chance allows stands out."""

    def words(row: Mapping[str, Any]) -> list[str]:
        stated, found, tolerance = (f"{row[name]:.4f}" for name in ("stated", "found", "tolerance"))
        verdict = "**out**" if row["verdict"] == "OUT" else row["verdict"]
        return [row["rule"], row["what"], f"≤ {stated}" if row["is_most"] else stated, found, tolerance, verdict]

    rows = [row for part in figures.values() for row in part["rows"]]
    return _table(["Rule", "Figure", "Stated", "Found", "Tolerance", "Verdict"], *map(words, rows))


def simulations() -> str:
    """Return the page of simulations with the newest figures."""
    return _filled(SIMULATIONS, {"simulations": simulated(_figures("simulations"))})


PAGES = {OPERATIONS / "settings.md": settings, OPERATIONS / "commands.md": commands, ROOT / "docs" / "licences.md": licences}
PAGES |= {OPERATIONS / "performance.md": performance, QUALITY: quality, SIMULATIONS: simulations, BROKEN_ON_PURPOSE: broken_on_purpose}
PAGES |= {OPERATIONS / "performance-certificates.md": performance_of_certificates}
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
