"""Acts of the course team and the administrator in the eight weeks."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from accounts import services as accounts
from certificates.queries import credentials as certificate_queries
from certificates.rules.credentials import RevocationReason
from certificates.services import credentials as certificates
from lms.demo.attempts import AttemptTarget, hand_in
from lms.demo.people import DemoLearner, DemoOutcome, Identity
from lms.demo.timeline import WEEKS, DemoTimeline, Life, activity_context_at, person_of, sign_in
from quizzes.services import attempts as quizzes


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
        attempt = quizzes.start_attempt(
            stage.session, actor, activity_context_at(stage, actor, outline, quiz.key, now=moment), "es", now=moment
        ).uuid
        moment += timedelta(minutes=5)
        yield moment
        hand_in(stage, actor, attempt, AttemptTarget(0.9), chance, now=moment)


def administrator_life(stage: DemoTimeline, identity: Identity, people: Sequence[DemoLearner]) -> Life:
    """Sign in each week; near the end revoke one certificate and suspend one person."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(8, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    moment = stage.now - timedelta(hours=20)
    yield moment
    known = [(learner, stage.people[learner.identity.email]) for learner in people if learner.identity.email in stage.people]
    held = [row for _learner, holder in known for row in certificate_queries.list_of(stage.session, holder.person_id)]
    if len(held) > 1:
        reason = "Constancia emitida por error durante la demostración."
        certificates.revoke_credential(stage.session, actor, held[1], RevocationReason.ISSUED_BY_MISTAKE, reason, now=moment)
    moment += timedelta(minutes=9)
    yield moment
    for stalled in [person for learner, person in known if learner.fate is DemoOutcome.STALLED][-1:]:
        accounts.suspend(stage.session, actor, person_of(stage, stalled), "Cuenta compartida (demostración).", now=moment)
