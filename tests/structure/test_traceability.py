"""Every item of `docs/spec/quiz-engine.md` has a test whose docstring names it.

Numbered items are named by their number (5.4.2). Rows, lists and sentences without one are named by their section and the words that
stand beside them in WORDS. What the document says that is here not asked for stands in APART.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.project import ROOT, modules_of_tests, text

DOCUMENT = ROOT / "docs" / "spec" / "quiz-engine.md"
NUMBERED = re.compile(r"^(\d+)\. ", re.MULTILINE)
SECTION = re.compile(r"5\.\d")
"""Beginning of every item's number."""
SENTENCE = re.compile(r"(?<=[.)]) (?=[A-Z*])")

WORDS = {
    "5.3 States": "every pair of state and event",
    "5.5 Free (any page": "never an error",
    "5.5 Flags are per user": "flag|set with one save",
    "5.5 Submission shows": "summary",
    "5.5 Require-previous slots": "require-previous",
    "5.6 **Deferred feedback": "deferred",
    "5.6 **Immediate": "immediate",
    "5.6 **Interactive": "interactive",
    "5.6 **Adaptive": "adaptive",
    "5.6 **Certainty-based": "certainty",
    "5.6 **Manual": "manual",
    "5.7 Single choice": "single choice",
    "5.7 True/false": "true/false",
    "5.7 Multiple choice": "5.14.6",
    "5.7 Short answer": "short answer",
    "5.7 Numerical": "numerical",
    "5.7 — decimals": "decimals",
    "5.7 Matching": "matching",
    "5.7 Ordering": "ordering",
    "5.7 Gaps": "gaps",
    "5.7 Calculated": "calculated",
    "5.7 Essay": "essay",
    "5.7 Matrix": "matrix",
    "5.7 Negative question fractions": "floored at 0",
    "5.8 Raw": "quiz grade",
    "5.8 Over several attempts": "highest, average, first, last",
    "5.8 Overall feedback bands": "half-open|except the top one",
    "5.8 Section subtotals": "subtotals",
    "5.8 Pass grade": "pass grade",
    "5.9 Four moments": "immediately after",
    "5.9 Nine independent flags": "nine flags",
    "5.9 If *attempt* is off": "if attempt is off",
    "5.9 No close date": "no close date",
    "5.9 An initial test": "an initial test",
    "5.9 Instructors always see all": "instructors always see all",
    "5.9 Right answers and keys": "security 5.1",
    "5.9 A learner may always": "take along|may always download",
    "5.12 Included": "finished, non-preview attempts",
    "5.12 One attempt per learner": "first / highest / last / all",
    "5.12 Facility": "facility",
    "5.12 Standard deviation": "sd %",
    "5.12 Intended weight": "intended weight, effective weight",
    "5.12 **Discrimination index**": "weight %, d, e",
    "5.12 **Discriminative efficiency**": "weight %, d, e",
    "5.12 Questions drawn at random": "total x is used",
    "5.12 Random guess score": "random guess",
    "5.12 Quiz: mean": "median, sd",
    "5.12 k2": "k2, k3 and k4",
    "5.12 skewness": "skewness, kurtosis",
    "5.12 **Internal consistency": "cic",
    "5.12 Moodle flags a question": "e < 15",
    "5.12 Response analysis": "response analysis",
    "5.12 Results are cached": "cached|deterministic",
    "5.12 **Golden vector**": "golden vector",
    "5.12 (Slot 4": "d is negative",
    "5.12 Degenerate cases": "degenerate",
    "5.13 Quiz item completes": "passed or all attempts used",
    "5.13 Passed means": "lucky attempt",
    "5.13 Completion keeps": "keeps the timestamp",
    "5.13 Course completion": "same transaction|waits for a job",
    "5.13 Un-completing": "un-completing",
}
"""By section and beginning: what the docstring of a test says besides the section's number."""
APART = (
    "5.3 Moodle 5 has",
    "5.7 Type",
    "5.7 Let c",
    "5.12 Let S",
    "5.12 slot",
    "5.12 1",
    "5.12 2",
    "5.12 3",
    "5.12 4",
    "5.12 Totals",
    "5.12 `[1,1,2,0]",
)
"""What explains, heads a table, or is the golden vector's own numbers."""


def items(document: str) -> Iterator[str]:
    """List the items of the document: `5.4.2`, or `5.7 Single choice …` for what has no number."""
    for section in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        number = heading.split()[0]
        yield from (f"{number}.{item}" for item in NUMBERED.findall(body))
        for line in body.splitlines():
            if line.strip() and not NUMBERED.match(line) and not line.startswith("|--"):
                yield from (f"{number} {piece}" for piece in _pieces(line.strip()))


def _pieces(line: str) -> list[str]:
    if line.startswith("|"):
        return [line.strip("| ").split("|")[0].strip()]
    if line.startswith("- "):
        return [line.removeprefix("- ")]
    return SENTENCE.split(line)


@cache
def docstrings() -> tuple[str, ...]:
    """Return what every test says of itself, in small letters."""
    texts = [text(path) for path in modules_of_tests() if Path(path).name.startswith("test_")]
    trees = [ast.parse(words) for words in texts if SECTION.search(words)]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return tuple(" ".join(ast.get_docstring(node).split()).lower() for node in functions if ast.get_docstring(node))  # type: ignore[union-attr]  # those that have one


def is_named(item: str, said: tuple[str, ...]) -> bool:
    """Return whether some test names an item."""
    number, _, words = item.partition(" ")
    wanted = next((pattern for start, pattern in WORDS.items() if item.startswith(start)), None) if words else ""
    if wanted is None:
        return False
    exactly = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\.?\d)")
    return any(number in words and exactly.search(words) and re.search(wanted, words) for words in said)


def test_every_item_of_the_document_is_named_by_a_test() -> None:
    asked = [item for item in items(DOCUMENT.read_text("utf-8")) if not item.startswith(APART)]
    without = {item[:60] for item in asked if not is_named(item, docstrings())}

    assert len(asked) > 100
    assert all(item.startswith("5.") for item in asked)
    assert without == set()


def test_lists_of_this_file_name_what_the_document_has() -> None:
    found = list(items(DOCUMENT.read_text("utf-8")))

    for start in (*WORDS, *APART):
        assert any(item.startswith(start) for item in found), start


def test_items_are_found_and_told_from_those_without_a_test() -> None:
    document = "# T\n## 9.1 Saving\n1. First.\n2. Second.\n## 9.2 Kinds\n| Kind | Rule |\n|---|---|\n| Single | one |\n- **Bold**: x\n"

    assert list(items(document)) == ["9.1.1", "9.1.2", "9.2 Kind", "9.2 Single", "9.2 **Bold**: x"]
    assert is_named("9.1.1", ("9.1.1: kept.",))
    assert not is_named("9.1.1", ("9.1.12, 19.1.1, 9.1.1.2",))
    assert not is_named("9.2 Single", ("9.2: anything.",))
