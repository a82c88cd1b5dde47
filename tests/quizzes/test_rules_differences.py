"""What differs between two wordings of a question (spec/quiz-engine 5.1.1)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from questions.rules.definitions import Body, Difficulty, GapsBody, MultipleChoiceBody, OrderingBody, QuestionDefinition, QuestionVariable
from questions.rules.encoding import ValueChange, differences
from tests.support.questions import a_calculated, a_question, a_single, an_option, an_ordering, es, every_body, f, some_gaps


@pytest.mark.parametrize("body", every_body(), ids=lambda body: body.kind.value)
def test_a_question_differs_in_nothing_from_itself(body: Body) -> None:
    assert differences(a_question(body), a_question(body)) == ()


def test_each_field_that_differs_is_told_with_both_values() -> None:
    before = a_question(a_single())
    after = replace(before, text=es("¿Cuál?"), mark=Fraction(3, 2), difficulty=Difficulty.HARD, tags=("x",))

    assert differences(before, after) == (
        ValueChange(("text", "es"), "¿Qué?", "¿Cuál?"),
        ValueChange(("tags", "1"), None, "x"),
        ValueChange(("difficulty",), None, "hard"),
        ValueChange(("mark",), "1", "3/2"),
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
    turned = OrderingBody(tuple(reversed(body.items)), body.rule)

    assert differences(a_question(body), a_question(turned)) == (ValueChange(("order",), "i0, i1, i2", "i2, i1, i0"),)


def test_another_kind_is_the_first_thing_told() -> None:
    before = a_single()

    assert differences(a_question(before), a_question(MultipleChoiceBody(before.options)))[0] == ValueChange(
        ("kind",), "single", "multiple"
    )


def test_gaps_and_variables_are_met_by_name() -> None:
    """Gaps and variables that change places differ in nothing; one that changes is told under its name."""
    gaps, sum_of_two = (
        some_gaps(),
        replace(a_calculated(), variables=(QuestionVariable("meses", (f("1"),)), QuestionVariable("dias", (f("2"),)))),
    )
    heavier = GapsBody((gaps.gaps[2], replace(gaps.gaps[0], weight=f("3")), gaps.gaps[1]))

    assert differences(a_question(gaps), a_question(GapsBody(gaps.gaps[::-1]))) == ()
    assert differences(a_question(sum_of_two), a_question(replace(sum_of_two, variables=sum_of_two.variables[::-1]))) == ()
    assert differences(a_question(gaps), a_question(heavier)) == (ValueChange(("gaps", "anio", "weight"), "1", "3"),)


def test_what_is_new_stands_after_what_stood_before_it() -> None:
    before, after = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("a", "1"), an_option("n"), an_option("b"))
    paths = [change.path for change in differences(replace(a_question(before), tags=("x",)), replace(a_question(after), tags=("y", "z")))]

    assert {path[:2] for path in paths[:-2]} == {("options", "n")}
    assert paths[-2:] == [("tags", "1"), ("tags", "2")]


def test_state_and_former_keys_are_no_part_of_a_wording() -> None:
    before: QuestionDefinition = a_question(a_single())

    assert differences(before, replace(before, former_keys=("vieja",))) == ()
