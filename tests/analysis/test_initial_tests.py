"""An initial test: offered before anything else, and its result shown beside the final one's (spec/quiz-engine 5.9)."""

from datetime import UTC, datetime

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import folder, publish, sign_in
from tests.support.learning import At, a_learner, fail_quiz, mark_done, pass_quiz

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INITIAL, RESULTS = "/courses/prueba/quizzes/inicial", "/courses/prueba/results"
QUIZ = """key: inicial
title: {es: Prueba inicial, en: Initial test}
required: false
slots:
  - draw: 7
    from: [parte-1]
attempts: 1
pass_mark: none
weight: 0
review: hidden
completion: viewed
"""
SHOWN = "100\xa0%"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def a_course_with_tests(instance: Instance) -> Course:
    """Publish a course with an initial test before two parts, whose last quiz is the final one."""
    start = b"key: inicio\ntitle: {es: Inicio, en: Start}\nnumbered: false\nobjectives:\n  - {es: Ver., en: To see.}\n"
    extra = {"00-inicio/module.yaml": start, "00-inicio/01-inicial.quiz.yaml": QUIZ.encode()}
    return publish(instance, {**folder(modules=2), **extra}, now=NOON)[0]


def shows_result(browser: Browser, path: str) -> bool:
    """Return whether a page tells the result of the initial test: in its row where it lists the others too."""
    html = browser.get(path).html
    return SHOWN in (
        html.partition("<tbody")[2].partition("Prueba inicial")[2].partition("</tr>")[0] if path == RESULTS else browser.page.text
    )


def next_links(browser: Browser, path: str) -> list[str]:
    """Return where the page leads on."""
    return [href for href, words in browser.get(path).links if words.startswith(("Empezar:", "Continuar:"))]


def test_an_initial_test_is_offered_until_something_required_is_begun(browser: Browser, instance: Instance, at: At) -> None:
    learner = a_learner(instance, a_course_with_tests(instance), now=NOON)
    sign_in(browser)
    before = [next_links(browser, path) for path in ("/learning", "/courses/prueba")]

    mark_done(instance, learner, "prueba", "leccion-1", now=NOON)

    assert before == [[INITIAL], [INITIAL]]
    assert next_links(browser, "/learning") == ["/courses/prueba/quizzes/cuestionario-1"]


@pytest.mark.parametrize("hand_in", [pass_quiz, fail_quiz])
def test_its_result_is_shown_once_the_final_test_is_handed_in(browser: Browser, instance: Instance, at: At, hand_in: object) -> None:
    """spec/quiz-engine 5.9: an initial test is reviewed as after its close from then on."""
    learner = a_learner(instance, a_course_with_tests(instance), now=NOON)
    sign_in(browser)
    attempt = pass_quiz(instance, learner, "prueba", "inicial", now=NOON)
    pages = (INITIAL, RESULTS, f"/attempts/{attempt}/review")
    at.pass_(minutes=10)
    pass_quiz(instance, learner, "prueba", "cuestionario-1", now=at.moment)
    before = [shows_result(browser, path) for path in pages]
    at.pass_(minutes=10)

    hand_in(instance, learner, "prueba", "cuestionario-2", now=at.moment)  # type: ignore[operator]  # either of two functions

    assert before == [False, False, False]
    assert [shows_result(browser, path) for path in pages] == [True, True, True]


def test_it_is_shown_to_those_who_handed_in_their_final_test_alone(browser: Browser, instance: Instance, at: At) -> None:
    course = a_course_with_tests(instance)
    learner, other = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    attempt = pass_quiz(instance, learner, "prueba", "inicial", now=NOON)
    pass_quiz(instance, other, "prueba", "cuestionario-2", now=NOON)
    sign_in(browser)

    assert SHOWN not in browser.get(f"/attempts/{attempt}/review").text
