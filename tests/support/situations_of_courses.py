"""Rare situations of courses: lessons and lists, publications that wait, teams, taking part, quizzes, tasks, recordings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

from accounts.models import Person
from accounts.uploads import UploadedList
from courses import authoring, catalogue, drafts, planned_publications, team
from courses.content.writing import NewCourse
from courses.models import Course, StaffRole
from enrolments import announcements, editions, enrolment, invitations, learners, mark_files, roster
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from enrolments.invitations import InvitationBatch
from enrolments.models import Edition
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from quizzes.rules.regrade import RegradeKind
from tests.simulators import task_folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.editions import an_edition, join
from tests.support.folders import a_folder
from tests.support.learning import a_batch, a_learner, actor_of, start, submit
from tests.support.marking import BANK as ESSAY
from tests.support.marking import SELF_REVIEWED, a_marked_quiz
from tests.support.offices import deliver
from tests.support.quizzes import a_quiz_asking
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, regrade_row
from tests.support.results import an_item
from tests.support.situations import Room, Scene, Stage

TEACHING = "/teaching/prueba"
LESSON = "01-parte/01-leccion.es.md"
TWIN = "01-parte/01-leccion.en.md"
GLOSSARY = "brecha:\n  term: {es: Brecha, en: Gap}\n  definition: {es: Lo que falta., en: What lacks.}\n"
BANK = f"""{ESSAY}  - key: archivo-1
    kind: file
    text: Entregue su informe.
    accept: [pdf, txt]
    files: 10
    size: 1
"""

# --- Lessons, lists, outline -------------------------------------------------------------------------------------------------------------


def _write(stage: Stage, course: Course, written: Mapping[str, str]) -> int:
    """Save texts of a draft as somebody else would; return its revision."""
    with stage.instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        drafts.save_files(session, SYSTEM, row, {path: drafts.text_content(text) for path, text in written.items()}, now=clock.now())
        return row.draft_revision


def _teacher(stage: Stage) -> Actor:
    """Return an editor of the course as they act."""
    return stage.once("teacher", lambda: actor_of(a_teacher(stage.instance, stage.course)))


def _of_editor(stage: Stage, sent: Mapping[str, str], *taken: str, **files: tuple[str, bytes]) -> Scene:
    return Scene(_boss_of_course(stage), f"{TEACHING}/lessons/leccion-1", sent, files, script=taken)


def _boss_of_course(stage: Stage) -> Browser:
    assert stage.course.slug == "prueba"
    return stage.boss


def a_lesson_that_is_written(stage: Stage) -> Scene:
    """The editor's page saves by itself, and shows the lesson as its learner will see it."""
    words = {"title": "Contar", "summary": "", "body": f"## Uno\n\nDos y **tres** {stage.number()}.", "up_to_date": "y"}
    return _of_editor(stage, words, "seen")


def something_pasted(stage: Stage) -> Scene:
    """Somebody pastes from a word processor."""
    return _of_editor(stage, {"html": "<p>Uno <b>dos</b></p>"}, "title", "summary", "body", "seen")


def a_file_for_a_lesson(stage: Stage) -> Scene:
    """Somebody drops a file on the editor's page."""
    return _of_editor(stage, {"alternative": "Gráfico", "caption": "Uno"}, file=("notas.txt", f"Nota {stage.number()}".encode()))


def a_translation_to_remove(stage: Stage) -> Scene:
    """A lesson is written in a second language."""
    visitor = _boss_of_course(stage)
    _write(stage, stage.course, {TWIN: "---\ntitle: Count\n---\n## One\n\nOne counts.\n"})
    return Scene(visitor, f"{TEACHING}/lessons/leccion-1/removal?language=en")


def _with_glossary(stage: Stage, page: str) -> Scene:
    visitor = _boss_of_course(stage)
    _write(stage, stage.course, {"glosario.yaml": GLOSSARY})
    return Scene(visitor, f"{TEACHING}/lists/glossary/entries/brecha{page}")


