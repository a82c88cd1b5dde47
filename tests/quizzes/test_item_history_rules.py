"""Sums of the history of a question, Wilson's interval of its facility, and discrimination within groups (spec/selection 2)."""

from fractions import Fraction
from math import log, sqrt

import pytest

from quizzes.rules.item_history import (
    UNIT,
    HistoryItem,
    HistorySums,
    pooled_discrimination,
    pooled_facility,
    practice_facility,
    sums_of,
    wilson,
)

ONE, HALF = Fraction(1), Fraction(1, 2)


def an_item(version: int, share: Fraction | None, maximum: int = 1, **kept: bool) -> HistoryItem:
    return HistoryItem(version, share, Fraction(maximum), **kept)


def by_version(items: list[HistoryItem], *, first: bool = True, counts: bool = True) -> dict[int, HistorySums]:
    """Return what an attempt adds for all answers to each question."""
    return {version: one for version, variant, one in sums_of(items, first=first, counts=counts) if not variant}


def added(*classes: list[tuple[Fraction, Fraction]]) -> list[HistorySums]:
    """Return the sums of question 1 in classes of people with these shares of it and of another question."""
    return [sum((by_version([an_item(1, one), an_item(2, rest)])[1] for one, rest in people), HistorySums()) for people in classes]


def test_an_attempt_adds_its_share_and_that_of_the_rest() -> None:
    """spec/selection 2.1: the rest is the share of the rest's maximum."""
    found = by_version([an_item(1, HALF), an_item(2, ONE, 3), an_item(3, Fraction(0), 1, blank=True)])

    assert found[1] == HistorySums(1, 1, 0, UNIT // 2, UNIT // 4, UNIT * 3 // 4, UNIT * 9 // 16, UNIT * 3 // 8)
    assert (found[3].blank, found[3].shares) == (1, 0)


@pytest.mark.parametrize(
    ("items", "first"),
    [
        ([an_item(1, ONE), an_item(2, None)], True),
        ([an_item(1, ONE), an_item(2, ONE)], False),
        ([an_item(1, ONE, voided=True), an_item(2, ONE)], True),
        ([an_item(1, ONE, 0), an_item(2, ONE)], True),
    ],
    ids=["waits for a grader", "later attempt", "annulled", "worth nothing"],
)
def test_what_does_not_count_was_shown_all_the_same(items: list[HistoryItem], first: bool) -> None:
    """spec/selection 2.3."""
    assert by_version(items, first=first)[1] == HistorySums(shown=1)


def test_a_text_waits_for_no_grader() -> None:
    """spec/selection 2.3: what is worth nothing keeps no attempt from counting."""
    assert by_version([an_item(1, ONE), an_item(2, None, 0)])[1].count == 1


def test_an_only_question_has_no_rest() -> None:
    """spec/selection 2.1: of nothing there is no share."""
    assert by_version([an_item(1, ONE)])[1].rests == 0


def test_a_variant_counts_for_itself_and_for_its_question() -> None:
    """spec/selection 1.23 and 2.5."""
    found = sums_of([HistoryItem(1, ONE, ONE, variant="a=1"), HistoryItem(2, HALF, ONE)], first=True, counts=True)

    assert [(version, variant, one.shares) for version, variant, one in found] == [(1, "", UNIT), (1, "a=1", UNIT), (2, "", UNIT // 2)]


def test_times_are_summed_as_logarithms() -> None:
    """spec/selection 2.1 and 6.3: of answers whose time is known; less than a second counts as one."""
    found = [by_version([HistoryItem(1, ONE, ONE, seconds=seconds)])[1] for seconds in (10, 1000, 0, None)]

    assert [one.timed for one in found] == [1, 1, 1, 0]
    assert (found[0] + found[1]).log_seconds / UNIT == pytest.approx(log(10) + log(1000))
    assert found[2].log_seconds == 0
    assert by_version([HistoryItem(1, ONE, ONE, seconds=9)], first=False)[1].timed == 0


def test_practice_stands_in_columns_of_its_own() -> None:
    """spec/selection 2.3."""
    assert by_version([an_item(1, HALF)], counts=False)[1] == HistorySums(shown=1, practice_count=1, practice_shares=UNIT // 2)


def test_a_question_taken_out_of_the_total_is_no_part_of_the_rest() -> None:
    """spec/selection 2.3: nor of the maximum of the rest."""
    found = by_version([an_item(1, ONE), an_item(2, Fraction(0), removed=True, voided=True), an_item(3, ONE)])

    assert found[1].rests == UNIT


@pytest.mark.parametrize(
    ("right", "count", "low", "high"), [(5, 10, 0.236593, 0.763407), (0, 10, 0.0, 0.277533), (45, 50, 0.786398, 0.956524)]
)
def test_wilsons_interval(right: int, count: int, low: float, high: float) -> None:
    """spec/selection 2.4: as textbooks print it."""
    assert wilson(right / count, count) == pytest.approx((low, high), abs=1e-6)


def test_wilsons_interval_ends_at_the_mark() -> None:
    """spec/selection 2.4: of however many right answers, to the last digit."""
    assert max(wilson(1.0, count)[1] for count in range(1, 500)) == 1


def test_differences_between_classes_do_not_count_as_discrimination() -> None:
    """spec/selection 2.4: within each class nothing goes together, between them everything does."""
    square = [(ONE, ONE), (ONE, Fraction(0)), (Fraction(0), ONE), (Fraction(0), Fraction(0))]
    better = [(ONE, ONE), (ONE, Fraction(3, 4)), (Fraction(3, 4), ONE), (Fraction(3, 4), Fraction(3, 4))]

    assert pooled_discrimination(added(square, better)) == pytest.approx(0)
    assert (pooled_discrimination(added(square + better)) or 0) > 0.2


def test_the_discrimination_of_one_class_is_the_correlation_with_the_rest() -> None:
    """spec/selection 2.4: the same figure from the answers themselves."""
    people = [(ONE, ONE), (ONE, HALF), (HALF, HALF), (Fraction(0), HALF), (Fraction(0), Fraction(0))]
    ones, rests = ([float(pair[side]) for pair in people] for side in (0, 1))
    mean, rest = sum(ones) / 5, sum(rests) / 5
    together = sum((one - mean) * (other - rest) for one, other in zip(ones, rests, strict=True))
    expected = together / sqrt(sum((one - mean) ** 2 for one in ones) * sum((one - rest) ** 2 for one in rests))

    assert pooled_discrimination(added(people)) == pytest.approx(expected, abs=1e-9)


def test_the_discrimination_of_classes_is_that_of_their_sums_within() -> None:
    """spec/selection 2.4: Σ cov ÷ √(Σ var · Σ var), here (½ − ⅛) ÷ (½ + ⅛), whichever class is first."""
    together, against = [(ONE, ONE), (Fraction(0), Fraction(0))], [(ONE, HALF), (HALF, ONE)]

    for classes in ((together, against), (against, together)):
        assert pooled_discrimination(added(*classes)) == pytest.approx(3 / 5)


def test_what_nobody_answered_has_no_facility() -> None:
    """spec/selection 2.4: nothing is guessed."""
    assert pooled_facility(HistorySums(shown=3)) is None
    assert pooled_discrimination([HistorySums(shown=3)]) is None
    assert pooled_discrimination(added([(ONE, ONE), (ONE, HALF)])) is None
    assert pooled_discrimination(added([(ONE, HALF), (HALF, HALF)])) is None


def test_the_facility_of_all_answers_has_wilsons_interval() -> None:
    """spec/selection 2.4: Σshare/n, shares count as answers; none below nought or over the mark in the interval."""
    pooled = pooled_facility(HistorySums(count=10, shares=5 * UNIT))
    beyond = pooled_facility(HistorySums(count=10, shares=-UNIT))
    over = pooled_facility(HistorySums(count=10, shares=11 * UNIT))

    assert pooled is not None
    assert beyond is not None
    assert over is not None
    assert (pooled.count, pooled.facility, pooled.low, pooled.high) == (10, HALF, *wilson(0.5, 10))
    assert (beyond.facility, beyond.low, beyond.high) == (Fraction(-1, 10), *wilson(0, 10))
    assert (over.facility, over.low, over.high) == (Fraction(11, 10), *wilson(1, 10))


def test_practice_has_a_facility_of_its_own() -> None:
    """spec/selection 2.3."""
    assert practice_facility(HistorySums(count=10, shares=5 * UNIT, practice_count=4, practice_shares=3 * UNIT)) == Fraction(3, 4)
    assert practice_facility(HistorySums(count=10, shares=5 * UNIT)) is None


def test_the_columns_of_sums_make_the_sums_again() -> None:
    sums = by_version([an_item(1, HALF), an_item(2, ONE, 3)])[1]

    assert HistorySums(**sums.columns()) == sums
    assert sums.columns()["products"] == sums.products != 0
