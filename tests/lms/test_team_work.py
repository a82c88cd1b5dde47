"""What waits for a course's team, on the page where teaching begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from courses.models import Course, StaffRole
from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, a_zip, folder, sign_in
from tests.support.classes import a_class_with_a_wrong_key
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, pass_quiz
from tests.support.marking import a_marked_quiz, hand_in
from tests.support.mistakes import a_report
from tests.support.walking import Walk, forms_of
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
QUIZZES = "/teaching/prueba/quizzes"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MORNING = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Ten in the morning in Quito."""


def waiting(browser: Browser) -> Mapping[str, str]:
    """Return what the page says that waits, by the address it leads to."""
    browser.get("/teaching")
    return {href: words for href, words in browser.page.links if href.count("/") > 2}


def send(browser: Browser, address: str, typed: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> str:
    """Send the form of a page; return the page that it leads to."""
    browser.get(address)
    form = next(one for one in forms_of(browser.app, address, browser.page.html) if one.action == address)
    walk = Walk(browser)
    walk.send(form, typed, files)
    return walk.answered[0].page


def test_attempts_wait_for_graders_with_their_number_and_the_day_of_the_oldest(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    for number in (1, 2):
        hand_in(instance, a_learner(instance, course, f"ana{number}@example.org"))
    with instance.database.unit_of_work() as session:
        oldest = session.scalars(select(Attempt.id).order_by(Attempt.id)).first()
        session.execute(update(Attempt).where(Attempt.id == oldest).values(submitted_at=datetime(2026, 1, 5, 15, tzinfo=UTC)))
    a_teacher(instance, course, role=StaffRole.GRADER)

    found = waiting(sign_in(browser, "profe@example.org"))

    assert found[f"{QUIZ}/marking"] == in_spanish("%(count)s attempt to mark in “%(quiz)s”", 2, quiz="Cuestionario 1")
    assert "Curso de prueba prueba · desde el 5 de enero de 2026" in " ".join(browser.page.text.split())
    assert browser.get(f"{QUIZ}/marking").headings == [in_spanish("Mark answers")]


def test_attempts_at_several_quizzes_of_a_course_are_one_line_that_leads_to_its_quizzes(browser: Browser, instance: Instance) -> None:
    course, now = a_course(instance, modules=3), clock.now()
    learner = a_learner(instance, course)
    for number in (2, 3):
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}", now=now - number * DAY)
    pass_quiz(instance, a_learner(instance, course, "eva@example.org"), "prueba", "cuestionario-3", now=now)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(raw=None))
    a_teacher(instance, course, role=StaffRole.GRADER)

    found = waiting(sign_in(browser, "profe@example.org"))

    words = in_spanish("%(count)s attempt to mark in %(quizzes)s quizzes", 3, quizzes=2)
    assert {href: text for href, text in found.items() if "quizzes" in href} == {QUIZZES: words}
    listed = [href.split("/")[4] for href, _words in browser.get(QUIZZES).links if href.endswith("/manage")]
    assert listed == ["cuestionario-2", "cuestionario-3", "cuestionario-1"]


def test_nothing_waits_for_who_may_not_act_on_it(browser: Browser, instance: Instance) -> None:
    """A grader is offered marking alone; who is in no team of the course nothing of it."""
    course, now = a_marked_quiz(instance), clock.now()
    an_edition(instance, course, starts_at=now + DAY)
    hand_in(instance, a_learner(instance, course))
    a_teacher(instance, course, role=StaffRole.GRADER)
    a_teacher(instance, a_course(instance, "otro", modules=1), "otra@example.org", role=StaffRole.OWNER)

    assert set(waiting(sign_in(browser, "profe@example.org"))) & {f"{QUIZ}/marking"}
    assert not any("editions" in address for address in waiting(browser))
    assert not any("prueba" in address for address in waiting(sign_in(browser.another(), "otra@example.org")))


