"""Learners and new versions: who finishes with theirs, who is asked, and activities that a correction joins (`former_keys`)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates.models import Credential
from courses.models import Course, CourseVersion, PublicationNature
from courses.rules import Outline, OutlineActivity, OutlineModule, renames_to
from courses.versions import get_outline
from enrolments import editions, jobs, learners
from enrolments import enrolment as enrolments
from enrolments.course_view import reasons_of
from enrolments.models import ActivityResult, Enrolment, VersionOfferReply
from enrolments.results import list_overrides
from enrolments.rules import LearnerResult
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.clock import now
from kernel.outbox import BACK_OFF, Delivery, Job
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes.models import Attempt
from simulators.models import Submission
from tests.simulators import task_folders
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_teacher, folder, publish
from tests.support.drafts import LESSON
from tests.support.learning import a_learner, actor_of, enrolment_of, fail_quiz, mark_done, pass_quiz, start
from tests.support.results import override
from tests.support.wording import in_spanish
from webinars.models import WatchedSpan

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
JOINED_LESSON, FILM, QUIZ = "01-parte/01-leccion.es.md", "01-parte/02-video.recording.yaml", "01-parte/03-cuestionario.quiz.yaml"


def twice(name: str, settings: str = "attempts: 2\n") -> dict[str, bytes]:
    """Return a folder whose activity of this name stands in it a second time, under the key `otra`."""
    files = folder(modules=1, settings=settings)
    files[QUIZ] = files[QUIZ].replace(b"draw: 7", b"draw: 3")
    text = files[name]
    key = next(line for line in text.splitlines() if line.startswith(b"key: "))
    title = next(line for line in text.splitlines() if line.startswith(b"title: "))
    return {**files, name.replace("01-parte/0", "01-parte/1"): text.replace(key, b"key: otra").replace(title, b"title: Otra")}


def joined(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """Return the folder whose two activities became one, under the key `nueva`."""
    one = {path: text for path, text in files.items() if path != name.replace("01-parte/0", "01-parte/1")}
    key = next(line for line in one[name].decode().splitlines() if line.startswith("key: "))
    return {**one, name: one[name].decode().replace(key, f"key: nueva\nformer_keys: [{key.removeprefix('key: ')}, otra]").encode()}


def follow(instance: Instance, course: Course) -> None:
    jobs.follow_correction(Delivery(instance.database, instance.settings, 1, {"subject": course.id}, NOON))


def correct(instance: Instance, files: dict[str, bytes], name: str, course: Course) -> None:
    """Publish that two activities became one, and let everybody follow."""
    publish(instance, joined(files, name), nature=PublicationNature.CORRECTION)
    follow(instance, course)


def results_of(instance: Instance, actor: Actor, course: Course) -> dict[str, LearnerResult]:
    with instance.database.unit_of_work(write=False) as session:
        return learners.results_of(session, enrolment_of(instance, actor, course).id)


def attempts_of(instance: Instance, actor: Actor) -> list[tuple[str, int, str]]:
    """Return keys, numbers and states of somebody's attempts, in the order of their start."""
    statement = select(Attempt.activity_key, Attempt.number, Attempt.state).where(Attempt.person_id == actor.person_id)
    with instance.database.unit_of_work(write=False) as session:
        return [(row.activity_key, row.number, row.state) for row in session.execute(statement.order_by(Attempt.started_at, Attempt.id))]


def test_attempts_at_two_quizzes_are_numbered_on_in_the_one_that_they_became(instance: Instance) -> None:
    files = twice(QUIZ)
    course, _first = publish(instance, files)
    ana, eva = a_learner(instance, course), a_learner(instance, course, "eva@example.org")
    pass_quiz(instance, ana, "prueba", "otra")
    fail_quiz(instance, ana, "prueba", "cuestionario-1")

    correct(instance, files, QUIZ, course)

    assert attempts_of(instance, ana) == [("nueva", 1, "finished"), ("nueva", 2, "finished")]
    assert {key: (one.completed, one.score) for key, one in results_of(instance, ana, course).items()} == {"nueva": (True, 100)}
    assert enrolment_of(instance, ana, course).done == 1
    newest = {enrolment_of(instance, actor, course).course_version_id for actor in (ana, eva)}
    assert len(newest) == 1
    outbox.deliver_waiting(instance.worker, now=clock.now())
    assert results_of(instance, ana, course)["nueva"].exhausted, "both attempts count"


