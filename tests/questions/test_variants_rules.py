"""Variants of calculated questions: their keys, the values that draws tell apart, and which are too much alike (spec/selection 1).

spec/selection 1.22, 1.23.
"""

from fractions import Fraction

import pytest

from questions.rules.definitions import (
    Body,
    CalculatedAnswer,
    CalculatedBody,
    NumericalBody,
    QuestionVariable,
    SingleChoiceBody,
    Tolerance,
    VariableRange,
)
from questions.rules.item_layout import lay_out_item
from questions.rules.variants import (
    LONGEST_NAME,
    MOST_VALUE_VARIANTS,
    ValuesRefused,
    Variant,
    VariantRemark,
    VariantRemarkKind,
    draw_variants,
    numbers_of,
    remarks_of,
    right_answer,
    values_of_variant,
    variant_name,
    variant_of,
    variants_of,
)
from quizzes.rules.balanced_draw import Balance, QuestionSets, facility_key, plan_draws, without_variants
from quizzes.rules.layout import Candidate, DrawnQuestions, SlotEntry, lay_out
from tests.support.questions import NUMBERS, a_question, a_single, calculated_options, f

BODY = CalculatedBody(
    variables=(QuestionVariable("a", VariableRange(f(1), f(9), f(1))), QuestionVariable("b", VariableRange(f(1), f(9), f(1)))),
    answers=(CalculatedAnswer("a * b", True, f(1)), CalculatedAnswer("a + b", False, f(0)), CalculatedAnswer("1 / (a - b)", False, f(0))),
    conditions=("a != b",),
)


def variant(name: str, a: int, b: int, body: CalculatedBody = BODY) -> Variant:
    return variant_of(body, name, {"a": f(a), "b": f(b)})


def kinds(*variants: Variant, **lessons: frozenset[Fraction]) -> list[tuple[VariantRemarkKind, tuple[str, ...]]]:
    return [(one.kind, one.names) for one in remarks_of(variants, lessons)]


def test_the_key_of_a_variant_is_computed_by_the_engine() -> None:
    """spec/selection 1.22: with the values of typical wrong answers that have one."""
    found = variant("q-1", 3, 4)

    assert found.key == 12
    assert found.mistakes == (("a + b", f(7)), ("1 / (a - b)", f(-1)))
    assert variant_of(CalculatedBody(BODY.variables, BODY.answers), "q", {"a": f(2), "b": f(2)}).mistakes == (("a + b", f(4)),)


def test_rounding_is_the_tolerance_of_a_key_with_decimals() -> None:
    body = CalculatedBody(BODY.variables, (CalculatedAnswer("a / b", True, f(1)),), decimals=1)

    assert variant("q", 1, 3, body).tolerance == Tolerance(amount=Fraction(1, 3) - Fraction(3, 10))


@pytest.mark.parametrize(
    ("condition", "answer", "said"), [("a > b", "a", "a > b"), ("1 / (a - a) > 0", "a", "1 / (a - a) > 0"), ("a < b", "sqrt(a - b)", "")]
)
def test_values_that_break_a_condition_or_have_no_answer_are_refused(condition: str, answer: str, said: str) -> None:
    body = CalculatedBody(BODY.variables, (CalculatedAnswer(answer, True, f(1)),), conditions=(condition,))

    with pytest.raises(ValuesRefused) as refused:
        variant("q", 1, 2, body)

    assert (refused.value.condition, str(refused.value)) == (said, said)


def test_a_question_without_a_right_answer_has_no_variant() -> None:
    """spec/selection 1.22: its key could not be computed."""
    with pytest.raises(ValuesRefused):
        variant("q", 1, 2, CalculatedBody(BODY.variables, BODY.answers[1:]))


def test_a_key_that_is_right_for_only_one_of_two_is_pointed_out() -> None:
    """spec/selection 1.22: 12 and 15 with tolerances of 0.5 and 5, whichever comes first."""
    narrow, wide = (CalculatedBody(BODY.variables, BODY.answers[:1], tolerance=Tolerance(amount=f(size))) for size in ("0.5", "5"))

    for first, second in ((narrow, wide), (wide, narrow)):
        assert kinds(variant("q-1", 3, 4, first), variant("q-2", 3, 5, second)) == [(VariantRemarkKind.SAME_KEY, ("q-1", "q-2"))]


