"""Attempts whose time has ended are closed although nobody returns (spec/quiz-engine 5.3.6)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import jobs
from quizzes.models import MarkEvent
from tests.support.builders import a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, save, start
from tests.support.quizzes import ONE_QUESTION, a_quiz, right_place

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
END = NOON + timedelta(minutes=10)
LIMITED = "attempts: 0\nlimit: 10 min\n"


def close_at(instance: Instance, moment: datetime) -> None:
    """Run the job as the worker does, twice, for a handler may be delivered twice."""
    for _time in range(2):
        jobs.close_due(Delivery(instance.database, instance.settings, 1, {}, moment))


def test_an_attempt_is_handed_in_with_what_was_saved_when_its_time_and_the_networks_have_passed(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3, 5.3.4 and 5.3.6: not before, once, and finished at its end."""
    learner = a_learner(instance, a_quiz(instance, LIMITED, questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)

    close_at(instance, END + timedelta(seconds=60))
    before = attempt_row(instance, attempt).state
    close_at(instance, END + timedelta(seconds=61))

    row = attempt_row(instance, attempt)
    assert before == "in_progress"
    assert (row.state, row.percent, row.finished_at) == ("finished", 100, END)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(MarkEvent)) == 1


def test_by_setting_an_attempt_waits_for_its_grace_and_is_then_abandoned(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3: overdue in between."""
    learner = a_learner(instance, a_quiz(instance, f"{LIMITED}at_end: grace\ngrace: 5 min\n", questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    states = []
    for minutes in (12, 16, 17):
        close_at(instance, NOON + timedelta(minutes=minutes))
        states.append(attempt_row(instance, attempt).state)

    assert states == ["overdue", "overdue", "abandoned"]
    assert attempt_row(instance, attempt).finished_at == NOON + timedelta(minutes=15)


def test_by_setting_an_attempt_is_abandoned_at_its_end(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3."""
    learner = a_learner(instance, a_quiz(instance, f"{LIMITED}at_end: abandon\n", questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    close_at(instance, END + timedelta(minutes=2))

    row = attempt_row(instance, attempt)
    assert (row.state, row.percent, row.finished_at) == ("abandoned", None, END)


def test_attempts_without_an_end_and_previews_stay_open(instance: Instance) -> None:
    """spec/quiz-engine 5.3.6: who is exempt never expires."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    teacher = actor_of(a_teacher(instance, course))
    preview = start(instance, teacher, "prueba", now=NOON)

    close_at(instance, NOON + timedelta(days=365))

    assert attempt_row(instance, preview).state == "in_progress"


def test_more_attempts_than_one_page_of_the_list_are_all_closed(instance: Instance) -> None:
    """An exam ends for everybody at the same moment: nobody waits for the next minute."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    attempts = [start(instance, _learner(instance, course, number), "prueba", now=NOON) for number in range(5)]
    page, jobs.PAGE = jobs.PAGE, 2

    try:
        close_at(instance, END + timedelta(minutes=2))
    finally:
        jobs.PAGE = page

    assert {attempt_row(instance, attempt).state for attempt in attempts} == {"finished"}


def _learner(instance: Instance, course: object, number: int) -> Actor:
    return a_learner(instance, course, f"persona{number}@example.org", now=NOON)  # type: ignore[arg-type]  # a course
