"""What the casts tried in this run, cell by cell, whichever process did it: compared at the end with what the packages declare."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.project import ROOT

CASTS = frozenset({"a_cast", "a_training_cast", "a_community_cast", "an_institution_cast", "a_selection_cast", "ObligationCast"})
"""Whoever calls one of these tries cells of the matrix."""


class Tried(NamedTuple):
    """What came of one cell when it was tried; plain text, so that one process can tell another."""

    action: str
    state: str
    role: str
    expected: str
    found: str
    fits: bool

    @property
    def cell(self) -> tuple[str, str, str]:
        """Return which cell it was."""
        return self.action, self.state, self.role


TRIED: list[Tried] = []
"""By this process and those that it started."""
CHOSEN: set[str] = set()
"""The tests of this run that try cells, by file and name."""


def untried(cells: Collection[tuple[str, str, str]], tried: Sequence[Tried]) -> list[str]:
    """Name the cells that nobody tried."""
    return [" ".join(cell) for cell in sorted(set(cells) - {one.cell for one in tried})]


@cache
def callers_of_the_cast() -> frozenset[str]:
    """Return every test that tries cells, by file and name, whether this run has it or not."""
    return frozenset(name for path in sorted((ROOT / "tests").rglob("test_*.py")) for name in _callers_of_the_cast(path))


def _callers_of_the_cast(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if not any(f"{cast}(" in text for cast in CASTS):
        return
    for statement in re.split(r"^(?=def |class |@)", text, flags=re.MULTILINE):
        if statement.startswith("def ") and any(f"{cast}(" in statement for cast in CASTS):
            name = statement[4 : statement.index("(")]
            assert name.startswith("test_"), f"{path}: {name}: the cast is called by a test itself, or its cells are not counted"
            yield f"{path.relative_to(ROOT).as_posix()}::{name}"


def table(tried: Sequence[Tried]) -> list[str]:
    """Return one line for each cell and thing that came of it, the action first, and the totals at the end."""
    counted: dict[Tried, int] = {}
    for one in tried:
        counted[one] = counted.get(one, 0) + 1
    lines = [_line(one, times) for one, times in sorted(counted.items())]
    return [f"{'action':<28}{'state':<34}{'role':<19}{'expected':<10}{'found':<7}times", *lines, totals(counted)]


def _line(one: Tried, times: int) -> str:
    fault = "" if one.fits else "  WRONG"
    return f"{one.action:<28}{one.state:<34}{one.role:<19}{one.expected:<10}{one.found:<7}{times}{fault}"


def totals(counted: Mapping[Tried, int]) -> str:
    """Return the last line: how many cells were tried, how often, and what came of them."""
    cells = {one.cell: one.expected for one in counted}
    wrong = {one.cell for one in counted if not one.fits}
    due = ", ".join(f"{list(cells.values()).count(word)} {word}" for word in ("allow", "deny", "hide"))
    return f"{len(cells)} cells ({due}), tried {sum(counted.values())} times, {len(wrong)} wrong"
