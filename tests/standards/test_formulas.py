"""Formulas that leave their markup: in lists to choose from, titles, records and the files for other products."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest

from kernel.markup.model import MarkupContext
from kernel.markup.render import render_inline
from questions.question_page import plain, short_title
from questions.rules.definitions import MatchingBody, Option, Pair, QuestionDefinition, SingleChoiceBody
from standards.aiken import write as aiken
from standards.gift import write as gift
from standards.model import ExportedFile
from standards.moodle_xml import write as moodle_xml
from standards.qti import write as qti
from tests.support.builders import folder
from tests.support.folders import findings
from tests.support.questions import a_question, es, f

MATCHES = {"mitad": r"$\frac{1}{2}$", "kibi": "$2^{10}$", "raiz": r"$\sqrt{2}$"}
WORDS = ("1/2", "2^10", "√2")


def pairs() -> QuestionDefinition:
    """Return a matching whose matches are formulas."""
    return a_question(MatchingBody(tuple(Pair(key, es(key), f"{key}-m", es(match)) for key, match in MATCHES.items())))


def choice() -> QuestionDefinition:
    """Return a choice of one that asks with a formula, and whose right option is one."""
    right, wrong = Option("a", es("$1$"), right=True, credit=f("1")), Option("b", es(r"$\frac{1}{2}$"), right=False, credit=f("0"))
    return replace(a_question(SingleChoiceBody((right, wrong))), text=es(r"¿Cuánto es la mitad de $\frac{10}{5}$?"))


def shown(markdown: str) -> dict[str, str]:
    """Return a text as pages store it."""
    return {"es": str(render_inline(markdown, MarkupContext("es")).html)}


def test_a_list_to_choose_from_has_the_same_numbers_as_the_formula() -> None:
    assert tuple(plain(shown(match)) for match in MATCHES.values()) == WORDS


def test_a_title_has_the_same_numbers_as_the_formula() -> None:
    question = replace(choice(), text=shown(r"¿Cuánto es la mitad de $\frac{10}{5}$?"))

    assert short_title(question) == "¿Cuánto es la mitad de 10/5?"


def content_of(out: ExportedFile) -> str:
    """Return everything that an exported file says."""
    if not out.content.startswith(b"PK"):
        return out.content.decode().replace("\\", "")
    with ZipFile(BytesIO(out.content)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


@pytest.mark.parametrize("write", [gift.write, moodle_xml.write, qti.write])
def test_a_formula_goes_out_as_words_that_say_the_same(write: Callable[[Sequence[QuestionDefinition]], ExportedFile]) -> None:
    written = content_of(write([pairs()]))

    for words in WORDS:
        assert words in written or "<math" in written
    for other in ("-> 12", "-> 210", "-> 2\n", ">12<", ">210<"):
        assert other not in written


def test_aiken_asks_with_the_same_numbers() -> None:
    written = aiken.write([choice()]).content.decode()

    assert "la mitad de 10/5" in written
    assert "1/2" in written


BANK = """questions:
  - key: una
    kind: single
    text: ¿Cuál?
    options:
      - right: {right}
        why: Sí.
      - wrong: {wrong}
        why: No.
"""


@pytest.mark.parametrize(
    ("right", "wrong", "count"),
    [("$x^2$", "$x_2$", 0), ("$2^{10}$", "$2^{1}0$", 0), ("$x^2$", "$x^{2}$", 1), (r"$\frac{1}{2}$", "1/2", 1), ("$2$", "$3$", 0)],
)
def test_two_options_that_would_look_alike_are_a_finding(right: str, wrong: str, count: int) -> None:

    files = folder(modules=1, draw=1)
    files["01-parte/banco.yaml"] = BANK.format(right=f"'{right}'", wrong=f"'{wrong}'").encode()

    assert len(findings(files, "C405")) == count
