"""The index of tests/support: every module stands in one row of its table, under a noun."""

import re
from collections import Counter

from tests.support.project import ROOT, text

INDEX = "tests/support/README.md"
ROW = re.compile(r"^\| [a-z][^|]* \| (`[^|]*`) \|$", re.MULTILINE)


def modules_named(index: str) -> Counter[str]:
    """Return how often each module stands in the rows of an index."""
    return Counter(name for row in ROW.findall(index) for name in re.findall(r"`([a-z_]+)`", row))


def test_every_module_of_support_stands_in_its_index_once() -> None:
    named = modules_named(text(INDEX))

    assert set(named) == {path.stem for path in (ROOT / "tests" / "support").glob("*.py")}
    assert [name for name, count in named.items() if count > 1] == []


def test_an_index_is_read_by_its_rows_alone() -> None:
    index = "Look at `project`.\n\n| Noun | Modules |\n|---|---|\n| people | `builders`, `people` |\n| pages | `people` |\n"

    assert modules_named(index) == {"builders": 1, "people": 2}
