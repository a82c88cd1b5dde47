"""Acts of the course team and the administrator in the eight weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from accounts import accounts
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Person
from certificates import credentials, templates
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, RevocationReason
from kernel.crypto import signing_keys
from kernel.permissions import Actor
from lms.demo.attempts import AttemptTarget, hand_in
from lms.demo.people import DemoLearner, DemoOutcome, Identity
from lms.demo.timeline import WEEKS, DemoTimeline, Life, activity_context_at, person_of, sign_in
from quizzes import answering

TEMPLATE = "diploma-de-muestra"


def staff_life(stage: DemoTimeline, identity: Identity) -> Life:
    """Sign in some evenings, and try the first quiz of each course as its staff do."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(0, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    for outline in stage.outlines:
        quiz = next((activity for activity in outline.activities() if activity.kind == "quiz" and activity.required), None)
        if quiz is None:
            continue
        moment += timedelta(minutes=4)
        yield moment
        attempt = answering.start_attempt(
            stage.session, actor, activity_context_at(stage, actor, outline, quiz.key, now=moment), "es", now=moment
        ).uuid
        moment += timedelta(minutes=5)
        yield moment
        hand_in(stage, actor, attempt, AttemptTarget(0.9), chance, now=moment)


def administrator_life(stage: DemoTimeline, identity: Identity, people: Sequence[DemoLearner]) -> Life:
    """Sign in each week; near the end revoke one certificate, correct the name on another, make a template and suspend one person."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(8, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    moment = stage.now - timedelta(hours=20)
    yield moment
    known = [(learner, stage.people[learner.identity.email]) for learner in people if learner.identity.email in stage.people]
    held = [row for _learner, holder in known for row in credentials.list_of(stage.session, holder.person_id)]
    if len(held) > 1:
        reason = "Constancia emitida por error durante la demostración."
        credentials.revoke_credential(stage.session, actor, held[1], RevocationReason.ISSUED_BY_MISTAKE, reason, now=moment)
    moment += timedelta(minutes=6)
    yield moment
    for row in held[2:3]:
        _correct_name(stage, actor, row, now=moment)
    _make_template(stage, actor, now=moment)
    moment += timedelta(minutes=3)
    yield moment
    for stalled in [person for learner, person in known if learner.fate is DemoOutcome.STALLED][-1:]:
        accounts.suspend(stage.session, actor, person_of(stage, stalled), "Cuenta compartida (demostración).", now=moment)


def _correct_name(stage: DemoTimeline, actor: Actor, row: Credential, *, now: datetime) -> None:
    """Put the second surname of somebody right, and issue their certificate again with it."""
    person = stage.session.get_one(Person, row.person_id)
    surname = f"{person.second_surname} Corregido"
    changes = ProfileChanges(person.given_names, person.first_surname, surname, person.language, person.zone, None)
    accounts.edit_profile(stage.session, actor, person, changes, source=NameSource.CORRECTION, now=now)
    settings = stage.instance.settings
    reason = "El segundo apellido estaba incompleto (demostración)."
    credentials.replace_credential(
        stage.session, actor, row, ReplacementReason.NAME, reason, settings, signing_keys(settings.data_dir), now=now
    )


def _make_template(stage: DemoTimeline, actor: Actor, *, now: datetime) -> None:
    """Publish a template of the institution's own, which begins as the program's; no course uses it yet."""
    row = templates.create_template(stage.session, actor, stage.instance.settings, TEMPLATE, now=now)
    templates.publish_template(stage.session, actor, row, "Primera versión", row.revision, now=now)
