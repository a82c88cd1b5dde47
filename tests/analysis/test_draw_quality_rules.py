"""The look back on the draws of a sitting: spread of expected scores and mean scores by quarter (spec/selection 1.19)."""

from fractions import Fraction
from random import Random
from statistics import fmean, pstdev

import pytest

from analysis.rules.draw_quality import LEAST_SETS, DrawQuality, GivenSet, QuestionAnswers, SetTally, draw_quality
from analysis.rules.significance import t_quantile
from quizzes.rules.layout import Candidate, SlotEntry, composition_of
from tests.support.questions import f

EASY, HARD = QuestionAnswers(990, Fraction(891), Fraction(9, 10)), QuestionAnswers(990, Fraction(198), Fraction(2, 10))


def sets_of(*groups: tuple[int, float, tuple[int, ...]]) -> list[GivenSet]:
    """Return so many question sets with a score around one and these questions, each of mark 1."""
    return [
        GivenSet(score + at % 3 - 1, tuple((version, 1.0) for version in versions))
        for count, score, versions in groups
        for at in range(count)
    ]


def test_a_facility_of_a_sitting_is_shrunk_as_every_other() -> None:
    """spec/selection 1.9 and 1.19."""
    assert QuestionAnswers(30, f("21.5"), f("0.4")).facility == 64
    assert (EASY.facility, HARD.facility) == (90, 20)


def test_question_sets_that_differ_are_called_unequal_by_how_much() -> None:
    """spec/selection 1.19: over 2 points of standard deviation."""
    found = draw_quality(sets_of((20, 80, (1, 2)), (20, 40, (1, 3))), {1: EASY, 2: EASY, 3: HARD})

    assert found is not None
    assert found.is_unequal
    assert (found.low, found.high, found.mean) == (55.0, 90.0, 72.5)
    assert found.deviation == pytest.approx(17.5)
    assert [(one.least, one.most, one.attempts) for one in found.quarters] == [(55.0, 55.0, 20), (90.0, 90.0, 20)]
    assert [one.mean for one in found.quarters] == [pytest.approx(39.95), pytest.approx(79.95)]


def test_equal_question_sets_are_not_called_unequal() -> None:
    found = draw_quality(sets_of((20, 80, (1, 2)), (20, 70, (1, 4))), {1: EASY, 2: EASY, 4: QuestionAnswers(990, Fraction(861), f("0.9"))})

    assert found is not None
    assert not found.is_unequal
    assert found.deviation == pytest.approx(0.75)


