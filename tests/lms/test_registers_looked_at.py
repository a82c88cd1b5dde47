"""Who opened a register or a list of a few is shown to those who stood in it, with the role that was used (spec/security 7.4)."""

from uuid import uuid4

from enrolments import learner_groups
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms import access_log
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.certificates import complete, issue
from tests.support.institution_access import a_course_of, administer, two_institutions
from tests.support.learning import a_learner, actor_of, start
from tests.support.places import a_place, put

REGISTER = "/administration/certificates"


def looks(instance: Instance, person: Actor) -> list[tuple[str, str]]:
    """Return role and purpose of whoever looked at a person's data."""
    with instance.database.unit_of_work(write=False) as session:
        return [(look.role, look.purpose) for look in access_log.list_access_rows(session, person.person_id or 0)]


def test_an_institution_opens_its_register_as_such_and_only_holders_of_its_certificates_stand_in_it(
    browser: Browser, instance: Instance
) -> None:
    first, second = two_institutions(instance)
    ana = complete(instance, a_course_of(instance, "de-iess", ""))
    issue(instance)
    other = actor_of(a_person(instance, "otra@example.org"))
    administer(instance, a_person(instance, "sara@example.org"), second)
    administer(instance, a_person(instance, "teo@example.org"), first)

    sign_in(browser, "sara@example.org").get(REGISTER)

    assert (looks(instance, ana), looks(instance, other)) == ([], [])
    sign_in(browser.another(), "teo@example.org").get(REGISTER)
    assert (looks(instance, ana), looks(instance, other)) == ([("institution_administrator", "certificates")], [])
    an_administrator(instance)
    sign_in(browser.another(), "admin@example.org").get(REGISTER)
    assert (looks(instance, ana)[0], looks(instance, other)) == (("administrator", "certificates"), [])


def test_the_register_of_a_course_shows_only_who_has_a_certificate(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ana, learner = complete(instance, course), a_learner(instance, course, "sigue@example.org")
    issue(instance)
    a_teacher(instance, course)

    sign_in(browser, "profe@example.org").get("/teaching/prueba/certificates")

    assert (looks(instance, ana), looks(instance, learner)) == ([("team", "certificates")], [])


def test_lists_of_attempts_show_only_who_has_one(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    began, reads = a_learner(instance, course), a_learner(instance, course, "lee@example.org")
    start(instance, began, course.slug)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    browser.get("/courses/prueba/quizzes/cuestionario-1/report")

    assert (looks(instance, began), looks(instance, reads)) == ([("team", "attempts")], [])


def test_a_group_shows_its_members_alone(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    member, other = a_learner(instance, course), a_learner(instance, course, "otra@example.org")
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Norte", now=clock.now())
        learner_groups.add_to_group(session, SYSTEM, group, [member.person_uuid or uuid4()], now=clock.now())
    a_teacher(instance, course)

    sign_in(browser, "profe@example.org").get(f"/courses/prueba/groups/{group.uuid}")

    assert (looks(instance, member), looks(instance, other)) == ([("team", "group")], [])


def test_corrections_of_names_show_those_who_asked_alone(browser: Browser, instance: Instance) -> None:
    ana, other = a_person(instance), actor_of(a_person(instance, "otra@example.org"))
    put(instance, ana, a_place(instance))
    sign_in(browser).get("/profile/name")
    browser.submit("/profile/name", {"first_surname": "Quindé", "reason": "En mi cédula lleva tilde."})
    an_administrator(instance)

    sign_in(browser.another(), "admin@example.org").get("/administration/people/name-requests")

    assert (looks(instance, actor_of(ana)), looks(instance, other)) == ([("administrator", "record")], [])
