"""Findings of item analysis in classes of each size: guessing as the vectors say, and the table that its page shows."""

import itertools
from collections.abc import Iterator
from csv import DictReader
from fractions import Fraction
from math import sqrt
from pathlib import Path
from random import Random

import pytest

from analysis.rules.findings import CLEAR, LIKELY, SIGN, FindingKind
from analysis.rules.significance import POWER, STANDS_OUT, ClassPower, binomial_at_most, chance_tail, is_surely_poor, power_of
from tests.support.item_classes import Item, key_p_values, p_values
from tests.support.questions import f

VECTORS = Path(__file__).resolve().parents[1] / "samples" / "selection" / "chance.csv"
ROWS = [(int(row["N"]), row["item"], row) for row in DictReader(VECTORS.read_text(encoding="utf-8").splitlines())]

ITEMS = {
    "true/false sound": Item(0.5),
    "single of 4 sound": Item(0.25),
    "true/false sound, hard (b = 1.5)": Item(0.5, 1.3, 1.5),
    "true/false weak (a = 0.4)": Item(0.5, 0.4, 0.0),
    "true/false, all guess": Item(0.5, 0.0),
    "single of 4, all guess": Item(0.25, 0.0),
}
LEVELS = {"told_sign_5%": SIGN, "told_likely_1%": LIKELY, "told_clear_0.1%": CLEAR}


def shares(values: Iterator[Fraction | None], classes: int, *levels: Fraction) -> list[float]:
    """Return in which share of the classes the p-value reaches each level."""
    found = [p for p in values if p is not None]
    return [sum(p <= level for p in found) / classes for level in levels]


def bound(share: float, classes: int) -> float:
    """Return how far a simulated share may lie from its expectation: four standard errors, and of very small ones four counts."""
    return max(4 * sqrt(share * (1 - share) / classes), 4 / classes)


def as_the_vectors_say(learners: int, name: str, classes: int) -> None:
    """Compare a row of the vectors with so many classes drawn anew."""
    (row,) = (row for number, item, row in ROWS if (number, item) == (learners, name))
    drawn = shares(p_values(ITEMS[name], learners, classes, Random(f"{learners}:{name}")), classes, *LEVELS.values())  # noqa: S311 - invented

    for column, share in zip(LEVELS, drawn, strict=True):
        assert abs(share - float(row[column])) <= bound(float(row[column]), classes), (column, share)


@pytest.mark.parametrize("name", ITEMS)
def test_guessing_is_found_as_often_as_the_vectors_say_in_a_class_of_48(name: str) -> None:
    """13 % of the sound statements were told before; now 0.13 % are a sign, and of those that all guess a third."""
    as_the_vectors_say(48, name, 300)


@pytest.mark.slow
@pytest.mark.parametrize("learners", [30, 48, 80, 120, 200])
@pytest.mark.parametrize("name", ITEMS)
def test_guessing_is_found_as_often_as_the_vectors_say(learners: int, name: str) -> None:
    as_the_vectors_say(learners, name, 1200)


def test_guessing_needs_all_three_conditions() -> None:
    """9 of the best 18 where guessing gives 9, and no correlation: as sure as half of 18 knowing it gives so few."""
    assert chance_tail(9, 18, f("1/2"), f("0"), 100) == binomial_at_most(9, 18, f("3/4"))
    assert chance_tail(9, 18, f("1/2"), f("0"), 48) is None  # of 48, a correlation of 0 may be 0.24
    assert chance_tail(9, 18, f("1/2"), f("1/10"), 100) is None
    assert chance_tail(15, 18, f("1/2"), f("0"), 100) is None
    assert chance_tail(3, 18, f("1/2"), f("0"), 100) is None
    assert chance_tail(0, 0, f("1/2"), f("0"), 100) is None
    assert chance_tail(9, 18, f("1"), f("0"), 100) is None
    assert chance_tail(9, 18, f("1/2"), f("-1/10"), 29) is None


def test_a_correlation_is_surely_poor_where_its_upper_limit_lies_below_a_fifth() -> None:
    """tanh(artanh r + 1.644854/√(n − 3)) < 0.2: with r = 0 from 70 answers on."""
    assert not is_surely_poor(f("0"), 68)
    assert is_surely_poor(f("0"), 70)
    assert is_surely_poor(f("-1/25"), 30)
    assert not is_surely_poor(f("1/25"), 10**6)


def drawn_anew(one: ClassPower, classes: int) -> Iterator[tuple[str, list[float]]]:
    """Yield what each column of a row of the table is in so many classes."""
    seed = Random(f"{one.answers}:{classes}")  # noqa: S311 - invented learners
    for name, values in (
        ("wrong_key", key_p_values(FindingKind.WRONG_KEY, one.answers, classes, seed)),
        ("second_key", key_p_values(FindingKind.SECOND_KEY, one.answers, classes, seed)),
        ("guessed_statement", p_values(Item(0.5, 0.0), one.answers, classes, seed)),
        ("guessed_choice", p_values(Item(0.25, 0.0), one.answers, classes, seed)),
        ("sound", key_p_values(None, one.answers, classes, seed)),
    ):
        yield name, shares(values, classes, SIGN, STANDS_OUT)


@pytest.mark.parametrize(
    ("one", "classes"),
    [
        pytest.param(one, 200 if one.answers == 48 else 500, marks=[] if one.answers == 48 else [pytest.mark.slow], id=str(one.answers))
        for one in POWER
    ],
)
@pytest.mark.slow
def test_the_table_of_what_is_found_holds_in_classes_drawn_anew(one: ClassPower, classes: int) -> None:
    for name, found in drawn_anew(one, classes):
        power = getattr(one, name)
        for share, expected in zip(found, (power.sign / 1000, power.stands_out / 1000), strict=True):
            assert abs(share - expected) <= bound(expected, classes) + 0.005, (name, share)


def test_larger_classes_find_more_and_sound_questions_are_seldom_told() -> None:
    assert [one.answers for one in POWER] == [30, 48, 80, 120, 200, 400]
    for less, more in itertools.pairwise(POWER):
        assert less.wrong_key.sign <= more.wrong_key.sign
        assert less.second_key.stands_out <= more.second_key.stands_out
    assert all(one.sound.sign <= 50 and one.sound.stands_out <= 1 for one in POWER)
    assert power_of(29) is None
    assert [power_of(number).answers for number in (30, 47, 48, 5000)] == [30, 30, 48, 400]  # type: ignore[union-attr]  # all are there
