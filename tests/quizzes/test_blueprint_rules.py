"""The blueprint of a quiz: least and most share of each line over all question sets (spec/selection 1.1 to 1.3)."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizzes.rules.blueprint import (
    BlueprintDraw,
    BlueprintItem,
    BlueprintWeight,
    ShareRange,
    counts_by_weight,
    most_profitable,
    share_range,
    sums_off,
)
from tests.support.questions import f

O2 = BlueprintWeight(f(50), objective="o2")


def items(words: str) -> tuple[BlueprintItem, ...]:
    """Return questions from words like ``a:o1``."""
    return tuple(BlueprintItem(key, objective=objective) for key, _, objective in (word.partition(":") for word in words.split()))


def fixed(word: str) -> BlueprintDraw:
    return BlueprintDraw(1, items(word))


def every_set(draws: list[BlueprintDraw]) -> Iterator[tuple[BlueprintItem, ...]]:
    """Yield every question set, the questions of each draw with the marks that they have there."""
    if not draws:
        yield ()
        return
    for rest in every_set(draws[1:]):
        taken = {item.key for item in rest}
        for chosen in combinations([item for item in draws[0].items if item.key not in taken], draws[0].count):
            yield (*chosen, *rest)


def share(line: BlueprintWeight, chosen: tuple[BlueprintItem, ...]) -> Fraction:
    return 100 * sum((item.mark for item in chosen if line.fits(item)), Fraction(0)) / sum(item.mark for item in chosen)


def test_the_example_of_the_specification() -> None:
    """spec/selection 1.1: two draws from {o1, o1, o1, o2} and one fixed o2: o1 has least 33.33, most 66.67."""
    draws = [BlueprintDraw(2, items("a:o1 b:o1 c:o1 d:o2")), fixed("e:o2")]

    found = share_range(draws, BlueprintWeight(f(50), objective="o1"))

    assert found is not None
    assert (found.least, found.most) == (Fraction(100, 3), Fraction(200, 3))
    assert set(found.least_set) & {"a", "b", "c"}
    assert {"d", "e"} <= set(found.least_set)
    assert "d" not in found.most_set


def test_pools_that_overlap_are_divided_among_the_draws() -> None:
    """spec/selection 1.1: the one o2 can stand in either draw, never in both."""
    draws = [BlueprintDraw(1, items("a:o1 d:o2")), BlueprintDraw(1, items("b:o1 d:o2"))]

    found = share_range(draws, O2)

    assert found == ShareRange(f(0), f(50), ("a", "b"), found.most_set if found else ())


def test_marks_that_differ_weigh_the_share() -> None:
    """spec/selection 1.1: the share is of marks, and the sum of all marks depends on what is drawn too."""
    heavy, light = BlueprintItem("h", f(3), "o2"), BlueprintItem("l", f(1), "o2")
    other = BlueprintItem("x", f(1), "o1")

    found = share_range([BlueprintDraw(1, (heavy, light)), BlueprintDraw(1, (other,))], O2)

    assert found is not None
    assert (found.least, found.most) == (f(50), f(75))


def test_draws_that_cannot_be_filled_have_no_shares() -> None:
    assert share_range([BlueprintDraw(2, items("a:o1"))], O2) is None
    assert share_range([BlueprintDraw(1, items("a:o1")), BlueprintDraw(1, items("a:o1"))], O2) is None
    assert share_range([BlueprintDraw(1, (BlueprintItem("a", f(0)),))], O2) is None


def test_a_line_names_a_question_set_that_breaks_it_and_its_tolerance_allows_others() -> None:
    """spec/selection 1.1: the refusal names one question set outside the tolerance."""
    found = ShareRange(f(40), f(60), ("least",), ("most",))

    assert found.breaks(BlueprintWeight(f(50))) == ("least",)
    assert found.breaks(BlueprintWeight(f(50), tolerance=f(10))) == ()
    assert found.breaks(BlueprintWeight(f(45), tolerance=f(5))) == ("most",)


def test_a_line_fits_what_has_all_that_it_names() -> None:
    item = BlueprintItem("a", objective="o1", level="apply", difficulty="hard")

    assert BlueprintWeight(f(10), "o1", "apply", "hard").fits(item)
    assert BlueprintWeight(f(10), level="apply").fits(item)
    assert not BlueprintWeight(f(10), "o1", "recall").fits(item)


def test_lines_of_a_kind_sum_to_the_whole_within_their_tolerances() -> None:
    """spec/selection 1.3: all by objective, and all by level, each for itself."""
    by_objective = [BlueprintWeight(f(60), "o1"), BlueprintWeight(f(35), "o2", tolerance=f(5))]
    by_level = [BlueprintWeight(f(60), level="apply"), BlueprintWeight(f(35), level="recall", tolerance=f(4))]

    assert sums_off(by_objective) == {}
    assert sums_off([*by_objective, *by_level]) == {("level",): f(95)}
    assert sums_off([BlueprintWeight(f(101), "o1")]) == {("objective",): f(101)}


def test_questions_are_divided_by_weight_the_largest_remainders_first() -> None:
    """spec/selection 1.4: the draws that the page proposes."""
    assert counts_by_weight([f(20), f(50), f(30)], 10) == (2, 5, 3)
    assert counts_by_weight([f(1), f(1), f(1)], 10) == (4, 3, 3)
    assert counts_by_weight([f(25), f(75)], 2) == (1, 1)
    assert counts_by_weight([f(2), f(1)], 2) == (1, 1)
    assert counts_by_weight([f(1), f(9)], 2) == (0, 2)
    assert counts_by_weight([f(0), f(0)], 5) == (0, 0)
    assert counts_by_weight([], 5) == ()


def test_one_question_is_all_of_its_marks() -> None:
    """spec/selection 1.1."""
    assert share_range([fixed("a:o2")], O2) == ShareRange(f(100), f(100), ("a",), ("a",))


def test_a_question_set_without_marks_has_no_shares() -> None:
    """spec/selection 1.1: the draw may take the question that is worth nothing."""
    assert share_range([BlueprintDraw(1, (BlueprintItem("b", f(1), "o2"), BlueprintItem("a", f(0), "o2")))], O2) is None


def test_each_question_of_a_pool_that_draws_share_stands_once_in_a_set() -> None:
    """spec/selection 1.1: three draws of one from the same three."""
    found = share_range([BlueprintDraw(1, items("a:o2 b:o2 c:o2"))] * 3, O2)

    assert found is not None
    assert sorted(found.least_set) == sorted(found.most_set) == ["a", "b", "c"]


def weighed(*marks: str, objective: str = "o2") -> tuple[BlueprintItem, ...]:
    """Return questions of an objective by their marks."""
    return tuple(BlueprintItem(f"{objective}-{at}", f(mark), objective) for at, mark in enumerate(marks))


@pytest.mark.parametrize(
    "draws",
    [
        [BlueprintDraw(1, (*weighed("1/3", "2"), *weighed("1/2", objective="o1"))), BlueprintDraw(1, weighed("3", "1/5", objective="o1x"))],
        [BlueprintDraw(2, (*weighed("1/3", "1/4", "5"), *weighed("1/7", "4", objective="o1"))), fixed("z:o1")],
        [
            BlueprintDraw(1, (*weighed("2/3"), *weighed("1/2", "9", objective="o1"))),
            BlueprintDraw(2, (*weighed("1/3", "1/9"), *weighed("3/2", "7", objective="o1"))),
        ],
    ],
)
def test_least_and_most_of_marks_in_parts_are_those_of_all_question_sets(draws: list[BlueprintDraw]) -> None:
    """spec/selection 1.1: a question may be worth something else in each draw."""
    tried = [share(O2, chosen) for chosen in every_set(draws)]

    found = share_range(draws, O2)

    assert found is not None
    assert (found.least, found.most) == (min(tried), max(tried))


def every_filling(counts: list[int], sizes: list[int], profits: list[dict[int, int]], draw: int = 0) -> Iterator[int]:
    """Yield the profit of every way to fill the draws."""
    if draw == len(counts):
        yield 0
        return
    for taken in product(*(range(size + 1) if draw in own else (0,) for size, own in zip(sizes, profits, strict=True))):
        if sum(taken) == counts[draw]:
            left = [size - number for size, number in zip(sizes, taken, strict=True)]
            profit = sum(number * own.get(draw, 0) for number, own in zip(taken, profits, strict=True))
            yield from (profit + rest for rest in every_filling(counts, left, profits, draw + 1))


@pytest.mark.parametrize("seed", range(120))
def test_no_filling_of_the_draws_has_more_profit(seed: int) -> None:
    """spec/selection 1.1: the same as trying every filling; none is found only where there is none."""
    chance = Random(seed)  # noqa: S311 - fillings, not secrets
    counts = [chance.randint(1, 3) for _ in range(chance.randint(2, 4))]
    sizes = [chance.randint(1, 3) for _ in range(4)]
    profits = [
        {draw: chance.randint(-9, 9) for draw in sorted(chance.sample(range(len(counts)), chance.randint(1, len(counts))))} for _ in sizes
    ]

    chosen = most_profitable(counts, sizes, profits)

    assert (chosen and sum(number * profits[at][draw] for (draw, at), number in chosen.items())) == max(
        every_filling(counts, sizes, profits), default=None
    )
    for (draw, at), number in (chosen or {}).items():
        counts[draw] -= number
        sizes[at] -= number
    assert chosen is None or (set(counts) == {0} and min(sizes) >= 0)


@st.composite
def some_draws(draw: st.DrawFn) -> list[BlueprintDraw]:
    """Draws from a bank of a few questions, whose pools overlap as they may."""
    bank = [BlueprintItem(f"q{at}", objective=draw(st.sampled_from(["o1", "o2"]))) for at in range(draw(st.integers(2, 7)))]
    marks = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 3)])
    draws = []
    for _ in range(draw(st.integers(1, 3))):
        pool = draw(st.lists(st.sampled_from(bank), min_size=1, unique=True))
        own = [BlueprintItem(item.key, draw(marks), item.objective) for item in pool]
        draws.append(BlueprintDraw(draw(st.integers(1, len(own))), tuple(own)))
    return draws


@settings(max_examples=300)
@given(some_draws())
@pytest.mark.slow
def test_least_and_most_are_those_of_all_question_sets(draws: list[BlueprintDraw]) -> None:
    """spec/selection 1.1: the same as trying every question set."""
    tried = [share(O2, chosen) for chosen in every_set(draws)]

    found = share_range(draws, O2)

    if not tried:
        assert found is None
        return
    assert found is not None
    assert (found.least, found.most) == (min(tried), max(tried))
    for keys, extreme in ((found.least_set, found.least), (found.most_set, found.most)):
        assert any({item.key for item in chosen} == set(keys) and share(O2, chosen) == extreme for chosen in every_set(draws))
