"""Questions embedded in lessons: whoever reads sees all that is asked, and finds the answer under a fold."""

import pytest

from lms.app import KINDS
from quizzes.publication import embed_question
from tests.support import folders


def embedded(key: str) -> str:
    course = folders.course()
    html = embed_question(course, key, KINDS.renderer(course), "es")
    assert html is not None
    return str(html)


def test_a_choice_is_shown_with_its_options_and_the_right_one_under_the_fold() -> None:
    asked, fold, answer = embedded("total-del-dia").partition("<details")

    assert asked.startswith("<div><p>¿Cuánta agua usa la casa de Marta?</p><ul><li>")
    assert sorted(asked.partition("<ul><li>")[2].removesuffix("</li></ul></div>").split("</li><li>")) == [
        "12 litros",
        "38 litros",
        "50 litros",
    ]
    assert fold
    assert answer.endswith("</summary><ul><li>50 litros</li></ul><p>38 + 12 = 50.</p></details>")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("usos-que-suman", ("La ducha", "La cocina", "La lluvia")),
        ("pares", ("Ducha", "Cocina", "38 litros", "12 litros", "50 litros")),
        ("pasos", ("Anotar", "Sumar", "Comparar")),
        ("arrastrar", ("anota", "suma", "borra", "Primero se … y después se ….")),
        ("completar", ("La ducha usa … litros",)),
    ],
)
def test_what_there_is_to_choose_from_is_shown_before_the_fold(key: str, shown: tuple[str, ...]) -> None:
    asked = embedded(key).partition("<details")[0]

    assert [words for words in shown if words not in asked] == []
    assert "<!--" not in asked


def test_what_is_written_in_the_right_order_is_not_shown_in_it() -> None:
    asked = embedded("pasos")

    assert sorted(("Anotar", "Sumar", "Comparar"), key=asked.index) != ["Anotar", "Sumar", "Comparar"]
