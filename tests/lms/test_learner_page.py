"""One learner's page for the team of a course."""

from decimal import Decimal
from uuid import uuid4

from sqlalchemy import update

from courses.models import StaffRole
from enrolments import learner_groups
from enrolments.models import ActivityResult
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, fail_quiz, mark_done, pass_quiz, start


def test_only_the_courses_team_sees_a_learners_page(browser: Browser, instance: Instance) -> None:
    """spec/security 9: progress.view and grade.view of another learner; user.view_email, which graders have no use for."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    learner = a_learner(instance, course)

    page = f"/teaching/prueba/learners/{learner.person_uuid}"
    fail_quiz(instance, learner, "prueba")
    with instance.database.unit_of_work() as session:
        session.execute(update(ActivityResult).values(score=Decimal("73.5")))

    assert cast.check("progress.view", "of_another_learner", cast.outcomes(page)) == []
    assert cast.check("grade.view", "of_another_learner", cast.shown(page, "73,5")) == []
    assert cast.check("user.view_email", "enrolled_in_own_course", cast.shown(page, "ana@example.org")) == []
    cast.browsers["I"].get(f"/teaching/prueba/learners/{uuid4()}", 404)
    cast.browsers["S"].get(f"/teaching/otro/learners/{learner.person_uuid}", 404)


def test_the_page_has_everything_that_a_learner_did_in_the_course(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    ana = a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    failed, passed = fail_quiz(instance, ana, "prueba"), pass_quiz(instance, ana, "prueba")
    opened = start(instance, ana, "prueba", "cuestionario-2")
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Norte", now=clock.now())
        learner_groups.add_to_group(session, SYSTEM, group, [ana.person_uuid or uuid4()], now=clock.now())
    sign_in(browser, "profe@example.org").get("/teaching/prueba/gradebook")
    page = browser.get(f"/teaching/prueba/learners/{ana.person_uuid}")

    assert [word in page.text for word in ("Ana Quinde", "ana@example.org", "Norte", "50\xa0%", "2 de 4", "100\xa0%")] == [True] * 6
    assert [page.has_link(f"/attempts/{attempt}/review") for attempt in (failed, passed, opened)] == [True, True, False]
    grader = sign_in(browser.another(), "califica@example.org").get(f"/teaching/prueba/learners/{ana.person_uuid}")
    assert "ana@example.org" not in grader.html


def test_a_completed_course_shows_its_certificate(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    pass_quiz(instance, ana, "prueba")
    browser.mails()  # the worker's turn
    sign_in(browser, "profe@example.org").get(f"/teaching/prueba/learners/{ana.person_uuid}")

    assert any(address.startswith("/verify/") for address, _words in browser.page.links)
