"""The values that variables have together, named and told apart by draws (spec/selection 1.23)."""

from fractions import Fraction

import pytest

from questions.rules.definitions import (
    Body,
    CalculatedAnswer,
    CalculatedBody,
    NumericalBody,
    QuestionVariable,
    SingleChoiceBody,
    VariableRange,
)
from questions.rules.item_layout import lay_out_item
from questions.rules.variants import MOST_VALUE_VARIANTS, numbers_of, values_of_variant, variant_name, variants_of
from quizzes.rules.balanced_draw import Balance, QuestionSets, facility_key, plan_draws, without_variants
from quizzes.rules.layout import Candidate, DrawnQuestions, SlotEntry, lay_out
from tests.support.questions import NUMBERS, a_question, a_single, calculated_options, f

A = QuestionVariable("a", (f(1), f("2.5"), f("1/3")))
B = QuestionVariable("b", VariableRange(f(1), f(2), f("0.5")), 0)
BODY = CalculatedBody((B, A), (CalculatedAnswer("a * b", True, f(1)),), conditions=("a < b",))


def test_a_variant_is_named_by_its_values() -> None:
    """spec/selection 1.23: exactly, whatever the order in which the variables are written."""
    assert variant_name({"b": f("2.5"), "a": f(-1)}) == "a=-1 b=5/2"
    assert values_of_variant("a=-1 b=5/2") == {"a": f(-1), "b": f("2.5")}


def test_the_variants_are_the_values_that_meet_the_conditions() -> None:
    """Values are rounded as they are shown: 1, 1.5 and 2 without decimals are 1, 2 and 2."""
    assert variants_of(a_question(BODY)) == ("a=1 b=2", "a=1/3 b=1", "a=1/3 b=2")


@pytest.mark.parametrize(
    "body",
    [
        NumericalBody(()),
        CalculatedBody((), BODY.answers),
        CalculatedBody((A,), BODY.answers, ("a > 9",)),
        CalculatedBody((QuestionVariable("a", VariableRange(f(1), f(MOST_VALUE_VARIANTS + 1), f(1))),), BODY.answers),
        CalculatedBody(tuple(QuestionVariable(name, VariableRange(f(1), f(11), f(1))) for name in "abc"), BODY.answers, ("a + b + c < 4",)),
        CalculatedBody((QuestionVariable("un_nombre_largo", (f("1/3") + 10**70,)),), BODY.answers),
        a_single(),
    ],
    ids=["number", "no variables", "none", "too many", "too many to look at", "long", "choice"],
)
def test_questions_without_a_few_variants_have_none(body: Body) -> None:
    assert variants_of(a_question(body)) is None


def test_calculated_options_have_the_variants_in_which_they_differ() -> None:
    """spec/selection 1.23: 2 + 2 and 2 · 2 read the same."""
    question = a_question(SingleChoiceBody(calculated_options("{= a + b =}", "{= a * b =}"), numbers=NUMBERS))
    found = variants_of(question)

    assert numbers_of(question) is NUMBERS
    assert found is not None
    assert len(found) == 15
    assert "a=2 b=2" not in found


QUESTION = Candidate("q", 1, variants=("a=1", "a=2"))
FACILITIES = {"q": 50, "q a=1": 80, "q a=2": 20, "r": 50}


def test_a_balanced_draw_takes_a_variant_as_one_of_a_family() -> None:
    """spec/selection 1.12 and 1.23: each with its own facility, and at most one of them."""
    entries = [SlotEntry((QUESTION, Candidate("r", 2)), 1)]
    sets = QuestionSets(plan_draws(entries, FACILITIES, Balance(f(5), f(50))))
    every = QuestionSets(plan_draws(entries, FACILITIES, Balance(f(100))))

    assert [sets.numbered(number)[0][0][0].question for number in range(sets.total)] == ["r"]
    assert [every.numbered(number)[0][0][0].variant for number in range(every.total)] == ["a=1", "a=2", ""]
    assert QuestionSets(plan_draws([SlotEntry((QUESTION,), 1)], FACILITIES, Balance(f(100)))).total == 2
    assert QuestionSets(plan_draws(without_variants(entries), FACILITIES, Balance(f(100)))).total == 2
    assert facility_key("q", "a=1") == "q a=1"


def test_the_layout_has_the_values_that_were_drawn() -> None:
    """spec/selection 1.23: an attempt is asked the variant of its question set."""
    drawn = Candidate("q", 1, variant="a=5/2 b=3")
    layout = lay_out([SlotEntry((QUESTION,))], 1, seen={}, draw=lambda _entries, _seed, _seen: DrawnQuestions([[drawn]]))

    assert not hasattr(layout, "found")
    item = layout.items[0]  # type: ignore[union-attr]  # the draw gives one
    laid = lay_out_item(a_question(BODY), 1, item.slot, shuffle=True, values=values_of_variant(item.variant))
    assert laid.variables == {"a": Fraction(5, 2), "b": 3}
