"""Many tests at once: Benjamini and Hochberg's own numbers, and the findings of a quiz told among all its tests."""

from csv import DictReader
from dataclasses import replace
from fractions import Fraction
from math import erfc, sqrt
from pathlib import Path
from random import Random

import pytest

from analysis.rules.findings import NOT_MET, FindingKind, FindingStrength, ItemFinding, Outcome, outcome
from analysis.rules.quiz_analysis import significant_findings, without_symptoms
from analysis.rules.significance import RATE, adjusted, normal_square, normal_tail
from tests.simulations.sound_classes import findings_of
from tests.support.questions import f

VECTORS = Path(__file__).resolve().parents[1] / "samples" / "selection" / "bh.csv"


def test_the_fifteen_p_values_of_the_article_are_adjusted_as_it_says_and_four_are_told() -> None:
    rows = list(DictReader(VECTORS.read_text(encoding="utf-8").splitlines()))
    values = [f(row["p"]) for row in rows]
    mixed = list(range(len(values)))
    Random(1).shuffle(mixed)  # noqa: S311 - an order

    found = dict(zip(mixed, adjusted([values[at] for at in mixed]), strict=True))
    assert [round(found[at], 6) for at in range(len(values))] == [f(row["adjusted"]) for row in rows]
    assert [found[at] <= RATE for at in range(len(values))] == [row["told_at_0.05"] == "1" for row in rows]
    assert adjusted([]) == ()
    assert adjusted([Fraction(1)] * 20) == (1,) * 20, "spec/selection 12: p-values all 1"


@pytest.mark.parametrize("z", [0.0, 0.5, 1.0, 1.644854, 2.326348, 3.090232, 5.0, 9.0])
def test_the_normal_tail_is_half_of_erfc(z: float) -> None:
    square = Fraction(z) ** 2

    assert float(normal_tail(square)) == pytest.approx(erfc(z / sqrt(2)) / 2, rel=1e-11)
    assert float(normal_tail(-square)) == pytest.approx(1 - erfc(z / sqrt(2)) / 2, rel=1e-11)
    assert normal_tail(Fraction(10**6)) == normal_tail(Fraction(100)) > 0


@pytest.mark.parametrize(
    ("t", "freedom", "tail"), [("1.697261", 30, 0.05), ("2.457262", 30, 0.01), ("3.385185", 30, 0.001), ("1.676551", 49, 0.05)]
)
def test_a_t_is_as_seldom_as_tables_say(t: str, freedom: int, tail: float) -> None:
    """Quantiles of Student's distribution; the normal one would make 0.1 % of a t of 30 degrees a false 0.036 %."""
    assert float(normal_tail(normal_square(f(t) ** 2, freedom))) == pytest.approx(tail, rel=2e-3)
    assert normal_square(-(f(t) ** 2), freedom) == -normal_square(f(t) ** 2, freedom)


def a_test(p: str, ailment: FindingKind = FindingKind.PLACE) -> Outcome:
    """Return a test whose conditions are met."""
    return outcome(f(p), ailment, 60)


def test_what_is_told_of_one_question_depends_on_all_tests_of_the_quiz() -> None:
    alone = [(a_test("0.01"), a_test("0.2"))]
    among = [*alone, (NOT_MET,) * 20]

    assert [[one.told for one in found] for found in significant_findings(alone)] == [[True]]
    assert [[one.told for one in found] for found in significant_findings(among)] == [[False], []]
    assert significant_findings(among)[0][0].strength is FindingStrength.LIKELY


@pytest.mark.parametrize("symptom", [FindingKind.WEAK, FindingKind.NEGATIVE, FindingKind.CHANCE])
def test_what_follows_from_a_wrong_key_is_left_out_beside_it_but_not_beside_a_mere_sign_of_it(symptom: FindingKind) -> None:
    cause, follows = ItemFinding(FindingKind.WRONG_KEY, FindingStrength.SIGN, 60), ItemFinding(symptom, FindingStrength.CLEAR, 60)
    told = replace(follows, told=True)

    assert without_symptoms((cause, follows)) == (cause,)
    assert without_symptoms((replace(cause, told=True), told)) == (replace(cause, told=True),)
    assert without_symptoms((cause, told)) == (cause, told)


@pytest.mark.slow
def test_a_few_sound_classes_are_left_alone() -> None:
    """Of eight classes, three or more would be told in one of 170 runs at five per cent."""
    told, found, tests = findings_of(8, 20261122)

    assert told <= 2
    assert len(found) <= tests * 0.05


@pytest.mark.slow
def test_at_most_one_sound_class_in_twenty_is_told_anything() -> None:
    """200 classes of 48 with 30 questions: at most 5 %, and 3 % for the chance of 200; each word is at most as frequent as it says."""
    told, found, tests = findings_of(200, 0)

    assert told <= 200 * 0.08, told
    for strength, share in ((FindingStrength.SIGN, 0.05), (FindingStrength.LIKELY, 0.01), (FindingStrength.CLEAR, 0.001)):
        assert sum(one.strength is strength for one in found) <= share * tests
