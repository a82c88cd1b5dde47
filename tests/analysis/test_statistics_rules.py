"""Statistics against the golden vector and at their edges (spec/quiz-engine 5.12), and the gain of a group (spec/selection 7.3).

spec/compulsory 15.2 to 15.4.
"""

import csv
from collections.abc import Sequence
from dataclasses import astuple, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rules.gain import PairedScores, crossed_gain, normalised_change, share_of_room
from analysis.rules.item_evidence import ItemResponses, ItemWarning, ResponseClass, concerns_about, guess_score, response_analysis
from analysis.rules.significance import t_quantile
from analysis.rules.statistics import PositionStatistics, QuizStatistics, covariance, mean, question_statistics, square_root, statistics_of
from questions.rules.answers import SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import Body, DescriptionBody, EssayBody, Gap, GapsBody, MultipleRule, TrueFalseBody
from questions.rules.marking import Marking, MarkState
from tests.support.golden_bank import VECTORS
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    an_ordering,
    dragged_gaps,
    f,
    marked,
    some_gaps,
)

MAXIMA = [f("1"), f("1"), f("2"), f("1")]
GOLDEN = "1 1 2 0|1 0 1.5 1|0 1 1 0|1 1 0.5 1|0 0 0 1|1 1 2 0|1 0 1 1|0 0 0.5 0"


def matrix(rows: str) -> list[list[Fraction]]:
    return [[f(mark) for mark in row.split()] for row in rows.split("|")]


def rounded(values: Sequence[Fraction | None]) -> list[float | None]:
    return [None if value is None else round(float(value), 6) for value in values]


def test_the_golden_vector_of_a_quiz() -> None:
    """spec/quiz-engine 5.12: mean, median, sd, skewness, kurtosis (through k2, k3 and k4), CIC, error ratio, standard error."""
    quiz = statistics_of(matrix(GOLDEN), MAXIMA).quiz

    assert quiz.attempts == 8
    assert rounded(astuple(quiz)[1:]) == [2.6875, 3.25, 1.361131, -0.753271, -1.099613, 34.698795, 80.809161, 1.099919]


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        (1, [0.625, 51.754917, 20.0, 32.268567, 82.072428, 100.0]),
        (2, [0.5, 53.452248, 20.0, 25.052126, 17.234550, 20.0]),
        (3, [0.53125, 36.443449, 40.0, 35.125807, 36.102839, 40.298507]),
        (4, [0.5, 53.452248, 20.0, 7.553500, -32.531759, -41.176471]),
    ],
)
def test_the_golden_vector_of_each_position(slot: int, expected: list[float]) -> None:
    """spec/quiz-engine 5.12: facility, sd %, intended weight, effective weight %, D, E;
    in slot 4 D is negative and the covariance with the total is not.
    """
    position = statistics_of(matrix(GOLDEN), MAXIMA).positions[slot - 1]

    assert rounded(astuple(position)) == expected


def test_the_second_vector_has_no_consistency_and_an_undefined_weight() -> None:
    """spec/quiz-engine 5.12: last row [0,0,0.5,1]: CIC exactly 0 and slot 4 effective weight undefined."""
    statistics = statistics_of(matrix(GOLDEN.removesuffix("0") + "1"), MAXIMA)

    assert statistics.quiz.consistency == 0
    assert statistics.quiz.error_ratio == 100
    assert statistics.positions[3].effective_weight is None
    assert sum(position.effective_weight or 0 for position in statistics.positions) == pytest.approx(100)


def test_no_attempts_have_no_statistics() -> None:
    """spec/quiz-engine 5.12, degenerate: S = 0."""
    statistics = statistics_of([], MAXIMA)

    assert statistics.quiz == QuizStatistics(0)
    assert statistics.positions[2] == PositionStatistics(None, None, f("40"), None, None, None)


@pytest.mark.parametrize(
    ("rows", "defined"),
    [
        ("1 0", {"mean", "median"}),
        ("1 0|0 0", {"mean", "median", "deviation", "consistency", "error_ratio", "standard_error"}),
        ("1 0|0 0|1 1", {"mean", "median", "deviation", "skewness", "consistency", "error_ratio", "standard_error"}),
        ("1 1|1 1|1 1|1 1", {"mean", "median", "deviation"}),
        ("1|0|1|1", {"mean", "median", "deviation", "skewness", "kurtosis"}),
    ],
)
def test_what_is_undefined_is_none(rows: str, defined: set[str]) -> None:
    """spec/quiz-engine 5.12, degenerate: S = 1, 2, 3; all equal marks; p = 1."""
    marks = matrix(rows)
    quiz = statistics_of(marks, [f("1")] * len(marks[0])).quiz

    values = {name: getattr(quiz, name) for name in QuizStatistics.__dataclass_fields__ if name != "attempts"}
    assert {name for name, value in values.items() if value is not None} == defined


