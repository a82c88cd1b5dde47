"""Marks of what is chosen among options: one, true or false, several under each rule (spec/quiz-engine 5.7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules import marking as choice_marking
from questions.rules.answers import MultipleChoiceAnswer, SingleChoiceAnswer, TrueFalseAnswer
from questions.rules.definitions import MultipleChoiceBody, MultipleRule, TrueFalseBody
from questions.rules.feedback import why
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import MarkState, mark_answer
from questions.rules.numbers import SPANISH
from tests.support.questions import (
    a_multiple,
    a_question,
    a_single,
    an_option,
    es,
    f,
    marked,
    share,
)

R = MultipleRule


@pytest.mark.parametrize(
    ("choice", "fraction", "state"),
    [("a", "1", MarkState.RIGHT), ("b", "-1/3", MarkState.WRONG), ("c", "1/2", MarkState.PARTIAL), ("", "0", MarkState.NOT_ANSWERED)],
)
def test_a_single_choice_is_worth_the_fraction_of_the_option(choice: str, fraction: str, state: MarkState) -> None:
    """spec/quiz-engine 5.7 Single choice: fraction of the selected option (may be negative); none = 0."""
    body = a_single(an_option("a", "1"), an_option("b", "-1/3", right=False), an_option("c", "1/2", right=False))

    marking = marked(body, SingleChoiceAnswer(choice))

    assert (marking.fraction, marking.state) == (f(fraction), state)


def test_an_option_that_does_not_exist_is_invalid_and_worth_nothing() -> None:
    assert marked(a_single(), SingleChoiceAnswer("zz")).state is MarkState.INVALID
    assert marked(a_multiple(R.RIGHT_ONLY, 2, 2), MultipleChoiceAnswer(("zz",))).state is MarkState.INVALID
    assert share(a_single(), SingleChoiceAnswer("zz")) == 0


@pytest.mark.parametrize(("value", "state"), [(False, MarkState.RIGHT), (True, MarkState.WRONG), (None, MarkState.NOT_ANSWERED)])
def test_true_or_false_is_right_or_wrong(value: bool | None, state: MarkState) -> None:
    """spec/quiz-engine 5.7 True/false."""
    assert marked(TrueFalseBody(answer=False), TrueFalseAnswer(value)).state is state


RULES = [R.ALL_OR_NOTHING, R.RIGHT_MINUS_WRONG, R.PROPORTIONAL, R.RIGHT_ONLY, R.HALVES]


@pytest.mark.parametrize(
    ("chosen", "fractions"),
    [
        ("r1 r2 r3", "1 1 1 1 1"),
        ("r1 r2", "0 2/3 4/5 2/3 1/2"),
        ("r1", "0 1/3 3/5 1/3 1/4"),
        ("r1 r2 r3 w1", "0 2/3 4/5 0 1/2"),
        ("r1 r2 w1", "0 1/3 3/5 0 1/4"),
        ("r1 r2 r3 w1 w2", "0 1/3 3/5 0 1/4"),
        ("r1 w1", "0 0 2/5 0 0"),
        ("w1", "0 0 1/5 0 0"),
        ("w1 w2", "0 0 0 0 0"),
        ("", "0 0 0 0 0"),
    ],
)
def test_the_same_selection_under_each_named_rule(chosen: str, fractions: str) -> None:
    """spec/quiz-engine 5.7 Multiple: all_or_nothing, right_minus_wrong, proportional, right_only, halves (spec/quiz-engine 5.14.6);
    three right of five.
    """
    answer = MultipleChoiceAnswer(tuple(chosen.split()))

    assert [share(a_multiple(rule, 3, 2), answer) for rule in RULES] == [f(one) for one in fractions.split()]


@pytest.mark.parametrize(
    ("chosen", "fraction"), [("a b", "1"), ("a", "1/2"), ("a c", "1/4"), ("c", "0"), ("a b c d", "1/2"), ("a b e", "1"), ("", "0")]
)
def test_the_sum_of_fractions_is_clipped(chosen: str, fraction: str) -> None:
    """spec/quiz-engine 5.7 Multiple: fractions (sum of option fractions, clipped to [0, 1])."""
    options = (
        an_option("a", "1/2"),
        an_option("b", "1/2"),
        an_option("c", "-1/4", right=False),
        an_option("d", "-1/4", right=False),
        an_option("e", "1/10", right=False),
    )

    assert share(MultipleChoiceBody(options, R.FRACTIONS), MultipleChoiceAnswer(tuple(chosen.split()))) == f(fraction)


@pytest.mark.parametrize(
    ("right", "wrong", "chosen", "fraction"),
    [(1, 1, "r1 w1", "0"), (1, 2, "r1 w1", "1/2"), (2, 2, "w1 r1", "0"), (2, 3, "w1 r1", "1/4"), (2, 1, "r1", "1/2"), (1, 1, "r1", "1")],
)
def test_halves_need_enough_options(right: int, wrong: int, chosen: str, fraction: str) -> None:
    """spec/quiz-engine 5.7 Multiple: halves (½ needs at least 3 options, ¼ at least 5)."""
    assert share(a_multiple(R.HALVES, right, wrong), MultipleChoiceAnswer(tuple(chosen.split()))) == f(fraction)


def test_choosing_nothing_earns_nothing_even_in_proportion() -> None:
    """spec/quiz-engine 5.7 Multiple: selecting nothing is always 0 (also in EDC)."""
    marking = marked(a_multiple(R.PROPORTIONAL, 1, 9), MultipleChoiceAnswer())

    assert (marking.state, marking.fraction) == (MarkState.NOT_ANSWERED, 0)


def test_keys_that_are_no_options_are_no_choice() -> None:
    assert choice_marking.share_of_choices(R.PROPORTIONAL, a_multiple(R.PROPORTIONAL, 1, 9).options, ["zz"]) == 0


@pytest.mark.parametrize("rule", list(R))
def test_options_without_a_right_one_divide_by_nothing(rule: MultipleRule) -> None:
    assert share(a_multiple(rule, 0, 3), MultipleChoiceAnswer(("w1", "w2", "w3"))) == 0


def test_the_parts_of_a_multiple_choice_are_the_chosen_options() -> None:
    question = a_question(a_multiple(R.RIGHT_MINUS_WRONG, 2, 2))

    parts = mark_answer(question, MultipleChoiceAnswer(("r1", "w2", "zz")), ItemLayout(), SPANISH).parts

    assert [(part.part, part.state) for part in parts] == [("r1", MarkState.RIGHT), ("w2", MarkState.WRONG)]
    assert [why(question, part) for part in parts] == [es("why r1"), es("why w2")]


@given(st.sampled_from(list(R)), st.integers(1, 6), st.integers(0, 6), st.data())
def test_marks_of_multiple_choices_lie_in_bounds_and_rise_with_right_ones(
    rule: MultipleRule, right: int, wrong: int, data: st.DataObject
) -> None:
    """spec/quiz-engine 5.7 Multiple: no rule leaves [0, 1], none takes marks off for one more right option."""
    body = a_multiple(rule, right, wrong)
    keys = [option.key for option in body.options]
    chosen = data.draw(st.sets(st.sampled_from(keys)))
    missing = sorted(set(keys[:right]) - chosen)

    fraction = share(body, MultipleChoiceAnswer(tuple(sorted(chosen))))

    assert 0 <= fraction <= 1
    assert share(body, MultipleChoiceAnswer(tuple(keys[:right]))) == 1
    if missing:
        assert share(body, MultipleChoiceAnswer(tuple(sorted({*chosen, missing[0]})))) >= fraction
