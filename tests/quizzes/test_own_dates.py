"""Dates that were set for a learner on the course's page and on the home page (spec/quiz-engine 5.10, spec/performance P6 and P7)."""

from datetime import UTC, datetime, timedelta

import pytest

from courses.models import Course
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.answering import AttemptNotAllowed
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, folder, publish, sign_in
from tests.support.learning import At, a_learner, mark_done, pass_quiz, start
from tests.support.overrides import Office
from tests.support.quizzes import ONE_QUESTION, a_quiz
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OPENS = "attempts: 0\nopens: 2026-06-02 08:00\n"
SCORE = "100\xa0%"
COURSE, HOME = "/courses/prueba", "/learning"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def enrolled(browser: Browser, instance: Instance, course: Course, email: str = "ana@example.org") -> Actor:
    """Enrol somebody and sign them in."""
    learner = a_learner(instance, course, email, now=NOON)
    sign_in(browser, email)
    return learner


def leads_to_quiz(browser: Browser, path: str = COURSE) -> bool:
    """Say whether a page has a link to the quiz."""
    return any(href.endswith("/quizzes/cuestionario-1") for href, _words in browser.get(path).links)


def test_a_quiz_that_opens_earlier_for_somebody_is_open_to_them_on_the_courses_page(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.1: an own date beats the quiz's, for its learner alone."""
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner, other = Office(instance, course), enrolled(browser, instance, course), browser.another()
    enrolled(other, instance, course, "eva@example.org")
    before = leads_to_quiz(browser)

    row = office.override(learner, sets_opens=True, opens_at=NOON)
    during = leads_to_quiz(browser), leads_to_quiz(other)
    office.override(learner, seen=row, limit_seconds=600)

    assert (before, during, leads_to_quiz(browser)) == (False, (True, False), False)


def test_a_quiz_that_opens_later_for_a_group_says_when(browser: Browser, instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    before = leads_to_quiz(browser)

    office.override(office.group(learner), sets_opens=True, opens_at=NOON + timedelta(days=400))

    assert (before, leads_to_quiz(browser)) == (True, False)
    assert "2027" in browser.page.text


def test_the_next_step_on_the_home_page_is_a_quiz_that_opened_earlier(browser: Browser, instance: Instance, at: At) -> None:
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    for key in ("leccion-1", "video-1"):
        mark_done(instance, learner, "prueba", key, now=NOON)
    before = leads_to_quiz(browser, HOME)

    office.override(learner, sets_opens=True, opens_at=NOON)

    assert (before, leads_to_quiz(browser, HOME)) == (False, True)


def test_a_score_waits_for_the_closing_date_that_holds_for_the_learner(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.9 and 5.10.1: marks are shown after the close, and that may be another one for them."""
    course = a_quiz(
        instance, "attempts: 0\ncloses: 2026-06-01 07:30\nreview: {later: [attempt], closed: [attempt, marks]}\n", questions=ONE_QUESTION
    )
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    pass_quiz(instance, learner, "prueba", now=NOON)
    at.moment = NOON + timedelta(hours=1)
    row, shown = None, {}

    for name, closes_at in (("none", None), ("later", NOON + timedelta(days=2)), ("past", NOON + timedelta(minutes=40))):
        row = office.override(learner, seen=row, sets_closes=True, closes_at=closes_at)
        shown[name] = SCORE in browser.get(COURSE).text
    office.override(learner, seen=row, limit_seconds=600)

    assert shown == {"none": False, "later": False, "past": True}
    assert SCORE in browser.get(COURSE).text


def test_a_quiz_closes_with_its_module_but_for_whom_another_date_was_set(browser: Browser, instance: Instance, at: At) -> None:
    files = folder(modules=1, settings="attempts: 0\n")
    course, _version = publish(instance, {**files, "01-parte/module.yaml": files["01-parte/module.yaml"] + b"closes: 2026-06-10\n"})
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    before = browser.get(COURSE).text
    at.moment = NOON + timedelta(days=10)

    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba", now=at.moment)
    office.override(learner, sets_closes=True, closes_at=NOON + timedelta(days=20))

    assert in_spanish("Closes on %(moment)s", moment="11 jun 2026") in before.replace("\xa0", " ")
    assert start(instance, learner, "prueba", now=at.moment)


def test_own_dates_cost_the_same_for_one_override_and_for_many(browser: Browser, instance: Instance, at: At) -> None:
    """spec/performance P7: one statement for all quizzes, groups and courses."""
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    browser.checks = False
    counter = every_statement(instance.database)

    def statements(path: str) -> int:
        browser.get(path)
        counter.reset()
        browser.get(path)
        return len(counter.statements)

    before = [statements(path) for path in (COURSE, HOME)]
    office.override(learner, sets_opens=True, opens_at=NOON)
    for number in range(3):
        office.override(office.group(learner, name=f"Grupo {number}"), sets_closes=True, closes_at=NOON + timedelta(days=number))

    browser.get("/notices")  # what one was told of is news at home until then

    assert [statements(path) for path in (COURSE, HOME)] == before


def test_whether_marks_wait_for_an_open_attempt_is_asked_after_closing_once_for_all_quizzes(
    browser: Browser, instance: Instance, at: At
) -> None:
    """spec/quiz-engine 5.9, spec/performance P6: one statement more than where no quiz has closed yet."""
    course = a_course(instance, modules=3, settings="attempts: 2\nreview: hidden\ncloses: 2026-06-01 07:30\n")
    learner = enrolled(browser, instance, course)
    counter = every_statement(instance.database)

    def statements() -> int:
        browser.get(f"{COURSE}/results")
        counter.reset()
        browser.get(f"{COURSE}/results")
        return len(counter.statements)

    for number in (1, 2, 3):
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}")
    before = statements()
    at.pass_(minutes=31)

    assert statements() == before + 1
