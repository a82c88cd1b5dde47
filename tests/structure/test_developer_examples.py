"""The worked example of the developer guide runs, and the guide shows its code as it is."""

import re
import subprocess
import sys

import pytest

from tests.support.project import ROOT

EXAMPLE = ROOT / "tests" / "samples" / "link_activity"
PAGE = ROOT / "docs" / "developer" / "10-activity-kind.md"


def blocks(text: str) -> list[str]:
    """Return the blocks of code of a page."""
    return re.findall(r"^```(?:python|html)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def foreign(text: str, sources: list[str]) -> list[str]:
    """Return the blocks of a page that none of some files contains."""
    return [block for block in blocks(text) if not any(block in source for source in sources)]


def test_the_code_of_the_page_is_that_of_the_example() -> None:
    sources = [path.read_text("utf-8") for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".html")]

    assert len(blocks(PAGE.read_text("utf-8"))) > 3
    assert not foreign(PAGE.read_text("utf-8"), sources)
    assert foreign("```python\nx = 2\n```\n", ["x = 1\n"]) == ["x = 2\n"]


@pytest.mark.slow
def test_the_example_runs() -> None:
    """In a process of its own: its table is in no migration of the product."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "journey.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]
    assert "4 passed" in done.stdout
