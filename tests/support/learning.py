"""Learners, quizzes and their clocks for tests: short steps through the pages and the services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments import enrolment, learners
from enrolments.models import Enrolment
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from questions import question_bank
from quizzes import answering, attempts
from quizzes.answering import SaveReceipt
from quizzes.attempts import LoadedAttempt
from quizzes.models import Attempt
from quizzes.rules import states
from quizzes.saves import SaveRequest
from tests.support.answers import right_fields
from tests.support.browser import Browser
from tests.support.builders import a_learner as a_learner
from tests.support.builders import actor_of as actor_of

Result = TypeVar("Result")
HEADERS = {"Accept": "application/json"}


def enrolment_of(instance: Instance, actor: Actor, course: Course) -> Enrolment:
    """Return an actor's enrolment as it stands."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Enrolment).where(Enrolment.person_id == actor.person_id, Enrolment.course_id == course.id)
        return session.execute(statement).scalar_one()


class At:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
        self.moment = moment
        monkeypatch.setattr(clock, "now", lambda: self.moment)

    def __repr__(self) -> str:
        return f"At({self.moment.isoformat()})"

    def pass_(self, **time: float) -> datetime:
        """Let time pass."""
        self.moment += timedelta(**time)
        return self.moment


def start(instance: Instance, actor: Actor, slug: str, key: str = "cuestionario-1", *, now: datetime | None = None) -> UUID:
    """Start an attempt, or return the open one."""
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, actor, slug, key)
        return answering.start_attempt(session, actor, subject, "es", now=now or clock.now()).uuid


@contextmanager
def sitting_of(instance: Instance, actor: Actor, attempt: UUID, *, write: bool = False) -> Iterator[tuple[Session, LoadedAttempt]]:
    """Give an attempt, locked where it is to be changed."""
    with instance.database.unit_of_work(write=write) as session:
        load = attempts.lock_attempt if write else attempts.get_attempt
        yield session, load(session, actor, attempt)


def a_batch(answers: Mapping[int, Sequence[str]], *, lease: int = 1000, seq: int = 1, kind: str = "autosave") -> SaveRequest:
    """Return answers to choice questions as a page's script sends them."""
    events = tuple(states.AnswerSave(place, states.AnswerSequence(lease, seq), {"answer": list(given)}) for place, given in answers.items())
    return SaveRequest(lease, events, kind)


def save(instance: Instance, actor: Actor, attempt: UUID, *batches: SaveRequest, now: datetime | None = None) -> SaveReceipt:
    """Save answers through the service."""
    with sitting_of(instance, actor, attempt, write=True) as (session, loaded):
        return answering.save_answers(session, loaded, batches, now=now or clock.now())


def submit(instance: Instance, actor: Actor, attempt: UUID, *batches: SaveRequest, now: datetime | None = None) -> None:
    """Hand an attempt in through the service."""
    with sitting_of(instance, actor, attempt, write=True) as (session, loaded):
        answering.submit_attempt(session, actor, loaded, batches, now=now or clock.now())


def right_batch(instance: Instance, actor: Actor, attempt: UUID, *, lease: int = 1000, kind: str = "save") -> SaveRequest:
    """Return the right answers to a whole attempt."""
    with sitting_of(instance, actor, attempt) as (session, loaded):
        questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
        fields = right_fields(loaded, questions)
    events = []
    for item in loaded.items:
        prefix = f"p{item.position}"
        parts: dict[str, list[str]] = {}
        for name, value in fields.items():
            if name == prefix or name.startswith(f"{prefix}-"):
                values = value if isinstance(value, list | tuple) else [value]
                parts[name.removeprefix(prefix).removeprefix("-") or "answer"] = [str(one) for one in values]
        events.append(states.AnswerSave(item.position, states.AnswerSequence(lease, 1), parts))
    return SaveRequest(lease, tuple(events), kind)


def pass_quiz(instance: Instance, actor: Actor, slug: str, key: str = "cuestionario-1", *, now: datetime | None = None) -> UUID:
    """Answer a quiz rightly and hand it in."""
    attempt = start(instance, actor, slug, key, now=now)
    submit(instance, actor, attempt, right_batch(instance, actor, attempt), now=now)
    return attempt


def fail_quiz(instance: Instance, actor: Actor, slug: str, key: str = "cuestionario-1", *, now: datetime | None = None) -> UUID:
    """Hand a quiz in without an answer."""
    attempt = start(instance, actor, slug, key, now=now)
    submit(instance, actor, attempt, now=now)
    return attempt


def mark_done(instance: Instance, actor: Actor, slug: str, key: str, *, now: datetime | None = None) -> None:
    """Complete a lesson by the learner's word."""
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, actor, slug, key)
        enrolment.mark_done(session, actor, subject, now=now or clock.now())


def attempt_row(instance: Instance, attempt: UUID) -> Attempt:
    """Return an attempt as it is stored."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Attempt).where(Attempt.uuid == attempt)).scalar_one()


def all_at_once(count: int, act: Callable[[int], Result]) -> list[Result | Exception]:
    """Let so many threads act at the same moment; return what came of each."""
    gate, results = Barrier(count), dict[int, Result | Exception]()

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = act(place)
        except Exception as error:
            results[place] = error

    threads = [Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[place] for place in range(count)]


def send_script(
    browser: Browser, attempt: UUID | str, events: Sequence[Mapping[str, object]], *, lease: int, status: int = 200
) -> dict[str, object]:
    """Send answers as the page's script does, with the token of the present page; return the JSON answer."""
    fields = dict(browser.page.form("/answers").fields)
    data = {"csrf_token": fields["csrf_token"], "lease": str(lease), "events": json.dumps(list(events))}
    response = browser._request("POST", f"/attempts/{attempt}/answers", data=data, headers=HEADERS)
    assert response.status_code == status, response.get_data(as_text=True)
    answer: dict[str, object] = response.get_json()
    return answer
