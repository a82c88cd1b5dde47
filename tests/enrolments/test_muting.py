"""The notifications of one course turned off and on again: what still arrives, where it is listed, whose course it is."""

import email
import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from accounts import jobs, notices
from accounts.models import Notification, Person
from accounts.notices import Message, NotificationChoice, Unsubscription
from accounts.rules import MailHours, MailTime
from compliance.notices import TRAINING_NOTICE
from courses.models import Course
from enrolments import enrolment
from enrolments.learners import get_learner_context
from enrolments.muting import source_of
from enrolments.notices import GRADED_NOTICE
from enrolments.own_data import select_own_data
from kernel import clock
from kernel.audit import AuditEntry
from kernel.outbox import Delivery
from kernel.permissions import Actor
from kernel.settings import secret_keys
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, read_mail
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.results import an_item, mark
from tests.support.takes import retake
from tests.support.wording import in_spanish

MUTE = "/courses/prueba/notifications"
STOP = re.compile(r"/notices/stop/[\w.-]+")
TITLE = {"es": "Uno", "en": "One"}
OFFICE_HOURS = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
COURSE = "Curso de prueba prueba"
MUTED = in_spanish("You will receive no more notifications from “%(source)s”, except those addressed to you alone.", source=COURSE)


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


def stop_links(instance: Instance) -> list[tuple[str, list[str]]]:
    """Return what mail programs stop by each mail, and the links to stop something in its text, oldest first."""
    mails = [
        path.read_bytes() for path in sorted((instance.settings.data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]
    heads = [str(email.message_from_bytes(mail)["List-Unsubscribe"]) for mail in mails]
    return [
        (STOP.search(head)[0], STOP.findall(read_mail(mail)))  # type: ignore[index]  # it is there
        for head, mail in zip(heads, mails, strict=True)
    ]


def test_one_press_in_the_mail_program_mutes_the_course_of_the_mail(browser: Browser, instance: Instance, app: Flask) -> None:
    """Signed out, and a second time the same; kinds that are written to one person alone go on."""
    course, teacher, ana = a_marked_course(instance)
    item = an_item(instance, teacher, course)
    mark(instance, teacher, course, item, {ana: "8"})
    assert in_spanish("Stop notifications from “%(source)s”", source=COURSE) in browser.mails()[0]
    ((path, links),) = stop_links(instance)
    assert links == [path, links[1]] != [path, path]

    answers = [app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [MUTED in html.unescape(answer.get_data(as_text=True)) for answer in answers] == [True, True]
    mark(instance, teacher, course, item, {ana: "9"})
    assert (kinds_of(instance, ana), len(browser.mails())) == (["graded"], 1)
    with instance.database.unit_of_work(write=False) as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.verb == "notices.source_stopped"))
        assert (entry.subject_id, f"course:{course.id}" in entry.facts) == (ana.person_id, True)


def test_who_follows_the_link_is_asked_first_and_other_courses_are_as_before(browser: Browser, instance: Instance) -> None:
    course, teacher, ana = a_marked_course(instance)
    other = a_course(instance, "otro", modules=1)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, ana, get_learner_context(session, ana, "otro"), now=clock.now())
    mark(instance, teacher, course, an_item(instance, teacher, course), {ana: "8"})
    browser.deliver_jobs()
    path = stop_links(instance)[-1][0]
    assert MUTED in browser.get(path).text
    mark(instance, teacher, course, an_item(instance, teacher, course, "Otra"), {ana: "8"})
    browser.get(path)
    browser.submit(path)
    assert in_spanish("You will no longer receive these emails") in browser.page.text
    mark(instance, teacher, other, an_item(instance, teacher, other), {ana: "8"})

    assert kinds_of(instance, ana) == ["graded", "graded", "graded"]


def test_what_waited_for_the_daily_mail_stops_with_its_course_and_obligations_go_on(browser: Browser, instance: Instance) -> None:
    course, _teacher, ana = a_marked_course(instance)
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, ana.person_id)
        daily = {kind: NotificationChoice(mail=MailTime.DAILY) for kind in ("graded", "training")}
        notices.set_notification_choices(session, ana, person, daily, now=clock.now())
        for kind in (TRAINING_NOTICE, GRADED_NOTICE):
            message = Message(kind, kind.value, TITLE, TITLE, "/", source=source_of(course.id))
            notices.notify(session, message, [person.id], now=clock.now())
        notices.stop_mails(session, ana, Unsubscription(person.uuid, "", source_of(course.id)), now=clock.now())
        waiting = {row.kind: row.mail for row in session.scalars(select(Notification))}

    assert waiting == {"training": "daily", "graded": "never"}


def test_the_mail_of_an_obligation_stops_its_kind_alone(browser: Browser, instance: Instance) -> None:
    course, _teacher, ana = a_marked_course(instance)
    with instance.database.unit_of_work() as session:
        message = Message(replace(TRAINING_NOTICE, hours=MailHours.ANY), "uno", TITLE, TITLE, "/", source=source_of(course.id))
        notices.notify(session, message, [ana.person_id or 0], now=clock.now())
        job = Delivery(instance.database, instance.settings, 1, {"key": "uno", "people": [ana.person_id]}, OFFICE_HOURS)
    jobs.send_notices(job)
    ((path, links),) = stop_links(instance)

    assert links == [path]
    unsubscription = notices.read_unsubscription(secret_keys(instance.settings), path.rpartition("/")[2])
    assert unsubscription is not None
    assert (unsubscription.kind, unsubscription.source) == ("training", "")


def test_a_link_to_a_source_that_is_gone_stops_nothing(browser: Browser, instance: Instance) -> None:
    _course, _teacher, ana = a_marked_course(instance)
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, ana.person_id)
    for source in ("course:999", "club:1"):
        token = notices.unsubscription_token(secret_keys(instance.settings)[0], person.uuid, "", source)
        browser.get(f"/notices/stop/{token}", status=404)
        assert in_spanish("This link is no longer valid") in browser.page.text
