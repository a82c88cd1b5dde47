"""What the house has too much of: counts of `scripts/house.py` that may only fall."""

import ast

import pytest

from scripts import house

CEILINGS = {
    "dataclasses that mostly copy another object": 79,
    "calls of dataclasses with six or more positional values": 0,
    "casts": 70,
    "variables and parameters named by a private word": 176,
}
"""Who lowers a figure lowers its ceiling in the same commit."""
IN_A_THOUSAND_LINES = {"files": 3.88, "lines of imports": 75.1, "dataclasses": 6.85}
"""What grows with the product: how many there may be in a thousand of its lines."""
WRITERS = ("write_csv", "write_xlsx", "write_ods")
"""What `kernel.tables.file_of_sheets` calls for everybody."""
MODULES_THAT_WRITE_TABLES = 3
WIDE_LINES = {"templates/**/*.html": 0, "static/css/*.css": 0, "static/js/*.js": 0, "tests/**/*.py": 50}


@pytest.fixture(scope="module")
def figures() -> dict[str, house.Figure]:
    return house.count_modules(house.read_modules())


@pytest.mark.parametrize("title", CEILINGS)
def test_a_figure_of_the_house_does_not_rise(figures: dict[str, float], title: str) -> None:
    assert figures[title] <= CEILINGS[title]


@pytest.mark.parametrize("title", IN_A_THOUSAND_LINES)
def test_a_figure_grows_no_faster_than_the_product(figures: dict[str, float], title: str) -> None:
    assert figures[title] <= IN_A_THOUSAND_LINES[title] * figures["product lines"] / 1000


@pytest.mark.parametrize("pattern", WIDE_LINES)
def test_lines_too_wide_to_read_do_not_become_more(pattern: str) -> None:
    assert house.count_lines(pattern)[1] <= WIDE_LINES[pattern]


def test_modules_that_write_tables_by_themselves_do_not_become_more() -> None:
    """A list gives its sheets to `kernel.web.table.send_sheets`."""
    writing = {module.path for module in house.read_modules() for name in _taken_from_tables(module) if name in WRITERS}

    assert len(writing) <= MODULES_THAT_WRITE_TABLES, writing


def _taken_from_tables(module: house.Module) -> list[str]:
    imports = (node for node in module.nodes if isinstance(node, ast.ImportFrom) and node.module == "kernel.tables")
    return [alias.name for node in imports for alias in node.names]


def test_what_is_counted_is_what_the_titles_say() -> None:
    module = house.Module(
        "kernel/sample.py",
        '''"""A sample."""
from dataclasses import dataclass
from typing import cast


@dataclass
class Copy:
    """A copy."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int


def _copied(row: Copy, asked: int) -> Copy:
    # a comment
    found = cast("int", asked)
    return Copy(row.a, row.b, row.c, row.d, found, 6)
''',
    )

    figures = house.count_modules([module])

    assert {
        title: figures[title]
        for title in (*IN_A_THOUSAND_LINES, *CEILINGS, "product lines", "of them code", "private functions with one caller, %")
    } == {
        "files": 1,
        "lines of imports": 2,
        "dataclasses": 1,
        "dataclasses that mostly copy another object": 1,
        "calls of dataclasses with six or more positional values": 1,
        "casts": 1,
        "variables and parameters named by a private word": 2,
        "product lines": 21,
        "of them code": 13,
        "private functions with one caller, %": 100,
    }
