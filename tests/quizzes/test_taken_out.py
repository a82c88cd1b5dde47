"""Attempts of those who were taken out of their course while they answered (spec/security 1.4)."""

import re
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from accounts.models import Person
from certificates.models import Credential
from enrolments.models import Completion
from kernel import clock
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import jobs
from quizzes.access import QuizAction
from tests.support.attempts import abandon, begin, reopen, stored
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_teacher, sign_in
from tests.support.editions import enrol, take_out
from tests.support.learning import (
    HEADERS,
    a_learner,
    actor_of,
    attempt_row,
    enrolment_of,
    mark_done,
    pass_quiz,
    right_batch,
    save,
    send_script,
    start,
)
from tests.support.quizzes import a_quiz_asking
from tests.support.uploads import PDF, UPLOADS

TOLD = "este intento no recibe respuestas ni se puede enviar"
NOT_HERE = re.compile("Esta persona ya no toma el curso|This person does not take the course any more")


def the_learner(instance: Instance) -> Actor:
    """Return who learns in the browser."""
    with instance.database.unit_of_work(write=False) as session:
        return actor_of(session.scalars(select(Person)).one())


def awarded(instance: Instance) -> tuple[int, int]:
    """Count completions and certificates."""
    with instance.database.unit_of_work(write=False) as session:
        counts = [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Completion, Credential)]
    return counts[0], counts[1]


def test_who_was_taken_out_of_a_course_answers_no_more_and_hands_nothing_in(browser: Browser, instance: Instance, app: Flask) -> None:
    """spec/security 1.4: from the next request on, at each door of an attempt that takes answers; what was saved stays as it is."""
    course = a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("archivo-1", "ensayo-1"))
    a_learner_in(browser, course)
    path = begin(browser)
    browser.submit("/answers", {"p1-text": ""}, button=("go", "next"))
    browser.submit("/answers", {"p2-text": "tres palabras justas"}, button=("go", "save"))
    before, token = stored(instance), dict(browser.page.form("/answers").fields)["csrf_token"]
    doors = [
        (rule.rule.replace("<uuid:attempt>", path.rpartition("/")[2]), "POST" if "POST" in (rule.methods or ()) else "GET")
        for rule in app.url_map.iter_rules()
        if getattr(getattr(app.view_functions[rule.endpoint], "access", None), "action", None) in (QuizAction.ANSWER, QuizAction.SUBMIT)
    ]
    take_out(instance, course, the_learner(instance))
    for door, method in doors:
        for headers in ({}, HEADERS):
            sent = {"csrf_token": token, "place": "1", "upload": (BytesIO(PDF), "uno.pdf")} if method == "POST" else None
            response = browser._request(method, door, data=sent, headers=headers)
            assert (door, method, response.status_code) == (door, method, 409)
            assert TOLD in response.get_data(as_text=True)

    assert {door.removeprefix(path) for door, _method in doors} == {"", "/answers", "/summary", "/submission", "/files"}
    assert (stored(instance), attempt_row(instance, _uuid(path)).state) == (before, "in_progress")
    assert len(before) == 1
    assert list(app.extensions["files"].names()) == []


def _uuid(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


def test_who_comes_back_goes_on_where_they_were(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    actor = the_learner(instance)
    mark_done(instance, actor, "prueba", "leccion-1")
    path = begin(browser)
    page, attempt = browser.page, path.rpartition("/")[2]
    take_out(instance, course, actor)
    refused = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=1000, status=409)
    enrol(instance, course, [actor])
    browser.page = page
    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=1000)
    browser.get(path)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    assert refused["code"] == "left_course"
    assert told["acknowledged"] == {"1": 1}
    assert browser.path.endswith("/review")


def test_an_attempt_is_nobody_elses_business_also_after_its_learner_left(browser: Browser, instance: Instance) -> None:
    """To a stranger there is no such attempt, whether or not its learner takes the course."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    actor = a_learner(instance, course)
    attempt = start(instance, actor, "prueba")
    take_out(instance, course, actor)
    other = browser.another()
    a_learner_in(other, course, "eva@example.org")

    assert other._request("GET", f"/attempts/{attempt}").status_code == 404


def test_what_was_handed_in_is_still_there_for_who_left(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    begin(browser)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")
    path = browser.path
    take_out(instance, course, the_learner(instance))

    assert browser._request("GET", path).status_code == 200
    assert browser._request("GET", path.removesuffix("/review")).status_code == 303


def test_time_ends_the_attempt_of_who_left_and_completes_nothing(instance: Instance) -> None:
    """Marks and results are there; the course is completed once they come back, and the certificate follows."""
    course = a_course(instance, modules=1, settings="attempts: 1\nlimit: 30 min\n")
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    attempt = start(instance, actor, "prueba")
    save(instance, actor, attempt, right_batch(instance, actor, attempt))
    take_out(instance, course, actor)
    later = clock.now() + timedelta(hours=1)
    jobs.close_due(Delivery(instance.database, instance.settings, 1, {}, later))
    deliver_waiting(instance.worker, now=later)
    ended, left, outside = attempt_row(instance, attempt), enrolment_of(instance, actor, course), awarded(instance)
    enrol(instance, course, [actor])
    deliver_waiting(instance.worker, now=later)

    assert (ended.state, ended.passed) == ("finished", True)
    assert (left.done, left.total, outside) == (2, 2, (0, 0))
    assert awarded(instance) == (1, 1)


def test_what_was_completed_before_leaving_stays_and_its_certificate_still_comes(instance: Instance) -> None:
    """It was earned by a learner of the course: that its job came later is not theirs to answer for."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    pass_quiz(instance, actor, "prueba")
    take_out(instance, course, actor)
    deliver_waiting(instance.worker, now=clock.now())

    assert awarded(instance) == (1, 1)


def test_an_attempt_of_whoever_left_is_not_opened_again_before_they_are_back(browser: Browser, instance: Instance) -> None:
    """spec/security 1.4, spec/quiz-engine 5.3.7: nobody could hand it in, and the result would be gone."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    learner, staff = the_learner(instance), browser.another()
    attempt = pass_quiz(instance, learner, "prueba")
    a_teacher(instance, course)
    sign_in(staff, "profe@example.org")
    door = f"/attempts/{attempt}/reopening"
    staff.get(door)
    sent = {**dict(staff.page.form("/reopening").fields), "reason": "Otra vez."}
    take_out(instance, course, learner)
    refused = staff._request("POST", door, data=sent)

    assert (refused.status_code, len(NOT_HERE.findall(refused.get_data(as_text=True)))) == (409, 1)
    assert NOT_HERE.search(staff.get(door).text)
    assert not any(form.action.endswith("/reopening") for form in staff.page.forms)
    assert attempt_row(instance, attempt).percent == 100
    enrol(instance, course, [learner])
    staff.get(door)
    staff.submit("/reopening", {"reason": "Otra vez."})
    assert attempt_row(instance, attempt).state == "in_progress"


def test_what_whoever_left_abandoned_is_handed_in_at_once(instance: Instance) -> None:
    """spec/quiz-engine 5.3.7: it stays open for nobody."""
    course = a_course(instance, modules=1, settings="attempts: 2\nlimit: 10 min\nat_end: abandon\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = abandon(instance, learner)
    take_out(instance, course, learner)

    assert reopen(instance, editor, attempt) == "finished"
