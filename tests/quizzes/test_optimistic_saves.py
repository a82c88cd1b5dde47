"""Saves that decide before they write (decision 61): one whose attempt has changed by then begins again, and loses nothing."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering, attempts
from quizzes.models import Attempt
from tests.support.attempts import an_answer, begin, stored
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in
from tests.support.learning import At, a_batch, a_learner, attempt_row, save, send_script, sitting_of, start, submit
from tests.support.meanwhile import Writers, before_the_lock
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking

LIMITED = "attempts: 0\nlimit: 20 min\n"
Act = Callable[[Instance, Actor, UUID], object]


def _save_beside(instance: Instance, actor: Actor, attempt: UUID) -> None:
    save(instance, actor, attempt, a_batch({1: ["7"]}, lease=9000), now=NOON + timedelta(minutes=2))


def _repeat(instance: Instance, actor: Actor, attempt: UUID) -> None:
    save(instance, actor, attempt, a_batch({1: ["2,4"]}), now=NOON + timedelta(minutes=2))


def _hand_in(instance: Instance, actor: Actor, attempt: UUID) -> None:
    submit(instance, actor, attempt, now=NOON + timedelta(minutes=2))


def _give_time(instance: Instance, _actor: Actor, attempt: UUID) -> None:
    _change(instance, attempt, extra_seconds=Attempt.extra_seconds + 60)


def _end_time(instance: Instance, actor: Actor, attempt: UUID) -> None:
    with sitting_of(instance, actor, attempt, write=True) as (session, loaded):
        answering.close_if_overdue(session, actor, loaded, now=NOON + timedelta(minutes=30))


def _erase_record(instance: Instance, _actor: Actor, attempt: UUID) -> None:
    _change(instance, attempt, integrity_record="{}")


def _change(instance: Instance, attempt: UUID, **values: Any) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.uuid == attempt).values(**values))


ACTS: Mapping[str, Act] = {
    "another page saves": _save_beside,
    "the same is saved": _repeat,
    "it is handed in": _hand_in,
    "time is given": _give_time,
    "its time ends": _end_time,
    "its record changes": _erase_record,
}


def test_a_save_of_an_unchanged_attempt_is_written_as_a_locked_one_would_be(instance: Instance) -> None:
    course = a_quiz_asking(instance, NUMBER, LIMITED)
    found = []
    for name, optimistic in (("ana@example.org", True), ("eva@example.org", False)):
        actor = a_learner(instance, course, name, now=NOON)
        attempt, now = start(instance, actor, course.slug, now=NOON), NOON + timedelta(minutes=1)
        session = instance.database.begin(write=True, optimistic=optimistic)
        loaded = attempts.lock_attempt(session, actor, attempt)
        receipt = answering.save_answers(session, loaded, [a_batch({1: ["2,4"]}, lease=5000)], now=now)
        instance.database.finish(session, commit=True)
        with sitting_of(instance, actor, attempt) as (_session, loaded):
            row = loaded.row
            answers = [(one.page_epoch, one.counter, one.payload, one.server_time) for one in loaded.answers]
            found.append((receipt, row.state, row.saved_at, row.lease, row.integrity_record, row.due_at, answers))

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("act", "status", "kept"),
    [
        ("another page saves", 200, [("autosave", {"answer": ["7"]}), ("autosave", {"answer": ["2,4"]})]),
        ("the same is saved", 200, [("autosave", {"answer": ["2,4"]})]),
        ("it is handed in", 409, []),
        ("time is given", 200, [("autosave", {"answer": ["2,4"]})]),
        ("its time ends", 409, []),
        ("its record changes", 200, [("autosave", {"answer": ["2,4"]})]),
    ],
)
def test_a_script_whose_save_was_overtaken_receives_the_answers_in_force(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, act: str, status: int, kept: list[object]
) -> None:
    """spec/quiz-engine 5.4.1 to 5.4.3: as if it had come after what happened meanwhile."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    at = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = UUID(begin(browser).rsplit("/", 1)[1])
    actor = Actor(person_id=attempt_row(instance, attempt).person_id)
    browser.get(f"/attempts/{attempt}")
    at.pass_(minutes=1)
    happened = before_the_lock(monkeypatch, partial(ACTS[act], instance, actor, attempt))
    told = send_script(browser, attempt, [an_answer(1, "2,4")], lease=1000, status=status)

    assert happened == ["meanwhile"]
    assert sorted(map(str, stored(instance))) == sorted(map(str, kept))
    if act == "another page saves":
        assert told["newer"] == {"1": {"answer": ["7"]}}
    if act == "time is given":
        assert told["seconds_left"] == 20 * 60


def test_nobody_waits_for_what_a_save_reads(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets one write at a time: a save holds that turn for what it writes alone."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = begin(browser).rsplit("/", 1)[1]
    others, plan = Writers(instance), answering.plan_save

    def plan_slowly(*given: Any, **named: Any) -> answering.PlannedSave:
        others.write()
        return plan(*given, **named)

    monkeypatch.setattr(answering, "plan_save", plan_slowly)
    counter = every_statement(instance.database)
    send_script(browser, attempt, [an_answer(1, "2,4")], lease=5000)

    assert others.kept == [True]
    assert stored(instance) == [("autosave", {"answer": ["2,4"]})]
    assert counter.commits == 2  # the other's and its own


@pytest.mark.parametrize("is_form", [False, True])
def test_a_save_writes_its_attempt_with_one_statement(browser: Browser, instance: Instance, is_form: bool) -> None:
    """Of the script's or of the plain form, on each database."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = UUID(begin(browser).rsplit("/", 1)[1])
    before = attempt_row(instance, attempt)
    counter = every_statement(instance.database)
    lease = int(dict(browser.page.form("/answers").fields)["lease"]) if is_form else 5000
    if is_form:
        browser.submit("/answers", {"p1": "2,4"}, button=("go", "save"))
    else:
        send_script(browser, attempt, [an_answer(1, "2,4")], lease=lease)
    after = attempt_row(instance, attempt)

    assert [one.split()[0] for one in counter.statements if "attempt " in one and not one.startswith("SELECT")] == ["UPDATE"]
    assert (before.lease, after.lease) == (0, lease)
    assert after.saved_at > before.saved_at
    assert stored(instance) == [("save" if is_form else "autosave", {"answer": ["2,4"]})]