def test_variants_with_one_key_are_pointed_out() -> None:
    """spec/selection 1.22: equal keys, and equal values."""
    assert kinds(variant("q-1", 3, 4), variant("q-2", 2, 6)) == [(VariantRemarkKind.SAME_KEY, ("q-1", "q-2"))]
    assert kinds(variant("q-1", 3, 4), variant("q-2", 3, 4)) == [(VariantRemarkKind.SAME_VALUES, ("q-1", "q-2"))]
    assert kinds(variant("q-1", 3, 4), variant("q-2", 3, 5)) == []


def test_answers_less_than_twice_the_tolerance_apart_are_pointed_out() -> None:
    """spec/selection 1.22: outside the tolerance of each other, and less than twice it."""
    wide = CalculatedBody(BODY.variables, BODY.answers[:1], tolerance=Tolerance(amount=f(2)))

    assert kinds(variant("q-1", 3, 4, wide), variant("q-2", 3, 5, wide)) == [(VariantRemarkKind.NEAR_KEY, ("q-1", "q-2"))]
    assert kinds(variant("q-1", 3, 4, wide), variant("q-2", 2, 7, wide)) == [(VariantRemarkKind.SAME_KEY, ("q-1", "q-2"))]
    assert kinds(variant("q-1", 3, 4, wide), variant("q-2", 1, 7, wide)) == []
    assert kinds(variant("q-1", 1, 7, wide), variant("q-2", 3, 4, wide)) == []


def test_a_typical_mistake_that_gives_the_key_is_pointed_out() -> None:
    """spec/selection 1.22: 2 + 2 is 2 · 2."""
    same = CalculatedBody(BODY.variables, BODY.answers[:2])

    assert remarks_of([variant("q-1", 2, 2, same)], {}) == [VariantRemark(VariantRemarkKind.MISTAKE, ("q-1",), "a + b")]


def test_the_numbers_of_a_lesson_are_pointed_out() -> None:
    """spec/selection 1.22: all values of one lesson; of a single variable the key too."""
    single = CalculatedBody(BODY.variables[:1], (CalculatedAnswer("2 * a", True, f(1)),))

    found = remarks_of([variant("q-1", 3, 5)], {"Uno": frozenset({f(3), f(5)}), "Dos": frozenset({f(3), f(15)})})
    assert found == [VariantRemark(VariantRemarkKind.LESSON, ("q-1",), "Uno")]
    assert remarks_of([variant_of(single, "q", {"a": f(3)})], {"Uno": frozenset({f(3)})}) == []
    assert len(remarks_of([variant_of(single, "q", {"a": f(3)})], {"Uno": frozenset({f(3), f(6)})})) == 1


def test_own_draws_are_the_same_each_time_and_clean_where_they_can_be() -> None:
    """spec/selection 1.22: the tool's own draws; nothing can be said against them while there are others."""
    names = [f"q-{number}" for number in range(1, 11)]
    present = [variant("q-0", 3, 4)]

    found = draw_variants(BODY, names, present, {"Uno": frozenset({f(2), f(3)})})

    assert [one.name for one in found] == names
    assert remarks_of(found, {"Uno": frozenset({f(2), f(3)})}, present) == []
    assert draw_variants(BODY, names, present, {"Uno": frozenset({f(2), f(3)})}) == found
    assert all(one.values["a"] != one.values["b"] for one in found)


def test_the_values_of_two_names_are_these() -> None:
    """spec/selection 1.22: a family that is drawn again gets what it got."""
    drawn = draw_variants(BODY, ["q-1", "q-2"], [], {})

    assert [variant_name(one.values) for one in drawn] == ["a=8 b=4", "a=1 b=9"]


def test_draws_that_are_too_much_alike_come_last() -> None:
    """spec/selection 1.22: they are made where there are no others, and remarked on."""
    few = CalculatedBody((QuestionVariable("a", (f(1), f(2), f(3))), QuestionVariable("b", (f(1), f(2), f(3)))), BODY.answers[:1])

    names = [f"q-{number}" for number in range(9)]

    found = draw_variants(few, names, [], {})

    assert [one.name for one in found] == names
    assert len({tuple(one.values.items()) for one in found}) == 9
    assert [one.key for one in found[:6]] == list(dict.fromkeys(one.key for one in found[:6]))
    assert len(remarks_of(found, {})) == 3
    assert len(draw_variants(few, [f"q-{number}" for number in range(20)], [], {})) == 9


