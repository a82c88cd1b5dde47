"""The notifications of one course turned off and on again: what still arrives, where it is listed, whose course it is."""

from datetime import timedelta

from sqlalchemy import select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from compliance.notices import TRAINING_NOTICE
from courses.models import Course
from enrolments import enrolment
from enrolments.learners import get_learner_context
from enrolments.muting import source_of
from enrolments.notices import GRADED_NOTICE
from enrolments.own_data import select_own_data
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.results import an_item, mark
from tests.support.takes import retake
from tests.support.wording import in_spanish

MUTE = "/courses/prueba/notifications"


def kinds_of(instance: Instance, learner: Actor) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        mine = select(Notification.kind).where(Notification.person_id == learner.person_id).order_by(Notification.id)
        return list(session.scalars(mine))


def a_marked_course(instance: Instance) -> tuple[Course, Actor, Actor]:
    course = a_course(instance, modules=1)
    return course, actor_of(a_teacher(instance, course)), a_learner(instance, course)


def test_who_takes_a_course_turns_its_notifications_off(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("course.mute", "own", cast.outcomes(MUTE, "POST", {"muted": "1"})) == []


def test_a_course_is_muted_from_its_page_and_gives_notifications_again_from_the_settings(browser: Browser, instance: Instance) -> None:
    course, teacher, ana = a_marked_course(instance)
    item = an_item(instance, teacher, course)
    sign_in(browser, "ana@example.org").get("/courses/prueba")
    browser.submit(MUTE)
    mark(instance, teacher, course, item, {ana: "8"})
    assert (kinds_of(instance, ana), browser.mails()) == ([], [])

    page = browser.get("/profile/notices")
    assert in_spanish("You get no notifications of these courses:") in page.text
    browser.submit(MUTE)
    assert in_spanish("You get the notifications of all your courses.") in browser.page.text
    mark(instance, teacher, course, item, {ana: "9"})
    assert kinds_of(instance, ana) == ["graded"]


def test_a_course_that_is_taken_again_stays_muted(browser: Browser, instance: Instance) -> None:
    course, teacher, ana = a_marked_course(instance)
    sign_in(browser, "ana@example.org").get("/courses/prueba")
    browser.submit(MUTE)

    retake(instance, ana, course, teacher)
    words = {"es": "Uno", "en": "One"}
    with instance.database.unit_of_work() as session:
        message = Message(GRADED_NOTICE, "uno", words, words, "/", source=source_of(course.id))
        notices.notify(session, message, [ana.person_id or 0], now=clock.now())

    assert kinds_of(instance, ana) == ["enrolment"]  # what concerns their enrolment, they still get
    assert in_spanish("You get no notifications of these courses:") in browser.get("/profile/notices").text


def test_another_learner_of_a_course_and_another_course_of_a_learner_are_as_before(browser: Browser, instance: Instance) -> None:
    course, teacher, ana = a_marked_course(instance)
    blas, other = a_learner(instance, course, "blas@example.org"), a_course(instance, "otro", modules=1)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, blas, get_learner_context(session, blas, "otro"), now=clock.now())
    sign_in(browser, "blas@example.org").get("/courses/prueba")
    browser.submit(MUTE)
    mark(instance, teacher, course, an_item(instance, teacher, course), {ana: "8", blas: "8"})
    mark(instance, teacher, other, an_item(instance, teacher, other), {blas: "8"})

    assert (kinds_of(instance, ana), kinds_of(instance, blas)) == (["graded"], ["graded"])


def test_reminders_of_legal_obligations_are_never_muted_with_a_course(browser: Browser, instance: Instance) -> None:
    course, _teacher, ana = a_marked_course(instance)
    sign_in(browser, "ana@example.org").get("/courses/prueba")
    browser.submit(MUTE)
    words = {"es": "Uno", "en": "One"}
    with instance.database.unit_of_work() as session:
        for kind in (TRAINING_NOTICE, GRADED_NOTICE):
            message = Message(kind, f"uno-{kind.value}", words, words, "/", source=source_of(course.id))
            notices.notify(session, message, [ana.person_id or 0], now=clock.now())

    assert kinds_of(instance, ana) == ["training"]


def test_the_copy_of_ones_data_says_since_when_a_course_is_muted(browser: Browser, instance: Instance) -> None:
    a_marked_course(instance)
    begun = clock.now()
    sign_in(browser, "ana@example.org").get("/courses/prueba")
    browser.submit(MUTE)
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        (row,) = session.execute(select_own_data(person.id)["enrolments"]).all()

    assert begun - timedelta(seconds=1) <= row.muted_at <= clock.now()
