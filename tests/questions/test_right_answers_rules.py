"""Right answers beside the key: typographic variants of typed answers, and those that are added after an objection.

spec/quiz-engine 5.7, 5.11.6; spec/selection 5.6.
"""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from questions.rules.answers import NumberAnswer, SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import (
    Body,
    Gap,
    GapsBody,
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
from questions.rules.marking import LONGEST_ADDITION, mark_answer, takes_text, variant_pair, with_right_answer, wrong_options
from questions.rules.numbers import ENGLISH, SPANISH
from tests.support.questions import a_calculated, a_numerical, a_short, dragged_gaps, es, f

OHIGGINS = a_short(("O'Higgins", "1"), ("* O’Higgins", "1/2"), ("*", "0"))
GAPS = GapsBody((Gap("uno", a_short(("Perú", "1"))), Gap("dos", a_short(("a-b", "1")))))


@pytest.mark.parametrize(
    ("body", "typed", "pair"),
    [
        (OHIGGINS, ["O’HIGGINS"], ("O’HIGGINS", "O'Higgins")),
        (OHIGGINS, ["Don O'Higgins"], ("Don O'Higgins", "* O’Higgins")),
        (GAPS, ["peru", "a–b"], ("a–b", "a-b")),
        (a_short(("fin", "1"), ignore_case=False), ["ﬁn"], ("ﬁn", "fin")),
        (a_numerical(("5", "1")), ["‑5"], ("‑5", "")),
        (a_numerical(("5", "1"), units={"µg": f("1")}), ["5"], ("5", "")),
        (a_numerical(("5", "1"), unit=es("µg")), ["5"], ("5", "")),
        (a_calculated(), ["5", "6 USD‑"], ("6 USD‑", "")),
    ],
)
def test_what_fits_by_variants_alone_comes_with_its_key(body: Body, typed: Sequence[str], pair: tuple[str, str]) -> None:
    """spec/quiz-engine 5.11.6."""
    assert variant_pair(body, typed) == pair


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        (OHIGGINS, ["O'Higgins"]),
        (OHIGGINS, ["Sucre’s"]),
        (OHIGGINS, []),
        (a_short(("O'Higgins", "1"), ignore_typography=False), ["O’Higgins"]),
        (a_short(("fin", "1")), ["ﬁn"]),
        (GAPS, ["perú", "a-b"]),
        (a_numerical(("5", "1"), unit=es("kg"), units={"g": f("1")}), ["5 kg"]),
        (a_numerical(("5", "1")), []),
        (dragged_gaps(), ["s‑ol"]),
        (TrueFalseBody(answer=True), ["’"]),
    ],
)
def test_what_fits_anyhow_or_not_at_all_is_left_aside(body: Body, typed: Sequence[str]) -> None:
    """A ligature is what its letters are where capitals are ignored, as ever."""
    assert variant_pair(body, typed) is None


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
