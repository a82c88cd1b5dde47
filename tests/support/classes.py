"""Classes that took a quiz through the services: for pages of reports and statistics."""

from __future__ import annotations

from datetime import timedelta

from courses.models import Course
from kernel import clock
from lms.instance import Instance
from quizzes.rules import saving
from quizzes.services.attempts import SaveRequest
from tests.support.builders import folder, publish
from tests.support.learning import a_learner, right_batch, sitting_of, start, submit

FIXED = "  - question: suma-1\n  - question: verdad-1\n  - question: mitad-1\n  - question: huecos-1\n"


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
        mine = saving.SavedAnswer(1, saving.AnswerSequence(batch.lease, 1), {"answer": [str(options.index(chosen) + 1)]})
        others = [one for one in batch.events if one.item > 1 and (knows or one.item == 2 + at // 2 % 3)]
        if not knows and at % 4 == 1:
            others = [one for one in others if one.item != 4]
            others.append(saving.SavedAnswer(3, saving.AnswerSequence(batch.lease, 2), {"answer": ["=HYPERLINK(1)"]}))
        submit(instance, learner, attempt, SaveRequest(batch.lease, (mine, *others), batch.kind), now=now + timedelta(minutes=4))
    return course
