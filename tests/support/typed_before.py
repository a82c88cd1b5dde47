"""Answers marked before typographic variants were ignored: published and taken with the exact comparison, which the upgrade then ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from courses.models import Course
from kernel import clock, outbox
from kernel.permissions import Actor
from lms.instance import Instance
from questions.models import QuestionVersion
from questions.question_bank import CACHED_QUESTIONS
from quizzes import regrading
from quizzes.regrading import RegradeOffer
from quizzes.rules.states import AnswerSave, AnswerSequence
from quizzes.saves import SaveRequest
from tests.support.learning import start, submit
from tests.support.regrading import a_keyed_quiz

BANK = """questions:
  - key: capital-1
    kind: short
    text: ¿Quién dio nombre a la calle?
    ignore_typography: false
    answers:
      - right: O'Higgins
      - right: Bernardo O’Higgins
  - key: suma-1
    kind: gaps
    text: La enfermedad es {{nombre}} y {{otra}}.
    gaps:
      nombre:
        ignore_typography: false
        answers:
          - right: COVID-19
      otra:
        ignore_typography: false
        answers:
          - right: gripe
""".replace("{{", "{").replace("}}", "}")
PLAIN, TYPED = "O'Higgins", "O’Higgins"
ILL, ILL_TYPED = ("COVID-19", "gripe"), ("COVID‑19", "gripe")


def a_typed_quiz(instance: Instance, bank: str = BANK, settings: str = "attempts: 0\npass_mark: 60\n") -> Course:
    """Publish a quiz of a short answer and a text with gaps, compared sign by sign as version 0.2.0 did."""
    return a_keyed_quiz(instance, bank, settings)


def hand_in(instance: Instance, learner: Actor, name: str, gaps: Sequence[str] = ILL) -> UUID:
    """Submit an attempt with what was typed into both questions."""
    attempt = start(instance, learner, "prueba")
    given = {1: {"answer": [name]}, 2: {str(at): [typed] for at, typed in enumerate(gaps, 1)}}
    events = tuple(AnswerSave(place, AnswerSequence(1000, 1), parts) for place, parts in given.items())
    submit(instance, learner, attempt, SaveRequest(1000, events, "autosave"))
    return attempt


def upgrade(instance: Instance) -> None:
    """Let stored questions say nothing of typographic variants, as questions of before: they are ignored from now on."""
    document = QuestionVersion.document
    plain = func.replace(func.replace(document, '"ignore_typography":false,', ""), ',"ignore_typography":false', "")
    with instance.database.unit_of_work() as session:
        session.execute(update(QuestionVersion).values(document=plain))
        CACHED_QUESTIONS.of(session).clear()
        assert session.scalar(select(func.count()).where(document.contains("ignore_typography"))) == 0


def look(instance: Instance, course: Course) -> None:
    """Do what the migration asks for."""
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "quizzes.offer_regrade", {"course": course.id, "activity": "cuestionario-1"}, now=clock.now())
    outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(minutes=1))


def offers(instance: Instance, course: Course, key: str = "cuestionario-1") -> list[RegradeOffer]:
    """Return what is offered for a quiz."""
    with instance.database.unit_of_work(write=False) as session:
        return regrading.list_offers(session, course.id, key)