def test_of_two_open_attempts_the_one_worked_on_last_stays_open(instance: Instance) -> None:
    files = twice(QUIZ)
    course, _first = publish(instance, files)
    ana = a_learner(instance, course)
    start(instance, ana, "prueba", "cuestionario-1")
    last = start(instance, ana, "prueba", "otra")

    correct(instance, files, QUIZ, course)

    assert attempts_of(instance, ana) == [("nueva", 1, "finished"), ("nueva", 2, "in_progress")]
    assert start(instance, ana, "prueba", "nueva") == last


def test_a_quiz_joins_one_that_keeps_its_key(instance: Instance) -> None:
    files = twice(QUIZ)
    course, _first = publish(instance, files)
    ana = a_learner(instance, course)
    pass_quiz(instance, ana, "prueba", "otra")
    fail_quiz(instance, ana, "prueba", "cuestionario-1")
    one = joined(files, QUIZ)
    one[QUIZ] = one[QUIZ].replace(b"key: nueva\nformer_keys: [cuestionario-1, otra]", b"key: cuestionario-1\nformer_keys: [otra]")

    publish(instance, one, nature=PublicationNature.CORRECTION)
    follow(instance, course)

    assert [(key, number) for key, number, _state in attempts_of(instance, ana)] == [("cuestionario-1", 1), ("cuestionario-1", 2)]
    assert {key: (found.completed, found.score) for key, found in results_of(instance, ana, course).items()} == {
        "cuestionario-1": (True, 100)
    }


@pytest.mark.parametrize(("grading", "passed_first"), [("last", False), ("first", True)])
def test_the_try_that_counts_in_a_quiz_that_keeps_its_key_is_known_by_its_start(
    instance: Instance, grading: str, passed_first: bool
) -> None:
    """spec/quiz-engine 5.8 over what was tried in both: whichever had the greater number under its own key, and after the jobs too."""
    files = twice(QUIZ, settings=f"attempts: 2\ngrading: {grading}\npass_mark: 60\n")
    course, _first = publish(instance, files)
    ana = a_learner(instance, course)
    earlier, later = (pass_quiz, fail_quiz) if passed_first else (fail_quiz, pass_quiz)
    earlier(instance, ana, "prueba", "otra", now=clock.now() - timedelta(days=3))
    later(instance, ana, "prueba", "cuestionario-1")
    one = joined(files, QUIZ)
    one[QUIZ] = one[QUIZ].replace(b"key: nueva\nformer_keys: [cuestionario-1, otra]", b"key: cuestionario-1\nformer_keys: [otra]")

    publish(instance, one, nature=PublicationNature.CORRECTION)
    follow(instance, course)
    joined_at_once = results_of(instance, ana, course)
    outbox.deliver_waiting(instance.worker, now=clock.now())

    for results in (joined_at_once, results_of(instance, ana, course)):
        assert {key: (found.score, found.passed) for key, found in results.items()} == {"cuestionario-1": (100, True)}
    assert [number for _key, number, _state in attempts_of(instance, ana)] == [1, 2]


def rows_of(instance: Instance, actor: Actor, course: Course) -> list[ActivityResult]:
    with instance.database.unit_of_work(write=False) as session:
        mine = ActivityResult.enrolment_id == enrolment_of(instance, actor, course).id
        return list(session.scalars(select(ActivityResult).where(mine).order_by(ActivityResult.activity_key)))


def reasons_shown(instance: Instance, actor: Actor, course: Course) -> dict[str, str]:
    with instance.database.unit_of_work(write=False) as session:
        enrolment = enrolment_of(instance, actor, course)
        return reasons_of(get_outline(session, enrolment.course_version_id), list_overrides(session, enrolment.id))


def test_what_the_team_struck_stays_struck_in_what_it_became(instance: Instance) -> None:
    """The mark beside it neither counts instead nor is lost: it is what counts when the word is taken back."""
    files = twice(QUIZ, settings="attempts: 4\n")
    course, _first = publish(instance, files)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    pass_quiz(instance, ana, "prueba", "otra")
    override(instance, teacher, ana, "otra", 0, reason="Copia")
    fail_quiz(instance, ana, "prueba", "cuestionario-1")

    correct(instance, files, QUIZ, course)
    outbox.deliver_waiting(instance.worker, now=clock.now())
    fail_quiz(instance, ana, "prueba", "nueva")

    [row] = rows_of(instance, ana, course)
    assert (row.activity_key, row.score, row.own_score, row.own_passed, row.own_completed) == ("nueva", 0, 100, True, True)
    assert row.completed_at is not None, "what was completed stays so"
    assert reasons_shown(instance, ana, course) == {"nueva": "Copia"}
    override(instance, teacher, ana, "nueva", None, reason="No lo fue")
    assert results_of(instance, ana, course)["nueva"].score == 100


