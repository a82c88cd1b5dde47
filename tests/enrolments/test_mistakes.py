"""Mistake reports: who makes, reads and decides on them, that one place has one report of a person, and what becomes of them."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from accounts.models import Notification, Person
from courses.models import Course, StaffRole
from enrolments import mistakes
from enrolments.mistakes import MOST_WORDS, MistakeDecision, ReportIsLong, ReportIsSettled
from enrolments.models import MistakeKind, MistakeReport, MistakeState
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms import erasure
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.learning import a_learner, actor_of, start, submit
from tests.support.mistakes import FORM, LESSON, WORDS, a_report, all_reports
from tests.support.wording import in_spanish

LIST = "/teaching/prueba/mistake-reports"


def decide(instance: Instance, report: MistakeReport, decision: MistakeDecision, *others: MistakeReport) -> int:
    with instance.database.unit_of_work() as session:
        return mistakes.decide(session, SYSTEM, report, [other.uuid for other in others], decision, now=clock.now())


def notices_of(instance: Instance, actor: Actor) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        mine = (Notification.person_id == actor.person_id, Notification.kind == "mistake")
        return [row.subject["es"] for row in session.scalars(select(Notification).where(*mine).order_by(Notification.id))]


def a_class(instance: Instance) -> tuple[Course, Actor, Actor]:
    course = a_course(instance, modules=1)
    return course, a_learner(instance, course), a_learner(instance, course, "blas@example.org")


def republish(instance: Instance, **words: str) -> None:
    """Publish another version of the course, with some words of it replaced."""
    files = folder(modules=1)
    for old, new in words.items():
        files = {path: content.replace(old.encode(), new.encode()) for path, content in files.items()}
    publish(instance, files)


def test_every_cell_of_mistake_reports_in_lessons(browser: Browser, instance: Instance) -> None:
    """spec/security 9: who reads a lesson reports, the course team reads, who edits the course decides."""
    cast = a_cast(browser, instance)
    files = folder(modules=2)
    later = files["02-parte/01-leccion.es.md"].decode()
    files["02-parte/01-leccion.es.md"] = later.replace("title: Contar 2\n", "title: Contar 2\nopens: 2099-01-01 08:00\n").encode()
    cast.join(publish(instance, files)[0])
    wrong = cast.check("mistake.report", "lesson_published", cast.outcomes(LESSON, "POST", FORM))
    wrong += cast.check("mistake.report", "lesson_scheduled_for_later", cast.outcomes(LESSON.replace("leccion-1", "leccion-2")))
    report = next(one for one in all_reports(instance) if one.person_id == cast.people["E"].id)
    wrong += cast.check("mistake.list", "own_course", cast.outcomes(LIST))
    wrong += cast.check("mistake.list", "own_course", cast.outcomes(f"{LIST}/{report.uuid}"))
    wrong += cast.check("mistake.list", "own_course", cast.outcomes(f"{LIST}/{report.uuid}/lesson"))
    for letter, one in cast.browsers.items():
        fresh = a_report(instance, actor_of(a_person(instance, f"{letter.lower()}.dos@example.org")))
        sent = {"decision": "accepted", "version": "", "answer": ""}
        wrong += cast.check("mistake.decide", "own_course", {letter: outcome(one, f"{LIST}/{fresh.uuid}/decision", "POST", sent)})

    assert wrong == []


def test_every_cell_of_mistake_reports_at_questions(browser: Browser, instance: Instance) -> None:
    """spec/security 9: only whoever handed the attempt in; to all others, and while it is open, there is no such page."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    learner = actor_of(cast.people["E"])
    attempt = start(instance, learner, "prueba")
    form = f"/attempts/{attempt}/questions/1/mistake-report"
    wrong = cast.check("mistake.report", "question_of_own_open_attempt", cast.outcomes(form, "POST", FORM))
    submit(instance, learner, attempt)
    wrong += cast.check("mistake.report", "question_of_own_handed_in_attempt", cast.outcomes(form, "POST", FORM))
    start(instance, learner, "prueba")
    wrong += cast.check("mistake.report", "question_of_own_open_attempt", cast.outcomes(form))

    assert wrong == []
    assert [row.person_id for row in all_reports(instance)] == [learner.person_id]


