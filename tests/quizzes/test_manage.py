"""The page of a quiz for its course's staff: who may open it, and what it says."""

from courses.models import StaffRole
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, fail_quiz, start

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def test_staff_find_the_way_from_the_quiz_to_its_tools_and_see_how_it_stands(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    for number in (1, 2):
        fail_quiz(instance, a_learner(instance, course, f"ana{number}@example.org"), "prueba")
    start(instance, a_learner(instance, course), "prueba")
    a_teacher(instance, course, role=StaffRole.GRADER)
    sign_in(browser, "profe@example.org")

    browser.get(QUIZ)
    assert browser.page.has_link(f"{QUIZ}/manage")
    page = browser.get(f"{QUIZ}/manage")

    assert "Enviado2" in "".join(page.text.split())
    assert "Encurso1" in "".join(page.text.split())


def test_the_tools_of_a_quiz_are_for_the_courses_staff(browser: Browser, instance: Instance) -> None:
    """spec/security 1: graders, editors and administrators; to all others there is no such page, nor for a lesson or a course unknown."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    outcomes = cast.outcomes(f"{QUIZ}/manage")
    cast.browsers["S"].get("/courses/prueba/quizzes/leccion-1/manage", 404)
    cast.browsers["S"].get("/courses/inventado/quizzes/cuestionario-1/manage", 404)
    cast.browsers["E"].get(QUIZ)

    assert cast.check("quiz.manage", "own_course", outcomes) == []
    assert {got for letter, got in outcomes.items() if letter in "LEO"} == {"hide"}
    assert not cast.browsers["E"].page.has_link(f"{QUIZ}/manage")
