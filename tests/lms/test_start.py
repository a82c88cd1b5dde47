"""Where people's work begins: each role has its page, and who holds several starts where something waits."""

from collections.abc import Callable

import pytest

from accounts.models import Person
from courses.models import Course
from enrolments import enrolment as enrolments
from enrolments.learners import get_learner_context
from kernel import clock
from lms.instance import Instance
from organisations.models import Organisation
from organisations.rules.units import TrainingRole
from tests.support.browser import Browser
from tests.support.builders import (
    PASSWORD,
    a_course,
    a_learner,
    a_person,
    a_teacher,
    actor_of,
    an_administrator,
    sign_in,
    sign_in_through_pages,
)
from tests.support.claims import ask_waiver
from tests.support.institution_access import administer
from tests.support.mistakes import a_report
from tests.support.places import a_place, give_training, manage, put
from tests.support.wording import in_spanish

Grant = Callable[[Instance, Person, Course, Organisation], None]


def learns(instance: Instance, person: Person, course: Course, _place: Organisation) -> None:
    """Enrol somebody."""
    actor = actor_of(person)
    with instance.database.unit_of_work() as session:
        enrolments.enrol(session, actor, get_learner_context(session, actor, course.slug), now=clock.now())


def heads(instance: Instance, person: Person, _course: Course, place: Organisation) -> None:
    """Let somebody head the place."""
    manage(instance, person, place)


def looks_after(instance: Instance, person: Person, _course: Course, place: Organisation) -> None:
    """Make somebody a training officer."""
    give_training(instance, person, place, TrainingRole.OFFICER)


def audits(instance: Instance, person: Person, _course: Course, place: Organisation) -> None:
    """Make somebody an auditor."""
    give_training(instance, person, place, TrainingRole.AUDITOR)


def governs(instance: Instance, person: Person, _course: Course, place: Organisation) -> None:
    """Let somebody administer the institution."""
    administer(instance, person, place)


def a_claim_waits(instance: Instance, _person: Person, _course: Course, place: Organisation) -> None:
    """Let an employee of the place ask for a waiver."""
    employee = a_person(instance, "luz@example.org")
    put(instance, employee, place)
    ask_waiver(instance, employee)


def a_mistake_waits(instance: Instance, _person: Person, course: Course, _place: Organisation) -> None:
    """Let a learner report a mistake in the course."""
    a_report(instance, a_learner(instance, course, "leo@example.org"))


@pytest.mark.parametrize(
    ("is_teacher", "grants", "start"),
    [
        (False, [], "/learning"),
        (False, [learns], "/learning"),
        (True, [], "/teaching"),
        (True, [learns], "/learning"),
        (True, [learns, a_mistake_waits], "/teaching"),
        (False, [governs], "/administration/institutions"),
        (True, [governs], "/administration/institutions"),
        (False, [learns, heads], "/units"),
        (True, [heads, governs], "/units"),
        (True, [heads, a_mistake_waits], "/teaching"),
        (False, [audits], "/training-report"),
        (False, [audits, heads], "/training-report"),
        (False, [audits, learns], "/learning"),
        (False, [audits, learns, heads], "/units"),
        (False, [looks_after, learns, heads], "/training-report"),
        (True, [looks_after, a_mistake_waits], "/teaching"),
        (True, [looks_after, a_mistake_waits, a_claim_waits], "/training/waivers"),
        (False, [heads, a_claim_waits], "/units"),
    ],
)
def test_the_logo_leads_everybody_to_their_work(
    browser: Browser, instance: Instance, is_teacher: bool, grants: list[Grant], start: str
) -> None:
    course, place = a_course(instance), a_place(instance, "IESS", code="IESS")
    person = a_teacher(instance, course, "ana@example.org") if is_teacher else a_person(instance)
    for grant in grants:
        grant(instance, person, course, place)

    answer = sign_in(browser).client.get("/", base_url="https://localhost")

    assert answer.status_code == 303
    assert answer.location == start


def test_administrators_start_on_their_first_steps(browser: Browser, instance: Instance) -> None:
    boss = an_administrator(instance)
    course, place = a_course(instance), a_place(instance, "IESS", code="IESS")
    learns(instance, boss, course, place)
    a_mistake_waits(instance, boss, course, place)
    heads(instance, boss, course, place)

    sign_in_through_pages(browser, "admin@example.org")

    assert browser.get("/").headings == ["Administración"]
    assert 'id="steps-title"' in browser.page.html


def test_a_course_that_comes_with_the_program_is_no_first_step_until_it_has_a_team(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("courses.catalogue.shipped_courses", lambda _content: {"prueba": {}})
    course = a_course(instance)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    samples = in_spanish("The courses that come with the program are samples. Give one a team to use it, or archive it.")

    assert samples in boss.get("/administration").text
    a_teacher(instance, course)
    assert samples not in boss.get("/administration").text


def test_signing_in_leads_to_the_start_unless_a_page_was_requested(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_course(instance), "ana@example.org")
    another = browser.another()

    sign_in_through_pages(browser)
    another.get("/sign-in?next=/profile")
    another.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

    assert browser.page.headings == ["Enseñanza"]
    assert another.page.title.startswith("Mi cuenta")
