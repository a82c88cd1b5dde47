"""What a jury decided is not offered for a regrade (spec/quiz-engine 5.11.6, spec/selection 5.6)."""

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import publish
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import a_batch, start, submit
from tests.support.objections import a_published
from tests.support.selection_folders import BANK
from tests.support.selections import a_selecting_folder, a_selection
from tests.support.typed_before import offers, upgrade

SHORT = """questions:
  - key: p1
    kind: short
    level: apply
    source: [ley]
    ignore_typography: false
    text: ¿Quién dio nombre a la calle?
    answers:
      - right: O'Higgins
    explanation: Fue él.
"""


def test_a_question_that_a_jury_decided_on_is_not_offered(browser: Browser, instance: Instance) -> None:
    files = a_selecting_folder(1, "attempts: 1\nintegrity: {honour: false}\n")
    course = publish(instance, files | {BANK: SHORT.encode()})[0]
    edition = an_edition(instance, course)
    for email, typed in (("ana@example.org", "O'Higgins"), ("berta@example.org", "O’Higgins"), ("carla@example.org", "Sucre")):
        learner = a_learner_of(instance, course, edition, email)
        submit(instance, learner, start(instance, learner, "prueba"), a_batch({1: [typed]}, kind="submit"))
    case = a_published(browser, instance, a_selection(instance, course, edition))
    case.object_to(1, "carla@example.org")
    upgrade(instance)
    before = [(one.question, one.answers) for one in offers(instance, course)]

    case.propose(outcome="uphold")
    case.decide()

    assert before == [("p1", 1)]
    assert offers(instance, course) == []
