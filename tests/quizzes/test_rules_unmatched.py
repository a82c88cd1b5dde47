"""Typed answers that match nothing: read once for the statistics, by the convention of their attempt (spec/quiz-engine 5.12)."""

import pytest

from analysis.rules.item_evidence import UnmatchedPart, unmatched_in
from questions.rules.answers import Answer, GapsAnswer, NumberAnswer, SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import Body, Gap, GapsBody
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, mark_answer
from questions.rules.numbers import ENGLISH, SPANISH, Convention
from tests.support.questions import a_calculated, a_numerical, a_question, a_short, a_single, f, marked, some_gaps

MEASURED = GapsBody((Gap("largo", a_numerical(("2", "1"), units={"km": f("1"), "m": f("1/1000")})),))
GAPS = [UnmatchedPart("cubierta", "40", f("40")), UnmatchedPart("nombre", "hueco")]


@pytest.mark.parametrize(
    ("body", "answer", "expected"),
    [
        (a_short(("brecha", "1")), TextAnswer("  La   Brecha "), [UnmatchedPart("", "la brecha")]),
        (a_short(("brecha", "1")), TextAnswer("brecha"), []),
        (a_numerical(("2.5", "1")), NumberAnswer("1.234,50"), [UnmatchedPart("", "2469/2", f("1234.5"))]),
        (a_numerical(("2.5", "1")), NumberAnswer("dos"), [UnmatchedPart("", "dos")]),
        (
            a_numerical(("2.5", "1"), units={"km": f("1"), "m": f("1/1000")}),
            NumberAnswer("300", "m"),
            [UnmatchedPart("", "3/10", f("3/10"))],
        ),
        (a_calculated(), NumberAnswer("5"), []),
        (a_single(), SingleChoiceAnswer("b"), []),
        (
            some_gaps(),
            GapsAnswer({"anio": "b", "cubierta": "40", "nombre": "Hueco"}),
            GAPS,
        ),
        (some_gaps(), GapsAnswer({"anio": "a", "cubierta": "34,8", "nombre": " "}), []),
        (some_gaps(), GapsAnswer({"anio": "a"}), []),
        (MEASURED, GapsAnswer({"largo": "1,5"}, {"largo": "m"}), [UnmatchedPart("largo", "3/2000", f("3/2000"))]),
        (MEASURED, GapsAnswer({"largo": "1,5"}), [UnmatchedPart("largo", "3/2", f("3/2"))]),
    ],
)
def test_what_matches_no_answer_is_read_once(body: Body, answer: Answer, expected: list[UnmatchedPart]) -> None:
    question = a_question(body)

    assert list(unmatched_in(question, answer, marked(body, answer), SPANISH)) == expected


def test_numbers_are_read_by_the_convention_of_the_attempt() -> None:
    body = a_numerical(("7", "1"))
    (found,) = unmatched_in(
        a_question(body), NumberAnswer("1.5"), Marking(MarkState.WRONG, f("0"), marked(body, NumberAnswer("1,5")).parts), ENGLISH
    )

    assert found.value == f("1.5")


RATIO = ItemLayout({}, {"personas": f("1000")})
"""The right number is 1,108,800."""


@pytest.mark.parametrize(
    ("answer", "convention", "expected"),
    [
        (NumberAnswer("554.400"), SPANISH, UnmatchedPart("", "×0.5", f("1/2"))),
        (NumberAnswer("554.400"), ENGLISH, UnmatchedPart("", "×0.0005", f("5/10000"))),
        (NumberAnswer("1.108.800.000", "m"), SPANISH, None),
        (NumberAnswer("2.217.600", "m"), SPANISH, UnmatchedPart("", "×0.002", f("2/1000"))),
        (NumberAnswer("-2.217.600"), SPANISH, UnmatchedPart("", "×-2", f("-2"))),
        (NumberAnswer("0"), SPANISH, UnmatchedPart("", "×0", f("0"))),
    ],
)
def test_a_wrong_result_is_kept_as_a_share_of_the_right_one(
    answer: NumberAnswer, convention: Convention, expected: UnmatchedPart | None
) -> None:
    """Read by the attempt's convention and in the answers' unit; the right number differs by learner."""
    body = a_calculated(units={"km": f("1"), "m": f("1/1000")})
    question = a_question(body)
    marking = mark_answer(question, answer, RATIO, convention)

    found = unmatched_in(question, answer, marking, convention, RATIO)

    assert found == (() if expected is None else (expected,))


def test_a_number_in_a_gap_is_read_by_the_convention_of_the_attempt() -> None:
    question, answer = a_question(MEASURED), GapsAnswer({"largo": "1.500"})
    by_convention = {
        convention: unmatched_in(question, answer, mark_answer(question, answer, ItemLayout(), convention), convention)
        for convention in (SPANISH, ENGLISH)
    }

    assert by_convention[SPANISH] == (UnmatchedPart("largo", "1500", f("1500")),)
    assert by_convention[ENGLISH] == (UnmatchedPart("largo", "3/2", f("3/2")),)
