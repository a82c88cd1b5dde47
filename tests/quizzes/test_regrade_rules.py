"""Regrades and manual marks: versions that do not fit, attempts that take new marks; and rules at their edges.

spec/quiz-engine 5.11, 5.4.5, 5.7, 5.9.
"""

import csv
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, evaluate, holds
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MalformedAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    Parts,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    answer_from_page,
    as_typed,
    clean_parts,
    page_from_answer,
    parts_of,
    translated,
)
from questions.rules.definitions import (
    Body,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatrixBody,
    MatrixRow,
    MultipleChoiceBody,
    MultipleRule,
    QuestionVariable,
    RubricCriterion,
    RubricLevel,
    ShortAnswerBody,
    TextPattern,
    TrueFalseBody,
)
from questions.rules.encoding import EncodingError, canonical_json, decode, encode, from_document, to_document
from questions.rules.feedback import ReviewFlag, right_answer
from questions.rules.item_layout import ITEMS, ItemLayout, lay_out_item
from questions.rules.marking import Marking, MarkState, level_points, lowest_fraction, rubric_mark, rubric_of, state_of
from questions.rules.numbers import ENGLISH, SPANISH, read_number, write_number
from quizzes.rules.grades import ItemResult, grade_attempt, read_exactly, written_exactly
from quizzes.rules.regrade import (
    LEFT_OUT,
    KeyDifference,
    PresentMark,
    RegradeKind,
    RegradePolicy,
    can_regrade,
    differences,
    regrade_attempt,
    takes_new_marks,
    total_of,
    void_marking,
    with_voids,
)
from quizzes.rules.settings import Behaviour, QuizSettings, ReviewMoment, ReviewOptions, flags_for
from quizzes.rules.states import answer_state
from tests.support.questions import (
    NUMBERS,
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
    es,
    f,
    marked,
    some_gaps,
)

RUBRIC = (
    RubricCriterion(
        "claridad", es("Claridad"), (RubricLevel(f("0"), es("No")), RubricLevel(f("1"), es("Algo")), RubricLevel(f("2"), es("Sí")))
    ),
    RubricCriterion("fuentes", es("Fuentes"), (RubricLevel(f("0"), es("No")), RubricLevel(f("1"), es("Sí")))),
)


@pytest.mark.parametrize(
    ("answered", "other", "found"),
    [
        (a_single(), MultipleChoiceBody(a_single().options), [KeyDifference("kind", ("single",), ("multiple",))]),
        (a_single(), a_single(an_option("a", "1"), an_option("z"), an_option("d")), [KeyDifference("options", ("b", "c"), ("d", "z"))]),
        (a_matching(), replace(a_matching(), extra=()), [KeyDifference("matches", ("z",), ())]),
        (
            GapsBody((Gap("a", a_single()),)),
            GapsBody((Gap("b", a_single()),)),
            [
                KeyDifference("gaps", ("a (single)",), ("b (single)",)),
                KeyDifference("gap:a", ("a", "b", "c"), ()),
                KeyDifference("gap:b", (), ("a", "b", "c")),
            ],
        ),
        (
            a_calculated(),
            replace(a_calculated(), variables=(QuestionVariable("meses", (f("1"),)),)),
            [KeyDifference("variables", ("personas",), ("meses",))],
        ),
        (a_multiple(MultipleRule.HALVES, 2, 1), a_multiple(MultipleRule.HALVES, 2, 2), [KeyDifference("options", (), ("w2",))]),
        (replace(a_single(), numbers=NUMBERS), a_single(), [KeyDifference("variables", ("a", "b"), ())]),
        (an_ordering(2), an_ordering(3), [KeyDifference("items", (), ("i2",))]),
        (a_matrix(), replace(a_matrix(), rows=a_matrix().rows[1:]), [KeyDifference("rows", ("salud",), ())]),
        (a_matrix(), replace(a_matrix(), columns=a_matrix().columns[1:]), [KeyDifference("columns", ("si",), ())]),
        (a_short(("a", "1")), a_short(("b", "1")), []),
    ],
)
def test_a_version_that_does_not_fit_says_what_it_lacks_and_adds(answered: Body, other: Body, found: list[KeyDifference]) -> None:
    """spec/quiz-engine 5.11.2 (b): refused with reasons; the mapping is by key, so an order says nothing."""
    assert list(differences(a_question(answered), a_question(other))) == found
    assert can_regrade(a_question(answered), a_question(other)) is (not found)


