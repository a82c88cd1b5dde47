"""Progress of a course's learners and of a unit's people: who sees it, what it counts, each in one statement."""

import csv
from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, text, update

from accounts.models import Person
from courses.models import Course
from courses.versions import get_outline
from enrolments import progress_report
from enrolments.gradebook import GradebookFilter, next_steps
from enrolments.learners import results_of
from enrolments.models import Completion, Enrolment
from enrolments.progress_report import UnitCounts, UnitFilter, UnitLearnerState
from enrolments.rules import find_next_activity
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.crowds import multiply
from tests.support.learning import a_learner, enrolment_of, mark_done, pass_quiz
from tests.support.places import a_place, manage, put
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

    assert modules == {"parte-1": (3, 2), "parte-2": (1, 1)}
    assert activities["leccion-1"] == (3, 3)
    assert activities["cuestionario-1"] == (2, 2)


def test_who_waits_where_and_who_stopped_where(instance: Instance) -> None:
    course, _people = a_class(instance)
    with instance.database.unit_of_work(write=False) as session:
        waiting = progress_report.count_waiting(session, course.id, ALL, 14, now=clock.now())
        left_off = progress_report.count_left_off(session, course.id, ALL, 14, now=clock.now())
        long_ago = progress_report.count_left_off(session, course.id, ALL, 30, now=clock.now())

    assert waiting == {"leccion-2": (1, 0), "cuestionario-1": (1, 1), "leccion-1": (1, 1)}
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
        times = progress_report.list_quartiles(session, course.id, ALL, now=clock.now())

    assert tuple(time.days for time in times) == quartiles


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

        assert progress_report.count_modules(session, outline, ALL, now=clock.now()) == {"parte-1": (2, 1)}


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a course of one module: a lesson and a quiz."""
    return a_course(instance, modules=1)


def person_of(instance: Instance, email: str) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def root(place: Organisation) -> object:
    return select(Organisation.id).where(Organisation.id == place.id)


@pytest.fixture
def chone(instance: Instance, course: Course) -> Organisation:
    """Return a unit of Manabí with Ana, who completed, Blas, who began, and Carla, who does not take it; Dora is elsewhere."""
    iess = a_place(instance)
    manabi = a_place(instance, "Manabí", iess)
    unit = a_place(instance, "Chone", manabi)
    ana = a_learner(instance, course, "ana@example.org")
    mark_done(instance, ana, course.slug, "leccion-1")
    pass_quiz(instance, ana, course.slug)
    mark_done(instance, a_learner(instance, course, "blas@example.org"), course.slug, "leccion-1")
    a_learner(instance, course, "dora@example.org")
    a_person(instance, "carla@example.org", given="Carla", surname="Zambrano")
    for email in ("ana@example.org", "carla@example.org"):
        put(instance, person_of(instance, email), unit)
    put(instance, person_of(instance, "blas@example.org"), manabi)
    put(instance, person_of(instance, "dora@example.org"), a_place(instance, "Loja", iess))
    return unit


def above(instance: Instance, name: str) -> Organisation:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Organisation).where(Organisation.name == name)).one()


def test_totals_go_up_the_tree_and_stay_within_the_place(instance: Instance, chone: Organisation, course: Course) -> None:
    with instance.database.unit_of_work(write=False) as session:
        manabi = above(instance, "Manabí")
        own = progress_report.count_places(session, root(manabi), course.id)  # type: ignore[arg-type]  # a select
        everything = progress_report.count_places(session, root(above(instance, "IESS")))  # type: ignore[arg-type]  # a select
        (found,) = progress_report.count_courses(session, root(manabi))  # type: ignore[arg-type]  # a select

    assert own == {manabi.id: UnitCounts(1, 1, 1, 0), chone.id: UnitCounts(2, 1, 1, 1)}
    assert sum(everything.values(), UnitCounts()) == UnitCounts(4, 3, 3, 1)
    assert (found.learners, found.completed, found.percent) == (2, 1, 75)


def test_people_are_listed_by_how_they_stand(instance: Instance, chone: Organisation, course: Course) -> None:
    with instance.database.unit_of_work(write=False) as session:
        listed = {
            standing: [
                row.name
                for row in progress_report.list_people(
                    session,
                    root(above(instance, "Manabí")),
                    UnitFilter(course.id, "", standing),
                    after=None,
                    limit=9,  # type: ignore[arg-type]  # a select
                )
            ]
            for standing in (None, *UnitLearnerState)
        }

    assert [len(listed[standing]) for standing in (None, *UnitLearnerState)] == [3, 1, 1, 1]
    assert listed[UnitLearnerState.OUTSIDE] == ["Carla Zambrano"]


def a_manager(browser: Browser, instance: Instance, place: Organisation) -> Browser:
    manage(instance, a_person(instance, "mara@example.org", given="Mara", surname="Jefa"), place)
    return sign_in(browser, "mara@example.org")


def test_a_manager_follows_their_unit_and_what_stands_below_it(browser: Browser, instance: Instance, chone: Organisation) -> None:
    manabi = above(instance, "Manabí")
    boss = a_manager(browser, instance, manabi)
    assert boss.get("/learning").has_link("/units")
    page = boss.get("/units")
    assert "Manabí" in page.text
    assert "Loja" not in page.text

    page = boss.get(f"/units/{manabi.uuid}")
    assert "Chone" in page.text
    assert "Curso de prueba prueba" in page.text
    page = boss.get(f"/units/{chone.uuid}/people?course=prueba")
    assert "Carla Zambrano" in page.text
    assert in_spanish("Not in this course") in page.text
    assert "@example.org" not in page.html
    assert "mara@example.org" not in boss.get(f"/units/{manabi.uuid}/people").html
    for hidden in (above(instance, "IESS"), above(instance, "Loja")):
        for part in ("", "/people", "/people.csv"):
            boss.get(f"/units/{hidden.uuid}{part}", status=404)


def test_addresses_are_neither_shown_nor_searched_nor_taken_out(browser: Browser, instance: Instance, chone: Organisation) -> None:
    """spec/security 7.6, the matrix: user.view_email is not a manager's."""
    boss = a_manager(browser, instance, chone)

    assert "Carla" not in boss.get(f"/units/{chone.uuid}/people?q=carla@").text
    assert "Carla" in boss.get(f"/units/{chone.uuid}/people?q=carla").text
    boss._request("GET", f"/units/{chone.uuid}/people.csv?course=prueba&state=completed")
    rows = list(csv.reader(StringIO(boss.response.get_data(as_text=True).lstrip("\ufeff")), delimiter=";"))
    assert rows[0][:4] == [in_spanish("Name"), "Unidad", in_spanish("Activities completed"), in_spanish("Activities required")]
    assert [row[1:4] for row in rows[1:]] == [["Chone", "2", "2"]]
    assert all(moment.endswith("-05:00") for moment in rows[1][4:] if moment)  # as the page: in the reader's zone
    assert rows[1][6]
    assert "@" not in boss.response.get_data(as_text=True)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(AuditEntry.verb).where(AuditEntry.verb == "unit.exported")).all() == ["unit.exported"]


