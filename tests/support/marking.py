"""Quizzes that a person marks, for tests: an essay with a rubric beside a question that the program marks."""

from __future__ import annotations

from uuid import UUID

from courses.models import Course, PublicationNature
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import marking, marks
from quizzes.marking import ManualMarkValues
from quizzes.marks import MarkedItem, MarkRecord
from tests.support.builders import folder, publish
from tests.support.learning import a_batch, start, submit

BANK = """questions:
  - key: ensayo-1
    kind: essay
    text: Explique qué es una brecha.
    mark: 3
    model: PALABRAS-MODELO
    words: {min: 20, max: 80}
    rubric:
      - criterion: Claridad
        key: claridad
        levels:
          - {points: 0, text: No se entiende.}
          - {points: 2, text: Se entiende.}
      - criterion: Fuentes
        key: fuentes
        levels:
          - {points: 0, text: Sin fuentes.}
          - {points: 1, text: Con fuentes.}
  - key: suma-1
    kind: single
    text: ¿Cuánto es dos más dos?
    shuffle: false
    options:
      - right: cuatro
        why: Así es.
      - wrong: cinco
        why: Uno de más.
"""
SELF_REVIEWED = BANK.replace("    mark: 3\n", "    mark: 0\n").replace("  - key: suma-1", "    review: {self: true}\n  - key: suma-1")
"""The same with a text that its writer judges (spec/selection 8.6)."""
TEXT = "Una brecha es lo que falta.\r\nNada más.\r\n\r\nY <b>otro</b> párrafo."


def a_marked_quiz(
    instance: Instance, settings: str = "attempts: 0\n", *, bank: str = BANK, slots: tuple[str, ...] = ("ensayo-1", "suma-1")
) -> Course:
    """Publish a course of one module whose quiz asks for an essay worth 3 and a choice worth 1."""
    files = folder(modules=1, settings=f"shuffle_options: false\n{settings}")
    files["01-parte/banco.yaml"] = bank.encode()
    fixed = "".join(f"  - question: {key}\n" for key in slots)
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].decode().replace("  - draw: 7\n", fixed).encode()
    return publish(instance, files, nature=PublicationNature.CORRECTION)[0]


def hand_in(instance: Instance, learner: Actor, text: str = TEXT, choice: str = "1") -> UUID:
    """Answer the essay and the choice, by its place, and hand in; an empty text leaves the essay out."""
    attempt = start(instance, learner, "prueba")
    answers = {2: [choice]} | ({1: [text]} if text else {})
    submit(instance, learner, attempt, a_batch(answers))
    return attempt


def marked_item(instance: Instance, grader: Actor, attempt: UUID, place: int = 1) -> tuple[MarkedItem, list[MarkRecord]]:
    """Return one answer as its grader finds it, with its marks so far."""
    with instance.database.unit_of_work(write=False) as session:
        item = marks.get_marked_item(session, grader, attempt, place)
        return item, marks.list_marks(session, item.item.id)


def mark(instance: Instance, grader: Actor, attempt: UUID, given: ManualMarkValues, place: int = 1) -> None:
    """Give an answer its mark through the service."""
    with instance.database.unit_of_work() as session:
        marking.mark_by_hand(session, grader, marks.lock_marked_item(session, grader, attempt, place), given, now=clock.now())


def last_mark(instance: Instance, grader: Actor, attempt: UUID, place: int = 1) -> MarkRecord:
    """Return the present mark of an answer."""
    return marked_item(instance, grader, attempt, place)[1][-1]