@pytest.mark.parametrize(
    ("policy", "before", "after", "takes"),
    [
        (RegradePolicy.ONLY_RAISE, "50", "60", True),
        (RegradePolicy.ONLY_RAISE, "50", "50", False),
        (RegradePolicy.ONLY_RAISE, "50", "40", False),
        (RegradePolicy.ONLY_RAISE, "50", None, False),
        (RegradePolicy.ONLY_RAISE, None, "40", True),
        (RegradePolicy.REPLACE, "50", "40", True),
        (RegradePolicy.KEEP_BEST, "50", None, True),
    ],
)
def test_an_attempt_that_may_only_rise_takes_its_new_marks_together_or_not_at_all(
    policy: RegradePolicy, before: str | None, after: str | None, takes: bool
) -> None:
    """spec/quiz-engine 5.11.3, only raise: by the total of the attempt, not question by question."""
    assert takes_new_marks(policy, before and f(before), after and f(after)) is takes  # type: ignore[arg-type]  # an empty text does not occur


RIGHT, HALF, WRONG = Marking(MarkState.RIGHT, f("1")), Marking(MarkState.PARTIAL, f("1/2")), Marking(MarkState.WRONG, f("0"))
WAITING = Marking(MarkState.NEEDS_GRADING, None)


def present(marking: Marking, worth: str = "1", section: int = 0) -> PresentMark:
    """Make a question of an attempt that holds a mark."""
    return PresentMark(marking.fraction, marking.state, f(worth), section)


@pytest.mark.parametrize(
    ("policy", "old", "new", "taken"),
    [
        (RegradePolicy.REPLACE, HALF, RIGHT, True),
        (RegradePolicy.REPLACE, HALF, WRONG, True),
        (RegradePolicy.REPLACE, HALF, WAITING, True),
        (RegradePolicy.KEEP_BEST, HALF, RIGHT, True),
        (RegradePolicy.KEEP_BEST, HALF, WRONG, False),
        (RegradePolicy.KEEP_BEST, HALF, WAITING, False),
        (RegradePolicy.KEEP_BEST, WAITING, WRONG, True),
        (RegradePolicy.REPLACE, HALF, HALF, False),
        (RegradePolicy.KEEP_BEST, WRONG, Marking(MarkState.INVALID, f("0")), True),
        (RegradePolicy.REPLACE, WAITING, Marking(MarkState.NOT_MARKED, None), True),
    ],
)
def test_a_question_takes_a_mark_that_is_another_and_that_the_policy_lets_hold(
    policy: RegradePolicy, old: Marking, new: Marking, taken: bool
) -> None:
    """spec/quiz-engine 5.11.3: what comes out as it is does not change; another state of the same share does."""
    after = regrade_attempt({7: present(old), 8: present(RIGHT)}, {7: new}, policy, f("50"), QuizSettings())

    assert after.marks == ({7: new} if taken else {})


@pytest.mark.parametrize(("new", "taken"), [(WRONG, False), (RIGHT, True), (Marking(MarkState.INVALID, f("1/2")), False)])
def test_an_attempt_that_waits_for_a_mark_may_only_rise_too(new: Marking, taken: bool) -> None:
    """spec/quiz-engine 5.11.3, only raise: while a mark is missing there is no percentage, and the points that there are count."""
    after = regrade_attempt({1: present(HALF), 2: present(WAITING)}, {1: new}, RegradePolicy.ONLY_RAISE, None, QuizSettings())

    assert after.marks == ({1: new} if taken else {})


def test_an_attempt_marked_again_has_the_total_of_the_marks_that_hold_then() -> None:
    """spec/quiz-engine 5.11.3: only what changes is told; the other questions keep their marks, worth and section."""
    items = {1: present(WRONG, "3"), 2: present(HALF, "1", section=2), 3: present(RIGHT, "1")}

    raised = regrade_attempt(items, {1: RIGHT, 2: WRONG, 3: RIGHT}, RegradePolicy.KEEP_BEST, f("30"), QuizSettings())

    assert raised.marks == {1: RIGHT}
    assert (raised.after.raw, raised.after.maximum, raised.after.percent, raised.after.passed) == (f("4.5"), f("5"), f("90"), True)


