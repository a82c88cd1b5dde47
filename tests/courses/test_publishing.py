"""Drafts and publications: revisions, conflicts, immutable versions, one publisher at a time, and notifications of what changes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime
from courses import drafts, publishing, team
from courses import versions as course_versions
from courses.content.reader import read_directory
from courses.models import (
    Activity,
    Course,
    CourseFile,
    CourseStaff,
    CourseVersion,
    DraftFile,
    LessonPage,
    Module,
    PublicationNature,
    StaffRole,
)
from courses.publishing import CARD_PICTURE, PublishOptions
from enrolments import versions
from enrolments.notices import CHANGED_NOTICE
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.outbox import Job
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.instance import Instance
from questions.models import Question, QuestionVersion
from quizzes.models import QuizVersion, Slot, SlotCandidate
from tests.simulators import task_folders
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.drafts import LESSON, NOON, draft_texts, save_draft
from tests.support.folders import FOLDERS, a_folder
from tests.support.learning import a_learner, all_at_once, mark_done
from tests.support.lessons import write
from tests.support.wording import in_spanish


def counted(instance: Instance, *models: type) -> dict[str, int]:
    """Count the rows of some tables."""
    with instance.database.unit_of_work(write=False) as session:
        return {model.__name__: session.scalar(select(func.count()).select_from(model)) or 0 for model in models}


def publish_draft(instance: Instance, files: dict[str, bytes], revision: int | None) -> int:
    """Publish as the page does, with the revision that was looked at; return the version's number."""
    prepared = publishing.prepare(files, KINDS, today=NOON.date()).prepared
    assert prepared is not None
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course)).scalar_one()
        options = PublishOptions(PublicationNature.CORRECTION, "", revision)
        return publishing.publish_version(session, SYSTEM, course, prepared, KINDS, instance.files, options, now=NOON).number


def test_a_draft_keeps_the_revision_of_each_file_and_changes_only_what_changed(instance: Instance) -> None:
    files = folder(modules=1)
    first = save_draft(instance, files)
    same = save_draft(instance, files)
    changed = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")}
    del changed["01-parte/02-video.recording.yaml"]

    second = save_draft(instance, changed)

    assert (first, same, second) == (1, 1, 2)
    with instance.database.unit_of_work(write=False) as session:
        revisions = dict(session.execute(select(DraftFile.path, DraftFile.revision)).all())
        verbs = list(session.scalars(select(AuditEntry.verb).where(AuditEntry.verb == "course.draft_saved")))
    assert revisions.pop(LESSON) == 2
    assert set(revisions.values()) == {1}
    assert "01-parte/02-video.recording.yaml" not in revisions
    assert len(verbs) == 2


def test_quizzes_and_tasks_close_with_their_module_at_the_latest(instance: Instance) -> None:
    quiz, files = "01-parte/03-cuestionario.quiz.yaml", {**folder(modules=1), **task_folders.folder()}
    files["01-parte/module.yaml"] += b"closes: 2026-06-10\n"
    for number, closes in ((4, b"closes: 2026-06-08\n"), (5, b"closes: 2026-06-12\n")):
        text = files[quiz].replace(b"key: cuestionario-1\n", b"key: otro-%d\n" % number + closes).replace(b"draw: 7", b"draw: 2")
        files[f"01-parte/1{number}-otro.quiz.yaml"] = text
    files[quiz] = files[quiz].replace(b"draw: 7", b"draw: 3")

    publish(instance, files)

    with instance.database.unit_of_work(write=False) as session:
        found = dict(session.execute(select(Activity.key, Activity.closes_at)).all())
    of_module = datetime(2026, 6, 11, 5, tzinfo=UTC)
    assert {key: closes - of_module for key, closes in found.items() if closes is not None} == {
        "cuestionario-1": timedelta(),
        "otro-4": timedelta(days=-2),
        "otro-5": timedelta(),
        "tarea-1": timedelta(),
    }
    assert found["leccion-1"] is None


def test_a_draft_comes_out_byte_for_byte_as_it_went_in(instance: Instance) -> None:
    """Texts in the table, media by checksum; also a byte-order mark and bytes that are no text."""
    files = a_folder() | {"01-contar/media/usos.svg": a_folder()["01-contar/media/usos.svg"]}
    save_draft(instance, files)

    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
        assert drafts.draft_files(session, instance.files, course.id) == files


