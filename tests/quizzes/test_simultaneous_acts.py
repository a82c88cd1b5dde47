"""What two people do at the same moment with one quiz: annulments, results over several attempts, completions."""

from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrolments import enrolment, learners, takes
from enrolments.models import ActivityResult, Completion, Enrolment, TakeCause
from enrolments.takes import TakeNotAllowed, TakeSuperseded
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes import answering, attempts, marking, marks, regrades, regrading
from quizzes.marking import ManualMarkValues
from quizzes.rules.regrade import RegradeKind
from tests.support.at_once import overlap
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, enrolment_of, mark_done, pass_quiz, start, submit
from tests.support.marking import a_marked_quiz, last_mark, mark
from tests.support.marking import hand_in as hand_in_essay
from tests.support.regrading import RIGHT_KEY, a_dry_run, a_keyed_quiz, an_order, commit, counts, undo
from tests.support.takes import retake, takes_of
from tests.support.wording import in_spanish

GUAYAQUIL, QUITO = "1", "2"
FOUR, FIVE = "1", "2"


@pytest.fixture
def editor(instance: Instance) -> Actor:
    return actor_of(a_teacher(instance, a_keyed_quiz(instance)))


def hand_in(instance: Instance, learner: Actor, attempt: UUID, capital: str, total: str = FOUR) -> None:
    submit(instance, learner, attempt, a_batch({1: [capital], 2: [total]}))


def score_of(instance: Instance, learner: Actor) -> object:
    with instance.database.unit_of_work(write=False) as session:
        context = learners.get_learner_context(session, learner, "prueba")
        of_quiz = (ActivityResult.enrolment_id == context.enrolment_id, ActivityResult.activity_key == "cuestionario-1")
        return session.scalar(select(ActivityResult.score).where(*of_quiz))


def two_learners(instance: Instance, editor: Actor) -> tuple[Actor, UUID, int]:
    """Let one hand in a wrong answer and another begin; return the other, the open attempt, and a dry run that annuls the question."""
    course = a_keyed_quiz(instance)
    ana, leo = a_learner(instance, course), a_learner(instance, course, "leo@example.org")
    hand_in(instance, ana, start(instance, ana, "prueba"), QUITO)
    open_one = start(instance, leo, "prueba")
    return leo, open_one, a_dry_run(instance, editor, an_order(instance, RegradeKind.FULL_CREDIT))


def test_who_hands_in_while_an_annulment_is_committed_comes_under_it(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: for everybody, also who neither saw it nor was seen."""
    leo, attempt, dry_run = two_learners(instance, editor)

    def annul(session: Session) -> None:
        regrading.apply_dry_run(session, editor, regrades.lock_regrade_by_id(session, dry_run), seen=1, now=clock.now())

    overlap(instance, annul, lambda: hand_in(instance, leo, attempt, QUITO))
    between = attempt_row(instance, attempt).percent
    browser.deliver_jobs()

    assert between == 50
    assert (attempt_row(instance, attempt).percent, score_of(instance, leo), counts(instance, dry_run).late) == (100, 100, 1)
    assert (
        sum(text.startswith(in_spanish("Your grade in “%(title)s” has changed", title="Cuestionario 1")) for text in browser.mails()) == 2
    )


def test_who_is_handing_in_is_waited_for(browser: Browser, instance: Instance, editor: Actor) -> None:
    """The attempt was read before the annulment, and is written after it."""
    leo, attempt, dry_run = two_learners(instance, editor)

    def begin_to_hand_in(session: Session) -> None:
        loaded = attempts.lock_attempt(session, leo, attempt)
        commit(instance, editor, dry_run)
        answering.submit_attempt(session, leo, loaded, [a_batch({1: [QUITO], 2: [FOUR]})], now=clock.now())

    overlap(instance, begin_to_hand_in, browser.deliver_jobs)

    assert (attempt_row(instance, attempt).percent, score_of(instance, leo)) == (100, 100)


def test_who_hands_in_while_an_annulment_is_undone_has_the_own_mark(browser: Browser, instance: Instance, editor: Actor) -> None:
    leo, attempt, dry_run = two_learners(instance, editor)
    commit(instance, editor, dry_run)

    overlap(
        instance,
        lambda session: regrading.undo(session, editor, regrades.lock_regrade_by_id(session, dry_run), "Fue un error.", now=clock.now()),
        lambda: hand_in(instance, leo, attempt, QUITO),
    )
    between = attempt_row(instance, attempt).percent
    browser.deliver_jobs()

    assert between == 100
    assert (attempt_row(instance, attempt).percent, score_of(instance, leo)) == (50, 50)


def test_nobody_is_marked_twice_by_looking_again(browser: Browser, instance: Instance, editor: Actor) -> None:
    """On every database: the job that looks after an annulment finds everybody marked, also who handed in since."""
    leo, attempt, dry_run = two_learners(instance, editor)
    commit(instance, editor, dry_run)
    hand_in(instance, leo, attempt, QUITO)
    before = counts(instance, dry_run)
    browser.deliver_jobs()

    assert counts(instance, dry_run) == before
    undo(instance, editor, dry_run)
    browser.deliver_jobs()
    assert attempt_row(instance, attempt).percent == 50


def test_two_attempts_marked_at_once_both_count(instance: Instance) -> None:
    """spec/quiz-engine 5.8: the best of them is the result, whoever is the last to write it."""
    course = a_marked_quiz(instance)
    learner, grader = a_learner(instance, course), actor_of(a_teacher(instance, course))
    first, second = hand_in_essay(instance, learner), hand_in_essay(instance, learner)
    low, high = (
        ManualMarkValues(Fraction(points), last_mark(instance, grader, attempt).id) for attempt, points in ((first, 0), (second, 3))
    )

    def mark_second(session: Session) -> None:
        marking.mark_by_hand(session, grader, marks.lock_marked_item(session, grader, second, 1), high, now=clock.now())

    overlap(instance, mark_second, lambda: mark(instance, grader, first, low))

    assert score_of(instance, learner) == 100


def test_an_attempt_that_ends_while_another_is_marked_again_counts(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.8, 5.11.3: the result follows from all attempts that there are when it is written."""
    course = a_keyed_quiz(instance)
    ana = a_learner(instance, course)
    hand_in(instance, ana, start(instance, ana, "prueba"), GUAYAQUIL, FIVE)
    a_keyed_quiz(instance, RIGHT_KEY)
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    attempt = start(instance, ana, "prueba")

    def hand_in_rightly(session: Session) -> None:
        loaded = attempts.lock_attempt(session, ana, attempt)
        answering.submit_attempt(session, ana, loaded, [a_batch({1: [GUAYAQUIL], 2: [FOUR]})], now=clock.now())

    overlap(instance, hand_in_rightly, lambda: commit(instance, editor, dry_run))

    assert score_of(instance, ana) == 100


def test_a_course_that_two_devices_complete_at_once_is_completed_once(instance: Instance) -> None:
    """Both learn of it: neither is told that something went wrong."""
    course = a_course(instance, modules=1)
    ana = a_learner(instance, course)
    pass_quiz(instance, ana, "prueba")

    def do_the_lesson(session: Session) -> None:
        subject = learners.get_activity_context(session, ana, "prueba", "leccion-1")
        enrolment.mark_done(session, ana, subject, now=clock.now())

    overlap(instance, do_the_lesson, lambda: mark_done(instance, ana, "prueba", "leccion-1"))

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Completion)) == 1


