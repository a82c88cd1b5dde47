"""What two people do at the same moment with one quiz: annulments, results over several attempts, completions."""

from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrolments.models import ActivityResult, Completion
from enrolments.queries import learning as enrolment_queries
from enrolments.services import learning as enrolments
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.app import Instance
from quizzes.queries import attempts, marks
from quizzes.queries import regrading as queries
from quizzes.rules.regrade import RegradeKind
from quizzes.services import attempts as services
from quizzes.services import marking, regrading
from quizzes.services.marking import ManualMarkValues
from tests.support.at_once import overlap
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, enrolment_of, mark_done, pass_quiz, start, submit
from tests.support.marking import a_marked_quiz, last_mark, mark
from tests.support.marking import hand_in as hand_in_essay
from tests.support.regrading import RIGHT_KEY, a_keyed_quiz, a_trial, an_order, commit, counts, undo

GUAYAQUIL, QUITO = "1", "2"
FOUR, FIVE = "1", "2"


@pytest.fixture
def editor(house: Instance) -> Actor:
    return actor_of(a_teacher(house, a_keyed_quiz(house)))


def hand_in(house: Instance, learner: Actor, attempt: UUID, capital: str, total: str = FOUR) -> None:
    submit(house, learner, attempt, a_batch({1: [capital], 2: [total]}))


def score_of(house: Instance, learner: Actor) -> object:
    with house.database.unit_of_work(write=False) as session:
        seat = enrolment_queries.get_learner_context(session, learner, "prueba")
        of_quiz = (ActivityResult.enrolment_id == seat.enrolment_id, ActivityResult.activity_key == "cuestionario-1")
        return session.scalar(select(ActivityResult.score).where(*of_quiz))


def two_learners(house: Instance, editor: Actor) -> tuple[Actor, UUID, int]:
    """Let one hand in a wrong answer and another begin; return the other, the open attempt, and a trial that annuls the question."""
    course = a_keyed_quiz(house)
    ana, leo = a_learner(house, course), a_learner(house, course, "leo@example.org")
    hand_in(house, ana, start(house, ana, "prueba"), QUITO)
    open_one = start(house, leo, "prueba")
    return leo, open_one, a_trial(house, editor, an_order(house, RegradeKind.FULL_CREDIT))


def test_who_hands_in_while_an_annulment_is_committed_comes_under_it(browser: Browser, house: Instance, editor: Actor) -> None:
    """5.11.4: for everybody, also who neither saw it nor was seen."""
    leo, attempt, trial = two_learners(house, editor)

    def annul(session: Session) -> None:
        regrading.apply_trial(session, editor, queries.take_regrade(session, trial), seen=1, now=clock.now())

    overlap(house, annul, lambda: hand_in(house, leo, attempt, QUITO))
    between = attempt_row(house, attempt).percent
    browser.deliver_jobs()

    assert between == 50
    assert (attempt_row(house, attempt).percent, score_of(house, leo), counts(house, trial).late) == (100, 100, 1)
    assert sum(text.startswith("Su calificación en «Cuestionario 1» cambió") for text in browser.mails()) == 2


def test_who_is_handing_in_is_waited_for(browser: Browser, house: Instance, editor: Actor) -> None:
    """The attempt was read before the annulment, and is written after it."""
    leo, attempt, trial = two_learners(house, editor)

    def begin_to_hand_in(session: Session) -> None:
        sitting = attempts.lock_attempt(session, leo, attempt)
        commit(house, editor, trial)
        services.submit_attempt(session, leo, sitting, [a_batch({1: [QUITO], 2: [FOUR]})], now=clock.now())

    overlap(house, begin_to_hand_in, browser.deliver_jobs)

    assert (attempt_row(house, attempt).percent, score_of(house, leo)) == (100, 100)


def test_who_hands_in_while_an_annulment_is_undone_has_the_own_mark(browser: Browser, house: Instance, editor: Actor) -> None:
    leo, attempt, trial = two_learners(house, editor)
    commit(house, editor, trial)

    overlap(
        house,
        lambda session: regrading.undo(session, editor, queries.take_regrade(session, trial), now=clock.now()),
        lambda: hand_in(house, leo, attempt, QUITO),
    )
    between = attempt_row(house, attempt).percent
    browser.deliver_jobs()

    assert between == 100
    assert (attempt_row(house, attempt).percent, score_of(house, leo)) == (50, 50)


