"""A learner whose edition ends in three days is told so on every page on the way to the quiz, in both languages and without scripts."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Person
from courses.models import Course
from kernel.permissions import Actor
from lms.instance import Instance
from tests.simulators.task_folders import folder
from tests.support.browser import Browser
from tests.support.builders import a_person, publish, sign_in
from tests.support.editions import an_edition, enrol
from tests.support.learning import At, actor_of, mark_done, start
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
"""Noon in Quito."""
DAY = timedelta(days=1)
COURSE, LESSON, QUIZ = "/courses/prueba", "/courses/prueba/activities/leccion-1", "/courses/prueba/quizzes/cuestionario-1"
TASK, RECORDING = "/courses/prueba/simulators/tarea-1", "/courses/prueba/recordings/video-1"
PAGES = ("/learning", COURSE, LESSON, QUIZ, TASK, RECORDING)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def a_course_of_three_days(instance: Instance) -> Course:
    """Publish a course with a lesson, a recording, a quiz and a task."""
    return publish(instance, folder(), now=NOON)[0]


def enrolled(browser: Browser, instance: Instance, course: Course, *, language: str = "es", ends_at: datetime | None = None) -> Actor:
    """Sign somebody in who takes a course in an edition that ends in three days."""
    person = a_person(instance, f"{language}@example.org", language=language)
    edition = an_edition(instance, course, f"Edición {language}", ends_at=ends_at or NOON + 3 * DAY)
    enrol(instance, course, [actor_of(person)], edition)
    sign_in(browser, f"{language}@example.org")
    return actor_of(person)


@pytest.mark.parametrize(
    ("language", "sentence", "left"),
    [
        ("es", "Su edición termina el 4 jun 2026, 12:00.", "Quedan 3 días"),
        ("en", "Your edition ends on 4 Jun 2026, 12:00.", "3 days left"),
    ],
)
def test_every_page_names_the_end_of_an_edition(
    browser: Browser, instance: Instance, at: At, language: str, sentence: str, left: str
) -> None:
    course, reader = a_course_of_three_days(instance), browser.another(language)
    enrolled(reader, instance, course, language=language)

    texts = {path: reader.get(path).text for path in PAGES}

    assert {path for path, text in texts.items() if sentence not in text or left not in text} == set()
    assert left in reader.get(QUIZ).title


@pytest.mark.parametrize(
    ("days", "left"), [(3.01, ""), (3, "Quedan 3 días"), (1, "Queda 1 día"), (0.25, "Termina hoy"), (0.01, "Quedan 15 minutos")]
)
def test_a_title_names_the_end_only_in_the_last_three_days(browser: Browser, instance: Instance, at: At, days: float, left: str) -> None:
    enrolled(browser, instance, a_course_of_three_days(instance), ends_at=NOON + days * DAY)

    title = browser.get(QUIZ).title

    assert title.startswith(f"Cuestionario 1 · {left} · " if left else "Cuestionario 1 · Aulario")


def test_a_reader_elsewhere_sees_the_hour_of_the_course_too(browser: Browser, instance: Instance, at: At) -> None:
    course = a_course_of_three_days(instance)
    learner = enrolled(browser, instance, course)
    here = browser.get(LESSON).text
    with instance.database.unit_of_work() as session:
        session.get_one(Person, learner.person_id).zone = "Europe/Madrid"

    there = browser.get(LESSON).text

    assert "hora del curso" not in here
    assert in_spanish("Your edition ends on %(moment)s.", moment="4 jun 2026, 19:00") in there
    assert (
        in_spanish("%(moment)s in the course's time zone, %(zone)s", moment="4 jun 2026, 12:00", zone="Quito, Guayaquil (Ecuador)") in there
    )


def test_an_attempt_in_progress_stands_before_all_else_at_home(browser: Browser, instance: Instance, at: At) -> None:
    course = a_course_of_three_days(instance)
    learner = enrolled(browser, instance, course)
    attempt = start(instance, learner, "prueba", now=NOON)

    home, course_page = browser.get("/learning"), browser.get(COURSE)

    assert next(href for href, _words in home.links if href.startswith(("/attempts/", LESSON))) == f"/attempts/{attempt}"
    assert f"/attempts/{attempt}" in {href for href, _words in course_page.links}
    assert ("/calendar", "Ver el calendario") in home.links


def test_one_goes_on_where_one_was_last_in_any_course(browser: Browser, instance: Instance, at: At) -> None:
    first, second = (publish(instance, folder(key=key), now=NOON)[0] for key in ("uno", "dos"))
    learner = enrolled(browser, instance, first)
    enrol(instance, second, [learner])
    browser.get("/courses/uno/activities/leccion-1")
    at.pass_(minutes=5)
    browser.get("/courses/dos/quizzes/cuestionario-1")
    browser.get("/courses/dos/activities/leccion-1")

    before = [href for href, words in browser.get("/learning").links if words.startswith("Continuar")]
    mark_done(instance, learner, "dos", "leccion-1", now=at.moment)

    assert before == ["/courses/dos/activities/leccion-1"]
    after = [href for href, words in browser.get("/learning").links if words.startswith("Continuar")]
    assert after == ["/courses/dos/quizzes/cuestionario-1"]
