"""Every numbered rule and every attack of `docs/spec/certificates.md` has a test whose docstring names it.

What is not built stands in LATER, with the entry of the backlog or the issue that holds it.
"""

import re
from collections.abc import Iterator

from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "spec" / "certificates.md"
RULE = re.compile(r"^([A-Z]\d+[a-z]?)\. ", re.MULTILINE)
CITED = re.compile(r"spec/certificates ((?:[^\"]|\n)*?)(?:\"|\. |: |$)", re.MULTILINE)
ATTACKS = 16
LATER = {
    "T7": "live drawing of a template: T6 and T7 stand in the backlog",
    "R4": "bulk issue, replacement and revocation",
    "R5": "undoing of bulk acts",
    "V5": "lists of codes for boards",
    **{f"G{number}": "grants to a board" for number in range(1, 6)},
}


def cited_in(texts: Iterator[str]) -> tuple[set[str], set[int]]:
    """Return the rules and the attacks that docstrings name, ranges spread out."""
    rules: set[str] = set()
    attacks: set[int] = set()
    for text in texts:
        for match in CITED.finditer(text):
            words = match.group(1)
            rules |= set(re.findall(r"\b[A-Z]\d+[a-z]?\b", words))
            for letter, first, last in re.findall(r"\b([A-Z])(\d+) to [A-Z]?(\d+)\b", words):
                rules |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
            for numbers in re.findall(r"attacks? ([\d, toand]+)", words):
                attacks |= {int(number) for number in re.findall(r"\d+", numbers)}
                for first, last in re.findall(r"(\d+) to (\d+)", numbers):
                    attacks |= set(range(int(first), int(last) + 1))
    return rules, attacks


def test_every_rule_and_attack_of_certificates_is_named_by_a_test() -> None:
    rules, attacks = cited_in(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    document = set(RULE.findall(DOCUMENT.read_text("utf-8")))

    assert len(document) > 70
    assert sorted(document - rules) == sorted(LATER)
    assert sorted(set(range(1, ATTACKS + 1)) - attacks) == []


def test_a_rule_without_a_test_is_noticed() -> None:
    rules, attacks = cited_in(iter(['"""spec/certificates E1 and V1 to V3, attacks 1 to 3: words of E9."""']))

    assert rules == {"E1", "V1", "V2", "V3"}
    assert attacks == {1, 2, 3}
