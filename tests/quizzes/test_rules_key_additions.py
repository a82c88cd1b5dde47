"""Another right answer for a question: an option, a text or a number; what was right before stays right (spec/selection 5.6)."""

from fractions import Fraction

import pytest

from questions.rules.answers import NumberAnswer, SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import (
    NumericalAnswer,
    NumericalBody,
    Option,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    TrueFalseBody,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import LONGEST_ADDITION, mark_answer, takes_text, with_right_answer, wrong_options
from questions.rules.numbers import ENGLISH, SPANISH

FULL, NOTHING = Fraction(1), Fraction(0)


def a_question(body: object) -> QuestionDefinition:
    return QuestionDefinition(key="una", text={"es": "¿Qué?"}, body=body)  # type: ignore[arg-type]  # any body


QUITO, LIMA = Option("quito", {"es": "Quito"}, right=True, credit=FULL), Option("lima", {"es": "Lima"}, right=False, credit=NOTHING)
SINGLE = a_question(SingleChoiceBody((QUITO, LIMA)))
SHORT = a_question(ShortAnswerBody((TextPattern({"es": "IESS", "en": "IESS"}, right=True, credit=FULL),)))
NUMBER = a_question(NumericalBody((NumericalAnswer(Fraction(5, 2), right=True, credit=FULL),)))
OTHER = a_question(TrueFalseBody(answer=True))
SELF_CHECK = a_question(ShortAnswerBody(model={"es": "Así."}))


@pytest.mark.parametrize(
    ("question", "added", "before", "now"),
    [
        (SINGLE, "lima", SingleChoiceAnswer("quito"), SingleChoiceAnswer("lima")),
        (SHORT, "Seguro * social", TextAnswer("iess"), TextAnswer("seguro * social")),
        (NUMBER, "2,75", NumberAnswer("2,5"), NumberAnswer("2,75")),
    ],
)
def test_both_answers_are_right(question: QuestionDefinition, added: str, before: object, now: object) -> None:
    """spec/selection 5.6: added key."""
    changed = with_right_answer(question, added, SPANISH)
    assert changed is not None

    shares = [
        [mark_answer(one, answer, ItemLayout(), SPANISH).fraction for answer in (before, now)]  # type: ignore[arg-type]  # an answer
        for one in (question, changed)
    ]

    assert shares == [[1, 0], [1, 1]]


def test_a_number_is_read_as_the_reader_writes_it() -> None:
    changed = with_right_answer(NUMBER, " 1,234 ", ENGLISH)
    assert changed is not None
    assert isinstance(changed.body, NumericalBody)
    assert changed.body.answers[0].value == 1234


@pytest.mark.parametrize(
    ("question", "added"),
    [
        (SINGLE, "quito"),
        (SINGLE, "bogota"),
        (SINGLE, ""),
        (SHORT, "  "),
        (SHORT, "x" * (LONGEST_ADDITION + 1)),
        (NUMBER, "dos"),
        (OTHER, "false"),
        (SELF_CHECK, "así"),
    ],
)
def test_what_cannot_be_right_too_is_refused(question: QuestionDefinition, added: str) -> None:
    """spec/selection 12."""
    assert with_right_answer(question, added, SPANISH) is None


def test_which_questions_take_another_answer() -> None:
    assert [option.key for option in wrong_options(SINGLE)] == ["lima"]
    assert wrong_options(SHORT) == ()
    assert [takes_text(one) for one in (SINGLE, SHORT, NUMBER, OTHER, SELF_CHECK)] == [False, True, True, False, False]


def test_a_star_is_a_star() -> None:
    changed = with_right_answer(SHORT, "a*b\\c", SPANISH)
    assert changed is not None

    shares = [mark_answer(changed, TextAnswer(typed), ItemLayout(), SPANISH).fraction for typed in ("a*b\\c", "axxb\\c")]

    assert shares == [1, 0]