def test_a_report_arrives_and_its_reporter_sees_it(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    page = browser.get("/courses/prueba/activities/leccion-1")
    assert LESSON in page.html
    heading = re.search(r'<option value="([^"]+)">Uno 1<', browser.get(LESSON).html)
    assert heading
    page = browser.submit("/mistake-report", {"kind": "typing", "words": WORDS, "heading": heading[1]})

    assert browser.response.request.path == "/learning/mistake-reports"
    assert "Gracias" in page.text
    assert WORDS in page.text
    assert in_spanish("Received") in page.text
    row = all_reports(instance)[0]
    assert (row.activity_key, row.kind, row.heading, row.language, row.state) == ("leccion-1", "typing", heading[1], "es", "open")


@pytest.mark.parametrize(("field", "sent", "said"), [("words", "Corto.", "10"), ("words", "n" * 2001, "2000"), ("kind", "", "Elija")])
def test_what_is_not_right_comes_back_with_its_fault(browser: Browser, instance: Instance, field: str, sent: str, said: str) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    browser.get(LESSON)
    page = browser.submit("/mistake-report", {**FORM, field: sent}, status=422)

    assert said in page.text
    assert all_reports(instance) == []


def test_wrong_marking_is_offered_where_something_is_marked(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt)
    sign_in(browser)

    assert ['value="marking"' in browser.get(path).html for path in (LESSON, f"/attempts/{attempt}/questions/1/mistake-report")] == [
        False,
        True,
    ]


def test_the_open_report_of_a_place_is_extended_and_the_same_words_stand_once(instance: Instance) -> None:
    _course, ana, blas = a_class(instance)
    for words in (WORDS, WORDS, "Falta una coma al final."):
        a_report(instance, ana, words)
    a_report(instance, blas)
    a_report(instance, ana, key="video-1")

    found = [(row.person_id, row.activity_key, row.words) for row in all_reports(instance)]
    assert found == [
        (ana.person_id, "leccion-1", f"{WORDS}\n\nFalta una coma al final."),
        (blas.person_id, "leccion-1", WORDS),
        (ana.person_id, "video-1", WORDS),
    ]


def test_a_settled_report_is_not_extended(instance: Instance) -> None:
    _course, ana, _blas = a_class(instance)
    decide(instance, a_report(instance, ana), MistakeDecision(MistakeState.DECLINED, "Está bien así."))
    a_report(instance, ana)

    assert [row.state for row in all_reports(instance)] == ["declined", "open"]


def test_a_report_does_not_grow_without_end(instance: Instance) -> None:
    _course, ana, _blas = a_class(instance)
    for number in range(5):
        a_report(instance, ana, f"{number}" * (MOST_WORDS // 5 - 2))

    with pytest.raises(ReportIsLong):
        a_report(instance, ana, "Una cosa más, por favor.")


def test_many_reports_in_an_hour_are_refused_and_the_words_come_back(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    browser.get(LESSON)
    form = browser.page.form("mistake-report")
    for number in range(10):
        browser.submit("/mistake-report", {**FORM, "words": f"{WORDS} {number}"}, form=form)
    page = browser.submit("/mistake-report", {**FORM, "words": "La undécima vez."}, form=form, status=429)

    assert "La undécima vez." in page.html
    assert "undécima" not in all_reports(instance)[0].words


def test_the_team_sees_same_reports_together_and_decides_on_them_at_once(browser: Browser, instance: Instance) -> None:
    course, ana, blas = a_class(instance)
    carla = a_learner(instance, course, "carla@example.org")
    a_teacher(instance, course)
    first, second = a_report(instance, ana), a_report(instance, blas, "Debe decir manos, no dedos.")
    other = a_report(instance, carla, "El video no suena aquí.", kind=MistakeKind.BROKEN)
    page = sign_in(browser, "profe@example.org").get(LIST)

    assert in_spanish("%(count)s person", 2) in page.text
    assert WORDS not in page.text
    page = browser.get(f"{LIST}/{second.uuid}")
    assert all(words in page.text for words in (WORDS, second.words, other.words, "Contar 1"))
    browser.submit("/decision", {"decision": "accepted", "answer": "Gracias, lo cambiaremos."})

    states = {row.id: row.state for row in all_reports(instance)}
    assert states == {first.id: "accepted", second.id: "accepted", other.id: "open"}
    assert [len(notices_of(instance, one)) for one in (ana, blas, carla)] == [1, 1, 0]


def test_classmates_and_graders_see_no_more_than_they_should(browser: Browser, instance: Instance) -> None:
    course, ana, _blas = a_class(instance)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    report = a_report(instance, ana)
    grader = sign_in(browser.another(), "califica@example.org")
    page = grader.get(f"{LIST}/{report.uuid}")

    assert WORDS in page.text
    assert "ana@example.org" not in page.html
    assert "/decision" not in page.html
    grader.post(f"{LIST}/{report.uuid}/decision", {"decision": "declined", "answer": "No."}, status=403)
    assert WORDS not in sign_in(browser, "blas@example.org").get("/learning/mistake-reports").text


def test_declining_needs_a_reason(browser: Browser, instance: Instance) -> None:
    course, ana, _blas = a_class(instance)
    a_teacher(instance, course)
    report = a_report(instance, ana)
    sign_in(browser, "profe@example.org").get(f"{LIST}/{report.uuid}")
    browser.submit("/decision", {"decision": "declined", "answer": " "}, status=422)
    assert all_reports(instance)[0].state == "open"
    browser.submit("/decision", {"decision": "declined", "answer": "Así lo dice la ley."})

    assert all_reports(instance)[0].state == "declined"
    page = sign_in(browser.another()).get("/learning/mistake-reports")
    assert "Así lo dice la ley." in page.text


def test_whoever_edits_the_course_decides_on_their_own_report_too(browser: Browser, instance: Instance) -> None:
    """A report is no record of a learner: it changes nothing that anybody has to show."""
    course = a_course(instance, modules=1)
    report = a_report(instance, actor_of(a_teacher(instance, course)))
    sign_in(browser, "profe@example.org").get(f"{LIST}/{report.uuid}")
    browser.submit("/decision", {"decision": "accepted"})

    assert all_reports(instance)[0].state == "accepted"


def test_what_is_settled_stays_and_nobody_is_notified_twice(instance: Instance) -> None:
    _course, ana, _blas = a_class(instance)
    report = a_report(instance, ana)
    decide(instance, report, MistakeDecision(MistakeState.ACCEPTED))
    decide(instance, report, MistakeDecision(MistakeState.CORRECTED, "Listo."))
    with pytest.raises(ReportIsSettled):
        decide(instance, report, MistakeDecision(MistakeState.DECLINED, "No."))

    assert [row.state for row in all_reports(instance)] == ["corrected"]
    assert notices_of(instance, ana) == [
        in_spanish("The mistake you reported will be corrected: %(title)s", title="Contar 1"),
        in_spanish("The mistake you reported has been corrected: %(title)s", title="Contar 1"),
    ]


def test_a_correction_is_offered_once_the_lesson_has_changed(browser: Browser, instance: Instance) -> None:
    course, ana, _blas = a_class(instance)
    a_teacher(instance, course)
    report = a_report(instance, ana)
    video = a_report(instance, ana, key="video-1")
    for one in (report, video):
        decide(instance, one, MistakeDecision(MistakeState.ACCEPTED))
    sign_in(browser, "profe@example.org")
    question = "¿ya está corregido?"
    republish(instance, hours="hours")
    assert question not in browser.get(f"{LIST}?state=accepted").text
    republish(instance, **{"con los dedos": "con las manos"})

    assert browser.get(f"{LIST}?state=accepted").text.count(question) == 1
    page = browser.get(f"{LIST}/{report.uuid}")
    assert "dedos" in browser.get(f"{LIST}/{report.uuid}/lesson").text
    browser.submit("/decision", form=page.form("/decision"))
    row = next(one for one in all_reports(instance) if one.id == report.id)
    with instance.database.unit_of_work(write=False) as session:
        newest = mistakes.list_later_versions(session, row)[0]
    assert (row.state, row.corrected_version_id) == ("corrected", newest.id)
    assert f"versión {newest.number}" in sign_in(browser.another()).get("/learning/mistake-reports").text


def test_acts_are_in_the_log_of_the_course_without_the_words(browser: Browser, instance: Instance) -> None:
    course, ana, _blas = a_class(instance)
    a_teacher(instance, course)
    report = a_report(instance, ana)
    decide(instance, report, MistakeDecision(MistakeState.DECLINED, "Así es la norma."))
    page = sign_in(browser, "profe@example.org").get("/teaching/prueba/log")

    assert "Reportó un error: Contar 1" in page.text
    assert "Rechazó un reporte de error: Contar 1" in page.text
    with instance.database.unit_of_work(write=False) as session:
        assert not any(words in facts for facts in session.scalars(select(AuditEntry.facts)) for words in (WORDS, "norma"))


def test_reports_go_with_their_person_and_follow_them_into_another_account(instance: Instance) -> None:
    _course, ana, blas = a_class(instance)
    an_administrator(instance)
    a_report(instance, ana)
    with instance.database.unit_of_work() as session:
        pair = erasure.get_pair(session, SYSTEM, blas.person_uuid or uuid4(), ana.person_uuid or uuid4())
        erasure.merge(session, SYSTEM, pair, "La misma persona", now=clock.now())
    assert [row.person_id for row in all_reports(instance)] == [blas.person_id]
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, blas.person_id), now=clock.now())

    assert all_reports(instance) == []


def test_settled_reports_are_let_go_when_their_time_is_over(instance: Instance) -> None:
    _course, ana, blas = a_class(instance)
    decide(instance, a_report(instance, ana), MistakeDecision(MistakeState.DECLINED, "Así es."))
    a_report(instance, blas)
    now = clock.now()
    with instance.database.unit_of_work() as session:
        assert mistakes.forget_before(session, now - timedelta(days=1)) == 0
        assert mistakes.forget_before(session, now + timedelta(days=1)) == 1
        assert session.scalar(select(func.count()).select_from(MistakeReport)) == 1


def test_pages_cost_the_same_with_one_report_and_with_many(browser: Browser, instance: Instance) -> None:
    """spec/performance P17: statements do not grow with the reports."""
    course, ana, _blas = a_class(instance)
    a_teacher(instance, course)
    reports = [a_report(instance, ana)]
    decide(instance, reports[0], MistakeDecision(MistakeState.ACCEPTED))
    team, reader, counter = sign_in(browser, "profe@example.org"), sign_in(browser.another()), every_statement(instance.database)

    def costs() -> list[int]:
        found = []
        for one, path in ((team, f"{LIST}?state=all"), (team, f"{LIST}/{reports[0].uuid}"), (reader, "/learning/mistake-reports")):
            one.get(path)
            counter.reset()
            one.get(path)
            found.append(len(counter.statements))
        return found

    few = costs()
    for number in range(8):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        reports += [a_report(instance, learner, kind=MistakeKind.FACT, key=key) for key in ("leccion-1", "video-1")]
    for one in reports[1:5]:
        decide(instance, one, MistakeDecision(MistakeState.ACCEPTED))

    assert costs() == few
    assert max(few) <= 12