def test_an_attempt_that_may_only_rise_keeps_all_its_marks_and_its_total_otherwise() -> None:
    """spec/quiz-engine 5.11.3, only raise: of one question more and another less, both or none."""
    items = {1: present(WRONG, "1"), 2: present(RIGHT, "2")}
    settings = QuizSettings()

    fallen = regrade_attempt(items, {1: RIGHT, 2: WRONG}, RegradePolicy.ONLY_RAISE, f("200/3"), settings)
    risen = regrade_attempt(items, {1: RIGHT, 2: HALF}, RegradePolicy.ONLY_RAISE, f("60"), settings)

    assert (fallen.marks, fallen.after) == ({}, total_of(items, {}, settings))
    assert fallen.after.percent == f("200/3")
    assert (risen.marks, risen.after.percent) == ({1: RIGHT, 2: HALF}, f("200/3"))


def test_a_total_with_new_marks_is_that_of_the_attempt_with_them() -> None:
    """spec/quiz-engine 5.8: a question that is annulled leaves the total, one that waits leaves it open."""
    items = {1: present(WRONG, "3", section=1), 2: present(HALF, "1", section=2)}
    annulled = Marking(MarkState.NOT_MARKED, None)
    settings = QuizSettings(pass_mark=f("50"), max_grade=f("10"))

    assert total_of(items, {1: annulled}, settings) == grade_attempt([ItemResult(f("1/2"), f("1"), MarkState.PARTIAL, 2)], settings)
    assert total_of(items, {1: annulled}, settings).grade == 5
    assert total_of(items, {2: WAITING}, settings).pending


OTHER_MATRIX = replace(a_matrix(), columns=a_matrix().columns[::-1], rows=a_matrix().rows[::-1])
OTHER_GAPS = GapsBody(some_gaps().gaps[::-1])
GAP_LAYOUT = ItemLayout({"gap:anio": ("c", "a", "b")})


@pytest.mark.parametrize(
    ("answered", "other", "layout", "typed", "read"),
    [
        (a_matrix(), OTHER_MATRIX, ItemLayout(), {"1": ["1"], "2": ["2"]}, {"3": ["2"], "2": ["1"]}),
        (a_matrix(), OTHER_MATRIX, ItemLayout(), {"1": ["1"], "certainty": ["3"]}, {"3": ["2"], "certainty": ["3"]}),
        (a_matrix(), OTHER_MATRIX, ItemLayout(), {"1": ["9"]}, {"1": ["9"]}),
        (some_gaps(), OTHER_GAPS, GAP_LAYOUT, {"1": ["2"], "2": ["34,8"], "3": ["x"]}, {"3": ["2"], "2": ["34,8"], "1": ["x"]}),
        (an_ordering(2), replace(an_ordering(2), items=an_ordering(2).items[::-1]), ItemLayout(), {"1": ["2"]}, {"1": ["2"]}),
        (a_single(), MatrixBody(a_matrix().columns, a_matrix().rows), ItemLayout(), {"answer": ["2"]}, {"answer": ["2"]}),
    ],
)
def test_an_answer_is_read_in_the_places_of_the_other_version(
    answered: Body, other: Body, layout: ItemLayout, typed: Parts, read: Parts
) -> None:
    """spec/quiz-engine 5.11.2: rows, columns and gaps are mapped by key; what cannot be read stays as typed,
    the attempt's own order as it is.
    """
    assert translated(a_question(answered), a_question(other), layout, typed) == read


def test_three_kinds_of_marking_again_annul() -> None:
    """spec/quiz-engine 5.11.4."""
    assert [kind for kind in RegradeKind if kind.voids] == [RegradeKind.FULL_CREDIT, RegradeKind.REMOVED, RegradeKind.UNLESS_LOWER]
    assert void_marking("full_credit") == Marking(MarkState.RIGHT, f("1"))
    assert void_marking("removed") == Marking(MarkState.NOT_MARKED, None)
    assert void_marking("") is void_marking("same") is None


@pytest.mark.parametrize(
    ("body", "lowest"),
    [
        (a_single(an_option("a", "1"), an_option("b", "-1/3"), an_option("c", "-1/2")), "-1/2"),
        (a_single(an_option("a", "1"), an_option("b", "1/2")), "0"),
        (a_short(("a", "1"), ("*", "-1/4")), "-1/4"),
        (a_numerical(("1", "1"), ("2", "-1")), "-1"),
        (EssayBody(), "0"),
    ],
)
def test_the_least_a_question_can_be_worth_is_its_lowest_credit(body: Body, lowest: str) -> None:
    """spec/quiz-engine 5.11.1: a manual mark lies in [min fraction, 1] × max."""
    assert lowest_fraction(a_question(body)) == f(lowest)


