"""Classes of learners for tests: in groups and editions, and after a quiz or a survey taken through the services."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from courses.models import Course
from enrolments import learner_groups
from enrolments.models import Edition
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from quizzes.rules import states
from quizzes.saves import SaveRequest
from tests.support.builders import a_course, a_person, a_teacher, folder, publish
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz, right_batch, sitting_of, start, submit
from tests.support.quizzes import a_quiz_asking

FIXED = "  - question: suma-1\n  - question: verdad-1\n  - question: mitad-1\n  - question: huecos-1\n"
SURVEY = """questions:
  - key: opinion
    kind: matrix
    survey: true
    text: ¿Qué le pareció?
    columns: [{text: Poco, key: a}, {text: Algo, key: b}, {text: Mucho, key: c}]
    rows: [{text: La clase, key: uno}, {text: El material, key: dos}]
  - key: tabla
    kind: matrix
    text: ¿Verdad?
    columns: [{text: Sí, key: a}, {text: No, key: b}]
    rows: [{text: El sol sale, key: uno, answer: a}]
"""
CHOICES = ({"1": ["1"], "2": ["3"]}, {"1": ["3"], "2": ["3"]}, {"1": ["3"]}, {"1": ["2"]}, {})


def a_fixed_course(instance: Instance, slots: str = FIXED) -> Course:
    """Publish a quiz of four fixed questions: a choice, a statement, a number, gaps."""
    files = folder(modules=1)
    name = "01-parte/03-cuestionario.quiz.yaml"
    head = files[name].decode().split("slots:")[0]
    files[name] = f"{head}slots:\n{slots}attempts: 0\npass: 70\n".encode()
    return publish(instance, files)[0]


def a_class_with_a_wrong_key(instance: Instance, count: int = 36) -> Course:
    """Let the best third answer «cinco» to the first question, whose key is «cuatro», and the others anything."""
    course, now = a_fixed_course(instance), clock.now() - timedelta(days=1)
    for at in range(count):
        learner = a_learner(instance, course, f"p{at}@example.org", now=now)
        attempt = start(instance, learner, "prueba", now=now)
        batch = right_batch(instance, learner, attempt)
        knows = at % 2 == 0
        with sitting_of(instance, learner, attempt) as (_session, loaded):
            options = loaded.items[0].layout.orders["options"]
        chosen = "cinco" if knows else ("cuatro", "tres", "cinco", "tres")[at // 2 % 4]
        mine = states.AnswerSave(1, states.AnswerSequence(batch.page_epoch, 1), {"answer": [str(options.index(chosen) + 1)]})
        others = [one for one in batch.events if one.position > 1 and (knows or one.position == 2 + at // 2 % 3)]
        if not knows and at % 4 == 1:
            others = [one for one in others if one.position != 4]
            others.append(states.AnswerSave(3, states.AnswerSequence(batch.page_epoch, 2), {"answer": ["=HYPERLINK(1)"]}))
        submit(instance, learner, attempt, SaveRequest(batch.page_epoch, (mine, *others), batch.kind), now=now + timedelta(minutes=4))
    return course


def a_mixed_class(instance: Instance) -> tuple[Course, Edition, int, UUID]:
    """Publish a course: Ana has completed it, Blas is in a group, Carla in an edition. Return course, edition, group."""
    course = a_course(instance, modules=1)
    ana, blas = a_learner(instance, course), a_learner(instance, course, "blas@example.org")
    mark_done(instance, ana, "prueba", "leccion-1")
    pass_quiz(instance, ana, "prueba")
    edition = an_edition(instance, course)
    join(instance, actor_of(a_person(instance, "carla@example.org")), course, edition)
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Norte", now=clock.now())
        learner_groups.add_to_group(session, SYSTEM, group, [blas.person_uuid or uuid4()], now=clock.now())
        return course, edition, group.id, group.uuid


def a_surveyed_class(instance: Instance, slots: tuple[str, ...] = ("tabla", "opinion")) -> None:
    """Let five learners answer, the first of them twice: the later one counts."""
    course = a_quiz_asking(instance, SURVEY, "attempts: 0\nweight: 0\n", slots)
    place = slots.index("opinion") + 1
    for number, parts in enumerate(CHOICES):
        learner = a_learner(instance, course, f"p{number}@example.org")
        for given in ({"1": ["1"], "2": ["1"]}, parts) if number == 0 else (parts,):
            event = states.AnswerSave(place, states.AnswerSequence(1000, 1), given)
            submit(instance, learner, start(instance, learner, "prueba"), SaveRequest(1000, (event,) if given else (), "submit"))
    a_teacher(instance, course)
