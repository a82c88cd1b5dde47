"""A sample selection: invented people sit a test whose results decide, and a jury of two signs the acta."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from accounts import accounts, passwords, people, second_factor
from accounts.accounts import SignUp
from accounts.models import Person
from courses.models import StaffRole
from courses.rules import Outline
from enrolments import editions
from enrolments.editions import EditionValues
from enrolments.models import Edition
from kernel.crypto import signing_keys
from kernel.permissions import SYSTEM, Actor
from lms.demo.answers import likely_mistake, right_parts
from lms.demo.attempts import LEASE, locked
from lms.demo.people import DOMAIN, STAFF, Identity
from lms.demo.sample_class import SLUG
from lms.demo.timeline import DemoTimeline, activity_context_at, enter
from lms.demo.welcome_course import staffed_outline
from lms.instance import Instance
from questions import question_bank
from quizzes import answering
from quizzes.rules import states
from quizzes.saves import SaveRequest
from selections import actas, selections
from selections.actas import freeze, keep_frozen
from selections.models import MemberRole, Selection

QUIZ, EDITION = "prueba-de-ascenso", "Concurso de muestra"
CANDIDATES, ABSENT = 36, 2
SEED = 20261124
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
        values = EditionValues(EDITION, True, None, ended, began, ended, None)
        edition = editions.make_edition(session, owner, outline.course_id, values, now=began)
        secret = passwords.hash_password(secrets.token_urlsafe())
        for number in range(1, CANDIDATES + 1):
            candidate = Identity("Persona", "Candidata", f"{number:02d}", f"candidata-{number:02d}@{DOMAIN}")
            _sit(stage, outline, edition, candidate, secret, began + timedelta(hours=4 * number), absent=number > CANDIDATES - ABSENT)
        row = selections.create_selection(session, owner, outline.course_id, QUIZ, edition=edition.uuid, group=None, now=ended)
        jury = [_juror(stage, owner, row, identity, secret, ended) for identity in JURY]
        _sign(stage, row, jury, ended)


def _owner(stage: DemoTimeline) -> Actor:
    person = people.find_person_by_email(stage.session, STAFF[StaffRole.OWNER].email)
    assert person is not None
    return enter(stage, STAFF[StaffRole.OWNER], person.id)


def _person(stage: DemoTimeline, identity: Identity, password_hash: str, moment: datetime) -> tuple[Person, Actor]:
    command = SignUp(
        identity.email, password_hash, identity.given_names, identity.first_surname, identity.second_surname, "es", identity.zone
    )
    person = accounts.create_person(stage.session, SYSTEM, command, now=moment, confirmed=True)
    accounts.record_consent(stage.session, person, now=moment)
    return person, enter(stage, identity, person.id)


def _sit(
    stage: DemoTimeline, outline: Outline, edition: Edition, identity: Identity, password_hash: str, moment: datetime, *, absent: bool
) -> None:
    """Make an invented person join the edition and, unless they stay away, take the test once."""
    _row, actor = _person(stage, identity, password_hash, moment)
    editions.join(stage.session, actor, edition, outline.version_id, now=moment)
    if absent:
        return
    context = activity_context_at(stage, actor, outline, QUIZ, now=moment)
    loaded = locked(stage, actor, answering.start_attempt(stage.session, actor, context, "es", now=moment).uuid)
    questions = question_bank.get_questions(stage.session, [item.question_version_id for item in loaded.items])
    chance = Random(f"{SEED}:{identity.email}")  # noqa: S311 - invented answers
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
