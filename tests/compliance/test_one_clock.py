"""The time of a course is one pair of numbers wherever somebody reads it: what is required, and all of it (spec/certificates H1)."""

from datetime import date, datetime
from fractions import Fraction

import pytest

from courses.rules import printed_hours, printed_time
from courses.versions import get_outline
from enrolments.enrolment import enrol
from enrolments.learners import get_learner_context
from kernel.durations import printed_minutes
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, folder, publish, sign_in
from tests.support.certificates import issue
from tests.support.learning import At, a_learner, actor_of, mark_done, pass_quiz
from tests.support.obligations import assignment_of, let_stay
from tests.support.reminders import ReminderTrial, mails_to
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

CASE = b"---\nkey: caso\ntitle: Un caso\nrequired: false\nminutes: 683\n---\n## Un caso\n\nSe lee despacio.\n"

MORNING = datetime(2026, 11, 24, 9, tzinfo=QUITO)


def with_a_case() -> dict[str, bytes]:
    """Return a course whose hours are estimated, with a long optional lesson."""
    files = folder(modules=1, settings="attempts: 0\n")
    head = files["course.yaml"].replace("hours: 2\nhours_basis: según el plan de las pruebas\n".encode(), b"")
    lesson = files["01-parte/01-leccion.es.md"].replace(b"title: Contar 1\n", b"title: Contar 1\nminutes: 500\n")
    return {**files, "course.yaml": head, "01-parte/01-leccion.es.md": lesson, "01-parte/04-caso.es.md": CASE}


def test_every_place_says_the_same_time_of_a_course(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogue, course, home, obligations, mail, certificate, verification and transcript; a recording elsewhere counts half an hour."""
    instance = browser.instance
    trial = ReminderTrial.begin(instance, At(monkeypatch, MORNING))
    course, version = publish(instance, with_a_case())
    with instance.database.unit_of_work(write=False) as session:
        time = get_outline(session, version.id).time
    both, left = printed_time(time, "es"), printed_minutes(time.required)
    ana, boss = a_person(instance, "ana@example.org"), an_administrator(instance)
    let_stay(instance, trial.audience, ana, date(2026, 1, 10))
    trial.run("2026-11-24T09:00", "2026-12-08T08:00")
    reader, officer = sign_in(browser, ana.email), sign_in(browser.another(), boss.email)
    why = f"/training/{assignment_of(instance, ana).uuid}"

    assert 0 < time.required < time.total == time.required + 683 + 30
    assert both == f"{left} de lo obligatorio; {printed_minutes(time.total)} con lo opcional"
    for address in ("/courses", f"/courses/{course.slug}", why):
        assert both in reader.get(address).text, address
    assert both in officer.get(f"/compulsory-training/obligations/{trial.obligation.uuid}").text
    assert in_spanish("What is required takes about %(time)s more.", time=left) in " ".join(mails_to(instance, ana)[-1].split())
    assert in_spanish("about %(hours)s of required work left", hours=left) in reader.get("/learning/compulsory").text

    actor = actor_of(ana)
    with instance.database.unit_of_work() as session:
        enrol(session, actor, get_learner_context(session, actor, course.slug), now=trial.at.moment)
    for address in ("/learning", "/learning/compulsory", f"/courses/{course.slug}"):
        assert in_spanish("about %(hours)s of required work left", hours=left) in reader.get(address).text, address

    mark_done(instance, actor, course.slug, "leccion-1", now=trial.at.moment)
    rest = in_spanish("about %(time)s of required work left", time=printed_minutes(time.required - 500))
    trial.run("2026-12-14T08:00")
    reader = sign_in(browser.another(), ana.email)
    assert printed_minutes(time.required - 500) in mails_to(instance, ana)[-1]
    for address in ("/learning", "/learning/compulsory", f"/courses/{course.slug}"):
        assert rest in reader.get(address).text, address

    pass_quiz(instance, actor, course.slug, now=trial.at.moment)
    credential = issue(instance)
    for address in (f"/certificates/{credential.uuid}", f"/verify/{credential.code}", "/transcript"):
        text = reader.get(address).text
        assert printed_hours(Fraction(time.total, 60), "es") in text, address
        assert f"lo obligatorio, {left}" in text, address
    assert in_spanish("about %(hours)s of required work left", hours=left) not in reader.get(f"/courses/{course.slug}").text


def test_the_quiz_that_completes_a_course_says_so_and_leads_to_the_certificate(browser: Browser) -> None:
    """Not to what is optional and left."""
    instance = browser.instance
    course, _version = publish(instance, with_a_case())
    learner = a_learner(instance, course)
    before = pass_quiz(instance, learner, course.slug)
    reader = sign_in(browser)
    unfinished = reader.get(f"/attempts/{before}/review")

    assert unfinished.has_link(f"/courses/{course.slug}/activities/leccion-1")
    assert in_spanish("You have completed the course.") not in unfinished.text

    mark_done(instance, learner, course.slug, "leccion-1")
    waiting = reader.get(f"/attempts/{before}/review")
    assert in_spanish("You have completed the course.") in waiting.text
    credential = issue(instance)
    finished = reader.get(f"/attempts/{before}/review")
    assert finished.has_link(f"/certificates/{credential.uuid}")
    assert not finished.has_link(f"/courses/{course.slug}/activities/caso")