def test_the_levels_of_a_rubric_sum_to_the_mark_and_follow_the_questions_worth_in_the_quiz() -> None:
    """spec/quiz-engine 5.7, essay and file: a rubric whose levels sum to the mark; a slot may be worth something else."""
    question = a_question(EssayBody(rubric=RUBRIC), mark=f("3"))

    assert rubric_mark(question, {"claridad": 2, "fuentes": 1}, f("3")) == 3
    assert rubric_mark(question, {"claridad": 1, "fuentes": 0}, f("6")) == 2
    assert rubric_mark(question, {"claridad": 1}, f("3")) is None
    assert rubric_mark(replace(question, mark=f("0")), {"claridad": 2, "fuentes": 1}, f("3")) is None
    assert rubric_of(a_question(FileBody(("pdf",), rubric=RUBRIC))) == RUBRIC
    assert rubric_of(a_question(a_single())) == ()


@pytest.mark.parametrize("place", [-1, 2, 99])
def test_a_level_that_does_not_exist_makes_no_mark(place: int) -> None:
    assert level_points(RUBRIC, {"claridad": 0, "fuentes": place}) is None
    assert level_points((), {}) is None


@pytest.mark.parametrize(
    ("exact", "rounded", "read"),
    [
        ("5/6", "0.8333333", "5/6"),
        ("", "0.3333333", "1/3"),
        ("", "0.1428571", "1/7"),
        ("", "0.1234567", "0.1234567"),
        ("", "-0.6666667", "-2/3"),
        ("", "0.5", "1/2"),
        ("", None, None),
    ],
)
def test_a_share_is_read_as_it_was_before_rounding(exact: str, rounded: str | None, read: str | None) -> None:
    """spec/quiz-engine 5.1.5: totals that are made again must not fall under the pass mark by what rounding took."""
    found = read_exactly(exact, None if rounded is None else f(rounded))

    assert found == (None if read is None else f(read))


def test_a_share_is_written_exactly_while_it_is_short_enough() -> None:
    assert written_exactly(f("5/6")) == "5/6"
    assert written_exactly(None) == ""
    assert written_exactly(f(f"1/{10**77}")) == f"1/{10**77}"
    assert written_exactly(f(f"1/{10**78}")) == ""


VOID = Path(__file__).parents[1] / "samples" / "selection" / "void.csv"
"""Golden: of an attempt with so many points of so many, one question is void unless that lowers its learner."""


def item(mark: str, maximum: str, *, void: bool = False) -> PresentMark:
    """Return a question that earned so many points of so many."""
    share = f(mark) / f(maximum)
    earned = Marking(state_of(share), share)
    return PresentMark(share, earned.state, f(maximum), earned=earned if void else None)


def percent_with_voids(items: Mapping[int, PresentMark]) -> Fraction | None:
    return total_of(items, with_voids(items, {}), QuizSettings()).percent


@pytest.mark.parametrize(
    "row", list(csv.DictReader(VOID.read_text(encoding="utf-8").splitlines())), ids=lambda row: f"{row['raw']}-{row['mark_of_item']}"
)
def test_a_question_is_void_unless_that_lowers_its_learner(row: dict[str, str]) -> None:
    """spec/selection 5.7."""
    rest, most = f(row["raw"]) - f(row["mark_of_item"]), f(row["max"]) - f(row["max_of_item"])
    items = {1: item(row["mark_of_item"], row["max_of_item"], void=True)} | ({2: item(str(rest), str(most))} if most else {})

    assert percent_with_voids(items) == f(row["percent_that_holds"])


@pytest.mark.parametrize(
    ("second", "expected"), [("1/2", f("19/2") / 12 * 100), ("4/5", f("10") / 13 * 100)], ids=["both left out", "the second stays in"]
)
def test_of_several_void_questions_each_is_left_out_where_that_helps(second: str, expected: Fraction) -> None:
    """spec/selection 5.7: 10 of 14 points, one question with nothing and another with a half, or with four fifths."""
    items = {1: item("0", "1", void=True), 2: item(second, "1", void=True), 3: item(str(f("10") - f(second)), "12")}

    assert percent_with_voids(items) == expected


shares = st.fractions(-1, 1, max_denominator=12)