def test_a_position_that_nobody_answered_counts_as_zero() -> None:
    """spec/quiz-engine 5.12, degenerate: a slot never answered; max mark 0."""
    never, worthless = statistics_of(matrix("0 1 0|0 0 0|0 1 0"), [f("1"), f("1"), f("0")]).positions[::2]

    assert never == PositionStatistics(f("0"), f("0"), f("50"), f("0"), None, None)
    assert worthless == PositionStatistics(None, None, f("0"), f("0"), None, None)


def test_a_quiz_of_no_worth_has_no_weights() -> None:
    position = statistics_of(matrix("0|0"), [f("0")]).positions[0]

    assert (position.intended_weight, position.effective_weight) == (None, None)


def test_negative_consistency_is_shown_and_its_error_exceeds_everything() -> None:
    """spec/quiz-engine 5.12: if CIC < 0 show it; error ratio then exceeds 100."""
    quiz = statistics_of(matrix("1 0|0 1|1 0|0.5 1"), [f("1"), f("1")]).quiz

    assert quiz.consistency is not None
    assert quiz.consistency < 0
    assert quiz.error_ratio is not None
    assert quiz.error_ratio > 100


def test_the_median_of_an_odd_number_is_the_middle() -> None:
    assert statistics_of(matrix("1|5|3"), [f("5")]).quiz.median == 3


def test_questions_drawn_at_random_are_compared_with_the_total() -> None:
    """spec/quiz-engine 5.12: for the question (not the position) the total X is used instead of the rest."""
    pairs = {(f("1"), f("3")): 1, (f("0"), f("1")): 1, (f("1"), f("2")): 1}

    found, of_two = question_statistics(pairs, f("1")), question_statistics(pairs, f("2"))

    assert rounded([found.discrimination, found.efficiency, found.deviation, of_two.deviation]) == [86.60254, 100.0, 57.735027, 28.867513]
    assert (found.facility, of_two.facility, found.attempts) == (f("2/3"), f("1/3"), 3)


def test_roots_are_exact_to_thirty_digits() -> None:
    assert square_root(f("9/4")) == f("3/2")
    assert 0 <= 2 - square_root(f("2")) ** 2 < Fraction(1, 10**29)
    assert mean([]) is None
    assert covariance([f("1")], [f("2")]) is None


@given(st.lists(st.lists(st.fractions(0, 1, max_denominator=4), min_size=3, max_size=3), min_size=2, max_size=6))
@pytest.mark.slow
def test_indices_lie_within_a_hundred(rows: list[list[Fraction]]) -> None:
    statistics = statistics_of(rows, [Fraction(1)] * 3)

    tiny = Fraction(1, 10**20)
    for position in statistics.positions:
        assert position.facility is not None
        assert 0 <= position.facility <= 1
        for index in (position.discrimination, position.efficiency):
            assert index is None or -100 - tiny <= index <= 100 + tiny or index is position.efficiency
    assert statistics == statistics_of(rows, [Fraction(1)] * 3)


@given(st.lists(st.tuples(*[st.sampled_from([f("-1/3"), f("0"), f("0.07"), f("5/7"), f("1/84"), f("0.99")])] * 3), min_size=4, max_size=9))
def test_marks_of_any_denominators_give_what_fractions_give(rows: list[tuple[Fraction, Fraction, Fraction]]) -> None:
    """spec/quiz-engine 5.12: sums are exact, whatever the common denominator."""
    found, totals, count = statistics_of(rows, [f("1")] * 3), [sum(row, Fraction(0)) for row in rows], len(rows)

    average = sum(totals, Fraction(0)) / count
    variance = sum(((total - average) ** 2 for total in totals), Fraction(0)) / (count - 1)
    assert (found.quiz.mean, found.quiz.deviation) == (average, square_root(variance))
    for at, position in enumerate(found.positions):
        marks, rests = [row[at] for row in rows], [total - row[at] for row, total in zip(rows, totals, strict=True)]
        ranked, both = covariance(sorted(marks), sorted(rests)), covariance(marks, rests)
        assert position.facility == sum(marks, Fraction(0)) / count
        assert position.efficiency == (100 * both / ranked if ranked and both is not None else None)


