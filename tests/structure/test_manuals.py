"""The manual for whoever runs the product is the same in both languages: the same pages, headings, commands and figures."""

import re
from pathlib import Path

import pytest

from tests.support.project import ROOT

ENGLISH = ROOT / "docs" / "operations"
SPANISH = ENGLISH / "es"
GENERATED = {"settings.md", "commands.md", "performance.md", "performance-certificates.md"}
PAGES = sorted(path.name for path in SPANISH.glob("*.md"))
NEEDED = {"install.md", "upgrade.md", "backup.md", "new-machine.md", "incident.md", "tuning.md", "mail.md", "scale.md", "README.md"}


def shape(path: Path) -> list[int]:
    """Return the levels of the headings, in order."""
    return [len(level) for level in re.findall(r"^(#+) ", path.read_text("utf-8"), re.MULTILINE)]


def blocks(path: Path) -> list[str]:
    """Return what is to be typed: indented lines and fenced blocks."""
    text = path.read_text("utf-8")
    return re.findall(r"^(?: {3})? {4}(\S.*)$", text, re.MULTILINE) + re.findall(r"```[a-z ]*\n(.*?)```", text, re.DOTALL)


def rows(path: Path) -> list[int]:
    """Return how many cells each line of a table has."""
    return [line.count("|") for line in path.read_text("utf-8").splitlines() if line.startswith("|")]


def test_every_page_is_there_in_both_languages() -> None:
    assert set(PAGES) >= NEEDED
    assert {path.name for path in ENGLISH.glob("*.md")} - GENERATED == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same_headings_tables_and_commands(name: str) -> None:
    english, spanish = ENGLISH / name, SPANISH / name

    assert shape(english) == shape(spanish)
    assert rows(english) == rows(spanish)
    assert blocks(english) == blocks(spanish)


def test_the_rules_above_see_another_command(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\n    lms check\n\n1. x\n\n       lms backup\n\n```\nlms restore\n```\n")
    (tmp_path / "b.md").write_text("# A\n\n    lms check\n\n1. x\n\n       lms backups\n\n```\nlms restore\n```\n")

    assert blocks(tmp_path / "a.md") == ["lms check", "lms backup", "lms restore\n"]
    assert blocks(tmp_path / "a.md") != blocks(tmp_path / "b.md")