@given(
    st.lists(st.tuples(shares, st.integers(1, 5)), min_size=1, max_size=6),
    st.lists(st.tuples(shares, st.integers(1, 5)), min_size=1, max_size=4),
)
@pytest.mark.slow
def test_what_holds_is_the_greatest_over_all_subsets(void: list[tuple[Fraction, int]], rest: list[tuple[Fraction, int]]) -> None:
    """spec/selection 5.7."""
    items = {at: item(str(share * most), str(most), void=at < len(void)) for at, (share, most) in enumerate([*void, *rest])}
    every = [keys for size in range(len(void) + 1) for keys in combinations(range(len(void)), size)]
    best = max(total_of(items, dict.fromkeys(keys, LEFT_OUT), QuizSettings()).percent or 0 for keys in every)

    assert percent_with_voids(items) == best
    assert best >= (total_of(items, {}, QuizSettings()).percent or 0)


def test_where_every_question_is_void_all_get_their_full_marks() -> None:
    """spec/selection 5.7: there is nothing else to count."""
    items = {1: item("0", "1", void=True), 2: item("1", "2", void=True)}

    assert percent_with_voids(items) == 100
    assert with_voids(items, {}) == {1: RIGHT, 2: RIGHT}


@pytest.mark.parametrize(
    ("earned", "worth", "holds"),
    [("2", "4", "80"), ("4", "5", "80"), ("5", "5", "260/3")],
    ids=["less than the rest", "as much as the rest", "more"],
)
def test_a_void_question_that_earned_less_than_the_rest_leaves_the_total(earned: str, worth: str, holds: str) -> None:
    """spec/selection 5.7: beside 8 of 10 points; one that changes nothing keeps its mark."""
    items = {1: item(earned, worth, void=True), 2: item("8", "10")}
    left_out = f(earned) / f(worth) < f("8/10")

    assert percent_with_voids(items) == f(holds)
    assert with_voids(items, {}) == {1: LEFT_OUT if left_out else items[1].earned}


@pytest.mark.parametrize(("new", "left_out"), [(HALF, True), (WRONG, False), (LEFT_OUT, True)], ids=["half", "nothing", "annulled"])
def test_what_is_marked_again_decides_whether_a_void_question_lowers(new: Marking, left_out: bool) -> None:
    """spec/selection 5.7: attempts follow; 2 of 5 points beside a question whose mark changes, and beside 5 of 10 that stay."""
    items = {1: item("2", "5", void=True), 2: item("20", "20")} | ({3: item("5", "10")} if new is LEFT_OUT else {})

    changed = with_voids(items, {2: new})

    assert changed == {1: LEFT_OUT if left_out else items[1].earned, 2: new}


def test_a_mark_that_is_taken_away_brings_a_void_question_back() -> None:
    """spec/selection 5.7: with 4 of 4 it lowered, with nothing of 4 it does not."""
    items = {1: item("1", "2", void=True), 2: item("4", "4")}

    assert percent_with_voids(items) == 100
    assert regrade_attempt(items, {2: WRONG}, RegradePolicy.REPLACE, f("100"), QuizSettings()).after.percent == f("50/3")


NAMES = {"x": f("3")}
ONLY = "only numbers, names and the listed functions may be used"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1" * 501, "the expression is too long"),
        ("x +", "the expression cannot be read"),
        ("-" * 60 + "1", "the expression is nested too deeply"),
        ("'a'", ONLY),
        ("[1]", ONLY),
        ("y", "y is not defined"),
        ("2 ** 64 ** 2", "the exponent is too large"),
        ("(2 ** 64) ** 64 * 2", "the value is too large"),
        ("x // 2", "only + - * / ** calculate"),
        ("1 / 0", "division by zero"),
        ("0 ** -1", "division by zero"),
        ("(-8) ** 0.5", "a negative number has no such root"),
        ("abs(1, 2)", "abs is not a function of so many numbers"),
        ("round(1, 21)", "round takes 0 to 20 decimals"),
        ("ln(0)", "the function has no value there"),
        ("exp(501)", "the exponent is too large"),
    ],
)
def test_a_refused_expression_says_why(expression: str, said: str) -> None:
    """spec/quiz-engine 5.7 Calculated: the author reads these words in the check of a course."""
    with pytest.raises(ExpressionError) as refused:
        evaluate(expression, NAMES)

    assert str(refused.value) == said


@pytest.mark.parametrize(("condition", "said"), [("x", "a comparison is needed"), ("x in 3", "only < <= > >= == != compare")])
def test_a_refused_condition_says_why(condition: str, said: str) -> None:
    """spec/quiz-engine 5.7 Calculated."""
    with pytest.raises(ExpressionError) as refused:
        holds(condition, NAMES)

    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-" * 38 + "1", 1),
        ("round(2.5, 0)", 3),
        ("round(1.5, 20)", f("1.5")),
        ("+x", 3),
        ("(2 ** 64) ** 63 * 2 ** 63", 2**4095),
        ("-(2 ** 60) * 5.", -5 * 2**60),
    ],
)
def test_the_limits_of_expressions_are_inside(expression: str, value: Fraction) -> None:
    """spec/quiz-engine 5.7 Calculated: the last that is allowed."""
    assert evaluate(expression, NAMES) == value


