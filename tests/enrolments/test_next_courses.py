"""What a course page says to somebody who has completed the course."""

from sqlalchemy import update

from courses.models import Course
from kernel import clock
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import folder, publish, sign_in
from tests.support.editions import enrol
from tests.support.learning import a_learner, mark_done, pass_quiz
from tests.support.wording import in_spanish

COURSE = "/courses/prueba"


def a_course_on(instance: Instance, key: str, topic: str = "", **options: str) -> Course:
    """Publish a small course on a topic."""
    files = folder(key, modules=1, **options)  # type: ignore[arg-type]  # fields by name
    return publish(instance, {**files, "course.yaml": files["course.yaml"] + (f"topic: {topic}\n" if topic else "").encode()})[0]


def test_a_completed_course_leads_to_results_and_to_courses_on_its_topic(browser: Browser, instance: Instance) -> None:
    course, taken = a_course_on(instance, "prueba", "salud"), a_course_on(instance, "tomado", "salud")
    for key, topic in (("mismo", "salud"), ("otro", "vejez"), ("viejo", "salud")):
        a_course_on(instance, key, topic)
    a_course_on(instance, "oculto", "salud", visibility="participants")
    learner = a_learner(instance, course)
    enrol(instance, taken, [learner])
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "viejo").values(archived_at=clock.now()))
    sign_in(browser)
    before = browser.get(COURSE).text

    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")

    links = {words: href for href, words in browser.get(COURSE).links}
    assert in_spanish("What comes next") not in before
    assert in_spanish("What comes next") in browser.page.text
    assert links[in_spanish("Go through your results")] == f"{COURSE}/results"
    assert [words for words in links if words.startswith("Sobre el mismo tema")] == [
        in_spanish("On the same topic: %(title)s", title="Curso de prueba mismo")
    ]
    assert links[in_spanish("Still open to you: %(title)s", title="Video 1")] == f"{COURSE}/recordings/video-1"


def test_a_course_without_a_topic_leads_to_the_catalogue(browser: Browser, instance: Instance) -> None:
    course = a_course_on(instance, "prueba")
    a_course_on(instance, "otro")
    learner = a_learner(instance, course)
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")

    links = sign_in(browser).get(COURSE).links

    assert not any(words.startswith("Sobre el mismo tema") for _href, words in links)
    assert ("/courses", in_spanish("Find another course")) in links
