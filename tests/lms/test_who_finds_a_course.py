"""Who finds a course: everybody, those who belong to an institution, those who take part; catalogue, search, recordings and home agree."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from courses.models import Course, CourseVersion
from courses.queries import catalogue as course_catalogue
from enrolments.permissions import LearningAction
from enrolments.queries import learning as enrolments
from kernel.permissions import Actor, Verdict
from lms.app import policy
from lms.instance import Instance
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.places import a_place, put
from webinars import queries as webinars
from webinars.permissions import RecordingAction

STATES = ("public", "staff", "participants", "institution")
NOON = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)


def a_course_with_a_preview(instance: Instance, visibility: str, *, enrolment: str = "open") -> Course:
    """Publish a course named for its visibility, with a recording that may be seen without enrolling."""
    files = folder(f"curso-{visibility}", modules=1, visibility=visibility, enrolment=enrolment)
    name = "01-parte/02-video.recording.yaml"
    files[name] = files[name].replace(b"required: false\n", b"required: false\npreview: true\n")
    files["01-parte/01-leccion.es.md"] += f"\n## El arupo de {visibility}\n\nUn arupo.\n".encode()
    return publish(instance, files)[0]


def a_colleague(instance: Instance, email: str = "colega@example.org") -> Actor:
    """Return somebody who belongs to a unit of an institution, without taking part in anything."""
    person, institution = a_person(instance, email), a_place(instance, "IESS")
    put(instance, person, a_place(instance, "Dirección de Pensiones", institution))
    return actor_of(person)


def found_on(browser: Browser, path: str) -> set[str]:
    """Return the visibilities of the courses that a page leads to."""
    page = browser.get(path)
    return {state for state in STATES if any(href.startswith(f"/courses/curso-{state}") for href, _words in page.links)}


def test_catalogue_search_recordings_and_home_lead_each_to_the_same_courses(browser: Browser, instance: Instance) -> None:
    """A stranger, somebody signed in, a colleague and a participant."""
    courses = {state: a_course_with_a_preview(instance, state) for state in STATES}
    a_person(instance, "nadie@example.org")
    a_colleague(instance)
    a_learner(instance, courses["staff"])
    nobody, colleague, participant = (sign_in(browser.another(), f"{name}@example.org") for name in ("nadie", "colega", "ana"))

    for path in ("/courses", "/search?q=pruebas", "/recordings", "/"):
        assert found_on(browser, path) == {"public"}, path
    for path in ("/courses", "/search?q=pruebas", "/recordings"):
        assert found_on(nobody, path) == {"public"}, path
        assert found_on(colleague, path) == {"public", "staff"}, path
    assert found_on(participant, "/search?q=pruebas") == {"public", "staff"}
    assert found_on(participant, "/learning") == {"staff"}


def test_a_link_to_a_course_for_staff_leads_strangers_to_sign_in_and_others_to_nothing(browser: Browser, instance: Instance) -> None:
    """Signed in without a membership there is no such course, whatever of it is asked for; a colleague opens it and enrols."""
    course = a_course_with_a_preview(instance, "staff")
    a_person(instance, "nadie@example.org")
    colleague_person = a_colleague(instance)
    nobody, colleague = (sign_in(browser.another(), f"{name}@example.org") for name in ("nadie", "colega"))
    own = f"/courses/{course.slug}"
    pages = (own, f"{own}/glossary", f"{own}/activities/leccion-1", f"{own}/recordings/video-1", f"{own}/quizzes/leccion-1")

    for path in pages:
        browser.get(path)
        assert browser.path.startswith("/sign-in"), path
        nobody.get(path, 404)
    nobody.post(f"{own}/enrolment", status=404)
    nobody.post(f"{own}/activities/leccion-1/done", status=404)
    assert colleague.get(own).headings
    colleague.get(f"{own}/recordings/video-1")
    colleague.post(f"{own}/enrolment")
    with instance.database.unit_of_work(write=False) as session:
        assert enrolments.get_learner_context(session, colleague_person, course.slug).is_learner


def test_who_has_left_the_institution_finds_it_no_more_but_keeps_what_they_take_part_in(instance: Instance) -> None:
    course, other = (a_course_with_a_preview(instance, "staff"), publish(instance, folder("otro", modules=1, visibility="staff"))[0])
    learner = a_learner(instance, course)
    institution = a_place(instance, "IESS")
    with instance.database.unit_of_work() as session:
        session.add(Membership(person_id=learner.person_id, organisation_id=institution.id, since=NOON, until=NOON))

    with instance.database.unit_of_work(write=False) as session:
        verdicts = {
            one.slug: policy().verdict(learner, LearningAction.VIEW_COURSE, enrolments.get_learner_context(session, learner, one.slug))
            for one in (course, other)
        }
        assert not course_catalogue.list_catalogue(session, learner)
    assert verdicts == {course.slug: Verdict.ALLOW, "otro": Verdict.HIDE}


@pytest.mark.parametrize("who", ["stranger", "signed in", "colleague", "participant", "teacher"])
def test_every_list_holds_exactly_what_the_permission_allows(instance: Instance, who: str) -> None:
    """The predicate and its query twin, for every way a course can stand."""
    courses = {state: a_course_with_a_preview(instance, state) for state in STATES}
    publish(instance, folder("archivado", modules=1, visibility="staff"))
    people = {
        "stranger": Actor,
        "signed in": lambda: actor_of(a_person(instance, "nadie@example.org")),
        "colleague": lambda: a_colleague(instance),
        "participant": lambda: a_learner(instance, courses["participants"]),
        "teacher": lambda: actor_of(a_teacher(instance, courses["institution"])),
    }
    actor = people[who]()
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "archivado").values(archived_at=NOON))

    with instance.database.unit_of_work(write=False) as session:
        contexts = {slug: enrolments.get_learner_context(session, actor, slug) for slug in session.scalars(select(Course.slug))}
        allowed = {slug for slug, context in contexts.items() if policy().allows(actor, LearningAction.VIEW_COURSE, context)}
        listed = {entry.slug for entry in course_catalogue.list_catalogue(session, actor)}
        watched = {row.slug for row in webinars.visible_recordings(session, actor)}
        playable = {
            slug
            for slug in contexts
            if policy().allows(actor, RecordingAction.VIEW, enrolments.get_activity_context(session, actor, slug, "video-1"))
        }
        assert course_catalogue.count_catalogue(session, actor) == len(listed)
        assert listed == {slug for slug, context in contexts.items() if context.is_listed}
        assert {context.slug for context in enrolments.visible_learner_contexts(session, actor)} == allowed
        assert watched == playable & allowed
    assert listed == {"curso-public"} | ({"curso-staff"} if who == "colleague" else set())


def test_nothing_that_was_published_before_becomes_visible(instance: Instance) -> None:
    """`institution` in a row of an earlier release still means those who take part."""
    course = a_course_with_a_preview(instance, "public")
    colleague = a_colleague(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).where(CourseVersion.course_id == course.id).values(visibility="institution"))

    with instance.database.unit_of_work(write=False) as session:
        context = enrolments.get_learner_context(session, colleague, course.slug)
        assert policy().verdict(colleague, LearningAction.VIEW_COURSE, context) is Verdict.FORBID
        assert not course_catalogue.list_catalogue(session, colleague)


def test_the_topic_of_a_course_is_kept_and_shown(browser: Browser, instance: Instance) -> None:
    files = folder("prueba", modules=1)
    files["course.yaml"] = files["course.yaml"].replace(b"visibility:", b"topic: salud-mental\nvisibility:")
    publish(instance, files)

    assert "Salud mental" in browser.get("/courses/prueba").text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(CourseVersion.topic)) == "salud-mental"
