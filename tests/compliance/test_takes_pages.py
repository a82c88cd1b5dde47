"""Pages on which learners take a course again that they have to renew, and leave one (spec/compulsory 4.9 and 6.2)."""

import pytest
from sqlalchemy import select

from compliance.models import Assignment
from courses.models import Course
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz, start
from tests.support.obligations import an_audience_of, an_obligation, ask_to_renew, compute, enrol_assigned, let_stay, rules_of
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.takes import read, takes_of
from tests.support.wording import in_spanish

RENEWAL = "/courses/prueba/renewal"
LEAVING = "/courses/prueba/leaving"


@pytest.fixture
@scene
def course(instance: Instance) -> Course:
    """Return a published course of one module, and two people who write obligations."""
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    return a_course(instance, modules=1, settings="attempts: 0\n")


def somebody_done(instance: Instance, course: Course) -> Actor:
    learner = a_learner(instance, course)
    mark_done(instance, learner, course.slug, "leccion-1")
    pass_quiz(instance, learner, course.slug)
    return learner


def test_what_has_to_be_renewed_is_begun_again_from_its_own_page(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2 and 16: once the window is open; a second click has no second effect."""
    learner = somebody_done(instance, course)
    sign_in(browser)
    browser.get(RENEWAL, status=403)
    browser.post("/courses/prueba/renewal", status=403)
    ask_to_renew(instance, course, learner)
    assert browser.get("/learning/compulsory").has_link(RENEWAL)

    browser.get(RENEWAL)
    browser.submit(RENEWAL)
    browser.post(RENEWAL)

    assert browser.path == "/courses/prueba"
    assert [(take.take, take.cause) for take in takes_of(instance, learner, course)] == [(1, "self"), (2, "self")]


def test_an_open_attempt_is_submitted_first(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2: the page says so."""
    learner = somebody_done(instance, course)
    ask_to_renew(instance, course, learner)
    start(instance, learner, "prueba")
    sign_in(browser)

    page = browser.get(RENEWAL)

    assert in_spanish("An attempt at a quiz of this course is in progress. It must be submitted first.") in page.text
    assert RENEWAL not in [form.action for form in page.forms]
    browser.post(RENEWAL, status=409)
    assert len(takes_of(instance, learner, course)) == 1


def test_everybody_renews_for_themself_alone(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 16, take.begin of oneself."""
    cast = a_cast(browser, instance)
    cast.join(course)
    assert cast.check("take.renew", "window_not_open", cast.outcomes(RENEWAL)) == []
    assert cast.check("take.renew", "window_not_open", cast.outcomes(RENEWAL, "POST")) == []
    learner = actor_of(cast.people["E"])
    mark_done(instance, learner, course.slug, "leccion-1")
    pass_quiz(instance, learner, course.slug)
    ask_to_renew(instance, course, learner)

    assert cast.check("take.renew", "window_open", cast.outcomes(RENEWAL)) == []
    assert cast.check("take.renew", "window_open", cast.outcomes(RENEWAL, "POST")) == []


def test_a_learner_leaves_a_course_that_nothing_asks_of_them(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 4.9: what they did is kept."""
    learner = a_learner(instance, course)
    sign_in(browser)
    assert browser.get("/courses/prueba").has_link(LEAVING)

    browser.get(LEAVING)
    browser.submit(LEAVING)

    assert browser.path == "/learning"
    assert [take.left_at is None for take in takes_of(instance, learner, course)] == [False]
    browser.get(LEAVING, status=403)


def test_a_course_by_an_obligation_is_left_by_a_waiver_alone(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 4.9: refused with the way to ask for a waiver; once it is done, or nothing is required, it may be left."""
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    person = a_person(instance)
    let_stay(instance, audience, person)
    compute(instance, obligation, [person.id], now=clock.now())
    enrol_assigned(instance, now=clock.now())
    sign_in(browser)

    page = browser.get(LEAVING)

    assert (
        in_spanish(
            "A compulsory training asks you to complete this course. If you cannot, ask for a waiver: you are notified of the decision."
        )
        in page.text
    )
    assert "Curso obligatorio" in page.text
    browser.post(LEAVING, status=409)
    learner = actor_of(person)
    assert [take.left_at for take in takes_of(instance, learner, course)] == [None]
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Assignment)).one()
        row.state, row.next_change_at, row.next_state, row.next_flags = "waived", None, None, None
    browser.get(LEAVING)
    browser.submit(LEAVING)
    assert read(instance, lambda session: session.scalars(select(Assignment.state)).all()) == ["waived"]
    assert [take.left_at is None for take in takes_of(instance, learner, course)] == [False]


def test_who_takes_a_course_alone_leaves_it(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/security 9, enrolment.leave."""
    cast = a_cast(browser, instance)
    cast.join(course)

    assert cast.check("enrolment.leave", "own", cast.outcomes(LEAVING)) == []
    assert cast.check("enrolment.leave", "own", cast.outcomes(LEAVING, "POST")) == []
