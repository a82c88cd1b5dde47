"""Marking again in tests: a quiz whose key turns out wrong, its correction, and dry runs through the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from courses.models import Course, PublicationNature
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from questions.models import Question as QuestionRow
from questions.models import QuestionVersion
from quizzes import dry_runs, regrades, regrading, teaching
from quizzes.dry_runs import RegradeRequest
from quizzes.models import MarkEvent, Regrade, RegradeDryRunRow
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from tests.support.builders import folder, publish
from tests.support.learning import a_batch, a_learner, start, submit

BANK = """questions:
  - key: capital-1
    kind: single
    text: ¿Cuál es la capital?
    shuffle: false
    options:
      - {guayaquil}: Guayaquil
        key: guayaquil
        why: Es el puerto.
      - {quito}: Quito
        key: quito
        why: Es la capital.
      - wrong: Cuenca
        key: cuenca
        why: No.
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
WRONG_KEY = BANK.format(guayaquil="right", quito="wrong")
RIGHT_KEY = BANK.format(guayaquil="wrong", quito="right")
GUAYAQUIL, QUITO, CUENCA = "1", "2", "3"
FOUR, FIVE = "1", "2"


def a_keyed_quiz(
    instance: Instance, bank: str = WRONG_KEY, settings: str = "attempts: 0\npass_mark: 60\n", certificate: str = "constancia"
) -> Course:
    """Publish a quiz of two questions worth 1 each, as a correction; by default the key of the first is wrong."""
    files = folder(modules=1, settings=f"shuffle_options: false\n{settings}", certificate=certificate)
    files["01-parte/banco.yaml"] = bank.encode()
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].decode().replace("  - draw: 7\n", "  - question: capital-1\n  - question: suma-1\n").encode()
    return publish(instance, files, nature=PublicationNature.CORRECTION)[0]


def question_id(instance: Instance, key: str = "capital-1") -> int:
    """Return the number of a question."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(QuestionRow.id).where(QuestionRow.key == key)).scalar_one()


def version_id(instance: Instance, number: int, key: str = "capital-1") -> int:
    """Return a version of a question."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(QuestionVersion.id).where(
            QuestionVersion.question_id == question_id(instance, key), QuestionVersion.number == number
        )
        return session.execute(statement).scalar_one()


def an_order(
    instance: Instance,
    kind: RegradeKind,
    version: int | None = None,
    *,
    policy: RegradePolicy = RegradePolicy.REPLACE,
    with_manual: bool = False,
) -> RegradeRequest:
    """Ask for the question of the capital to be marked again."""
    target = None if version is None else version_id(instance, version)
    return RegradeRequest(kind, "La clave estaba mal.", question_id(instance), target, policy, with_manual)


def a_dry_run(instance: Instance, actor: Actor, order: RegradeRequest) -> int:
    """Make a dry run and return its number."""
    with instance.database.unit_of_work() as session:
        context = teaching.get_taught_quiz(session, actor, "prueba", "cuestionario-1")
        return dry_runs.begin_dry_run(session, actor, context, order, now=clock.now()).id


def commit(instance: Instance, actor: Actor, regrade_id: int) -> bool:
    """Commit the dry run that stands; say whether it was done or begun."""
    with instance.database.unit_of_work() as session:
        row = regrades.lock_regrade_by_id(session, regrade_id)
        return regrading.apply_dry_run(session, actor, row, seen=row.seen, now=clock.now())


def undo(instance: Instance, actor: Actor, regrade_id: int) -> None:
    """Undo what was committed."""
    with instance.database.unit_of_work() as session:
        regrading.undo(session, actor, regrades.lock_regrade_by_id(session, regrade_id), "Fue un error.", now=clock.now())


def regrade_row(instance: Instance, regrade_id: int) -> Regrade:
    """Return a marking again as it is stored."""
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Regrade, regrade_id)


def lines(instance: Instance, regrade_id: int) -> list[RegradeDryRunRow]:
    """Return the lines of a dry run, by attempt."""
    with instance.database.unit_of_work(write=False) as session:
        return list(
            session.scalars(select(RegradeDryRunRow).where(RegradeDryRunRow.regrade_id == regrade_id).order_by(RegradeDryRunRow.attempt_id))
        )


def counts(instance: Instance, regrade_id: int) -> Row[*tuple[Any, ...]]:
    """Return what a dry run found."""
    with instance.database.unit_of_work(write=False) as session:
        return dry_runs.count_lines(session, regrade_id)


def all_marks(instance: Instance) -> Sequence[MarkEvent]:
    """Return every mark of the instance, in the order in which they were appended."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(MarkEvent).order_by(MarkEvent.id)))


def hand_in(instance: Instance, learner: Actor, capital: str, total: str = FOUR) -> UUID:
    """Submit an attempt with these two answers."""
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt, a_batch({1: [capital], 2: [total]}))
    return attempt


def two_learners(instance: Instance) -> tuple[Actor, Actor, UUID, UUID]:
    """Let one answer what the wrong key wants and one what is right; then correct the key."""
    course = a_keyed_quiz(instance)
    ana, leo = a_learner(instance, course), a_learner(instance, course, "leo@example.org")
    attempts = hand_in(instance, ana, GUAYAQUIL), hand_in(instance, leo, QUITO)
    a_keyed_quiz(instance, RIGHT_KEY)
    return ana, leo, *attempts
