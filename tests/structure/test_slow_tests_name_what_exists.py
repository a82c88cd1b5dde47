"""Tests that seldom run, of faults, sizes, browsers and the bench, name only what the product has: a change shows it on its day."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from tests.support.project import PACKAGES, ROOT

SELDOM = [
    path.relative_to(ROOT)
    for folder in ("faults", "scale", "browser", "bench", "simulations")
    for path in (ROOT / "tests" / folder).rglob("*.py")
]


def missing_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports from the product, or takes from a module of it, that is not there."""
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            source = import_module(node.module)
            for alias in node.names:
                if hasattr(source, alias.name):
                    value = getattr(source, alias.name)
                elif hasattr(source, "__path__") and find_spec(f"{node.module}.{alias.name}"):
                    value = import_module(f"{node.module}.{alias.name}")
                else:
                    yield f"{node.module}.{alias.name}"
                    continue
                if isinstance(value, ModuleType):
                    modules[alias.asname or alias.name] = value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and not hasattr(module, node.attr):
                yield f"{node.value.id}.{node.attr}"


def test_what_tests_that_seldom_run_name_is_there() -> None:
    missing = {str(path): sorted(set(missing_names(ast.parse((ROOT / path).read_text("utf-8"))))) for path in SELDOM}

    assert {path: names for path, names in missing.items() if names} == {}


def test_a_name_that_is_gone_is_missing() -> None:
    code = "from discussions import whats_new\nfrom kernel.clock import noon\nwhats_new._replies_of(1)\nwhats_new.MOST\n"

    assert sorted(missing_names(ast.parse(code))) == ["kernel.clock.noon", "whats_new._replies_of"]