def test_publishing_the_same_text_again_makes_no_version(instance: Instance) -> None:
    files = folder(modules=1)
    _course, first = publish(instance, files)

    _course, again = publish(instance, files, nature=PublicationNature.CORRECTION)

    assert again.id == first.id
    assert counted(instance, CourseVersion) == {"CourseVersion": 1}
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "course.published")) == 1


def test_a_version_is_never_changed_by_the_next_one(instance: Instance) -> None:
    """Rows of the first version are the same before and after, and attempts, lessons and files hang on them."""
    files = folder(modules=2)
    _course, first = publish(instance, files)
    before = everything_of(instance, first.id)

    course, second = publish(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")})

    assert everything_of(instance, first.id) == before
    assert (second.number, course.published_version_id) == (2, second.id)
    assert "manos" in bodies_of(instance, second.id)
    assert "dedos" in bodies_of(instance, first.id)


def everything_of(instance: Instance, version_id: int) -> list[object]:
    """Read a version's rows as plain values."""
    with instance.database.unit_of_work(write=False) as session:
        version = session.get_one(CourseVersion, version_id)
        activities = session.execute(
            select(Activity.id, Activity.key, Activity.title).where(Activity.version_id == version_id).order_by(Activity.id)
        ).all()
        pages = session.execute(
            select(LessonPage.language, LessonPage.title, LessonPage.body)
            .join(Activity, Activity.id == LessonPage.activity_id)
            .where(Activity.version_id == version_id)
            .order_by(LessonPage.id)
        ).all()
        return [version.digest, version.title, version.published_at, [tuple(row) for row in activities], [tuple(row) for row in pages]]


def bodies_of(instance: Instance, version_id: int) -> str:
    """Read the lessons of a version."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(
            select(LessonPage.body).join(Activity, Activity.id == LessonPage.activity_id).where(Activity.version_id == version_id)
        )
        return "\n".join(rows)


def test_a_quiz_pins_the_versions_of_its_pools_and_questions_are_versioned_one_by_one(instance: Instance) -> None:
    """spec/quiz-engine 5.1.1 and 5.1.2: the second version of the course makes one question version and pins it with six old ones."""
    files = folder(modules=1)
    publish(instance, files)
    bank = files["01-parte/banco.yaml"]

    publish(instance, {**files, "01-parte/banco.yaml": bank.replace(b"El agua moja.", b"El agua siempre moja.")})

    assert counted(instance, Question, QuestionVersion, QuizVersion, Slot, SlotCandidate) == {
        "Question": 7,
        "QuestionVersion": 8,
        "QuizVersion": 2,
        "Slot": 2,
        "SlotCandidate": 14,
    }
    with instance.database.unit_of_work(write=False) as session:
        first, second = session.scalars(select(Slot.id).order_by(Slot.id)).all()
        pinned = [
            set(session.scalars(select(SlotCandidate.question_version_id).where(SlotCandidate.slot_id == slot))) for slot in (first, second)
        ]
    assert len(pinned[0] & pinned[1]) == 6


def test_going_back_to_an_old_wording_takes_the_old_question_versions(instance: Instance) -> None:
    """Reverting is publishing the old text again: a new version of the course, no new ones of its questions."""
    files = folder(modules=1)
    publish(instance, files)
    bank = files["01-parte/banco.yaml"]
    publish(instance, {**files, "01-parte/banco.yaml": bank.replace(b"El agua moja.", b"El agua siempre moja.")})

    _course, third = publish(instance, files)

    assert third.number == 3
    assert counted(instance, QuestionVersion) == {"QuestionVersion": 8}


def test_a_publication_of_a_draft_that_somebody_saved_meanwhile_is_a_conflict(instance: Instance) -> None:
    """What was looked at is what is published."""
    files = folder(modules=1)
    seen = save_draft(instance, files)
    save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")})

    with pytest.raises(Conflict):
        publish_draft(instance, files, seen)

    assert counted(instance, CourseVersion) == {"CourseVersion": 0}


def test_of_publishers_at_once_one_makes_the_version(instance: Instance) -> None:
    """Four press the button on the same draft: one version, whatever the database; nobody sees an error."""
    files = folder(modules=1)
    seen = save_draft(instance, files)

    numbers = all_at_once(4, lambda _place: publish_draft(instance, files, seen))

    assert numbers == [1, 1, 1, 1]
    assert counted(instance, CourseVersion, Module) == {"CourseVersion": 1, "Module": 1}


def test_publishing_notes_what_follows_in_the_same_transaction(instance: Instance) -> None:
    """An audit entry and the jobs that move learners and their overrides."""
    a_course(instance, modules=1)

    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "course.published")).scalar_one()
        jobs = set(session.scalars(select(Job.kind)))
    assert '"version": 1' in entry.facts
    assert jobs == {"enrolments.follow_correction", "quizzes.carry_overrides"}


def test_a_title_is_the_drafts_until_something_is_published(instance: Instance) -> None:
    files = folder(modules=1)
    save_draft(instance, files)
    retitled = {**files, "course.yaml": files["course.yaml"].replace(b"Curso de prueba prueba", "Otro título".encode())}
    save_draft(instance, retitled)
    draft = title(instance)
    publish_draft(instance, retitled, None)
    save_draft(instance, files)

    assert (draft, title(instance)) == ("Otro título", "Otro título")


def title(instance: Instance) -> str:
    """Return the course's title in Spanish."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Course.title)).scalar_one()["es"]


def test_parts_that_are_not_ready_are_left_out(instance: Instance) -> None:
    """Drafts inside a published course are not there for anybody (spec/security 1.3)."""
    files = folder(modules=2)
    files["02-parte/module.yaml"] += b"state: draft\n"
    lesson = files[LESSON].decode().replace("title: Contar 1\n", "title: Contar 1\nstate: draft\n")

    publish(instance, {**files, LESSON: lesson.encode()})

    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(Module.key))) == ["parte-1"]
        assert set(session.scalars(select(Activity.key))) == {"video-1", "cuestionario-1"}


