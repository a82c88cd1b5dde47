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


def names_in_code(source: str) -> Iterator[str]:
    """Yield the classes that a module defines, imports or reaches through an imported module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr


@cache
def known() -> frozenset[str]:
    """Return the names that a docstring may give."""
    return frozenset(dir(builtins)).union(*(names_in_code(text(path)) for path in modules("scripts")))


def unknown(source: str) -> list[str]:
    """Return the exceptions that docstrings of a module name and nobody has, each with its line."""
    return [f"{line} {name}" for line, words in docstrings_of(source) for name in sorted(raised_in(words) - known())]


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
