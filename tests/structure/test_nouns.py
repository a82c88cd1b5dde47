"""docs/nouns.md names the nouns of each package in an order in which each imports only those before it, and says which."""

import re
from functools import cache

import pytest
from grimp import ImportGraph, build_graph

from tests.support.project import PACKAGES, ROOT

LAYERS = {"rules", "models", "space", "access", "views", "jobs", "cli", "feature"}
ROW = re.compile(r"^\| `(\w+)` \| .* \| ([^|]*) \|$", re.MULTILINE)
WITH_NOUNS = [package for package in PACKAGES if package not in ("kernel", "lms")]


@cache
def imports() -> ImportGraph:
    """Return who imports whom in the packages."""
    return build_graph(*PACKAGES, cache_dir=None)


def needs(package: str) -> dict[str, set[str]]:
    """Return the nouns of a package with the nouns of the same package that each imports."""
    graph = imports()
    nouns = {module.split(".")[1] for module in graph.find_children(package)} - LAYERS
    found = {}
    for noun in nouns:
        modules = {f"{package}.{noun}", *graph.find_descendants(f"{package}.{noun}")}
        imported = {each for module in modules for each in graph.find_modules_directly_imported_by(module)}
        found[noun] = {each.split(".")[1] for each in imported if each.startswith(f"{package}.")} & nouns - {noun}
    return found


def stated(package: str) -> dict[str, set[str]]:
    """Return the same as the page says it, in its order."""
    page = (ROOT / "docs" / "nouns.md").read_text("utf-8")
    section = page.partition(f"\n## {package}\n")[2].partition("\n## ")[0]
    return {noun: set(re.findall(r"`(\w+)`", needed)) for noun, needed in ROW.findall(section)}


@pytest.mark.parametrize("package", WITH_NOUNS)
def test_the_page_says_which_nouns_each_needs(package: str) -> None:
    assert stated(package) == needs(package)


@pytest.mark.parametrize("package", WITH_NOUNS)
def test_a_noun_needs_only_those_before_it(package: str) -> None:
    rows = list(stated(package).items())

    assert rows
    assert not [noun for position, (noun, needed) in enumerate(rows) if needed - {before for before, _needed in rows[:position]}]