def test_media_of_a_version_are_kept_by_content_and_say_what_uses_them(instance: Instance) -> None:
    """spec/security 9: the course's picture is everybody's, a drawing is its lesson's."""
    _course, version = publish(instance, a_folder(), now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        found = {row.path: row for row in session.scalars(select(CourseFile))}
        outline = course_versions.get_outline(session, version.id)
    assert instance.files.read(found["media/gota.png"].sha256) == a_folder()["media/gota.png"]
    assert [path for path, row in found.items() if row.is_picture] == ["media/gota.png", CARD_PICTURE]
    card = found[CARD_PICTURE]
    assert (card.media_type, card.used_by, card.sha256) == ("image/webp", (), outline.picture)
    assert len(instance.files.read(card.sha256)) == card.size
    assert outline.picture_alts == {"es": "Una gota.", "en": "A drop."}
    assert found["01-contar/media/usos.svg"].used_by == ("litros",)


def test_a_version_keeps_no_picture_of_a_course_that_has_none_or_a_drawing(instance: Instance) -> None:
    """Cards show the façade then, and the check of a drawing says so (spec/content-format C612)."""
    header = folder()["course.yaml"] + b"image: media/dibujo.svg\nimage_alt: {es: Una barra., en: A bar.}\n"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 9 9"><title>T</title><desc>D.</desc></svg>'
    files = {**folder(), "course.yaml": header, "media/dibujo.svg": drawing}

    shown = []
    for written in (folder(), files):
        _course, version = publish(instance, written)
        with instance.database.unit_of_work(write=False) as session:
            outline = course_versions.get_outline(session, version.id)
        shown.append((outline.picture, dict(outline.picture_alts)))

    assert shown == [("", {})] * 2
    found = publishing.prepare(files, KINDS, today=NOON.date()).findings
    assert [(finding.severity.value, finding.field) for finding in found if finding.code == "C612"] == [("warning", "image")]


def test_somebody_in_the_team_has_one_role(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    person = a_person(instance)

    for role in (StaffRole.GRADER, StaffRole.EDITOR):
        with instance.database.unit_of_work() as session:
            team.add_staff(session, SYSTEM, session.get_one(Course, course.id), person.id, role, now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        assert [row.role for row in session.scalars(select(CourseStaff))] == ["editor"]


def test_the_sample_is_read_as_it_lies_on_the_disk() -> None:
    """What the builders publish is what the reader finds."""
    assert read_directory(FOLDERS / "agua") == a_folder()


PAGE = "/teaching/prueba/publishing"
CHANGED_LESSON = "01-parte/01-leccion.es.md"
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


def reword(instance: Instance, path: str = CHANGED_LESSON) -> None:
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
            session, SYSTEM, person, {CHANGED_NOTICE.value: NotificationChoice(in_bell=False, mail=MailTime.NEVER)}, now=clock.now()
        )
    editor.get(PAGE)
    editor.submit("/publishing", {"tell": "y"})
    editor.deliver_jobs()

    assert told(instance) == []


def course_of(instance: Instance) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course)).one()
