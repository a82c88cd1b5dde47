"""Comments and docstrings cite numbered rules by document and number, and each of them exists in this repository."""

from collections.abc import Callable

import pytest

from tests.support.project import modules, modules_of_tests, text
from tests.support.references import SPECIFICATIONS, bare, dead, numbers_of, prose

APART = {"tests/structure/test_traceability.py", "tests/structure/test_references.py", "tests/support/references.py"}
"""They are about the numbers themselves."""


@pytest.mark.parametrize("faults", [dead, bare], ids=["exists", "names its document"])
def test_every_reference(faults: Callable[[str], list[str]]) -> None:
    found = [
        f"{path}:{line} {fault}"
        for path in (*modules("scripts"), *modules_of_tests())
        if path not in APART and faults(text(path))  # most modules have no such number at all, and need no tokens
        for line, words in prose(text(path))
        for fault in faults(words)
    ]

    assert not found


def test_each_specification_has_its_numbers() -> None:
    known = {name: numbers_of(name) for name in SPECIFICATIONS}

    assert {"5.3", "5.3.9", "5.14.12"} <= known["quiz-engine"]
    assert {"4", "4.4", "8.1"} <= known["security"]
    assert {"3", "3.3", "C208"} <= known["content-format"]
    assert {"2", "P10"} <= known["performance"]
    assert {"2", "2.6", "7.2a", "18", "K4"} <= known["compulsory"]
    assert {"4", "15", "E5", "K6", "H3"} <= known["certificates"]
    assert {"0.2", "1.12", "3.16", "12", "C513"} <= known["selection"]


@pytest.mark.parametrize(
    "text",
    [
        "Late answers (spec/quiz-engine 5.3.9, 5.4.2 and 5.10).",
        "spec/content-format 3.3, C101 to C114: keys; decision 38.",
        "At most 5.5 seconds, 12.5 % or 0.5.3; P(X) and ASVS V6.2.12.",
    ],
)
def test_references_that_resolve_and_other_numbers_pass(text: str) -> None:
    assert dead(text) == bare(text) == []


@pytest.mark.parametrize("text", ["spec/quiz-engine 5.99.1", "spec/nothing 1", "spec/performance P10 and P99", "decision 999"])
def test_a_reference_that_leads_nowhere_is_seen(text: str) -> None:
    assert dead(text)


@pytest.mark.parametrize(
    "text", ["Late (5.3.9).", '"""5.4: once."""', "Fast (P10).", "Security 4.4.", "ARCHITECTURE 4: rooms.", "Keys (C202)."]
)
def test_a_bare_number_is_seen(text: str) -> None:
    assert bare(text)


def test_prose_is_comments_and_strings_that_stand_alone() -> None:
    source = '"""Module."""\nx = "5.3.9"  # why\n"""Of x."""\n'

    assert [text for _line, text in prose(source)] == ['"""Module."""', "# why", '"""Of x."""']
