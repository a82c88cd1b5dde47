"""Docstrings name only exceptions that exist: what stands behind “raise” is a class of the product, of a library or of Python."""

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.project import modules, text

SENTENCE = re.compile(r"\b[Rr]aises?\b([^.]*(?:\.\w[^.]*)*)")
NAME = re.compile(r"\b(?:[A-Z][a-z0-9]+){2,}\b")


def raised_in(words: str) -> set[str]:
    """Return what looks like a class behind “raise”, up to the end of its sentence."""
    return {name for rest in SENTENCE.findall(words) for name in NAME.findall(rest)}


def docstrings_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a module, each with the line where what it is of begins."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (words := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), words


@cache
def reached_in(path: str) -> frozenset[str]:
    """Return what a module imports or reaches through an imported module."""
    nodes = list(ast.walk(ast.parse(text(path))))
    imported = (alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names)
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)).union(imported)


@cache
def class_names() -> frozenset[str]:
    """Return the names of the product's classes."""
    return frozenset(name for path in modules("scripts") for name in re.findall(r"^ *class (\w+)", text(path), re.MULTILINE))


@cache
def is_known(name: str) -> bool:
    """Return whether a docstring may give a name; only modules that hold it are parsed."""
    holding = (path for path in modules("scripts") if name in text(path))
    return name in dir(builtins) or name in class_names() or any(name in reached_in(path) for path in holding)


def unknown(source: str) -> list[str]:
    """Return the exceptions that docstrings of a module name and nobody has, each with its line."""
    if all(map(is_known, raised_in(source))):  # the whole module's words hold those of its docstrings
        return []
    return [f"{line} {name}" for line, words in docstrings_of(source) for name in sorted(raised_in(words)) if not is_known(name)]


def test_every_exception_that_a_docstring_names_exists() -> None:
    assert not [f"{path}:{fault}" for path in modules("scripts") for fault in unknown(text(path))]


@pytest.mark.parametrize(
    "words",
    [
        "Raise NoSuchFault.",
        "Start it; raise NotFound, NoSuchFault or\n    ValueError.",
        "Read it. It raises click.ClickException, or NoSuchFault where it cannot.",
    ],
)
def test_an_exception_that_nobody_has_is_seen(words: str) -> None:
    assert unknown(f'def f():\n    """{words}"""\n') == ["1 NoSuchFault"]


@pytest.mark.parametrize(
    "words", ["Raise NotFound, or ValueError.", "Raise click.ClickException.", "Raise nothing. NoSuchFault is a name."]
)
def test_exceptions_that_exist_pass(words: str) -> None:
    assert not unknown(f'def f():\n    """{words}"""\n')
