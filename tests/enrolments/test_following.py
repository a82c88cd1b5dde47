"""Following a course: modules, activities, who waits where, where they stopped, how long it takes; each one statement."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, update

from courses.models import Course
from courses.versions import get_outline
from enrolments import progress_report
from enrolments.gradebook import GradebookFilter, next_steps
from enrolments.learners import results_of
from enrolments.models import Completion, Enrolment
from enrolments.progress_report import ActivityCount, ModuleCount, WaitingCount
from enrolments.rules import find_next_activity
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.crowds import multiply
from tests.support.learning import a_learner, enrolment_of, mark_done, pass_quiz
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/progress"
ALL = GradebookFilter()


def a_class(instance: Instance) -> tuple[Course, dict[str, Actor]]:
    """Publish two modules: Ana completed the first, Blas its lesson three weeks ago, Carla never came, Delia completed all."""
    course, past = a_course(instance, modules=2), clock.now() - timedelta(days=21)
    people = {name: a_learner(instance, course, f"{name}@example.org", now=past) for name in ("ana", "blas", "carla", "delia")}
    mark_done(instance, people["ana"], "prueba", "leccion-1")
    pass_quiz(instance, people["ana"], "prueba")
    mark_done(instance, people["blas"], "prueba", "leccion-1", now=past)
    for n in (1, 2):
        mark_done(instance, people["delia"], "prueba", f"leccion-{n}")
        pass_quiz(instance, people["delia"], "prueba", f"cuestionario-{n}")
    visited(instance, course, people["ana"], "leccion-2", days=0)
    visited(instance, course, people["blas"], "leccion-1", days=20)
    return course, people


def visited(instance: Instance, course: Course, actor: Actor, key: str, *, days: int) -> None:
    """Let somebody have been at an activity so many days ago."""
    with instance.database.unit_of_work() as session:
        mine = (Enrolment.person_id == actor.person_id, Enrolment.course_id == course.id)
        moment = clock.now() - timedelta(days=days)
        session.execute(update(Enrolment).where(*mine).values(last_visited_at=moment, last_activity_key=key))


def test_only_the_courses_team_sees_the_progress(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("gradebook.view", "own_course", cast.outcomes(PAGE)) == []


def test_modules_and_activities_count_those_who_began_and_completed_them(instance: Instance) -> None:
    course, _people = a_class(instance)
    with instance.database.unit_of_work(write=False) as session:
        outline = get_outline(session, session.get_one(Course, course.id).published_version_id or 0)
        modules = progress_report.count_modules(session, outline, ALL, now=clock.now())
        activities = progress_report.count_activities(session, course.id, ALL, now=clock.now())

    assert modules == {"parte-1": ModuleCount(3, 2), "parte-2": ModuleCount(1, 1)}
    assert activities["leccion-1"] == ActivityCount(3, 3)
    assert activities["cuestionario-1"] == ActivityCount(2, 2)


def test_who_waits_where_and_who_stopped_where(instance: Instance) -> None:
    course, _people = a_class(instance)
    with instance.database.unit_of_work(write=False) as session:
        waiting = progress_report.count_waiting(session, course.id, ALL, 14, now=clock.now())
        left_off = progress_report.count_left_off(session, course.id, ALL, 14, now=clock.now())
        long_ago = progress_report.count_left_off(session, course.id, ALL, 30, now=clock.now())

    assert waiting == {"leccion-2": WaitingCount(1, 0), "cuestionario-1": WaitingCount(1, 1), "leccion-1": WaitingCount(1, 1)}
    assert left_off == {"leccion-1": 1, None: 1}
    assert long_ago == {}


def test_the_next_activity_of_the_list_is_the_one_that_the_rule_names(instance: Instance) -> None:
    course, people = a_class(instance)
    with instance.database.unit_of_work(write=False) as session:
        steps = next_steps(course.id, clock.now())
        found = {row.enrolment_id: row.key for row in session.execute(select(steps.c.enrolment_id, steps.c.key))}
        outline = get_outline(session, session.get_one(Course, course.id).published_version_id or 0)
        rows = {name: enrolment_of(instance, actor, course).id for name, actor in people.items()}
        named = {row: find_next_activity(outline, results_of(session, row), clock.now()) for name, row in rows.items() if name != "delia"}

    assert found == named


@pytest.mark.parametrize(("days", "quartiles"), [((5,), (5, 5, 5)), ((1, 2, 3, 4), (1, 2, 3)), ((9, 1, 5, 3, 7), (3, 5, 7))])
def test_the_time_to_complete_is_told_by_its_quartiles(instance: Instance, days: tuple[int, ...], quartiles: tuple[int, ...]) -> None:
    """Nearest rank: the smallest time within which at least that share completed."""
    course = a_course(instance, modules=1)
    for place, count in enumerate(days):
        row = enrolment_of(instance, a_learner(instance, course, f"p{place}@example.org"), course)
        values = {
            "enrolment_id": row.id,
            "course_version_id": row.course_version_id,
            "completed_at": row.enrolled_at + timedelta(days=count),
        }
        with instance.database.unit_of_work() as session:
            session.execute(insert(Completion).values(values))
    with instance.database.unit_of_work(write=False) as session:
        taken = progress_report.time_taken(session, course.id, ALL, now=clock.now())

    assert taken is not None
    assert (taken.learners, taken.first.days, taken.median.days, taken.third.days) == (len(days), *quartiles)


def test_the_page_leads_to_those_who_are_stuck(browser: Browser, instance: Instance) -> None:
    course, _people = a_class(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get(PAGE)
    text = browser.page.text
    assert [word in text for word in (in_spanish("Progress by module"), "Parte 1", "2 (50")] == [True, True, True]
    assert 'aria-label="Cuántos participantes completaron cada actividad obligatoria"' in browser.page.html
    places = [text.find(title) for title in ("Contar 1", "Cuestionario 1", "Contar 2")]
    assert all(before < after for before, after in pairwise(places))

    (link,) = [address for address, _words in browser.page.links if "next=cuestionario-1" in address]
    page = browser.get(link)

    assert "blas@example.org" in page.text
    assert "ana@example.org" not in page.text


def test_the_page_costs_the_same_however_many_learn(browser: Browser, instance: Instance) -> None:
    course, people = a_class(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get(PAGE)
    counter = every_statement(instance.database)
    browser.get(PAGE)
    few = len(counter.statements)

    multiply(instance, people["blas"], 40)
    counter.reset()
    browser.get(PAGE)

    assert len(counter.statements) == few
    assert "44" in browser.page.text


def test_a_module_that_asks_for_nothing_is_completed_by_all_that_it_has(instance: Instance) -> None:
    """As its learners' pages say."""
    files = folder(modules=1)
    lesson, quiz = "01-parte/01-leccion.es.md", "01-parte/03-cuestionario.quiz.yaml"
    files[lesson] = files[lesson].replace(b"title:", b"required: false\ntitle:", 1)
    course, _version = publish(instance, {**files, quiz: files[quiz] + b"required: false\n"})
    ana, blas = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas"))
    for actor in (ana, blas):
        mark_done(instance, actor, "prueba", "leccion-1")
    mark_done(instance, ana, "prueba", "video-1")
    pass_quiz(instance, ana, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        outline = get_outline(session, session.get_one(Course, course.id).published_version_id or 0)

        assert progress_report.count_modules(session, outline, ALL, now=clock.now()) == {"parte-1": ModuleCount(2, 1)}
