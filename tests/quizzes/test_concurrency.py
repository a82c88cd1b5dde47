"""Starts and hand-ins that decide before they write (decision 61): what happens meanwhile counts as if it had happened before."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from courses.models import Course
from enrolments.models import ActivityResult, Enrolment
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering
from quizzes.models import Attempt, AttemptItem, MarkEvent
from tests.support.attempts import QUIZ, begin, stored
from tests.support.browser import Browser
from tests.support.builders import a_learner_in
from tests.support.learning import At, a_batch, attempt_row, save, sitting_of, start, submit
from tests.support.meanwhile import Writers, before_the_lock
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking

LIMITED = "attempts: 2\nlimit: 20 min\n"
Act = Callable[[Instance, Actor, Course, UUID | None], object]


@pytest.fixture(autouse=True)
def one_writer(instance: Instance) -> None:
    """Leave PostgreSQL out, which locks rows and no more."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")


def _save(instance: Instance, actor: Actor, _course: Course, attempt: UUID | None) -> None:
    assert attempt is not None
    save(instance, actor, attempt, a_batch({1: ["2,4"]}, lease=9000), now=NOON + timedelta(minutes=2))


def _hand_in(instance: Instance, actor: Actor, _course: Course, attempt: UUID | None) -> None:
    assert attempt is not None
    submit(instance, actor, attempt, now=NOON + timedelta(minutes=2))


def _end_time(instance: Instance, actor: Actor, _course: Course, attempt: UUID | None) -> None:
    assert attempt is not None
    with sitting_of(instance, actor, attempt, write=True) as (session, loaded):
        answering.close_if_overdue(session, actor, loaded, now=NOON + timedelta(minutes=30))


def _start(instance: Instance, actor: Actor, course: Course, _attempt: UUID | None) -> None:
    start(instance, actor, course.slug, now=NOON + timedelta(minutes=2))


def _leave(instance: Instance, actor: Actor, course: Course, _attempt: UUID | None) -> None:
    with instance.database.unit_of_work() as session:
        own = (Enrolment.person_id == actor.person_id, Enrolment.course_id == course.id)
        session.execute(update(Enrolment).where(*own).values(left_at=NOON))


def _override(instance: Instance, actor: Actor, course: Course, _attempt: UUID | None) -> None:
    with instance.database.unit_of_work() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.person_id == actor.person_id)).one()
        session.add(ActivityResult(enrolment_id=enrolment.id, activity_key="cuestionario-1", viewed_at=NOON, exhausted=False, score=40))


ENDINGS: Mapping[str, Act] = {
    "an answer is saved": _save,
    "it is handed in": _hand_in,
    "its time ends": _end_time,
    "a result is set": _override,
}
BEGINNINGS: Mapping[str, tuple[Act, int]] = {"it is started": (_start, 200), "the learner leaves": (_leave, 403)}


@contextmanager
def _overtaken(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], *, meanwhile: bool) -> Iterator[list[str]]:
    with monkeypatch.context() as patch:
        if meanwhile:
            yield before_the_lock(patch, act)
        else:
            act()
            yield ["meanwhile"]


def _left(instance: Instance, actor: Actor) -> list[object]:
    """Return what a learner has: attempts with their marks, results, progress, and what was recorded of it."""
    with instance.database.unit_of_work(write=False) as session:
        own = select(Attempt.id).where(Attempt.person_id == actor.person_id).scalar_subquery()
        enrolment = select(Enrolment.id).where(Enrolment.person_id == actor.person_id).scalar_subquery()
        items = select(AttemptItem.id).where(AttemptItem.attempt_id.in_(own)).scalar_subquery()
        statements = (
            select(Attempt.number, Attempt.state, Attempt.percent, Attempt.submitted_at, Attempt.finished_at).where(
                Attempt.person_id == actor.person_id
            ),
            select(MarkEvent.origin, MarkEvent.fraction, MarkEvent.state).where(MarkEvent.item_id.in_(items)),
            select(ActivityResult.score, ActivityResult.passed, ActivityResult.exhausted).where(ActivityResult.enrolment_id.in_(enrolment)),
            select(Enrolment.grade, Enrolment.done).where(Enrolment.person_id == actor.person_id),
            select(AuditEntry.verb, func.count())
            .where(AuditEntry.actor_id == actor.person_id, AuditEntry.verb.startswith("attempt."))
            .group_by(AuditEntry.verb),
        )
        return [sorted(map(str, session.execute(statement))) for statement in statements]


@pytest.mark.parametrize("act", ENDINGS)
def test_what_happens_before_a_hand_in_has_the_lock_counts_as_if_it_had_come_before(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    course, found = a_quiz_asking(instance, NUMBER, LIMITED), []
    for email, meanwhile in (("ana@example.org", False), ("eva@example.org", True)):
        at, visitor = At(monkeypatch, NOON), browser.another()
        a_learner_in(visitor, course, email)
        attempt = UUID(begin(visitor).rsplit("/", 1)[1])
        actor = Actor(person_id=attempt_row(instance, attempt).person_id)
        visitor.get(f"/attempts/{attempt}/summary")
        at.pass_(minutes=5)
        with _overtaken(monkeypatch, partial(ENDINGS[act], instance, actor, course, attempt), meanwhile=meanwhile) as happened:
            visitor.submit("/submission")
        assert happened == ["meanwhile"]
        found.append([visitor.path.replace(str(attempt), "…"), *_left(instance, actor)])

    assert found[0] == found[1]


@pytest.mark.parametrize("act", BEGINNINGS)
def test_what_happens_before_a_start_has_the_lock_counts_as_if_it_had_come_before(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    (change, status), course = BEGINNINGS[act], a_quiz_asking(instance, NUMBER, "attempts: 2\n")
    found = []
    for email, meanwhile in (("ana@example.org", False), ("eva@example.org", True)):
        at, visitor = At(monkeypatch, NOON), browser.another()
        a_learner_in(visitor, course, email)
        visitor.get(QUIZ)
        with instance.database.unit_of_work(write=False) as session:
            actor = Actor(person_id=session.scalars(select(Enrolment.person_id).order_by(Enrolment.id.desc())).first())
        at.pass_(minutes=5)
        with _overtaken(monkeypatch, partial(change, instance, actor, course, None), meanwhile=meanwhile) as happened:
            visitor.submit("/attempts", status=status)
        assert happened == ["meanwhile"]
        found.append(_left(instance, actor))

    assert found[0] == found[1]


def test_nobody_waits_while_a_hand_in_is_marked(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = begin(browser).rsplit("/", 1)[1]
    browser.get(f"/attempts/{attempt}/summary")
    others, total = Writers(instance), answering.total_of

    def mark_slowly(*given: object) -> object:
        others.write()
        return total(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(answering, "total_of", mark_slowly)
    browser.submit("/submission")

    assert others.kept == [True]
    assert stored(instance) == []
    assert attempt_row(instance, UUID(attempt)).percent == 0


def test_nobody_waits_while_a_start_draws(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    others, draw = Writers(instance), answering.draw_layout

    def draw_slowly(*given: object, **named: object) -> object:
        others.write()
        return draw(*given, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(answering, "draw_layout", draw_slowly)
    begin(browser)

    assert others.kept == [True]
