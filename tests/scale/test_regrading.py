"""Marking many attempts again: what it costs grows with the learners and with nothing else (issue 3, scale)."""

from lms.app import House
from quizzes.rules.regrade import RegradeKind
from quizzes.services import regrading, trials
from tests.support.browser import Browser, Counter
from tests.support.builders import a_teacher
from tests.support.crowds import multiply
from tests.support.learning import a_batch, a_learner, actor_of, start, submit
from tests.support.regrading import RIGHT_KEY, a_keyed_quiz, a_trial, an_order, commit, counts, regrade_row, undo

PEOPLE = 400
OF_A_PORTION = {"trial": 14, "commit": 20, "undo": 20}
"""Statements that a portion of learners may cost, besides the entry in the log of each who completes the quiz."""


def test_hundreds_are_marked_again_with_so_many_statements_a_portion(browser: Browser, house: House) -> None:
    """Issue 3: the trial, the commit and its undoing work in portions, with a fixed number of statements for each."""
    course = a_keyed_quiz(house)
    editor, learner = actor_of(a_teacher(house, course)), a_learner(house, course)
    attempt = start(house, learner, "prueba")
    submit(house, learner, attempt, a_batch({1: ["2"], 2: ["1"]}))
    multiply(house, learner, PEOPLE - 1)
    a_keyed_quiz(house, RIGHT_KEY)
    browser.deliver_jobs()
    counter = Counter(house.database.writing)
    cost = {}

    trial = a_trial(house, editor, an_order(house, RegradeKind.OTHER, 2))
    for name, act in (
        ("trial", lambda: None),
        ("commit", lambda: commit(house, editor, trial)),
        ("undo", lambda: undo(house, editor, trial)),
    ):
        act()
        counter.reset()
        browser.deliver_jobs()
        cost[name] = sum("INTO audit_entry" not in statement for statement in counter.statements)

    portions = PEOPLE // trials.PORTION
    assert regrading.PORTION == trials.PORTION
    assert (counts(house, trial).gained, regrade_row(house, trial).state) == (PEOPLE, "undone")
    assert {name: count for name, count in cost.items() if count > OF_A_PORTION[name] * (portions + 2)} == {}
