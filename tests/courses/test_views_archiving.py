"""Putting a course away and bringing it back: who may, what it changes, and what the log says."""

import pytest
from sqlalchemy import select

from courses.models import Course, StaffRole
from enrolments.services import editions
from kernel import clock
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.app import House
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in

PAGE = "/teaching/prueba/archive"


@pytest.fixture
def owner(browser: Browser, house: House) -> Browser:
    """Return the browser of the owner of a published course."""
    a_teacher(house, a_course(house, modules=1), role=StaffRole.OWNER)
    return sign_in(browser, "profe@example.org")


def archived_at(house: House) -> object:
    """Return when the course was put away."""
    with house.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course.archived_at).where(Course.slug == "prueba")).one()


def test_every_cell_of_putting_a_course_away(browser: Browser, house: House) -> None:
    """Owners and administrators only, as with the team."""
    cast = a_cast(browser, house)
    cast.join(a_course(house, modules=1))

    wrong = cast.check("course.manage_team", "own_course", cast.outcomes(PAGE))
    refused = {letter: found for letter, found in cast.outcomes(PAGE, "POST").items() if letter != "S"}
    wrong += cast.check("course.manage_team", "own_course", refused)

    assert wrong == []
    assert archived_at(house) is None


def test_a_course_is_put_away_with_a_reason_and_brought_back(owner: Browser, house: House) -> None:
    a_person(house, "ana@example.org")
    owner.get("/teaching/prueba/outline")
    owner.get(PAGE)
    assert 'id="reason-error"' in owner.submit("/archive", {"reason": " "}, status=422).html
    assert archived_at(house) is None

    owner.submit("/archive", {"reason": "Hay un curso nuevo."})

    assert archived_at(house) is not None
    assert "Hay un curso nuevo." in owner.page.text
    assert "Archivó el curso: Hay un curso nuevo." in owner.get("/teaching/prueba/log").text
    assert "Curso archivado." in owner.get("/teaching/prueba/outline").text
    assert "nadie puede inscribirse" in owner.get("/teaching/prueba/learners").text
    other = sign_in(owner.another(), "ana@example.org")
    other.get("/courses/prueba", status=403)
    assert "Curso de prueba" not in other.get("/courses").text

    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Hace falta todavía."})
    assert archived_at(house) is None
    assert "Hace falta todavía." in owner.get("/teaching/prueba/log").text
    other.get("/courses/prueba")
    assert any(form.action.endswith("/enrolment") for form in other.page.forms)


def test_nobody_comes_into_an_archived_course_by_hand(owner: Browser, house: House) -> None:
    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Terminó."})
    person = a_person(house, "ana@example.org")

    with house.database.unit_of_work() as session:
        course = session.scalars(select(Course)).one()
        with pytest.raises(Conflict):
            editions.enrol_others(session, SYSTEM, course.id, None, [person.id], now=clock.now())


def test_what_was_never_published_is_not_put_away(browser: Browser, house: House) -> None:
    an_administrator(house)
    sign_in(browser, "admin@example.org").get("/teaching/new-course")
    browser.submit("/new-course", {"title": "Prueba", "module": "Uno", "lesson": "Dos"})
    browser.get(PAGE)

    assert "nunca se publicó" in browser.submit("/archive", {"reason": "x"}, status=422).text
    assert archived_at(house) is None
