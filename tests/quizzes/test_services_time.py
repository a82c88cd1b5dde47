"""Time through the services: late answers, grace, abandoned attempts, the last two seconds (spec/quiz-engine 5.3)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from enrolments.models import ActivityResult
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering
from quizzes.answering import AttemptNotAllowed, TimeIsUp
from quizzes.models import AnswerEvent
from quizzes.rules.states import AttemptState
from tests.support.learning import (
    a_batch,
    a_learner,
    attempt_row,
    save,
    sitting_of,
    start,
    submit,
)
from tests.support.overrides import NOON
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted, right_place

LIMITED = "attempts: 0\nlimit: 10 min\n"


def a_timed_attempt(instance: Instance, settings: str = LIMITED) -> tuple[Actor, UUID]:
    """Start an attempt of ten minutes at noon, with a wrong answer saved; return the learner and the attempt."""
    learner = a_learner(instance, a_quiz(instance, settings, questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    return learner, attempt


def test_answers_thirty_seconds_late_are_taken(instance: Instance) -> None:
    """spec/quiz-engine 5.3.4 and scenario 3: the network has a minute."""
    learner, attempt = a_timed_attempt(instance)
    late = NOON + timedelta(minutes=10, seconds=30)

    save(instance, learner, attempt, a_batch({1: ["1"]}), now=late - timedelta(seconds=5))
    submit(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}, seq=2), now=late)

    row = attempt_row(instance, attempt)
    assert (row.percent, row.submitted_at) == (100, late)


def test_answers_ninety_seconds_late_are_not_taken_and_what_was_saved_is_marked(instance: Instance) -> None:
    """spec/quiz-engine 5.3.4 and scenario 3: the attempt ended at its end, with what was there."""
    learner, attempt = a_timed_attempt(instance)
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    late = NOON + timedelta(minutes=11, seconds=30)

    with pytest.raises(TimeIsUp):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=late)
    submit(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=late)

    row = attempt_row(instance, attempt)
    assert (row.percent, row.submitted_at, row.finished_at) == (100, NOON + timedelta(minutes=10), NOON + timedelta(minutes=10))
    assert counted(instance, AnswerEvent) == 1


def test_in_the_grace_one_may_hand_in_but_not_answer(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3: overdue, then abandoned when the grace has passed as well."""
    learner, attempt = a_timed_attempt(instance, "attempts: 0\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n")
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    within = NOON + timedelta(minutes=13)

    with pytest.raises(TimeIsUp, match="still submit what was saved"):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=within)
    with pytest.raises(TimeIsUp, match="it has no grade"):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=NOON + timedelta(minutes=17))
    submit(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=within)

    row = attempt_row(instance, attempt)
    assert (row.state, row.percent, row.submitted_at) == ("finished", 100, within)


def test_after_the_grace_an_attempt_is_abandoned_counts_and_has_no_grade(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3 and 5.3.8."""
    settings = "attempts: 1\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n"
    learner, attempt = a_timed_attempt(instance, settings)
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    late = NOON + timedelta(minutes=17)

    submit(instance, learner, attempt, now=late)

    row = attempt_row(instance, attempt)
    assert (row.state, row.percent, row.finished_at) == ("abandoned", None, NOON + timedelta(minutes=15))
    with pytest.raises(AttemptNotAllowed) as refused:
        start(instance, learner, "prueba", now=late)
    assert refused.value.facts["reasons"] == ["no_attempts_left"]


def test_a_page_change_with_less_than_two_seconds_left_finishes(instance: Instance) -> None:
    """spec/quiz-engine 5.3.5; with two seconds left it does not."""
    learner, attempt = a_timed_attempt(instance)
    end = NOON + timedelta(minutes=10)
    with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
        assert answering.resume_attempt(session, learner, loaded, 1, now=end - timedelta(seconds=2)) == 1
    with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
        assert answering.resume_attempt(session, learner, loaded, 1, now=end - timedelta(seconds=1)) is None

    assert attempt_row(instance, attempt).state == "finished"


def test_an_abandoned_attempt_is_told_to_progress(instance: Instance) -> None:
    """spec/quiz-engine 5.3.8 with 5.13: it uses up an attempt, which may be the last one asked for."""
    settings = "attempts: 1\nlimit: 10 min\nat_end: abandon\ncompletion: passed_or_used\n"
    learner, attempt = a_timed_attempt(instance, settings)

    submit(instance, learner, attempt, now=NOON + timedelta(minutes=12))

    assert attempt_row(instance, attempt).state == AttemptState.ABANDONED
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.completed_at)).scalar_one() is not None
