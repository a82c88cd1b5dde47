"""The import contracts of pyproject.toml hold, and each of them sees the import that breaks it."""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest
from grimp import ImportGraph, build_graph
from importlinter import Contract, ContractCheck, api
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from scripts import packages
from scripts.import_contracts import PackageLayersContract
from tests.support.project import PACKAGES, PYPROJECT, ROOT, tracked

KINDS: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
    "package_layers": PackageLayersContract,
    "protected": ProtectedContract,
}
CONFIGURATION = api.read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {options["name"]: options for options in CONFIGURATION["contracts_options"]}
LAYERS = "Layers: entry points stand on nouns, nouns on who may and on tables, these on rules"
BREAKS = {
    "Floors: a package imports only from the floors below it": ("courses.versions", "enrolments.models"),
    LAYERS: ("enrolments.models", "enrolments.editions"),
    "Rules are pure: no web, no database": ("questions.rules.numbers", "sqlalchemy"),
    "The domain does not know the web": ("accounts.accounts", "flask"),
    "No circle: modules beside each other do not import each other in turn": ("kernel.markup.render_state", "kernel.markup.render"),
    "Entry points are private to their package": ("quizzes.answering", "enrolments.views"),
    "Other servers and their tokens: one door each": ("accounts.signin", "joserfc"),
}


BY_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)*(?=$|:)")
"""The name of a module, which the name of something in it may follow."""


def imported_by_name(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    """Yield who imports which module by its name: what stands as text in the modules that call the door for it."""
    for importer in graph.find_modules_that_directly_import("kernel.by_name"):
        path = (ROOT / importer.replace(".", "/")).with_suffix(".py")
        package, texts = importer.partition(".")[0], ast.walk(ast.parse(path.read_text("utf-8")))
        names = {found[0] for node in texts if isinstance(node, ast.Constant) and (found := BY_NAME.match(str(node.value)))}
        yield from ((importer, name) for name in names | {f"{package}.{name}" for name in names} if name in graph.modules and "." in name)


@cache
def imports() -> ImportGraph:
    """Return who imports whom in the packages, as they stand, by a statement or by name."""
    graph = build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    for importer, imported in list(imported_by_name(graph)):
        graph.add_import(importer=importer, imported=imported)
    return graph


def test_imports_by_name_are_seen() -> None:
    seen = set(imported_by_name(imports()))

    assert {("lms.cli", "federation.cli"), ("lms.cli", "lms.backup_commands"), ("standards.importing", "standards.gift.read")} <= seen


def check(name: str, graph: ImportGraph) -> ContractCheck:
    """Return what a contract says of imports, of which it may change its own copy."""
    contract = KINDS[CONTRACTS[name]["type"]](name, CONFIGURATION["session_options"], CONTRACTS[name])
    return contract.check(deepcopy(graph), verbose=False)


def test_the_contracts_hold() -> None:
    assert not [name for name in CONTRACTS if not check(name, imports()).kept]


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract_sees_the_import_that_breaks_it(name: str) -> None:
    importer, imported = BREAKS[name]
    graph = deepcopy(imports())
    graph.add_import(importer=importer, imported=imported)

    assert {importer, imported} <= imports().modules
    assert not check(name, graph).kept


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("quizzes.attempts", "quizzes.views.attempts"), ("quizzes.access", "quizzes.attempts"), ("quizzes.attempts", "quizzes.jobs")],
)
def test_a_noun_stands_between_access_and_entry_points_whatever_it_is_called(importer: str, imported: str) -> None:
    graph = deepcopy(imports())
    graph.add_import(importer=importer, imported=imported)

    assert not check(LAYERS, graph).kept


def test_every_package_stands_on_a_floor() -> None:
    """What is a package is shipped in the wheel, and known to the contracts and to mypy: their lists follow from the floors."""
    tools = PYPROJECT["tool"]
    found = {path.parent.name for path in tracked() if path.name == "__init__.py" and path.parent.parent == ROOT}

    assert found - {"tests", "scripts"} == set(PACKAGES)
    assert tools["importlinter"]["root_packages"] == list(PACKAGES)
    assert tools["mypy"]["files"] == [*PACKAGES, "scripts"]
    assert tools["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)


def test_the_lists_of_packages_follow_from_the_floors() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    with_another = packages.derive(text.replace('"analysis"', '"analysis | events"', 1))

    assert packages.derive(text) == text
    assert (with_another.count('"events"'), with_another.count('"analysis | events"')) == (8, 2)
    assert packages.derive(text.replace('files = ["kernel", ', "files = [")) == text