def test_the_interval_of_a_mean_is_that_of_student() -> None:
    found = draw_quality(sets_of((LEAST_SETS, 50, (1, 2)), (1, 90, (1, 3))), {1: EASY, 2: EASY, 3: HARD})

    assert found is not None
    last = found.quarters[-1]
    scores = [49.0, 50.0, 51.0] * (LEAST_SETS // 3)
    reach = t_quantile(0.975, LEAST_SETS - 1) * pstdev(scores) * (LEAST_SETS / (LEAST_SETS - 1)) ** 0.5 / LEAST_SETS**0.5
    assert (last.mean, last.low, last.high) == (50.0, pytest.approx(50 - reach), pytest.approx(50 + reach))
    assert (found.quarters[0].attempts, found.quarters[0].low, found.quarters[0].high) == (1, None, None)


@pytest.mark.parametrize(
    "sets",
    [sets_of((LEAST_SETS - 1, 50, (1, 2)), (0, 1, (1, 3))), sets_of((40, 50, (1, 2))), [GivenSet(1.0, ()) for _one in range(40)]],
    ids=["too few", "all alike", "no marks"],
)
def test_what_cannot_be_compared_has_no_figures(sets: list[GivenSet]) -> None:
    assert draw_quality(sets, {1: EASY, 2: EASY, 3: HARD}) is None


def test_questions_without_answers_are_left_out() -> None:
    found = draw_quality(sets_of((20, 80, (1, 2)), (20, 40, (1, 3))), {1: EASY, 3: HARD})

    assert found is not None
    assert (found.low, found.high) == (55.0, 90.0)


def test_marks_weigh_the_facilities() -> None:
    """spec/selection 1.11: Σ mark·f ÷ Σ mark."""
    sets = [GivenSet(50.0, ((1, 3.0), (3, 1.0))), GivenSet(50.0, ((2, 1.0), (3, 1.0)))] * 20

    found = draw_quality(sets, {1: EASY, 2: EASY, 3: HARD})

    assert found is not None
    assert (found.low, found.high) == (55.0, 72.5)
    assert [(one.low, one.high) for one in found.quarters] == [(None, None), (None, None)]


def known(percent: int) -> QuestionAnswers:
    """Return so many answers to a question that its facility is this one."""
    return QuestionAnswers(10**6, Fraction(10**4 * percent), Fraction(percent, 100))


def one_question_each(*percents: int) -> DrawQuality:
    """Return the look back on attempts with one question each, of these facilities; the scores alternate between 40 and 60."""
    sets = [GivenSet(40.0 + at % 2 * 20, ((percent, 1.0),)) for at, percent in enumerate(percents)]
    found = draw_quality(sets, {percent: known(percent) for percent in percents})
    assert found is not None
    return found


def test_nineteen_of_twenty_question_sets_lie_within_the_interval() -> None:
    """Of forty, all but the easiest and the hardest."""
    found = one_question_each(*range(1, 41))

    assert (found.attempts, found.low, found.high) == (40, 2, 39)


def test_forty_unlike_question_sets_are_parted_into_tens() -> None:
    """spec/selection 1.19."""
    found = one_question_each(*range(1, 41))

    assert [(one.least, one.most, one.attempts) for one in found.quarters] == [(1, 10, 10), (11, 20, 10), (21, 30, 10), (31, 40, 10)]


def test_equal_question_sets_stay_together_in_the_quarter_of_their_middle() -> None:
    """spec/selection 1.19: the six after eight have their middle just behind the first ten."""
    found = one_question_each(*[20] * 8, *[30] * 6, *[40] * 26)

    assert [(one.least, one.most, one.attempts) for one in found.quarters] == [(20, 20, 8), (30, 30, 6), (40, 40, 26)]
    assert [one.least for one in one_question_each(*[20] * 8, *[30] * 3, *[40] * 29).quarters] == [20, 40]


def test_two_attempts_have_an_interval() -> None:
    """spec/selection 1.19: Student's with one degree of freedom, 12.7062."""
    first = one_question_each(*[20] * 2, *[40] * 38).quarters[0]

    assert (first.attempts, first.mean) == (2, 50)
    assert first.high == pytest.approx(50 + 12.706205 * 10, abs=1e-4)


def test_thirty_attempts_are_enough_and_those_without_questions_are_passed_over() -> None:
    """spec/selection 1.19."""
    sets = [GivenSet(1.0, ()), *sets_of((LEAST_SETS - 1, 50, (1, 2)), (1, 40, (1, 3)))]

    found = draw_quality(sets, {1: EASY, 2: EASY, 3: HARD})

    assert found is not None
    assert found.attempts == LEAST_SETS


def test_what_chance_gives_weighs_each_question_by_the_square_of_its_mark() -> None:
    """spec/selection 1.19: Σ mark²·variance ÷ (Σ mark)², here of facilities of 50 % and 10 %, of 10⁶ answers each."""
    sets = [GivenSet(50.0, ((50, 3.0), (10, 1.0))), GivenSet(50.0, ((50, 1.0), (10, 3.0)))] * 20

    found = draw_quality([*sets, GivenSet(50.0, ((50, 1.0),))], {50: known(50), 10: known(10)})

    assert found is not None
    even, low = 100**2 * 0.25 / 10**6, 100**2 * 0.09 / 10**6
    assert found.chance**2 == pytest.approx((20 * (9 * even + low) / 16 + 20 * (even + 9 * low) / 16 + even) / 41, rel=1e-3)


def a_sitting(chance: Random, people: int, spread: float) -> tuple[list[GivenSet], dict[int, QuestionAnswers]]:
    """Simulate a sitting in which everybody draws ten of forty questions, whose true facilities differ by this much."""
    truth = [0.65 + spread * chance.uniform(-1, 1) for _question in range(40)]
    counts, shares, sets = [0] * 40, [0] * 40, []
    for _person in range(people):
        drawn = chance.sample(range(40), 10)
        right = [int(chance.random() < truth[one]) for one in drawn]
        for one, share in zip(drawn, right, strict=True):
            counts[one] += 1
            shares[one] += share
        sets.append(GivenSet(10.0 * sum(right), tuple((one, 1.0) for one in drawn)))
    return sets, {one: QuestionAnswers(counts[one], Fraction(shares[one]), Fraction(13, 20)) for one in range(40)}


def test_what_chance_gives_is_about_what_equal_questions_show() -> None:
    """spec/selection 1.19: where all questions are equally hard, the spread that is seen is that of few answers."""
    chance = Random(19)  # noqa: S311 - no secrets
    found = [one for _run in range(40) if (one := draw_quality(*a_sitting(chance, 60, 0.0))) is not None]
    apart = draw_quality(*a_sitting(chance, 400, 0.3))

    assert fmean(one.deviation for one in found) == pytest.approx(fmean(one.chance for one in found), rel=0.15)
    assert apart is not None
    assert apart.is_unequal
    assert apart.chance < apart.deviation / 2
    assert apart.quarters[0].mean < apart.quarters[-1].mean
    assert [one.attempts for one in apart.quarters] == [pytest.approx(100, abs=8)] * 4


@pytest.mark.parametrize(("size", "drawn"), [(1, False), (2, True)])
def test_a_composition_says_whether_anything_is_drawn(size: int, drawn: bool) -> None:
    """spec/selection 1.19: without draws there is nothing to look back on."""
    entries = [SlotEntry(tuple(Candidate(f"q{at}", at) for at in range(size)))]

    assert composition_of(entries).is_drawn is drawn


def test_question_sets_are_counted_whatever_the_order_of_their_questions() -> None:
    """spec/selection 1.19: one for each attempt."""
    tally = SetTally()
    for score, marks in ((80.0, [(1, 1.0), (2, 2.0)]), (40.0, [(3, 1.0)]), (60.0, [(2, 2.0), (1, 1.0)])):
        tally.add(score, marks)

    pair = ((1, 1.0), (2, 2.0))
    assert sorted(tally.given_sets(), key=lambda given: given.score) == [
        GivenSet(40.0, ((3, 1.0),)),
        GivenSet(60.0, pair),
        GivenSet(80.0, pair),
    ]
