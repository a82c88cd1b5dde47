"""Every kind of question is known wherever kinds are listed by name (docs/developer/11-question-kind.md)."""

import re
from collections.abc import Collection

import pytest

from kernel.paths import TEMPLATES
from questions import bank_page
from questions.content import banks, question_fields
from questions.rules import answers, definitions
from questions.rules.definitions import QuestionKind
from standards.spreadsheet import read
from tests.support import kinds

MACROS = (TEMPLATES / "macros" / "ui.html").read_text("utf-8")
NAMED = re.findall(r"'(\w+)'", re.search(r"macro kind_of_question.*?endmacro", MACROS, re.DOTALL)[0])  # type: ignore[index]  # the template names them
IN_THE_BANK = re.findall(r"^    kind: (\w+)$", kinds.BANK, re.MULTILINE)
SHOWN_ALIKE = {"true_false": "single", "calculated": "numerical"}
WITHOUT_AN_ANSWER = {QuestionKind.DESCRIPTION}


@pytest.mark.parametrize(
    ("place", "known", "without"),
    [
        ("questions.rules.definitions.BODIES", definitions.BODIES, set()),
        ("questions.rules.answers", answers._READERS, set()),
        ("questions.content.banks.BODIES", banks.BODIES, set()),
        ("questions.content.banks.FIELDS", banks.FIELDS, set()),
        ("questions.content.question_fields.OF_KIND", question_fields.OF_KIND, set()),
        ("questions.content.question_fields.KINDS", question_fields.KINDS, set()),
        ("questions.bank_page.STARTS", bank_page.STARTS, set()),
        ("templates/macros/ui.html", NAMED, WITHOUT_AN_ANSWER),
        ("standards.spreadsheet.read.KINDS", read.KINDS.values(), set()),
        ("tests.support.kinds.BANK", IN_THE_BANK, set()),
    ],
)
def test_every_kind_is_known(place: str, known: Collection[str], without: set[QuestionKind]) -> None:
    missing = set(QuestionKind) - set(known)

    assert missing == without, place


def test_every_kind_that_is_answered_has_a_template() -> None:
    names = {SHOWN_ALIKE.get(kind, kind.value) for kind in set(QuestionKind) - WITHOUT_AN_ANSWER}

    assert not [name for name in names if not (TEMPLATES / "quizzes" / "kinds" / f"_{name}.html").exists()]
