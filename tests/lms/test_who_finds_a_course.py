"""Who finds a course: everybody, those who belong to an institution, those who take part; catalogue, search, recordings and home agree."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from compliance.obligations import list_known_courses
from courses import catalogue
from courses.models import Course, CourseVersion, VersionViewer
from courses.publishing import UnknownViewers
from enrolments import learners
from enrolments.access import LearningAction
from kernel import clock
from kernel.permissions import SYSTEM, Actor, Verdict
from lms.app import policy
from lms.instance import Instance
from organisations import units
from organisations.models import Audience, AudienceStayRecord, Membership, Organisation
from organisations.rules.units import TrainingRole
from organisations.units import MembershipValues
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.lessons import write
from tests.support.obligations import an_audience_of, let_stay
from tests.support.places import a_place, give_training, manage, put
from tests.support.scenes import scene
from tests.support.training_access import a_training_cast
from tests.support.wording import in_spanish
from webinars import recordings
from webinars.access import RecordingAction

STATES = {
    "public": "public",
    "staff": "staff",
    "unit": "staff\nstaff_of: [GYE]",
    "audience": "audience\naudiences: [inspectores]",
    "participants": "participants",
    "institution": "institution",
}
"""What the file of a course says, by the end of its name."""
NOON = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)


def a_course_with_a_preview(instance: Instance, visibility: str, *, enrolment: str = "open") -> Course:
    """Publish a course named for its visibility, with a recording that may be seen without enrolling."""
    files = folder(f"curso-{visibility}", modules=1, visibility=STATES[visibility], enrolment=enrolment)
    name = "01-parte/02-video.recording.yaml"
    files[name] = files[name].replace(b"required: false\n", b"required: false\npreview: true\n")
    files["01-parte/01-leccion.es.md"] += f"\n## El arupo de {visibility}\n\nUn arupo.\n".encode()
    return publish(instance, files)[0]


Places = tuple[Organisation, Organisation, Organisation, Organisation, Audience]


def an_institution(instance: Instance) -> Places:
    """Make an institution with a province, its unit and another province, and an audience."""
    root = a_place(instance, "IESS", code="IESS")
    guayas = a_place(instance, "Guayas", root, code="GYE")
    unit = a_place(instance, "Dirección de Pensiones", guayas, code="GYE-DP")
    return root, guayas, unit, a_place(instance, "Loja", root, code="LOJ"), an_audience_of(instance, root, "inspectores")


class Staff:
    """An institution and who belongs to which of its parts."""

    def __init__(self, instance: Instance, places: Places) -> None:
        self.instance = instance
        self.root, self.guayas, self.unit, self.loja, self.audience = places

    def colleague(self, email: str = "colega@example.org", place: Organisation | None = None) -> Actor:
        """Return somebody who belongs to a unit, without taking part in anything; of Loja where no other is given."""
        person = a_person(self.instance, email)
        put(self.instance, person, place or self.loja)
        return actor_of(person)

    def inspector(self, email: str = "inspectora@example.org") -> Actor:
        """Return somebody who is in the audience and belongs to no unit."""
        person = a_person(self.instance, email)
        let_stay(self.instance, self.audience, person)
        return actor_of(person)

    def former_inspector(self) -> Actor:
        """Return somebody whose stays in the audience have ended or were never true."""
        person = a_person(self.instance, "antes@example.org")
        let_stay(self.instance, self.audience, person, until=date(2026, 2, 1))
        with self.instance.database.unit_of_work() as session:
            row = {"audience_id": self.audience.id, "person_id": person.id, "since_on": date(2026, 3, 1)}
            session.add(AudienceStayRecord(**row, recorded_at=NOON, retracted_at=NOON))
        return actor_of(person)


@pytest.fixture
def staff(instance: Instance) -> Staff:
    """Return an institution with its people, before any course names them."""
    return Staff(instance, an_institution(instance))


def found_on(browser: Browser, path: str) -> set[str]:
    """Return the visibilities of the courses that a page leads to."""
    page = browser.get(path)
    return {state for state in STATES if any(href.startswith(f"/courses/curso-{state}") for href, _words in page.links)}


@pytest.mark.slow
def test_catalogue_search_recordings_and_home_lead_each_to_the_same_courses(browser: Browser, instance: Instance, staff: Staff) -> None:
    """spec/compulsory 2.8: a stranger, somebody signed in, colleagues here and there, a member of the audience, a participant."""
    courses = {state: a_course_with_a_preview(instance, state) for state in STATES}
    a_person(instance, "nadie@example.org")
    staff.colleague()
    staff.colleague("guayas@example.org", staff.unit)
    staff.inspector()
    a_learner(instance, courses["staff"])
    nobody, colleague, neighbour, inspector, participant = (
        sign_in(browser.another(), f"{name}@example.org") for name in ("nadie", "colega", "guayas", "inspectora", "ana")
    )

    for path in ("/courses", "/search?q=pruebas", "/recordings", "/"):
        assert found_on(browser, path) == {"public"}, path
    for path in ("/courses", "/search?q=pruebas", "/recordings"):
        assert found_on(nobody, path) == {"public"}, path
        assert found_on(colleague, path) == {"public", "staff"}, path
        assert found_on(neighbour, path) == {"public", "staff", "unit"}, path
        assert found_on(inspector, path) == {"public", "audience"}, path
    assert found_on(participant, "/search?q=pruebas") == {"public", "staff"}
    assert found_on(participant, "/learning") == {"staff"}


@pytest.mark.parametrize("state", ["staff", "unit", "audience"])
def test_a_link_to_a_course_for_some_leads_strangers_to_sign_in_and_others_to_nothing(
    browser: Browser, instance: Instance, staff: Staff, state: str
) -> None:
    """spec/compulsory 2.7: signed in there is no such course, whatever of it is asked for; whom it is for opens it and enrols."""
    course = a_course_with_a_preview(instance, state)
    a_person(instance, "nadie@example.org") if state == "staff" else staff.colleague("nadie@example.org")
    member = staff.inspector("colega@example.org") if state == "audience" else staff.colleague(place=staff.unit)
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
        assert learners.get_learner_context(session, member, course.slug).is_learner


def test_who_has_left_the_institution_finds_it_no_more_but_keeps_what_they_take_part_in(instance: Instance) -> None:
    course, other = (a_course_with_a_preview(instance, "staff"), publish(instance, folder("otro", modules=1, visibility="staff"))[0])
    learner = a_learner(instance, course)
    institution = a_place(instance, "IESS")
    with instance.database.unit_of_work() as session:
        session.add(Membership(person_id=learner.person_id, organisation_id=institution.id, since=NOON, until=NOON))

    with instance.database.unit_of_work(write=False) as session:
        verdicts = {
            one.slug: policy().verdict(learner, LearningAction.VIEW_COURSE, learners.get_learner_context(session, learner, one.slug))
            for one in (course, other)
        }
        assert not catalogue.list_catalogue(session, learner)
    assert verdicts == {course.slug: Verdict.ALLOW, "otro": Verdict.HIDE}


FOUND: Mapping[str, set[str]] = {
    "stranger": set(),
    "signed in": set(),
    "colleague": {"staff"},
    "colleague of the province": {"staff", "unit"},
    "colleague of a unit below": {"staff", "unit"},
    "colleague of the institution": {"staff"},
    "further unit": {"staff", "unit"},
    "head": {"staff", "unit"},
    "head of a unit below": {"staff", "unit"},
    "head of another": {"staff"},
    "officer": {"staff", "unit", "audience"},
    "officer of another": {"staff"},
    "auditor": {"staff", "unit"},
    "inspector": {"audience"},
    "former inspector": set(),
    "participant": set(),
    "teacher": set(),
}
"""What somebody finds beside public courses."""


@scene
def a_catalogue(instance: Instance) -> tuple[Places, dict[str, Course]]:
    """Make an institution with a course in every way that one can stand, and one that is archived."""
    places = an_institution(instance)
    courses = {state: a_course_with_a_preview(instance, state) for state in STATES}
    publish(instance, folder("archivado", modules=1, visibility="staff"))
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "archivado").values(archived_at=NOON))
    return places, courses


@pytest.mark.parametrize("who", FOUND)
def test_every_list_holds_exactly_what_the_permission_allows(instance: Instance, who: str) -> None:
    """spec/compulsory 2.7 and 2.8: the predicate and its query twin, for every way a course can stand."""
    places, courses = a_catalogue(instance)
    staff = Staff(instance, places)
    people = {
        "stranger": Actor,
        "signed in": lambda: actor_of(a_person(instance, "nadie@example.org")),
        "colleague": staff.colleague,
        "colleague of the province": lambda: staff.colleague(place=staff.guayas),
        "colleague of a unit below": lambda: staff.colleague(place=staff.unit),
        "colleague of the institution": lambda: staff.colleague(place=staff.root),
        "further unit": lambda: with_further(staff),
        "head": lambda: with_grant(staff, staff.root, None),
        "head of a unit below": lambda: with_grant(staff, staff.unit, None),
        "head of another": lambda: with_grant(staff, staff.loja, None),
        "officer": lambda: with_grant(staff, staff.root, TrainingRole.OFFICER),
        "officer of another": lambda: with_grant(staff, staff.loja, TrainingRole.OFFICER),
        "auditor": lambda: with_grant(staff, staff.root, TrainingRole.AUDITOR),
        "inspector": staff.inspector,
        "former inspector": staff.former_inspector,
        "participant": lambda: a_learner(instance, courses["participants"]),
        "teacher": lambda: actor_of(a_teacher(instance, courses["institution"])),
    }
    actor = people[who]()
    with instance.database.unit_of_work(write=False) as session:
        contexts = {slug: learners.get_learner_context(session, actor, slug) for slug in session.scalars(select(Course.slug))}
        allowed = {slug for slug, context in contexts.items() if policy().allows(actor, LearningAction.VIEW_COURSE, context)}
        listed = {entry.slug for entry in catalogue.list_catalogue(session, actor)}
        watched = {row.slug for row in recordings.visible_recordings(session, actor)}
        playable = {
            slug
            for slug in contexts
            if policy().allows(actor, RecordingAction.VIEW, learners.get_activity_context(session, actor, slug, "video-1"))
        }
        assert catalogue.count_catalogue(session, actor) == len(listed)
        assert listed == {slug for slug, context in contexts.items() if context.is_listed}
        assert {context.slug for context in learners.visible_learner_contexts(session, actor)} == allowed
        assert watched == playable & allowed
        known = {course.slug for course in list_known_courses(session, actor)}
        assert known == {slug for slug in allowed if contexts[slug].version_id is not None and not contexts[slug].archived}, (
            "titles that forms of compulsory training offer"
        )
        assert {course.slug for course in list_known_courses(session, actor, ["curso-institution"])} == known | {"curso-institution"}
    assert listed == {"curso-public"} | {f"curso-{state}" for state in FOUND[who]}


def with_grant(staff: Staff, place: Organisation, role: TrainingRole | None) -> Actor:
    """Return somebody who belongs to nothing, and heads a place or has a grant for it."""
    person = a_person(staff.instance, "cargo@example.org")
    if role is None:
        manage(staff.instance, person, place)
    else:
        give_training(staff.instance, person, place, role)
    return actor_of(person)


def with_further(staff: Staff) -> Actor:
    """Return somebody of Loja who works in Guayas too."""
    actor = staff.colleague()
    with staff.instance.database.unit_of_work() as session:
        values = MembershipValues(further=frozenset({staff.unit.id}))
        units.assign_members(session, SYSTEM, {actor.person_id or 0: values}, now=clock.now())
    return actor


def test_before_a_course_stands_one_statement_and_it_looks_up_nothing_for_public_ones(instance: Instance, staff: Staff) -> None:
    """spec/performance P1 and P2: who it is for is asked in the statement that every page of a course has."""
    actor = staff.inspector()
    for state in ("public", "unit", "audience"):
        course, counted = a_course_with_a_preview(instance, state), every_statement(instance.database)
        with instance.database.unit_of_work(write=False) as session:
            counted.reset()
            context = learners.get_learner_context(session, actor, course.slug)

        assert len(counted.statements) == 1
        assert context.is_listed is (state != "unit")


@pytest.mark.parametrize(
    ("written", "field"), [("staff\nstaff_of: [GYE, NADA]", "staff_of"), ("audience\naudiences: [inspectores, nadie]", "audiences")]
)
def test_a_course_for_whom_the_site_does_not_know_is_not_published(
    browser: Browser, instance: Instance, staff: Staff, written: str, field: str
) -> None:
    """spec/content-format C904: the draft check names it, and publishing is refused by every way; once it exists, it goes out."""
    course = publish(instance, folder("abierto", modules=1))[0]
    files = folder("abierto", modules=1, visibility=written)
    write(instance, course, {"course.yaml": files["course.yaml"].decode()})
    a_teacher(instance, course)
    editor = sign_in(browser, "profe@example.org")
    page = editor.get("/teaching/abierto/publishing")
    wanted = (
        in_spanish("No unit has the code “%(key)s”.", key="NADA")
        if field == "staff_of"
        else in_spanish("There is no audience “%(key)s”.", key="nadie")
    )
    assert wanted in page.text
    with pytest.raises(UnknownViewers):
        publish(instance, files)

    a_place(instance, "Nada", staff.root, code="NADA")
    an_audience_of(instance, staff.root, "nadie")

    assert wanted not in editor.get("/teaching/abierto/publishing").text
    publish(instance, files)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(VersionViewer.kind, VersionViewer.key).order_by(VersionViewer.key)).all()
    assert [tuple(row) for row in rows] == (
        [("unit", "GYE"), ("unit", "NADA")] if field == "staff_of" else [("audience", "inspectores"), ("audience", "nadie")]
    )


def test_every_cell_of_courses_for_staff_and_for_audiences(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: course.view, staff of no place and of a place, outside an audience and inside."""
    cast = a_training_cast(browser, instance, visibility="staff")
    there = f"/courses/{cast.course.slug}"
    wrong = cast.check("course.view", "staff_of_a_place", cast.outcomes(there))
    with instance.database.unit_of_work() as session:
        for role in ("oneself", "colleague"):
            units.remove_member(session, SYSTEM, session.get_one(Person, cast.people[role].id), now=clock.now())
    wrong += cast.check("course.view", "staff_of_no_place", cast.outcomes(there))
    audience = an_audience_of(instance, cast.root, "inspectores")
    publish(instance, folder(cast.course.slug, modules=1, visibility=STATES["audience"]))
    wrong += cast.check("course.view", "audience_outside", cast.outcomes(there))
    for person in cast.people.values():
        let_stay(instance, audience, person)
    wrong += cast.check("course.view", "audience_inside", cast.outcomes(there))

    assert wrong == []


def test_nothing_that_was_published_before_becomes_visible(instance: Instance, staff: Staff) -> None:
    """`institution` in a row of an earlier release still means those who take part."""
    course = a_course_with_a_preview(instance, "public")
    colleague = staff.colleague()
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).where(CourseVersion.course_id == course.id).values(visibility="institution"))

    with instance.database.unit_of_work(write=False) as session:
        context = learners.get_learner_context(session, colleague, course.slug)
        assert policy().verdict(colleague, LearningAction.VIEW_COURSE, context) is Verdict.FORBID
        assert not catalogue.list_catalogue(session, colleague)


def test_the_topic_of_a_course_is_kept_and_shown(browser: Browser, instance: Instance) -> None:
    files = folder("prueba", modules=1)
    files["course.yaml"] = files["course.yaml"].replace(b"visibility:", b"topic: salud-mental\nvisibility:")
    publish(instance, files)

    assert "Salud mental" in browser.get("/courses/prueba").text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(CourseVersion.topic)) == "salud-mental"
