"""A pass mark that a correction changed: the quiz, its result and the course say the same of who took it before."""

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from enrolments.models import ActivityResult
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import folder, publish, sign_in
from tests.support.learning import a_learner, fail_quiz, pass_quiz
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


@pytest.mark.parametrize(("before", "after", "passes"), [(70, 1, False), (70, 60, True), (60, 90, True)])
def test_a_result_is_decided_by_the_pass_mark_of_its_last_attempt(
    browser: Browser, instance: Instance, before: int, after: int, passes: bool
) -> None:
    course, _version = publish(instance, folder(modules=1, settings=f"attempts: 3\npass_mark: {before}\n"))
    learner = a_learner(instance, course)
    attempt = (pass_quiz if passes else fail_quiz)(instance, learner, "prueba")
    publish(instance, folder(modules=1, settings=f"attempts: 3\npass_mark: {after}\n"), nature=PublicationNature.CORRECTION)
    sign_in(browser)
    browser.deliver_jobs()

    page = browser.get(QUIZ)

    changed = "The pass mark was changed afterwards. Your result is decided by the one of your last attempt: %(percent)s."
    assert (in_spanish("You have passed this quiz.") in page.text) is passes
    assert in_spanish(changed, percent=f"{before} %") in page.text.replace("\xa0", " ")
    review = browser.get(f"/attempts/{attempt}/review").text
    assert (in_spanish("Passed") in review) is passes
    with instance.database.unit_of_work(write=False) as session:
        recorded = session.scalars(select(ActivityResult.passed).where(ActivityResult.activity_key == "cuestionario-1")).one()
    assert recorded is passes
