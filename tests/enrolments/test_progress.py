"""When a learner began and completed a course (spec/compulsory 7.1 and 7.2a), and the words in which they read their progress."""

import json
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from certificates.models import Credential
from courses.versions import get_outline
from enrolments import enrolment
from enrolments.models import ActivityResult, Completion, CompletionReview
from enrolments.progress import achieved_by
from enrolments.rules import LearnerResult
from kernel.audit import AuditEntry
from kernel.i18n import enumeration, reading
from lms.instance import Instance
from quizzes.marking import ManualMarkValues
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.learning import At, a_batch, a_learner, actor_of, enrolment_of, mark_done, pass_quiz, start, submit
from tests.support.marking import TEXT, a_marked_quiz, last_mark, mark
from tests.support.quizzes import NOON
from tests.support.takes import read, retake, takes_of
from tests.support.wording import in_spanish


def begun(instance: Instance) -> list[int | None]:
    """Return the enrolments of which the log says that they were begun."""
    statement = select(AuditEntry.subject_id).where(AuditEntry.verb == "enrolment.begun").order_by(AuditEntry.id)
    return read(instance, lambda session: list(session.scalars(statement)))


def test_an_essay_handed_in_on_the_last_day_is_done_on_that_day_however_late_it_is_marked(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 7.2a: the completion keeps the moment of marking beside that of handing in."""
    at = At(monkeypatch, NOON)
    course = a_marked_quiz(instance)
    learner, grader = a_learner(instance, course, now=NOON), actor_of(a_teacher(instance, course))
    mark_done(instance, learner, "prueba", "leccion-1", now=at.pass_(hours=1))
    attempt = start(instance, learner, "prueba", now=at.pass_(hours=1))
    handed_in = at.pass_(hours=1)
    submit(instance, learner, attempt, a_batch({1: [TEXT], 2: ["1"]}), now=handed_in)
    marked = at.pass_(days=7)
    mark(instance, grader, attempt, ManualMarkValues(Fraction(3), last_mark(instance, grader, attempt).id))

    completion = read(instance, lambda session: session.scalars(select(Completion)).one())
    result = read(
        instance, lambda session: session.scalars(select(ActivityResult).where(ActivityResult.activity_key == "cuestionario-1")).one()
    )
    entry = read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "enrolment.completed")).one())
    assert (completion.completed_at, completion.achieved_at) == (marked, handed_in)
    assert (result.completed_at, result.achieved_at, result.submitted_at) == (marked, handed_in, handed_in)
    assert json.loads(entry.facts)["achieved"] == handed_in.isoformat()


def test_what_is_marked_by_the_program_is_done_when_it_is_handed_in(instance: Instance) -> None:
    """spec/compulsory 7.2a."""
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course, now=NOON)
    pass_quiz(instance, learner, "prueba", now=NOON)
    mark_done(instance, learner, "prueba", "leccion-1", now=NOON + timedelta(days=2))

    completion = read(instance, lambda session: session.scalars(select(Completion)).one())

    assert completion.completed_at == completion.achieved_at == NOON + timedelta(days=2)


def test_a_better_attempt_after_the_last_thing_needed_makes_nothing_late(instance: Instance) -> None:
    """spec/compulsory 7.2a: the earliest moment whose work alone completes the course."""
    course = a_course(instance, modules=1)
    outline = read(instance, lambda session: get_outline(session, course.published_version_id or 0))
    days = [NOON + timedelta(days=count) for count in range(5)]
    results = {
        "leccion-1": LearnerResult(viewed=True, completed=True),
        "cuestionario-1": LearnerResult(viewed=True, completed=True, score=Fraction(100), passed=True),
    }

    def found(lesson: datetime | None, quiz: datetime | None, score: datetime | None) -> datetime:
        moments = {"leccion-1": (lesson, lesson), "cuestionario-1": (quiz, score)}
        return achieved_by(outline, results, moments, now=days[4])

    assert found(days[2], days[1], days[3]) == days[2]
    assert found(days[1], days[2], days[2]) == days[2]
    assert found(days[0], days[0], days[0]) == days[0]
    assert found(None, None, None) == days[4]
    assert found(days[4] + timedelta(days=1), days[0], days[0]) == days[4]


def test_a_take_begins_with_the_first_lesson_that_is_opened_and_the_log_says_so_once(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 7.1: `enrolment.begun`, in the note of the first view."""
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course)
    sign_in(browser)
    for _visit in range(2):
        browser.get("/courses/prueba/activities/leccion-1")
        browser.get("/courses/prueba")
    pass_quiz(instance, learner, "prueba")

    first = enrolment_of(instance, learner, course)

    assert begun(instance) == [first.id]
    assert first.begun_at is not None