def test_values_without_a_key_are_not_drawn() -> None:
    """spec/selection 1.22: one divided by nothing."""
    variables = tuple(QuestionVariable(name, VariableRange(f("1"), f("2"), f("1"))) for name in "ab")
    body = CalculatedBody(variables, (CalculatedAnswer("1 / (a - b)", True, f("1")),))

    drawn = draw_variants(body, ["q-1", "q-2"], [], {})

    assert {(variant.values["a"], variant.values["b"]): variant.key for variant in drawn} == {
        (f("1"), f("2")): f("-1"),
        (f("2"), f("1")): f("1"),
    }


@pytest.mark.slow
def test_draws_that_meet_no_condition_are_none() -> None:
    none = CalculatedBody(BODY.variables, BODY.answers, conditions=("a > 100",))
    without_value = CalculatedBody(BODY.variables, (CalculatedAnswer("1 / (a - a)", True, f(1)),))

    assert draw_variants(none, ["q-1"], [], {}) == []
    assert draw_variants(without_value, ["q-1"], [], {}) == []
    assert right_answer(BODY) is BODY.answers[0]
    assert right_answer(CalculatedBody(BODY.variables, BODY.answers[1:])) is None


A = QuestionVariable("a", (f(1), f("2.5"), f("1/3")))
B = QuestionVariable("b", VariableRange(f(1), f(2), f("0.5")), 0)
ORDERED_BODY = CalculatedBody((B, A), (CalculatedAnswer("a * b", True, f(1)),), conditions=("a < b",))


def test_a_variant_is_named_by_its_values() -> None:
    """spec/selection 1.23: exactly, whatever the order in which the variables are written."""
    assert variant_name({"b": f("2.5"), "a": f(-1)}) == "a=-1 b=5/2"
    assert values_of_variant("a=-1 b=5/2") == {"a": f(-1), "b": f("2.5")}


def test_the_variants_are_the_values_that_meet_the_conditions() -> None:
    """Values are rounded as they are shown: 1, 1.5 and 2 without decimals are 1, 2 and 2."""
    assert variants_of(a_question(ORDERED_BODY)) == ("a=1 b=2", "a=1/3 b=1", "a=1/3 b=2")


@pytest.mark.parametrize(
    "body",
    [
        NumericalBody(()),
        CalculatedBody((), ORDERED_BODY.answers),
        CalculatedBody((A,), ORDERED_BODY.answers, ("a > 9",)),
        CalculatedBody((QuestionVariable("a", VariableRange(f(1), f(MOST_VALUE_VARIANTS + 1), f(1))),), ORDERED_BODY.answers),
        CalculatedBody(
            tuple(QuestionVariable(name, VariableRange(f(1), f(11), f(1))) for name in "abc"), ORDERED_BODY.answers, ("a + b + c < 4",)
        ),
        CalculatedBody((QuestionVariable("un_nombre_largo", (f("1/3") + 10**70,)),), ORDERED_BODY.answers),
        a_single(),
    ],
    ids=["number", "no variables", "none", "too many", "too many to look at", "long", "choice"],
)
def test_questions_without_a_few_variants_have_none(body: Body) -> None:
    assert variants_of(a_question(body)) is None


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([f(1)], 1),
        ([Fraction(at) for at in range(MOST_VALUE_VARIANTS)], MOST_VALUE_VARIANTS),
        ([Fraction(10 ** (LONGEST_NAME - len("a=") - 1))], 1),
    ],
    ids=["one", "as many as are told apart", "the longest name"],
)
def test_the_last_question_that_is_inside_a_limit_has_its_variants(values: list[Fraction], count: int) -> None:
    """spec/selection 1.23."""
    body = CalculatedBody((QuestionVariable("a", tuple(values)),), ORDERED_BODY.answers)

    assert len(variants_of(a_question(body)) or ()) == count


def test_a_thousand_values_together_are_looked_at() -> None:
    """spec/selection 1.23: three variables of ten values, of which the conditions leave one each."""
    variables = tuple(QuestionVariable(name, VariableRange(f(1), f(10), f(1))) for name in "abc")
    question = a_question(CalculatedBody(variables, ORDERED_BODY.answers, ("a + b + c < 4",)))

    assert variants_of(question) == ("a=1 b=1 c=1",)


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
    laid = lay_out_item(a_question(ORDERED_BODY), 1, item.slot, shuffle=True, values=values_of_variant(item.variant))
    assert laid.variables == {"a": Fraction(5, 2), "b": 3}