def a_course_never_published(stage: Stage) -> Scene:
    """A course was begun."""
    new = NewCourse(f"borrador-{stage.number()}", "Borrador", ("es",), "Ada", "Uno", "Dos")
    teacher = _teacher(stage)
    with stage.instance.database.unit_of_work() as session:
        authoring.create_course(session, teacher, new, now=clock.now())
    return Scene(stage.boss, f"/teaching/{new.key}/deletion")


def a_change_to_undo(stage: Stage) -> Scene:
    """Somebody has just changed the draft."""
    visitor = _boss_of_course(stage)
    revision = _write(stage, stage.course, {"glosario.yaml": f"# {stage.number()}\n{GLOSSARY}"})
    return Scene(visitor, f"{TEACHING}/outline?undo={revision}")


# --- Publications that wait, and the team ------------------------------------------------------------------------------------------------


def _a_plan(stage: Stage) -> tuple[Browser, Browser]:
    """Let the owner of a course ask for an approval; return their browser and that of who decides."""

    def two() -> tuple[Course, Browser, Browser]:
        course = publish(stage.instance, folder("planes", modules=1))[0]
        people = [a_teacher(stage.instance, course, f"{role}@example.org", role) for role in (StaffRole.OWNER, StaffRole.EDITOR)]
        with stage.instance.database.unit_of_work() as session:
            locked = catalogue.lock_course(session, course.id)
            planned_publications.set_approval(session, SYSTEM, locked, needed=True, now=clock.now())
        return course, stage.signed_in(people[0]), stage.signed_in(people[1])

    course, owner, editor = stage.once("plans", two)
    text = folder("planes", modules=1)[LESSON].decode()
    _write(stage, course, {LESSON: text.replace("dedos", f"dedos {stage.number()}")})
    owner.get("/teaching/planes/publishing")
    owner.submit("/publishing", {"nature": "correction", "note": "Una nota"})
    return owner, editor


def a_plan_to_decide(stage: Stage) -> Scene:
    """Somebody else has asked for a publication."""
    return Scene(_a_plan(stage)[1], "/teaching/planes/publishing")


def a_plan_of_ones_own(stage: Stage) -> Scene:
    """Whoever asked for a publication looks at it."""
    return Scene(_a_plan(stage)[0], "/teaching/planes/publishing")


def _invited(stage: Stage, email: str) -> None:
    with stage.instance.database.unit_of_work() as session:
        locked = catalogue.lock_course(session, stage.course.id)
        team.add_or_invite(session, SYSTEM, locked, email, StaffRole.GRADER, language="es", now=clock.now())


def an_invitation_into_a_team(stage: Stage) -> Scene:
    """Somebody opens the link of the mail that invites them into a team, in the account that they have made since."""
    email = f"invitada.{stage.number()}@example.org"
    _invited(stage, email)
    link = stage.browser.link_in_mail("invitations/")
    return Scene(stage.signed_in(stage.person(email=email)), link)


def an_invitation_to_withdraw(stage: Stage) -> Scene:
    """Somebody was invited into a team."""
    _invited(stage, f"invitada.{stage.number()}@example.org")
    return Scene(stage.boss, f"{TEACHING}/team")


# --- Taking part -------------------------------------------------------------------------------------------------------------------------


def _takes(stage: Stage, course: Course, person: Person) -> Actor:
    """Enrol somebody; return them as they act."""
    actor = actor_of(person)
    with stage.instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())
    return actor


def an_open_course(stage: Stage) -> Scene:
    """Somebody looks at a course that everybody may take."""
    return Scene(stage.signed_in(), f"/courses/{stage.course.slug}")


def a_newer_version(stage: Stage) -> Scene:
    """A learner is asked whether to move to a newer version."""
    contents = folder("versiones", modules=1)
    course = stage.once("versions", lambda: publish(stage.instance, contents)[0])
    person = stage.person()
    _takes(stage, course, person)
    word = f"manos {stage.number()}".encode()
    publish(stage.instance, {**contents, LESSON: contents[LESSON].replace(b"dedos", word)}, asks=True)
    return Scene(stage.signed_in(person), "/courses/versiones", more=("answer",))


