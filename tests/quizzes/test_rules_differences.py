"""What differs between two wordings of a question (5.1.1)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from quizzes.rules.definitions import Body, Difficulty, Ordering, Question
from quizzes.rules.differences import Change, differences
from tests.support.questions import a_question, a_single, an_option, an_ordering, es, every_body


@pytest.mark.parametrize("body", every_body(), ids=lambda body: body.kind.value)
def test_a_question_differs_in_nothing_from_itself(body: Body) -> None:
    assert differences(a_question(body), a_question(body)) == ()


def test_each_field_that_differs_is_told_with_both_values() -> None:
    before = a_question(a_single())
    after = replace(before, text=es("¿Cuál?"), mark=Fraction(3, 2), difficulty=Difficulty.HARD, tags=("x",))

    assert differences(before, after) == (
        Change(("text", "es"), "¿Qué?", "¿Cuál?"),
        Change(("tags", "1"), None, "x"),
        Change(("difficulty",), None, "hard"),
        Change(("mark",), "1", "3/2"),
    )


def test_options_are_met_by_key_so_that_moving_one_changes_nothing() -> None:
    before, moved = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("b"), an_option("a", "1"))

    assert differences(a_question(before), a_question(moved)) == ()


def test_an_option_that_comes_goes_or_changes_sides_is_told() -> None:
    before, after = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("a"), an_option("c", "1"))

    found = {change.path: (change.before, change.after) for change in differences(a_question(before), a_question(after))}

    assert found["options", "a", "right"] == ("true", "false")
    assert found["options", "a", "credit"] == ("1", "0")
    assert found["options", "b", "text", "es"] == ("B", None)
    assert found["options", "c", "text", "es"] == (None, "C")


def test_the_order_of_an_ordering_is_its_key() -> None:
    body = an_ordering(3)
    turned = Ordering(tuple(reversed(body.items)), body.rule)

    assert differences(a_question(body), a_question(turned)) == (Change(("order",), "i0, i1, i2", "i2, i1, i0"),)


def test_state_and_former_keys_are_no_part_of_a_wording() -> None:
    before: Question = a_question(a_single())

    assert differences(before, replace(before, was=("vieja",))) == ()