@pytest.mark.parametrize("again", [False, True])
def test_of_two_words_of_the_team_the_last_stands(instance: Instance, again: bool) -> None:
    """The better mark that was earned, in whichever of the two, is kept beside it."""
    files = twice(QUIZ, settings="attempts: 2\npass_mark: 60\n")
    course, _first = publish(instance, files)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    pass_quiz(instance, ana, "prueba", "otra")
    override(instance, teacher, ana, "cuestionario-1", 90, reason="En papel")
    override(instance, teacher, ana, "otra", 40, reason="Copia")
    if again:
        override(instance, teacher, ana, "cuestionario-1", 80, reason="Revisado")
    since = min(row.overridden_at for row in rows_of(instance, ana, course) if row.overridden_at is not None)

    correct(instance, files, QUIZ, course)

    [row] = rows_of(instance, ana, course)
    assert (row.score, row.passed) == ((80, True) if again else (40, False))
    assert (row.own_score, row.own_passed, row.own_completed, row.overridden_at) == (100, True, True, since)
    assert reasons_shown(instance, ana, course) == {"nueva": "Revisado" if again else "Copia"}


def test_a_word_that_was_taken_back_does_not_stand_before_one_that_counts(instance: Instance) -> None:
    files = twice(QUIZ)
    course, _first = publish(instance, files)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    override(instance, teacher, ana, "cuestionario-1", 30, reason="En papel")
    override(instance, teacher, ana, "otra", 90, reason="Error")
    override(instance, teacher, ana, "otra", None, reason="Fue un error")

    correct(instance, files, QUIZ, course)

    assert results_of(instance, ana, course)["nueva"].score == 30
    assert reasons_shown(instance, ana, course) == {"nueva": "En papel"}


@pytest.mark.parametrize(("opened", "completed"), [("leccion-1", "otra"), ("otra", "leccion-1")])
def test_a_lesson_is_completed_where_either_of_those_it_was_is(instance: Instance, opened: str, completed: str) -> None:
    files = twice(JOINED_LESSON)
    course, _first = publish(instance, files)
    ana = a_learner(instance, course)
    with instance.database.unit_of_work() as session:
        enrolments.record_visit(session, enrolment_of(instance, ana, course).id, opened, now=NOON)
    mark_done(instance, ana, "prueba", completed)

    correct(instance, files, JOINED_LESSON, course)

    assert {key: found.completed for key, found in results_of(instance, ana, course).items()} == {"nueva": True}
    row = enrolment_of(instance, ana, course)
    assert (row.done, row.last_activity_key) == (1, "nueva")
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.viewed_at)).scalar_one() == NOON, "as first opened"


def test_what_was_seen_of_two_recordings_is_joined(instance: Instance) -> None:
    files = twice(FILM)
    course, _first = publish(instance, files)
    ana = a_learner(instance, course)
    seen = [("video-1", 0, 15), ("otra", 0, 15), ("otra", 20, 30), ("video-1", 10, 18)]
    with instance.database.unit_of_work() as session:
        enrolment_id = enrolment_of(instance, ana, course).id
        session.add_all(
            WatchedSpan(enrolment_id=enrolment_id, activity_key=key, start=begin, finish=end, at=NOON) for key, begin, end in seen
        )

    correct(instance, files, FILM, course)

    with instance.database.unit_of_work(write=False) as session:
        spans = session.execute(select(WatchedSpan.activity_key, WatchedSpan.start, WatchedSpan.finish).order_by(WatchedSpan.start)).all()
    assert [tuple(span) for span in spans] == [("nueva", 0, 18), ("nueva", 20, 30)]


def test_tasks_that_were_handed_in_are_numbered_on(browser: Browser) -> None:
    instance = browser.instance
    other = (task_folders.HEAD.replace("tarea-1", "otra") + task_folders.BODY).encode()
    course, _first = publish(instance, {**task_folders.folder(), "01-parte/05-otra.simulator.yaml": other})
    learner = a_learner_in(browser, course)
    for key in ("otra", "tarea-1"):
        page = f"/courses/prueba/simulators/{key}"
        learner.get(page)
        learner.submit(f"{page}/answers", {"ask.linea": "1"}, button=("do", "submit"))

    one = task_folders.HEAD.replace("key: tarea-1", "key: nueva\nformer_keys: [tarea-1, otra]") + task_folders.BODY
    publish(instance, {**task_folders.folder(), task_folders.TASK: one.encode()}, nature=PublicationNature.CORRECTION)
    follow(instance, course)

    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Submission.activity_key, Submission.number).order_by(Submission.submitted_at)).all()
    assert [tuple(row) for row in rows] == [("nueva", 1), ("nueva", 2)]


