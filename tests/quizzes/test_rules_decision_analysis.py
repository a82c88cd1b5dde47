"""The decisions of a quiz from its counted totals: least numbers, what is near the mark, what is compared (spec/selection 3.1 to 3.9)."""

from collections import Counter
from fractions import Fraction
from time import process_time

import pytest

from analysis.rules.decision_quality import DecisionAnalysis, decisions_of, pass_chance
from enrolments.rules import GradingMethod
from questions.rules.encoding import decode, encode
from quizzes.rules.settings import DecisionRule
from tests.support.questions import f

RULE = DecisionRule(f("70"), 3)
SCORES = {4: 2, 6: 3, 7: 3, 8: 4, 9: 6, 10: 7, 11: 6, 12: 5, 13: 3, 14: 1}
"""Right answers of forty people at fourteen questions."""


def totals(scores: dict[int, int]) -> Counter[Fraction]:
    return Counter({Fraction(right): people for right, people in scores.items()})


def analysed(scores: dict[int, int], rule: DecisionRule = RULE, *, positions: int = 14, alpha: str = "60") -> DecisionAnalysis | None:
    return decisions_of(totals(scores), f("14"), positions, f(alpha), rule)


def the_analysis(rule: DecisionRule = RULE) -> DecisionAnalysis:
    found = analysed(SCORES, rule)
    assert found is not None
    return found


def test_what_is_told_of_a_class() -> None:
    """spec/selection 3.2 to 3.9: everything in one value; people on the mark have passed."""
    found = the_analysis()

    assert found.error_at_mark is not None
    assert found.model is not None
    assert (found.attempts, found.positions, found.passed) == (40, 14, 22)
    assert found.alpha_low < found.alpha == 0.6 < found.alpha_high
    assert found.near == sum(people for right, people in SCORES.items() if abs(right / 14 - 0.7) * 100 <= found.error_at_mark)
    assert found.model.fits
    assert [one.attempts for one in found.model.repeated] == [1, 2, 3]
    assert found.model.repeated[0].false_pass == pytest.approx(found.model.quality.false_pass, abs=1e-9)
    assert found.model.repeated[2].false_pass > 1.9 * found.model.repeated[0].false_pass
    assert [one.goal for one in found.model.lengths] == [0.8, 0.85]
    assert [step.score for step in found.model.curve] == list(range(0, 101, 5))
    assert [(one.apart, one.level) for one in found.model.chances] == [(-20, 50), (-10, 60), (-5, 65), (0, 70), (5, 75), (10, 80)]
    assert found.model.chances[2].by_attempts == pytest.approx([pass_chance(found.model.true_scores(RULE), 0.65, k) for k in (1, 2, 3)])


def test_what_is_kept_is_read_again_as_it_was() -> None:
    """spec/quiz-engine 5.12: results are cached."""
    found = the_analysis()

    assert decode(DecisionAnalysis, encode(found)) == found


@pytest.mark.parametrize(("attempts", "positions", "told"), [(30, 5, True), (29, 5, False), (30, 4, False)])
def test_nothing_is_told_below_the_least_numbers(attempts: int, positions: int, *, told: bool) -> None:
    """spec/selection 3.1: 30 attempts and 5 positions."""
    assert (analysed({6: 10, 12: attempts - 10}, positions=positions) is not None) is told


def test_equal_scores_tell_nothing() -> None:
    """spec/selection 3.1 and 3.4: no variance."""
    assert analysed({10: 40}) is None


def test_without_a_pass_mark_the_scores_alone_are_told() -> None:
    """spec/selection 3.3: error and reliability need no pass mark."""
    found = the_analysis(DecisionRule())

    assert (found.model, found.error_at_mark, found.near, found.passed) == (None, None, 0, 0)
    assert found.error > 0


def test_a_test_that_contradicts_itself_has_no_model() -> None:
    """spec/selection 3.4: α ≤ 0."""
    found = analysed(SCORES, alpha="-10")

    assert found is not None
    assert (found.model, found.error_at_mark is not None) == (None, True)


def test_a_model_that_passes_others_than_passed_does_not_fit() -> None:
    """spec/selection 3.7: more than 5 points apart."""
    found = analysed({2: 14, 3: 6, 13: 6, 14: 14}, DecisionRule(f("10"), 1), alpha="90")

    assert found is not None
    assert found.model is not None
    assert abs(found.model.quality.passing - found.passed / 40) > 0.05
    assert not found.model.fits


@pytest.mark.parametrize(
    ("attempts", "grading", "compared"),
    [
        (1, GradingMethod.HIGHEST, (1, 2, 3)),
        (3, GradingMethod.HIGHEST, (1, 2, 3)),
        (5, GradingMethod.HIGHEST, (1, 2, 3, 5)),
        (0, GradingMethod.HIGHEST, (1, 2, 3, 10)),
        (40, GradingMethod.HIGHEST, (1, 2, 3, 10)),
        (5, GradingMethod.AVERAGE, (1, 2, 3)),
    ],
)
def test_the_numbers_of_attempts_compared_are_those_allowed(attempts: int, grading: GradingMethod, compared: tuple[int, ...]) -> None:
    """spec/selection 3.8; without a limit, ten."""
    assert DecisionRule(f("70"), attempts, grading).compared == compared


def test_two_thousand_attempts_at_forty_questions_take_no_time_to_speak_of() -> None:
    """Bar of spec/selection 12: the whole of section 3 in 2 s; here from the counted totals, every one of them different."""
    many = Counter({Fraction(800 + at * 3, 100) + Fraction(at % 7, 1000): 1 for at in range(1, 1001)})
    many.update({Fraction(2000 + at, 100) + Fraction(1, 3): 1 for at in range(1000)})
    begun = process_time()

    found = decisions_of(many, f("40"), 40, f("82"), DecisionRule(f("70"), 0))

    assert process_time() - begun < 2
    assert found is not None
    assert found.model is not None