def test_one_nesting_more_is_too_much_and_the_largest_exponents_are_allowed() -> None:
    """spec/quiz-engine 5.7 Calculated: 40 levels and no more; exp up to 500."""
    with pytest.raises(ExpressionError):
        evaluate("-" * 40 + "1", NAMES)

    assert evaluate("-" * 39 + "1", NAMES) == -1
    assert evaluate("exp(500) / exp(500)", NAMES) == 1
    assert evaluate("exp(-500) * exp(500)", NAMES) == pytest.approx(1)


@pytest.mark.parametrize("moment", [ReviewMoment.AFTER, ReviewMoment.LATER, ReviewMoment.CLOSED])
@pytest.mark.parametrize("flag", sorted(ReviewFlag))
def test_each_flag_stands_alone_at_each_moment(moment: ReviewMoment, flag: ReviewFlag) -> None:
    """spec/quiz-engine 5.9: nine flags, independent of each other, in the three moments after handing in;
    the attempt's own carries those of questions.
    """
    shown = flags_for(ReviewOptions(overrides={moment: (ReviewFlag.ATTEMPT, flag)}), moment, Behaviour.DEFERRED)
    others = {other for other in (ReviewMoment.AFTER, ReviewMoment.LATER, ReviewMoment.CLOSED) if other is not moment}

    assert len(ReviewFlag) == 9
    assert shown == {ReviewFlag.ATTEMPT, flag}
    assert flags_for(ReviewOptions(overrides={moment: ()}), moment, Behaviour.DEFERRED) == frozenset()
    assert all(flags_for(ReviewOptions(overrides={moment: ()}), other, Behaviour.DEFERRED) for other in others)


@pytest.mark.parametrize(
    ("body", "answer", "language"),
    [
        (an_ordering(2), OrderingAnswer(("i0", "i1"), confirmed=True), "es"),
        (
            MatrixBody((KeyedLabel("si", es("Sí")),), (MatrixRow("a", es("a"), "si"), MatrixRow("b", es("b"), None))),
            MatrixAnswer({"a": "si", "b": ""}),
            "es",
        ),
        (dragged_gaps(), GapsAnswer({"uno": "sol", "dos": "luna"}), "es"),
        (
            GapsBody((Gap("uno", a_numerical(("1.5", "1"))), Gap("dos", a_single()), Gap("tres", a_short(("sol", "1"))))),
            GapsAnswer({"uno": "1,5", "dos": "a", "tres": "sol"}),
            "es",
        ),
        (ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),)), TextAnswer("sun"), "en"),
        (ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),)), TextAnswer("sol"), "qu"),
        (
            GapsBody((Gap("uno", ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),))),)),
            GapsAnswer({"uno": "sun"}),
            "en",
        ),
        (ShortAnswerBody((TextPattern({}, True, f("1")),)), TextAnswer(""), "es"),
        (a_calculated(), NumberAnswer("1108800"), "es"),
        (EssayBody(), None, "es"),
    ],
)
def test_the_right_answer_is_shown_as_a_learner_would_give_it(body: Body, answer: Answer | None, language: str) -> None:
    """spec/quiz-engine 5.9: right answer, in the reader's language, else in the course's own."""
    layout = ItemLayout(variables={"personas": f("1000")})

    assert right_answer(a_question(body), layout, language, SPANISH) == answer


def a_layout(body: Body) -> ItemLayout:
    """Return the layout in which everything stands as it was written, where there is one."""
    return lay_out_item(a_question(body), 1, "1.1", shuffle=False)


