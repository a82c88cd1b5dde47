"""Putting a course away and bringing it back: who may, what it changes, and what the log says."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from courses import authoring, catalogue, drafts
from courses.access import CourseArchived
from courses.models import Course, StaffRole
from enrolments import editions
from kernel import clock, outbox
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.drafts import draft_saying, plan_of, publication_verbs
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/archive"


@pytest.fixture
def owner(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of the owner of a published course."""
    a_teacher(instance, a_course(instance, modules=1), role=StaffRole.OWNER)
    return sign_in(browser, "profe@example.org")


def archived_at(instance: Instance) -> object:
    """Return when the course was put away."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course.archived_at).where(Course.slug == "prueba")).one()


def test_every_cell_of_putting_a_course_away(browser: Browser, instance: Instance) -> None:
    """Owners and administrators only, as with the team."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    wrong = cast.check("course.archive", "published", cast.outcomes(PAGE))
    refused = {letter: found for letter, found in cast.outcomes(PAGE, "POST").items() if letter not in "SW"}
    wrong += cast.check("course.archive", "published", refused)

    assert wrong == []
    assert archived_at(instance) is None


def test_a_course_is_put_away_with_a_reason_and_brought_back(owner: Browser, instance: Instance) -> None:
    a_person(instance, "ana@example.org")
    owner.get("/teaching/prueba/outline")
    owner.get(PAGE)
    assert 'id="reason-error"' in owner.submit("/archive", {"reason": " "}, status=422).html
    assert archived_at(instance) is None

    owner.submit("/archive", {"reason": "Hay un curso nuevo."})

    assert archived_at(instance) is not None
    assert "Hay un curso nuevo." in owner.page.text
    assert in_spanish("Archived the course: %(reason)s", reason="Hay un curso nuevo.") in owner.get("/teaching/prueba/log").text
    assert in_spanish("Archived course.") in owner.get("/teaching/prueba/outline").text
    assert "nadie puede inscribirse" in owner.get("/teaching/prueba/learners").text
    other = sign_in(owner.another(), "ana@example.org")
    other.get("/courses/prueba", status=403)
    assert "Curso de prueba" not in other.get("/courses").text

    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Hace falta todavía."})
    assert archived_at(instance) is None
    assert "Hace falta todavía." in owner.get("/teaching/prueba/log").text
    other.get("/courses/prueba")
    assert any(form.action.endswith("/enrolment") for form in other.page.forms)


def test_nobody_comes_into_an_archived_course_by_hand(owner: Browser, instance: Instance) -> None:
    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Terminó."})
    person = a_person(instance, "ana@example.org")

    with instance.database.unit_of_work() as session:
        course = session.scalars(select(Course)).one()
        with pytest.raises(Conflict):
            editions.enrol_others(session, SYSTEM, course.id, None, [person.id], now=clock.now())


