"""The import contracts of pyproject.toml hold, and each of them sees the import that breaks it."""

from copy import deepcopy
from functools import cache

import pytest
from grimp import ImportGraph, build_graph
from importlinter import Contract, ContractCheck, api
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from scripts import translations
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


@cache
def imports() -> ImportGraph:
    """Return who imports whom in the packages, as they stand."""
    return build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


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
    """What is a package is shipped in the wheel, and known to the contracts, to mypy and to the collector of messages."""
    tools = PYPROJECT["tool"]
    found = {path.parent.name for path in tracked() if path.name == "__init__.py" and path.parent.parent == ROOT}

    assert found - {"tests", "scripts"} == set(PACKAGES)
    assert tools["importlinter"]["root_packages"] == list(PACKAGES)
    assert tools["mypy"]["files"] == [*PACKAGES, "scripts"]
    assert translations.PACKAGES == PACKAGES