@pytest.mark.parametrize(
    ("body", "parts", "state"),
    [
        (a_single(), None, "unanswered"),
        (a_single(), {"answer": [""]}, "unanswered"),
        (a_single(), {"answer": ["2"]}, "answered"),
        (a_single(), {"answer": ["4"]}, "invalid"),
        (a_multiple(MultipleRule.HALVES, 2, 1), {"unit": ["1"]}, "unanswered"),
        (a_multiple(MultipleRule.HALVES, 2, 1), {"answer": ["1", ""]}, "answered"),
        (a_numerical(("1", "1")), {"answer": ["letras"]}, "invalid"),
        (a_numerical(("1", "1")), {"answer": ["1.234"]}, "answered"),
        (a_matching(), {"1": ["1"], "2": ["2"], "3": [""]}, "partial"),
        (a_matching(), {"1": ["1"], "2": ["2"], "3": ["1"]}, "answered"),
        (a_matching(), {"1": ["1"], "answer": ["x"], "otro": ["x"]}, "invalid"),
        (an_ordering(2), {"1": ["2"], "2": ["1"]}, "answered"),
        (an_ordering(2), {"1": ["2"]}, "invalid"),
        (a_calculated(), {"answer": ["1"]}, "answered"),
        (a_calculated(), {"answer": ["letras"]}, "invalid"),
        (some_gaps(), {"1": ["1"]}, "partial"),
        (some_gaps(), {"1": ["1"], "2": ["3"], "3": ["x"]}, "answered"),
        (a_matrix(), {"1": ["1"], "2": ["2"]}, "partial"),
        (a_matrix(), {"1": ["1"], "2": ["2"], "3": ["2"]}, "answered"),
    ],
)
def test_the_state_of_an_answer_counts_its_rows(body: Body, parts: Mapping[str, list[str]] | None, state: str) -> None:
    """spec/quiz-engine 5.5: not yet answered / answer saved / invalid, and begun where rows are empty."""
    assert answer_state(a_question(body), a_layout(body), parts, SPANISH) == state


def test_an_order_nobody_touched_is_not_answered() -> None:
    """spec/quiz-engine 5.7 Ordering, on the page: the positions as they stood, not confirmed."""
    question = a_question(an_ordering(2))
    layout = a_layout(question.body)

    assert marked(question.body, OrderingAnswer(layout.orders[ITEMS]), layout).state.value == "not_answered"
    assert marked(question.body, OrderingAnswer(layout.orders[ITEMS], confirmed=True), layout).state.value != "not_answered"


@pytest.mark.parametrize(
    ("body", "fields", "parts"),
    [
        (TrueFalseBody(answer=True), {"value": True}, {"answer": ["true"]}),
        (TrueFalseBody(answer=True), {"value": "true"}, {"answer": ["true"]}),
        (TrueFalseBody(answer=True), {"value": "false"}, {"answer": ["false"]}),
        (a_matching(), {}, {}),
        (a_matching(), {"x": "y", "matches": {"1": "2"}}, {"1": ["2"]}),
        (an_ordering(2), {"order": ["2", "1"]}, {"2": ["1"], "1": ["2"]}),
        (an_ordering(2), {"order": None}, {}),
        (an_ordering(2), {"order": "21"}, {}),
        (a_numerical(("1", "1")), {"text": "1", "unit": "m"}, {"answer": ["1"], "unit": ["m"]}),
    ],
)
def test_parts_of_a_form_stand_for_an_answer(body: Body, fields: Mapping[str, object], parts: dict[str, list[str]]) -> None:
    """spec/quiz-engine 5.2.3: what was answered last comes back into the form."""
    assert parts_of(a_question(body), fields) == parts


def test_names_of_parts_have_a_length() -> None:
    """spec/quiz-engine 5.4.5: what no form sends is left out, up to the last letter that is allowed."""
    assert clean_parts({"a" * 40: ["x"], "b" * 41: ["x"]}) == {"a" * 40: ["x"]}


@pytest.mark.parametrize(
    ("body", "payload", "place"),
    [
        (an_ordering(2), {"positions": "x"}, "positions"),
        (an_ordering(2), {"positions": {"1": "1", "2": "1"}}, "positions"),
        (a_single(), {"choice": "9"}, "place"),
        (a_single(), {"choice": True}, "place"),
        (a_single(), {"choice": 1.5}, "place"),
        (a_single(), {"choice": "0001"}, "place"),
        (a_single(), {"choice": "²"}, "place"),
        (a_single(), {"choice": "0"}, "place"),
    ],
)
def test_what_is_out_of_place_says_where(body: Body, payload: dict[str, object], place: str) -> None:
    """spec/quiz-engine 5.4.5: kept as typed and flagged."""
    answer = answer_from_page(a_question(body), a_layout(body), payload)

    assert answer == MalformedAnswer(as_typed(payload), place)


