"""Publishing may tell those who did what changes: only them, once, each as they wish."""

import pytest
from sqlalchemy import select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime, NoticeKind
from courses.models import Course, CourseVersion
from enrolments import versions
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import a_learner, mark_done
from tests.support.lessons import write
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/publishing"
LESSON = "01-parte/01-leccion.es.md"
BOX = "Avisar a quienes ya hicieron lo que cambia"


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of an editor of a course of two modules; Ana has done the first lesson, Blas the second, Carla nothing."""
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    mark_done(instance, a_learner(instance, course), "prueba", "leccion-1")
    mark_done(instance, a_learner(instance, course, "blas@example.org"), "prueba", "leccion-2")
    a_learner(instance, course, "carla@example.org")
    return sign_in(browser, "profe@example.org")


def reword(instance: Instance, path: str = LESSON) -> None:
    """Change the text of a lesson in the draft."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
    write(instance, course, {path: draft_texts(instance)[path].replace("dedos", "manos")})


def told(instance: Instance) -> list[tuple[str, str, str]]:
    """Return who was told of changes: address, words, path."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Person.email, Notification.words, Notification.path).join(Notification, Notification.person_id == Person.id)
        return [(email, words["es"], path) for email, words, path in session.execute(statement.where(Notification.kind == "changed"))]


def test_those_who_did_the_changed_lesson_are_told_once(editor: Browser, instance: Instance) -> None:
    reword(instance)
    assert BOX in editor.get(PAGE).text
    assert "Contar 1" in editor.page.text

    editor.submit("/publishing", {"tell": "y", "note": "Se cuenta mejor."})
    editor.deliver_jobs()

    assert told(instance) == [
        (
            "ana@example.org",
            in_spanish(
                "Version %(number)s of the course changes activities you have already done: %(titles)s.",
                number="2",
                titles="Contar 1. Se cuenta mejor",
            ),
            "/courses/prueba",
        )
    ]
    assert "Pidió avisar de la versión 2" in editor.get("/teaching/prueba/log").text
    with instance.database.unit_of_work() as session:
        version = session.scalars(select(CourseVersion.id).where(CourseVersion.number == 2)).one()
        assert versions.notify_change_batch(session, version, 0, now=clock.now()) is None
    assert len(told(instance)) == 1


def test_nobody_is_told_without_the_box_and_there_is_none_without_changes(editor: Browser, instance: Instance) -> None:
    assert BOX not in editor.get(PAGE).text
    reword(instance, "02-parte/01-leccion.es.md")
    editor.get(PAGE)
    editor.submit("/publishing", {})
    editor.deliver_jobs()

    assert told(instance) == []
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CourseVersion.tells).order_by(CourseVersion.number)).all() == [None, None]


def test_a_planned_publication_tells_when_it_happens(editor: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        session.scalars(select(Course)).one().needs_approval = True
    a_teacher(instance, course_of(instance), "otra@example.org")
    reword(instance)
    editor.get(PAGE)
    editor.submit("/publishing", {"tell": "y"})
    editor.deliver_jobs()
    assert told(instance) == []

    second = sign_in(editor.another(), "otra@example.org")
    second.get(PAGE)
    second.submit("/approval", {})
    second.deliver_jobs()

    assert [email for email, _words, _path in told(instance)] == ["ana@example.org"]


def test_who_wants_no_such_notices_gets_none(editor: Browser, instance: Instance) -> None:
    ana = sign_in(editor.another())
    ana.get("/profile/notices")
    names = [name for name, _value in ana.page.form("/profile/notices").fields]
    assert any(name.startswith("changed") for name in names), names
    reword(instance)
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        notices.set_notification_choices(
            session, SYSTEM, person, {NoticeKind.CHANGED: NotificationChoice(in_bell=False, mail=MailTime.NEVER)}, now=clock.now()
        )
    editor.get(PAGE)
    editor.submit("/publishing", {"tell": "y"})
    editor.deliver_jobs()

    assert told(instance) == []


def course_of(instance: Instance) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course)).one()