def _an_announcement(stage: Stage) -> UUID:
    text, teacher = AnnouncementText(uuid4(), "Clase en vivo", "El jueves."), _teacher(stage)
    with stage.instance.database.unit_of_work() as session:
        return announcements.send_announcement(session, teacher, AnnouncementRecipients(stage.course.id), text, now=clock.now()).uuid


def an_announcement(stage: Stage) -> Scene:
    """Something was announced that is not right."""
    return Scene(stage.boss, f"{TEACHING}/announcements/{_an_announcement(stage)}", {"heading": "Clase", "words": "El viernes."})


def a_code(stage: Stage) -> Scene:
    """Somebody opens the address with an edition's code."""

    def make() -> str:
        edition = an_edition(stage.instance, stage.course, "Con código")
        with stage.instance.database.unit_of_work() as session:
            return editions.make_code(session, SYSTEM, edition, now=clock.now())

    return Scene(stage.signed_in(), f"/join/{stage.once('code', make)}")


def a_closed_edition(stage: Stage) -> Scene:
    """Nobody enrols in an edition any more."""
    edition = stage.once("closed", lambda: an_edition(stage.instance, stage.course, "Cerrada"))
    with stage.instance.database.unit_of_work() as session:
        editions.close_edition(session, SYSTEM, session.get_one(Edition, edition.id), now=clock.now())
    return Scene(stage.boss, f"{TEACHING}/editions/{edition.uuid}")


def a_waiting_list(stage: Stage) -> Scene:
    """Somebody waits for a place in an edition that is full."""

    def full() -> Edition:
        edition = an_edition(stage.instance, stage.course, "Llena", capacity=1)
        join(stage.instance, actor_of(stage.person()), stage.course, edition)
        return edition

    edition, person = stage.once("full", full), stage.person()
    join(stage.instance, actor_of(person), stage.course, edition)
    return Scene(stage.signed_in(person), "/courses/prueba")


def a_list_that_waits(stage: Stage) -> Scene:
    """A list of people was sent in and waits for a yes."""
    addresses, team_member = stage.person().email.encode(), _teacher(stage)
    with stage.instance.database.unit_of_work() as session:
        sent = UploadedList("lista.csv", addresses, 1)
        row = roster.receive_list(session, team_member, stage.course.id, None, sent, now=clock.now())
    visitor = stage.once("teacher's browser", lambda: sign_in(stage.nobody(), "profe@example.org"))
    return Scene(visitor, f"{TEACHING}/learners/lists/{row.uuid}")


def a_file_of_marks_that_waits(stage: Stage) -> Scene:
    """A file of marks was sent in and waits for a yes."""
    team_member = _teacher(stage)
    title = "Exposición"
    stage.once("an item", lambda: an_item(stage.instance, team_member, stage.course, title))
    a_learner(stage.instance, stage.course, address := f"marcas-{uuid4().hex[:8]}@example.org")
    content = f"email;{title}\n{address};7,5\n".encode()
    with stage.instance.database.unit_of_work() as session:
        sent = UploadedList("notas.csv", content, 1)
        row = mark_files.receive_marks(session, team_member, stage.course.id, sent, now=clock.now())
    visitor = stage.once("teacher's browser", lambda: sign_in(stage.nobody(), "profe@example.org"))
    return Scene(visitor, f"{TEACHING}/gradebook/mark-files/{row.uuid}")


def somebody_to_enrol(stage: Stage) -> Scene:
    """A search finds somebody who does not take the course."""
    visitor, person = _boss_of_course(stage), stage.person()
    return Scene(visitor, f"{TEACHING}/learners?new={person.email}", {"person": str(person.uuid)}, more=("edition",))