def test_places_of_a_page_are_numbers_or_their_text() -> None:
    """spec/quiz-engine 5.4.4: what a plain form sends as text a program may send as a number; empty is nothing."""
    question = a_question(a_single())
    layout = a_layout(question.body)

    assert (
        answer_from_page(question, layout, {"choice": 2}) == answer_from_page(question, layout, {"choice": "2"}) == SingleChoiceAnswer("b")
    )
    assert answer_from_page(question, layout, {"choice": "002"}) == SingleChoiceAnswer("b")
    assert (
        answer_from_page(question, layout, {"choice": ""}) == answer_from_page(question, layout, {"choice": None}) == SingleChoiceAnswer("")
    )
    assert page_from_answer(question, layout, SingleChoiceAnswer("")) == {"choice": ""}


def test_lists_of_plain_fields_come_back_as_lists() -> None:
    """spec/quiz-engine 5.4.5: what the page shows again can be written as JSON."""
    question = a_question(a_multiple(MultipleRule.HALVES, 2, 1))
    shown = page_from_answer(question, a_layout(question.body), MultipleChoiceAnswer(("r1", "w1")))

    assert shown == {"choices": ["1", "3"]}


@pytest.mark.parametrize(
    ("payload", "text"),
    [({"ñ": "ü"}, '{"ñ": "ü"}'), ({"a": {1}}, '{"a": "{1}"}'), ("ya", "ya")],
)
def test_what_cannot_be_read_is_kept_as_it_was_typed(payload: object, text: str) -> None:
    """spec/quiz-engine 5.4.5: letters as letters; what JSON cannot hold by its words."""
    assert as_typed(payload) == text


def test_documents_are_written_in_utf8_and_refuse_what_json_has_not() -> None:
    """spec/quiz-engine 5.1.1: the checksum is over these very bytes."""
    assert canonical_json({"b": 1, "a": "ñ"}) == '{"a":"ñ","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_refusals_of_documents_name_the_field() -> None:
    """spec/quiz-engine 5.1.1: a stored version that cannot be read says where."""
    document = to_document(a_question(a_single()))
    texts = {**document, "text": {"es": 5}}
    wrong = {**document, "body": {**document["body"], "options": 3}}

    with pytest.raises(EncodingError, match="not a dataclass: int"):
        encode(5)
    with pytest.raises(EncodingError, match=r"QuestionDefinition\.text\.es: str expected"):
        from_document(texts)
    with pytest.raises(EncodingError, match=r"QuestionDefinition\.body\.options: list expected"):
        from_document(wrong)
    assert decode(ItemLayout, encode(ItemLayout(variables={"x": f("1/3")}))) == ItemLayout(variables={"x": f("1/3")})


@pytest.mark.parametrize(
    ("typed", "value"),
    [("5 %", f("5")), ("\u00a05\r\n", f("5")), ("5\u00a0%", f("5")), ("- 5", f("-5")), ("1.234.567", f("1234567")), ("x", None)],
)
def test_numbers_are_read_through_their_blanks(typed: str, value: Fraction | None) -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: spaces of every kind around number, sign and percent."""
    read = read_number(typed, SPANISH)

    assert (read.value if read else None) == value


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [("0", 2, "0,00"), ("-0.001", 2, "0,00"), ("-0.5", 0, "−1"), ("1234.5", 1, "1234,5"), ("-2", 0, "−2")]
)
def test_numbers_are_written_with_their_sign(value: str, decimals: int, text: str) -> None:
    """spec/quiz-engine 5.1.5, 5.7 Numerical, decimals: half up, no minus before nothing."""
    assert write_number(f(value), SPANISH, decimals, keep_zeros=True) == text
    assert round_half_up(f("-0.5"), 0) == -1


def test_an_english_attempt_reads_a_point() -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: the convention of the attempt."""
    read = read_number("1,234.5", ENGLISH)

    assert read is not None
    assert read.value == f("1234.5")


def test_truth_is_a_truth_value() -> None:
    """spec/quiz-engine 5.7 True/false: the words of a form and the values of a program."""
    question = a_question(TrueFalseBody(answer=True))

    assert answer_from_page(question, ItemLayout(), {"value": "true"}) == TrueFalseAnswer(value=True)
    assert answer_from_page(question, ItemLayout(), {"value": False}) == TrueFalseAnswer(value=False)


def test_matches_keep_their_rows() -> None:
    """spec/quiz-engine 5.7 Matching, on the page and back."""
    question = a_question(a_matching(shuffle=False))
    layout = a_layout(question.body)
    answer = answer_from_page(question, layout, {"matches": {"1": "1", "2": ""}})

    assert isinstance(answer, MatchingAnswer)
    assert page_from_answer(question, layout, answer) == {"matches": {"1": "1", "2": ""}}