@pytest.mark.parametrize(
    ("efficiency", "discrimination", "facility", "concerns"),
    [
        ("14.9", "10", "0.5", (ItemWarning.DUBIOUS,)),
        ("15", "0", "0.05", ()),
        ("20", "-1", "0.04", (ItemWarning.NEGATIVE_DISCRIMINATION, ItemWarning.TOO_HARD)),
        ("20", "1", "0.96", (ItemWarning.TOO_EASY,)),
        ("20", "1", "0.951", (ItemWarning.TOO_EASY,)),
        ("20", "1", "0.95", ()),
        ("20", "1", "0.049", (ItemWarning.TOO_HARD,)),
        (None, None, None, ()),
    ],
)
def test_doubtful_questions_are_flagged(
    efficiency: str | None, discrimination: str | None, facility: str | None, concerns: tuple[ItemWarning, ...]
) -> None:
    """spec/quiz-engine 5.12: E < 15, D < 0, F < 0.05 or > 0.95."""
    values = [None if value is None else f(value) for value in (facility, discrimination, efficiency)]

    assert concerns_about(PositionStatistics(values[0], None, None, None, values[1], values[2])) == concerns


def answered(choices: str) -> list[ItemResponses]:
    return [
        ItemResponses(marked(a_single(), SingleChoiceAnswer(choice.strip("-"))), f(str(rest)))
        for rest, choice in enumerate(choices.split())
    ]


def test_answers_are_counted_with_the_mean_of_the_rest() -> None:
    """spec/quiz-engine 5.12, response analysis: class, credit, count, frequency, mean rest-score."""
    classes = response_analysis(answered("- a b a"))

    assert classes == (
        ResponseClass("", "a", MarkState.RIGHT, f("1"), 2, f("1/2"), f("2")),
        ResponseClass("", "", MarkState.NOT_ANSWERED, f("0"), 1, f("1/4"), f("0")),
        ResponseClass("", "b", MarkState.WRONG, f("0"), 1, f("1/4"), f("2")),
    )
    assert response_analysis([]) == ()


def test_an_answer_without_parts_is_one_class_with_what_it_got() -> None:
    """A text that a person marked; the better ones stand first among equally frequent ones."""
    responses = [ItemResponses(Marking(MarkState.PARTIAL, f(share)), f("1")) for share in ("1/4", "1/2")]

    assert [one.credit for one in response_analysis(responses)] == [f("1/2"), f("1/4")]


def test_every_part_is_analysed() -> None:
    classes = response_analysis(
        [ItemResponses(marked(a_short(("brecha", "1"), ("*", "0")), TextAnswer(text)), f("1")) for text in ("brecha", "x", "y")]
    )

    assert [(one.matched, one.count) for one in classes] == [("1", 2), ("0", 1)]


@pytest.mark.parametrize(
    ("body", "score"),
    [
        (a_single(an_option("a", "1"), an_option("b", "-1/3", right=False), an_option("c")), "2/9"),
        (TrueFalseBody(answer=True), "1/2"),
        (a_matching(), "1/3"),
        (a_short(("a", "1"), ("*", "1/4")), "1/4"),
        (a_short(("a*", "1")), "0"),
        (a_numerical(("1", "1"), ("*", "1/3")), "1/3"),
        (a_numerical(("1", "1")), "0"),
        (a_calculated(), "0"),
        (a_matrix(), "1/2"),
        (some_gaps(), "1/12"),
        (dragged_gaps(), "1/3"),
        (GapsBody((Gap("a", a_single(), f("0")),)), None),
        (a_multiple(MultipleRule.HALVES, 1, 1), None),
        (an_ordering(), None),
        (EssayBody(), None),
        (DescriptionBody(), None),
        (a_matrix(survey=True), None),
    ],
)
def test_guessing_at_random_is_worth_so_much(body: Body, score: str | None) -> None:
    """spec/quiz-engine 5.12: random guess score."""
    assert guess_score(a_question(body)) == (None if score is None else f(score))


