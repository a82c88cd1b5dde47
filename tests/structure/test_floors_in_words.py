"""A lower floor names no upper one in the words of its pages, mails and files: what names it comes from above, by a hook."""

import re
from collections import Counter

import pytest

from tests.support.project import PYPROJECT, ROOT

FLOORS = [floor.split(" | ") for floor in reversed(PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"])]
FLOOR_OF = {package: number for number, floor in enumerate(FLOORS) for package in floor}
NOUNS = {
    "certificates": r"\bcertificates?\b",
    "compliance": r"compulsory training|\bwaivers?\b|\brecognitions?\b|\bobligations?\b",
    "selections": r"\bactas?\b|\bjur(?:y|ies)\b",
    "simulators": r"\bsimulators?\b",
    "quizzes": r"\bquiz(?:zes)?\b",
}
"""What each package is about, as its readers call it."""
TEXTS = re.compile(r'(?:\b_|\bN_|lazy_|ngettext)\(\s*((?:"(?:[^"\\]|\\.)*"\s*,?\s*)+)')
CEILINGS: dict[tuple[str, str], int] = {
    ("accounts", "certificates"): 10,
    ("compliance", "selections"): 16,
    ("courses", "certificates"): 19,
    ("courses", "quizzes"): 5,
    ("courses", "simulators"): 1,
    ("enrolments", "certificates"): 16,
    ("enrolments", "compliance"): 6,
    ("enrolments", "quizzes"): 10,
    ("enrolments", "selections"): 1,
    ("kernel", "certificates"): 1,
    ("organisations", "certificates"): 45,
    ("organisations", "compliance"): 8,
    ("questions", "quizzes"): 7,
    ("quizzes", "selections"): 11,
}
"""Texts of a package with the noun of one above it. They may only become fewer."""


def count_named(package: str) -> Counter[tuple[str, str]]:
    """Count the texts of a package, by the packages above it that they name."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in (*sorted((ROOT / package).rglob("*.py")), *sorted((ROOT / "templates" / package).rglob("*.html"))):
        for text in TEXTS.findall(path.read_text("utf-8")):
            for above, noun in NOUNS.items():
                if FLOOR_OF[above] > FLOOR_OF[package] and re.search(noun, text, re.IGNORECASE):
                    counts[package, above] += 1
    return counts


@pytest.mark.parametrize("package", sorted(FLOOR_OF))
def test_a_package_names_none_above_it_more_often_than_before(package: str) -> None:
    named = count_named(package)

    assert {pair: count for pair, count in named.items() if count > CEILINGS.get(pair, 0)} == {}
    assert {pair: count for pair, count in CEILINGS.items() if pair[0] == package and named[pair] < count} == {}, "lower the ceiling"
