"""Marking again and by hand: why a version does not fit, which attempts take new marks, bounds and rubrics (spec/quiz-engine 5.11)."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.answers import Parts, translated
from questions.rules.definitions import (
    Body,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    MatrixBody,
    MultipleChoiceBody,
    QuestionVariable,
    RubricCriterion,
    RubricLevel,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, level_points, lowest_fraction, rubric_mark, rubric_of, state_of
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
from quizzes.rules.settings import QuizSettings
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    an_ordering,
    es,
    f,
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
    assert percent_with_voids({1: item("0", "1", void=True), 2: item("1", "2", void=True)}) == 100
