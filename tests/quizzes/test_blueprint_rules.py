"""The blueprint of a quiz: least and most share of each line over all question sets (spec/selection 1.1 to 1.3)."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizzes.rules.blueprint import (
    BlueprintDraw,
    BlueprintItem,
    BlueprintWeight,
    KindSum,
    ShareRange,
    counts_by_weight,
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

    assert sums_off(by_objective) == ()
    assert sums_off([*by_objective, *by_level]) == (KindSum(("level",), f(95)),)
    assert sums_off([BlueprintWeight(f(101), "o1")]) == (KindSum(("objective",), f(101)),)


def test_questions_are_divided_by_weight_the_largest_remainders_first() -> None:
    """spec/selection 1.4: the draws that the page proposes."""
    assert counts_by_weight([f(20), f(50), f(30)], 10) == (2, 5, 3)
    assert counts_by_weight([f(1), f(1), f(1)], 10) == (4, 3, 3)
    assert counts_by_weight([f(25), f(75)], 2) == (1, 1)
    assert counts_by_weight([f(0), f(0)], 5) == (0, 0)
    assert counts_by_weight([], 5) == ()


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
