"""Calculated options: their numbers as an attempt writes them, draws in which all differ, layouts (spec/selection 1.23)."""

import pytest

from kernel.expressions import ExpressionError
from questions.rules import item_layout
from questions.rules.definitions import ChoiceNumbers, SingleChoiceBody
from questions.rules.encoding import decode, encode, from_document, to_document
from questions.rules.item_layout import (
    NoVariablesError,
    are_apart,
    draw_variables,
    expressions_in,
    filled_choice,
    filled_texts,
    lay_out_item,
)
from questions.rules.numbers import ENGLISH, SPANISH
from tests.support.questions import NUMBERS, a_question, f
from tests.support.questions import calculated_options as options


def test_expressions_are_calculated_as_the_attempt_writes_numbers() -> None:
    """spec/selection 1.23: decimals as asked for, else as many as there are; the signs of HTML are read."""
    values = {"a": f(1234), "b": f(8)}

    assert filled_choice("{= a / b =} USD, {=a=}", NUMBERS, values, SPANISH) == "154,25 USD, 1234"
    assert filled_choice("{= a / b =}", ChoiceNumbers((), decimals=3), values, ENGLISH) == "154.250"
    assert filled_choice("{= min(a, b) * k =}", ChoiceNumbers((), parameters={"k": f(2)}), values, SPANISH) == "16"
    assert filled_texts({"es": "{= a =}", "en": "{= b =}"}, NUMBERS, values, SPANISH) == {"es": "1234", "en": "8"}
    assert list(expressions_in(options("{= a &gt; b =}", "sin"))) == ["a > b"] * 2
    with pytest.raises(ExpressionError):
        filled_choice("{= a / (b - 8) =}", NUMBERS, values, SPANISH)


def test_a_draw_in_which_two_options_read_the_same_is_rejected() -> None:
    """spec/selection 1.23: 2 + 2 and 2 · 2."""
    both = options("{= a + b =} m", "{= a * b =}  m")

    assert not are_apart(both, NUMBERS, {"a": f(2), "b": f(2)})
    assert are_apart(both, NUMBERS, {"a": f(2), "b": f(3)})
    drawn = [draw_variables(NUMBERS, seed, "1", both) for seed in range(300)]
    assert not [one for one in drawn if one["a"] + one["b"] == one["a"] * one["b"]]
    assert len({tuple(one.values()) for one in drawn}) == 15


@pytest.mark.parametrize("texts", [("{= a =}", "{= a + 0 * b =}"), ("{= a / (b - b) =}", "{= b =}")], ids=["equal", "no value"])
def test_options_that_are_never_apart_have_no_draw(texts: tuple[str, str]) -> None:
    with pytest.raises(NoVariablesError):
        draw_variables(NUMBERS, 1, "1", options(*texts))


def test_the_layout_keeps_values_and_order() -> None:
    """spec/quiz-engine 5.2.6: drawn once, never again."""
    question = a_question(SingleChoiceBody(options("{= a + b =}", "{= a * b =}"), numbers=NUMBERS))

    found = lay_out_item(question, 7, "1.1", shuffle=True)

    assert set(found.orders[item_layout.OPTIONS]) == {"o0", "o1"}
    assert set(found.variables) == {"a", "b"}
    assert from_document(to_document(question)) == question
    assert decode(ChoiceNumbers, encode(NUMBERS)) == NUMBERS
    assert "numbers" not in str(to_document(a_question(SingleChoiceBody(options("uno", "dos")))))
