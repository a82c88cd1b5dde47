"""Two samples in the demonstration: a quiz whose item analysis has findings, and a selection whose jury signs an acta."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp
from pathlib import Path
from random import Random

from accounts import accounts, passwords, people, second_factor
from accounts.accounts import SignUp
from accounts.models import Person
from courses.models import StaffRole
from courses.rules import Outline
from enrolments import editions, enrolment, learners
from enrolments.editions import EditionValues
from enrolments.models import Edition
from kernel.crypto import signing_keys
from kernel.permissions import SYSTEM, Actor
from lms.demo.learning import LEASE, Parts, as_parts, likely_mistake, locked, right_parts
from lms.demo.people import DOMAIN, STAFF, DemoTimeline, Identity, activity_context_at, enter
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
from selections import actas, selections
from selections.actas import freeze, keep_frozen
from selections.models import MemberRole, Selection

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
    """Publish the sample course, give it the team, and let everybody answer its quiz in the last four weeks.

    Forty-eight invented learners answer it, and it has two planted defects, so that the item analysis has findings.
    """
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
        identity.email,
        password_hash,
        identity.given_names,
        first_surname=identity.first_surname,
        second_surname=identity.second_surname,
        language="es",
        zone=identity.zone,
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


SELECTION_QUIZ, EDITION = "prueba-de-ascenso", "Concurso de muestra"
CANDIDATES, ABSENT = 36, 2
SELECTION_SEED = 20261124
JURY = (
    Identity("Amparo", "Inventada", "Jurado", f"jurado-1@{DOMAIN}"),
    Identity("Bolívar", "Inventado", "Jurado", f"jurado-2@{DOMAIN}"),
)


def hold_sample_selection(instance: Instance, *, now: datetime) -> None:
    """Let a jury of two sign the acta of an edition that has ended: provisional, then final, a week apart."""
    began, ended = now - timedelta(days=20), now - timedelta(days=12)
    with instance.database.unit_of_work() as session:
        stage = DemoTimeline(instance, now, (), opened=session)
        outline = staffed_outline(stage, SLUG, now=began)
        owner = _owner(stage)
        values = EditionValues(EDITION, True, None, enrols_until=ended, starts_at=began, ends_at=ended, capacity=None)
        edition = editions.make_edition(session, owner, outline.course_id, values, now=began)
        secret = passwords.hash_password(secrets.token_urlsafe())
        for number in range(1, CANDIDATES + 1):
            candidate = Identity("Persona", "Candidata", f"{number:02d}", f"candidata-{number:02d}@{DOMAIN}")
            _sit_selection(
                stage, outline, edition, candidate, secret, began + timedelta(hours=4 * number), absent=number > CANDIDATES - ABSENT
            )
        row = selections.create_selection(session, owner, outline.course_id, SELECTION_QUIZ, edition=edition.uuid, group=None, now=ended)
        jury = [_juror(stage, owner, row, identity, secret, ended) for identity in JURY]
        _sign(stage, row, jury, ended)


def _owner(stage: DemoTimeline) -> Actor:
    person = people.find_person_by_email(stage.session, STAFF[StaffRole.OWNER].email)
    assert person is not None
    return enter(stage, STAFF[StaffRole.OWNER], person.id)


def _person(stage: DemoTimeline, identity: Identity, password_hash: str, moment: datetime) -> tuple[Person, Actor]:
    command = SignUp(
        identity.email,
        password_hash,
        identity.given_names,
        first_surname=identity.first_surname,
        second_surname=identity.second_surname,
        language="es",
        zone=identity.zone,
    )
    person = accounts.create_person(stage.session, SYSTEM, command, now=moment, confirmed=True)
    accounts.record_consent(stage.session, person, now=moment)
    return person, enter(stage, identity, person.id)


def _sit_selection(
    stage: DemoTimeline, outline: Outline, edition: Edition, identity: Identity, password_hash: str, moment: datetime, *, absent: bool
) -> None:
    """Make an invented person join the edition and, unless they stay away, take the test once."""
    _row, actor = _person(stage, identity, password_hash, moment)
    editions.join(stage.session, actor, edition, outline.version_id, now=moment)
    if absent:
        return
    context = activity_context_at(stage, actor, outline, SELECTION_QUIZ, now=moment)
    loaded = locked(stage, actor, answering.start_attempt(stage.session, actor, context, "es", now=moment).uuid)
    questions = question_bank.get_questions(stage.session, [item.question_version_id for item in loaded.items])
    chance = Random(f"{SELECTION_SEED}:{identity.email}")  # noqa: S311 - invented answers
    ability = chance.betavariate(4, 2)
    events = [
        states.AnswerSave(
            item.position,
            states.AnswerSequence(LEASE, 1),
            right_parts(question, item) if chance.random() < ability else likely_mistake(question, item, chance),
        )
        for item in loaded.items
        if (question := questions[item.question_version_id])
    ]
    sent = [SaveRequest(LEASE, tuple(events), "submit")]
    answering.submit_attempt(stage.session, actor, loaded, sent, now=moment + timedelta(minutes=11))


def _juror(stage: DemoTimeline, owner: Actor, row: Selection, identity: Identity, password_hash: str, moment: datetime) -> Actor:
    """Name an invented person for the jury; nobody holds the second factor that it asks for."""
    person, actor = _person(stage, identity, password_hash, moment)
    factor = second_factor.app_factor([secrets.token_bytes(32)], "Inventado", secrets.token_hex(20), 0)
    second_factor.add(stage.session, actor, person, factor, now=moment)
    selections.name_member(stage.session, owner, row.id, identity.email, MemberRole.JURY, now=moment)
    return actor


def _sign(stage: DemoTimeline, row: Selection, jury: Sequence[Actor], ended: datetime) -> None:
    """Publish a provisional acta the day after the edition, and sign the final one a week later."""
    session, settings = stage.session, stage.instance.settings
    keys = signing_keys(settings.data_dir)
    for days in (1, 8):
        moment = ended + timedelta(days=days)
        acta = actas.request_acta(session, jury[0], row.id, now=moment)
        keep_frozen(session, acta.id, freeze(session, acta, settings.names, now=moment), keys, now=moment)
        session.refresh(acta)
        if days == 1:
            actas.publish_provisional(session, jury[0], acta.id, acta.sha256, now=moment)
        else:
            for juror in jury:
                actas.sign_acta(session, juror, acta.id, acta.sha256, now=moment)
