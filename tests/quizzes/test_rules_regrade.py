"""Marking again and by hand: why a version does not fit, which attempts take new marks, bounds and rubrics (5.11)."""

from dataclasses import replace

import pytest

from quizzes.rules.by_hand import level_points, lowest_fraction, rubric_mark, rubric_of
from quizzes.rules.definitions import Body, Criterion, Essay, File, Gap, Gaps, Level, Multiple, Variable
from quizzes.rules.grades import read_exactly, written_exactly
from quizzes.rules.regrade import Difference, RegradeKind, RegradePolicy, annulled_marking, can_regrade, differences, takes_new_marks
from quizzes.rules.results import Marking, MarkState
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    es,
    f,
)

RUBRIC = (
    Criterion("claridad", es("Claridad"), (Level(f("0"), es("No")), Level(f("1"), es("Algo")), Level(f("2"), es("Sí")))),
    Criterion("fuentes", es("Fuentes"), (Level(f("0"), es("No")), Level(f("1"), es("Sí")))),
)


@pytest.mark.parametrize(
    ("answered", "other", "found"),
    [
        (a_single(), Multiple(a_single().options), [Difference("kind", ("single",), ("multiple",))]),
        (a_single(), a_single(an_option("a", "1"), an_option("z"), an_option("d")), [Difference("options", ("b", "c"), ("d", "z"))]),
        (a_matching(), replace(a_matching(), extra=()), [Difference("matches", ("z",), ())]),
        (
            Gaps((Gap("a", a_single()),)),
            Gaps((Gap("b", a_single()),)),
            [
                Difference("gaps", ("a (single)",), ("b (single)",)),
                Difference("gap:a", ("a", "b", "c"), ()),
                Difference("gap:b", (), ("a", "b", "c")),
            ],
        ),
        (
            a_calculated(),
            replace(a_calculated(), variables=(Variable("meses", (f("1"),)),)),
            [Difference("variables", ("personas",), ("meses",))],
        ),
        (a_short(("a", "1")), a_short(("b", "1")), []),
    ],
)
def test_a_version_that_does_not_fit_says_what_it_lacks_and_adds(answered: Body, other: Body, found: list[Difference]) -> None:
    """5.11.2 (b): refused with reasons; the mapping is by key, so an order says nothing."""
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
    """5.11.3, only raise: by the total of the attempt, not question by question."""
    assert takes_new_marks(policy, before and f(before), after and f(after)) is takes  # type: ignore[arg-type]  # an empty text does not occur


def test_two_kinds_of_marking_again_annul() -> None:
    """5.11.4."""
    assert [kind for kind in RegradeKind if kind.annuls] == [RegradeKind.FULL_CREDIT, RegradeKind.REMOVED]
    assert annulled_marking("full_credit") == Marking(MarkState.RIGHT, f("1"))
    assert annulled_marking("removed") == Marking(MarkState.NOT_MARKED, None)
    assert annulled_marking("") is annulled_marking("same") is None


@pytest.mark.parametrize(
    ("body", "lowest"),
    [
        (a_single(an_option("a", "1"), an_option("b", "-1/3"), an_option("c", "-1/2")), "-1/2"),
        (a_single(an_option("a", "1"), an_option("b", "1/2")), "0"),
        (a_short(("a", "1"), ("*", "-1/4")), "-1/4"),
        (a_numerical(("1", "1"), ("2", "-1")), "-1"),
        (Essay(), "0"),
    ],
)
def test_the_least_a_question_can_be_worth_is_its_lowest_credit(body: Body, lowest: str) -> None:
    """5.11.1: a manual mark lies in [min fraction, 1] × max."""
    assert lowest_fraction(a_question(body)) == f(lowest)


def test_the_levels_of_a_rubric_sum_to_the_mark_and_follow_the_questions_worth_in_the_quiz() -> None:
    """5.7, essay and file: a rubric whose levels sum to the mark; a slot may be worth something else."""
    question = a_question(Essay(rubric=RUBRIC), mark=f("3"))

    assert rubric_mark(question, {"claridad": 2, "fuentes": 1}, f("3")) == 3
    assert rubric_mark(question, {"claridad": 1, "fuentes": 0}, f("6")) == 2
    assert rubric_mark(question, {"claridad": 1}, f("3")) is None
    assert rubric_mark(replace(question, mark=f("0")), {"claridad": 2, "fuentes": 1}, f("3")) is None
    assert rubric_of(a_question(File(("pdf",), rubric=RUBRIC))) == RUBRIC
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
    """5.1.5: totals that are made again must not fall under the pass mark by what rounding took."""
    found = read_exactly(exact, None if rounded is None else f(rounded))

    assert found == (None if read is None else f(read))


def test_a_share_is_written_exactly_while_it_is_short_enough() -> None:
    assert written_exactly(f("5/6")) == "5/6"
    assert written_exactly(None) == ""
    assert written_exactly(f(f"1/{10**77}")) == f"1/{10**77}"
    assert written_exactly(f(f"1/{10**78}")) == ""