def test_editions_that_begin_or_end_soon_and_people_who_wait_for_a_place(browser: Browser, instance: Instance) -> None:
    course, now = a_course(instance, modules=1), clock.now()
    near = an_edition(instance, course, "Marzo", capacity=1, starts_at=now + 3 * DAY, ends_at=now + 10 * DAY)
    an_edition(instance, course, "Lejos", starts_at=now + 15 * DAY, ends_at=now + 30 * DAY)
    an_edition(instance, course, "Pasada", starts_at=now - 30 * DAY, ends_at=now - DAY)
    for number in (1, 2, 3):
        join(instance, actor_of(a_person(instance, f"p{number}@example.org")), course, near)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get("/teaching")

    words = [words for href, words in browser.page.links if href == f"/teaching/prueba/editions/{near.uuid}"]

    assert words[0] == in_spanish("%(count)s person is waiting for a place in “%(edition)s”", 2, edition="Marzo")
    assert [one.split(" el ")[0] for one in words[1:]] == ["La edición «Marzo» empieza", "La edición «Marzo» termina"]
    assert "Lejos" not in browser.page.text
    assert "Pasada" not in browser.page.text


def test_mistakes_wait_for_those_who_correct_the_text(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_report(instance, a_learner(instance, course))
    a_teacher(instance, course)
    a_teacher(instance, course, "otra@example.org", role=StaffRole.GRADER)
    reports = "/teaching/prueba/mistake-reports"

    assert waiting(sign_in(browser, "profe@example.org"))[reports] == in_spanish("%(count)s mistake report to decide on", 1)
    assert reports not in waiting(sign_in(browser.another(), "otra@example.org"))


def test_a_publication_waits_for_a_second_person(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    for email in ("profe@example.org", "otra@example.org"):
        a_teacher(instance, course, email, role=StaffRole.OWNER)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).needs_approval = True
    sign_in(browser, "profe@example.org").get("/teaching/prueba/settings")
    browser.submit("/settings", {"title_es": "Otro título"})
    browser.get("/teaching/prueba/publishing")
    browser.submit("/publishing", {"nature": "correction", "note": "Una nota"})

    colleague = sign_in(browser.another(), "otra@example.org")
    own = waiting(browser)
    waiting(colleague)

    assert [words for href, words in colleague.page.links if href == "/teaching/prueba/publishing"] == [
        "1 archivo cambiado por publicar",
        "Una publicación por aprobar",
    ]
    assert own["/teaching/prueba/publishing"] == "1 archivo cambiado por publicar"


@pytest.mark.slow
def test_drafts_and_uploads_that_were_left_behind(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    a_teacher(instance, course, "otra@example.org")
    sign_in(browser, "profe@example.org")
    left = [
        send(browser, "/teaching/prueba/imports", {}, {"file": ("p.gift", b"::Una:: Cuanto es dos mas dos? {=cuatro ~cinco}")}),
        send(browser, "/teaching/prueba/folder", {}, {"file": ("curso.zip", a_zip(folder(modules=1)))}),
        send(browser, "/teaching/prueba/learners/lists", {"addresses": "otra@example.org"}, {}),
    ]
    assert "/teaching/prueba/publishing" not in waiting(browser)
    browser.get("/teaching/prueba/settings")
    browser.submit("/settings", {"title_es": "Otro título"})

    found = waiting(browser)
    colleague = waiting(sign_in(browser.another(), "otra@example.org"))

    assert found["/teaching/prueba/publishing"] == in_spanish("%(count)s changed file to publish", 1)
    assert set(left) <= set(found)
    assert colleague.keys() & {*left, "/teaching/prueba/publishing"} == {"/teaching/prueba/publishing"}
    for address in found:
        browser.get(address)


@pytest.mark.slow
def test_findings_wait_from_when_there_were_more_of_them(browser: Browser, instance: Instance) -> None:
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    statistics = f"/courses/{course.slug}/quizzes/cuestionario-1/statistics"
    assert statistics not in waiting(sign_in(browser, "profe@example.org"))

    browser.get(statistics)

    assert "hallazgo" in waiting(browser)[statistics]
    assert "hallazgo" in browser.get(f"/teaching/{course.slug}/statistics").text
