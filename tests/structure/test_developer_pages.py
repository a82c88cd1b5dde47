"""The developer guide is short, and whatever it names in code exists: files, modules, functions, jobs, tables, commands, settings."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask

from kernel.db import Base
from kernel.settings import Settings
from lms.app import FEATURES
from tests.support.project import PACKAGES, ROOT, tracked

GUIDE = ROOT / "docs" / "developer"
PAGES = sorted(GUIDE.glob("*.md"))
MAXIMUM_LINES = 200
EXPECTED = {
    *(
        "index",
        "01-first-hour",
        "02-six-stories",
        "10-activity-kind",
        "11-question-kind",
        "12-page",
        "13-migration",
        "14-job",
        "15-setting",
    ),
    *("20-testing", "21-style", "30-releasing"),
}
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
ROOTS = (*PACKAGES, "tests", "scripts")
NAME = re.compile(rf"(?:{'|'.join(ROOTS)})(?:\.\w+)+")
PATH = re.compile(r"(?!/|instance/|build/|dist/)[\w.*-]+(?:/[\w.*-]+)+/?|[\w-]+\.py")
LINKED_NAME = re.compile(r"\[`([\w.]+)`\]\(\.\./\.\./([^)#]+\.py)\)")


def named(text: str) -> Iterator[str]:
    """Yield what stands in backticks outside blocks of code."""
    yield from CODE.findall(BLOCK.sub("", text))


def exists(name: str) -> bool:
    """Return whether a dotted name leads to a module or to something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.with_suffix(".py").exists() or path.is_dir():
            found: object = import_module(".".join(parts[:length]))
            for part in parts[length:]:
                if not hasattr(found, part):
                    return False
                found = getattr(found, part)
            return True
    return False


def unknown(text: str) -> list[str]:
    """Return what a page names and nobody has: files, modules with what is in them, kinds of jobs, settings."""
    settings = {f"LMS_{name.upper()}" for name in Settings.model_fields}
    files = {path.name for path in tracked()}
    jobs = {kind for feature in FEATURES for kind in feature.jobs}
    found = []
    for name in named(text):
        if NAME.fullmatch(name) and not name.endswith(".py"):
            found += [] if name in jobs or exists(name) else [name]
        elif PATH.fullmatch(name):
            found += [] if list(ROOT.glob(name)) or name in files else [name]
        elif re.fullmatch(r"LMS_[A-Z0-9_]+", name):
            found += [] if name in settings else [name]
    return found


def unknown_targets(text: str) -> set[str]:
    """Return the commands of `make` that a page names and the Makefile lacks."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) - set(targets)


def routes(text: str) -> set[str]:
    """Return the addresses that a page names with their methods, their parameters left blank."""
    found = re.findall(r"`(GET|POST) (/[^`]*)`", text)
    return {f"{method} {re.sub('<[^>]*>', '<>', address)}" for method, address in found}


def rows_named(text: str) -> set[str]:
    """Return the names in the last column of tables whose last heading is Rows."""
    tables = re.findall(r"^\|[^\n]*\| Rows \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return {name for table in tables for line in table.splitlines() for name in CODE.findall(line.rstrip("| ").rsplit("|", 1)[1])}


def mislinked(text: str) -> list[str]:
    """Return the dotted names whose link leads to another file than their module's."""
    links = LINKED_NAME.findall(text)
    return [name for name, path in links if not f"{name}.".startswith(path.removesuffix(".py").replace("/", ".") + ".")]


def test_the_guide_has_its_pages() -> None:
    assert {path.stem for path in PAGES} >= EXPECTED


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_of_the_guide_is_short_and_stands_in_the_index(path: Path) -> None:
    assert path.stem == "backlog" or len(path.read_text("utf-8").splitlines()) <= MAXIMUM_LINES
    assert path.stem == "index" or f"({path.name})" in (GUIDE / "index.md").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_whatever_a_page_of_the_guide_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")

    assert not unknown(text)
    assert not unknown_targets(text)
    assert not mislinked(text)
    assert rows_named(text) <= set(Base.metadata.tables)


def test_every_address_that_the_guide_names_is_a_route(app: Flask) -> None:
    known = {f"{method} {re.sub('<[^>]*>', '<>', str(rule))}" for rule in app.url_map.iter_rules() for method in rule.methods or ()}

    assert set().union(*(routes(path.read_text("utf-8")) for path in PAGES)) <= known
    assert routes("`POST /a/<uuid>/b`") == {"POST /a/<>/b"}


def test_the_rules_above_see_what_does_not_exist() -> None:
    text = (
        "`kernel.audit.record` `kernel.audit.no_such` `kernel.nowhere.x` `kernel/audit.py`\n"
        "`kernel/nothing.py` `tests/kernel/` `LMS_NOTHING`\n"
        "`make check`, `make tea`\n[`kernel.audit.record`](../../kernel/outbox.py)\n"
        "| What | Rows |\n|---|---|\n| `x` | `job`, `no_table` |\n"
    )

    assert unknown(text) == ["kernel.audit.no_such", "kernel.nowhere.x", "kernel/nothing.py", "LMS_NOTHING"]
    assert unknown_targets(text) == {"tea"}
    assert mislinked(text) == ["kernel.audit.record"]
    assert rows_named(text) == {"job", "no_table"}


def test_the_page_for_contributors_leads_to_the_guide() -> None:
    assert "(docs/developer/index.md)" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_of_a_package_names_modules_that_exist(package: str) -> None:
    page = (ROOT / package / "README.md").read_text("utf-8")
    files = {path.name for path in tracked()}

    missing = [name for name in re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", page) if name not in files]

    assert not missing
