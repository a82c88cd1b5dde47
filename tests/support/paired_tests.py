"""A course with an initial and a final test that are compared, and learners who take both (spec/selection 7)."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from courses.models import Course
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.saves import SaveRequest
from tests.support.builders import folder, publish
from tests.support.learning import a_learner, right_batch, start, submit
from tests.support.selection_folders import BANK

INITIAL, FINAL = "inicial", "cuestionario-1"
START = b"key: inicio\ntitle: {es: Inicio, en: Start}\nnumbered: false\nobjectives:\n  - {es: Ver., en: To see.}\n"
QUESTION = """  - key: {key}
    kind: true_false
    objective: {objective}
    only: [inicial, cuestionario-1]
    expected: 60
    text: Pregunta {key}.
    answer: true
    explanation: Lo es.
"""
OBJECTIVES = ("contar", "medir")
DRAWS = """slots:
  - draw: 4
    from: [parte-1]
    objective: contar
  - draw: 2
    from: [parte-1]
    objective: medir
balance: {within: 10}
forms: 2
"""
FIRST = f"""key: inicial
title: {{es: Prueba inicial, en: Initial test}}
required: false
{DRAWS}attempts: 1
pass_mark: none
weight: 0
completion: viewed
"""
SECOND = f"""key: cuestionario-1
title: {{es: Prueba final, en: Final test}}
{DRAWS}pairs_with: inicial
attempts: 1
"""
MODULE = "01-parte/module.yaml"
PLACES = {"first": "00-inicio/01-inicial.quiz.yaml", "second": "01-parte/03-cuestionario.quiz.yaml"}


def a_paired_folder(*, first: str = FIRST, second: str = SECOND, questions: int = 8) -> dict[str, bytes]:
    """Return the files of a course of one module with both tests; of one objective half as many questions as of the other."""
    files = folder(modules=1)
    keys = [(f"{name}-{at}", name) for name, count in zip(OBJECTIVES, (questions, questions // 2), strict=True) for at in range(count)]
    bank = "questions:\n" + "".join(QUESTION.format(key=key, objective=name) for key, name in keys)
    files[MODULE] += b"  - {es: Medir., en: To measure.}\n"
    own = {BANK: bank, PLACES["second"]: second, PLACES["first"]: first}
    return {**files, **{path: text.encode() for path, text in own.items()}, "00-inicio/module.yaml": START}


def a_paired_course(instance: Instance, *, now: datetime | None = None, **texts: str) -> Course:
    """Publish a course with both tests."""
    return publish(instance, a_paired_folder(**texts), **({} if now is None else {"now": now}))[0]  # type: ignore[arg-type]  # texts of files


def take(instance: Instance, learner: Actor, key: str, right: int, *, now: datetime | None = None) -> UUID:
    """Answer so many questions of a test rightly, by chance which, and hand it in."""
    attempt = start(instance, learner, "prueba", key, now=now)
    batch = right_batch(instance, learner, attempt)
    events = Random(f"{learner.person_id} {key}").sample(batch.events, right)  # noqa: S311 - no secrets
    submit(instance, learner, attempt, SaveRequest(batch.page_epoch, tuple(events), batch.kind), now=now)
    return attempt


def a_class_of_pairs(instance: Instance, course: Course, people: int, *, now: datetime) -> list[Actor]:
    """Let so many people take both tests, with different results and, in the mean, a gain."""
    found = []
    for at in range(people):
        learner = a_learner(instance, course, f"persona{at}@example.org", now=now)
        take(instance, learner, INITIAL, at % 4, now=now)
        take(instance, learner, FINAL, 2 + at % 5, now=now + timedelta(hours=1))
        found.append(learner)
    return found
