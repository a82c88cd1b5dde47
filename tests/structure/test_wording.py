"""Assertions take the interface's words from the catalogue; what still repeats its Spanish may only become less."""

from collections import Counter

import pytest

from tests.support.project import modules_of_tests, text
from tests.support.wording import in_spanish, spanish_in_assertions, spanish_of_the_catalogue

CEILINGS = {
    "accounts": 6,
    "analysis": 22,
    "browser": 6,
    "certificates": 2,
    "courses": 40,
    "enrolments": 45,
    "journeys": 5,
    "kernel": 8,
    "lms": 27,
    "organisations": 6,
    "questions": 4,
    "quizzes": 28,
    "simulators": 10,
    "standards": 2,
    "structure": 8,
}
"""The most that assertions of a folder may repeat of the Spanish messages. Lower it after a change, never raise it: say `in_spanish`."""


def test_a_message_is_named_by_its_english_text() -> None:
    assert in_spanish("Passed") == "Aprobado"
    assert in_spanish("Version %(number)s is published.", number=3) == "La versión 3 está publicada."
    assert [in_spanish("%(count)s attempt in total", count) for count in (1, 2, 36214)] == [
        "1 intento en total",
        "2 intentos en total",
        "36\u00a0214 intentos en total",
    ]


@pytest.mark.parametrize(("message", "count"), [("Passsed", None), ("%(count)s attempt in totals", 2), ("Passed", 2)])
def test_a_message_that_is_not_in_the_catalogue_is_named(message: str, count: int | None) -> None:
    with pytest.raises(AssertionError, match=r"the catalogue has no message “[^”]+”"):
        in_spanish(message, count)


@pytest.mark.slow
def test_assertions_repeat_ever_less_of_the_spanish_catalogue() -> None:
    spanish, found = spanish_of_the_catalogue(), Counter[str]()
    for path in modules_of_tests():
        found[path.split("/")[1]] += len(spanish_in_assertions(text(path), spanish))

    assert {folder: count for folder, count in found.items() if count > CEILINGS.get(folder, 0)} == {}


def test_the_measure_sees_what_repeats_a_message_and_lets_pass_what_names_it() -> None:
    spanish = spanish_of_the_catalogue()

    assert spanish_in_assertions('assert "La versión 7 está publicada." in page.text', spanish) == ["La versión 7 está publicada."]
    assert spanish_in_assertions('assert "está publicada" in page.text', spanish) == ["está publicada"]
    assert not spanish_in_assertions('assert in_spanish("Version %(number)s is published.", number=7) in page.text', spanish)
    assert not spanish_in_assertions('title = "La versión 7 está publicada."', spanish)
    assert not spanish_in_assertions('assert page.title == "Contar el agua"', spanish)