def test_what_is_completed_while_another_completion_is_taken_back_counts(instance: Instance) -> None:
    """The page of who takes it back has read the learner's results before its turn comes."""
    course = a_course(instance, modules=2)
    ana = a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")

    def do_the_second_lesson(session: Session) -> None:
        subject = learners.get_activity_context(session, ana, "prueba", "leccion-2")
        enrolment.mark_done(session, ana, subject, now=clock.now())

    def take_the_first_back() -> None:
        with instance.database.unit_of_work() as session:
            found = learners.get_learning_record(session, SYSTEM, ana.person_uuid, "prueba")
            enrolment.revoke_completion(session, SYSTEM, found.enrolment.id, "leccion-1", "un error", now=clock.now())

    overlap(instance, do_the_second_lesson, take_the_first_back)

    row = enrolment_of(instance, ana, course)
    with instance.database.unit_of_work(write=False) as session:
        results = learners.results_of(session, row.id)
    assert [key for key, result in results.items() if result.completed] == ["leccion-2"]
    assert row.done == 1


def test_an_attempt_that_starts_as_a_further_take_begins_waits_and_is_refused(instance: Instance) -> None:
    """spec/compulsory 6.2: it would hang on the take before, in which nothing is started any more."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = a_learner(instance, course)
    [before] = takes_of(instance, learner, course)

    def begin(session: Session) -> None:
        takes.begin_take(session, SYSTEM, session.get_one(Enrolment, before.id), TakeCause.STAFF, "Otra vez.", now=clock.now())

    with pytest.raises(TakeSuperseded):
        overlap(instance, begin, lambda: start(instance, learner, "prueba"))

    attempt = start(instance, learner, "prueba")
    assert attempt_row(instance, attempt).enrolment_id == takes_of(instance, learner, course)[1].id


def test_a_take_that_begins_as_an_attempt_starts_waits_for_it(instance: Instance) -> None:
    """spec/compulsory 6.2: never while an attempt of the take before is open."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = a_learner(instance, course)

    def begin_attempt(session: Session) -> None:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
        answering.start_attempt(session, learner, subject, "es", now=clock.now())

    with pytest.raises(TakeNotAllowed) as refused:
        overlap(instance, begin_attempt, lambda: retake(instance, learner, course))

    assert refused.value.facts["reason"] == "work_open"
    assert len(takes_of(instance, learner, course)) == 1


def test_nothing_is_started_in_a_superseded_take(instance: Instance) -> None:
    """spec/compulsory 6.2, on both databases: a page of before that is sent afterwards."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = a_learner(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
    retake(instance, learner, course)

    with pytest.raises(TakeSuperseded), instance.database.unit_of_work() as session:
        answering.start_attempt(session, learner, subject, "es", now=clock.now())
