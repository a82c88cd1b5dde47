"""The hook for commit messages accepts what a stranger understands, and says what is wrong with the rest."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commit_message import LONGEST, PREFIXES, problems
from tests.support.project import PACKAGES, ROOT

GOOD = "quizzes: skip discrimination for single-question attempts\n\nA question alone in its total has no rest to agree with.\n"


def test_a_message_with_its_reason_is_accepted() -> None:
    assert problems(GOOD) == []
    assert problems("Merge branch 'main'\n") == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Give a question no rest\n\nWhy.\n", "imperative"),
        ("quiz: skip it\n\nWhy.\n", "“quiz” is no prefix"),
        (f"quizzes: {'x' * LONGEST}\n\nWhy.\n", "characters"),
        ("quizzes: skip it; mend that\n\nWhy.\n", "two commits"),
        ("quizzes: skip it.\n\nWhy.\n", "full stop"),
        ("quizzes: skip it\n", "says why"),
        ("quizzes: skip it\n\n# only a comment of git\n", "says why"),
        ("quizzes: skip it\nwithout a gap\n", "second line"),
        ("", "imperative"),
    ],
)
def test_each_fault_is_named(message: str, words: str) -> None:
    assert any(words in problem for problem in problems(message))


def test_every_package_is_a_prefix() -> None:
    assert set(PACKAGES) <= set(PREFIXES)


def test_the_hook_refuses_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "message").write_text("whatever\n", "utf-8")
    (tmp_path / "good").write_text(GOOD, "utf-8")
    command = [sys.executable, str(ROOT / "scripts" / "commit_message.py")]

    refused = subprocess.run([*command, str(tmp_path / "message")], capture_output=True, check=False)
    accepted = subprocess.run([*command, str(tmp_path / "good")], capture_output=True, check=False)

    assert refused.returncode == 1
    assert b"Begin with a package" in refused.stderr
    assert accepted.returncode == 0
