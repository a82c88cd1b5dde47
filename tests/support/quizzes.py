"""Quizzes for tests: published with the questions and settings that a test wants."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from courses.models import Course, PublicationNature
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.models import QuizVersion
from quizzes.snapshots import QUIZ_SNAPSHOTS
from tests.support.builders import folder, publish
from tests.support.learning import sitting_of

ONE_QUESTION = """questions:
  - key: suma-1
    kind: single
    text: ¿Cuánto es dos más dos?
    options:
      - right: cuatro
        why: Así es.
      - wrong: cinco
        why: Uno de más.
      - wrong: tres
        why: Uno de menos.
"""
REVIEW_MOMENTS = ("during", "after", "later", "closed")
NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
NUMBER = """questions:
  - key: mitad-1
    kind: numerical
    text: ¿Cuánto es la mitad de cinco?
    answers:
      - right: 2.5
      - wrong: 10
        why: Es el doble.
    tolerance: 0.01
"""
SECRETS = """questions:
  - key: una-1
    kind: single
    text: Elija una letra.
    options:
      - {right_a}: Alfa
        key: clave-uno
        why: PORQUE-UNO
      - {right_b}: Beta
        key: clave-dos
        why: PORQUE-DOS
    explanation: EXPLICACION
  - key: varias-1
    kind: multiple
    text: Elija letras.
    shuffle: false
    options:
      - {right_a}: Gama
        key: clave-tres
        why: PORQUE-TRES
      - {right_b}: Delta
        key: clave-cuatro
        why: PORQUE-CUATRO
      - {right_b}: Kapa
        key: clave-cinco
        why: PORQUE-CINCO
"""


def a_quiz(instance: Instance, settings: str = "attempts: 0\n", *, questions: str = "", slots: str = "") -> Course:
    """Publish a course of one module with these settings of its quiz, and perhaps other questions and slots."""
    files = folder(modules=1, settings=settings)
    if questions:
        files["01-parte/banco.yaml"] = questions.encode()
        slots = slots or "slots:\n  - question: suma-1\n"
    if slots:
        quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
        files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace("slots:\n  - draw: 7\n", slots).encode()
    return publish(instance, files)[0]


def counted(instance: Instance, model: type) -> int:
    """Count the rows of a table."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def right_place(instance: Instance, learner: Actor, attempt: UUID) -> str:
    """Return the place of the right option of the one question."""
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        return str(loaded.items[0].layout.orders["options"].index("cuatro") + 1)


def a_quiz_asking(
    instance: Instance, bank: str, settings: str = "attempts: 0\n", slots: tuple[str, ...] = ("mitad-1",), slug: str = "prueba"
) -> Course:
    """Publish a course whose one quiz asks these questions in this order."""
    files = folder(slug, modules=1, settings=settings)
    files["01-parte/banco.yaml"] = bank.encode()
    fixed = "".join(f"  - question: {key}\n" for key in slots)
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace("  - draw: 7\n", fixed).encode()
    return publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON - timedelta(days=1))[0]


def a_secret_quiz(instance: Instance, settings: str = "attempts: 0\n", *, turned: bool = False) -> Course:
    """Publish a quiz whose keys and explanations are words that a page must not say; `turned` changes only what is right."""
    words = {"right_a": "wrong", "right_b": "right"} if turned else {"right_a": "right", "right_b": "wrong"}
    return a_quiz_asking(instance, SECRETS.format(**words), f"shuffle_options: false\n{settings}", ("una-1", "varias-1"))


def one_more_number(key: str) -> str:
    """Return the numerical question again under another key, to add to a bank."""
    return NUMBER.removeprefix("questions:\n").replace("mitad-1", key)


def set_review(instance: Instance, review: dict[str, list[str]]) -> None:
    """Let a quiz show at each moment exactly these flags, and nothing at others; what servers keep in memory is read anew."""
    with instance.database.unit_of_work() as session:
        row = session.execute(select(QuizVersion)).scalar_one()
        settings = json.loads(row.settings)
        settings["review"] = {"preset": "hidden", "overrides": {moment: review.get(moment, []) for moment in REVIEW_MOMENTS}}
        row.settings = json.dumps(settings)
        QUIZ_SNAPSHOTS.of(session).clear()
