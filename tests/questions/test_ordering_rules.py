"""The nine named rules of an ordering (spec/quiz-engine 5.7)."""

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.definitions import OrderingRule
from questions.rules.marking import ordering_shares, share_of_ordering
from tests.support.questions import f

R = OrderingRule
RULES = list(R)


@pytest.mark.parametrize(
    ("rule", "fractions"),
    [
        (R.ALL_OR_NOTHING, "1 0 0 0 0"),
        (R.ABSOLUTE_POSITION, "1 0 1/2 0 1/4"),
        (R.RELATIVE_TO_NEXT, "1 2/3 1/3 0 1/3"),
        (R.RELATIVE_TO_NEXT_AND_LAST, "1 1/2 1/2 0 1/2"),
        (R.ONE_PREVIOUS_AND_NEXT, "1 1/2 3/8 0 3/8"),
        (R.ALL_PREVIOUS_AND_NEXT, "1 1/2 5/6 0 2/3"),
        (R.LONGEST_ORDERED, "1 3/4 3/4 0 3/4"),
        (R.LONGEST_CONTIGUOUS, "1 3/4 1/2 0 1/2"),
        (R.RELATIVE_TO_CORRECT, "1 1/2 5/6 1/3 2/3"),
    ],
)
def test_the_same_orders_under_each_rule(rule: OrderingRule, fractions: str) -> None:
    """spec/quiz-engine 5.7 Ordering: right; first item last; two neighbours exchanged; reversed; the third first."""
    orders = [(0, 1, 2, 3), (1, 2, 3, 0), (1, 0, 2, 3), (3, 2, 1, 0), (2, 0, 1, 3)]

    assert [share_of_ordering(rule, order) for order in orders] == [f(one) for one in fractions.split()]


def test_relative_to_correct_is_the_sum_of_closeness() -> None:
    """spec/quiz-engine 5.7 Ordering: Σ max(0, n−1−|Δpos|) / (n(n−1))."""
    for order in permutations(range(5)):
        expected = Fraction(sum(max(0, 4 - abs(at - place)) for at, place in enumerate(order)), 20)

        assert share_of_ordering(R.RELATIVE_TO_CORRECT, order) == expected


def test_the_last_item_has_no_share_where_it_is_left_out() -> None:
    assert ordering_shares(R.RELATIVE_TO_NEXT, (2, 0, 1)) == (None, 1, 0)
    assert ordering_shares(R.RELATIVE_TO_NEXT_AND_LAST, (0, 1, 2)) == (1, 1, 1)


def test_a_subset_of_one_item_is_no_order() -> None:
    assert ordering_shares(R.LONGEST_ORDERED, (2, 1, 0)) == (0, 0, 0)
    assert ordering_shares(R.LONGEST_CONTIGUOUS, (0, 2, 1)) == (0, 0, 0)


def test_the_longest_subset_need_not_stand_together() -> None:
    assert ordering_shares(R.LONGEST_ORDERED, (3, 0, 4, 1, 2)) == (0, 1, 0, 1, 1)
    assert ordering_shares(R.LONGEST_CONTIGUOUS, (3, 0, 4, 1, 2)) == (0, 0, 0, 1, 1)


def test_of_two_longest_subsets_the_first_counts() -> None:
    assert ordering_shares(R.LONGEST_CONTIGUOUS, (2, 3, 0, 1)) == (1, 1, 0, 0)
    assert ordering_shares(R.LONGEST_ORDERED, (2, 3, 0, 1)) == (1, 1, 0, 0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("places", [(), (0,)])
def test_with_fewer_than_two_items_there_is_nothing_to_order(rule: OrderingRule, places: tuple[int, ...]) -> None:
    assert share_of_ordering(rule, places) == 0
    assert len(ordering_shares(rule, places)) == len(places)


@given(st.sampled_from(RULES), st.integers(2, 7).flatmap(lambda count: st.permutations(range(count))))
def test_every_rule_gives_all_to_the_right_order_alone(rule: OrderingRule, places: list[int]) -> None:
    fraction = share_of_ordering(rule, places)

    assert 0 <= fraction <= 1
    assert (fraction == 1) == (places == sorted(places))
