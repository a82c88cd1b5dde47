"""The quizzes of a course for its team: what waits to be marked in each, and the way to their statistics."""

from fractions import Fraction

from courses.models import Course, StaffRole
from enrolments import enrolment, learners
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.marking import ManualMarkValues
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.marking import BANK, a_marked_quiz, hand_in, last_mark, mark
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
QUIZZES, STATISTICS = "/teaching/prueba/quizzes", "/teaching/prueba/statistics"


def enrol(instance: Instance, actor: Actor, course: Course) -> None:
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())


def test_a_grader_finds_what_waits_in_each_quiz_until_it_is_marked(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    first, second = (hand_in(instance, a_learner(instance, course, f"ana{number}@example.org")) for number in (1, 2))
    grader = actor_of(a_teacher(instance, course, role=StaffRole.GRADER))
    sign_in(browser, "profe@example.org").get(QUIZZES)
    assert "2 intentos; el más antiguo" in browser.page.text
    assert browser.page.has_link(f"{QUIZ}/marking")

    for attempt in (first, second):
        mark(instance, grader, attempt, ManualMarkValues(Fraction(2), last_mark(instance, grader, attempt).id, "", {}))
    browser.get(QUIZZES)

    assert not browser.page.has_link(f"{QUIZ}/marking")
    assert browser.page.has_link(f"{QUIZ}/manage")


def test_ones_own_attempt_is_not_offered_to_be_marked(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    grader = actor_of(a_teacher(instance, course, role=StaffRole.GRADER))
    enrol(instance, grader, course)
    hand_in(instance, grader)
    a_teacher(instance, course, "otra@example.org", role=StaffRole.GRADER)

    sign_in(browser, "profe@example.org").get(QUIZZES)
    other = sign_in(browser.another(), "otra@example.org")
    other.get(QUIZZES)

    assert not browser.page.has_link(f"{QUIZ}/marking")
    assert other.page.has_link(f"{QUIZ}/marking")


def test_a_quiz_that_was_taken_out_keeps_its_work(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    hand_in(instance, a_learner(instance, course))
    files = folder(modules=1)
    files["01-parte/banco.yaml"] = BANK.encode()
    del files["01-parte/03-cuestionario.quiz.yaml"]
    publish(instance, files)
    a_teacher(instance, course)

    sign_in(browser, "profe@example.org").get(QUIZZES)

    assert in_spanish("Not in the published version") in browser.page.text
    assert browser.page.has_link(f"{QUIZ}/marking")


def test_both_lists_are_for_whom_their_pages_are(browser: Browser, instance: Instance) -> None:
    """spec/security 1: an action on one quiz and the list of all of them have the same readers."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    managed, statistics = cast.outcomes(QUIZZES), cast.outcomes(STATISTICS)

    assert cast.check("quiz.manage", "own_course", managed) == []
    assert cast.check("quiz.statistics", "own_course", statistics) == []
    assert f'href="{QUIZ}/statistics"' in cast.browsers["I"].get(STATISTICS).html


def test_the_statements_do_not_grow_with_the_quizzes(browser: Browser, instance: Instance) -> None:
    """spec/performance P7."""
    counts = []
    for key, modules in (("pocos", 1), ("muchos", 10)):
        course, _version = publish(instance, folder(key, modules=modules))
        a_teacher(instance, course, f"{key}@example.org")
        visitor = sign_in(browser.another(), f"{key}@example.org")
        for path in (f"/teaching/{key}/quizzes", f"/teaching/{key}/statistics"):
            visitor.get(path)
            counter = every_statement(instance.database)
            visitor.get(path)
            counts.append(len(counter.statements))

    assert counts[:2] == counts[2:]
    assert max(counts) <= 10