def test_the_list_goes_on_after_the_last_one_shown(browser: Browser, instance: Instance, chone: Organisation) -> None:
    for number in range(60):
        put(instance, a_person(instance, f"p{number}@example.org", surname=f"Mera {number:02}"), chone)
    boss = a_manager(browser, instance, chone)
    first = boss.get(f"/units/{chone.uuid}/people")
    assert first.html.count('<th scope="row">') == 50
    following = next(href for href, _words in first.links if "after=" in href)

    second = boss.get(following)

    assert second.html.count('<th scope="row">') == 12
    assert "Carla Zambrano" in second.text


def test_a_manager_whose_role_ends_sees_nothing_at_the_next_request(browser: Browser, instance: Instance, chone: Organisation) -> None:
    boss = a_manager(browser, instance, chone)
    boss.get(f"/units/{chone.uuid}")
    with instance.database.unit_of_work() as session:
        session.execute(text("DELETE FROM unit_manager"))

    boss.get(f"/units/{chone.uuid}", status=404)
    boss.get("/units", status=404)


def test_managers_alone_and_administrators_follow_a_unit(browser: Browser, instance: Instance) -> None:
    """Access: organisation.follow; being a member of the unit or teaching a course gives nothing."""
    cast = a_cast(browser, instance)
    place = a_place(instance)
    for letter in "LEGI":
        put(instance, cast.people[letter], place)

    wrong = []
    for part in ("", "/people", "/people.csv"):
        wrong += cast.check("organisation.follow", "of_a_unit", cast.outcomes(f"/units/{place.uuid}{part}"))
    wrong += cast.check("organisation.follow_own", "own", cast.outcomes("/units"))

    assert wrong == []


def test_the_team_filters_marks_and_progress_by_unit(browser: Browser, instance: Instance, chone: Organisation, course: Course) -> None:
    a_teacher(instance, course)
    team = sign_in(browser, "profe@example.org")
    manabi = above(instance, "Manabí")

    for place, learners in ((chone, 1), (manabi, 2), (above(instance, "IESS"), 3)):
        page = team.get(f"/teaching/prueba/gradebook?unit={place.uuid}")
        assert page.html.count('href="/teaching/prueba/learners/') == learners
    page = team.get(f"/teaching/prueba/progress?unit={manabi.uuid}")
    assert f'value="{manabi.uuid}" selected' in page.html


def test_a_dashboard_costs_the_same_for_many_units_and_people(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/performance P7 and P14: the totals of every unit are one statement."""
    iess = a_place(instance)
    boss, counter, costs = a_manager(browser, instance, iess), every_statement(instance.database), []
    boss.get(f"/units/{iess.uuid}/people")  # the first look leaves a note
    for many in (1, 12):
        for number in range(many):
            unit = a_place(instance, f"Unidad {many} {number}", iess)
            a_learner(instance, course, f"p{many}.{number}@example.org")
            put(instance, person_of(instance, f"p{many}.{number}@example.org"), unit)
        for path in (f"/units/{iess.uuid}", f"/units/{iess.uuid}/people", "/units"):
            counter.reset()
            boss.get(path)
            costs.append(len(counter.statements))

    assert costs[:3] == costs[3:]
    assert max(costs) <= 8


def test_somebody_who_left_the_course_or_the_unit_is_not_counted(instance: Instance, chone: Organisation, course: Course) -> None:
    with instance.database.unit_of_work() as session:
        for row in session.scalars(select(Enrolment).where(Enrolment.person_id == person_of(instance, "ana@example.org").id)):
            row.left_at = row.enrolled_at
        session.execute(
            text("UPDATE membership SET until = since WHERE person_id = :person"), {"person": person_of(instance, "carla@example.org").id}
        )
    with instance.database.unit_of_work(write=False) as session:
        assert progress_report.count_places(session, root(chone), course.id) == {chone.id: UnitCounts(1, 0, 0, 0)}  # type: ignore[arg-type]  # a select