def test_who_is_asked_moves_to_a_version_that_joins_quizzes(browser: Browser) -> None:
    instance, files = browser.instance, twice(QUIZ)
    course, _first = publish(instance, files)
    learner = a_learner_in(browser, course)
    with instance.database.unit_of_work(write=False) as session:
        actor = actor_of(session.execute(select(Person)).scalar_one())
    for key in ("cuestionario-1", "otra"):
        start(instance, actor, "prueba", key)
    _course, newer = publish(instance, joined(files, QUIZ), asks=True)
    learner.get("/courses/prueba")

    learner.submit("/version", {"answer": "move"})

    assert enrolment_of(instance, actor, course).course_version_id == newer.id
    assert [number for _key, number, _state in attempts_of(instance, actor)] == [1, 2]


def test_a_preview_under_the_new_key_does_not_stop_anybody(instance: Instance) -> None:
    """One of the team had taken the course, was taken out of it, and looked at the quiz under its new key before the job ran."""
    files = folder(modules=1, settings="attempts: 2\n")
    course, _first = publish(instance, files)
    eva = a_learner(instance, course, "eva@example.org")
    ines = actor_of(a_teacher(instance, course))
    with instance.database.unit_of_work() as session:
        enrolments.enrol(session, ines, learners.get_learner_context(session, ines, "prueba"), now=NOON)
    pass_quiz(instance, ines, "prueba")
    with instance.database.unit_of_work() as session:
        editions.leave(session, SYSTEM, session.get_one(Enrolment, enrolment_of(instance, ines, course).id), now=NOON)
    named = files[QUIZ].replace(b"key: cuestionario-1", b"key: examen\nformer_keys: [cuestionario-1]")
    _course, newer = publish(instance, {**files, QUIZ: named}, nature=PublicationNature.CORRECTION)
    start(instance, ines, "prueba", "examen")

    follow(instance, course)

    assert {enrolment_of(instance, actor, course).course_version_id for actor in (eva, ines)} == {newer.id}
    assert attempts_of(instance, ines) == [("examen", 1, "finished")]


def unlucky(instance: Instance, monkeypatch: pytest.MonkeyPatch, course: Course, people: Sequence[Actor]) -> list[int]:
    """Let what is wrong with the first of some learners keep them from following another version; return all their enrolments."""
    enrolled = [enrolment_of(instance, actor, course).id for actor in people]

    def follow_version(session: Session, actor: Actor, enrolment_id: int, version_id: int, *, now: datetime) -> None:
        enrolments.follow_version(session, actor, enrolment_id, version_id, now=now)
        if enrolment_id == enrolled[0]:
            raise LookupError("juan@example.org")

    monkeypatch.setattr(jobs, "follow_version", follow_version)
    return enrolled


def test_one_who_cannot_be_moved_stops_nobody_and_is_named(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    files = twice(QUIZ)
    course, first = publish(instance, files)
    people = [a_learner(instance, course, f"{name}@example.org") for name in ("ana", "eva", "leo")]
    outbox.deliver_waiting(instance.worker, now=clock.now())
    enrolled = unlucky(instance, monkeypatch, course, people)
    _course, newer = publish(instance, joined(files, QUIZ), nature=PublicationNature.CORRECTION)

    for turn in range(len(BACK_OFF) + 1):
        outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(days=turn))

    with instance.database.unit_of_work(write=False) as session:
        followed = [session.get_one(Enrolment, enrolment_id).course_version_id for enrolment_id in enrolled]
        job = session.scalars(select(Job).where(Job.failed_at.is_not(None))).one()
    assert followed == [first.id, newer.id, newer.id]
    assert job.last_error == f"LookupError: {people[0].person_uuid}"


MIDDAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


def second(instance: Instance, *, asks: bool, text: str = "manos") -> CourseVersion:
    """Publish a second version as an improvement."""
    files = folder(modules=1)
    _course, version = publish(instance, {**files, LESSON: files[LESSON].replace(b"dedos", text.encode())}, asks=asks)
    return version