def test_a_take_begins_with_an_attempt_where_no_lesson_was_opened_and_each_take_anew(instance: Instance) -> None:
    """spec/compulsory 7.1: once per take."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = a_learner(instance, course)
    for _attempt in range(2):
        pass_quiz(instance, learner, "prueba")
    retake(instance, learner, course)
    assert [row.begun_at is not None for row in takes_of(instance, learner, course)] == [True, False]

    pass_quiz(instance, learner, "prueba")

    assert begun(instance) == [row.id for row in takes_of(instance, learner, course)]


def test_two_first_views_at_once_are_one_beginning(instance: Instance) -> None:
    """spec/compulsory 7.1."""
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course)
    number = enrolment_of(instance, learner, course).id
    for _view in range(2):
        with instance.database.unit_of_work() as session:
            enrolment.record_visit(session, number, "leccion-1", now=NOON, actor=learner, has_begun=False)

    assert begun(instance) == [number]


@pytest.fixture
def late(instance: Instance) -> int:
    """Let an essay of an earlier take be marked when its learner takes the course again; return that take's number."""
    course = a_marked_quiz(instance)
    learner, grader = a_learner(instance, course), actor_of(a_teacher(instance, course))
    mark_done(instance, learner, "prueba", "leccion-1")
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt, a_batch({1: [TEXT], 2: ["1"]}))
    retake(instance, learner, course)
    mark(instance, grader, attempt, ManualMarkValues(Fraction(3), last_mark(instance, grader, attempt).id))
    return takes_of(instance, learner, course)[0].id


def test_late_marks_complete_no_superseded_take_but_ask_an_administrator(browser: Browser, instance: Instance, late: int) -> None:
    """spec/compulsory 6.5: the decision records the completion of that take, with its certificate."""
    assert read(instance, lambda session: session.scalars(select(Completion)).all()) == []
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    assert in_spanish("%(count)s completion is awaiting a decision.", 1) in boss.get("/administration").text

    boss.get("/administration/completion-reviews")
    boss.submit("/settlement", {"reason": ""}, button=("decision", "record"), status=422)
    boss.submit("/settlement", {"reason": "Se calificó tarde."}, button=("decision", "record"))
    browser.deliver_jobs()

    assert in_spanish("Nothing to decide") in boss.page.text
    completion = read(instance, lambda session: session.scalars(select(Completion)).one())
    review = read(instance, lambda session: session.scalars(select(CompletionReview)).one())
    assert (completion.enrolment_id, completion.achieved_at) == (late, review.achieved_at)
    assert completion.achieved_at is not None
    assert completion.achieved_at < completion.completed_at
    assert (review.recorded, review.reason) == (True, "Se calificó tarde.")
    assert read(instance, lambda session: session.scalars(select(Credential.enrolment_id)).all()) == [late]


def test_an_earlier_take_may_be_left_as_it_is(browser: Browser, instance: Instance, late: int) -> None:
    """spec/compulsory 6.5."""
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.get("/administration/completion-reviews")
    boss.submit("/settlement", {"reason": "No presentó el original."}, button=("decision", "leave"))

    assert read(instance, lambda session: session.scalars(select(Completion)).all()) == []
    assert read(instance, lambda session: session.scalars(select(CompletionReview.recorded)).one()) is False


def test_deciding_on_completions_is_for_administrators(browser: Browser, instance: Instance) -> None:
    """spec/security 9, completion_review.settle."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("completion_review.settle", "any", cast.outcomes("/administration/completion-reviews")) == []


def test_a_course_is_started_until_something_was_opened(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=2))

    for page in ("/learning", "/courses/prueba"):
        assert "Empezar: " in browser.get(page).text
    browser.get("/courses/prueba/activities/leccion-1")
    for page in ("/learning", "/courses/prueba"):
        text = browser.get(page).text
        assert "Continuar: " in text
        assert "Empezar: " not in text


@pytest.mark.parametrize(
    ("modules", "language", "course_page", "learning_page"),
    [
        (1, "es", "0 de 1 módulo completo", "0 de 1 módulo"),
        (2, "es", "0 de 2 módulos completos", "0 de 2 módulos"),
        (1, "en", "0 of 1 module complete", "0 of 1 module"),
    ],
)
def test_modules_are_named_by_their_number(
    browser: Browser, instance: Instance, modules: int, language: str, course_page: str, learning_page: str
) -> None:
    course = a_course(instance, modules=modules)
    a_person(instance, language=language)
    sign_in(browser)
    browser.get(f"/courses/{course.slug}")
    browser.submit(f"/courses/{course.slug}/enrolment")

    shown, listed = ([part.strip() for part in browser.get(page).text.split("·")] for page in ("/courses/prueba", "/learning"))

    assert any(part.endswith(course_page) for part in shown), shown
    assert any(part.endswith(learning_page) for part in listed), listed


def test_who_signs_in_is_greeted_with_all_given_names(browser: Browser, instance: Instance) -> None:
    a_person(instance, given="María José")
    sign_in(browser)

    assert ", María José" in browser.get("/learning").text


def test_what_is_no_numbered_module_is_named(browser: Browser, instance: Instance) -> None:
    files = folder(modules=3)
    [path] = [one for one in files if one.startswith("03-") and one.endswith("module.yaml")]
    files[path] += b"numbered: false\n"
    title = "Parte 3"
    course, _version = publish(instance, files)
    a_learner_in(browser, course)

    text = browser.get("/courses/prueba").text

    assert f"Completar los 2 módulos y «{title}»" in text


@pytest.mark.parametrize(("language", "words"), [("es", "uno, dos y tres"), ("en", "uno, dos, and tres")])
def test_words_are_enumerated_as_the_language_does(language: str, words: str) -> None:
    with reading(language):
        assert enumeration(["uno", "dos", "tres"]) == words
