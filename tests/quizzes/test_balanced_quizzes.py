"""Balanced quizzes from their file to attempts: the check, the draw table, and draws within the bound (spec/selection 1.9 to 1.17)."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from lms.instance import Instance
from questions.models import Question, QuestionVersion
from questions.rules.definitions import QuestionSelection
from quizzes.content.blueprints import candidate_of
from quizzes.draws import recreate_layout
from quizzes.models import QuizVersion
from quizzes.rules import balanced_draw
from quizzes.rules.balanced_draw import Balance
from quizzes.rules.layout import SlotEntry
from quizzes.snapshots import FirstAnswers, frozen_balance
from tests.support.builders import publish
from tests.support.folders import findings
from tests.support.learning import a_learner, attempt_row, pass_quiz, sitting_of, start
from tests.support.questions import a_question, a_single, f
from tests.support.selection_folders import BANK, EXPECTED, a_balanced_folder, findings_of

_KEYS = select(Question.key).join(QuestionVersion, QuestionVersion.question_id == Question.id)
TWO = "slots:\n  - draw: 2\n"
WITHIN_THREE = f"{TWO}balance: {{within: 3}}\n"


def test_a_quiz_whose_draws_can_be_balanced_is_fine() -> None:
    """spec/selection 1.11, spec/content-format C509."""
    assert findings_of(WITHIN_THREE, "C509") == 0
    assert findings_of(TWO, "C509") == 0


@pytest.mark.parametrize(
    ("quiz", "expected"),
    [
        (f"{TWO}balance: {{within: 1, target: 20}}\n", EXPECTED),
        ("slots:\n  - draw: 1\nbalance: {within: 0}\n", {"a": 0, "b": 100}),
        ("slots:\n  - draw: 1\n  - question: a\n    mark: 0\nbalance: {within: 1, target: 1}\n", EXPECTED),
    ],
    ids=["target", "nothing between", "fixed"],
)
def test_a_balance_that_no_question_set_has_is_refused(quiz: str, expected: dict[str, int]) -> None:
    """spec/selection 1.16, spec/content-format C509: with the nearest that can be reached."""
    assert findings_of(quiz, "C509", **expected) == 1


@pytest.mark.parametrize("balance", ["{within: 101}", "{within: -1}", "{within: poco}", "{target: 140}", "si"])
def test_a_balance_that_is_none_is_refused(balance: str) -> None:
    """spec/selection 12."""
    assert any(findings_of(f"{TWO}balance: {balance}\n", code) for code in ("C111", "C113"))


def test_a_balanced_quiz_does_not_start_with_the_last_answers() -> None:
    """spec/content-format C505."""
    assert findings_of(f"{TWO}balance: {{within: 3}}\nbuild_on_last: true\n", "C505") == 1


def test_questions_of_a_balanced_draw_have_the_same_mark() -> None:
    """spec/selection 1.11, spec/content-format C509: else the expected score has no fixed whole."""
    files = a_balanced_folder(WITHIN_THREE)
    files[BANK] = files[BANK].replace(b"expected: 90", b"expected: 90\n    mark: 2", 1)

    assert len(findings(files, "C509")) == 1


def test_attempts_are_within_the_bound_and_are_drawn_again_alike(instance: Instance) -> None:
    """spec/selection 1.10 to 1.12: every question set that is allowed comes up, and the same from the seed and the table."""
    course = publish(instance, a_balanced_folder(WITHIN_THREE))[0]
    drawn = set()
    for number in range(8):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        attempt = start(instance, learner, "prueba")
        with sitting_of(instance, learner, attempt) as (session, loaded):
            assert recreate_layout(session, loaded) == loaded
            assert loaded.snapshot.balance is not None
            assert loaded.snapshot.balance.balance == Balance(f(3))
            ids = [item.question_version_id for item in loaded.items]
            drawn.add("".join(sorted(session.scalars(_KEYS.where(QuestionVersion.id.in_(ids))))))
    assert drawn <= {"ad", "bc", "ab", "cd"}
    assert all(abs(sum(EXPECTED[key] for key in one) - 135) <= 6 for one in drawn)


@pytest.mark.parametrize("most", [10**6, 0], ids=["no set is allowed", "too many sums"])
def test_answers_that_would_allow_no_draw_leave_the_table_to_the_authors(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.16."""
    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", most)
    pool = [replace(a_question(a_single()), key=key, selection=QuestionSelection(expected=f(50))) for key in ("a", "b")]
    entries = [SlotEntry(tuple(candidate_of(one) for one in pool))]
    answers = {"a": FirstAnswers(1000, f(1000)), "b": FirstAnswers(1000, f(0))}

    found = frozen_balance(Balance(f(0), f(50)), entries, {one.key: one for one in pool}, answers)

    assert found[0]["facilities"] == {"a": 50, "b": 50}
    assert frozen_balance(None, entries, {}, {}) == []


def test_first_answers_change_the_table_of_the_next_publication(instance: Instance) -> None:
    """spec/selection 1.9: the sum of shares of the first attempts, with ten answers at the expected facility."""
    quiz = "slots:\n  - draw: 1\nbalance: {within: 50}\n"
    course = publish(instance, a_balanced_folder(quiz, a=50, b=50))[0]
    learner = a_learner(instance, course)
    attempt = pass_quiz(instance, learner, "prueba")
    with sitting_of(instance, learner, attempt) as (session, loaded):
        key = session.scalars(_KEYS.where(QuestionVersion.id == loaded.items[0].question_version_id)).one()
    publish(instance, a_balanced_folder(f"{quiz}minutes: 9\n", a=50, b=50), nature=PublicationNature.CORRECTION)

    with instance.database.unit_of_work(write=False) as session:
        tables = [
            json.loads(entries)[-1]["facilities"] for entries in session.scalars(select(QuizVersion.entries).order_by(QuizVersion.id))
        ]
    assert tables == [{"a": 50, "b": 50}, {"a": 50, "b": 50, key: 55}]
    assert attempt_row(instance, attempt).passed