@pytest.mark.slow
def test_what_was_never_published_is_not_put_away(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    sign_in(browser, "admin@example.org").get("/teaching/new-course")
    browser.submit("/new-course", {"title": "Prueba", "module": "Uno", "lesson": "Dos"})
    browser.get(PAGE)

    assert "nunca se publicó" in browser.submit("/archive", {"reason": "x"}, status=422).text
    assert archived_at(instance) is None


def put_away(instance: Instance) -> None:
    """Archive the course while somebody has its pages open."""
    with instance.database.unit_of_work() as session:
        authoring.archive(session, SYSTEM, catalogue.lock_course(session, session.scalars(select(Course.id)).one()), "Fin", now=clock.now())


def test_the_pages_of_its_draft_are_closed_and_say_why(owner: Browser, instance: Instance) -> None:
    editor = sign_in(owner.another(), a_teacher_of(instance, StaffRole.EDITOR))
    put_away(instance)

    for path in ("outline", "lessons/leccion-1", "parts/leccion-1", "questions", "lists/glossary", "media", "publishing", "history"):
        page = owner.get(f"/teaching/prueba/{path}")
        assert in_spanish("It cannot be changed or published until it is restored.") in page.text, path
        assert "disabled" in page.html or not [form for form in page.forms if "/prueba/" in form.action and form.method == "post"], path
        assert 'href="/teaching/prueba/archive"' in page.html, path
    assert in_spanish("Add a module") not in owner.get("/teaching/prueba/outline").text
    told = editor.get("/teaching/prueba/lessons/leccion-1")
    assert in_spanish("It cannot be changed or published until it is restored.") in told.text
    assert in_spanish("Its owners can restore it.") in told.text
    assert 'href="/teaching/prueba/archive"' not in told.html

    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Hace falta."})
    assert in_spanish("Add a module") in owner.get("/teaching/prueba/outline").text
    assert "<fieldset disabled" not in owner.get("/teaching/prueba/lessons/leccion-1").html


def a_teacher_of(instance: Instance, role: StaffRole) -> str:
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
    a_teacher(instance, course, "editora@example.org", role)
    return "editora@example.org"


@pytest.mark.parametrize(
    ("path", "form", "values"),
    [
        ("lessons/leccion-1", "/lessons/leccion-1", {"body": "Lo que se escribió."}),
        ("text?path=01-parte/01-leccion.es.md", "/text", {"text": "---\nkey: leccion-1\ntitle: Lo que se escribió.\n---\n\nDedos.\n"}),
        ("parts/leccion-1", "/parts/leccion-1", {"minutes": "77"}),
        ("new-module", "/new-module", {"title": "Lo que se escribió.", "lesson": "Una"}),
        ("publishing", "/publishing", {"note": "Lo que se escribió.", "nature": "correction"}),
    ],
)
def test_what_is_sent_to_an_archived_course_is_refused_and_kept(
    owner: Browser, instance: Instance, path: str, form: str, values: dict[str, str]
) -> None:
    owner.get(f"/teaching/prueba/{path}")
    put_away(instance)
    before = state_of(instance)

    owner.submit(form, values, status=409)

    assert in_spanish("This course is archived, so it cannot be changed or published. Restore it first.") in owner.page.text
    assert next(iter(values.values())).split("\n")[0] in owner.page.html
    assert state_of(instance) == before


def state_of(instance: Instance) -> tuple[int, int | None]:
    """Return the draft's revision and the published version."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
        return course.draft_revision, course.published_version_id


def test_what_a_page_saves_by_itself_is_refused_with_words(owner: Browser, instance: Instance) -> None:
    owner.get("/teaching/prueba/lessons/leccion-1")
    form = owner.page.form("/lessons/leccion-1")
    put_away(instance)

    owner._request("POST", "/teaching/prueba/lessons/leccion-1/autosave", data=dict(form.fields) | {"body": "Otra cosa."})

    assert owner.response.status_code == 409
    assert owner.response.json is not None
    assert in_spanish("This course is archived, so it cannot be changed or published. Restore it first.") in owner.response.json["message"]


def test_what_was_planned_is_called_off_and_its_author_told(owner: Browser, instance: Instance) -> None:
    draft_saying(instance, "manos")
    moment = clock.now() + timedelta(days=1)
    owner.get("/teaching/prueba/publishing")
    owner.submit("/publishing", {"nature": "correction", "note": "", "when": f"{moment:%Y-%m-%dT%H:%M}"})
    assert plan_of(instance).state == "planned"
    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Terminó."})

    outbox.deliver_waiting(instance.worker, now=moment + timedelta(days=1))

    assert plan_of(instance).state == "void"
    assert state_of(instance)[1] == 1
    assert publication_verbs(instance) == ["planned", "void"]
    assert (
        in_spanish("The course was archived before the scheduled time. Nothing was published, and the planned publication was cancelled.")
        in owner.get("/notices").text
    )
    log = owner.get("/teaching/prueba/log").text
    assert "o se archivó el curso" in log


def test_a_plan_that_was_left_over_is_given_up_at_its_moment(owner: Browser, instance: Instance) -> None:
    """Of an installation whose course was archived before plans were called off."""
    draft_saying(instance, "manos")
    moment = clock.now() + timedelta(days=1)
    owner.get("/teaching/prueba/publishing")
    owner.submit("/publishing", {"nature": "correction", "note": "", "when": f"{moment:%Y-%m-%dT%H:%M}"})
    with instance.database.unit_of_work() as session:
        session.scalars(select(Course)).one().archived_at = clock.now()

    outbox.deliver_waiting(instance.worker, now=moment + timedelta(days=1))

    assert (plan_of(instance).state, state_of(instance)[1]) == ("void", 1)


def test_the_command_line_does_not_publish_an_archived_course(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    put_away(instance)

    with instance.database.unit_of_work() as session, pytest.raises(CourseArchived):
        drafts.save_files(session, SYSTEM, catalogue.lock_course(session, course.id), {}, removed=["course.yaml"], now=clock.now())
