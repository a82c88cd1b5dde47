"""The page on the draws of a quiz: were question sets equally hard, in words, and its draw tables (spec/selection 1.19)."""

import pytest

from analysis.rules.draw_quality import DrawQuality, ScoreQuarter
from analysis.views.draw_quality import quality_view
from kernel.i18n import reading
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, publish, sign_in
from tests.support.learning import a_learner, fail_quiz, pass_quiz
from tests.support.selection_folders import a_balanced_folder
from tests.support.wording import in_spanish

STATISTICS = "/courses/prueba/quizzes/cuestionario-1/statistics"
PAGE = "/courses/prueba/quizzes/cuestionario-1/draws"


def a_quiz_taken_by(instance: Instance, quiz: str, people: int) -> None:
    """Let so many people take a quiz of two drawn questions, every third one rightly."""
    course = publish(instance, a_balanced_folder(quiz))[0]
    a_teacher(instance, course)
    for number in range(people):
        take = pass_quiz if number % 3 == 0 else fail_quiz
        take(instance, a_learner(instance, course, f"p{number}@example.org"), "prueba")


def test_the_page_says_whether_question_sets_were_equally_hard(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.19: one sentence, quarters with intervals as a chart and its table, the formula, and the draw tables."""
    a_quiz_taken_by(instance, "slots:\n  - draw: 2\nbalance: {within: 3}\n", 32)
    sign_in(browser, "profe@example.org")
    assert browser.get(STATISTICS).has_link(PAGE)

    page = browser.get(PAGE)

    assert in_spanish("Were the question sets equally hard?") in page.text
    assert in_spanish("How it is calculated") in page.text
    assert page.html.count('<svg class="chart') == 1
    assert page.html.count('<table class="data fold">') == 2
    assert in_spanish("At publication") in page.text


@pytest.mark.parametrize(("chance", "is_unequal"), [(0.5, True), (5.3, False)])
def test_what_chance_alone_may_have_made_is_not_called_unequal(chance: float, is_unequal: bool) -> None:
    """spec/selection 1.19: where answers are few the page says that it is not known, and asks for nothing."""
    quarters = tuple(ScoreQuarter(44, 50, 6, mean, mean - 20, mean + 20) for mean in (40, 22, 25, 60))
    with reading("en"):
        view = quality_view(DrawQuality(32, 47, 2.2, chance, 44, 50.5, quarters), balanced=True)

    assert view.is_unequal is is_unequal
    assert view.said.startswith("The question sets were not equally hard" if is_unequal else "It is not known yet")
    assert view.advice.startswith("Look at the people" if is_unequal else "Nothing has to be corrected now.")
    assert view.compared.startswith("Chance alone may have made")


def test_too_few_attempts_show_how_many_are_needed(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.19: what the data cannot show is said."""
    a_quiz_taken_by(instance, "slots:\n  - draw: 2\n", 1)

    page = sign_in(browser, "profe@example.org").get(PAGE)

    assert in_spanish("At least %(least)s fully marked attempts are needed; so far there is %(count)s.", 1, least=30) in page.text
    assert '<svg class="chart' not in page.html


def test_a_quiz_without_draws_has_no_draw_quality(browser: Browser, instance: Instance) -> None:
    a_quiz_taken_by(instance, "slots:\n  - question: a\n", 1)
    sign_in(browser, "profe@example.org")
    assert not browser.get(STATISTICS).has_link(PAGE)

    assert in_spanish("Every attempt has the same questions") in browser.get(PAGE).text


def test_every_cell_of_the_draw_tables(browser: Browser, instance: Instance) -> None:
    """Access: draw_table.view; graders do not see it."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("draw_table.view", "own_course", cast.outcomes(PAGE)) == []
