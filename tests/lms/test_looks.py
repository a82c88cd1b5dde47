"""Lists of people are noted once a look, and told to everybody who stood in them (spec/security 7.4, spec/performance P8)."""

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from accounts import privacy
from accounts.models import Person
from accounts.privacy import PeopleListKind
from courses.log import list_log
from courses.models import Course
from enrolments.models import Enrolment
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms import access_log
from lms.instance import Instance
from organisations.models import Organisation
from organisations.units import assign_member as put_in
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.crowds import multiply
from tests.support.learning import a_learner, actor_of
from tests.support.places import a_place, manage
from tests.support.wording import in_spanish

GRADEBOOK = "/teaching/prueba/gradebook"
OF_COURSE = {
    GRADEBOOK: "gradebook",
    "/teaching/prueba/learners": "learners",
    "/courses/prueba/quizzes/cuestionario-1/report": "attempts",
    "/courses/prueba/quizzes/cuestionario-1/marking": "marking",
    "/courses/prueba/quizzes/cuestionario-1/incidents": "attempts",
}


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a course that can be taken."""
    return a_course(instance, modules=1)


@pytest.fixture
def teacher(browser: Browser, instance: Instance, course: Course) -> Browser:
    """Return a browser in which somebody of the course's team is signed in."""
    a_teacher(instance, course)
    return sign_in(browser, "profe@example.org")


def noted(instance: Instance) -> list[tuple[str, int | None, str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.verb == "account.list_looked_at").order_by(AuditEntry.id)).all()
        return [(row.subject_kind, row.subject_id, facts["list"], facts["role"]) for row in rows for facts in (json.loads(row.facts),)]


def told(instance: Instance, who: Actor) -> list[tuple[str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        return [(look.by, look.purpose) for look in access_log.list_access_rows(session, who.person_id or 0)]


@pytest.mark.parametrize("path", OF_COURSE)
def test_a_list_of_a_course_is_noted_once_in_ten_minutes(teacher: Browser, instance: Instance, path: str) -> None:
    teacher.get(path)
    teacher.get(f"{path}?page=2")

    assert [(kind, listing, role) for kind, _id, listing, role in noted(instance)] == [("course", OF_COURSE[path], "team")]
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        teacher.get(path)
    assert len(noted(instance)) == 2


def test_lists_of_people_and_places_are_noted_with_the_role(browser: Browser, instance: Instance) -> None:
    institution = a_place(instance, "IESS")
    province = a_place(instance, "Manabí", institution)
    manage(instance, a_person(instance, "jefa@example.org"), province)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.get("/administration/people")
    boss.get(f"/administration/organisations/{institution.uuid}")
    sign_in(browser.another(), "jefa@example.org").get(f"/units/{province.uuid}/people")

    assert noted(instance) == [
        ("person", None, "people", "administrator"),
        ("organisation", institution.id, "unit", "administrator"),
        ("organisation", province.id, "unit", "manager"),
    ]


def test_those_who_stood_in_a_course_at_the_time_are_told(teacher: Browser, instance: Instance, course: Course) -> None:
    now = clock.now()
    here = a_learner(instance, course, "antes@example.org", now=now - timedelta(days=3))
    left = a_learner(instance, course, "salio@example.org", now=now - timedelta(days=3))
    outside = a_learner(instance, a_course(instance, "otro", modules=1), "otra@example.org")
    with instance.database.unit_of_work() as session:
        session.execute(update(Enrolment).where(Enrolment.person_id == left.person_id).values(left_at=now - timedelta(days=1)))
    teacher.get(GRADEBOOK)
    teacher._request("GET", f"{GRADEBOOK}.csv")
    teacher._request("GET", f"{GRADEBOOK}.csv?dictionary=1")
    later = a_learner(instance, course, "luego@example.org", now=now + timedelta(hours=1))

    assert told(instance, here) == [("Pilar Maestra", "file"), ("Pilar Maestra", "gradebook")]
    with instance.database.unit_of_work(write=False) as session:
        assert {look.role for look in access_log.list_access_rows(session, here.person_id or 0)} == {"team"}
    assert [told(instance, other) for other in (left, later, outside)] == [[], [], []]
    page = sign_in(teacher.another(), "antes@example.org").get("/profile/data")
    assert "El libro de calificaciones de un curso: Curso" in page.text
    assert in_spanish("Course team") in page.text
    with instance.database.unit_of_work(write=False) as session:
        log = {entry.verb for entry in list_log(session, course.id, (), offset=0, limit=50)}
    assert "gradebook.exported" in log
    assert "account.list_looked_at" not in log


def test_several_looks_of_a_day_are_one_line_and_ones_own_is_none(teacher: Browser, instance: Instance, course: Course) -> None:
    ana, day = a_learner(instance, course), clock.now().replace(hour=12) - timedelta(days=2)
    with instance.database.unit_of_work() as session:
        session.execute(update(Enrolment).values(enrolled_at=day))
        profe = session.scalars(select(Person).where(Person.email == "profe@example.org")).one()
        for minutes in (20, 40, 24 * 60):
            privacy.record_list_access(
                session, actor_of(profe), PeopleListKind.GRADEBOOK, Course, course.id, now=day + timedelta(minutes=minutes)
            )
        privacy.record_list_access(session, ana, PeopleListKind.GRADEBOOK, Course, course.id, now=day + timedelta(hours=1))

    assert told(instance, ana) == [("Pilar Maestra", "gradebook")] * 2


def test_who_stands_in_a_place_is_told_of_looks_at_it_and_above_it(instance: Instance) -> None:
    institution = a_place(instance, "IESS")
    province, other = a_place(instance, "Manabí", institution), a_place(instance, "Loja", institution)
    ana, boss = actor_of(a_person(instance)), actor_of(an_administrator(instance))
    with instance.database.unit_of_work() as session:
        put_in(session, SYSTEM, session.get_one(Person, ana.person_id), province, now=clock.now() - timedelta(days=1))
        for place in (institution, province, other):
            privacy.record_list_access(session, boss, PeopleListKind.UNIT, Organisation, place.id, now=clock.now())
        privacy.record_list_access(session, boss, PeopleListKind.PEOPLE, Person, None, now=clock.now())
        privacy.record_list_access(session, boss, PeopleListKind.PEOPLE, Person, None, now=clock.now() - timedelta(days=9))
    with instance.database.unit_of_work(write=False) as session:
        found = [(look.purpose, look.where) for look in access_log.list_access_rows(session, ana.person_id or 0)]

    assert sorted(found) == [("people", ""), ("unit", "IESS"), ("unit", "Manabí")]


def test_a_look_costs_the_same_with_ten_times_the_people(teacher: Browser, instance: Instance, course: Course) -> None:
    """spec/performance P8: one note after the answer, with two statements of its own, whoever stands in the list."""
    ana, statements = a_learner(instance, course), every_statement(instance.database)
    pages = (*OF_COURSE, "/profile/data")

    def costs(later: int) -> dict[str, tuple[int, int]]:
        found = {}
        with time_machine.travel(clock.now() + timedelta(minutes=later), tick=False):
            for page in pages:
                statements.reset()
                teacher._request("GET", page)
                found[page] = (len(statements.statements), statements.commits)
        return found

    multiply(instance, ana, 2)
    costs(0)
    few = costs(11)
    multiply(instance, ana, 20, first=10)
    many = costs(22)

    assert many == few
    assert sum(few[page][1] for page in OF_COURSE) == len(set(OF_COURSE.values()))
    assert few["/profile/data"][1] == 0
