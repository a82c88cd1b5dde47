"""«As the learner saw it»: the paper drawn again from its seed, byte for byte, for the course's team alone (spec/quiz-engine 5.14.7)."""

import re

import pytest
from sqlalchemy import update

from accounts.models import Person
from courses.models import StaffRole
from lms.instance import Instance
from quizzes import attempts
from quizzes.draws import recreate_layout
from quizzes.models import Attempt
from tests.support.answers import open_attempt, right_fields
from tests.support.attempts import begin
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, sign_in
from tests.support.kinds import SLOTS, bank
from tests.support.quizzes import a_quiz_asking
from tests.support.wording import in_spanish

ASKED = re.compile(r'<fieldset class="q".*?</fieldset>|<section class="q".*?</section>', re.S)


def asked(html: str) -> list[str]:
    """Return every question of a page as it was sent."""
    return ASKED.findall(html)


def every_page(browser: Browser, path: str, pages: int) -> list[str]:
    """Return every question of an open attempt, page by page."""
    return [question for page in range(1, pages + 1) for question in asked(browser.get(f"{path}?page={page}").html)]


@pytest.mark.parametrize("behaviour", ["deferred", "immediate", "certainty"])
def test_the_paper_is_drawn_again_byte_for_byte(browser: Browser, instance: Instance, behaviour: str) -> None:
    """spec/quiz-engine 5.14.7: every kind, mixed options, several pages, with answers and a check;
    also in another language than the teacher's.
    """
    shuffled = re.sub(r" *shuffle: false\n", "", bank())
    course = a_quiz_asking(instance, shuffled, f"attempts: 0\nweight: 0\nper_page: 4\nbehaviour: {behaviour}\n", SLOTS)
    a_learner_in(browser, course)
    path = begin(browser)
    loaded, questions = open_attempt(browser)
    for page in range(1, loaded.pages + 1):
        browser.get(f"{path}?page={page}")
        names = {name for name, _value in browser.page.form("/answers").fields}
        fields = {name: value for name, value in right_fields(loaded, questions).items() if name.partition("-")[0] + "-seq" in names}
        browser.submit("/answers", fields, button=("check", "1") if page == 1 else ("go", "save"))
    seen = every_page(browser, path, loaded.pages)
    a_teacher(instance, course)
    teacher = sign_in(browser.another(), "profe@example.org")

    page = teacher.get(f"{path}/paper")

    assert len(seen) == len(SLOTS) - 1
    assert asked(page.html) == seen
    assert "es el mismo que se guardó" in page.text


@pytest.mark.slow
def test_the_questions_stay_in_the_learners_language_and_the_page_in_the_teachers(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.14.7: the team's own words are in the language of who reads them."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    seen = every_page(browser, path, 1)
    a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "profe@example.org").values(language="en"))
    teacher = sign_in(browser.another(), "profe@example.org")

    page = teacher.get(f"{path}/paper")

    assert "As the learner saw it" in page.text
    assert asked(page.html) == seen


def test_draws_are_repeated_with_what_the_learner_had_seen_then(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.4 and 5.2.5: the second paper avoids what the first one asked;
    later attempts change nothing in what is drawn again.
    """
    course = a_course(instance, modules=1, settings="attempts: 0\n", draw=3)
    a_learner_in(browser, course)
    paths = []
    for _attempt in range(3):
        paths.append(begin(browser))
        browser.get(f"{paths[-1]}/summary")
        browser.submit("/submission")
    a_teacher(instance, course)
    teacher = sign_in(browser.another(), "profe@example.org")

    told = ["es el mismo que se guardó" in teacher.get(f"{path}/paper").text for path in paths]

    assert told == [True, True, True]


def test_an_attempt_that_builds_on_the_last_is_drawn_again_too(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.3."""
    course = a_course(instance, modules=1, settings="attempts: 0\nbuild_on_last: true\n", draw=3)
    a_learner_in(browser, course)
    for _attempt in range(2):
        path = begin(browser)
        browser.get(f"{path}/summary")
        browser.submit("/submission")
    a_teacher(instance, course)

    assert "es el mismo que se guardó" in sign_in(browser.another(), "profe@example.org").get(f"{path}/paper").text


def test_a_paper_that_its_seed_does_not_give_is_told(browser: Browser, instance: Instance) -> None:
    """The check can fail: with another seed the kept paper is shown, and the page says so."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    a_learner_in(browser, course)
    path = begin(browser)
    seen = asked(browser.page.html)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(seed=Attempt.seed + 1))
    with instance.database.unit_of_work(write=False) as session:
        assert recreate_layout(session, attempts.load_attempt(session, 1)) is None
    a_teacher(instance, course)

    page = sign_in(browser.another(), "profe@example.org").get(f"{path}/paper")

    assert (
        in_spanish(
            "This is the stored attempt layout. Its seed no longer recreates it, because another version of the program created it"
            " or something has changed since."
        )
        in page.text
    )
    assert asked(page.html) == seen


@pytest.mark.slow
def test_only_the_team_of_the_course_sees_a_learners_paper(browser: Browser, instance: Instance) -> None:
    """Access matrix, attempt.view: of another learner for graders and instructors of this course; for others it is not there."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    a_teacher(instance, course, "grader@example.org", StaffRole.GRADER)
    a_teacher(instance, a_course(instance, "otro", modules=1), "stranger@example.org")
    a_person(instance, "eva@example.org")
    found = {}
    for who in ("grader", "stranger", "eva"):
        found[who] = sign_in(browser.another(), f"{who}@example.org")._request("GET", f"{path}/paper").status_code
    own = browser._request("GET", f"{path}/paper").status_code

    assert found == {"grader": 200, "stranger": 404, "eva": 404}
    assert own == 404


@pytest.mark.slow
def test_the_review_leads_the_team_to_the_paper(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    browser.get(f"{path}/summary")
    own = [href for href, _words in browser.submit("/submission").links]
    a_teacher(instance, course)
    staff = [href for href, _words in sign_in(browser.another(), "profe@example.org").get(f"{path}/review").links]

    assert (f"{path}/paper" in own, f"{path}/paper" in staff) == (False, True)