def an_invitation_to_enrol(stage: Stage) -> Scene:
    """Somebody was invited to a course and has an account with the address."""
    person, team_member = stage.person(), _teacher(stage)
    with stage.instance.database.unit_of_work() as session:
        batch = InvitationBatch(stage.course.id, None, uuid4())
        invitations.invite(session, team_member, batch, {person.email: "Una Persona"}, now=clock.now())
    return Scene(stage.signed_in(person), "/learning")


def an_invitation_that_waits(stage: Stage) -> Scene:
    """The course team looks at the invitations of a list."""
    list_uuid, team_member, email = uuid4(), _teacher(stage), f"invitada.{stage.number()}@example.org"
    with stage.instance.database.unit_of_work() as session:
        invitations.invite(session, team_member, InvitationBatch(stage.course.id, None, list_uuid), {email: "Una Persona"}, now=clock.now())
    return Scene(_boss_of_course(stage), f"{TEACHING}/learners/invitations?list={list_uuid}")


def an_address_to_invite(stage: Stage) -> Scene:
    """A whole address is searched for that nobody in the course has."""
    return Scene(_boss_of_course(stage), f"{TEACHING}/learners?new=invitada.{stage.number()}@example.org", more=("edition",))


# --- Quizzes, tasks, recordings ----------------------------------------------------------------------------------------------------------


def _an_attempt(stage: Stage) -> tuple[Browser, UUID]:
    """Begin an attempt at an essay and a question that takes files, or return the open one, and who attempts."""

    def candidate() -> tuple[Browser, Actor]:
        course = a_marked_quiz(stage.instance, bank=BANK, slots=("ensayo-1", "archivo-1"))
        person = stage.person()
        return stage.signed_in(person), _takes(stage, course, person)

    visitor, actor = stage.once("candidate", candidate)
    return visitor, start(stage.instance, actor, "prueba")


def an_attempt_to_hand_in(stage: Stage) -> Scene:
    """A learner hands in; the device still holds an answer."""
    visitor, attempt = _an_attempt(stage)
    event = {
        "item": 1,
        "seq": 1,
        "response": {"answer": ["Un ensayo."]},
        "client_time": "2026-11-20T10:00:00Z",
        "lease": 1000,
        "token": "x",
    }
    return Scene(visitor, f"/attempts/{attempt}/summary", {"events": json.dumps([event]), "lease": "1000"})


def a_file_of_an_answer(stage: Stage) -> Scene:
    """A learner chooses a file, which the page sends on its own."""
    visitor, attempt = _an_attempt(stage)
    sent = {"upload": ("informe.txt", b"Mi informe.")}
    return Scene(visitor, f"/attempts/{attempt}", {"place": "2"}, sent, ("named",), ())


def a_dry_run_that_is_behind(stage: Stage) -> Scene:
    """A question was marked again on dry run, and somebody has handed in since."""

    def dry_run() -> tuple[Course, UUID]:
        course = a_keyed_quiz(stage.instance)
        _hand_in(stage, course)
        team_member = actor_of(a_teacher(stage.instance, course))
        number = a_dry_run(stage.instance, team_member, an_order(stage.instance, RegradeKind.FULL_CREDIT))
        deliver(stage.instance)
        return course, regrade_row(stage.instance, number).uuid

    course, regrade = stage.once("trial", dry_run)
    _hand_in(stage, course)
    return Scene(stage.boss, f"/courses/prueba/quizzes/cuestionario-1/regrades/{regrade}")


def _hand_in(stage: Stage, course: Course) -> None:
    learner = _takes(stage, course, stage.person())
    submit(stage.instance, learner, start(stage.instance, learner, "prueba"))


def a_task(stage: Stage) -> Scene:
    """A learner works on a task of the simulator."""

    def work() -> Browser:
        person = stage.person()
        _takes(stage, publish(stage.instance, task_folders.folder(key="tarea"))[0], person)
        return stage.signed_in(person)

    return Scene(stage.once("task", work), "/courses/tarea/simulators/tarea-1")