def test_choices_are_guessed_only_where_they_are_dragged() -> None:
    """spec/quiz-engine 5.12: words to type are not guessed."""
    typed = replace(dragged_gaps(), drag=False)

    assert guess_score(a_question(typed)) == 0


def test_a_survey_between_the_questions_does_not_change_their_consistency() -> None:
    """spec/quiz-engine 5.12: p counts the positions that have a mark."""
    marked = statistics_of(matrix("1 1|1 0|0 0"), [f("1"), f("1")])
    beside = statistics_of(matrix("1 1 0|1 0 0|0 0 0"), [f("1"), f("1"), f("0")])

    assert marked.quiz.consistency is not None
    assert beside.quiz == marked.quiz


VECTOR = dict(list(csv.reader((VECTORS / "gain.csv").read_text(encoding="utf-8").splitlines()))[1:])
BEFORE = [40, 50, 30, 60, 20, 70, 55, 45, 35, 65, 50, 80]
AFTER = [70, 75, 60, 80, 55, 85, 75, 60, 65, 90, 40, 80]


def people(name: str) -> list[PairedScores]:
    """Return the people of a row of the vector."""
    return [PairedScores(*(float(one) for one in pair.split("/"))) for pair in VECTOR[name].split()]


def test_the_gain_with_crossed_forms_is_that_of_the_vector() -> None:
    """spec/selection 7.3, v: gain.csv."""
    found = crossed_gain(people("A then B (first/second)"), people("B then A"))

    assert found is not None
    gain = found.gain
    figures = (gain.value, gain.error, gain.degrees, gain.low, gain.high, found.forms)
    named = ("gain", "se", "df (Welch)", "low95", "high95", "difference of forms (B harder than A: positive)")
    assert figures == pytest.approx([float(VECTOR[name]) for name in named], abs=1e-6)


def test_the_gain_of_crossed_forms_needs_two_people_in_each_half_and_some_difference() -> None:
    """spec/selection 12: what the data cannot show is not told."""
    two = [PairedScores(40, 60), PairedScores(50, 60)]

    assert crossed_gain(two, two[:1]) is None
    assert crossed_gain([PairedScores(40, 60)] * 3, [PairedScores(50, 70)] * 3) is None
    assert crossed_gain(two, [PairedScores(40, 60)] * 2) is not None


@pytest.mark.parametrize(("degrees", "expected"), [(9, 2.262157), (29, 2.045230), (99, 1.984217)])
def test_quantiles_of_t(degrees: int, expected: float) -> None:
    """spec/compulsory 15.2."""
    assert t_quantile(0.975, degrees) == pytest.approx(expected, abs=1e-6)


def test_the_share_of_what_was_left_to_gain_is_that_of_the_vector() -> None:
    """spec/compulsory 15.3."""
    found = share_of_room([PairedScores(*pair) for pair in zip(BEFORE, AFTER, strict=True)])

    assert found is not None
    assert (found.first, found.second) == pytest.approx((50, 69.583333), abs=1e-6)
    difference, share = found.difference, found.share
    assert (difference.value, difference.low, difference.high) == pytest.approx((19.583333, 11.182732, 27.983935), abs=1e-6)
    assert (share.value, share.error, share.low, share.high) == pytest.approx((0.391667, 0.061648, 0.255981, 0.527352), abs=1e-6)
    assert found.change == pytest.approx(0.379922, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [((40, 70), 0.5), ((80, 60), -0.25), ((100, 100), None), ((0, 0), None), ((50, 50), 0), ((0, 100), 1), ((100, 90), -0.1)],
)
def test_the_change_of_one_person(pair: tuple[float, float], expected: float | None) -> None:
    """spec/compulsory 15.2 and 15.3."""
    found = normalised_change(PairedScores(*pair))

    assert found == (None if expected is None else pytest.approx(expected))


def test_a_share_is_not_told_without_spread_or_room() -> None:
    """spec/compulsory 15.3 and 15.4: ten times (50, 75); a first test that leaves less than ten points."""
    assert share_of_room([PairedScores(50, 75)] * 10) is None
    assert share_of_room([PairedScores(91, 95), PairedScores(92, 99), PairedScores(90.5, 97)]) is None
    assert share_of_room([PairedScores(50, 75)]) is None
    assert share_of_room([PairedScores(89, 95), PairedScores(88, 99)]) is not None
