"""Findings of the item analysis reach a course's team although nobody opens the statistics: background work computes them at night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from analysis import jobs as analysis_jobs
from analysis import waiting
from analysis.models import QuizAnalysisCache
from courses.models import Course
from kernel import clock, outbox
from kernel.outbox import Delivery, Job
from lms.instance import Instance
from lms.worker import add_periodic
from quizzes import jobs
from quizzes.models import Attempt
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.classes import a_class_with_a_wrong_key
from tests.support.learning import a_learner, actor_of, fail_quiz, pass_quiz, start, submit

STATISTICS = "/courses/prueba/quizzes/cuestionario-1/statistics"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def pass_hour(instance: Instance, now: datetime) -> None:
    """Let the clock's job run at a moment, and all that follows, each job twice."""
    add_periodic(instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, now)
    outbox.deliver_waiting(instance.worker, now=now)


def computed(instance: Instance) -> dict[str, datetime]:
    """Return when the kept statistics of each quiz were computed."""
    with instance.database.unit_of_work(write=False) as session:
        return {row.activity_key: row.computed_at for row in session.scalars(select(QuizAnalysisCache))}


def ordered(instance: Instance) -> int:
    """Count the jobs that computed statistics by night."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == "quizzes.update_analysis")) or 0


@pytest.mark.slow
def test_findings_wait_for_a_team_that_never_opened_the_statistics(browser: Browser, instance: Instance) -> None:
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert not browser.get("/teaching").has_link(STATISTICS)

    pass_hour(instance, clock.now())

    assert browser.get("/teaching").has_link(STATISTICS)
    with instance.database.unit_of_work(write=False) as session:
        found = waiting.list_findings(session, [course.id])
    assert [(one.activity_key, one.findings > 0) for one in found] == [("cuestionario-1", True)]


def test_statistics_are_computed_once_a_night_and_again_where_somebody_handed_in_since(instance: Instance) -> None:
    two = a_course(instance, modules=2, settings="attempts: 0\n")
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)  # three in the morning in Quito
    ana, eva = (a_learner(instance, two, f"{name}@example.org", now=now - DAY) for name in ("ana", "eva"))
    for key in ("cuestionario-1", "cuestionario-2"):
        pass_quiz(instance, ana, "prueba", key, now=now - DAY)
    pass_hour(instance, now)
    assert computed(instance) == {"cuestionario-1": now, "cuestionario-2": now}

    fail_quiz(instance, eva, "prueba", "cuestionario-2", now=now + HOUR)
    for hour in range(1, 22):
        pass_hour(instance, now + hour * HOUR)
    assert (computed(instance), ordered(instance)) == ({"cuestionario-1": now, "cuestionario-2": now}, 2)
    pass_hour(instance, now + DAY)

    assert (computed(instance), ordered(instance)) == ({"cuestionario-1": now, "cuestionario-2": now + DAY}, 3)


@pytest.mark.parametrize("what", ["archived", "preview", "open"])
def test_nothing_is_computed_where_there_is_nothing_to_find(instance: Instance, what: str) -> None:
    course = a_course(instance, modules=1)
    learner = actor_of(a_teacher(instance, course)) if what == "preview" else a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    if what != "open":
        submit(instance, learner, attempt)
    if what == "archived":
        with instance.database.unit_of_work() as session:
            session.execute(update(Course).values(archived_at=clock.now()))

    pass_hour(instance, clock.now())

    assert (computed(instance), ordered(instance)) == ({}, 0)


def test_an_attempt_that_waits_for_a_mark_is_counted_once_it_has_one(instance: Instance) -> None:
    course, now = a_course(instance, modules=1), clock.now()
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    with instance.database.unit_of_work() as session:
        mark = session.scalars(select(Attempt.raw)).one()
        session.execute(update(Attempt).values(raw=None))
    pass_hour(instance, now)
    assert computed(instance) == {}

    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(raw=mark))
    pass_hour(instance, now + DAY)

    assert computed(instance) == {"cuestionario-1": now + DAY}


def test_all_quizzes_are_analysed_in_portions_and_nothing_is_read_while_writing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis_jobs, "QUIZZES_AT_ONCE", 2)
    now = clock.now()
    course, _version = publish(instance, folder(modules=5))
    learner = a_learner(instance, course, now=now)
    for number in range(1, 6):
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}", now=now)
    portions = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_rest: Sequence[object]) -> None:
        if "FROM activity JOIN course" in statement:
            portions.append(statement)

    engine = instance.database.reading if instance.database.is_sqlite else instance.database.writing
    event.listen(engine, "before_cursor_execute", note)
    for _time in range(2):  # a worker that died before it could say that it was done
        analysis_jobs.order_analyses(Delivery(instance.database, instance.settings, 1, {}, now))
    event.remove(engine, "before_cursor_execute", note)

    assert len(portions) == 2 * 4
    assert ordered(instance) == 5
    outbox.deliver_waiting(instance.worker, now=now)
    assert len(computed(instance)) == 5