def test_nobody_is_marked_twice_by_looking_again(browser: Browser, house: Instance, editor: Actor) -> None:
    """On every database: the job that looks after an annulment finds everybody marked, also who handed in since."""
    leo, attempt, trial = two_learners(house, editor)
    commit(house, editor, trial)
    hand_in(house, leo, attempt, QUITO)
    before = counts(house, trial)
    browser.deliver_jobs()

    assert counts(house, trial) == before
    undo(house, editor, trial)
    browser.deliver_jobs()
    assert attempt_row(house, attempt).percent == 50


def test_two_attempts_marked_at_once_both_count(house: Instance) -> None:
    """5.8: the best of them is the result, whoever is the last to write it."""
    course = a_marked_quiz(house)
    learner, grader = a_learner(house, course), actor_of(a_teacher(house, course))
    first, second = hand_in_essay(house, learner), hand_in_essay(house, learner)
    low, high = (ManualMarkValues(Fraction(points), last_mark(house, grader, attempt).id) for attempt, points in ((first, 0), (second, 3)))

    def mark_second(session: Session) -> None:
        marking.mark_by_hand(session, grader, marks.lock_marked_item(session, grader, second, 1), high, now=clock.now())

    overlap(house, mark_second, lambda: mark(house, grader, first, low))

    assert score_of(house, learner) == 100


def test_an_attempt_that_ends_while_another_is_marked_again_counts(house: Instance, editor: Actor) -> None:
    """5.8, 5.11.3: the result follows from all attempts that there are when it is written."""
    course = a_keyed_quiz(house)
    ana = a_learner(house, course)
    hand_in(house, ana, start(house, ana, "prueba"), GUAYAQUIL, FIVE)
    a_keyed_quiz(house, RIGHT_KEY)
    trial = a_trial(house, editor, an_order(house, RegradeKind.OTHER, 2))
    attempt = start(house, ana, "prueba")

    def hand_in_rightly(session: Session) -> None:
        sitting = attempts.lock_attempt(session, ana, attempt)
        services.submit_attempt(session, ana, sitting, [a_batch({1: [GUAYAQUIL], 2: [FOUR]})], now=clock.now())

    overlap(house, hand_in_rightly, lambda: commit(house, editor, trial))

    assert score_of(house, ana) == 100


def test_a_course_that_two_devices_complete_at_once_is_completed_once(house: Instance) -> None:
    """Both learn of it: neither is told that something went wrong."""
    course = a_course(house, modules=1)
    ana = a_learner(house, course)
    pass_quiz(house, ana, "prueba")

    def do_the_lesson(session: Session) -> None:
        subject = enrolment_queries.get_activity_seat(session, ana, "prueba", "leccion-1")
        enrolments.mark_done(session, ana, subject, now=clock.now())

    overlap(house, do_the_lesson, lambda: mark_done(house, ana, "prueba", "leccion-1"))

    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Completion)) == 1


def test_what_is_completed_while_another_completion_is_taken_back_counts(house: Instance) -> None:
    """The page of who takes it back has read the learner's results before its turn comes."""
    course = a_course(house, modules=2)
    ana = a_learner(house, course)
    mark_done(house, ana, "prueba", "leccion-1")

    def do_the_second_lesson(session: Session) -> None:
        subject = enrolment_queries.get_activity_seat(session, ana, "prueba", "leccion-2")
        enrolments.mark_done(session, ana, subject, now=clock.now())

    def take_the_first_back() -> None:
        with house.database.unit_of_work() as session:
            found = enrolment_queries.get_learning_record(session, SYSTEM, ana.person_uuid, "prueba")
            enrolments.revoke_completion(session, SYSTEM, found.enrolment.id, "leccion-1", "un error", now=clock.now())

    overlap(house, do_the_second_lesson, take_the_first_back)

    row = enrolment_of(house, ana, course)
    with house.database.unit_of_work(write=False) as session:
        results = enrolment_queries.results_of(session, row.id)
    assert [key for key, result in results.items() if result.completed] == ["leccion-2"]
    assert row.done == 1
