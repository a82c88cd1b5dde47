"""Who may see a course and take part in it, cell by cell over HTTP (spec/security 9), and lists that agree with the permission."""

import hashlib
import re
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from courses import catalogue
from courses.models import Course, CourseVersion, StaffRole
from enrolments import learners
from enrolments.access import LearningAction
from enrolments.models import ActivityResult, Enrolment
from kernel.permissions import Actor
from lms.app import policy
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, folder, publish

NOTE = "Una nota para el curso.\n"


def file_of(part: int) -> str:
    """Return the address of the note that a part's lesson offers."""
    return f"/courses/prueba/files/{hashlib.sha256(f'{NOTE}{part}'.encode()).hexdigest()}/nota.txt"


def a_matrix_course(instance: Instance) -> Course:
    """Publish a course with a lesson, one that waits for another module, one for later, a previewed one; each offers a file."""
    files = folder(modules=4)
    for part in range(1, 5):
        lesson = files[f"0{part}-parte/01-leccion.es.md"].decode()
        files[f"0{part}-parte/01-leccion.es.md"] = f"{lesson}\n[La nota](media/nota.txt)\n".encode()
        files[f"0{part}-parte/media/nota.txt"] = f"{NOTE}{part}".encode()
    files["02-parte/module.yaml"] += b"requires: [parte-1]\n"
    later = files["03-parte/01-leccion.es.md"].decode()
    files["03-parte/01-leccion.es.md"] = later.replace("title: Contar 3\n", "title: Contar 3\nopens: 2099-01-01 08:00\n").encode()
    for name in ("04-parte/01-leccion.es.md", "04-parte/02-video.recording.yaml"):
        old = "title: Contar 4\n" if name.endswith("md") else "required: false\n"
        files[name] = files[name].decode().replace(old, f"{old}preview: true\n").encode()
    return publish(instance, files)[0]


def test_every_cell_of_courses_lessons_files_and_recordings(browser: Browser, instance: Instance) -> None:
    """spec/security 9: course.view, course.enrol_self, lesson.*, recording.view, each role before each state."""
    cast = a_cast(browser, instance)
    cast.join(a_matrix_course(instance))
    institution = a_course(instance, "interno", modules=1, visibility="institution", enrolment="invitation")
    archived = a_course(instance, "archivado", modules=1)
    staff = a_course(instance, "personal", modules=1, visibility="staff", enrolment="open")
    for course in (institution, archived, staff):
        cast.join(course)
    draft = a_course(instance, "borrador", modules=1)
    cast.staff("G", draft, StaffRole.GRADER)
    cast.staff("I", draft, StaffRole.EDITOR)
    cast.staff("W", draft, StaffRole.OWNER)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == draft.id).values(published_version_id=None))
        session.execute(update(Course).where(Course.id == archived.id).values(archived_at=datetime(2026, 1, 1, tzinfo=UTC)))
    lesson = "/courses/prueba/activities/leccion-"

    wrong = cast.check("course.view", "published_public", cast.outcomes("/courses/prueba"))
    wrong += cast.check("course.view", "published_institution_only", cast.outcomes("/courses/interno"))
    wrong += cast.check("course.view", "published_staff", cast.outcomes("/courses/personal"))
    wrong += cast.check("course.view", "archived", cast.outcomes("/courses/archivado"))
    wrong += cast.check("course.view", "draft", cast.outcomes("/courses/borrador"))
    wrong += cast.check("lesson.view", "published", cast.outcomes(f"{lesson}1"))
    wrong += cast.check("lesson.view", "locked_by_prerequisite", cast.outcomes(f"{lesson}2"))
    wrong += cast.check("lesson.view", "scheduled_for_later", cast.outcomes(f"{lesson}3"))
    wrong += cast.check("lesson.view", "free_preview", cast.outcomes(f"{lesson}4"))
    wrong += cast.check("lesson.file_download", "published", cast.outcomes(file_of(1)))
    wrong += cast.check("lesson.view", "locked_by_prerequisite", cast.outcomes(file_of(2)))
    wrong += cast.check("lesson.view", "scheduled_for_later", cast.outcomes(file_of(3)))
    wrong += cast.check("lesson.view", "free_preview", cast.outcomes(file_of(4)))
    wrong += cast.check("recording.view", "course_only", cast.outcomes("/courses/prueba/recordings/video-1"))
    wrong += cast.check("recording.view", "public", cast.outcomes("/courses/prueba/recordings/video-4"))
    wrong += cast.check("lesson.mark_complete", "own_progress", cast.outcomes(f"{lesson}1/done", "POST"))
    wrong += cast.check("course.enrol_self", "by_invitation", cast.outcomes("/courses/interno/enrolment", "POST"))
    wrong += cast.check("course.enrol_self", "closed", cast.outcomes("/courses/archivado/enrolment", "POST"))
    enrolled = counted(instance, Enrolment)
    wrong += cast.check("course.enrol_self", "open", cast.outcomes("/courses/prueba/enrolment", "POST"))

    assert wrong == []
    assert counted(instance, Enrolment) == enrolled + 6
    with instance.database.unit_of_work(write=False) as session:
        done = session.scalars(select(ActivityResult.enrolment_id).where(ActivityResult.completed_at.is_not(None)))
        own = session.scalars(select(Enrolment.id).where(Enrolment.person_id == cast.people["E"].id))
        assert len(found := set(done)) == 1
        assert found <= set(own)


