"""A sample quiz with forty-eight invented learners and two planted defects, so that the item analysis has findings."""

import secrets
from datetime import datetime, timedelta
from math import exp
from pathlib import Path
from random import Random

from accounts import accounts, passwords
from accounts.accounts import SignUp
from courses.rules import Outline
from enrolments import enrolment, learners
from kernel.permissions import SYSTEM
from lms.demo.answers import Parts, as_parts, likely_mistake, right_parts
from lms.demo.attempts import LEASE, locked
from lms.demo.people import DOMAIN, Identity
from lms.demo.timeline import DemoTimeline, activity_context_at, enter
from lms.demo.welcome_course import staffed_outline
from lms.instance import Instance
from lms.publishing import publish_folder
from questions import question_bank
from questions.rules.answers import NumberAnswer, SingleChoiceAnswer
from questions.rules.definitions import QuestionDefinition
from questions.rules.item_layout import LoadedItem
from quizzes import answering
from quizzes.rules import states
from quizzes.saves import SaveRequest

FOLDER = Path(__file__).resolve().parent / "sample"
SLUG, QUIZ = "muestra-medico-de-preguntas", "cuestionario-de-muestra"
ANSWERERS = 48
SEED = 20261120
WRONG_KEY, NARROW = "capital", "tercio"
STEEP = 1.6
HARD = {
    "capital": -0.3,
    "tercio": -0.3,
    "siete-por-ocho": -0.2,
    "islas": -0.6,
    "mitad": 0.2,
    "fracciones": 0.3,
    "siglo": -0.5,
    "minutos": 0.0,
}
"""How hard each question is: the ability that half of those who have it answer it with."""
MISTAKES = {"tercio": ("3", "7", "13"), "siete-por-ocho": ("54", "48", "63"), "mitad": ("20", "25", "18"), "minutos": ("150", "75", "100")}
"""What is typed by who does not know."""


def hold_sample_quiz(instance: Instance, *, now: datetime) -> None:
    """Publish the sample course, give it the team, and let everybody answer its quiz in the last four weeks."""
    began, secret = now - timedelta(weeks=4), passwords.hash_password(secrets.token_urlsafe())
    publish_folder(instance, FOLDER, now=began - timedelta(days=1))
    with instance.database.unit_of_work() as session:
        stage = DemoTimeline(instance, now, (), opened=session)
        outline = staffed_outline(stage, SLUG, now=began)
        for number in range(1, ANSWERERS + 1):
            _sit(stage, outline, _answerer(number), secret, began + (now - began) * number / (ANSWERERS + 2))


def _answerer(number: int) -> Identity:
    return Identity("Persona", "Inventada", f"{number:02d}", f"muestra-{number:02d}@{DOMAIN}")


def _sit(stage: DemoTimeline, outline: Outline, identity: Identity, password_hash: str, moment: datetime) -> None:
    """Make an invented person sign up, enrol and take the quiz once."""
    command = SignUp(
        identity.email, password_hash, identity.given_names, identity.first_surname, identity.second_surname, "es", identity.zone
    )
    person = accounts.create_person(stage.session, SYSTEM, command, now=moment, confirmed=True)
    accounts.record_consent(stage.session, person, now=moment)
    actor = enter(stage, identity, person.id)
    enrolment.enrol(stage.session, actor, learners.get_learner_context(stage.session, actor, outline.slug), now=moment)
    chance = Random(f"{SEED}:{identity.email}")  # noqa: S311 - invented answers
    attempt = answering.start_attempt(
        stage.session, actor, activity_context_at(stage, actor, outline, QUIZ, now=moment), "es", now=moment
    ).uuid
    loaded = locked(stage, actor, attempt)
    questions = question_bank.get_questions(stage.session, [item.question_version_id for item in loaded.items])
    ability = chance.gauss(0, 1)
    events = [
        states.AnswerSave(
            item.position, states.AnswerSequence(LEASE, 1), _answer(questions[item.question_version_id], item, ability, chance)
        )
        for item in loaded.items
    ]
    answering.submit_attempt(stage.session, actor, loaded, [SaveRequest(LEASE, tuple(events), "submit")], now=moment + timedelta(minutes=7))


def _answer(question: QuestionDefinition, item: LoadedItem, ability: float, chance: Random) -> Parts:
    """Return the answer of a person of this ability: knowing is misled where the question is (logistic model of item response)."""
    knows = chance.random() < 1 / (1 + exp(-STEEP * (ability - HARD[question.key])))
    if question.key == WRONG_KEY:
        return as_parts(question, item, SingleChoiceAnswer("quito" if knows else chance.choice(("guayaquil", "cuenca", "ambato"))))
    if question.key == NARROW and knows:
        return as_parts(question, item, NumberAnswer(chance.choice(("3,3333", "3,33", "3,3"))))
    if knows:
        return right_parts(question, item)
    typed = MISTAKES.get(question.key)
    return as_parts(question, item, NumberAnswer(chance.choice(typed))) if typed else likely_mistake(question, item, chance)
