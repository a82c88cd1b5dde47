"""The page on the draws of a quiz: were question sets equally hard, in words, and its draw tables (spec/selection 1.19)."""

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