def test_nobody_enrols_in_a_course_that_they_may_not_see(browser: Browser, instance: Instance) -> None:
    """spec/security 1.1: an open enrolment is open to those who see the course; who wrote the address by hand stays outside."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1, visibility="institution", enrolment="open")
    for letter in ("G", "I"):
        cast.staff(letter, course, StaffRole.GRADER if letter == "G" else StaffRole.EDITOR)
    outcomes = {letter: outcome for letter, outcome in cast.outcomes("/courses/prueba/enrolment", "POST").items() if letter in "LOGIS"}

    assert outcomes == {"L": "deny", "O": "deny", "G": "allow", "I": "allow", "S": "allow"}
    assert counted(instance, Enrolment) == 3


def counted(instance: Instance, model: type) -> int:
    """Count the rows of a table."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_only_a_learner_sees_own_progress_on_the_course_page(browser: Browser, instance: Instance) -> None:
    """spec/security 9, progress.view own: nobody else's page has any."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    shows = {letter: 'id="course-progress"' in one.get("/courses/prueba").html for letter, one in cast.browsers.items()}

    assert [letter for letter, shown in shows.items() if shown] == ["E"]


def test_what_is_private_answers_like_what_never_was(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3: same status, same body but for the address and the reference."""
    cast = a_cast(browser, instance)
    course = a_matrix_course(instance)
    cast.join(course)
    draft = a_course(instance, "borrador", modules=1)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == draft.id).values(published_version_id=None))
    pairs = [
        ("/courses/borrador", "/courses/inventado"),
        ("/courses/borrador/activities/leccion-1", "/courses/inventado/activities/leccion-1"),
        ("/courses/prueba/activities/leccion-3", "/courses/prueba/activities/leccion-9"),
        ("/courses/borrador/glossary", "/courses/inventado/glossary"),
    ]

    for private, unknown in pairs:
        assert _body(cast.browsers["E"], private) == _body(cast.browsers["E"], unknown), private


def _body(browser: Browser, path: str) -> str:
    browser.get(path, status=404)
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", browser.response.get_data(as_text=True))
    return re.sub(r"\b[0-9a-f]{16}\b", "REF", text).replace(path, "PATH")


def test_the_catalogue_lists_exactly_what_a_stranger_may_view(instance: Instance) -> None:
    """The list and the permission agree, for every way a course can stand."""
    for slug, visibility in (("uno", "public"), ("dos", "institution"), ("tres", "public"), ("cuatro", "public"), ("cinco", "institution")):
        a_course(instance, slug, modules=1, visibility=visibility)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug.in_(("tres", "cinco"))).values(archived_at=datetime(2026, 1, 1, tzinfo=UTC)))
        session.execute(update(Course).where(Course.slug == "cuatro").values(published_version_id=None))

    with instance.database.unit_of_work(write=False) as session:
        listed = {entry.slug for entry in catalogue.list_catalogue(session, limit=100)}
        seats = [learners.get_learner_context(session, Actor(), slug) for slug in session.scalars(select(Course.slug))]
        allowed = {context.slug for context in seats if policy().allows(Actor(), LearningAction.VIEW_COURSE, context)}
        assert catalogue.count_catalogue(session) == len(listed)

    assert listed == allowed == {"uno"}


def test_a_preview_of_a_course_that_is_not_listed_is_for_those_who_take_part(browser: Browser, instance: Instance) -> None:
    """spec/security 1.1: a preview opens a lesson, not a course that strangers do not find."""
    course = a_course(instance, modules=1, preview=True)

    opened = browser.get("/courses/prueba/activities/leccion-1").headings
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).where(CourseVersion.course_id == course.id).values(visibility="institution"))
    browser.get("/courses/prueba/activities/leccion-1")

    assert opened == ["Contar 1"]
    assert "sign-in" in browser.path
