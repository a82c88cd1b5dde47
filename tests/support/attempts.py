"""Attempts for tests: begun through the pages, and what the server holds of them."""

import json
import re
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import marking
from quizzes.models import AnswerEvent
from tests.support.browser import Browser
from tests.support.learning import attempt_row, right_batch, save, sitting_of, start, submit

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def begin(browser: Browser) -> str:
    """Start an attempt, where time begins to run by saying yes to that, and return its path."""
    browser.get(QUIZ)
    if browser.page.has_link(f"{QUIZ}/start"):
        browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    return browser.path.split("?")[0]


def stored(instance: Instance) -> list[tuple[str, object]]:
    """Return every answer that the server holds, oldest first: how it came, and what was given."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(AnswerEvent.kind, AnswerEvent.payload).order_by(AnswerEvent.id))
        return [(row.kind, json.loads(row.payload)) for row in rows]


def an_answer(item: int, *values: str) -> dict[str, object]:
    """Return an answer as the script of the attempt's page sends it."""
    return {"item": item, "seq": 1, "response": {"answer": list(values)}, "client_time": "2026-06-01T10:00:00Z"}


def without_chance(html: str) -> str:
    """Take out what is random in every attempt: its name, its lease, the form token, and its number."""
    html = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", html)
    html = re.sub(r'(name="lease" value|data-lease)="\d+"', "LEASE", html)
    html = re.sub(r'name="csrf_token" value="[^"]+"', "TOKEN", html)
    return re.sub(r"(Intento|intento) \d", "intento N", html)


def abandon(instance: Instance, learner: Actor, ago: timedelta = timedelta(hours=1)) -> UUID:
    """Start an attempt, save the right answers, and let its time pass."""
    began = clock.now() - ago
    attempt = start(instance, learner, "prueba", now=began)
    save(instance, learner, attempt, right_batch(instance, learner, attempt), now=began)
    submit(instance, learner, attempt)
    assert attempt_row(instance, attempt).state == "abandoned"
    return attempt


def reopen(instance: Instance, editor: Actor, attempt: UUID) -> str:
    """Reopen an attempt and say what became of it."""
    with sitting_of(instance, editor, attempt, write=True) as (session, loaded):
        return marking.reopen_attempt(session, editor, loaded, "Corte de luz.", now=clock.now()).value