def a_recording(stage: Stage) -> Scene:
    """A learner listens to a recording of ours, whose page tells what was heard."""

    def listener() -> Browser:
        contents = {path: re.sub(rb"(?m)^opens: .*\n", b"", content) for path, content in a_folder().items()}
        person = stage.person()
        _takes(stage, publish(stage.instance, contents, now=datetime(2026, 6, 1, tzinfo=UTC))[0], person)
        return stage.signed_in(person)

    return Scene(stage.once("listener", listener), "/courses/agua-en-casa/recordings/charla", {"spans": "0-4,6-8"}, script=())


WRITING: Room = {
    "courses_lessons.autosave": a_lesson_that_is_written,
    "courses_lessons.preview_fragment": a_lesson_that_is_written,
    "courses_lessons.paste": something_pasted,
    "courses_lessons.files_of_lesson": a_file_for_a_lesson,
    "courses_lessons.removal": a_translation_to_remove,
    "courses_lists.entry": lambda stage: _with_glossary(stage, ""),
    "courses_lists.removal": lambda stage: _with_glossary(stage, "/removal"),
    "courses_outline.deletion": a_course_never_published,
    "courses_outline.undo": a_change_to_undo,
}
PUBLISHING: Room = {
    "courses_plans.approve": a_plan_to_decide,
    "courses_plans.refuse": a_plan_to_decide,
    "courses_plans.withdraw": a_plan_of_ones_own,
    "courses_team.invitation": an_invitation_into_a_team,
    "courses_team.withdraw_invitation": an_invitation_to_withdraw,
}
TAKING_PART: Room = {
    "enrolments.choose_version": a_newer_version,
    "enrolments.enrol": an_open_course,
    "enrolments_announcements.announcement": an_announcement,
    "enrolments_announcements.withdraw": an_announcement,
    "enrolments_editions.accept": a_code,
    "enrolments_editions.reopen": a_closed_edition,
    "enrolments_editions.stop_waiting": a_waiting_list,
    "enrolments_invitations.invite": an_address_to_invite,
    "enrolments_invitations.links": an_invitation_that_waits,
    "enrolments_invitations.links_csv": an_invitation_that_waits,
    "enrolments_invitations.renew": an_invitation_that_waits,
    "enrolments_invitations.withdraw": an_invitation_that_waits,
    "enrolments_invitations.withdraw_list": an_invitation_that_waits,
    "enrolments_invited.accept": an_invitation_to_enrol,
    "enrolments_mark_files.confirm": a_file_of_marks_that_waits,
    "enrolments_mark_files.discard": a_file_of_marks_that_waits,
    "enrolments_roster.confirm": a_list_that_waits,
    "enrolments_roster.enrol": somebody_to_enrol,
}


def a_text_of_ones_own(stage: Stage) -> Scene:
    """A learner has submitted a text that nobody marks, in a course of its own."""
    bank = SELF_REVIEWED.replace("- key: ensayo-1", "- key: ensayo-propio")
    course = stage.once(
        "self-reviewed", lambda: a_quiz_asking(stage.instance, bank, "attempts: 0\n", ("ensayo-propio", "suma-1"), "autoevaluacion")
    )
    person = stage.person()
    learner = _takes(stage, course, person)
    attempt = start(stage.instance, learner, course.slug)
    submit(stage.instance, learner, attempt, a_batch({1: ["Un texto."]}))
    return Scene(stage.signed_in(person), f"/attempts/{attempt}/review", {"level-1": "1"})


QUIZZES: Room = {
    "quizzes_self_assessments.assess": a_text_of_ones_own,
    "quizzes.submit": an_attempt_to_hand_in,
    "quizzes_files.send": a_file_of_an_answer,
    "simulators.answer": a_task,
    "webinars.watched": a_recording,
}
REGRADING: Room = {"quizzes_regrading.renew": a_dry_run_that_is_behind}