def test_who_is_in_the_middle_finishes_it_and_the_certificate_names_it(browser: Browser, instance: Instance) -> None:
    """Version 1 is begun, version 2 published, version 1 finished; the sheet says version 1."""
    learner = a_learner_in(browser, a_course(instance, modules=1))
    learner.get("/courses/prueba/activities/leccion-1")
    second(instance, asks=False)

    shown = learner.get("/courses/prueba/activities/leccion-1").text
    learner.submit("/done")
    with instance.database.unit_of_work(write=False) as session:
        actor = actor_of(session.execute(select(Person)).scalar_one())
    pass_quiz(instance, actor, "prueba")
    outbox.deliver_waiting(instance.worker, now=now())
    with instance.database.unit_of_work(write=False) as session:
        credential = session.execute(select(Credential)).scalar_one()

    assert "dedos" in shown
    assert "manos" not in shown
    assert credential.course_version == 1
    assert learner.get(f"/verify/{credential.code}").text


def test_who_is_asked_may_stay_and_move_later_and_every_answer_is_in_the_log(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    second(instance, asks=True)

    asked = learner.get("/courses/prueba").text
    stayed = learner.submit("/version", {"answer": "stay"}).text
    lesson_before = learner.get("/courses/prueba/activities/leccion-1").text
    learner.get("/courses/prueba")
    moved = learner.submit("/version", {"answer": "move"}).text
    lesson_after = learner.get("/courses/prueba/activities/leccion-1").text

    assert in_spanish("There is a new version of this course") in asked
    assert in_spanish("You are keeping your version; there is a newer one") in stayed
    assert "dedos" in lesson_before
    assert in_spanish("You are now on the new version. What you have completed stays completed.") in moved
    assert "Hay una versión nueva" not in moved
    assert "manos" in lesson_after
    with instance.database.unit_of_work(write=False) as session:
        assert [row.moves for row in session.scalars(select(VersionOfferReply))] == [True]
        said = list(
            session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "enrolment.version_answered").order_by(AuditEntry.id))
        )
    assert ["true" in facts for facts in said] == [False, True]


def test_newcomers_and_those_who_finished_are_not_asked(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        actor = actor_of(session.execute(select(Person)).scalar_one())
    mark_done(instance, actor, "prueba", "leccion-1")
    pass_quiz(instance, actor, "prueba")
    second(instance, asks=True)
    newcomer = a_learner_in(browser.another(), session_course(instance), "nueva@example.org")

    assert "Hay una versión nueva" not in learner.get("/courses/prueba").text
    assert "Hay una versión nueva" not in newcomer.get("/courses/prueba").text


def session_course(instance: Instance) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Course)).scalar_one()


def test_an_answer_about_another_version_than_the_present_one_is_refused(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    second(instance, asks=True)
    learner.get("/courses/prueba")
    second(instance, asks=True, text="ojos")

    learner.submit("/version", {"answer": "move"}, status=409)

    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(VersionOfferReply))) == []


def test_every_cell_of_choosing_a_version(browser: Browser, instance: Instance) -> None:
    """Only learners of the course are asked."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    version = second(instance, asks=True)

    sent = {"version": str(version.id), "answer": "stay"}
    wrong = cast.check(
        "version.choose", "own", {letter: outcome(one, "/courses/prueba/version", "POST", sent) for letter, one in cast.browsers.items()}
    )

    assert wrong == []


def an_outline(number: int, **activities: tuple[str, ...]) -> Outline:
    """Return a version with these activities, each with its former keys."""
    rows = tuple(
        OutlineActivity(0, key, "page", {}, {}, True, False, (), None, None, 1, "marked", None, None, None, "", Fraction(0), "m", was)
        for key, was in activities.items()
    )
    module = OutlineModule("m", {}, {}, 1, None, (), None, None, (), rows)
    return Outline(
        number,
        1,
        "c",
        number,
        {},
        {},
        (),
        ("es",),
        Fraction(1),
        "",
        1,
        (),
        "",
        "UTC",
        MIDDAY,
        (),
        None,
        "none",
        (),
        False,
        False,
        (module,),
    )


def test_renaming_twice_and_going_back_find_the_same_activity() -> None:
    first, middle, last = an_outline(1, a=()), an_outline(2, b=("a",)), an_outline(3, c=("b",))
    all_three = [first, middle, last]

    assert renames_to(last, all_three) == {"a": "c", "b": "c"}
    assert renames_to(first, all_three) == {"b": "a", "c": "a"}
    assert renames_to(first, [first]) == {}


def test_a_key_that_is_in_use_again_is_nobodys_former_one() -> None:
    before, after = an_outline(1, a=()), an_outline(2, a=(), b=("a",))

    assert renames_to(after, [before, after]) == {}
